"""The encoder. torch and sentence-transformers are imported here and nowhere else."""

from matcher.embedding.encoder import Encoder, ModelUnavailable, load_encoder

__all__ = ["Encoder", "ModelUnavailable", "load_encoder"]
