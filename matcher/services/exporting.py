"""A cohort's pairs as rows for a sheet: those of a proposal, those approved, those that were published."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from matcher.models import FAILED, Kind, Match, MatchState, Profile, Programme
from matcher.wording import Message

_AT_A_TIME = 1_000


class Which(StrEnum):
    """What an export has. The value stands in addresses and file names."""

    PROPOSAL = "proposal"
    """Pairs that only managers know of: proposed, locked or approved."""
    APPROVED = "approved"
    MATCHES = "matches"
    """Pairs that both sides were told of, whatever came of it."""


_STATES: Mapping[Which, frozenset[MatchState]] = {
    Which.PROPOSAL: frozenset({MatchState.PROPOSED, MatchState.LOCKED, MatchState.APPROVED}),
    Which.APPROVED: frozenset({MatchState.APPROVED}),
    Which.MATCHES: frozenset({MatchState.OFFERED, MatchState.ACTIVE}) | FAILED,
}


@dataclass(frozen=True, slots=True)
class PairRow:
    """One pair. `note` is what managers alone read."""

    startup_ref: str
    startup: str
    counterpart_ref: str
    counterpart: str
    score: float | None
    band: str
    reasons: list[Message]
    state: MatchState
    startup_answer: bool | None
    counterpart_answer: bool | None
    offered_at: datetime | None
    decided_at: datetime
    note: str


def pair_rows(session: Session, programme: Programme, kind: Kind, which: Which) -> Iterator[PairRow]:
    """The pairs by start-up, the best first; a thousand are in memory at a time."""
    startup, counterpart = aliased(Profile.__table__), aliased(Profile.__table__)
    query = (
        select(
            startup.c.ref, startup.c.name, counterpart.c.ref, counterpart.c.name,
            Match.score, Match.band, Match.reasons, Match.state, Match.startup_answer,
            Match.counterpart_answer, Match.offered_at, Match.decided_at, Match.note,
        )
        .join(startup, startup.c.id == Match.startup_id)
        .join(counterpart, counterpart.c.id == Match.counterpart_id)
        .where(
            Match.programme_id == programme.id,
            counterpart.c.kind == kind,
            Match.state.in_(_STATES[which]),
        )
        .order_by(startup.c.name, startup.c.id, Match.score.desc(), Match.id)
    )  # fmt: skip
    for row in session.execute(query.execution_options(yield_per=_AT_A_TIME)):
        ref, name, other_ref, other_name, score, band, reasons, state, *rest = row
        said = [Message.from_json(reason) for reason in reasons]
        yield PairRow(
            ref, name, other_ref, other_name, score, band or "", said, MatchState(state), *rest
        )  # fmt: skip
