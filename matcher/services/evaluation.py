"""Evaluation: the text matching's quality on labelled sets, with intervals."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matcher.ranking.config import ScoringConfig
from matcher.ranking.matching import Group, Nearness, match_texts
from matcher.ranking.measures import hit, interval, mean_of, ndcg, over_language, reciprocal_rank
from matcher.services.labelled import Domain, LabelledSet, Subjects, Titles, Translations

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]

_Values = tuple[float, float]

ANSWERS = 2
"""The lowest grade of a mentor who answers a need."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure on one set.

    Attributes:
        measure: such as `P@1`.
        dataset: the set, and what part of it.
        which: of several directions, the one that is reported; else empty.
        value: the mean.
        low: of its 95 % bootstrap interval.
        high: likewise.
        n: the queries that were resampled.
    """

    measure: str
    dataset: str
    which: str
    value: float
    low: float
    high: float
    n: int


def evaluate(sets: Sequence[LabelledSet], nearness: Nearness) -> Iterator[Figure]:
    """Every figure on these sets; all texts are compared by `nearness`, then as `tandem score` does."""
    yield from _translations([one for one in sets if isinstance(one, Translations)], nearness)
    for labelled in sets:
        match labelled:
            case Titles():
                yield _titles(labelled, nearness)
            case Domain():
                yield from _domain(labelled, nearness)
            case Subjects():
                yield from _subjects(labelled, nearness)


def _scores(needs: Sequence[Group], offers: Sequence[Group], nearness: Nearness) -> Iterator[Float32]:
    return match_texts(needs, offers, nearness, ScoringConfig())


def _figure(measure: str, dataset: str, strata: Sequence[Float64], which: str = "") -> Figure:
    low, high = interval(strata)
    return Figure(measure, dataset, which, mean_of(strata), low, high, sum(map(len, strata)))


def _translations(sets: Sequence[Translations], nearness: Nearness) -> Iterator[Figure]:
    """P@1 of each direction, their mean and the worst of them."""
    directions: dict[str, Float64] = {}
    for one in sets:
        theirs, english = [(text,) for text in one.theirs], [(text,) for text in one.english]
        ways = ((f"{one.code}-eng", theirs, english), (f"eng-{one.code}", english, theirs))
        for name, needs, offers in ways:
            rows = enumerate(_scores(needs, offers, nearness))
            directions[name] = np.array([hit(row, number) for number, row in rows])
            yield _figure("P@1", f"tatoeba/{name}", [directions[name]])
    if directions:
        values = list(directions.values())
        # Both ways of a pair of sentences stand or fall together.
        both = [(there + back) / 2 for there, back in zip(values[::2], values[1::2], strict=True)]
        worst = min(directions, key=lambda name: directions[name].mean())
        yield _figure("P@1", "tatoeba/mean", both)
        yield _figure("P@1", "tatoeba/worst", [directions[worst]], worst)


def _titles(titles: Titles, nearness: Nearness) -> Figure:
    """MRR over the whole corpus."""
    scores = _scores([(text,) for text in titles.queries], [(text,) for text in titles.corpus], nearness)
    ranks = [reciprocal_rank(row, found) for row, found in zip(scores, titles.relevant, strict=True)]
    return _figure("MRR", f"melo/{titles.name}", [np.array(ranks)])


def _domain(domain: Domain, nearness: Nearness) -> Iterator[Figure]:
    """NDCG@10 and MRR over all mentors, over those of other languages, and by the need's language."""
    offers = [mentor.texts for mentor in domain.mentors]
    scores = np.stack(list(_scores([need.texts for need in domain.needs], offers, nearness)))
    tongues = np.array([mentor.language for mentor in domain.mentors])
    everyone: list[_Values] = []
    foreign: list[_Values] = []
    by_language: dict[str, list[_Values]] = {}
    for row, grades, need in zip(scores, domain.grades, domain.needs, strict=True):
        if (grades >= ANSWERS).any():
            everyone.append(_ranked(row, grades))
            by_language.setdefault(need.language, []).append(everyone[-1])
        other = tongues != need.language
        if (grades[other] >= ANSWERS).any():
            foreign.append(_ranked(row[other], grades[other]))
    parts = {"domain": everyone, "domain/other languages": foreign}
    parts |= {f"domain/{language}": by_language[language] for language in sorted(by_language)}
    for name, values in parts.items():
        for measure, column in (("NDCG@10", 0), ("MRR", 1)):
            if values:
                yield _figure(measure, name, [np.array(values)[:, column]])


def _ranked(scores: Float32, grades: npt.NDArray[np.int64]) -> _Values:
    return ndcg(scores, grades), reciprocal_rank(scores, np.flatnonzero(grades >= ANSWERS))


def _subjects(subjects: Subjects, nearness: Nearness) -> Iterator[Figure]:
    """How often the subject outweighs the language: the mean over directed pairs, and the worst."""
    shape = (len(subjects.languages), len(subjects.subjects))
    needs, offers = [(text,) for text in subjects.needs], [(text,) for text in subjects.offers]
    scores = np.stack(list(_scores(needs, offers, nearness)))
    measures = ("subject over language", "subject over language, strict")
    for measure, values in zip(measures, over_language(scores.reshape(*shape, *shape)), strict=True):
        pairs = {
            f"{ours}-{theirs}": values[a, b]
            for a, ours in enumerate(subjects.languages)
            for b, theirs in enumerate(subjects.languages)
            if a != b
        }
        worst = min(pairs, key=lambda name: pairs[name].mean())
        # A subject is one draw, in however many pairs of languages it is asked.
        yield _figure(measure, "subjects/mean", [np.mean(list(pairs.values()), axis=0)])
        yield _figure(measure, "subjects/worst", [pairs[worst]], worst)
