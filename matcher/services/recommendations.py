"""Reading what was recommended, for people to see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session, selectinload

from matcher.models import HELD, Kind, Match, Profile, Recommendation, RecommendationList
from matcher.ranking.eligibility import RULE_MESSAGES, Rule
from matcher.ranking.explanation import Reason, Tone
from matcher.services.jobs import is_idle
from matcher.wording import N_, Message

__all__ = ["Reason", "RecommendedCandidate", "RecommendedList", "load_reasons", "read_list"]

_EQUAL = 1e-5
"""Scores nearer than this are one score that was summed in two ways."""

_IN_DEMAND: Mapping[Kind, str] = {
    Kind.MENTOR: N_(
        "In demand: others need this mentor too, so the place is lower than the score alone would give"
    ),
    Kind.STARTUP: N_(
        "In demand: other mentors could help this start-up too, so the place is lower than the score alone "
        "would give"
    ),
}


@dataclass(frozen=True, slots=True)
class RecommendedCandidate:
    """One line of a list; `lowered` says why somebody with a lower score stands above it."""

    profile: Profile
    rank: int
    score: float
    band: str
    parts: dict[str, float]
    reasons: list[Reason]
    state: str | None
    """Where the match stands, if there is one."""
    lowered: Message | None = None


@dataclass(frozen=True, slots=True)
class HeldCandidate:
    """Somebody whose place is taken, and where that match stands."""

    profile: Profile
    state: str


@dataclass(frozen=True, slots=True)
class RecommendedList:
    """A profile's recommended candidates of one kind.

    `held` has those with a place whom `items` leaves out; `exclusions` says how many
    candidates each rule excluded; `fresh` is False while a change of the programme is being worked in.
    """

    items: list[RecommendedCandidate]
    held: list[HeldCandidate]
    considered: int
    eligible: int
    exclusions: list[Message]
    computed_at: datetime | None
    fresh: bool


def read_list(session: Session, subject: Profile, candidate_kind: Kind) -> RecommendedList:
    """The list of `subject` as it was last computed; empty before the first time."""
    found = session.scalars(
        select(RecommendationList)
        .options(selectinload(RecommendationList.items))
        .where(
            RecommendationList.subject_id == subject.id,
            RecommendationList.candidate_kind == candidate_kind,
        )
    ).first()
    fresh = is_idle(session, subject.programme_id)
    if found is None:
        return RecommendedList([], _held(session, subject, candidate_kind, []), 0, 0, [], None, fresh)
    return RecommendedList(
        items=_candidates(session, subject, candidate_kind, found.items),
        held=_held(session, subject, candidate_kind, found.items),
        considered=found.considered,
        eligible=found.eligible,
        exclusions=[_excluded(Rule(rule), count) for rule, count in found.exclusions.items() if count],
        computed_at=found.computed_at,
        fresh=fresh,
    )


def load_reasons(item: Recommendation) -> list[Reason]:
    """The reasons that were stored with a recommendation."""
    return read_reasons(item.reasons)


def read_reasons(stored: Sequence[Mapping[str, Any]]) -> list[Reason]:
    """Reasons in the form in which they are stored."""
    return [Reason(Tone(reason["tone"]), Message.from_json(reason)) for reason in stored]


def dump_reasons(reasons: list[Reason]) -> list[dict[str, object]]:
    """The form in which reasons are stored."""
    return [{"tone": reason.tone.value, **reason.message.to_json()} for reason in reasons]


def mark_stale(session: Session, candidate_id: int) -> None:
    """Have the lists that a candidate is on ranked anew: the candidate is about to be deleted."""
    holding = select(Recommendation.list_id).where(Recommendation.candidate_id == candidate_id)
    session.execute(
        update(RecommendationList)
        .where(RecommendationList.id.in_(holding))
        .values(stale=True)
        .execution_options(synchronize_session=False)
    )


def _candidates(
    session: Session, subject: Profile, kind: Kind, items: list[Recommendation]
) -> list[RecommendedCandidate]:
    ids = [item.candidate_id for item in items]
    profiles = {p.id: p for p in session.scalars(select(Profile).where(Profile.id.in_(ids)))}
    states = _states(session, subject)
    lowered = _lowered(items)
    reason = Message(_IN_DEMAND[kind]) if kind in _IN_DEMAND else None
    return [
        RecommendedCandidate(
            profiles[item.candidate_id],
            item.rank,
            item.score,
            item.band,
            item.parts,
            load_reasons(item),
            states.get(item.candidate_id),
            reason if item.id in lowered else None,
        )
        for item in items
    ]


def _lowered(items: Sequence[Recommendation]) -> set[int]:
    """Items that stand under one with a lower score. Only prices of demand bring that about."""
    lowest = accumulate((item.score for item in items), min)
    return {item.id for item, least in zip(items, lowest, strict=True) if item.score > least + _EQUAL}


def _held(session: Session, subject: Profile, kind: Kind, items: list[Recommendation]) -> list[HeldCandidate]:
    """Counterparts of a kind that hold a place and that the list leaves out."""
    listed = {item.candidate_id for item in items}
    states = {
        other: state
        for other, state in _states(session, subject).items()
        if state in HELD and other not in listed
    }
    query = select(Profile).where(Profile.id.in_(states), Profile.kind == kind).order_by(Profile.name)
    return [HeldCandidate(profile, states[profile.id]) for profile in session.scalars(query)]


def _states(session: Session, subject: Profile) -> dict[int, str]:
    """Where the subject's matches stand, by the other side's id."""
    if subject.kind == Kind.STARTUP:
        query = select(Match.counterpart_id, Match.state).where(Match.startup_id == subject.id)
    else:
        query = select(Match.startup_id, Match.state).where(Match.counterpart_id == subject.id)
    return {other: state for other, state in session.execute(query)}  # noqa: C416


def _excluded(rule: Rule, count: int) -> Message:
    return Message(
        N_("%(count)s not eligible because %(rule)s"), {"count": count, "rule": RULE_MESSAGES[rule]}
    )
