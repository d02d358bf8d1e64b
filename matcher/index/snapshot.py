"""Published snapshots of an index: whole, checked, and never changed once they have their name."""

import hashlib
import json
import mmap
import os
import shutil
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from matcher.index.entries import EntryIndex
from matcher.index.scan import Scan
from matcher.index.segment import Segment, Sketch, build_segment
from matcher.models.kinds import Facet

FORMAT = 3
"""Goes up with every change of what the files hold; a snapshot of another is as good as damaged."""
KEPT = 3
_ABANDONED_SECONDS = 3_600
_PREFIX = "snapshot-"
_VECTORS = "vectors.faiss"
_ROWS = "rows.npy"
_COMPONENTS = "components.npy"
_STEPS = "steps.npy"
_COARSE = "coarse.npy"
_REST = "rest.npy"
_MANIFEST = "manifest.json"


class SnapshotDamaged(Exception):
    """A snapshot's files are not those that its manifest describes. FAISS itself would not notice."""


@dataclass(frozen=True)
class Manifest:
    """What a snapshot holds. `watermark` is the programme's, when the vectors were read.

    `errors` are those of the scans, by facet.
    """

    format: int
    model: str
    revision: str
    dimensions: int
    count: int
    watermark: int
    errors: dict[Facet, float]
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
        np.save(draft / _STEPS, segment.sketch.steps, allow_pickle=False)
        np.save(draft / _COARSE, segment.sketch.coarse, allow_pickle=False)
        np.save(draft / _REST, segment.sketch.rest, allow_pickle=False)
    for facet, scan in segment.scans.items():
        faiss.write_index(scan.codes, str(draft / _scan_of(facet)))
    names = sorted(path.name for path in draft.iterdir())
    manifest = Manifest(
        FORMAT, model, revision, index.dimensions, len(index), watermark,
        {facet: scan.error for facet, scan in segment.scans.items()},
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
        SnapshotDamaged: a file is missing, cut short or changed, or the snapshot is of another format.
    """
    manifest = _read_manifest(path)
    if manifest.format != FORMAT:
        raise SnapshotDamaged(f"{path} is of format {manifest.format}, not {FORMAT}")
    for name, expected in manifest.sha256.items():
        if not (path / name).is_file() or _sha256(path / name) != expected:
            raise SnapshotDamaged(f"{path / name} is not the file that was published")
    flat = faiss.read_index(str(path / _VECTORS), faiss.IO_FLAG_MMAP_IFC)
    rows = _map(path / _ROWS)
    sketch = None
    if _COARSE in manifest.sha256:
        components, steps = (np.load(path / name, allow_pickle=False) for name in (_COMPONENTS, _STEPS))
        sketch = Sketch(components, steps, _map(path / _COARSE), _map(path / _REST))
    scans = {
        facet: Scan(faiss.read_index(str(path / _scan_of(facet))), error)
        for facet, error in manifest.errors.items()
    }
    if (flat.ntotal, flat.d, len(rows)) != (manifest.count, manifest.dimensions, manifest.count):
        raise SnapshotDamaged(f"{path} does not hold what its manifest says")
    nothing = build_segment(rows[:0], np.empty((0, manifest.dimensions), dtype=np.float16))
    base = Segment(rows, flat, sketch, scans)
    for mapped in (base.matrix, *((sketch.coarse, sketch.rest) if sketch else ())):
        _touch(mapped)
    return EntryIndex(base, nothing), manifest


def _scan_of(facet: str) -> str:
    return f"scan-{facet}.faiss"


def _map(path: Path) -> npt.NDArray[Any]:
    """An array in a file, shared between processes; no `memmap`, as that takes longer to be indexed."""
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))


def _touch(mapped: npt.NDArray[Any]) -> None:
    """Read a byte of each page: or the first hundred queries would each wait for pages to be mapped."""
    mapped.reshape(-1).view(np.uint8)[:: mmap.PAGESIZE].max(initial=0)


def _read_manifest(path: Path) -> Manifest:
    try:
        if not path.name.endswith(f"-{_seal(path)}"):
            raise SnapshotDamaged(f"{path / _MANIFEST} is not the file that was published")
        manifest = Manifest(**json.loads((path / _MANIFEST).read_text()))
        return replace(manifest, errors={Facet(facet): error for facet, error in manifest.errors.items()})
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
