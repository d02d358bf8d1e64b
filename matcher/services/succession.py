"""Nobody is dropped: whoever lost a counterpart is proposed the next best, or waits and is served first."""

from collections.abc import Collection

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session

from matcher.models import (
    HELD,
    AuditEvent,
    Kind,
    Match,
    MatchState,
    Profile,
    Programme,
    Proposal,
    Recommendation,
    RecommendationList,
    Waiting,
    utcnow,
)
from matcher.services.bars import bar_between
from matcher.services.cohort_blob import Bar
from matcher.services.places import places_of
from matcher.services.plan import latest_proposal
from matcher.services.presence import has_left
from matcher.services.roster import load_facts
from matcher.services.rules import CohortRules, current_rules
from matcher.services.steps import Pair, in_state, take
from matcher.services.tidings import tell_suggested, tell_waiting

_TAKEN = frozenset({MatchState.PROPOSED, *HELD})
_TOLD = frozenset({MatchState.OFFERED, MatchState.ACTIVE})
_ITEM, _LIST = Recommendation, RecommendationList


def follow_loss(
    session: Session, programme: Programme, startup_id: int, counterpart_id: int, *, actor: str
) -> None:
    """After a pair is no more: its start-up gets the next best, and its counterpart's place is given on."""
    kind = Kind(session.get_one(Profile, counterpart_id).kind)
    suggest_next(session, programme, startup_id, kind, actor=actor)
    offer_place(session, programme, counterpart_id, actor=actor)


def suggest_next(
    session: Session, programme: Programme, startup_id: int, kind: Kind, *, actor: str
) -> AuditEvent | None:
    """Propose the best candidate on the start-up's list who may be, has a place and was not decided about.

    None, and a place on the waiting list, if there is nobody; None as well if the start-up is served.
    """
    rules = current_rules(session, programme)[1]
    if _is_served(session, rules, startup_id, kind):
        return None
    for item in session.scalars(_undecided(kind).where(_LIST.subject_id == startup_id).order_by(_ITEM.rank)):
        if _may_be(session, programme, rules, startup_id, item.candidate_id):
            return _suggest(session, programme, startup_id, item, actor)
    _wait(session, programme, startup_id, kind)
    tell_waiting(session, programme, startup_id, kind)
    return None


def next_best(session: Session, programme: Programme, lost: Pair, most: int = 3) -> list[Profile]:
    """Whom a start-up could ask instead of whom it lost, best first."""
    kind = Kind(session.get_one(Profile, lost[1]).kind)
    rules = current_rules(session, programme)[1]
    found: list[Profile] = []
    for item in session.scalars(_undecided(kind).where(_LIST.subject_id == lost[0]).order_by(_ITEM.rank)):
        if len(found) == most:
            break
        if _may_be(session, programme, rules, lost[0], item.candidate_id):
            found.append(session.get_one(Profile, item.candidate_id))
    return found


def leave_waiting(session: Session, programme: Programme, startup_id: int, kind: Kind) -> None:
    """Whoever was told of as many as the rules promise waits no longer."""
    if _is_served(session, current_rules(session, programme)[1], startup_id, kind, _TOLD):
        session.execute(
            delete(Waiting)
            .where(Waiting.startup_id == startup_id, Waiting.counterpart_kind == kind)
            .execution_options(synchronize_session="fetch")
        )


def wait_no_more(session: Session, startup_id: int) -> None:
    """A start-up that leaves waits for nobody."""
    session.execute(
        delete(Waiting).where(Waiting.startup_id == startup_id).execution_options(synchronize_session="fetch")
    )


def offer_place(session: Session, programme: Programme, counterpart_id: int, *, actor: str) -> None:
    """Propose somebody who has a place to those who wait and have them on their list, the longest first."""
    rules = current_rules(session, programme)[1]
    kind = Kind(session.get_one(Profile, counterpart_id).kind)
    rows = session.execute(
        _undecided(kind)
        .add_columns(_LIST.subject_id)
        .join(Waiting, Waiting.startup_id == _LIST.subject_id)
        .where(
            Waiting.programme_id == programme.id,
            Waiting.counterpart_kind == kind,
            _ITEM.candidate_id == counterpart_id,
        )
        .order_by(Waiting.rounds.desc(), Waiting.since, Waiting.id)
    ).all()
    for item, startup_id in rows:
        if not _is_served(session, rules, startup_id, kind) and _may_be(
            session, programme, rules, startup_id, counterpart_id
        ):
            _suggest(session, programme, startup_id, item, actor)


def carry_waiting(session: Session, programme: Programme, kind: Kind) -> None:
    """After publishing: who was left out waits a round more, and who was told of somebody waits no longer.

    Whoever is only proposed somebody so far neither waits another round nor loses those waited through.
    """
    proposal = latest_proposal(session, programme, kind)
    waiting = {
        entry.startup_id: entry
        for entry in session.scalars(
            select(Waiting).where(Waiting.programme_id == programme.id, Waiting.counterpart_kind == kind)
        )
    }
    rules = current_rules(session, programme)[1]
    left_out: set[int] = set()
    if proposal is not None:  # who lost theirs by hand since the run waits, too
        left_out = set(session.scalars(_startups(programme, proposal)))
        left_out |= set(session.scalars(_without(programme, kind)))
    for startup_id in sorted(left_out | waiting.keys()):
        if _is_served(session, rules, startup_id, kind, _TOLD):
            if startup_id in waiting:
                session.delete(waiting[startup_id])
        elif _is_served(session, rules, startup_id, kind):
            continue
        elif startup_id in waiting:
            waiting[startup_id].rounds += 1
        else:
            _wait(session, programme, startup_id, kind)
    session.flush()


def _startups(programme: Programme, proposal: Proposal) -> Select[int]:
    """Ids of the start-ups that a run left out; counterparts whom it left alone do not wait."""
    ids = [entry["profile_id"] for entry in proposal.unmatched]
    return _present(programme).where(Profile.id.in_(ids))


def _without(programme: Programme, kind: Kind) -> Select[int]:
    """Ids of start-ups for whom nobody is proposed or holds a place."""
    paired = (
        select(Match.startup_id)
        .join(Profile, Profile.id == Match.counterpart_id)
        .where(Match.programme_id == programme.id, Match.state.in_(_TAKEN), Profile.kind == kind)
    )
    return _present(programme).where(Profile.id.not_in(paired))


def _present(programme: Programme) -> Select[int]:
    """Ids of the start-ups that have not left."""
    return select(Profile.id).where(
        Profile.programme_id == programme.id, Profile.kind == Kind.STARTUP, ~has_left()
    )


def _wait(session: Session, programme: Programme, startup_id: int, kind: Kind) -> None:
    startup = session.get(Profile, startup_id)
    there = session.scalar(
        select(Waiting.id).where(Waiting.startup_id == startup_id, Waiting.counterpart_kind == kind)
    )
    if there or startup is None or startup.kind != Kind.STARTUP:
        return
    session.add(
        Waiting(programme_id=programme.id, startup_id=startup_id, counterpart_kind=kind.value, since=utcnow())
    )
    session.flush()


def _is_served(
    session: Session,
    rules: CohortRules,
    startup_id: int,
    kind: Kind,
    states: Collection[MatchState] = _TAKEN,
) -> bool:
    """Whether as many pairs are in these states as the rules promise, one at least."""
    least = max(1, rules.mentors_least) if kind is Kind.MENTOR else 1
    rows = session.scalars(
        select(Match.id)
        .join(Profile, Profile.id == Match.counterpart_id)
        .where(Match.startup_id == startup_id, Match.state.in_(states), Profile.kind == kind)
    )
    return len(rows.all()) >= least


def _undecided(kind: Kind) -> Select[Recommendation]:
    """What lists of start-ups say of a kind, without pairs that are a match, in whatever state."""
    known = select(Match.id).where(
        Match.startup_id == _LIST.subject_id, Match.counterpart_id == _ITEM.candidate_id
    )
    return select(_ITEM).join(_LIST).where(_LIST.candidate_kind == kind, ~known.exists())


def _may_be(
    session: Session, programme: Programme, rules: CohortRules, startup_id: int, counterpart_id: int
) -> bool:
    """Whether the counterpart takes people, has a place beyond those held or proposed, and is not barred."""
    counterpart = session.get_one(Profile, counterpart_id)
    most = places_of(counterpart, rules)
    taken = session.scalar(
        select(func.count()).where(Match.counterpart_id == counterpart_id, Match.state.in_(_TAKEN))
    )
    if counterpart.is_paused or (most is not None and (taken or 0) >= most):
        return False
    facts = load_facts(session, programme, (startup_id, counterpart_id))
    return bar_between(rules, facts[startup_id], facts[counterpart_id]) is Bar.FREE


def _suggest(
    session: Session, programme: Programme, startup_id: int, item: Recommendation, actor: str
) -> AuditEvent:
    image = in_state(MatchState.PROPOSED, score=item.score, band=item.band, reasons=item.reasons)
    pair = (startup_id, item.candidate_id)
    event = take(session, programme, actor, "match.suggested", {pair: image})
    tell_suggested(session, programme, event, pair)
    return event
