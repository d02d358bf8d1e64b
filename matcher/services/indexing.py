"""The index of a programme: the newest sound snapshot with later changes laid over it."""

from pathlib import Path

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from matcher.index import EntryIndex, build_index, load_latest, make_rows, publish
from matcher.models import Entry, Facet, Profile, Programme, Vector, VectorSpace
from matcher.services.embedding import STORED, in_space

_CHANGES_KEPT = 256
"""Profiles changed since the snapshot before a new one is published; or one for thirty entries, if more."""


def open_index(session: Session, programme: Programme, folder: Path, space: VectorSpace) -> EntryIndex:
    """The programme's index as of this transaction, without running the model.

    Only profiles that changed since the snapshot are read from SQL. A missing or damaged snapshot is
    built anew from the stored vectors. Deleted profiles may linger: callers name whom they allow.
    """
    home = folder / programme.uid
    found = load_latest(home, model=space.model, revision=space.revision)
    if found is None:
        index = build_index(*_read(session, programme, 0, space))
        publish(home, index, model=space.model, revision=space.revision, watermark=programme.watermark)
        return index
    index, manifest = found
    index = follow_index(session, programme, index, manifest.watermark, space)
    if is_worn(index):
        index = index.compact()
        publish(home, index, model=space.model, revision=space.revision, watermark=programme.watermark)
    return index


def is_worn(index: EntryIndex) -> bool:
    """Whether so much of a snapshot is void that a new one should be published."""
    return len(index.gone) > max(_CHANGES_KEPT, len(index) // 30)


def follow_index(
    session: Session, programme: Programme, index: EntryIndex, since: int, space: VectorSpace
) -> EntryIndex:
    """An index that was opened at the watermark `since`, as of this transaction."""
    stale = changed_profiles(session, programme, since)
    return index.replace(stale, *_read(session, programme, since, space)) if stale else index


def changed_profiles(session: Session, programme: Programme, since: int) -> set[int]:
    """Ids of the profiles whose watermark is past `since`."""
    return set(
        session.scalars(
            select(Profile.id).where(Profile.programme_id == programme.id, Profile.watermark > since)
        )
    )


def count_profiles(session: Session, programme: Programme) -> int:
    """How many profiles the programme has."""
    return session.scalar(select(func.count()).where(Profile.programme_id == programme.id)) or 0


def current_space(session: Session, programme: Programme, model: str) -> VectorSpace:
    """The space of the programme's newest vector under this model; an empty one before the first."""
    newest = session.scalars(
        select(Vector)
        .where(Vector.programme_id == programme.id, Vector.model == model)
        .order_by(Vector.id.desc())
        .limit(1)
    ).first()
    if newest is None:
        return VectorSpace(model, "none", 1)
    return VectorSpace(newest.model, newest.revision, len(newest.values) // STORED.itemsize)


def _read(
    session: Session, programme: Programme, since: int, space: VectorSpace
) -> tuple[np.ndarray, np.ndarray]:
    """Rows and vectors of the entries of profiles whose watermark is past `since`."""
    found = session.execute(
        select(Entry.id, Entry.profile_id, Entry.facet, Vector.values)
        .join(Profile, Profile.id == Entry.profile_id)
        .join(Vector, Vector.content_hash == Entry.content_hash)
        .where(
            Profile.programme_id == programme.id,
            Profile.watermark > since,
            Vector.programme_id == programme.id,
            *in_space(space),
        )
        .order_by(Entry.id)
    ).all()
    rows = make_rows([(entry, profile, Facet(facet)) for entry, profile, facet, _ in found])
    vectors = np.frombuffer(b"".join(values for *_, values in found), dtype=STORED)
    return rows, vectors.reshape(len(found), space.dimensions)
