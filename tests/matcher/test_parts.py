"""The parts of a score sum to it, for a thousand random pairs with texts of random length and likeness."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.models import Facet, Kind
from matcher.ranking.comparison import PART_LABELS, limits
from matcher.ranking.config import ScoringConfig
from matcher.ranking.facts import Facts
from matcher.ranking.fit import WEIGHTS, structured_fit
from matcher.ranking.score import MEETINGS
from matcher.ranking.voices import Spoken, Voice, meet, score_voices
from tests.matcher.strategies import facts

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


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Facts, Facts, Voice, Voice]:
    kind = draw(st.sampled_from((Kind.MENTOR, Kind.FUNDER)))
    sizes = draw(st.lists(st.integers(0, 4), min_size=5, max_size=5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    startup, counterpart = draw(facts(Kind.STARTUP, 1)), draw(facts(kind, 2))
    return startup, counterpart, _voice(Kind.STARTUP, sizes[:2], rng), _voice(kind, sizes[2:], rng)


@settings(max_examples=1000)
@given(pairs())
def test_the_parts_of_a_thousand_random_pairs_sum_to_their_scores(
    pair: tuple[Facts, Facts, Voice, Voice],
) -> None:
    score = score_voices(*pair, (), CONFIG)
    most = limits(pair[0], pair[1], score.parts, CONFIG)

    assert abs(sum(score.parts.values()) - score.total) <= 1e-6
    assert 0 <= score.total <= 1 + 1e-9
    assert score.parts.keys() <= PART_LABELS.keys()
    assert all(0 <= share <= most[part] + 1e-9 for part, share in score.parts.items())


@settings(max_examples=200)
@given(pairs())
def test_the_parts_are_what_they_are_called(pair: tuple[Facts, Facts, Voice, Voice]) -> None:
    """Against the sum written from its description: weights by the texts that met, and the fit."""
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


@settings(max_examples=200)
@given(pairs())
def test_each_entry_that_can_meet_is_quoted_once_at_its_best(pair: tuple[Facts, Facts, Voice, Voice]) -> None:
    _, counterpart, ours, theirs = pair
    met = meet(ours, theirs, (), counterpart.kind, CONFIG)

    assert len({(m.ours, m.our_text) for m in met}) == len(met)
    assert bool(met) == bool(ours and theirs)
    for m in met:
        assert m.our_text in ours[m.ours].texts
        assert m.their_text in theirs[m.theirs].texts
        assert 0 <= m.likeness <= 1
