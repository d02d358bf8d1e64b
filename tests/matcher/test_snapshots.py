"""Snapshots: whole or not at all, checked before they are believed, and never changed."""

import json
import os
import time
from pathlib import Path

import numpy as np
import pytest

from matcher.index import Manifest, SnapshotDamaged, build_index, load_latest, make_rows, publish
from matcher.index.segment import SKETCHED_FROM
from matcher.index.snapshot import FORMAT, _seal, load
from matcher.models import Facet

FILES = ("vectors.faiss", "rows.npy", "manifest.json")
VECTORS = np.eye(8, dtype=np.float32)


def publish_one(folder: Path, watermark: int, *, model: str = "m", revision: str = "1") -> Path:
    """A snapshot whose entries are numbered from its watermark."""
    rows = make_rows([(watermark + n, n, Facet.NEED) for n in range(len(VECTORS))])
    index = build_index(rows, VECTORS)
    return publish(folder, index, model=model, revision=revision, watermark=watermark)


def latest(folder: Path) -> int | None:
    """The watermark of what is loaded, which its entries bear out."""
    found = load_latest(folder, model="m", revision="1")
    if found is None:
        return None
    index, manifest = found
    assert index.rows["entry_id"].tolist() == [manifest.watermark + n for n in range(len(VECTORS))]
    return manifest.watermark


def flip(path: Path, at: int, bits: int = 0xFF) -> None:
    """Change one byte, as a failing disk would: without a word."""
    data = bytearray(path.read_bytes())
    data[at] ^= bits
    path.write_bytes(data)


def test_what_was_published_is_loaded(tmp_path: Path) -> None:
    path = publish_one(tmp_path, 5)
    index, manifest = load(path)
    assert (manifest.model, manifest.revision, manifest.dimensions) == ("m", "1", 8)
    assert (manifest.count, manifest.watermark) == (8, 5)
    np.testing.assert_array_equal(index.vectors(np.arange(8)), VECTORS)
    assert index.search(VECTORS[3:4], np.arange(8), 1)[1].tolist() == [[3]]


def test_a_large_index_is_loaded_with_its_sketch(tmp_path: Path) -> None:
    vectors = np.random.default_rng(1).standard_normal((SKETCHED_FROM, 8)).astype(np.float32)
    index = build_index(make_rows([(n, n, Facet.NEED) for n in range(SKETCHED_FROM)]), vectors)
    path = publish(tmp_path, index, model="m", revision="1", watermark=1)
    loaded, _ = load(path)
    for one in (index, loaded):
        sketches = one.sketch(vectors[:2])
        rough = one.rough_cosines(sketches, np.arange(SKETCHED_FROM), fine=True)
        np.testing.assert_allclose(rough, one.cosines(vectors[:2], np.arange(SKETCHED_FROM)), atol=0.3)
    (places, reach), (as_built, limit) = (
        one.nearest(vectors[:2], Facet.NEED, 600) for one in (loaded, index)
    )
    np.testing.assert_array_equal(places, as_built)
    assert reach == limit
    assert len(places) == 1200
    for name in ("coarse.npy", "scan-need.faiss"):
        flip(path / name, -1)
        with pytest.raises(SnapshotDamaged):
            load(path)
        flip(path / name, -1)
    load(path)


@pytest.mark.parametrize("change", [{"format": FORMAT - 1}, {"format": FORMAT + 1}, {}])
def test_a_snapshot_of_another_format_is_taken_for_damaged(tmp_path: Path, change: dict[str, int]) -> None:
    publish_one(tmp_path, 1)
    path = publish_one(tmp_path, 2)
    said = json.loads((path / "manifest.json").read_text())
    del said["format"]  # as before formats were told
    (path / "manifest.json").write_text(json.dumps(said | change))
    path.rename(path.with_name(f"{path.name.rsplit('-', 1)[0]}-{_seal(path)}"))
    assert latest(tmp_path) == 1


def test_a_missing_folder_has_no_snapshot(tmp_path: Path) -> None:
    assert latest(tmp_path / "never") is None


def test_an_empty_index_can_be_published(tmp_path: Path) -> None:
    publish(tmp_path, build_index(make_rows([]), VECTORS[:0]), model="m", revision="1", watermark=1)
    index, _ = load_latest(tmp_path, model="m", revision="1")
    assert len(index) == 0


def test_the_newest_of_three_is_loaded_and_older_ones_go(tmp_path: Path) -> None:
    for watermark in (3, 20, 100, 7):  # 100 > 20 must hold in names, too
        publish_one(tmp_path, watermark)
    assert latest(tmp_path) == 100
    assert sorted(int(path.name.split("-")[1]) for path in tmp_path.iterdir()) == [7, 20, 100]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("share", [0, 0.25, 0.5, 0.75, 1])
def test_a_flipped_byte_is_noticed_and_the_older_snapshot_is_used(
    tmp_path: Path, name: str, share: float
) -> None:
    publish_one(tmp_path, 1)
    damaged = publish_one(tmp_path, 2)
    flip(damaged / name, int(share * ((damaged / name).stat().st_size - 1)))
    assert latest(tmp_path) == 1


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("bits", [0x01, 0x08, 0xFF])
def test_every_single_byte_counts(tmp_path: Path, name: str, bits: int) -> None:
    path = publish_one(tmp_path, 1)
    whole = (path / name).read_bytes()
    for at in range(0, len(whole), 5):
        flip(path / name, at, bits)
        with pytest.raises(SnapshotDamaged):
            load(path)
        (path / name).write_bytes(whole)


@pytest.mark.parametrize("field", ["model", "revision", "dimensions", "count", "watermark"])
def test_a_manifest_that_was_changed_is_noticed(tmp_path: Path, field: str) -> None:
    path = publish_one(tmp_path, 1)
    manifest = json.loads((path / "manifest.json").read_text())
    manifest[field] = 4711 if isinstance(manifest[field], int) else "n"
    (path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(SnapshotDamaged):
        load(path)


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_short_is_noticed(tmp_path: Path, name: str) -> None:
    publish_one(tmp_path, 1)
    damaged = publish_one(tmp_path, 2)
    (damaged / name).write_bytes((damaged / name).read_bytes()[:-1])
    assert latest(tmp_path) == 1


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_noticed(tmp_path: Path, name: str) -> None:
    publish_one(tmp_path, 1)
    (publish_one(tmp_path, 2) / name).unlink()
    assert latest(tmp_path) == 1


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_loaded_when_all_are_damaged(tmp_path: Path, name: str) -> None:
    for watermark in (1, 2, 3):
        flip(publish_one(tmp_path, watermark) / name, 0)
    assert latest(tmp_path) is None


@pytest.mark.parametrize("said", ["", "[]", "{}", "null", '{"sha256": {}}', "\x00" * 40])
def test_a_manifest_of_nonsense_is_noticed(tmp_path: Path, said: str) -> None:
    path = publish_one(tmp_path, 1)
    (path / "manifest.json").write_text(said)
    with pytest.raises(SnapshotDamaged):
        load(path)


def test_a_damaged_snapshot_does_not_stay(tmp_path: Path) -> None:
    path = publish_one(tmp_path, 1)
    flip(path / "rows.npy", -1)
    latest(tmp_path)
    assert not path.exists()


def test_a_snapshot_of_another_model_is_not_used_and_not_removed(tmp_path: Path) -> None:
    publish_one(tmp_path, 1)
    other = publish_one(tmp_path, 2, model="another")
    publish_one(tmp_path, 3, revision="2")
    assert latest(tmp_path) == 1
    assert other.exists()


def test_a_half_written_snapshot_is_not_loaded(tmp_path: Path) -> None:
    publish_one(tmp_path, 9).rename(tmp_path / "draft-killed")
    assert latest(tmp_path) is None


def test_an_abandoned_draft_goes_and_a_young_one_stays(tmp_path: Path) -> None:
    for name in ("draft-old", "draft-young"):
        (tmp_path / name).mkdir()
    yesterday = time.time() - 86_400
    os.utime(tmp_path / "draft-old", (yesterday, yesterday))
    publish_one(tmp_path, 1)
    assert not (tmp_path / "draft-old").exists()
    assert (tmp_path / "draft-young").exists()


def test_a_reader_of_an_old_snapshot_survives_its_removal(tmp_path: Path) -> None:
    old = publish_one(tmp_path, 1)
    index, _ = load(old)
    for watermark in (2, 3, 4):
        publish_one(tmp_path, watermark)
    assert not old.exists()
    assert index.rows["entry_id"].tolist() == list(range(1, 9))
    np.testing.assert_array_equal(index.vectors(np.arange(8)), VECTORS)
    assert index.search(VECTORS[5:6], np.arange(8), 1)[1].tolist() == [[5]]


def test_a_manifest_says_what_it_was_given(tmp_path: Path) -> None:
    said = json.loads((publish_one(tmp_path, 4) / "manifest.json").read_text())
    assert set(said) == set(Manifest.__dataclass_fields__)
    assert set(said["sha256"]) == {"vectors.faiss", "rows.npy"}
