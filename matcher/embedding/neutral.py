"""Taking the language out of an embedding.

Multilingual encoders place texts by language first and by meaning second, so that a text's nearest neighbours
are those of its own language whatever they say. Each language's mean vector differs from the others' in
a few directions; projecting those out leaves the meaning. After Yang et al., "A Simple and Effective Method
To Eliminate the Self Language Bias in Multilingual Representations", EMNLP 2021.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True)
class LanguageSubspace:
    """What tells languages apart in one encoder's space.

    Attributes:
        mean: float32 of shape (d,), the mean of the languages' means.
        directions: float32 of shape (languages - 1, d), orthonormal.
    """

    mean: Float32
    directions: Float32

    def remove(self, vectors: Float32) -> Float32:
        """`vectors`, (n, d), centred, without these directions, and L2-normalised."""
        centred = vectors - self.mean
        neutral = centred - (centred @ self.directions.T) @ self.directions
        norms = np.linalg.norm(neutral, axis=1, keepdims=True)
        return np.asarray(neutral / np.maximum(norms, 1e-12), dtype=np.float32)


def learn_subspace(vectors: Float32, languages: Sequence[str]) -> LanguageSubspace:
    """The subspace in which the mean vectors of `languages` differ; one language for each of `vectors`."""
    labels = np.asarray(languages)
    means = np.stack([vectors[labels == language].mean(axis=0) for language in sorted(set(languages))])
    centre = means.mean(axis=0)
    _, _, directions = np.linalg.svd(means - centre, full_matrices=False)
    return LanguageSubspace(centre.astype(np.float32), directions[: len(means) - 1].astype(np.float32))
