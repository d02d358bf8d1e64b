"""The facts of many profiles as columns: what rules and fit read for all of them at once."""

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from matcher.ranking.facts import WORLD, Bool, Facts, Float64

Int64 = npt.NDArray[np.int64]
_WORD = 64


@dataclass(frozen=True)
class PackedSets:
    """A set of words for each row, as bits: uint64 of shape (rows, ceil(vocabulary / 64))."""

    vocabulary: dict[str, int]
    bits: npt.NDArray[np.uint64]

    @classmethod
    def pack(cls, sets: Sequence[Collection[str]]) -> "PackedSets":
        """Pack one set a row."""
        vocabulary: dict[str, int] = {}
        for words in sets:
            for word in words:
                vocabulary.setdefault(word, len(vocabulary))
        bits = np.zeros((len(sets), max(1, -(-len(vocabulary) // _WORD))), dtype=np.uint64)
        for row, words in enumerate(sets):
            for word in words:
                column = vocabulary[word]
                bits[row, column // _WORD] |= np.uint64(1 << column % _WORD)
        return cls(vocabulary, bits)

    @cached_property
    def stated(self) -> Bool:
        """Which rows have any word."""
        return np.asarray(self.bits.any(axis=1))

    @cached_property
    def sizes(self) -> Float64:
        """How many words each row has."""
        return np.asarray(np.bitwise_count(self.bits).sum(axis=1), dtype=np.float64)

    def meet(self, words: Iterable[str]) -> Bool:
        """Which rows have a word in common with `words`."""
        return np.asarray((self.bits & self._mask(words)).any(axis=1))

    def shared(self, words: Iterable[str]) -> Float64:
        """How many words each row has in common with `words`."""
        return np.asarray(np.bitwise_count(self.bits & self._mask(words)).sum(axis=1), dtype=np.float64)

    def _mask(self, words: Iterable[str]) -> npt.NDArray[np.uint64]:
        mask = np.zeros(self.bits.shape[1], dtype=np.uint64)
        for word in words:
            if (column := self.vocabulary.get(word)) is not None:
                mask[column // _WORD] |= np.uint64(1 << column % _WORD)
        return mask


class FactTable:
    """Profiles of one kind. Columns are made when first asked for, once."""

    def __init__(self, facts: Sequence[Facts]) -> None:
        self.facts = tuple(facts)

    def __len__(self) -> int:
        return len(self.facts)

    @cached_property
    def row_of(self) -> dict[int, int]:
        """The row of each profile id."""
        return {facts.id: row for row, facts in enumerate(self.facts)}

    @cached_property
    def languages(self) -> PackedSets:
        """Working languages."""
        return PackedSets.pack([facts.languages for facts in self.facts])

    @cached_property
    def first_language(self) -> PackedSets:
        """The language that each names first."""
        return PackedSets.pack([facts.languages[:1] for facts in self.facts])

    @cached_property
    def sectors(self) -> PackedSets:
        """Sectors."""
        return PackedSets.pack([facts.sectors for facts in self.facts])

    @cached_property
    def stages(self) -> PackedSets:
        """Stages."""
        return PackedSets.pack([facts.stages for facts in self.facts])

    @cached_property
    def markets(self) -> PackedSets:
        """Countries of activity."""
        return PackedSets.pack([facts.markets for facts in self.facts])

    @cached_property
    def places_of_activity(self) -> PackedSets:
        """Countries of activity and the one at home."""
        return PackedSets.pack([facts.markets | _known(facts.country) for facts in self.facts])

    @cached_property
    def country(self) -> PackedSets:
        """The one country at home."""
        return PackedSets.pack([_known(facts.country) for facts in self.facts])

    @cached_property
    def worldwide(self) -> Bool:
        """Which rows state the whole world as their market."""
        return self.markets.meet([WORLD])

    @cached_property
    def time_zones(self) -> tuple[list[tuple[float, ...]], Int64]:
        """The distinct offsets from UTC, and which of them each row has."""
        known: dict[tuple[float, ...], int] = {}
        rows = [known.setdefault(facts.utc_offsets, len(known)) for facts in self.facts]
        return list(known), np.array(rows, dtype=np.int64)

    @cached_property
    def places(self) -> Float64:
        """Remaining capacity; NaN where none is stated."""
        return numbers(facts.places for facts in self.facts)

    @cached_property
    def raising(self) -> Float64:
        """Amounts sought."""
        return numbers(facts.raising for facts in self.facts)

    @cached_property
    def ticket(self) -> tuple[Float64, Float64]:
        """Smallest and largest amounts given."""
        lowest, highest = (numbers(facts.ticket[end] for facts in self.facts) for end in (0, 1))
        return lowest, highest

    @cached_property
    def currency(self) -> npt.NDArray[np.str_]:
        """Currency codes, "" where none is stated."""
        return np.array([facts.currency or "" for facts in self.facts], dtype="U3")

    def named(self, column: str, words: Iterable[Hashable]) -> Bool:
        """Which rows' set in `column` (keys, conflicts, identities, accepted, backs) has one of `words`."""
        found = np.zeros(len(self), dtype=np.bool_)
        rows = self._inverted[column]
        for word in words:
            found[rows.get(word, [])] = True
        return found

    def are(self, ids: Collection[int]) -> Bool:
        """Which rows are these profiles."""
        found = np.zeros(len(self), dtype=np.bool_)
        found[[self.row_of[i] for i in ids if i in self.row_of]] = True
        return found

    @cached_property
    def _inverted(self) -> dict[str, dict[Hashable, list[int]]]:
        """For names and ids, of which there are as many as rows: from a word to the rows that have it."""
        columns: dict[str, Callable[[Facts], Iterable[Hashable]]] = {
            "keys": lambda facts: facts.keys,
            "conflicts": lambda facts: facts.conflicts,
            "identities": lambda facts: facts.identities,
            "accepted": lambda facts: facts.accepted,
            "backs": lambda facts: facts.backs,
        }
        inverted: dict[str, dict[Hashable, list[int]]] = {}
        for name, get in columns.items():
            words: dict[Hashable, list[int]] = defaultdict(list)
            for row, facts in enumerate(self.facts):
                for word in get(facts):
                    words[word].append(row)
            inverted[name] = dict(words)
        return inverted


def numbers(values: Iterable[float | None]) -> Float64:
    """Numbers as float64 with NaN for 'not stated'."""
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _known(country: str | None) -> frozenset[str]:
    return frozenset([country]) if country else frozenset()
