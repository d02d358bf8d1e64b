"""Matches that were published: who answered what, and what a manager can do about those who did not."""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from matcher.models import FAILED, Kind, MatchState
from matcher.services import answers, mailing, publishing
from matcher.services.matches import list_matches
from matcher.services.profiles import find_by_id, get_profile
from matcher.services.queue import read_queue
from matcher.services.review import OPEN
from matcher.wording import N_, Message
from web import pairing
from web.charts import pieces
from web.converters import read_id
from web.database import read, settings
from web.permissions import actor

blueprint = Blueprint("matches", __name__, url_prefix="/p/<slug>")
_PAIR = "/matches/<counterpart:kind>/<id:startup_id>/<id:counterpart_id>"

STATES = (MatchState.OFFERED, MatchState.ACTIVE, *sorted(FAILED))
_SIDES: dict[str, publishing.Side] = {"startup": "startup", "counterpart": "counterpart"}
_ANSWERS = {"yes": True, "no": False}
_LETTERS = 30
_PROGRESS = {
    "accepted": (MatchState.ACTIVE,),
    "waiting": (MatchState.OFFERED,),
    "unwanted": (MatchState.DECLINED, MatchState.EXPIRED),
    "over": (MatchState.WITHDRAWN, MatchState.ENDED),
}


@blueprint.get("/matches")
def index(slug: str) -> str:
    """All that were offered, the latest first, a page at a time."""
    wanted = request.args.get("state", "")
    state = wanted if wanted in STATES else ""
    page = max(1, request.args.get("page", 1, type=int))
    with read(slug) as (session, programme):
        queue = read_queue(
            session, programme, None, states=(state,) if state else STATES, page=page, latest_first=True
        )
        return render_template(
            "matches.html",
            programme=programme,
            queue=queue,
            state=state,
            states=STATES,
            deadline=publishing.deadline,
            progress=pieces([(name, queue.count(those)) for name, those in _PROGRESS.items()]),
        )


_GIVEN_UP = {
    mailing.TOO_OLD: N_(
        "It could not be sent for two weeks, for want of an e-mail address or of a mail server, so it was "
        "given up."
    ),
    mailing.DEAD_LINK: N_("The invitation in it worked no more before it could be sent, so it was given up."),
}
"""Why letters are not sent any more, by what stands for their error."""


@blueprint.get("/mail")
def mail(slug: str) -> str:
    """The letters that were written, the latest first."""
    before = request.args.get("before", type=read_id)
    with read(slug) as (session, programme):
        found = mailing.list_mail(session, programme, _LETTERS + 1, before)
        letters = found[:_LETTERS]
        return render_template(
            "mail.html",
            programme=programme,
            letters=letters,
            readers=find_by_id(
                session, programme, {letter.recipient_id for letter in letters if letter.recipient_id}
            ),
            more=len(found) > _LETTERS,
            given_up=_GIVEN_UP,
            shows_links=settings().smtp_url is None,
        )


@blueprint.post(f"{_PAIR}/answer")
def answer(slug: str, kind: Kind, startup_id: int, counterpart_id: int) -> Response:
    """Record what one side said to the manager."""
    pair = (startup_id, counterpart_id)
    side = _SIDES.get(request.form.get("side", "")) or abort(400)
    accepted = _ANSWERS.get(request.form.get("answer", ""))
    if accepted is None:
        abort(400)
    note = request.form.get("note", "")
    pairing.attempt(
        slug,
        lambda session, programme: answers.answer_for(
            session, programme, pair, side, accepted=accepted, note=note, actor=actor()
        ),
        Message(N_("The answer was recorded.")),
        can_undo=False,
    )
    return _back(slug, kind, pair)


@blueprint.post(f"{_PAIR}/withdraw")
def withdraw(slug: str, kind: Kind, startup_id: int, counterpart_id: int) -> Response:
    """Take an offer back."""
    pair = (startup_id, counterpart_id)
    pairing.attempt(
        slug,
        lambda session, programme: publishing.withdraw_offer(session, programme, pair, actor=actor()),
        Message(N_("The offer was withdrawn, and both sides are told.")),
        can_undo=False,
    )
    return _back(slug, kind, pair)


@blueprint.post(f"{_PAIR}/end")
def end(slug: str, kind: Kind, startup_id: int, counterpart_id: int) -> Response:
    """End a match that both had accepted."""
    pair = (startup_id, counterpart_id)
    note = request.form.get("note", "")
    pairing.attempt(
        slug,
        lambda session, programme: publishing.end_match(session, programme, pair, actor=actor(), note=note),
        Message(N_("The match has ended. The mentor's place is free again.")),
        can_undo=False,
    )
    return _back(slug, kind, pair)


@blueprint.get("/mentors/<id:mentor_id>/leave")
def confirm_leaving(slug: str, mentor_id: int) -> str:
    """Say what happens to whom when a mentor leaves, and ask."""
    with read(slug) as (session, programme):
        mentor = get_profile(session, programme, Kind.MENTOR, mentor_id)
        states = [*OPEN, MatchState.OFFERED, MatchState.ACTIVE]
        lines = list_matches(session, programme, states, having=mentor_id)
        return render_template("leave.html", programme=programme, mentor=mentor, lines=lines)


@blueprint.post("/mentors/<id:mentor_id>/leave")
def leave(slug: str, mentor_id: int) -> Response:
    """The mentor's pairs go, and whoever loses the mentor gets the next best proposed."""
    pairing.attempt(
        slug,
        lambda session, programme: publishing.withdraw_mentor(session, programme, mentor_id, actor=actor()),
        Message(N_("The mentor has left. Start-ups that lost them are proposed the next best.")),
        can_undo=False,
    )
    return redirect(url_for("profiles.show", slug=slug, kind=Kind.MENTOR, profile_id=mentor_id), 303)


def _back(slug: str, kind: Kind, pair: tuple[int, int]) -> Response:
    ours, theirs = pair
    back = url_for("pairs.show", slug=slug, kind=kind, startup_id=ours, counterpart_id=theirs)
    return redirect(back, 303)
