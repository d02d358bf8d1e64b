"""Whom somebody may get to know, as they see it: recommended ones first, others who are eligible by words."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.models import (
    FAILED,
    Funder,
    Introduction,
    IntroductionState,
    Kind,
    Match,
    MatchState,
    Mentor,
    Profile,
    Programme,
    Recommendation,
    RecommendationList,
    Startup,
    Wish,
)
from matcher.profiles.places import WORLD
from matcher.ranking.eligibility import RULE_MESSAGES, Rule, exclusions
from matcher.ranking.explanation import Reason, Tone
from matcher.ranking.table import FactTable
from matcher.services.asking import TOLD, obstacle, sides_of
from matcher.services.filtering import Filters, select_ids, with_words
from matcher.services.inbox import Line, Stage, read_inbox
from matcher.services.profiles import get_profile
from matcher.services.recommendations import load_reasons, read_list, read_reasons
from matcher.services.roster import load_facts
from matcher.services.steps import Pair
from matcher.services.whynot import explain_pair
from matcher.wording import Message

PER_PAGE = 20
_MOST_FOUND = 200
_GONE = frozenset({MatchState.REJECTED, *FAILED})
"""States of pairs that are not suggested again."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody on a list. `band` is None where nothing is worked out, as they are not recommended."""

    profile: Profile
    band: str | None
    reasons: Sequence[Reason]
    state: str | None
    """`offered` or `active`, if the two know of each other; nothing that managers alone know."""
    is_kept: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """What a list is narrowed to."""

    query: str = ""
    sector: str = ""
    country: str = ""
    language: str = ""
    stage: str = ""

    @property
    def narrows(self) -> bool:
        """Whether it leaves anybody out."""
        return any((self.query, self.sector, self.country, self.language, self.stage))


@dataclass(frozen=True, slots=True)
class Browsed:
    """A page of candidates; `page` counts from 1. `options` are the codes that some of them state."""

    items: Sequence[Candidate]
    total: int
    page: int
    pages: int
    recommended: int
    options: Mapping[str, Sequence[str]]
    is_fresh: bool


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody looked at closer."""

    profile: Profile
    band: str | None
    reasons: Sequence[Reason]
    misfits: Sequence[Message]
    """What keeps the two from being put together, whatever their texts say."""
    obstacle: Message | None
    """Why the reader cannot ask for them now."""
    line: Line | None
    """The latest that was asked between the two, as the reader sees it."""
    is_kept: bool


def browse(
    session: Session, programme: Programme, subject: Profile, kind: Kind, choice: Choice, page: int = 1
) -> Browsed:
    """A page of those recommended to somebody, or, by words, of all who are eligible."""
    ranked = read_list(session, subject, kind)
    kept, gone = _kept(session, subject), _gone(session, subject)
    items = [
        Candidate(
            item.profile,
            item.band,
            shown(item.reasons),
            item.state if item.state in TOLD else None,
            item.profile.id in kept,
        )
        for item in ranked.items
        if item.profile.id not in gone
    ]
    count, options = len(items), _options(item.profile for item in items)
    if choice.query:
        items = _by_words(session, programme, subject, kind, choice.query, items, kept)
        options = _options(item.profile for item in items)
    items = [item for item in items if _passes(item.profile, choice)]
    pages = max(1, ceil(len(items) / PER_PAGE))
    page = min(max(1, page), pages)
    visible = items[(page - 1) * PER_PAGE : page * PER_PAGE]
    return Browsed(visible, len(items), page, pages, count, options, ranked.fresh)


def best(session: Session, subject: Profile, kind: Kind, most: int = 3) -> list[Candidate]:
    """The first few whom somebody might get to know and does not know yet."""
    kept, gone = _kept(session, subject), _gone(session, subject)
    return [
        Candidate(item.profile, item.band, shown(item.reasons), None, item.profile.id in kept)
        for item in read_list(session, subject, kind).items
        if item.profile.id not in gone and item.state not in TOLD and not item.profile.is_paused
    ][:most]


def look(session: Session, programme: Programme, subject: Profile, kind: Kind, other_id: int) -> Look:
    """One candidate, with why it fits and what does not.

    Raises:
        NotFound: the programme has none of this kind with this id.
    """
    other = get_profile(session, programme, kind, other_id)
    is_startup = subject.kind == Kind.STARTUP
    pair = (subject.id, other.id) if is_startup else (other.id, subject.id)
    refusal = None
    if subject.kind != Kind.MENTOR:  # mentors are asked, and ask nobody
        by = "startup" if is_startup else "counterpart"
        refusal = obstacle(session, programme, sides_of(session, programme, pair, by))
    misfits = _misfits(session, programme, subject, other)
    band, reasons = _reasons(session, programme, subject, other, pair)
    lines = read_inbox(session, programme, subject)
    return Look(
        profile=other,
        band=None if misfits else band,
        reasons=shown(reasons),
        misfits=misfits,
        obstacle=refusal,
        line=_latest([line for line in lines if line.other.id == other.id]),
        is_kept=other.id in _kept(session, subject),
    )


def _latest(lines: Sequence[Line]) -> Line | None:
    """Where the two stand: a match counts before what was asked earlier."""
    return next((line for line in lines if line.stage is Stage.ACTIVE), next(iter(lines), None))


def shown(reasons: Iterable[Reason]) -> list[Reason]:
    """Reasons for those they are about: what somebody has not stated is for managers to ask after."""
    return [reason for reason in reasons if reason.tone is not Tone.UNSTATED]


def _by_words(
    session: Session,
    programme: Programme,
    subject: Profile,
    kind: Kind,
    query: str,
    recommended: Sequence[Candidate],
    kept: set[int],
) -> list[Candidate]:
    """Those whose profile has every word: the recommended ones in their order, then others who may be."""
    ids = with_words(select_ids(session, programme, Filters(kind)), query)
    found = session.scalars(
        select(Profile)
        .where(Profile.id.in_(ids))
        .order_by(Profile.search_text, Profile.id)
        .limit(_MOST_FOUND)
    ).all()
    named = [item.profile.id for item in recommended]
    matching = set(session.scalars(select(Profile.id).where(Profile.id.in_(ids), Profile.id.in_(named))))
    first = [item for item in recommended if item.profile.id in matching]
    states, gone = _states(session, subject), _gone(session, subject)
    others = [
        profile
        for profile in found
        if profile.id not in named and profile.id not in gone and not profile.is_paused
    ]
    barred = _excluded(session, programme, subject, kind, others)
    rest = [
        Candidate(profile, None, (), state if (state := states.get(profile.id)) in TOLD else None,
                  profile.id in kept)
        for profile in others
        if profile.id not in barred
    ]  # fmt: skip
    return [*first, *rest]


def _excluded(
    session: Session, programme: Programme, subject: Profile, kind: Kind, others: Sequence[Profile]
) -> set[int]:
    """Which of them a rule of eligibility keeps from the subject."""
    if not others:
        return set()
    facts = load_facts(session, programme, [subject.id, *(profile.id for profile in others)])
    table = [facts[profile.id] for profile in others]
    counterpart = kind if subject.kind == Kind.STARTUP else Kind(subject.kind)
    found = exclusions(facts[subject.id], FactTable(table), counterpart)
    return {fact.id for excluded in found.values() for fact, out in zip(table, excluded, strict=True) if out}


def _misfits(session: Session, programme: Programme, subject: Profile, other: Profile) -> list[Message]:
    """The rules that exclude the pair, but for a conflict that somebody declared, places, and pauses."""
    facts = load_facts(session, programme, (subject.id, other.id))
    counterpart = Kind(other.kind) if subject.kind == Kind.STARTUP else Kind(subject.kind)
    found = exclusions(facts[subject.id], FactTable([facts[other.id]]), counterpart)
    private = {Rule.CONFLICT, Rule.CAPACITY, Rule.PAUSED}
    return [RULE_MESSAGES[rule] for rule, out in found.items() if out[0] and rule not in private]


def _reasons(
    session: Session, programme: Programme, subject: Profile, other: Profile, pair: Pair
) -> tuple[str | None, Sequence[Reason]]:
    """From the match, from either's list, or worked out now."""
    match = session.scalars(
        select(Match).where(Match.startup_id == pair[0], Match.counterpart_id == pair[1])
    ).first()
    if match is not None and match.state in TOLD and match.reasons:
        return match.band, read_reasons(match.reasons)
    for one, another in ((subject, other), (other, subject)):
        item = session.scalars(
            select(Recommendation)
            .join(RecommendationList)
            .where(RecommendationList.subject_id == one.id, Recommendation.candidate_id == another.id)
        ).first()
        if item is not None:
            return item.band, load_reasons(item)
    found = explain_pair(session, programme, subject, other)
    return found.band, found.reasons


def _kept(session: Session, subject: Profile) -> set[int]:
    return set(session.scalars(select(Wish.candidate_id).where(Wish.subject_id == subject.id)))


def _gone(session: Session, subject: Profile) -> set[int]:
    """Those who are not suggested again; whose request was closed by Tandem may be asked once more."""
    again = session.scalars(
        select(Match.counterpart_id)
        .join(Introduction, Introduction.counterpart_id == Match.counterpart_id)
        .where(
            Match.startup_id == subject.id,
            Match.state == MatchState.WITHDRAWN,
            Introduction.startup_id == subject.id,
            Introduction.state == IntroductionState.FILLED,
            Introduction.decided_at == Match.offered_at,
        )
    )
    failed = {other for other, state in _states(session, subject).items() if state in _GONE}
    return failed - set(again)


def _states(session: Session, subject: Profile) -> dict[int, str]:
    own, other = Match.startup_id, Match.counterpart_id
    if subject.kind != Kind.STARTUP:
        own, other = other, own
    rows = session.execute(select(other, Match.state).where(own == subject.id))
    return {profile_id: state for profile_id, state in rows}  # noqa: C416 - a Row is no pair to mypy


def _options(profiles: Iterable[Profile]) -> dict[str, list[str]]:
    """What can be chosen, the most frequent first."""
    found: dict[str, dict[str, int]] = {name: {} for name in _STATED}
    for profile in profiles:
        for name, read in _STATED.items():
            for code in read(profile):
                found[name][code] = found[name].get(code, 0) + 1
    return {
        name: [code for code, _ in sorted(counts.items(), key=lambda c: (-c[1], c[0])) if code != WORLD]
        for name, counts in found.items()
    }


def _passes(profile: Profile, choice: Choice) -> bool:
    for name, read in _STATED.items():
        wanted, stated = getattr(choice, name), set(read(profile))
        if wanted and wanted not in stated and not (name == "country" and WORLD in stated):
            return False
    return True


def _countries(profile: Profile) -> list[str]:
    home = [profile.country] if profile.country else []
    if isinstance(profile, Funder):
        return [*home, *profile.countries]
    return [*home, *profile.markets] if isinstance(profile, Mentor | Startup) else home


def _stages(profile: Profile) -> list[str]:
    if isinstance(profile, Startup):
        return [profile.stage] if profile.stage else []
    return list(profile.stages) if isinstance(profile, Mentor | Funder) else []


_STATED: Mapping[str, Callable[[Profile], Sequence[str]]] = {
    "sector": lambda profile: profile.sectors,
    "country": _countries,
    "language": lambda profile: profile.languages,
    "stage": _stages,
}
