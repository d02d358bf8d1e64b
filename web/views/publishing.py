"""Publishing: first exactly who will be told what, then the letters."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from matcher.models import Kind
from matcher.services.preview import preview, publish_seen
from matcher.wording import N_, Message
from web import pairing
from web.database import read, settings
from web.permissions import actor

blueprint = Blueprint("publishing", __name__, url_prefix="/p/<slug>/cohort/<counterpart:kind>/publish")


@blueprint.get("")
def show(slug: str, kind: Kind) -> str:
    """Who will be told what, who is left out, and whom no letter reaches."""
    with read(slug) as (session, programme):
        found = preview(session, programme, kind)
        return render_template(
            "publish.html", programme=programme, kind=kind, found=found, is_local=settings().url is None
        )


@blueprint.post("")
def publish(slug: str, kind: Kind) -> Response:
    """Tell both sides of every pair that was shown."""
    seen = request.form.get("seen", "")
    event = pairing.attempt(
        slug,
        lambda session, programme: publish_seen(
            session, programme, kind, seen, actor=actor(), link=pairing.answer_link
        ),
        lambda event: Message(
            N_("Published. Pairs whose sides are told now: %(count)s."), {"count": event.after["pairs"]}
        ),
        can_undo=False,
    )
    if event is None:
        return redirect(url_for(".show", slug=slug, kind=kind), 303)
    return redirect(url_for("matches.index", slug=slug), 303)
