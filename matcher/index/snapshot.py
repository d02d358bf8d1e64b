"""Published snapshots of an index: whole, checked, and never changed once they have their name."""

import hashlib
import json
import mmap
import os
import shutil
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import faiss
import numpy as np

from matcher.index.entries import EntryIndex
from matcher.index.segment import Float16, Float32, Segment, Sketch, build_segment

KEPT = 3
_ABANDONED_SECONDS = 3_600
_PREFIX = "snapshot-"
_VECTORS = "vectors.faiss"
_ROWS = "rows.npy"
_COMPONENTS = "components.npy"
_SKETCH = "sketch.npy"
_MANIFEST = "manifest.json"


class SnapshotDamaged(Exception):
    """A snapshot's files are not those that its manifest describes. FAISS itself would not notice."""


@dataclass(frozen=True)
class Manifest:
    """What a snapshot holds. `watermark` is the programme's, when the vectors were read."""

    model: str
    revision: str
    dimensions: int
    count: int
    watermark: int
    sha256: dict[str, str]


def publish(folder: Path, index: EntryIndex, *, model: str, revision: str, watermark: int) -> Path:
    """Write a snapshot of an index without changes and give it its name in one rename; keep the newest three.

    Readers that hold an older snapshot keep their mapping: files are unlinked, never overwritten.
    """
    folder.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix="draft-", dir=folder))
    if len(index.changes) or index.gone:
        raise ValueError("an index with changes must be made compact before it is published")
    segment = index.base
    faiss.write_index(segment.flat, str(draft / _VECTORS))
    np.save(draft / _ROWS, segment.rows, allow_pickle=False)
    if segment.sketch is not None:
        np.save(draft / _COMPONENTS, segment.sketch.components, allow_pickle=False)
        np.save(draft / _SKETCH, segment.sketch.values, allow_pickle=False)
    names = sorted(path.name for path in draft.iterdir())
    manifest = Manifest(
        model, revision, index.dimensions, len(index), watermark,
        {name: _sha256(draft / name) for name in names},
    )  # fmt: skip
    (draft / _MANIFEST).write_text(json.dumps(asdict(manifest), indent=1))
    for name in (*names, _MANIFEST):
        _sync(draft / name)
    seal = _seal(draft)
    target = folder / f"{_PREFIX}{watermark:012d}-{draft.name.removeprefix('draft-')}-{seal}"
    draft.rename(target)
    _sync(folder)
    _prune(folder)
    return target


def load_latest(folder: Path, *, model: str, revision: str) -> tuple[EntryIndex, Manifest] | None:
    """The newest sound snapshot of this model and revision, memory-mapped; damaged ones are removed."""
    for path in sorted(folder.glob(f"{_PREFIX}*"), reverse=True):
        try:
            index, manifest = load(path)
        except (SnapshotDamaged, FileNotFoundError):
            # Also when another process pruned it between the listing and the reading.
            shutil.rmtree(path, ignore_errors=True)
            continue
        if (manifest.model, manifest.revision) == (model, revision):
            return index, manifest
    return None


def load(path: Path) -> tuple[EntryIndex, Manifest]:
    """The snapshot at `path`.

    Raises:
        SnapshotDamaged: a file is missing, cut short or changed.
    """
    manifest = _read_manifest(path)
    for name, expected in manifest.sha256.items():
        if not (path / name).is_file() or _sha256(path / name) != expected:
            raise SnapshotDamaged(f"{path / name} is not the file that was published")
    flat = faiss.read_index(str(path / _VECTORS), faiss.IO_FLAG_MMAP_IFC)
    rows = np.load(path / _ROWS, mmap_mode="r", allow_pickle=False)
    sketch = None
    if _SKETCH in manifest.sha256:
        components = np.load(path / _COMPONENTS, allow_pickle=False)
        sketch = Sketch(components, np.load(path / _SKETCH, mmap_mode="r", allow_pickle=False))
    if (flat.ntotal, flat.d, len(rows)) != (manifest.count, manifest.dimensions, manifest.count):
        raise SnapshotDamaged(f"{path} does not hold what its manifest says")
    nothing = build_segment(rows[:0], np.empty((0, manifest.dimensions), dtype=np.float16))
    base = Segment(rows, flat, sketch)
    for mapped in (base.matrix(), sketch.values if sketch else None):
        if mapped is not None:
            _touch(mapped)
    return EntryIndex(base, nothing), manifest


def _touch(mapped: Float16 | Float32) -> None:
    """Read a byte of each page: or the first hundred queries would each wait for pages to be mapped."""
    mapped.reshape(-1).view(np.uint8)[:: mmap.PAGESIZE].max(initial=0)


def _read_manifest(path: Path) -> Manifest:
    try:
        if not path.name.endswith(f"-{_seal(path)}"):
            raise SnapshotDamaged(f"{path / _MANIFEST} is not the file that was published")
        return Manifest(**json.loads((path / _MANIFEST).read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise SnapshotDamaged(f"{path / _MANIFEST} cannot be read: {error}") from error


def _seal(path: Path) -> str:
    """What a snapshot's name says of its manifest: a changed watermark would hide changes."""
    return _sha256(path / _MANIFEST)[:16]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _prune(folder: Path) -> None:
    for path in sorted(folder.glob(f"{_PREFIX}*"), reverse=True)[KEPT:]:
        shutil.rmtree(path, ignore_errors=True)
    for draft in folder.glob("draft-*"):  # left by a publisher that was killed
        if time.time() - draft.stat().st_mtime > _ABANDONED_SECONDS:
            shutil.rmtree(draft, ignore_errors=True)
