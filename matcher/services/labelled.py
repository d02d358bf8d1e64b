"""Labelled sets: folders of texts of which people said what belongs together.

A folder holds any of `tatoeba/`, `melo/NAME/`, `domain/` and `subjects.tsv`; the formats are those of the
public sets and of `benchmarks/sets`.
"""

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from matcher.services.errors import ServiceError
from matcher.wording import N_, Message

Int64 = npt.NDArray[np.int64]
SPLITS = ("test", "dev")
ROLES = ("need", "offer")


class UnusableSet(ServiceError):
    """A labelled set lacks a file, or a line of it is not what it should be."""


@dataclass(frozen=True, slots=True)
class Translations:
    """Sentences in a language and in English, line by line."""

    code: str
    theirs: Sequence[str]
    english: Sequence[str]


@dataclass(frozen=True, slots=True)
class Titles:
    """Queries, and for each the rows of the corpus that answer it; queries without an answer are left out."""

    name: str
    queries: Sequence[str]
    corpus: Sequence[str]
    relevant: Sequence[Int64]


@dataclass(frozen=True, slots=True)
class Written:
    """What somebody wrote, in one language."""

    ref: str
    language: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Domain:
    """Founders' needs, mentors in the order of their refs, and grades of shape (needs, mentors)."""

    needs: Sequence[Written]
    mentors: Sequence[Written]
    grades: Int64


@dataclass(frozen=True, slots=True)
class Subjects:
    """A need and an offer on each subject in each language; both language by language."""

    languages: Sequence[str]
    subjects: Sequence[str]
    needs: Sequence[str]
    offers: Sequence[str]


LabelledSet = Translations | Titles | Domain | Subjects


def read_sets(folder: Path, split: str) -> list[LabelledSet]:
    """Every set in `folder`; of those that have splits, this one.

    Raises:
        UnusableSet: naming the file, and the line.
    """
    found: list[LabelledSet] = []
    if (folder / "tatoeba").is_dir():
        names = sorted({path.name.partition("-eng.")[0] for path in (folder / "tatoeba").glob("*-eng.*.txt")})
        if not names:
            raise _unusable(
                folder / "tatoeba", N_("expected files named XXX-eng.XXX.txt and XXX-eng.eng.txt")
            )
        found += [_read_translations(folder / "tatoeba", code) for code in names]
    if (folder / "melo").is_dir():
        folders = sorted(path for path in (folder / "melo").iterdir() if path.is_dir())
        if not folders:
            raise _unusable(folder / "melo", N_("expected a folder for each set"))
        found += [_read_titles(path) for path in folders]
    if (folder / "domain").is_dir():
        found.append(_read_domain(folder / "domain", split))
    if (folder / "subjects.tsv").exists():
        found.append(_read_subjects(folder / "subjects.tsv", split))
    if not found:
        raise _unusable(folder, N_("expected any of tatoeba/, melo/NAME/, domain/ and subjects.tsv"))
    return found


def distinct_texts(sets: Sequence[LabelledSet]) -> list[str]:
    """Every text of the sets once, in order."""
    return sorted({text for labelled in sets for text in _texts(labelled)})


def _texts(labelled: LabelledSet) -> Iterator[str]:
    match labelled:
        case Translations():
            yield from labelled.theirs
            yield from labelled.english
        case Titles():
            yield from labelled.queries
            yield from labelled.corpus
        case Domain():
            yield from (text for written in (*labelled.needs, *labelled.mentors) for text in written.texts)
        case Subjects():
            yield from labelled.needs
            yield from labelled.offers


def _read_translations(folder: Path, code: str) -> Translations:
    path, other = folder / f"{code}-eng.eng.txt", folder / f"{code}-eng.{code}.txt"
    english, theirs = _lines(path), _lines(other)
    if len(english) != len(theirs):
        counts = {"count": len(theirs), "other": len(english), "file": path.name}
        raise _unusable(other, N_("%(count)d lines, but %(other)d in %(file)s"), **counts)
    return Translations(code, theirs, english)


def _read_titles(folder: Path) -> Titles:
    queries = dict(_cells(folder / "queries.tsv", 2))
    corpus = dict(_cells(folder / "corpus_elements.tsv", 2))
    row = {key: number for number, key in enumerate(corpus)}
    relevant: dict[str, set[int]] = {key: set() for key in queries}
    path = folder / "annotations.tsv"
    for number, (query, _, element, label) in enumerate(_cells(path, 4), start=1):
        if query not in relevant or element not in row:
            raise _unknown(path, number, query if query not in relevant else element)
        if label != "0":
            relevant[query].add(row[element])
    answered = {key: np.array(sorted(rows)) for key, rows in relevant.items() if rows}
    if not answered:
        raise _unusable(path, N_("no query has an answer"))
    texts = [queries[key] for key in answered]
    return Titles(folder.name, texts, list(corpus.values()), list(answered.values()))


def _read_domain(folder: Path, split: str) -> Domain:
    every = [(written, found) for written, found in _written(folder / "needs.jsonl")]
    needs = [written for written, found in every if found.get("split") == split]
    mentors = sorted((written for written, _ in _written(folder / "mentors.jsonl")), key=lambda one: one.ref)
    if not needs:
        raise _unusable(folder / "needs.jsonl", N_("no line has the split “%(split)s”"), split=split)
    known = {written.ref for written, _ in every}
    rows = {need.ref: row for row, need in enumerate(needs)}
    columns = {mentor.ref: column for column, mentor in enumerate(mentors)}
    grades = np.zeros((len(needs), len(mentors)), dtype=np.int64)
    path = folder / "grades.tsv"
    for number, (need, mentor, grade) in enumerate(_cells(path, 3), start=1):
        if number == 1 and grade == "grade":
            continue
        if need not in known or mentor not in columns:
            raise _unknown(path, number, need if need not in known else mentor)
        if grade not in {"0", "1", "2", "3"}:
            raise _at(path, number, Message(N_("a grade is 0, 1, 2 or 3")))
        if need in rows:
            grades[rows[need], columns[mentor]] = int(grade)
    if not (grades >= 2).any():
        raise _unusable(path, N_("no query has an answer"))
    return Domain(needs, mentors, grades)


def _read_subjects(path: Path, split: str) -> Subjects:
    texts: dict[tuple[str, str, str], str] = {}
    for row in csv.DictReader(_lines(path), delimiter="\t", quoting=csv.QUOTE_NONE):
        if not all(row.get(name) for name in ("subject", "split", "role", "language", "text")):
            raise _unusable(path, N_("expected the columns subject, split, role, language and text"))
        if row["split"] == split:
            texts[row["role"], row["language"], row["subject"]] = row["text"]
    languages = sorted({language for _, language, _ in texts})
    subjects = list(dict.fromkeys(subject for _, _, subject in texts))
    if len(languages) < 2 or len(subjects) < 2:
        raise _unusable(path, N_("“%(split)s” needs two languages and two subjects"), split=split)
    cells = [[(role, language, s) for language in languages for s in subjects] for role in ROLES]
    for role, language, subject in chain.from_iterable(cells):
        if (role, language, subject) not in texts:
            names = {"role": role, "language": language, "subject": subject}
            raise _unusable(path, N_("“%(subject)s” has no %(role)s in %(language)s"), **names)
    needs, offers = ([texts[cell] for cell in row] for row in cells)
    return Subjects(languages, subjects, needs, offers)


def _written(path: Path) -> Iterator[tuple[Written, dict[str, Any]]]:
    """Each line of JSON, checked, and all that it says."""
    shape = Message(N_('expected {"ref": "...", "language": "...", "texts": ["...", …]}'))
    for number, line in enumerate(_lines(path), start=1):
        try:
            found = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise _at(path, number, shape) from error
        texts = found.get("texts") if isinstance(found, dict) else None
        if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
            raise _at(path, number, shape)
        if not isinstance(found.get("ref"), str) or not isinstance(found.get("language"), str):
            raise _at(path, number, shape)
        yield Written(found["ref"], found["language"], tuple(texts)), found


def _cells(path: Path, count: int) -> Iterator[list[str]]:
    """The cells of each line; the last one takes what is left of it."""
    for number, line in enumerate(_lines(path), start=1):
        cells = line.split("\t", count - 1)
        if len(cells) != count:
            expected = Message(N_("expected %(count)d columns, separated by tabs"), {"count": count})
            raise _at(path, number, expected)
        yield cells


def _lines(path: Path) -> list[str]:
    """The lines of a file. Only a line feed ends one, for texts may hold the others."""
    try:
        text = path.read_bytes().decode("utf-8-sig").rstrip("\r\n")
    except FileNotFoundError as error:
        raise _unusable(path, N_("there is no such file")) from error
    except UnicodeDecodeError as error:
        raise _unusable(path, N_("this is not UTF-8 text")) from error
    if not text:
        raise _unusable(path, N_("the file has no lines"))
    return [line.removesuffix("\r") for line in text.split("\n")]


def _unusable(path: Path, problem: str, **params: object) -> UnusableSet:
    where = {"path": path, "problem": Message(problem, params)}
    return UnusableSet(Message(N_("%(path)s: %(problem)s"), where))


def _at(path: Path, number: int, problem: Message) -> UnusableSet:
    where = {"file": path, "line": number, "problem": problem}
    return UnusableSet(Message(N_("%(file)s, line %(line)d: %(problem)s"), where))


def _unknown(path: Path, number: int, ref: str) -> UnusableSet:
    return _at(path, number, Message(N_("“%(ref)s” is in no other file"), {"ref": ref}))
