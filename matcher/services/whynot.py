"""Why not this one: any pair that a reader names, answered from the same functions and the stored lists.

Vectors are read from SQL and no index is opened, so the web may ask.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from sqlalchemy import and_, select
from sqlalchemy.orm import Session, selectinload

from matcher.models import (
    Entry,
    Facet,
    Kind,
    Profile,
    Programme,
    Recommendation,
    RecommendationList,
    Vector,
    VectorSpace,
)
from matcher.ranking.comparison import (
    Exclusion,
    compare,
    decimals,
    exclusion_reasons,
    limits,
)
from matcher.ranking.config import ScoringConfig
from matcher.ranking.explanation import Reason, explain
from matcher.ranking.facts import Facts
from matcher.ranking.fit import structured_fit
from matcher.ranking.voices import Spoken, Voice, echoed_texts, meet, repertoire, score_voices, texts_of
from matcher.services.embedding import STORED, in_space
from matcher.services.errors import NotFound
from matcher.services.jobs import is_idle
from matcher.services.roster import load_facts, portfolio_texts
from matcher.wording import N_, Message

_EQUAL = 1e-6


@dataclass(frozen=True, slots=True)
class Beside:
    """The candidate of the list whom a pair is measured against: the one just above, or the last."""

    profile: Profile
    rank: int
    score: float
    parts: dict[str, float]
    most: dict[str, float]
    is_above: bool


@dataclass(frozen=True, slots=True)
class PairAnswer:
    """Why a pair is where it is, or why it cannot be.

    Attributes:
        excluded_by: every rule that excludes it; then nothing else is said.
        pending: whether texts of it, or its list, are being worked on; then there is no score yet.
        parts, most: the parts that add up to `score`, and what each could be at most.
        reasons: what fits, what is lacking, what is not stated.
        rank, listed: its rank in the list, if it is in it, and how long that list is.
        moved: what to say where somebody with a lower score stands above it, or in its stead.
        beside, ahead: whom it is measured against, and in what that one is ahead.
        fresh: False while a change of the programme is being worked in.
    """

    excluded_by: list[Exclusion]
    fresh: bool
    pending: bool = False
    score: float | None = None
    band: str | None = None
    parts: dict[str, float] = field(default_factory=dict)
    most: dict[str, float] = field(default_factory=dict)
    reasons: list[Reason] = field(default_factory=list)
    rank: int | None = None
    listed: int = 0
    moved: Message | None = None
    beside: Beside | None = None
    ahead: list[Message] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Pair:
    startup: Facts
    counterpart: Facts

    @property
    def kind(self) -> Kind:
        return self.counterpart.kind


def explain_pair(session: Session, programme: Programme, subject: Profile, other: Profile) -> PairAnswer:
    """Why `other` is not in the list of `subject`, or not higher in it.

    Raises:
        NotFound: the two are no start-up and counterpart of this programme.
    """
    pair = _pair(session, programme, subject, other)
    fresh = is_idle(session, programme.id)
    if excluded := exclusion_reasons(pair.startup, pair.counterpart, pair.kind):
        return PairAnswer(excluded, fresh)
    ranked = _list(session, subject, Kind(other.kind))
    voices = _voices(session, programme, pair, ranked) if ranked else None
    if ranked is None or voices is None:
        return PairAnswer([], fresh, pending=True)
    ours, theirs = voices
    config = ScoringConfig()
    copied = echoed_texts(repertoire(texts_of(ours)), texts_of(theirs))
    score = score_voices(pair.startup, pair.counterpart, ours, theirs, copied, config)
    meetings = meet(ours, theirs, copied, pair.kind, config)
    parts = dict(score.parts)
    most = limits(pair.startup, pair.counterpart, parts, config)
    mine = next((item for item in ranked.items if item.candidate_id == other.id), None)
    beside = _beside(session, pair, ranked.items, mine, config)
    return PairAnswer(
        [],
        fresh,
        score=score.total,
        band=score.band(config),
        parts=parts,
        most=most,
        reasons=explain(
            pair.startup,
            pair.counterpart,
            structured_fit(pair.startup, pair.counterpart),
            meetings,
            copied,
            config.worth_telling,
        ),
        rank=mine.rank if mine else None,
        listed=len(ranked.items),
        moved=_moved(session, ranked, subject, other, score.total),
        beside=beside,
        ahead=_behind(parts, score.total, most, beside),
    )


def _pair(session: Session, programme: Programme, subject: Profile, other: Profile) -> _Pair:
    facts = load_facts(session, programme, [subject.id, other.id])
    startups = [found for found in facts.values() if found.kind is Kind.STARTUP]
    others = [found for found in facts.values() if found.kind is not Kind.STARTUP]
    if len(startups) != 1 or len(others) != 1:
        raise NotFound(Message(N_("There is no such pair in this programme.")))
    return _Pair(startups[0], others[0])


def _list(session: Session, subject: Profile, kind: Kind) -> RecommendationList | None:
    return session.scalars(
        select(RecommendationList)
        .options(selectinload(RecommendationList.items))
        .where(RecommendationList.subject_id == subject.id, RecommendationList.candidate_kind == kind)
    ).first()


def _voices(
    session: Session, programme: Programme, pair: _Pair, ranked: RecommendationList
) -> tuple[Voice, Voice] | None:
    """What both sides say, in the list's own space; None while a text has no vector in it."""
    space = VectorSpace(ranked.model, ranked.revision, 0)
    kept = and_(
        Vector.content_hash == Entry.content_hash,
        Vector.programme_id == programme.id,
        *in_space(space),
    )
    rows = session.execute(
        select(Entry, Vector.values)
        .outerjoin(Vector, kept)
        .where(Entry.profile_id.in_([pair.startup.id, pair.counterpart.id]))
        .order_by(Entry.id)
    ).all()
    if any(entry.redacted and values is None for entry, values in rows):
        return None
    told = portfolio_texts(session, [entry for entry, _ in rows])
    said: dict[int, dict[Facet, list[tuple[str, bytes]]]] = {pair.startup.id: {}, pair.counterpart.id: {}}
    for entry, values in rows:
        if values is not None:
            text = told.get(entry.refers_to_id or 0, entry.text)
            said[entry.profile_id].setdefault(Facet(entry.facet), []).append((text, values))
    ours, theirs = (
        {facet: _spoken(entries) for facet, entries in said[facts.id].items()}
        for facts in (pair.startup, pair.counterpart)
    )
    return ours, theirs


def _spoken(entries: Sequence[tuple[str, bytes]]) -> Spoken:
    vectors = np.stack([np.frombuffer(values, dtype=STORED) for _, values in entries])
    return Spoken([text for text, _ in entries], vectors.astype(np.float32))


def _beside(
    session: Session,
    pair: _Pair,
    items: Sequence[Recommendation],
    mine: Recommendation | None,
    config: ScoringConfig,
) -> Beside | None:
    """The candidate just above, or the last of the list for who is not in it; None for the first."""
    above = [item for item in items if mine is None or item.rank < mine.rank]
    if not above:
        return None
    item = above[-1]
    return Beside(
        session.get_one(Profile, item.candidate_id),
        item.rank,
        item.score,
        dict(item.parts),
        # The facts of another pair give other shares, but the same limits.
        limits(pair.startup, pair.counterpart, item.parts, config),
        mine is not None,
    )


def _moved(
    session: Session, ranked: RecommendationList, subject: Profile, other: Profile, score: float
) -> Message | None:
    """What is to be said where somebody with a lower score stands above this pair, or in its stead."""
    items = ranked.items
    rank = next((item.rank for item in items if item.candidate_id == other.id), len(items) + 1)
    lower = [item.candidate_id for item in items if item.rank < rank and item.score < score - _EQUAL]
    if not lower:
        return None
    place = {"place": rank - len(lower)}
    prices = _prices(session, Kind(subject.kind), [other.id, *lower])
    if all(prices.get(other.id, 0.0) > prices.get(candidate, 0.0) for candidate in lower):
        template = N_(
            "By its score alone it would be number %(place)s here. Attention is shared out, and this one is "
            "more in demand than those who stand there with a lower score."
        )
        return Message(template, place)
    return Message(N_("By its score alone it would be number %(place)s here."), place)


def _prices(session: Session, kind: Kind, profile_ids: Collection[int]) -> dict[int, float]:
    """How much in demand these profiles are by profiles of a kind, as their own lists say."""
    rows = session.execute(
        select(RecommendationList.subject_id, RecommendationList.price).where(
            RecommendationList.subject_id.in_(profile_ids), RecommendationList.candidate_kind == kind
        )
    )
    return {profile_id: price for profile_id, price in rows}  # noqa: C416 - a Row is no pair to mypy


def _behind(
    parts: dict[str, float], score: float, most: dict[str, float], beside: Beside | None
) -> list[Message]:
    """In what the other is ahead; where the sum is but no part is worth telling, that."""
    if beside is None or beside.score < score - _EQUAL:
        return []
    told = compare(parts, beside.parts, most)
    if told:
        return told
    shares = {"ours": decimals(score), "theirs": decimals(beside.score)}
    return [Message(N_("The scores hardly differ: %(ours)s against %(theirs)s."), shares)]
