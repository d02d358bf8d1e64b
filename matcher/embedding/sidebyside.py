"""The default encoder: two multilingual encoders side by side, with the language taken out of each.

USE-multilingual knows translations, E5 knows topics; neither is best at both. Each one's vectors lose their
language's direction and are scaled by the root of a weight, so that the cosine of two joined vectors is the
weighted mean of the two encoders' cosines. `docs/quality.md` has the figures, and those of what lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sentence_transformers.base.modules import InputModule

from matcher.embedding import e5, universal
from matcher.embedding.e5 import E5Small, locate_weights
from matcher.embedding.neutral import Float32, LanguageSubspace
from matcher.embedding.normalisation import normalise
from matcher.embedding.universal import Universal

SUBSPACES = Path(__file__).parent / "subspaces.npz"
"""Made by `python -m benchmarks.subspaces` from the dev split of our own subjects set."""
E5_SHARE = 0.6
"""Of the cosine; chosen on the dev splits of our own sets."""
DIMENSIONS = universal.DIMENSIONS + e5.DIMENSIONS


@dataclass(frozen=True, slots=True)
class Subspaces:
    """The language subspace of each of the two encoders."""

    universal: LanguageSubspace
    e5: LanguageSubspace


def load_subspaces(path: Path = SUBSPACES) -> Subspaces:
    """The subspaces that are shipped."""
    with np.load(path) as found:
        return Subspaces(
            LanguageSubspace(found["universal_mean"], found["universal_directions"]),
            LanguageSubspace(found["e5_mean"], found["e5_directions"]),
        )


class SideBySide(InputModule):
    """Six languages and more in one space of 896 dimensions; L2-normalised float32, on the CPU."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.universal = Universal()
        self.e5 = E5Small(locate_weights())
        self.subspaces = load_subspaces()

    def preprocess(self, inputs: Sequence[Any], prompt: str | None = None, **kwargs: Any) -> dict[str, Any]:  # noqa: ARG002
        """Normalise the texts; each encoder tokenises in its own way as it encodes."""
        return {"text": [normalise(f"{prompt or ''}{text}") for text in inputs]}

    def forward(self, features: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        """Add `sentence_embedding`, float32 of shape (texts, 896)."""
        texts = features["text"]
        vectors = join(
            self.subspaces.universal.remove(self.universal.encode(texts)),
            self.subspaces.e5.remove(self.e5.encode(texts)),
        )
        features["sentence_embedding"] = torch.from_numpy(vectors)
        return features

    def get_embedding_dimension(self) -> int:
        """The width of an embedding."""
        return DIMENSIONS

    def save(self, output_path: str, *_args: Any, **_kwargs: Any) -> None:
        """Write the (empty) configuration; the weights stay in their packages."""
        self.save_config(output_path)


def join(universal_vectors: Float32, e5_vectors: Float32) -> Float32:
    """Unit vectors of shape (n, 512) and (n, 384) as unit vectors of shape (n, 896)."""
    weights = np.sqrt([1 - E5_SHARE, E5_SHARE], dtype=np.float32)
    return np.hstack([universal_vectors * weights[0], e5_vectors * weights[1]])
