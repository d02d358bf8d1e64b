"""What a run of `tandem match` found, ready to be written out."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from matcher.models import Kind, Profile, Programme, Recommendation, RecommendationList
from matcher.ranking.eligibility import RULE_MESSAGES, Rule
from matcher.services.cohort_words import nobody_eligible
from matcher.services.programmes import SectorBalance, sector_balance
from matcher.services.recommendations import Reason, load_reasons
from matcher.wording import N_, Message


@dataclass(frozen=True, slots=True)
class Pair:
    """One line of a start-up's list."""

    startup: Profile
    counterpart: Profile
    rank: int
    score: float
    band: str
    reasons: list[Reason]


@dataclass(frozen=True, slots=True)
class Unmatched:
    """Somebody without a counterpart of the kind `missing`, and why."""

    profile: Profile
    reason: Message
    missing: Kind


@dataclass(frozen=True)
class Outcome:
    """Everything that the files say. `kinds` are those whose sheets were given."""

    kinds: set[Kind]
    profiles: dict[int, Profile]
    pairs: dict[Kind, list[Pair]]
    unmatched: list[Unmatched]
    demand: list[SectorBalance]

    def count(self, kind: Kind) -> int:
        """How many profiles of a kind there are."""
        return sum(profile.kind == kind for profile in self.profiles.values())

    def matched(self, kind: Kind) -> int:
        """How many start-ups have at least one candidate of a kind."""
        return len({pair.startup.id for pair in self.pairs[kind]})


def read_outcome(session: Session, programme: Programme, kinds: set[Kind]) -> Outcome:
    """The stored lists of a programme, start-ups in the order of their sheet."""
    profiles = {
        p.id: p
        for p in session.scalars(
            select(Profile).where(Profile.programme_id == programme.id).order_by(Profile.id)
        )
    }
    lists = session.scalars(
        select(RecommendationList)
        .options(selectinload(RecommendationList.items))
        .where(RecommendationList.programme_id == programme.id)
        .order_by(RecommendationList.subject_id)
    ).all()
    pairs: dict[Kind, list[Pair]] = {Kind.MENTOR: [], Kind.FUNDER: []}
    for found in lists:
        if found.candidate_kind in pairs:
            startup = profiles[found.subject_id]
            pairs[Kind(found.candidate_kind)] += [
                _pair(startup, profiles[item.candidate_id], item) for item in found.items
            ]
    return Outcome(
        kinds,
        profiles,
        pairs,
        _unmatched(lists, profiles, pairs, kinds),
        sector_balance(session, programme),
    )


def _pair(startup: Profile, counterpart: Profile, item: Recommendation) -> Pair:
    return Pair(startup, counterpart, item.rank, item.score, item.band, load_reasons(item))


def _unmatched(
    lists: Sequence[RecommendationList],
    profiles: dict[int, Profile],
    pairs: dict[Kind, list[Pair]],
    kinds: set[Kind],
) -> list[Unmatched]:
    """Start-ups without candidates, and counterparts that are in no start-up's list."""
    listed = Counter(pair.counterpart.id for found in pairs.values() for pair in found)
    result = []
    for found in lists:
        profile = profiles[found.subject_id]
        if profile.kind == Kind.STARTUP:
            if not found.items and found.candidate_kind in kinds:
                result.append(Unmatched(profile, _nobody_eligible(found), Kind(found.candidate_kind)))
        elif not listed[profile.id]:
            outranked = Message(
                N_("eligible for %(count)d start-ups, but among the best of none"),
                {"count": found.eligible},
            )
            reason = outranked if found.eligible else _nobody_eligible(found)
            result.append(Unmatched(profile, reason, Kind.STARTUP))
    return result


def _nobody_eligible(found: RecommendationList) -> Message:
    """Which rules excluded how many, the most frequent first."""
    told = [(RULE_MESSAGES[Rule(rule)], count) for rule, count in found.exclusions.items()]
    return nobody_eligible(Kind(found.candidate_kind), found.considered, told)
