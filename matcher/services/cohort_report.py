"""What a printed report says of a cohort, in figures: nothing here writes, nothing is left to templates."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from matcher.models import HELD, Funder, Kind, Match, MatchState, Profile, Programme, Proposal
from matcher.profiles.places import AREAS, WORLD, area
from matcher.services.left_out import Left, read_left, rules_of_run, short_of
from matcher.services.plan import Places, Plan, read_plan
from matcher.services.presence import has_left
from matcher.services.proposals import (
    WaitingLine,
    idle_counterparts,
    relaxed_rules,
    waiting_list,
    ways_out,
)
from matcher.services.rules import current_rules
from matcher.services.rulewords import RuleChange, RuleLine, changes, describe
from matcher.wording import N_, Message, Term

BANDS = ("strong", "good", "possible")
BINS = 10
_NAMED = 200
"""How many people a list has by name; all are counted."""
_ELSEWHERE = N_("Other countries")
_UNSTATED = N_("Not stated")


@dataclass(frozen=True, slots=True)
class Bin:
    """Pairs whose score is at least `low` and below `high`; the last has 1 in it too."""

    low: float
    high: float
    pairs: int


@dataclass(frozen=True, slots=True)
class Balance:
    """One sector or region: how many start-ups there are in it, how many have somebody, and the places."""

    name: Message | Term
    startups: int
    covered: int
    places: int


@dataclass(frozen=True, slots=True)
class CohortReport:
    """A cohort with counterparts of one kind.

    Attributes:
        bins, bands, unscored: how the pairs' scores are distributed; `unscored` were made by hand.
        sectors, regions: demand and supply. A profile counts in each of its sectors and regions.
        left: who has too little, the first 200 of `left_count`.
        left_uncovered: how many of them have nobody at all.
        loads: counterparts with their places, the fullest first, the first 200 of `counterparts`.
        places, taken: over all counterparts; one that takes any number counts as what it has.
        rules: what held for the run, or holds for the next one if there was none.
        rules_since: what was changed since the run.
        idle: counterparts whom the run left alone and who still have nobody, with the reason.
        ways: what would have let everybody in, each a few steps to take together.
    """

    plan: Plan
    bins: list[Bin]
    bands: list[tuple[str, int]]
    unscored: int
    sectors: list[Balance]
    regions: list[Balance]
    left: list[Left]
    left_count: int
    left_uncovered: int
    waiting: list[WaitingLine]
    loads: list[Places]
    counterparts: int
    places: int
    taken: int
    rules: list[RuleLine]
    rules_version: int
    rules_since: list[RuleChange]
    relaxed: list[Message]
    idle: list[tuple[Profile, Message]]
    ways: list[list[Message]]

    @property
    def run(self) -> Proposal | None:
        """The latest proposal."""
        return self.plan.run

    @property
    def free(self) -> int:
        """Places that nobody has or is proposed for."""
        return max(0, self.places - self.taken)


def read_report(session: Session, programme: Programme, kind: Kind) -> CohortReport:
    """The report, from the matches as they are and the latest run."""
    plan = read_plan(session, programme, kind)
    pairs = _pairs(session, programme, kind)
    startups = _startups(session, programme)
    counts = Counter(startup_id for startup_id, _, _ in pairs)
    version, held = rules_of_run(session, programme, plan.run)
    short = short_of((row.id for row in startups), counts, held.mentors_least if kind is Kind.MENTOR else 1)
    return CohortReport(
        plan=plan,
        bins=_bins(score for _, score, _ in pairs if score is not None),
        bands=[(band, sum(found == band for _, _, found in pairs)) for band in BANDS],
        unscored=sum(score is None for _, score, _ in pairs),
        sectors=_sectors(startups, counts, plan.places),
        regions=_regions(startups, counts, plan.places),
        left=read_left(session, programme, plan.run, short[:_NAMED], counts),
        left_count=len(short),
        left_uncovered=sum(not counts[startup_id] for startup_id in short),
        waiting=waiting_list(session, programme, kind),
        loads=sorted(plan.places, key=_fullness)[:_NAMED],
        counterparts=len(plan.places),
        places=sum(_offered(place) for place in plan.places),
        taken=sum(place.held + place.proposed for place in plan.places),
        rules=describe(held),
        rules_version=version,
        rules_since=changes(held, current_rules(session, programme)[1]),
        relaxed=relaxed_rules(plan.run) if plan.run else [],
        idle=_idle(session, plan),
        ways=ways_out(plan.run) if plan.run else [],
    )


def _pairs(
    session: Session, programme: Programme, kind: Kind
) -> Sequence[Row[int, float | None, str | None]]:
    return session.execute(
        select(Match.startup_id, Match.score, Match.band)
        .join(Profile.__table__, Profile.__table__.c.id == Match.counterpart_id)
        .where(
            Match.programme_id == programme.id,
            Profile.__table__.c.kind == kind,
            Match.state.in_([MatchState.PROPOSED, *HELD]),
        )
    ).all()


def _startups(session: Session, programme: Programme) -> Sequence[Row[int, list[str], str | None]]:
    return session.execute(
        select(Profile.id, Profile.sectors, Profile.country)
        .where(Profile.programme_id == programme.id, Profile.kind == Kind.STARTUP, ~has_left())
        .order_by(Profile.name, Profile.id)
    ).all()


def _bins(scores: Iterable[float]) -> list[Bin]:
    found = Counter(min(max(int(score * BINS), 0), BINS - 1) for score in scores)
    return [Bin(at / BINS, (at + 1) / BINS, found[at]) for at in range(BINS)]


def _sectors(
    startups: Iterable[Row[int, list[str], str | None]], counts: Mapping[int, int], places: Iterable[Places]
) -> list[Balance]:
    return _balances(
        [(startup_id, sectors) for startup_id, sectors, _ in startups],
        counts,
        [(place, place.profile.sectors) for place in places],
        lambda sector: Term("sector", sector),
    )


def _regions(
    startups: Iterable[Row[int, list[str], str | None]], counts: Mapping[int, int], places: Iterable[Places]
) -> list[Balance]:
    return _balances(
        [(startup_id, _areas([country] if country else [])) for startup_id, _, country in startups],
        counts,
        [(place, _areas(_countries(place.profile))) for place in places],
        _area_name,
    )


def _balances(
    demand: Iterable[tuple[int, Sequence[str]]],
    counts: Mapping[int, int],
    supply: Iterable[tuple[Places, Sequence[str]]],
    name: Callable[[str], Message | Term],
) -> list[Balance]:
    """By group: those with most start-ups first, what nobody states last."""
    startups: Counter[str] = Counter()
    covered: Counter[str] = Counter()
    places: Counter[str] = Counter()
    for startup_id, groups in demand:
        startups.update(groups or [""])
        covered.update((groups or [""]) if counts[startup_id] else [])
    for place, groups in supply:
        places.update(dict.fromkeys(groups or [""], _offered(place)))
    ordered = sorted(
        startups.keys() | places.keys(),
        key=lambda group: (group == "", -startups[group], -places[group], group),
    )
    return [
        Balance(name(group) if group else Message(_UNSTATED), startups[group], covered[group], places[group])
        for group in ordered
    ]


def _areas(countries: Sequence[str]) -> list[str]:
    if WORLD in countries:
        return list(AREAS)
    return list(dict.fromkeys(area(country) or "elsewhere" for country in countries))


def _countries(profile: Profile) -> Sequence[str]:
    """Where somebody is; for a funding partner, where it funds."""
    if isinstance(profile, Funder):
        return profile.countries
    return [profile.country] if profile.country else []


def _area_name(code: str) -> Message | Term:
    return Message(_ELSEWHERE) if code == "elsewhere" else Term("area", code)


def _offered(place: Places) -> int:
    return place.taken if place.offered is None else place.offered


def _fullness(place: Places) -> tuple[float, int, int]:
    """Too full first, then by how many they have."""
    left = 1_000_000 if place.left is None else place.left
    return (min(left, 0), -(place.held + place.proposed), left)


def _idle(session: Session, plan: Plan) -> list[tuple[Profile, Message]]:
    if plan.run is None:
        return []
    alone = {profile.id for profile in plan.idle}
    lines = idle_counterparts(session, plan.run)
    return [(line.counterpart, line.reason) for line in lines if line.counterpart.id in alone]
