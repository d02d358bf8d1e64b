"""Many values in blocks: a statement takes so many parameters, and runs change tens of thousands of rows."""

from collections.abc import Collection, Iterator
from typing import TypeVar

T = TypeVar("T")
_AT_ONCE = 5_000


def in_blocks(values: Collection[T]) -> Iterator[list[T]]:
    """The values, in their order, so many at once as a statement may name."""
    listed = list(values)
    for start in range(0, len(listed), _AT_ONCE):
        yield listed[start : start + _AT_ONCE]
