"""Whom a participant may get to know: a list with reasons and filters, and each of them closer."""

from flask import Blueprint, abort, render_template, request

from matcher.models import Kind
from matcher.services.asking import own_obstacle
from matcher.services.candidates import Choice, browse, look
from web.facts import public_facts
from web.own import Own, read_own
from web.views.profiles import CANDIDATES

blueprint = Blueprint("candidates", __name__, url_prefix="/p/<slug>/mine/<id:mine>")

_LONGEST_QUERY = 200


@blueprint.get("/<kind:kind>")
def index(slug: str, mine: int, kind: Kind) -> str:
    """Those recommended, or, by words, all who are eligible; a page at a time."""
    with read_own(slug, mine) as own:
        must_face(own, kind)
        choice = _choice()
        number = max(1, request.args.get("page", 1, type=int))
        found = browse(own.session, own.programme, own.profile, kind, choice, number)
        refusal = own_obstacle(own.session, own.programme, own.profile, kind)
        return render_template(
            "candidates.html", own=own, kind=kind, choice=choice, found=found, obstacle=refusal
        )


@blueprint.get("/<kind:kind>/<id:other>")
def show(slug: str, mine: int, kind: Kind, other: int) -> str:
    """Their public profile, why it fits or does not, and what can be done."""
    with read_own(slug, mine) as own:
        must_face(own, kind)
        seen = look(own.session, own.programme, own.profile, kind, other)
        return render_template(
            "candidate.html", own=own, kind=kind, look=seen, facts=public_facts(seen.profile)
        )


def must_face(own: Own, kind: Kind) -> None:
    """404 for a kind that is not what they are put together with."""
    if kind not in CANDIDATES[own.kind]:
        abort(404)


def _choice() -> Choice:
    asked = {name: request.args.get(name, "").strip() for name in ("sector", "country", "language", "stage")}
    return Choice(query=request.args.get("q", "").strip()[:_LONGEST_QUERY], **asked)
