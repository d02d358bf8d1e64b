"""The index of a programme follows SQL by increments, and is rebuilt from it without a model."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine

from matcher.db import reading, unit_of_work
from matcher.index import EntryIndex
from matcher.models import Kind, Programme, VectorSpace
from matcher.services.indexing import current_space, open_index
from matcher.services.live import LiveIndex
from matcher.services.profiles import remove_profile
from tests.matcher.factories import SPACE, add, draft, embed_all, make_programme

MENTORS = [draft(Kind.MENTOR, f"M{n}", expertise=(f"Skill {n}", f"Craft {n}")) for n in range(5)]


@pytest.fixture
def mentors(engine: Engine, programme: Programme) -> dict[str, int]:
    with unit_of_work(engine) as session:
        found = add(session, programme, *MENTORS)
    embed_all(engine, programme)
    return found


def opened(engine: Engine, programme: Programme, folder: Path) -> EntryIndex:
    with reading(engine) as session:
        return open_index(session, session.get_one(Programme, programme.id), folder, SPACE)


def contents(index: EntryIndex) -> dict[int, bytes]:
    """Each entry's vector, in whatever order they stand."""
    vectors = index.vectors(np.arange(len(index)))
    rows = zip(index.rows["entry_id"], index.rows["profile_id"], vectors, strict=True)
    return {int(entry): v.tobytes() for entry, profile, v in rows if profile != -1}


def snapshots(programme: Programme, folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / programme.uid).iterdir())


def rename(engine: Engine, programme: Programme, ref: str, *texts: str) -> None:
    with unit_of_work(engine) as session:
        add(session, programme, draft(Kind.MENTOR, ref, expertise=texts))
    embed_all(engine, programme, only=[ref])


def test_the_first_opening_builds_and_publishes(
    engine: Engine, programme: Programme, mentors: dict[str, int], tmp_path: Path
) -> None:
    index = opened(engine, programme, tmp_path)
    assert len(index) == 10
    assert set(index.rows["profile_id"].tolist()) == set(mentors.values())
    assert len(snapshots(programme, tmp_path)) == 1


def test_the_second_opening_publishes_nothing_new(
    engine: Engine, programme: Programme, mentors: dict[str, int], tmp_path: Path
) -> None:
    first = contents(opened(engine, programme, tmp_path))
    before = snapshots(programme, tmp_path)
    assert contents(opened(engine, programme, tmp_path)) == first
    assert snapshots(programme, tmp_path) == before


def test_changed_and_new_profiles_appear_without_a_rebuild(
    engine: Engine, programme: Programme, mentors: dict[str, int], tmp_path: Path
) -> None:
    opened(engine, programme, tmp_path)
    before = snapshots(programme, tmp_path)
    rename(engine, programme, "M1", "Something else")
    rename(engine, programme, "M9", "Somebody new")

    index = opened(engine, programme, tmp_path)

    assert snapshots(programme, tmp_path) == before
    assert len(contents(index)) == 10 - 1 + 1
    assert contents(index) == contents(opened(engine, programme, tmp_path / "elsewhere"))


def test_many_changes_are_published_in_a_new_snapshot(
    engine: Engine, programme: Programme, tmp_path: Path
) -> None:
    rename(engine, programme, "M0", "The first")
    opened(engine, programme, tmp_path)
    with unit_of_work(engine) as session:
        add(session, programme, *(draft(Kind.MENTOR, f"M{n}", expertise=(f"Skill {n}",)) for n in range(300)))
    embed_all(engine, programme)
    assert len(opened(engine, programme, tmp_path)) == 300
    assert len(snapshots(programme, tmp_path)) == 2


@pytest.mark.parametrize("harm", ["deleted", "damaged", "emptied"])
def test_a_lost_snapshot_is_rebuilt_from_sql_alone(
    engine: Engine, programme: Programme, mentors: dict[str, int], tmp_path: Path, harm: str
) -> None:
    whole = contents(opened(engine, programme, tmp_path))
    if harm == "deleted":
        shutil.rmtree(tmp_path / programme.uid)
    for path in (tmp_path / programme.uid).rglob("*.faiss"):
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data if harm == "damaged" else b"")

    assert contents(opened(engine, programme, tmp_path)) == whole
    assert len(snapshots(programme, tmp_path)) == 1


def test_a_removed_profile_cannot_come_back_under_its_id(
    engine: Engine, programme: Programme, mentors: dict[str, int], tmp_path: Path
) -> None:
    opened(engine, programme, tmp_path)
    with unit_of_work(engine) as session:
        remove_profile(session, programme, Kind.MENTOR, mentors["M4"], actor="a")
    with unit_of_work(engine) as session:
        fresh = add(session, programme, draft(Kind.MENTOR, "M5", expertise=("New",)))["M5"]
    assert fresh not in mentors.values()


def test_another_model_has_an_index_of_its_own(
    engine: Engine, programme: Programme, mentors: dict[str, int], tmp_path: Path
) -> None:
    opened(engine, programme, tmp_path)
    wider = replace(SPACE, model="wider", dimensions=12)
    embed_all(engine, programme, wider)
    with reading(engine) as session:
        found = open_index(session, session.get_one(Programme, programme.id), tmp_path, wider)
    assert (len(found), found.dimensions) == (10, 12)


def test_another_programmes_entries_are_not_in_it(
    engine: Engine, programme: Programme, mentors: dict[str, int], tmp_path: Path
) -> None:
    with unit_of_work(engine) as session:
        other = make_programme(session)
        add(session, other, MENTORS[0])
    embed_all(engine, other)
    assert len(opened(engine, other, tmp_path)) == 2
    assert len(opened(engine, programme, tmp_path)) == 10


def test_an_empty_programme_has_a_space_of_its_own(engine: Engine, programme: Programme) -> None:
    with reading(engine) as session:
        assert current_space(session, programme, SPACE.model) == VectorSpace(SPACE.model, "none", 1)


def test_the_space_is_that_of_the_newest_vector(
    engine: Engine, programme: Programme, mentors: dict[str, int]
) -> None:
    newer = replace(SPACE, revision="2", dimensions=4)
    embed_all(engine, programme, newer)
    with reading(engine) as session:
        assert current_space(session, programme, SPACE.model) == newer


def test_a_live_index_follows_its_programme_and_no_other(
    engine: Engine, programme: Programme, tmp_path: Path
) -> None:
    with unit_of_work(engine) as session:
        other = make_programme(session)
        add(session, programme, draft(Kind.MENTOR, "M1", expertise=("masts",)))
        add(session, other, draft(Kind.MENTOR, "M1", expertise=("soil", "seeds")))
    embed_all(engine, programme)
    embed_all(engine, other)
    live = LiveIndex(tmp_path)

    def now(which: Programme) -> EntryIndex:
        with reading(engine) as session:
            return live.now(session, session.get_one(Programme, which.id), SPACE)

    first = now(programme)
    assert len(first.rows) == 1
    assert now(programme) is first
    with unit_of_work(engine) as session:
        add(session, programme, draft(Kind.MENTOR, "M1", expertise=("freezers", "tariffs")))
    embed_all(engine, programme)
    assert (now(programme).rows["profile_id"] >= 0).sum() == 2
    assert now(programme).base is first.base
    assert len(now(other).rows) == 2
    assert now(other).base is not first.base
