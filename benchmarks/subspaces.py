"""Learn what tells languages apart in the spaces of the two encoders, and write the file that is shipped.

`python -m benchmarks.subspaces` embeds the dev split of the subjects set, which says the same in each
language, and writes `matcher/embedding/subspaces.npz`. No text of a test split is used.
"""

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from matcher.embedding.e5 import E5Small, locate_weights
from matcher.embedding.neutral import learn_subspace
from matcher.embedding.normalisation import normalise
from matcher.embedding.sidebyside import SUBSPACES
from matcher.embedding.universal import Universal

SUBJECTS = Path(__file__).parent / "sets" / "subjects.tsv"
LANGUAGES = ("ar", "en", "es", "fr", "ru", "zh")


def dev_texts() -> Iterator[tuple[str, str]]:
    """(language, text) of the dev split: the same in every language, so that only the language differs."""
    with SUBJECTS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row["split"] == "dev":
                yield row["language"], row["text"]


def main() -> None:
    """Learn and write."""
    languages, texts = zip(*dev_texts(), strict=True)
    print(dict(Counter(languages)))
    normalised = [normalise(text) for text in texts]
    found = {}
    for name, encoder in (("universal", Universal()), ("e5", E5Small(locate_weights()))):
        subspace = learn_subspace(encoder.encode(normalised), languages)
        found[f"{name}_mean"], found[f"{name}_directions"] = subspace.mean, subspace.directions
    np.savez(SUBSPACES, **found)
    print(f"wrote {SUBSPACES} ({SUBSPACES.stat().st_size} bytes)")


if __name__ == "__main__":
    main()
