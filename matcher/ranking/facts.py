"""The structured facts of profiles as arrays: what eligibility and fit are computed from."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from matcher.models.kinds import Kind

Bool = npt.NDArray[np.bool_]
Float64 = npt.NDArray[np.float64]


WORLD = "001"
"""Stated as a market, it is met by every country (UN M49)."""


@dataclass(frozen=True, slots=True)
class Facts:
    """One profile, as the ranking knows it. Empty sets and None mean 'not stated'.

    Attributes:
        keys: what this profile can be called in somebody's list of conflicts, normalised.
        conflicts: whom it must not meet, in the same form.
        identities: names of organisations and addresses; two profiles that share one are one party.
        stages: the one stage of a start-up, or all that a mentor or funding partner serves.
        markets: countries of activity; for a funding partner those it funds in.
        places: remaining capacity of a mentor.
        accepted: start-ups (ids) that were approved for a mentor, and keep their places.
        utc_offsets: hours from UTC, all that its country or time zone has.
        backs: start-ups (ids) in a funding partner's portfolio.
    """

    id: int
    kind: Kind
    ref: str
    name: str
    keys: frozenset[str] = frozenset()
    conflicts: frozenset[str] = frozenset()
    identities: frozenset[str] = frozenset()
    languages: tuple[str, ...] = ()
    sectors: frozenset[str] = frozenset()
    stages: frozenset[str] = frozenset()
    country: str | None = None
    markets: frozenset[str] = frozenset()
    places: int | None = None
    accepted: frozenset[int] = frozenset()
    utc_offsets: tuple[float, ...] = ()
    raising: float | None = None
    ticket: tuple[float | None, float | None] = (None, None)
    currency: str | None = None
    backs: frozenset[int] = frozenset()


@dataclass(frozen=True)
class FactTable:
    """Profiles of one kind, with the arrays that pairwise rules need, made once.

    `languages` and the like are boolean, shape (profiles, words of the vocabulary).
    """

    facts: tuple[Facts, ...]
    vocabulary: dict[str, dict[Any, int]] = field(repr=False)

    def __len__(self) -> int:
        return len(self.facts)

    def members(self, attribute: str) -> Bool:
        """Which profile has which word of a set-valued attribute, shape (n, words)."""
        words = self.vocabulary[attribute]
        matrix = np.zeros((len(self), len(words)), dtype=np.bool_)
        for row, facts in enumerate(self.facts):
            for word in getattr(facts, attribute):
                matrix[row, words[word]] = True
        return matrix

    def number(self, values: Sequence[float | None]) -> Float64:
        """Numbers as float64 with NaN for 'not stated', shape (n,)."""
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)

    def take(self, rows: Sequence[int]) -> "FactTable":
        """The same table with some of its rows."""
        return FactTable(tuple(self.facts[row] for row in rows), self.vocabulary)


_SET_VALUED = ("languages", "sectors", "stages", "markets", "identities", "keys", "conflicts")


def tabulate(*groups: Sequence[Facts]) -> tuple[FactTable, ...]:
    """One table for each group, all over one vocabulary, so that their rows can be compared."""
    vocabulary: dict[str, dict[Any, int]] = {}
    for attribute in _SET_VALUED:
        words = {word for group in groups for facts in group for word in getattr(facts, attribute)}
        vocabulary[attribute] = {word: column for column, word in enumerate(sorted(words))}
    names = sorted(vocabulary["keys"].keys() | vocabulary["conflicts"].keys())
    vocabulary["keys"] = vocabulary["conflicts"] = {name: column for column, name in enumerate(names)}
    return tuple(FactTable(tuple(group), vocabulary) for group in groups)
