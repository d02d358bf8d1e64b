"""Quality of the text matching on labelled sets, beside TF-IDF's.

`python -m benchmarks.quality --data DIR` prints P@1 on Tatoeba (both ways) and MRR on MELO for the
function that `tandem score` and the recommendations use, under the encoder of TANDEM_MODEL.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer

from config.settings import get_settings
from matcher.embedding import load_encoder
from matcher.ranking.config import ScoringConfig
from matcher.ranking.interaction import late_interaction, pad_groups

Scores = Callable[[Sequence[str], Sequence[str]], Iterator[npt.NDArray[np.float32]]]
LANGUAGES = {"ara": "Arabic", "cmn": "Chinese", "fra": "French", "rus": "Russian", "spa": "Spanish"}
MELO = ("usa_q_en_c_en", "fra_q_fr_c_en")


def tandem(needs: Sequence[str], offers: Sequence[str]) -> Iterator[npt.NDArray[np.float32]]:
    """One row of scores a need, (offers,), as `tandem score` computes them."""
    encoder = load_encoder(get_settings().model)
    ours, theirs = encoder.encode(needs), encoder.encode(offers)
    groups, config = pad_groups([1] * len(offers)), ScoringConfig()
    for row in range(len(ours)):
        yield late_interaction(ours[row : row + 1] @ theirs.T, groups, config.best_pairs, config.best_share)


def tfidf(needs: Sequence[str], offers: Sequence[str]) -> Iterator[npt.NDArray[np.float32]]:
    """The baseline: cosine of character 2- to 4-grams, TF-IDF fitted on both sides."""
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, dtype=np.float32)
    vectorizer.fit([*needs, *offers])
    theirs = vectorizer.transform(offers).T.tocsc()
    for row in vectorizer.transform(needs):
        yield (row @ theirs).toarray()[0]


def precision_at_1(scores: Iterator[npt.NDArray[np.float32]]) -> float:
    """Share of needs whose best offer is the one with the same number."""
    hits = [int(row.argmax()) == number for number, row in enumerate(scores)]
    return float(np.mean(hits))


def mean_reciprocal_rank(scores: Iterator[npt.NDArray[np.float32]], relevant: Sequence[set[int]]) -> float:
    """Mean over needs of 1 / rank of the first relevant offer; a tie ranks the earlier offer first."""
    ranks = []
    for row, wanted in zip(scores, relevant, strict=True):
        columns = np.fromiter(wanted, dtype=np.int64)
        best = columns[np.lexsort((columns, -row[columns]))[0]]
        ahead = (row > row[best]).sum() + (row[:best] == row[best]).sum()
        ranks.append(1 / (1 + int(ahead)))
    return float(np.mean(ranks))


def tatoeba(folder: Path, scores: Scores) -> dict[str, float]:
    """P@1 of each direction."""
    found = {}
    for code, name in LANGUAGES.items():
        theirs = _lines(folder / f"{code}-eng.{code}.txt")
        english = _lines(folder / f"{code}-eng.eng.txt")
        found[f"{name} to English"] = precision_at_1(scores(theirs, english))
        found[f"English to {name}"] = precision_at_1(scores(english, theirs))
    return found


def melo(folder: Path, scores: Scores) -> float:
    """MRR over all corpus elements."""
    queries, corpus = _table(folder / "queries.tsv"), _table(folder / "corpus_elements.tsv")
    position = {key: number for number, key in enumerate(corpus)}
    relevant: dict[str, set[int]] = {key: set() for key in queries}
    for line in _lines(folder / "annotations.tsv"):
        query, _, element, _ = line.split("\t")
        relevant[query].add(position[element])
    wanted = {key: found for key, found in relevant.items() if found}
    texts = [queries[key] for key in wanted]
    return mean_reciprocal_rank(scores(texts, list(corpus.values())), list(wanted.values()))


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").rstrip("\n").split("\n")


def _table(path: Path) -> dict[str, str]:
    rows = (line.split("\t", 1) for line in _lines(path))
    return {key: text for key, text in rows}  # noqa: C416 - a list is no pair to mypy


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with tatoeba/ and melo/")
    data: Path = parser.parse_args().data
    space = load_encoder(get_settings().model).space
    systems: dict[str, Scores] = {f"Tandem ({space.model} {space.revision})": tandem, "TF-IDF": tfidf}
    tables: dict[str, dict[str, float]] = {}
    for name, scores in systems.items():
        started = time.monotonic()
        directions = tatoeba(data / "tatoeba", scores)
        tables[name] = {
            **{f"P@1 {key}": value for key, value in directions.items()},
            "P@1 mean of ten": float(np.mean(list(directions.values()))),
            "P@1 worst of ten": min(directions.values()),
            **{f"MRR {key}": melo(data / "melo" / key, scores) for key in MELO},
            "seconds": time.monotonic() - started,
        }
    ours, baseline = tables.values()
    print(f"{'':28}" + "".join(f"{name:>32}" for name in tables) + f"{'ratio':>10}")
    for key, value in ours.items():
        ratio = value / baseline[key] if baseline[key] else float("inf")
        print(f"{key:28}{value:>32.3f}{baseline[key]:>32.3f}{ratio:>10.2f}")


if __name__ == "__main__":
    main()
