"""From profiles to recommendations. The one place whose use cases span transactions: the encoder and
the ranking run between them, so that nobody waits for a lock while they think."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from matcher.db import reading, unit_of_work
from matcher.models import Programme
from matcher.ranking.config import ScoringConfig
from matcher.services import embedding, indexing, recommending
from matcher.services.profiles import PROFILES_A_JOB
from matcher.services.recommender import RankedList, Recommender
from matcher.services.roster import load_roster
from matcher.services.twosided import rank_programme

if TYPE_CHECKING:
    from matcher.embedding import Encoder

Progress = Callable[[int, int], None]
_LISTS_A_TRANSACTION = 200


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
            embedding.mark_embedded(session, programme_id, block, encoder.space)
    return encoded


def embed_outdated(engine: Engine, programme_id: int, encoder: "Encoder", progress: Progress) -> int:
    """Embed every profile that lacks a vector under this encoder, as after a change of model."""
    with reading(engine) as session:
        ids = embedding.outdated_profiles(session, programme_id, encoder.space)
    return embed_profiles(engine, programme_id, ids, encoder, progress)


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
        watermark = programme.watermark
    recommender = Recommender(roster, index, ScoringConfig(), length)
    block: list[RankedList] = []
    total = recommender.list_count()
    for done, ranked in enumerate(rank_programme(recommender, programme.spread, every(progress)), start=1):
        block.append(ranked)
        if len(block) == _LISTS_A_TRANSACTION or done == total:
            with unit_of_work(engine) as session:
                recommending.store_lists(session, programme, block, space=space, watermark=watermark)
            progress(total + done, 2 * total)
            block = []
    return total


def every(progress: Progress, step: int = _LISTS_A_TRANSACTION) -> Progress:
    """`progress` at every `step` only: it writes a row."""

    def at_steps(done: int, total: int) -> None:
        if done % step == 0:
            progress(done, total)

    return at_steps
