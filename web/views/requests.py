"""Asking and being asked: the form, everything that was asked, and the answers."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from matcher.models import Kind, Profile, Role
from matcher.services import answers, clarifying, introductions
from matcher.services.asking import MOST_OPEN
from matcher.services.candidates import look
from matcher.services.errors import NotAllowed
from matcher.services.inbox import read_inbox
from matcher.services.publishing import Side, get_match
from matcher.wording import N_, Message
from web.notices import tell
from web.own import Own, read_own, write_own
from web.pairing import answer_link, requests_page
from web.views.candidates import must_face

blueprint = Blueprint("requests", __name__, url_prefix="/p/<slug>/mine/<id:mine>")

_ASKERS = (Role.FOUNDER, Role.FUNDER)
_ASKED = {
    False: N_("Your request is on its way to %(name)s. You see here how it goes on."),
    True: N_("Your request for %(name)s waits for your programme manager, who passes it on."),
}
_ANSWERS = {"yes": True, "no": False}
_ANSWERED = {
    True: N_("Thank you: your answer is kept."),
    False: N_("Thank you for saying so. We look for somebody else."),
}


@dataclass(frozen=True)
class Problem:
    """What is wrong with something that was written, which stands in its form again."""

    field: str
    """The id of its input."""
    text: str
    message: Message


@blueprint.get("/requests")
def index(slug: str, mine: int) -> str:
    """What they asked and were asked, and where it stands."""
    with read_own(slug, mine) as own:
        return _page(own)


@blueprint.get("/<kind:kind>/<id:other>/ask")
def new(slug: str, mine: int, kind: Kind, other: int) -> str:
    """Write a short message to somebody."""
    with read_own(slug, mine, *_ASKERS) as own:
        return _form(own, kind, other)


@blueprint.post("/<kind:kind>/<id:other>/ask")
def ask(slug: str, mine: int, kind: Kind, other: int) -> Response | tuple[str, int]:
    """Ask, or say why not with the message given back."""
    message = request.form.get("message", "")
    try:
        with write_own(slug, mine, *_ASKERS) as own:
            must_face(own, kind)
            side = _side(own)
            pair = (own.profile.id, other) if side == "startup" else (other, own.profile.id)
            asked = introductions.ask(
                own.session, own.programme, pair, side,
                message=message, account_id=own.who.account_id, link=answer_link,
            )  # fmt: skip
            name = own.session.get_one(Profile, other).name
            tell("success", Message(_ASKED[asked.state == "routed"], {"name": name}))
    except NotAllowed as error:
        with read_own(slug, mine, *_ASKERS) as own:
            return _form(own, kind, other, Problem("message", message, error.message)), 422
    return _back(slug, mine)


@blueprint.post("/<kind:kind>/<id:other>/answer")
def answer(slug: str, mine: int, kind: Kind, other: int) -> Response:
    """Accept or decline; a reason goes to the managers alone."""
    accepted = _ANSWERS.get(request.form.get("answer", ""))
    if accepted is None:
        abort(400)
    try:
        with write_own(slug, mine) as own:
            must_face(own, kind)
            side = _side(own)
            pair = (own.profile.id, other) if side == "startup" else (other, own.profile.id)
            if get_match(own.session, own.programme, pair).offered_at is None:
                abort(404)  # managers alone know of it
            answers.answer_for(
                own.session, own.programme, pair, side,
                accepted=accepted, note=request.form.get("note", ""), actor=own.profile.ref,
            )  # fmt: skip
        tell("success", Message(_ANSWERED[accepted]))
    except NotAllowed as error:
        tell("error", error.message)
    return _back(slug, mine)


@blueprint.post("/requests/<id:number>/withdraw")
def withdraw(slug: str, mine: int, number: int) -> Response:
    """Take a request back while nobody has answered."""
    try:
        with write_own(slug, mine, *_ASKERS) as own:
            introductions.withdraw(own.session, own.programme, number, own.profile.id)
        tell("success", Message(N_("Your request is withdrawn.")))
    except NotAllowed as error:
        tell("error", error.message)
    return _back(slug, mine)


@blueprint.post("/requests/<id:number>/question")
def question(slug: str, mine: int, number: int) -> Response | tuple[str, int]:
    """Ask for more before answering, once."""
    text = request.form.get("question", "")
    return _written(
        slug, mine, Problem(f"question-{number}", text, Message("")), N_("Your question is on its way."),
        lambda own: clarifying.ask_back(
            own.session, own.programme, number, own.profile.id, question=text, page=requests_page
        ),
    )  # fmt: skip


@blueprint.post("/requests/<id:number>/reply")
def reply(slug: str, mine: int, number: int) -> Response | tuple[str, int]:
    """Say what the other side wants to know."""
    text = request.form.get("reply", "")
    return _written(
        slug, mine, Problem(f"reply-{number}", text, Message("")), N_("Your reply is on its way."),
        lambda own: clarifying.reply(own.session, own.programme, number, own.profile.id, text=text),
    )  # fmt: skip


def _written(
    slug: str, mine: int, problem: Problem, done: str, work: Callable[[Own], None]
) -> Response | tuple[str, int]:
    try:
        with write_own(slug, mine) as own:
            work(own)
        tell("success", Message(done))
    except NotAllowed as error:
        with read_own(slug, mine) as own:
            return _page(own, Problem(problem.field, problem.text, error.message)), 422
    return _back(slug, mine)


def _page(own: Own, problem: Problem | None = None) -> str:
    lines = read_inbox(own.session, own.programme, own.profile)
    return render_template(
        "requests.html", own=own, lines=lines, problem=problem, longest=introductions.LONGEST
    )


def _form(own: Own, kind: Kind, other: int, problem: Problem | None = None) -> str:
    must_face(own, kind)
    seen = look(own.session, own.programme, own.profile, kind, other)
    is_routed = own.programme.routed or Kind.FUNDER in (kind, own.kind)
    return render_template(
        "ask.html",
        own=own,
        kind=kind,
        look=seen,
        is_routed=is_routed,
        problem=problem,
        longest=introductions.LONGEST,
        most=MOST_OPEN["startup"],
    )


def _side(own: Own) -> Side:
    return "startup" if own.kind is Kind.STARTUP else "counterpart"


def _back(slug: str, mine: int) -> Response:
    return redirect(url_for("requests.index", slug=slug, mine=mine), 303)
