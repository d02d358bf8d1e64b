"""Embedding: which texts lack a vector, and keeping the vectors they get.

The encoder runs between the two, outside any transaction, because it may take seconds.
"""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, Select, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from matcher.models import Entry, JobKind, Profile, Vector, VectorSpace, utcnow
from matcher.services import jobs
from matcher.services.watermarks import mark_changed

if TYPE_CHECKING:
    from matcher.embedding import Encoder

STORED = np.dtype("<f2")
"""Half precision: half the database and the index, for cosines that differ by less than 0.001."""

_HASHES_A_STATEMENT = 10_000


def missing_texts(
    session: Session, programme_id: int, profile_ids: Collection[int], space: VectorSpace
) -> dict[str, str]:
    """The texts of these profiles that have no vector yet, by content hash."""
    lacking = _lacking(programme_id, space).where(Profile.id.in_(profile_ids))
    rows = session.execute(lacking.with_only_columns(Entry.content_hash, Entry.redacted))
    return {content_hash: text for content_hash, text in rows}  # noqa: C416 - a Row is no pair to mypy


def outdated_profiles(session: Session, programme_id: int, space: VectorSpace) -> set[int]:
    """Profiles with a text that lacks a vector under this model: after a change of model, all."""
    return set(session.scalars(_lacking(programme_id, space).distinct()))


def encode_missing(texts: Mapping[str, str], encoder: "Encoder") -> dict[str, npt.NDArray[np.float32]]:
    """A float32 vector for each content hash."""
    return dict(zip(texts, encoder.encode(list(texts.values())), strict=True))


def store_vectors(
    session: Session,
    programme_id: int,
    vectors: Mapping[str, npt.NDArray[np.float32]],
    space: VectorSpace,
) -> int:
    """Keep vectors under their content hashes; how many were new.

    A hash that another worker stored meanwhile keeps its first vector: they are equal.
    """
    if not vectors:
        return 0
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    rows = [
        {
            "programme_id": programme_id,
            "content_hash": content_hash,
            "model": space.model,
            "revision": space.revision,
            "values": vector.astype(STORED).tobytes(),
            "created_at": utcnow(),
        }
        for content_hash, vector in vectors.items()
    ]
    # As parameter sets: one VALUES list of them all could exceed what a statement may hold.
    stored = session.scalars(insert(Vector).on_conflict_do_nothing().returning(Vector.id), rows)
    return len(stored.all())


def mark_embedded(
    session: Session, programme_id: int, profile_ids: Collection[int], space: VectorSpace
) -> list[int]:
    """Give a new watermark to those profiles all of whose texts have a vector; ask to rank them.

    One that was edited meanwhile is left to the job that its edit asked for.
    """
    statement = _lacking(programme_id, space).where(Profile.id.in_(profile_ids))
    lacking = set(session.scalars(statement))
    ready = sorted(set(profile_ids) - lacking)
    mark_changed(session, programme_id, Profile.id.in_(ready))
    jobs.enqueue_once(session, programme_id, JobKind.RECOMMEND)
    return ready


def forget_unused(session: Session, programme_id: int, hashes: Collection[str]) -> None:
    """Delete the vectors of those of these texts that no entry has any more: they are personal data."""
    used = (
        select(Entry.id)
        .join(Profile, Profile.id == Entry.profile_id)
        .where(Profile.programme_id == programme_id, Entry.content_hash == Vector.content_hash)
    )
    found = sorted(hashes)
    for start in range(0, len(found), _HASHES_A_STATEMENT):
        session.execute(
            delete(Vector)
            .where(
                Vector.programme_id == programme_id,
                Vector.content_hash.in_(found[start : start + _HASHES_A_STATEMENT]),
                ~used.exists(),
            )
            .execution_options(synchronize_session=False)
        )


def in_space(space: VectorSpace) -> tuple[ColumnElement[bool], ...]:
    """The conditions for a vector to be of this space."""
    return Vector.model == space.model, Vector.revision == space.revision


def _lacking(programme_id: int, space: VectorSpace) -> Select[int]:
    """The profile of each entry that has something to embed and no vector under this model."""
    known = select(Vector.id).where(
        Vector.programme_id == programme_id, Vector.content_hash == Entry.content_hash, *in_space(space)
    )
    return (
        select(Entry.profile_id)
        .join(Profile, Profile.id == Entry.profile_id)
        .where(
            Profile.programme_id == programme_id,
            Entry.redacted != "",
            ~known.exists(),
        )
    )
