"""Which column is which field: by name, by synonym, by likeness, or as somebody decided."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from rapidfuzz import fuzz, process

from matcher.models.kinds import Kind
from matcher.profiles.errors import SheetError
from matcher.profiles.fields import FIELDS
from matcher.profiles.taxonomy import load_toml
from matcher.profiles.text import clean, fold, key
from matcher.wording import N_, Message

How = Literal["override", "name", "synonym", "likeness", "note"]

# Of 100: "Founder" and "Founded" are 86 alike, a slip of the hand is over 90.
_LIKE = 88
# Below this many letters one differing letter makes another word.
_LONG_ENOUGH = 5
_HEADER_CHARS = 200
_RANK: Mapping[How, int] = {"override": 0, "name": 1, "synonym": 2, "likeness": 3, "note": 4}
_ASIDE = re.compile(r"\s*[(（\[].*?[)）\]]")


@dataclass(frozen=True, slots=True)
class ColumnMatch:
    """What was decided about one column; `field` is None when it is kept as a note."""

    header: str
    index: int
    field: str | None
    how: How
    likeness: float


def match_columns(
    kind: Kind, headers: Sequence[str], overrides: Mapping[str, str] | None = None
) -> tuple[ColumnMatch, ...]:
    """One decision for each column. A field is given once: the best wins, the first of equals.

    `SheetError` when an override names a header or a field that does not exist.
    """
    names = _distinct(headers)
    chosen = _chosen(kind, names, overrides or {})
    guesses = [
        ColumnMatch(name, at, chosen[at], "override", 100.0) if at in chosen else _guess(kind, name, at)
        for at, name in enumerate(names)
    ]
    best = sorted(guesses, key=lambda m: (_RANK[m.how], -m.likeness, m.index))
    taken: dict[str, int] = {}
    for match in best:
        if match.field is not None:
            taken.setdefault(match.field, match.index)
    return tuple(m if m.field and taken[m.field] == m.index else _note(m) for m in guesses)


def looks_like_header(kind: Kind, headers: Sequence[str]) -> bool:
    """Whether any cell of the row is the name of a field."""
    return any(_guess(kind, header, 0).field for header in headers)


def _note(match: ColumnMatch) -> ColumnMatch:
    return ColumnMatch(match.header, match.index, None, "note", 0.0)


def _distinct(headers: Sequence[str]) -> list[str]:
    """Names to keep notes under: one that comes again gets a number, an empty one its place."""
    names: list[str] = []
    taken: set[str] = set()
    seen: dict[str, int] = {}
    for at, header in enumerate(headers, start=1):
        name = bare = " ".join(clean(header).split()) or f"column {at}"
        while name in taken:
            seen[bare] = seen.get(bare, 1) + 1
            name = f"{bare} ({seen[bare]})"
        taken.add(name)
        names.append(name)
    return names


def _chosen(kind: Kind, names: list[str], overrides: Mapping[str, str]) -> dict[int, str | None]:
    """The field of each overridden column. "-" or nothing keeps the column as a note."""
    chosen: dict[int, str | None] = {}
    for header, wanted in overrides.items():
        field = None if wanted.strip() in ("", "-") else _field_named(kind, wanted)
        if field is not None and field in chosen.values():
            raise SheetError(
                Message(N_("Two columns are mapped to “%(field)s”. Keep one of them."), {"field": field})
            )
        chosen[_column_named(names, header)] = field
    return chosen


def _column_named(names: list[str], header: str) -> int:
    for same in (lambda n: n == header, lambda n: key(n) == key(header)):
        for at, name in enumerate(names):
            if same(name):
                return at
    raise SheetError(
        Message(
            N_("There is no column “%(header)s” to map. The sheet has: %(headers)s."),
            {"header": header, "headers": names[:50]},
        )
    )


def _field_named(kind: Kind, wanted: str) -> str:
    for field in FIELDS[kind]:
        if key(field.name) == key(wanted):
            return field.name
    raise SheetError(
        Message(
            N_("There is no field “%(field)s” to map a column to. The fields are: %(fields)s."),
            {"field": wanted, "fields": [field.name for field in FIELDS[kind]]},
        )
    )


def _guess(kind: Kind, header: str, index: int) -> ColumnMatch:
    if len(header) > _HEADER_CHARS:
        return ColumnMatch(header, index, None, "note", 0.0)
    for text in dict.fromkeys((header, _ASIDE.sub("", header))):
        word = key(text)
        if word in _never():
            return ColumnMatch(header, index, None, "note", 0.0)
        if word in _names(kind):
            return ColumnMatch(header, index, _names(kind)[word], "name", 100.0)
        if word in _synonyms(kind):
            return ColumnMatch(header, index, _synonyms(kind)[word], "synonym", 100.0)
    return _alike(kind, header, index)


def _alike(kind: Kind, header: str, index: int) -> ColumnMatch:
    word = fold(_ASIDE.sub("", header))
    if len(word) >= _LONG_ENOUGH:
        known = _words(kind)
        found = process.extractOne(word, list(known), scorer=fuzz.ratio, score_cutoff=_LIKE)
        if found is not None:
            return ColumnMatch(header, index, known[found[0]], "likeness", round(found[1], 1))
    return ColumnMatch(header, index, None, "note", 0.0)


@cache
def _never() -> frozenset[str]:
    return frozenset(key(word) for word in load_toml("headers")["never"]["words"])


@cache
def _names(kind: Kind) -> dict[str, str]:
    return {key(field.name): field.name for field in FIELDS[kind]}


@cache
def _synonyms(kind: Kind) -> dict[str, str]:
    return {key(word): field for field, word in _pairs(kind)}


@cache
def _words(kind: Kind) -> dict[str, str]:
    """Everything long enough to be mistyped and still be known."""
    words = {fold(word): field for field, word in _pairs(kind)}
    words |= {fold(field.name): field.name for field in FIELDS[kind]}
    return {word: field for word, field in words.items() if len(word) >= _LONG_ENOUGH}


def _pairs(kind: Kind) -> list[tuple[str, str]]:
    table = load_toml("headers")
    fields = [field.name for field in FIELDS[kind]]
    both = (table["all"], table[kind.value])
    return [(f, word) for part in both for f, words in part.items() if f in fields for word in words]
