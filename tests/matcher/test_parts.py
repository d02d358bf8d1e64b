"""The parts of a score sum to it, for a thousand random pairs with texts of random length and likeness."""

from collections.abc import Iterator

import numpy as np
import pytest

from matcher.models import Facet, Kind
from matcher.ranking.comparison import PART_LABELS, limits
from matcher.ranking.config import ScoringConfig
from matcher.ranking.facts import WORLD, Facts
from matcher.ranking.fit import STAGES, WEIGHTS, structured_fit
from matcher.ranking.score import MEETINGS
from matcher.ranking.voices import Spoken, Voice, meet, score_voices
from tests.matcher.strategies import COUNTRIES, LANGUAGES, SECTORS

CONFIG = ScoringConfig()
_FACETS = {
    Kind.STARTUP: (Facet.PITCH, Facet.NEED),
    Kind.MENTOR: (Facet.EXPERTISE, Facet.EXPERIENCE, Facet.INTEREST),
    Kind.FUNDER: (Facet.THESIS, Facet.PORTFOLIO, Facet.OFFER),
}
_DIMENSIONS = 6  # few, so that cosines of random vectors fill their whole range


def _voice(kind: Kind, sizes: list[int], rng: np.random.Generator) -> Voice:
    said = {}
    for facet, size in zip(_FACETS[kind], sizes, strict=False):
        vectors = rng.standard_normal((size, _DIMENSIONS)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        if size:
            said[facet] = Spoken([f"{facet} {row}" for row in range(size)], vectors)
    return said


def _facts(kind: Kind, number: int, rng: np.random.Generator) -> Facts:
    """What a fit is made of, each often not stated."""

    def some(words: tuple[str, ...], most: int = 2) -> list[str]:
        return rng.permutation(words)[: rng.integers(most + 1)].tolist()

    return Facts(
        id=number, kind=kind, ref=f"{kind}{number}", name=f"Name {number}", languages=tuple(some(LANGUAGES)),
        sectors=frozenset(some(SECTORS)), stages=frozenset(some(STAGES, 1 if kind is Kind.STARTUP else 3)),
        country=next(iter(some(COUNTRIES, 1)), None), markets=frozenset(some((*COUNTRIES, WORLD))),
        utc_offsets=tuple(rng.choice([-11.0, -5.0, 0.0, 3.0, 12.0], rng.integers(3)).tolist()),
    )  # fmt: skip


def some_pairs(count: int) -> Iterator[tuple[Facts, Facts, Voice, Voice]]:
    """Pairs that differ in everything, the same in every run."""
    rng = np.random.default_rng(20)
    for _ in range(count):
        kind = (Kind.MENTOR, Kind.FUNDER)[rng.integers(2)]
        sizes = rng.integers(0, 5, 5).tolist()
        ours, theirs = _voice(Kind.STARTUP, sizes[:2], rng), _voice(kind, sizes[2:], rng)
        yield _facts(Kind.STARTUP, 1, rng), _facts(kind, 2, rng), ours, theirs


def test_the_parts_of_a_thousand_random_pairs_sum_to_their_scores() -> None:
    for pair in some_pairs(1000):
        score = score_voices(*pair, (), CONFIG)
        most = limits(pair[0], pair[1], score.parts, CONFIG)

        assert abs(sum(score.parts.values()) - score.total) <= 1e-6
        assert 0 <= score.total <= 1 + 1e-9
        assert score.parts.keys() <= PART_LABELS.keys()
        assert all(0 <= share <= most[part] + 1e-9 for part, share in score.parts.items())


def test_the_parts_are_what_they_are_called() -> None:
    """Against the sum written from its description: weights by the texts that met, and the fit."""
    for pair in some_pairs(200):
        startup, counterpart, ours, theirs = pair
        score = score_voices(*pair, (), CONFIG)
        spoken = {m.part: m.config(CONFIG) for m in MEETINGS[counterpart.kind] if ours and m.theirs in theirs}
        shares = {part: score.parts[part] for part in score.parts if part.startswith("text:")}
        whole = sum(bounds.weight for bounds in spoken.values())

        assert shares.keys() == spoken.keys()
        for m in MEETINGS[counterpart.kind]:
            if m.part in spoken:
                mine = ours.get(m.ours) or next(iter(ours.values()))
                near = sorted(
                    (float(v @ w) for v in mine.vectors for w in theirs[m.theirs].vectors), reverse=True
                )
                few = near[: CONFIG.best_pairs]
                blend = CONFIG.best_share * near[0] + (1 - CONFIG.best_share) * sum(few) / len(few)
                blend -= CONFIG.breadth * float(np.log(max(len(near), 9) / 9))
                bounds = spoken[m.part]
                likeness = min(max((blend - bounds.floor) / (bounds.ceiling - bounds.floor), 0), 1)
                expected = CONFIG.text_weight * bounds.weight / whole * likeness
                assert shares[m.part] == pytest.approx(expected, abs=1e-5)
        for name, value in structured_fit(startup, counterpart).items():
            held = CONFIG.unstated if np.isnan(value) else value
            share = (1 - CONFIG.text_weight) * WEIGHTS[counterpart.kind][name]
            assert score.parts[f"fit:{name}"] == pytest.approx(share * held)


def test_each_entry_that_can_meet_is_quoted_once_at_its_best() -> None:
    for pair in some_pairs(200):
        _, counterpart, ours, theirs = pair
        met = meet(ours, theirs, (), counterpart.kind, CONFIG)

        assert len({(m.ours, m.our_text) for m in met}) == len(met)
        assert bool(met) == bool(ours and theirs)
        for m in met:
            assert m.our_text in ours[m.ours].texts
            assert m.their_text in theirs[m.theirs].texts
            assert 0 <= m.likeness <= 1
