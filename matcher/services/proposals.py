"""Whole-cohort proposals for people to ask for and to read. The web calls this; the solver is elsewhere.

`matcher.services.proposing` makes them, in a worker.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isinf
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from matcher.models import Job, JobKind, JobState, Kind, Profile, Programme, Proposal, Waiting
from matcher.ranking.comparison import decimals
from matcher.ranking.config import ScoringConfig
from matcher.services import audit, jobs
from matcher.services.blocks import in_blocks
from matcher.services.cohort_blob import unpack_scores
from matcher.services.errors import NotAllowed, NotFound
from matcher.services.locking import lock_programme
from matcher.services.plan import Figures, Places, Plan, figures_of, latest_proposal, read_plan
from matcher.services.wishes import set_wishes, wishes_of
from matcher.wording import N_, Message

__all__ = [
    "TOO_LARGE",
    "Figures",
    "Idle",
    "Places",
    "Plan",
    "Unmatched",
    "WaitingLine",
    "WhatIf",
    "band_of",
    "bounded",
    "figures_of",
    "idle_counterparts",
    "is_kept",
    "latest_proposal",
    "list_proposals",
    "pending_job",
    "read_plan",
    "read_what_if",
    "relaxed_rules",
    "request_proposal",
    "request_what_if",
    "scores_of",
    "set_wishes",
    "unmatched_startups",
    "verdict",
    "waiting_list",
    "ways_out",
    "wishes_of",
]


TOO_LARGE = N_("The last proposal is too large to be asked what would be if.")


def request_proposal(session: Session, programme: Programme, kind: Kind, *, actor: str, seed: int = 0) -> Job:
    """Ask for a run over all start-ups and counterparts of a kind, unless one is asked for and not begun.

    Raises:
        NotAllowed: `kind` is no kind of counterpart.
    """
    if kind is Kind.STARTUP:
        raise NotAllowed(Message(N_("Proposals are made for mentors or for funding partners.")))
    lock_programme(session, programme)
    waiting = _latest_job(session, programme, kind, JobState.QUEUED)
    if waiting is not None:
        return waiting
    payload = {"kind": kind.value, "actor": actor, "seed": seed}
    job = jobs.enqueue(session, programme.id, JobKind.PROPOSE, payload)
    audit.record(
        session, programme.id, actor, "proposal.requested", f"programme:{programme.id}",
        after={"kind": kind.value, "job": job.id},
    )  # fmt: skip
    return job


def pending_job(session: Session, programme: Programme, kind: Kind) -> Job | None:
    """The run to wait for, or the last one if it failed; None if the last one is done."""
    under_way = _latest_job(session, programme, kind, JobState.RUNNING, JobState.QUEUED)
    last = under_way or _latest_job(session, programme, kind)
    return last if last is not None and last.state != JobState.DONE else None


def list_proposals(session: Session, programme: Programme, kind: Kind, limit: int = 50) -> Sequence[Proposal]:
    """The runs, the latest first."""
    return session.scalars(
        select(Proposal)
        .where(Proposal.programme_id == programme.id, Proposal.counterpart_kind == kind)
        .order_by(Proposal.number.desc())
        .limit(limit)
    ).all()


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A start-up that a run left with nobody, or with fewer than the rules ask for."""

    startup: Profile
    reason: Message
    remedies: list[Message]
    """What would help, the cheapest first."""


def unmatched_startups(session: Session, proposal: Proposal) -> list[Unmatched]:
    """Whom a run left out and why, as it was then; profiles that are gone are left out."""
    profiles = _unmatched(session, proposal, Kind.STARTUP)
    return [
        Unmatched(
            profiles[line["profile_id"]],
            Message.from_json(line["reason"]),
            [Message.from_json(remedy) for remedy in line["remedies"]],
        )
        for line in proposal.unmatched
        if line["profile_id"] in profiles
    ]


@dataclass(frozen=True, slots=True)
class Idle:
    """A mentor or funding partner whom a run gave nobody, or fewer than promised."""

    counterpart: Profile
    reason: Message


def idle_counterparts(session: Session, proposal: Proposal) -> list[Idle]:
    """Who of the other side was left alone and why, as it was then; profiles that are gone are left out."""
    profiles = _unmatched(session, proposal, Kind(proposal.counterpart_kind))
    return [
        Idle(profiles[line["profile_id"]], Message.from_json(line["reason"]))
        for line in proposal.unmatched
        if line["profile_id"] in profiles
    ]


def _unmatched(session: Session, proposal: Proposal, kind: Kind) -> dict[int, Profile]:
    """Those of a kind whom a run left out, by id."""
    found: dict[int, Profile] = {}
    for block in in_blocks([line["profile_id"] for line in proposal.unmatched]):
        rows = session.scalars(
            select(Profile).where(
                Profile.programme_id == proposal.programme_id, Profile.kind == kind, Profile.id.in_(block)
            )
        )
        found |= {profile.id: profile for profile in rows}
    return found


def verdict(proposal: Proposal) -> Message:
    """Whether anything better is possible, as far as the solver could tell."""
    if proposal.is_optimal:
        return bounded(Message(N_("Proven to be the best possible")), proposal)
    if isinf(proposal.gap):
        return Message(N_("The best found in the time that there was; a better one was not ruled out"))
    below = Message(N_("At most %(gap)s below the best possible"), {"gap": decimals(proposal.gap)})
    return bounded(below, proposal)


def bounded(claim: Message, proposal: Proposal) -> Message:
    """A claim about a run, with what it is true of: candidates, and what counts beside scores."""
    if not proposal.considered and not proposal.has_bonus:
        return claim
    if not proposal.considered:
        return Message(N_("Counting preferences and wishes: %(claim)s"), {"claim": claim})
    template = N_("Among the candidates considered, the best %(count)d of each: %(claim)s")
    if proposal.has_bonus:
        template = N_(
            "Among the candidates considered, the best %(count)d of each, and counting preferences and "
            "wishes: %(claim)s"
        )
    return Message(template, {"count": proposal.considered, "claim": claim})


def relaxed_rules(proposal: Proposal) -> list[Message]:
    """The rules that a run could not keep."""
    return [Message.from_json(line) for line in proposal.relaxed]


def ways_out(proposal: Proposal) -> list[list[Message]]:
    """What would have let everybody in, the cheapest first: steps to take together."""
    return [[Message.from_json(step) for step in way["steps"]] for way in proposal.ways]


def scores_of(proposal: Proposal) -> dict[tuple[int, int], float]:
    """The true score of every pair that the run thought of, by ids: start-up, counterpart.

    Empty if the run was so large that its problem was not kept.
    """
    return unpack_scores(proposal.problem)


def band_of(score: float) -> str:
    """The word that people see for a score."""
    config = ScoringConfig()
    return "strong" if score >= config.strong else "good" if score >= config.good else "possible"


@dataclass(frozen=True, slots=True)
class WaitingLine:
    """A start-up that waits, the longest first: through how many publications, and since when."""

    startup: Profile
    rounds: int
    since: datetime


def waiting_list(session: Session, programme: Programme, kind: Kind) -> list[WaitingLine]:
    """Start-ups that the next run serves first."""
    rows = session.execute(
        select(Profile, Waiting.rounds, Waiting.since)
        .join(Waiting, Waiting.startup_id == Profile.id)
        .where(Waiting.programme_id == programme.id, Waiting.counterpart_kind == kind)
        .order_by(Waiting.rounds.desc(), Waiting.since, Profile.id)
    )
    return [WaitingLine(startup, rounds, since) for startup, rounds, since in rows]


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What forcing one pair would do to everybody, under the rules as they are now.

    Attributes:
        before, after: what all pairs come to without and with it; `after` None: it cannot be.
        lost: pairs that would part, as (start-up, counterpart) ids.
        gained: pairs that would come in their stead, the forced one among them.
        forbidden: rules that forbid the pair, whatever it would bring.
        message: the answer in one sentence.
    """

    startup_id: int
    counterpart_id: int
    before: Figures | None
    after: Figures | None
    lost: list[tuple[int, int]]
    gained: list[tuple[int, int]]
    forbidden: list[Message]
    message: Message

    def to_json(self) -> dict[str, Any]:
        """For the result of a job."""
        return {
            "startup_id": self.startup_id,
            "counterpart_id": self.counterpart_id,
            "before": self.before.to_json() if self.before else None,
            "after": self.after.to_json() if self.after else None,
            "lost": [list(pair) for pair in self.lost],
            "gained": [list(pair) for pair in self.gained],
            "forbidden": [rule.to_json() for rule in self.forbidden],
            "message": self.message.to_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "WhatIf":
        """What `to_json` wrote."""
        before, after = data["before"], data["after"]
        return cls(
            data["startup_id"],
            data["counterpart_id"],
            Figures.from_json(before) if before else None,
            Figures.from_json(after) if after else None,
            [(ours, theirs) for ours, theirs in data["lost"]],
            [(ours, theirs) for ours, theirs in data["gained"]],
            [Message.from_json(rule) for rule in data["forbidden"]],
            Message.from_json(data["message"]),
        )


def request_what_if(
    session: Session, programme: Programme, kind: Kind, startup_id: int, counterpart_id: int, *, actor: str
) -> Job:
    """Ask what the latest run would have become with this pair in it.

    Raises:
        NotFound: the programme has no such start-up and counterpart of this kind.
        NotAllowed: there is no run yet, or it was too large for what it was given to be kept.
    """
    rows = session.execute(
        select(Profile.id, Profile.kind).where(
            Profile.programme_id == programme.id, Profile.id.in_([startup_id, counterpart_id])
        )
    )
    kinds = {profile_id: found for profile_id, found in rows}  # noqa: C416 - a Row is no pair to mypy
    if kinds.get(startup_id) != Kind.STARTUP or kinds.get(counterpart_id) != kind:
        raise NotFound(Message(N_("There is no such pair in this programme.")))
    run = latest_proposal(session, programme, kind)
    if run is None:
        raise NotAllowed(Message(N_("There is no proposal yet. Make one first.")))
    if not is_kept(session, run):
        raise NotAllowed(Message(TOO_LARGE))
    payload = {"kind": kind.value, "startup": startup_id, "counterpart": counterpart_id, "actor": actor}
    return jobs.enqueue(session, programme.id, JobKind.WHAT_IF, payload)


def is_kept(session: Session, run: Proposal) -> bool:
    """Whether what the solver was given was kept, so that it can be asked what would be if."""
    return bool(session.scalar(select(func.length(Proposal.problem)).where(Proposal.id == run.id)))


def read_what_if(session: Session, programme: Programme, job_id: int) -> WhatIf | None:
    """The answer, once there is one. A job that failed answers with why, in `message`.

    Raises:
        NotFound: nobody asked that in this programme.
    """
    job = jobs.get_job(session, programme, job_id)
    if job.kind != JobKind.WHAT_IF:
        raise NotFound(Message(N_("There is no such job in this programme.")))
    if job.state == JobState.DONE:
        return WhatIf.from_json(job.result)
    if job.state == JobState.FAILED:
        pair = job.payload["startup"], job.payload["counterpart"]
        return WhatIf(*pair, None, None, [], [], [], Message.from_json(job.error))
    return None


def _latest_job(session: Session, programme: Programme, kind: Kind, *states: JobState) -> Job | None:
    query = select(Job).where(
        Job.programme_id == programme.id,
        Job.kind == JobKind.PROPOSE,
        Job.payload["kind"].as_string() == kind.value,
    )
    if states:
        query = query.where(Job.state.in_(states))
    return session.scalars(query.order_by(Job.id.desc()).limit(1)).first()
