"""Texts as the encoders see them, case by case."""

import numpy as np
import pytest

from matcher.embedding import Encoder
from matcher.embedding.neutral import learn_subspace
from matcher.embedding.normalisation import normalise

CASES = {
    "Accueillant familial / Accueillante familiale auprès d'adultes": "accueillant familial auprès d'adultes",
    "Acteur / Actrice de complément": "acteur de complément",
    "Agent chargé / Agente chargée de protection": "agent chargé de protection",
    "Ingénieur·e·s réseau": "ingénieur réseau",
    "chargé(e) de mission": "chargé de mission",
    "ingeniera/o de suelos": "ingeniera de suelos",
    "Журналист / Журналистка": "журналист",
    "B2B / B2C sales": "b2b / b2c sales",
    "product / process design": "product / process design",
    "solar/wind power": "solar/wind power",
    "24/7 support, TCP/IP": "24/7 support, tcp/ip",
    "pricing pricing pricing pricing strategy": "pricing strategy",
    "cold chain, cold chain, cold chain": "cold chain",
    "cold chain and cold chain": "cold chain and cold chain",
    "pay\u200bment\u00ad inte\u2060gration\U000e0041": "payment integration",
    "ＦＵＬＬ width ﬁne": "full width fine",
    "Rаdiо mаsts for а villаgе": "radio masts for a village",
    "Un résеаu dе cоllectе": "un réseau de collecte",
    "Cтроительство cоларных сетей": "строительство соларных сетей",
    "IT-специалист по сетям Wi-Fi": "it-специалист по сетям wi-fi",
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CASES.items())
def test_a_text_is_normalised(text: str, expected: str) -> None:
    assert normalise(text) == expected


@pytest.mark.parametrize("text", CASES)
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


def test_both_sexes_named_are_embedded_as_one(encoder: Encoder) -> None:
    double, single = encoder.encode(["Vendeur / Vendeuse en boulangerie", "vendeur en boulangerie"])
    assert double @ single > 0.999


def test_the_language_is_taken_out_and_the_rest_is_left() -> None:
    generator = np.random.default_rng(5)
    meanings = generator.normal(size=(50, 8))
    french = np.array([0, 0, 0, 0, 0, 0, 0, 9.0])
    vectors = np.concatenate([meanings, meanings + french]).astype(np.float32)
    subspace = learn_subspace(vectors, ["en"] * 50 + ["fr"] * 50)
    neutral = subspace.remove(vectors)
    assert subspace.directions.shape == (1, 8)
    np.testing.assert_allclose(neutral[:50], neutral[50:], atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(neutral, axis=1), 1, atol=1e-5)
