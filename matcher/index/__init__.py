"""The FAISS index and its snapshots. faiss is imported here and nowhere else."""

from matcher.index.entries import EntryIndex, build_index, make_rows, use_one_thread
from matcher.index.segment import FACETS
from matcher.index.snapshot import Manifest, SnapshotDamaged, load_latest, publish

__all__ = [
    "FACETS",
    "EntryIndex",
    "Manifest",
    "SnapshotDamaged",
    "build_index",
    "load_latest",
    "make_rows",
    "publish",
    "use_one_thread",
]
