"""One pair, looked at closer: both profiles side by side, and every step that can be taken with it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import Blueprint, abort, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from matcher.models import AuditEvent, Kind, Match, Profile, Programme
from matcher.ranking.explanation import Reason
from matcher.services import review
from matcher.services.alternatives import Alternatives, find_alternatives
from matcher.services.logbook import LogLine, history_of
from matcher.services.plan import Places, Plan, read_plan
from matcher.services.profiles import get_profile
from matcher.services.proposals import TOO_LARGE, is_kept
from matcher.services.recommendations import read_reasons
from matcher.services.steps import Pair, find
from matcher.services.whynot import explain_pair
from matcher.wording import N_, Message
from web import pairing
from web.converters import read_id
from web.database import read
from web.permissions import actor
from web.standing import Standing, standing

blueprint = Blueprint("pairs", __name__, url_prefix="/p/<slug>/cohort/<counterpart:kind>")
_PAIR = "/<id:startup_id>/<id:counterpart_id>"

REASONS = (
    N_("They know each other already"),
    N_("Same sector, but not the help that is needed"),
    N_("No language that both speak well enough"),
    N_("The mentor or partner asked for somebody else"),
    N_("The start-up asked for somebody else"),
    N_("A conflict of interest"),
)
"""Why managers reject pairs, ready to choose; kept in English, and read by everybody in their language."""


@dataclass(frozen=True)
class View:
    """Everything that the page shows about a pair."""

    startup: Profile
    counterpart: Profile
    match: Match | None
    reasons: Sequence[Reason]
    places: Places | None
    history: Sequence[LogLine]
    instead: Alternatives | None
    plan: Plan
    standing: Standing
    too_large: Message | None
    """Why it cannot be asked what would be if; a missing run is said to whoever asks."""

    @property
    def state(self) -> str:
        """Where the pair stands; "" if nobody has said anything about it."""
        return self.match.state if self.match else ""

    @property
    def key(self) -> str:
        """The pair in addresses."""
        return pairing.key_of((self.startup.id, self.counterpart.id))


@blueprint.get(_PAIR)
def show(slug: str, kind: Kind, startup_id: int, counterpart_id: int) -> str:
    """Both sides, what fits and what does not, and what can be done."""
    pair = (startup_id, counterpart_id)
    with read(slug) as (session, programme):
        view = _view(session, programme, kind, pair)
        return render_template(
            "pair.html", programme=programme, kind=kind, view=view, reasons_to_reject=REASONS
        )


@blueprint.post(f"{_PAIR}/decide")
def decide(slug: str, kind: Kind, startup_id: int, counterpart_id: int) -> Response:
    """Approve, lock, unlock or reject; a rejection with why."""
    pair = (startup_id, counterpart_id)
    decision = pairing.BUTTONS.get(request.form.get("step", "")) or abort(400)
    note = _note() if decision == "rejected" else ""
    _attempt(
        slug,
        kind,
        pair,
        lambda session, programme: review.decide(
            session, programme, *pair, decision, actor=actor(), note=note, seen=request.form.get("seen", "")
        ),
        Message(pairing.DONE[decision]),
    )
    return _back(slug, kind, pair)


@blueprint.post(f"{_PAIR}/move")
def move(slug: str, kind: Kind, startup_id: int, counterpart_id: int) -> Response:
    """Give the start-up somebody else, and go on with the new pair."""
    pair = (startup_id, counterpart_id)
    to = _number("to")
    seen = request.form.get("seen", "")
    event = _attempt(
        slug,
        kind,
        pair,
        lambda session, programme: review.move(session, programme, pair, to, actor=actor(), seen=seen),
        Message(N_("The start-up was moved. Runs keep the new pair.")),
    )
    return _back(slug, kind, (startup_id, to) if event else pair)


@blueprint.post(f"{_PAIR}/swap")
def swap(slug: str, kind: Kind, startup_id: int, counterpart_id: int) -> Response:
    """Exchange the counterparts of two start-ups, and go on with the new pair."""
    pair = (startup_id, counterpart_id)
    key, their_state = pairing.read_seen(request.form.get("with", ""))
    other = pairing.read_pair(key)
    seen = (request.form.get("seen", ""), their_state)

    def work(session: Session, programme: Programme) -> AuditEvent:
        return review.swap(session, programme, pair, other, actor=actor(), seen=seen)

    event = _attempt(slug, kind, pair, work, Message(N_("The two were swapped. Runs keep both new pairs.")))
    return _back(slug, kind, (startup_id, other[1]) if event else pair)


def _attempt(
    slug: str, kind: Kind, pair: Pair, work: Callable[[Session, Programme], AuditEvent], done: Message
) -> AuditEvent | None:
    """Take a step with a pair of this programme; anything else is not found, whatever the form says of it."""

    def checked(session: Session, programme: Programme) -> AuditEvent:
        get_profile(session, programme, Kind.STARTUP, pair[0])
        get_profile(session, programme, kind, pair[1])
        return work(session, programme)

    return pairing.attempt(slug, checked, done)


def _view(session: Session, programme: Programme, kind: Kind, pair: Pair) -> View:
    startup = get_profile(session, programme, Kind.STARTUP, pair[0])
    counterpart = get_profile(session, programme, kind, pair[1])
    match = find(session, programme, [pair]).get(pair)
    plan = read_plan(session, programme, kind)
    stored = read_reasons(match.reasons) if match else []
    return View(
        startup,
        counterpart,
        match,
        stored or explain_pair(session, programme, startup, counterpart).reasons,
        next((place for place in plan.places if place.profile.id == counterpart.id), None),
        history_of(session, programme, pair),
        find_alternatives(session, programme, plan, pair) if match and match.state in review.OPEN else None,
        plan,
        standing(session, programme, plan),
        Message(TOO_LARGE) if plan.run and not is_kept(session, plan.run) else None,
    )


def _note() -> str:
    """The reason that was chosen, and what was written beside it, a line each."""
    chosen, written = request.form.get("reason", ""), request.form.get("note", "").strip()
    return "\n".join(part for part in (chosen if chosen in REASONS else "", written) if part)


def _number(name: str) -> int:
    """Whom a choice means; nobody's number is not found."""
    found = request.form.get(name, type=read_id)
    return abort(404) if found is None else found


def _back(slug: str, kind: Kind, pair: Pair) -> Response:
    ours, theirs = pair
    return redirect(url_for(".show", slug=slug, kind=kind, startup_id=ours, counterpart_id=theirs), 303)
