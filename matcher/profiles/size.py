"""How much memory a row needs that is kept until the whole sheet is read."""

from collections.abc import Mapping
from sys import getsizeof
from typing import Any

from matcher.profiles.rows import BadRow, ProfileDraft

# The objects themselves, the lists and tables that name them, and what the allocator adds.
_ROW = 300
_PROBLEM = 600


def size(row: ProfileDraft | BadRow) -> int:
    """About how many bytes, a little more rather than less: strings may be shared with other rows."""
    if isinstance(row, BadRow):
        return _ROW + _of(row.cells) + _PROBLEM * len(row.problems)
    return _ROW + _of(row.values) + _of(row.notes)


def _of(value: Any) -> int:
    if isinstance(value, Mapping):
        return getsizeof(value) + sum(map(_of, value.values()))
    if isinstance(value, tuple):
        return getsizeof(value) + sum(map(getsizeof, value))
    return getsizeof(value)
