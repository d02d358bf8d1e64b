"""Programmes, drafts and threads for the tests."""

from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar
from uuid import uuid4

import numpy as np
import numpy.typing as npt
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from matcher.db import unit_of_work
from matcher.models import Kind, Profile, Programme, VectorSpace
from matcher.profiles.reading import ProfileDraft
from matcher.services import embedding
from matcher.services.importing import ImportCounts, import_drafts
from matcher.services.programmes import create_programme

T = TypeVar("T")

SPACE = VectorSpace("test-space", "1", 8)
"""For tests of storage, which don't care what a vector means."""


def make_programme(session: Session) -> Programme:
    """A new, empty programme of an organisation of its own."""
    slug = uuid4().hex
    programme = create_programme(session, slug=slug, name="Rural Links", organisation="A hub")
    programme.spread = 0.0  # lists by score alone, but where a test is about sharing attention out
    return programme


def draft(kind: Kind, ref: str, name: str = "", **values: Any) -> ProfileDraft:
    """A profile as a sheet's row would state it."""
    return ProfileDraft(kind, ref, name or f"Somebody {ref}", values, {}, 2)


def add(session: Session, programme: Programme, *drafts: ProfileDraft) -> dict[str, int]:
    """Import drafts of any kind; the ids of all the programme's profiles by ref."""
    for kind in Kind:
        if chosen := [d for d in drafts if d.kind is kind]:
            import_sheet(session, programme, kind, *chosen)
    return ids(session, programme)


def import_sheet(session: Session, programme: Programme, kind: Kind, *drafts: ProfileDraft) -> ImportCounts:
    """What importing one sheet of these drafts does."""
    return import_drafts(session, programme, kind, drafts, actor="test", subject="sheet")


def ids(session: Session, programme: Programme) -> dict[str, int]:
    """The programme's profiles by ref."""
    found = session.execute(select(Profile.ref, Profile.id).where(Profile.programme_id == programme.id))
    return {ref: profile_id for ref, profile_id in found}  # noqa: C416


def any_vectors(hashes: Collection[str], space: VectorSpace = SPACE) -> dict[str, npt.NDArray[np.float32]]:
    """A unit vector for each content hash, always the same one."""
    found = {}
    for content_hash in hashes:
        seed = int(content_hash[:8], 16)
        vector = np.random.default_rng(seed).standard_normal(space.dimensions).astype(np.float32)
        found[content_hash] = vector / np.linalg.norm(vector)
    return found


def embed_all(
    engine: Engine, programme: Programme, space: VectorSpace = SPACE, only: Collection[str] = ()
) -> int:
    """Give every text that lacks one a vector, without a model, or those of `only` these refs; how many."""
    with unit_of_work(engine) as session:
        profiles = [number for ref, number in ids(session, programme).items() if ref in only or not only]
        texts = embedding.missing_texts(session, programme.id, profiles, space)
        stored = embedding.store_vectors(session, programme.id, any_vectors(texts, space), space)
        embedding.mark_embedded(session, programme.id, profiles, space)
    return stored


def at_once(threads: int, work: Callable[[int], T]) -> list[T | Exception]:
    """What `work(0)`, `work(1)` … returned or raised, all started at the same moment."""
    barrier = Barrier(threads)

    def run(number: int) -> T | Exception:
        barrier.wait()
        try:
            return work(number)
        except Exception as error:  # noqa: BLE001 - handed to the test
            return error

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(threads)))
