"""Who has too little, and why: start-ups with fewer than they are promised, others who are left alone."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.models import Kind, Profile, Programme, Proposal
from matcher.services.plan import paired_startups, read_plan
from matcher.services.presence import has_left
from matcher.services.profiles import find_by_id
from matcher.services.proposals import idle_counterparts, unmatched_startups
from matcher.services.rules import CohortRules, current_rules, get_rules
from matcher.wording import N_, Message

_NO_RUN = N_("No proposal has been made yet.")
_SINCE = N_("Decisions since the proposal left it with fewer than the rules promise.")


@dataclass(frozen=True, slots=True)
class Left:
    """Somebody with nobody, or fewer than promised: how many they have, why, and what would help.

    `reason` None: no run looked at them.
    """

    profile: Profile
    pairs: int
    reason: Message | None
    remedies: Sequence[Message] = ()


def short_of(startups: Iterable[int], counts: Mapping[int, int], promised: int) -> list[int]:
    """Those with fewer pairs than they are promised, those with nobody first."""
    found = [startup_id for startup_id in startups if counts[startup_id] < max(1, promised)]
    return sorted(found, key=lambda startup_id: counts[startup_id])


def rules_of_run(session: Session, programme: Programme, run: Proposal | None) -> tuple[int, CohortRules]:
    """The rules that held for a run, or hold for the next one if there was none."""
    if run is None:
        return current_rules(session, programme)
    return run.rules_version, get_rules(session, programme, run.rules_version)


def read_left(
    session: Session,
    programme: Programme,
    run: Proposal | None,
    startups: Sequence[int],
    counts: Mapping[int, int],
) -> list[Left]:
    """What is to be said of each of these start-ups, in their order."""
    profiles = find_by_id(session, programme, startups)
    told = {line.startup.id: line for line in unmatched_startups(session, run)} if run else {}
    unknown = Message(_SINCE if run else _NO_RUN)
    return [
        Left(
            startup,
            counts[startup.id],
            told[startup.id].reason if startup.id in told else unknown,
            told[startup.id].remedies if startup.id in told else [],
        )
        for startup in map(profiles.__getitem__, startups)
    ]


def everybody_left(session: Session, programme: Programme, kind: Kind) -> Iterator[Left]:
    """Everybody who has too little, however many: start-ups first, then counterparts of this kind."""
    plan = read_plan(session, programme, kind)
    rules = rules_of_run(session, programme, plan.run)[1]
    is_mentoring = kind is Kind.MENTOR
    counts = Counter(session.scalars(paired_startups(programme, kind)))
    startups = session.scalars(
        select(Profile.id)
        .where(Profile.programme_id == programme.id, Profile.kind == Kind.STARTUP, ~has_left())
        .order_by(Profile.name, Profile.id)
    )
    short = short_of(startups, counts, rules.mentors_least if is_mentoring else 1)
    yield from read_left(session, programme, plan.run, short, counts)
    lines = idle_counterparts(session, plan.run) if plan.run else []
    told = {line.counterpart.id: line.reason for line in lines}
    alone = {profile.id for profile in plan.idle}
    promised = rules.startups_least if is_mentoring else 0
    for place in plan.places:
        if place.profile.id in alone or (place.profile.id in told and 0 < place.taken < promised):
            yield Left(place.profile, place.taken, told.get(place.profile.id))
