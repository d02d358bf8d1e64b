"""From profiles to recommendations. The one place whose use cases span transactions: the encoder and
the ranking run between them, so that nobody waits for a lock while they think."""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from matcher.db import reading, unit_of_work
from matcher.models import Kind, Programme
from matcher.ranking.config import ScoringConfig
from matcher.services import embedding, indexing, recommending
from matcher.services.incremental import (
    Basis,
    IncrementConfig,
    Sides,
    increments,
    market_of,
    markets_of,
    rank_newcomer,
    rank_profile,
)
from matcher.services.live import LiveRecommender
from matcher.services.placement import stale_lists, work_in
from matcher.services.profiles import PROFILES_A_JOB
from matcher.services.recommender import RankedList, Recommender
from matcher.services.roster import load_roster
from matcher.services.twosided import rank_programme

if TYPE_CHECKING:
    from matcher.embedding import Encoder

Progress = Callable[[int, int], None]
_LISTS_A_TRANSACTION = 200
_STALE_A_TRANSACTION = 50


def embed_profiles(
    engine: Engine,
    programme_id: int,
    profile_ids: Collection[int],
    encoder: "Encoder",
    progress: Progress,
) -> int:
    """Embed what these profiles say and has no vector yet; how many texts that was.

    Works in small transactions, so a kill loses one block. `progress` gets (profiles done, in all).
    """
    ids = sorted(profile_ids)
    encoded = 0
    for start in range(0, len(ids), PROFILES_A_JOB):
        block = ids[start : start + PROFILES_A_JOB]
        with reading(engine) as session:
            texts = embedding.missing_texts(session, programme_id, block, encoder.space)
        vectors = embedding.encode_missing(texts, encoder)
        progress(start + len(block), len(ids))
        with unit_of_work(engine) as session:
            encoded += embedding.store_vectors(session, programme_id, vectors, encoder.space)
            embedding.forget_unused(session, programme_id, vectors)  # a text may have been edited meanwhile
            embedding.mark_embedded(session, programme_id, block, encoder.space)
    return encoded


def embed_outdated(engine: Engine, programme_id: int, encoder: "Encoder", progress: Progress) -> int:
    """Embed every profile that lacks a vector under this encoder, as after a change of model."""
    with reading(engine) as session:
        ids = embedding.outdated_profiles(session, programme_id, encoder.space)
    return embed_profiles(engine, programme_id, ids, encoder, progress)


def recommend(
    engine: Engine,
    programme_id: int,
    *,
    live: LiveRecommender,
    model: str,
    progress: Progress,
    config: IncrementConfig | None = None,
) -> int:
    """Bring the programme's lists up to date, by increments where that will do; how many were changed."""
    config = config or IncrementConfig()
    basis = None
    with reading(engine) as session:  # one view for what changed and for what it is compared with
        programme = session.get_one(Programme, programme_id)
        space = indexing.current_space(session, programme, model)
        changed = increments(session, programme, space, live.length, config)
        is_large = indexing.count_profiles(session, programme) > config.whole_up_to
        if changed is not None and is_large:  # even if nothing changed: loaded before somebody waits for it
            basis = Basis(programme, space, programme.watermark, live.now(session, programme, space))
    if changed is not None:
        return _work_in(engine, basis, sorted(changed), progress) if basis else 0
    return recommend_programme(
        engine,
        programme_id,
        snapshots=live.snapshots,
        model=model,
        length=live.length,
        progress=progress,
    )


def recommend_programme(
    engine: Engine, programme_id: int, *, snapshots: Path, model: str, length: int, progress: Progress
) -> int:
    """Rank the whole programme as it is now; how many lists were made.

    `length` bounds each list; `progress` gets (steps done, in all): a list is found, then explained.
    """
    with reading(engine) as session:
        programme = session.get_one(Programme, programme_id)
        space = indexing.current_space(session, programme, model)
        roster = load_roster(session, programme)
        index = indexing.open_index(session, programme, snapshots, space)
        watermark, spread = programme.watermark, programme.spread
    recommender = Recommender(roster, index, ScoringConfig(), length)
    block: list[RankedList] = []
    total = recommender.list_count()
    for done, ranked in enumerate(rank_programme(recommender, spread, every(progress)), start=1):
        block.append(ranked)
        if len(block) == _LISTS_A_TRANSACTION or done == total:
            with unit_of_work(engine) as session:
                recommending.store_lists(session, programme, block, space=space, watermark=watermark)
            progress(total + done, 2 * total)
            block = []
    with unit_of_work(engine) as session:
        recommending.record_ranking(
            session, programme_id, space=space, spread=spread, length=length, watermark=watermark
        )
    return total


def _work_in(engine: Engine, basis: Basis, changed: Sequence[int], progress: Progress) -> int:
    """Work changed profiles into the lists one by one, then rank anew who lost somebody by that."""
    sides, lists = Sides(basis), 0
    for done, profile_id in enumerate(changed, start=1):
        if subject := basis.recommender.find(profile_id):
            for kind in markets_of(subject):
                with reading(engine) as session:
                    facing = sides.facing(session, subject, kind)
                newcomer = rank_newcomer(basis, subject, kind, facing)
                with unit_of_work(engine) as session:
                    lists += work_in(session, basis, newcomer)
                sides.note(newcomer.ranked)
        progress(done, len(changed))
    lists += _renew(engine, basis, sides, progress)
    with unit_of_work(engine) as session:
        recommending.record_changes(
            session, basis.programme.id, watermark=basis.watermark, count=len(changed)
        )
    return lists


def _renew(engine: Engine, basis: Basis, sides: Sides, progress: Progress) -> int:
    """Rank the stale lists anew, a block a transaction; how many."""
    renewed = 0
    while True:
        block = []
        with reading(engine) as session:
            for ranked in stale_lists(session, basis, _STALE_A_TRANSACTION):
                if subject := basis.recommender.find(ranked.subject_id):
                    kind = market_of(subject, Kind(ranked.candidate_kind))
                    facing = sides.facing(session, subject, kind)
                    block.append(rank_profile(basis, subject, kind, facing)[0])
        if not block:
            return renewed
        with unit_of_work(engine) as session:
            recommending.store_lists(
                session, basis.programme, block, space=basis.space, watermark=basis.watermark
            )
        renewed += len(block)
        progress(renewed, renewed + len(block))


def every(progress: Progress, step: int = _LISTS_A_TRANSACTION) -> Progress:
    """`progress` at every `step` only: it writes a row."""

    def at_steps(done: int, total: int) -> None:
        if done % step == 0:
            progress(done, total)

    return at_steps
