"""A programme's cohort as it stands: what it comes to, who has nobody, whose places are left."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from matcher.models import HELD, Kind, Match, MatchState, Profile, Programme, Proposal
from matcher.services.cohort_blob import unpack_scores
from matcher.services.places import places_of
from matcher.services.presence import has_left
from matcher.services.rules import current_rules

_NAMED = 200
"""How many people a plan lists by name; it counts all."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What some pairs come to.

    Attributes:
        total: the sum of their scores.
        worst_off: the least summed score among the start-ups that have somebody; 0 if there are no pairs.
        covered: how many start-ups have somebody.
        worst_id: the start-up that `worst_off` is about.
    """

    total: float
    worst_off: float
    covered: int
    pairs: int
    worst_id: int | None = None

    def to_json(self) -> dict[str, Any]:
        """For the result of a job."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Figures":
        """What `to_json` wrote."""
        return cls(**data)


def figures_of(scored: Iterable[tuple[int, float]]) -> Figures:
    """Figures of pairs, each given as its start-up's id and its score."""
    listed = list(scored)
    sums = sums_of(listed)
    worst = min(sums, key=lambda startup: (sums[startup], startup), default=None)
    return Figures(
        total=sum(sums.values()),
        worst_off=0.0 if worst is None else sums[worst],
        covered=len(sums),
        pairs=len(listed),
        worst_id=worst,
    )


def sums_of(scored: Iterable[tuple[int, float]]) -> dict[int, float]:
    """The summed score of each start-up, from pairs as `figures_of` takes them."""
    sums: dict[int, float] = defaultdict(float)
    for startup_id, score in scored:
        sums[startup_id] += score
    return dict(sums)


def figures_of_run(proposal: Proposal) -> Figures:
    """What a run came to when it was made."""
    return Figures(proposal.total, proposal.worst_off, proposal.covered, proposal.pairs)


@dataclass(frozen=True, slots=True)
class Places:
    """A mentor's or funding partner's places; `capacity` None: as many as may be."""

    profile: Profile
    held: int
    proposed: int
    capacity: int | None

    @property
    def taken(self) -> int:
        """Places that somebody has or is proposed for."""
        return self.held + self.proposed

    @property
    def left(self) -> int | None:
        """Places that nobody has or is proposed for; below 0 if there are too many."""
        return None if self.offered is None else self.offered - self.taken

    @property
    def offered(self) -> int | None:
        """Places that there are to fill: on a break, those that are filled."""
        if not self.profile.is_paused:
            return self.capacity
        return self.taken if self.capacity is None else min(self.capacity, self.taken)


@dataclass(frozen=True, slots=True)
class Plan:
    """The cohort as its matches are now: proposed and held pairs.

    Attributes:
        states: how many pairs are in each state.
        bands: how many pairs have each band; "" for those that nobody scored.
        now: what the pairs come to; one without a score counts as the latest run has it, or else 0.
        worst: the start-up that `now.worst_off` is about.
        startups: how many start-ups there are to cover: those who left are in no figure.
        uncovered: start-ups without a pair, by name, the first 200; `startups - now.covered` is how many.
        places: every mentor or funding partner with their places, by name.
        sums: the summed score of each start-up that has somebody, by id.
        run: the latest proposal, and `before`, what it came to, to compare `now` with.
    """

    kind: Kind
    states: dict[MatchState, int]
    bands: dict[str, int]
    now: Figures
    worst: Profile | None
    startups: int
    uncovered: list[Profile]
    places: list[Places]
    sums: Mapping[int, float]
    run: Proposal | None
    before: Figures | None

    @property
    def idle(self) -> list[Profile]:
        """Counterparts with nobody, though they have places."""
        return [
            place.profile
            for place in self.places
            if not place.held and not place.proposed and not place.profile.is_paused
            if place.capacity is None or place.capacity > 0
        ]


def read_plan(session: Session, programme: Programme, kind: Kind) -> Plan:
    """The plan with counterparts of one kind, from the matches as they are."""
    rows = session.execute(
        select(Match.startup_id, Match.counterpart_id, Match.state, Match.score, Match.band)
        .join(Profile, Profile.id == Match.counterpart_id)
        .where(
            Match.programme_id == programme.id,
            Profile.kind == kind,
            Match.state.in_([MatchState.PROPOSED, *HELD]),
        )
    ).all()
    run = latest_proposal(session, programme, kind)
    thought = unpack_scores(run.problem) if run and any(row.score is None for row in rows) else {}
    scored = [
        (
            row.startup_id,
            thought.get((row.startup_id, row.counterpart_id), 0.0) if row.score is None else row.score,
        )
        for row in rows
    ]
    now = figures_of(scored)
    return Plan(
        kind=kind,
        states=dict(Counter(MatchState(row.state) for row in rows)),
        bands=dict(Counter(row.band or "" for row in rows)),
        now=now,
        worst=session.get(Profile, now.worst_id) if now.worst_id else None,
        startups=_count(session, programme, Kind.STARTUP),
        uncovered=_uncovered(session, programme, kind),
        places=_places(session, programme, kind, [(row.counterpart_id, row.state) for row in rows]),
        sums=sums_of(scored),
        run=run,
        before=figures_of_run(run) if run else None,
    )


def latest_proposal(session: Session, programme: Programme, kind: Kind) -> Proposal | None:
    """The last run, if there was one."""
    return session.scalars(
        select(Proposal)
        .where(Proposal.programme_id == programme.id, Proposal.counterpart_kind == kind)
        .order_by(Proposal.number.desc())
        .limit(1)
    ).first()


def _count(session: Session, programme: Programme, kind: Kind) -> int:
    found = session.scalar(
        select(func.count()).where(Profile.programme_id == programme.id, Profile.kind == kind, ~has_left())
    )
    return found or 0


def paired_startups(programme: Programme, kind: Kind) -> Select[int]:
    """The start-up of each pair that is proposed or held, once for each pair."""
    return (
        select(Match.startup_id)
        .join(Profile, Profile.id == Match.counterpart_id)
        .where(
            Match.programme_id == programme.id,
            Profile.kind == kind,
            Match.state.in_([MatchState.PROPOSED, *HELD]),
        )
    )


def _uncovered(session: Session, programme: Programme, kind: Kind) -> list[Profile]:
    return list(
        session.scalars(
            select(Profile)
            .where(
                Profile.programme_id == programme.id,
                Profile.kind == Kind.STARTUP,
                Profile.id.not_in(paired_startups(programme, kind)),
                ~has_left(),
            )
            .order_by(Profile.name, Profile.id)
            .limit(_NAMED)
        )
    )


def _places(session: Session, programme: Programme, kind: Kind, taken: list[tuple[int, str]]) -> list[Places]:
    rules = current_rules(session, programme)[1]
    held = Counter(counterpart for counterpart, state in taken if state in HELD)
    proposed = Counter(counterpart for counterpart, state in taken if state not in HELD)
    profiles = session.scalars(
        select(Profile)
        .where(
            Profile.programme_id == programme.id,
            Profile.kind == kind,
            or_(~has_left(), Profile.id.in_({*held, *proposed})),
        )
        .order_by(Profile.name, Profile.id)
    )
    return [Places(p, held[p.id], proposed[p.id], places_of(p, rules)) for p in profiles]
