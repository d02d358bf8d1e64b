"""The proposal of `tandem match`: the pairs of the whole cohort, and who has nobody."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from matcher.cli.language import _
from matcher.cli.outcome import Outcome, Unmatched
from matcher.cli.pairs import say_reasons, write_rows
from matcher.cli.progress import progress_bar
from matcher.cli.rules_file import RulesFile, apply_rules
from matcher.db import unit_of_work
from matcher.models import HELD, Kind, Match, MatchState, Profile, Programme, Proposal
from matcher.ranking.explanation import Tone
from matcher.services.matches import list_matches
from matcher.services.proposals import idle_counterparts, unmatched_startups
from matcher.services.recommendations import Reason
from matcher.wording import N_, Message

HEADER = ("startup_ref", "startup", "mentor_ref", "mentor", "score", "fit", "reasons", "status")


@dataclass(frozen=True, slots=True)
class Line:
    """One pair of the proposal."""

    startup: Profile
    counterpart: Profile
    score: float | None
    band: str
    reasons: list[Reason]
    status: str


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal with its pairs, start-ups in the order of their sheet."""

    run: Proposal
    lines: list[Line]
    unmatched: list[Unmatched]


def make_proposal(
    engine: Engine, programme: Programme, rules: RulesFile, *, snapshots: Path, model: str, length: int
) -> int:
    """Propose mentors under the file's rules; the proposal's id."""
    from matcher.services.proposing import propose  # the solvers take a second to load

    with unit_of_work(engine) as session:
        apply_rules(session, programme, rules)
    with progress_bar(_("Proposing")) as progress:
        return propose(
            engine, programme.id, Kind.MENTOR, snapshots=snapshots, model=model, length=length,
            actor="tandem", seed=0, progress=progress,
        )  # fmt: skip


def read_proposal(session: Session, programme: Programme, proposal_id: int) -> Proposed:
    """What `make_proposal` made."""
    run = session.get_one(Proposal, proposal_id)
    found = list_matches(session, programme, [MatchState.PROPOSED, *HELD], Kind.MENTOR)
    lines = [
        Line(
            each.startup,
            each.counterpart,
            each.match.score,
            each.match.band or "",
            _reasons(each.match),
            each.match.state,
        )
        for each in sorted(found, key=lambda each: (each.startup.id, -(each.match.score or 0.0)))
    ]
    unmatched = [
        Unmatched(line.startup, _with_remedies(line.reason, line.remedies), Kind.MENTOR)
        for line in unmatched_startups(session, run)
    ]
    unmatched += [
        Unmatched(line.counterpart, line.reason, Kind.STARTUP) for line in idle_counterparts(session, run)
    ]
    return Proposed(run, lines, unmatched)


def with_unmatched(outcome: Outcome, proposed: Proposed) -> Outcome:
    """The outcome, also naming whom the proposal leaves short; nobody twice for the same lack."""
    known = {(line.profile.id, line.missing) for line in outcome.unmatched}
    new = (line for line in proposed.unmatched if (line.profile.id, line.missing) not in known)
    lines = [*outcome.unmatched, *new]
    lines.sort(key=lambda line: (line.profile.kind != Kind.STARTUP, line.profile.id))
    return replace(outcome, unmatched=lines)


def write_proposal(proposed: Proposed | None, path: Path) -> None:
    """One line a pair."""
    write_rows(
        path,
        list(HEADER),
        (
            [
                line.startup.ref, line.startup.name, line.counterpart.ref, line.counterpart.name,
                "" if line.score is None else f"{line.score:.4f}", line.band, say_reasons(line.reasons),
                line.status,
            ]
            for line in (proposed.lines if proposed else [])
        ),
    )  # fmt: skip


def _reasons(match: Match) -> list[Reason]:
    return [Reason(Tone(reason["tone"]), Message.from_json(reason)) for reason in match.reasons]


def _with_remedies(reason: Message, remedies: Sequence[Message]) -> Message:
    if not remedies:
        return reason
    values = {"reason": reason, "remedies": list(remedies)}
    return Message(N_("%(reason)s. What would help: %(remedies)s"), values)
