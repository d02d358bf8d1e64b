"""The measures, against values worked out by hand, and the one function that scores texts."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from matcher.ranking.config import ScoringConfig
from matcher.ranking.interaction import late_interaction
from matcher.ranking.matching import EmbeddedTexts, match_texts
from matcher.ranking.measures import hit, interval, mean_of, ndcg, over_language, reciprocal_rank

CONFIG = ScoringConfig()


def row(*scores: float) -> np.ndarray:
    return np.array(scores, dtype=np.float32)


def rows(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.int64)


def test_a_hit_is_the_wanted_offer_in_front() -> None:
    assert hit(row(0.1, 0.9, 0.5), 1) == 1
    assert hit(row(0.1, 0.9, 0.5), 2) == 0


def test_a_hit_that_ties_with_an_earlier_offer_is_none() -> None:
    assert hit(row(0.9, 0.9), 0) == 1
    assert hit(row(0.9, 0.9), 1) == 0


@pytest.mark.parametrize(
    ("relevant", "expected"),
    [((3,), 1.0), ((1,), 1 / 2), ((2,), 1 / 3), ((0,), 1 / 4), ((0, 2), 1 / 3), ((2, 1, 0), 1 / 2)],
)
def test_the_reciprocal_rank_is_that_of_the_first_relevant_offer(
    relevant: tuple[int, ...], expected: float
) -> None:
    assert reciprocal_rank(row(0.1, 0.8, 0.5, 0.9), rows(*relevant)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("relevant", "expected"), [((0,), 1.0), ((1,), 1 / 2), ((2,), 1 / 3), ((2, 1), 1 / 2)]
)
def test_among_equal_scores_the_earlier_offer_ranks_first(relevant: tuple[int, ...], expected: float) -> None:
    assert reciprocal_rank(row(0.5, 0.5, 0.5), rows(*relevant)) == pytest.approx(expected)


def test_discounted_gain_is_that_of_the_order_over_the_best_order() -> None:
    # Order by score: grades 0, 3, 1. Gains 0, 7, 1 at discounts 1, 1/log2(3), 1/2.
    gained = 7 / math.log2(3) + 1 / 2
    ideal = 7 + 1 / math.log2(3)
    assert ndcg(row(0.7, 0.2, 0.9), rows(3, 1, 0)) == pytest.approx(gained / ideal)


def test_discounted_gain_ends_at_its_depth() -> None:
    assert ndcg(row(0.9, 0.8, 0.7), rows(0, 0, 2), depth=2) == 0
    # The ideal is cut there too: two of the three grades count.
    assert ndcg(row(0.9, 0.8, 0.7), rows(2, 2, 2), depth=2) == pytest.approx(1)


def test_discounted_gain_takes_equal_scores_in_their_order() -> None:
    assert ndcg(row(0.5, 0.5), rows(0, 1)) == pytest.approx(1 / math.log2(3))


def test_without_a_grade_there_is_nothing_to_gain() -> None:
    assert math.isnan(ndcg(row(0.5, 0.4), rows(0, 0)))


@pytest.fixture
def three_subjects() -> np.ndarray:
    """Scores of (language, subject) needs for (language, subject) offers, two languages, three subjects."""
    scores = np.zeros((2, 3, 2, 3), dtype=np.float32)
    # Needs in language 0; answers in language 1 score .5 on each subject.
    scores[0, :, 1, :][np.eye(3, dtype=bool)] = 0.5
    scores[0, 0, 0] = [0.9, 0.4, 0.4]  # its own-language answer is no rival; both rivals lose
    scores[0, 1, 0] = [0.6, 0.9, 0.4]  # one rival wins
    scores[0, 2, 0] = [0.5, 0.6, 0.9]  # one ties, which is a failure, and one wins
    return scores


def test_a_subject_outweighs_the_language_as_often_as_its_rivals_lose(three_subjects: np.ndarray) -> None:
    share, _ = over_language(three_subjects)
    assert share[0, 1].tolist() == [1, 1 / 2, 0]


def test_strictly_a_subject_must_outrank_all_rivals(three_subjects: np.ndarray) -> None:
    _, strict = over_language(three_subjects)
    assert strict[0, 1].tolist() == [1, 0, 0]


def test_where_nothing_was_scored_nothing_outranks(three_subjects: np.ndarray) -> None:
    share, strict = over_language(three_subjects)
    assert share[1, 0].tolist() == strict[1, 0].tolist() == [0, 0, 0]


def test_a_language_is_no_other_than_itself(three_subjects: np.ndarray) -> None:
    share, strict = over_language(three_subjects)
    assert np.isnan(share[[0, 1], [0, 1]]).all()
    assert np.isnan(strict[[0, 1], [0, 1]]).all()


def test_each_set_weighs_the_same_in_a_mean() -> None:
    assert mean_of([np.array([1.0]), np.array([0.0, 0.0, 0.5])]) == pytest.approx((1 + 1 / 6) / 2)


def test_an_interval_of_equal_values_has_no_width() -> None:
    assert interval([np.full(20, 0.25)]) == (0.25, 0.25)


def test_an_interval_is_as_wide_as_theory_says() -> None:
    """Of 400 draws of which half are 1, the mean has the deviation sqrt(.25 / 400) = .025."""
    low, high = interval([np.tile([0.0, 1.0], 200)])
    assert low == pytest.approx(0.5 - 1.96 * 0.025, abs=0.006)
    assert high == pytest.approx(0.5 + 1.96 * 0.025, abs=0.006)


def test_sets_are_resampled_each_within_itself() -> None:
    """Of a set of zeros and one of ones, every resample has the mean one half."""
    assert interval([np.zeros(5), np.ones(50)]) == (0.5, 0.5)


def test_an_interval_is_the_same_in_every_run() -> None:
    values = [np.linspace(0, 1, 30)]
    assert interval(values) == interval(values)
    assert interval(values) != interval(values, seed=1)


@pytest.fixture
def embedded() -> Callable[[list[str]], EmbeddedTexts]:
    """Texts with unit vectors drawn at random."""

    def embed(texts: list[str]) -> EmbeddedTexts:
        vectors = np.random.default_rng(3).normal(size=(len(texts), 8)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return EmbeddedTexts({text: number for number, text in enumerate(texts)}, vectors)

    return embed


def test_a_need_of_any_block_scores_as_it_does_alone(
    embedded: Callable[[list[str]], EmbeddedTexts],
) -> None:
    texts = [f"t{number}" for number in range(40)]
    needs = [texts[number % 30 : number % 30 + 1 + number % 3] for number in range(600)]
    offers = [texts[5:9], texts[0:1], texts[30:40]]
    nearness = embedded(texts)
    found = list(match_texts(needs, offers, nearness, CONFIG))
    assert len(found) == 600
    for number in (0, 255, 256, 257, 511, 512, 599):
        (alone,) = match_texts([needs[number]], offers, nearness, CONFIG)
        np.testing.assert_allclose(found[number], alone, atol=1e-6)


def test_the_scores_are_those_of_late_interaction(embedded: Callable[[list[str]], EmbeddedTexts]) -> None:
    nearness = embedded(["a", "b", "c", "d", "e"])
    (found,) = match_texts([["a", "b"]], [["c"], ["d", "e"]], nearness, CONFIG)
    cosines = nearness.vectors[:2] @ nearness.vectors[2:].T
    groups = np.array([[0, -1], [1, 2]])
    expected = late_interaction(cosines, groups, CONFIG.best_pairs, CONFIG.best_share, CONFIG.breadth)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_without_needs_there_are_no_scores(embedded: Callable[[list[str]], EmbeddedTexts]) -> None:
    assert list(match_texts([], [["a"]], embedded(["a"]), CONFIG)) == []
