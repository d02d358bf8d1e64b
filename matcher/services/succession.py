"""Nobody is dropped: whoever lost a counterpart is proposed the next best, or waits and is served first."""

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from matcher.models import (
    HELD,
    AuditEvent,
    Kind,
    Match,
    MatchState,
    Mentor,
    Profile,
    Programme,
    Proposal,
    Recommendation,
    RecommendationList,
    Waiting,
    utcnow,
)
from matcher.services.rules import current_rules
from matcher.services.steps import in_state, take

_TAKEN = frozenset({MatchState.PROPOSED, *HELD})


def suggest_next(
    session: Session, programme: Programme, startup_id: int, kind: Kind, *, actor: str
) -> AuditEvent | None:
    """Propose the best candidate on the start-up's list who has a place and was not decided about.

    None, and a place on the waiting list, if there is nobody; None as well if the start-up is served.
    """
    if _is_served(session, programme, startup_id, kind):
        return None
    chosen = next(
        (item for item in _listed(session, startup_id, kind) if _is_free(session, programme, item)), None
    )
    if chosen is None:
        _wait(session, programme, startup_id, kind)
        return None
    image = in_state(
        MatchState.PROPOSED, score=chosen.score, band=chosen.band, reasons=chosen.reasons
    )  # fmt: skip
    return take(
        session, programme, actor, "match.suggested", {(startup_id, chosen.candidate_id): image}
    )  # fmt: skip


def carry_waiting(session: Session, programme: Programme, kind: Kind) -> None:
    """After publishing: who was left out waits a round more, who was served waits no longer."""
    proposal = session.scalars(
        select(Proposal)
        .where(Proposal.programme_id == programme.id, Proposal.counterpart_kind == kind)
        .order_by(Proposal.number.desc())
        .limit(1)
    ).first()
    waiting = {
        entry.startup_id: entry
        for entry in session.scalars(
            select(Waiting).where(Waiting.programme_id == programme.id, Waiting.counterpart_kind == kind)
        )
    }
    left_out: set[int] = set()
    if proposal is not None:  # who lost theirs by hand since the run waits, too
        left_out = set(session.scalars(_startups(programme, proposal)))
        left_out |= set(session.scalars(_without(programme, kind)))
    for startup_id in sorted(left_out | waiting.keys()):
        if _is_served(session, programme, startup_id, kind):
            if startup_id in waiting:
                session.delete(waiting[startup_id])
        elif startup_id in waiting:
            waiting[startup_id].rounds += 1
        else:
            _wait(session, programme, startup_id, kind)
    session.flush()


def _startups(programme: Programme, proposal: Proposal) -> Select[int]:
    """Ids of the start-ups that a run left out; counterparts whom it left alone do not wait."""
    ids = [entry["profile_id"] for entry in proposal.unmatched]
    return select(Profile.id).where(
        Profile.programme_id == programme.id, Profile.kind == Kind.STARTUP, Profile.id.in_(ids)
    )


def _without(programme: Programme, kind: Kind) -> Select[int]:
    """Ids of start-ups for whom nobody is proposed or holds a place."""
    paired = (
        select(Match.startup_id)
        .join(Profile, Profile.id == Match.counterpart_id)
        .where(Match.programme_id == programme.id, Match.state.in_(_TAKEN), Profile.kind == kind)
    )
    return select(Profile.id).where(
        Profile.programme_id == programme.id, Profile.kind == Kind.STARTUP, Profile.id.not_in(paired)
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


def _is_served(session: Session, programme: Programme, startup_id: int, kind: Kind) -> bool:
    """Whether as many pairs are proposed or hold a place as the rules promise, one at least."""
    rules = current_rules(session, programme)[1]
    least = max(1, rules.mentors_least) if kind is Kind.MENTOR else 1
    rows = session.scalars(
        select(Match.id)
        .join(Profile, Profile.id == Match.counterpart_id)
        .where(Match.startup_id == startup_id, Match.state.in_(_TAKEN), Profile.kind == kind)
    )
    return len(rows.all()) >= least


def _listed(session: Session, startup_id: int, kind: Kind) -> list[Recommendation]:
    """The start-up's list, best first, without those it has a match with, in whatever state."""
    known = select(Match.counterpart_id).where(Match.startup_id == startup_id)
    return list(
        session.scalars(
            select(Recommendation)
            .join(RecommendationList)
            .where(
                RecommendationList.subject_id == startup_id,
                RecommendationList.candidate_kind == kind,
                Recommendation.candidate_id.not_in(known),
            )
            .order_by(Recommendation.rank)
        )
    )


def _is_free(session: Session, programme: Programme, item: Recommendation) -> bool:
    """Whether the candidate has a place beyond those that are held or proposed."""
    profile = session.get_one(Profile, item.candidate_id)
    rules = current_rules(session, programme)[1]
    most = profile.capacity if isinstance(profile, Mentor) else rules.introductions_most
    if most is None:
        return True
    taken = session.scalars(
        select(Match.id).where(Match.counterpart_id == item.candidate_id, Match.state.in_(_TAKEN))
    )
    return len(taken.all()) < most
