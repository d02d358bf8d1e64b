"""What a proposal is made from besides who resembles whom: rules, decisions, wishes, places, who waits."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from matcher.models import AuditEvent, Kind, Match, MatchChange, Profile, Programme, Waiting
from matcher.services.places import places_stated, stated_numbers
from matcher.services.presence import has_left
from matcher.services.rules import CohortRules, current_rules
from matcher.services.wishes import wishes_of

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Decisions:
    """What people decided up to one moment.

    Attributes:
        stamp: the last step about matches and the rules' version: another stamp, other decisions.
        states: the state of each match with a counterpart of the kind.
        scores: what those matches say the pair's score is, where they do.
        capacity: places of every counterpart of the kind that is there; None: any number.
        stated: ids of those whose places are their own number, which no rule changes.
        startups: ids of the start-ups that are there, and have not left.
        wishes: whom each profile wishes for, the dearest first.
        waiting: rounds that start-ups have waited.
        notes: what sheets said beside the fields, by profile id; only if a quota asks for it.
    """

    stamp: tuple[int, int]
    rules: CohortRules
    states: Mapping[Pair, str]
    scores: Mapping[Pair, float]
    capacity: Mapping[int, int | None]
    stated: frozenset[int]
    startups: frozenset[int]
    wishes: Mapping[int, tuple[int, ...]]
    waiting: Mapping[int, int]
    notes: Mapping[int, Mapping[str, str]]


def read_decisions(session: Session, programme: Programme, kind: Kind) -> Decisions:
    """The decisions as of this transaction."""
    rules = current_rules(session, programme)[1]
    stated = stated_numbers(session, programme, kind)
    matches = session.execute(
        select(Match.startup_id, Match.counterpart_id, Match.state, Match.score)
        .join(Profile, Profile.id == Match.counterpart_id)
        .where(Match.programme_id == programme.id, Profile.kind == kind)
    ).all()
    waiting = session.execute(
        select(Waiting.startup_id, Waiting.rounds).where(
            Waiting.programme_id == programme.id, Waiting.counterpart_kind == kind
        )
    )
    return Decisions(
        stamp=decisions_stamp(session, programme),
        rules=rules,
        states={(row.startup_id, row.counterpart_id): row.state for row in matches},
        scores={(r.startup_id, r.counterpart_id): r.score for r in matches if r.score is not None},
        capacity={i: places_stated(kind, number, rules) for i, number in stated.items()},
        stated=frozenset(i for i, number in stated.items() if number is not None),
        startups=frozenset(
            session.scalars(
                select(Profile.id).where(
                    Profile.programme_id == programme.id, Profile.kind == Kind.STARTUP, ~has_left()
                )
            )
        ),
        wishes=wishes_of(session, programme, kind),
        waiting={startup: rounds for startup, rounds in waiting},  # noqa: C416 - a Row is no pair to mypy
        notes=_notes(session, programme, rules),
    )


def decisions_stamp(session: Session, programme: Programme) -> tuple[int, int]:
    """What changes whenever somebody decides about a pair or saves rules."""
    last = session.scalar(
        select(func.max(MatchChange.event_id))
        .join(AuditEvent, AuditEvent.id == MatchChange.event_id)
        .where(AuditEvent.programme_id == programme.id)
    )
    return last or 0, current_rules(session, programme)[0]


def _notes(session: Session, programme: Programme, rules: CohortRules) -> dict[int, dict[str, str]]:
    groups = [group for quota in rules.quotas for group in (quota.startups, quota.counterparts)]
    if not any(group.attribute == "note" for group in groups):
        return {}
    rows = session.execute(select(Profile.id, Profile.notes).where(Profile.programme_id == programme.id))
    return {profile_id: {h: str(v) for h, v in notes.items()} for profile_id, notes in rows}
