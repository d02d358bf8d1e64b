"""The facts of many profiles as columns: what rules and fit read for all of them at once."""

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
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
        bits = _no_bits(len(sets), len(vocabulary))
        for row, words in enumerate(sets):
            for word in words:
                column = vocabulary[word]
                bits[row, column // _WORD] |= np.uint64(1 << column % _WORD)
        return cls(vocabulary, bits)

    @cached_property
    def stated(self) -> Bool:
        """Which rows have any word."""
        found = np.zeros(len(self.bits), dtype=np.bool_)
        for column in self.bits.T:
            found |= column != 0
        return found

    @cached_property
    def sizes(self) -> Float64:
        """How many words each row has."""
        found = np.zeros(len(self.bits), dtype=np.float64)
        for column in self.bits.T:
            found += np.bitwise_count(column)
        return found

    def take(self, rows: Int64) -> "PackedSets":
        """Some rows alone."""
        bits = _no_bits(len(rows), len(self.vocabulary))
        for ours, column in zip(bits.T, self.bits.T, strict=True):
            column.take(rows, out=ours, mode="clip")
        return PackedSets(self.vocabulary, bits)

    def join(self, below: "PackedSets") -> "PackedSets":
        """The rows of both, those of `below` last."""
        vocabulary = dict(self.vocabulary)
        for word in below.vocabulary:
            vocabulary.setdefault(word, len(vocabulary))
        bits = _no_bits(len(self.bits) + len(below.bits), len(vocabulary))
        bits[: len(self.bits), : self.bits.shape[1]] = self.bits
        for word, column in below.vocabulary.items():
            has = below.bits[:, column // _WORD] >> np.uint64(column % _WORD) & np.uint64(1)
            target = vocabulary[word]
            bits[len(self.bits) :, target // _WORD] |= has << np.uint64(target % _WORD)
        return PackedSets(vocabulary, bits)

    def meet(self, words: Iterable[str]) -> Bool:
        """Which rows have a word in common with `words`."""
        found = np.zeros(len(self.bits), dtype=np.bool_)
        for common in self._common(words):
            found |= common != 0
        return found

    def shared(self, words: Iterable[str]) -> Float64:
        """How many words each row has in common with `words`."""
        found = np.zeros(len(self.bits), dtype=np.float64)
        for common in self._common(words):
            found += np.bitwise_count(common)
        return found

    def _common(self, words: Iterable[str]) -> Iterator[npt.NDArray[np.uint64]]:
        """The bits that each row shares with `words`, a column of them at a time.

        Columns without any of the words are left out; NumPy would take longer to reduce rows of so few.
        """
        masks: dict[int, int] = defaultdict(int)
        for word in words:
            if (column := self.vocabulary.get(word)) is not None:
                masks[column // _WORD] |= 1 << column % _WORD
        for column, mask in masks.items():
            yield self.bits[:, column] & np.uint64(mask)


class FactTable:
    """Profiles of one kind. Columns are made when first asked for, once.

    A table never changes. `replaced` makes a new one: the rows of a large table stay where they are, as an
    index's do, those of profiles that changed are void, and what they are now follows in a small table.
    """

    def __init__(self, facts: Sequence[Facts]) -> None:
        self.facts = tuple(facts)
        self._parts: tuple[FactTable, FactTable] | None = None
        self._gone: frozenset[int] = frozenset()

    def __len__(self) -> int:
        return len(self.facts)

    def replaced(self, changed: Sequence[Facts], stale: Collection[int]) -> "FactTable":
        """This table without the profiles whose ids are `stale`, and with `changed` below the others."""
        base, later = self._parts or (self, FactTable(()))
        renewed = {facts.id for facts in changed} | set(stale)
        below = FactTable([*(facts for facts in later.facts if facts.id not in renewed), *changed])
        table = FactTable(base.facts + below.facts)
        table._parts = base, below
        table._gone = self._gone | (renewed & base.row_of.keys())
        return table

    @cached_property
    def row_of(self) -> dict[int, int]:
        """The row of each profile id."""
        if self._parts is None:
            return {facts.id: row for row, facts in enumerate(self.facts)}
        base, below = self._parts
        rows = {**base.row_of, **{i: len(base) + row for i, row in below.row_of.items()}}
        for gone in self._gone - below.row_of.keys():
            del rows[gone]
        return rows

    @cached_property
    def alive(self) -> Bool:
        """Which rows are not void."""
        alive = np.ones(len(self), dtype=np.bool_)
        if self._parts is not None:
            base = self._parts[0]
            alive[[base.row_of[gone] for gone in self._gone]] = False
        return alive

    @cached_property
    def ids(self) -> Int64:
        """The profiles' ids."""
        if self._parts is not None:
            return np.concatenate([part.ids for part in self._parts])
        return np.array([facts.id for facts in self.facts], dtype=np.int64)

    @cached_property
    def languages(self) -> PackedSets:
        """Working languages."""
        return self._sets("languages", lambda facts: facts.languages)

    @cached_property
    def first_language(self) -> PackedSets:
        """The language that each names first."""
        return self._sets("first_language", lambda facts: facts.languages[:1])

    @cached_property
    def sectors(self) -> PackedSets:
        """Sectors."""
        return self._sets("sectors", lambda facts: facts.sectors)

    @cached_property
    def stages(self) -> PackedSets:
        """Stages."""
        return self._sets("stages", lambda facts: facts.stages)

    @cached_property
    def markets(self) -> PackedSets:
        """Countries of activity."""
        return self._sets("markets", lambda facts: facts.markets)

    @cached_property
    def places_of_activity(self) -> PackedSets:
        """Countries of activity and the one at home."""
        return self._sets("places_of_activity", lambda facts: facts.markets | _known(facts.country))

    @cached_property
    def country(self) -> PackedSets:
        """The one country at home."""
        return self._sets("country", lambda facts: _known(facts.country))

    @cached_property
    def worldwide(self) -> Bool:
        """Which rows state the whole world as their market."""
        return self.markets.meet([WORLD])

    @cached_property
    def time_zones(self) -> tuple[list[tuple[float, ...]], Int64]:
        """The distinct offsets from UTC, and which of them each row has."""
        if self._parts is not None:
            (ours, rows), (others, below) = (part.time_zones for part in self._parts)
            return [*ours, *others], np.concatenate([rows, below + len(ours)])
        known: dict[tuple[float, ...], int] = {}
        numbered = [known.setdefault(facts.utc_offsets, len(known)) for facts in self.facts]
        return list(known), np.array(numbered, dtype=np.int64)

    @cached_property
    def places(self) -> Float64:
        """Remaining capacity; NaN where none is stated."""
        return self._numbers("places", lambda facts: facts.places)

    @cached_property
    def paused(self) -> Bool:
        """Who takes nobody new for now."""
        if self._parts is not None:
            return np.concatenate([part.paused for part in self._parts])
        return np.array([facts.paused for facts in self.facts], dtype=np.bool_)

    @cached_property
    def raising(self) -> Float64:
        """Amounts sought."""
        return self._numbers("raising", lambda facts: facts.raising)

    @cached_property
    def smallest_ticket(self) -> Float64:
        """Smallest amounts given."""
        return self._numbers("smallest_ticket", lambda facts: facts.ticket[0])

    @cached_property
    def largest_ticket(self) -> Float64:
        """Largest amounts given."""
        return self._numbers("largest_ticket", lambda facts: facts.ticket[1])

    @cached_property
    def currency(self) -> npt.NDArray[np.str_]:
        """Currency codes, "" where none is stated."""
        if self._parts is not None:
            return np.concatenate([part.currency for part in self._parts])
        return np.array([facts.currency or "" for facts in self.facts], dtype="U3")

    def named(self, column: str, words: Iterable[Hashable]) -> Bool:
        """Which rows' set in `column` (keys, conflicts, identities, accepted, backs) has one of `words`."""
        if self._parts is not None:
            words = list(words)
            return np.concatenate([part.named(column, words) for part in self._parts])
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

    def _sets(self, column: str, get: Callable[[Facts], Collection[str]]) -> PackedSets:
        if self._parts is not None:
            base, below = (getattr(part, column) for part in self._parts)
            joined: PackedSets = base.join(below)
            return joined
        return PackedSets.pack([get(facts) for facts in self.facts])

    def _numbers(self, column: str, get: Callable[[Facts], float | None]) -> Float64:
        if self._parts is not None:
            return np.concatenate([getattr(part, column) for part in self._parts])
        return numbers(map(get, self.facts))

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


def _no_bits(rows: int, words: int) -> npt.NDArray[np.uint64]:
    """Room for sets of so many words, each column of bits contiguous."""
    return np.zeros((rows, max(1, -(-words // _WORD))), dtype=np.uint64, order="F")


def _known(country: str | None) -> frozenset[str]:
    return frozenset([country]) if country else frozenset()
