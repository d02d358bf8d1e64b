"""Scores: parts that add up, bounds that hold, and the same order in every run."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from matcher.models import Kind
from matcher.profiles import taxonomy
from matcher.ranking.config import MeetingConfig, ScoringConfig
from matcher.ranking.facts import Facts
from matcher.ranking.fit import STAGES, WEIGHTS, structured_fit
from matcher.ranking.score import MEETINGS, Score, best_rows, score_pair
from tests.matcher.strategies import facts

KINDS = st.sampled_from((Kind.MENTOR, Kind.FUNDER))
STARTUP = Facts(id=1, kind=Kind.STARTUP, ref="S1", name="Umeme")
MENTOR = Facts(id=2, kind=Kind.MENTOR, ref="M1", name="Ada")
FUNDER = Facts(id=3, kind=Kind.FUNDER, ref="F1", name="Fund")
NAN = math.nan
BORDERS = (0.0, 0.3, 0.4499, 0.45, 0.5, 0.5999, 0.6, 1.0)


@st.composite
def configs(draw: st.DrawFn) -> ScoringConfig:
    """Any weights that the bounds allow."""
    share = st.floats(0, 1)
    names = [name for name, field in ScoringConfig.model_fields.items() if field.annotation is MeetingConfig]
    meetings = {name: MeetingConfig(weight=draw(share), floor=0.1, ceiling=0.5) for name in names}
    return ScoringConfig(text_weight=draw(share), unstated=draw(share), **meetings)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Facts, Facts, dict[str, float]]:
    """Two profiles, and how like each other their texts are."""
    kind = draw(KINDS)
    likeness = {meeting.part: draw(st.just(NAN) | st.floats(0, 1)) for meeting in MEETINGS[kind]}
    return draw(facts(Kind.STARTUP, 1)), draw(facts(kind, 2)), likeness


@given(pairs(), st.just(ScoringConfig()) | configs())
def test_the_parts_of_a_score_add_up_to_it(
    pair: tuple[Facts, Facts, dict[str, float]], config: ScoringConfig
) -> None:
    score = score_pair(*pair, config)
    assert abs(sum(score.parts.values()) - score.total) <= 1e-9
    assert -1e-9 <= score.total <= 1 + 1e-9
    assert all(part >= 0 for part in score.parts.values())


@given(pairs())
def test_a_meeting_that_cannot_take_place_has_no_part(pair: tuple[Facts, Facts, dict[str, float]]) -> None:
    score = score_pair(*pair, ScoringConfig())
    held = {name for name, value in pair[2].items() if not math.isnan(value)}
    assert {name for name in score.parts if name.startswith("text:")} == held


@given(pairs(), st.data())
def test_a_likelier_text_never_lowers_a_score(
    pair: tuple[Facts, Facts, dict[str, float]], data: st.DataObject
) -> None:
    startup, other, likeness = pair
    more = {k: v if math.isnan(v) else data.draw(st.floats(v, 1)) for k, v in likeness.items()}
    before = score_pair(startup, other, likeness, ScoringConfig())
    assert score_pair(startup, other, more, ScoringConfig()).total >= before.total - 1e-12


@pytest.mark.parametrize("other", [MENTOR, FUNDER])
def test_the_same_likeness_everywhere_is_the_text_share_of_the_score(other: Facts) -> None:
    likeness = {meeting.part: 0.8 for meeting in MEETINGS[other.kind]}
    score = score_pair(STARTUP, other, likeness, ScoringConfig())
    assert score.total == pytest.approx(0.75 * 0.8 + 0.25 * 0.5)


@pytest.mark.parametrize("other", [MENTOR, FUNDER])
def test_a_pair_without_texts_is_scored_by_its_fit_alone(other: Facts) -> None:
    likeness = {meeting.part: NAN for meeting in MEETINGS[other.kind]}
    assert score_pair(STARTUP, other, likeness, ScoringConfig()).total == pytest.approx(0.125)


def test_leaving_a_facet_out_is_no_handicap() -> None:
    whole = {"text:need-expertise": 0.6, "text:need-experience": 0.6, "text:pitch-interest": 0.6}
    lone = {**whole, "text:need-experience": NAN, "text:pitch-interest": NAN}
    scores = [score_pair(STARTUP, MENTOR, likeness, ScoringConfig()).total for likeness in (whole, lone)]
    assert scores[0] == pytest.approx(scores[1])


@pytest.mark.parametrize("kind", [Kind.MENTOR, Kind.FUNDER])
def test_the_shares_of_the_structured_fit_add_up_to_one(kind: Kind) -> None:
    assert sum(WEIGHTS[kind].values()) == pytest.approx(1)


def test_the_stages_are_those_of_the_taxonomy() -> None:
    assert list(STAGES) == list(taxonomy.load_toml("stages"))


FIT = [
    (MENTOR, "sector", {"sectors": {"a", "b"}}, {"sectors": {"b"}}, 1),
    (MENTOR, "sector", {"sectors": {"a", "b"}}, {"sectors": {"b", "c", "d"}}, 0.5),
    (MENTOR, "sector", {"sectors": {"a"}}, {"sectors": {"b"}}, 0),
    (MENTOR, "sector", {"sectors": {"a"}}, {}, NAN),
    (MENTOR, "stage", {"stages": {"pilot"}}, {"stages": {"pilot", "scale"}}, 1),
    (MENTOR, "stage", {"stages": {"pilot"}}, {"stages": {"prototype", "scale"}}, 0.5),
    (MENTOR, "stage", {"stages": {"idea"}}, {"stages": {"pilot"}}, 0),
    (MENTOR, "stage", {}, {"stages": {"pilot"}}, NAN),
    (MENTOR, "market", {"country": "KE"}, {"markets": {"KE"}}, 1),
    (MENTOR, "market", {"markets": {"KE"}}, {"country": "KE"}, 1),
    (MENTOR, "market", {"country": "KE"}, {"country": "SN"}, 0),
    (MENTOR, "market", {}, {"country": "SN"}, NAN),
    (MENTOR, "language", {"languages": ("fr", "en")}, {"languages": ("fr",)}, 1),
    (MENTOR, "language", {"languages": ("fr", "en")}, {"languages": ("en",)}, 0.5),
    (MENTOR, "language", {"languages": ("fr",)}, {}, NAN),
    (MENTOR, "timezone", {"utc_offsets": (3.0,)}, {"utc_offsets": (1.0,)}, 1),
    (MENTOR, "timezone", {"utc_offsets": (3.0,)}, {"utc_offsets": (-2.0,)}, 0.5),
    (MENTOR, "timezone", {"utc_offsets": (3.0,)}, {"utc_offsets": (-5.0,)}, 0),
    (MENTOR, "timezone", {"utc_offsets": (12.0,)}, {"utc_offsets": (-11.0,)}, 1),
    (MENTOR, "timezone", {"utc_offsets": (3.0,)}, {"utc_offsets": (-9.0, 3.0)}, 1),
    (MENTOR, "timezone", {}, {"utc_offsets": (0.0,)}, NAN),
    (FUNDER, "sector", {"sectors": {"a"}}, {"sectors": {"a", "b"}}, 1),
    (FUNDER, "stage", {"stages": {"pilot"}}, {"stages": {"early-revenue"}}, 0.5),
    (FUNDER, "country", {"country": "KE"}, {"markets": {"KE", "SN"}}, 1),
    (FUNDER, "country", {"country": "KE"}, {"markets": {"SN"}}, 0),
    (FUNDER, "country", {"country": "KE"}, {}, NAN),
]


@pytest.mark.parametrize(("other", "name", "ours", "theirs", "expected"), FIT)
def test_structured_fit(other: Facts, name: str, ours: dict, theirs: dict, expected: float) -> None:
    found = structured_fit(replace(STARTUP, **ours), replace(other, **theirs))
    assert found[name] == pytest.approx(expected, nan_ok=True)


@given(facts(Kind.STARTUP, 1), KINDS.flatmap(lambda kind: facts(kind, 2)))
def test_fit_is_a_share_or_not_stated(startup: Facts, other: Facts) -> None:
    found = structured_fit(startup, other)
    assert found.keys() == WEIGHTS[other.kind].keys()
    assert all(math.isnan(value) or 0 <= value <= 1 for value in found.values())


def test_equal_scores_stand_in_the_order_of_their_refs() -> None:
    totals = np.array([0.5, 0.7, 0.5, 0.5 + 1e-12])
    ref = ["S3", "S9", "S1", "S2"].__getitem__
    assert best_rows(totals, ref, 4).tolist() == [1, 2, 3, 0]
    assert best_rows(totals, ref, 2).tolist() == [1, 2]


@given(st.lists(st.tuples(st.sampled_from(BORDERS), st.uuids().map(str)), max_size=8))
def test_the_order_does_not_depend_on_the_order_of_the_sheet(found: list[tuple[float, str]]) -> None:
    def ranked(rows: list[tuple[float, str]]) -> list[str]:
        order = best_rows(np.array([total for total, _ in rows]), lambda row: rows[row][1], 5)
        return [rows[at][1] for at in order]

    assert ranked(found) == ranked(found[::-1])


@pytest.mark.parametrize(("total", "band"), [(0, "possible"), (0.45, "good"), (0.6, "strong"), (1, "strong")])
def test_a_score_has_a_band(total: float, band: str) -> None:
    assert Score(total, {}).band(ScoringConfig()) == band


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_higher_score_never_has_a_lower_band(one: float, other: float) -> None:
    order = ["possible", "good", "strong"]
    low, high = (order.index(Score(t, {}).band(ScoringConfig())) for t in sorted((one, other)))
    assert low <= high


@pytest.mark.parametrize(
    "wrong",
    [
        {"best_pairs": 0},
        {"best_pairs": 11},
        {"rescored": 0},
        {"text_weight": -0.1},
        {"text_weight": 1.1},
        {"unstated": 2},
        {"strong": 1.5},
        {"worth_telling": -1},
        {"need_expertise": {"weight": 2, "floor": 0, "ceiling": 1}},
        {"need_expertise": {"weight": 1, "floor": -2, "ceiling": 1}},
        {"need_expertise": {"weight": 1, "floor": 0.5, "ceiling": 0.5}},
        {"need_expertise": {"weight": 1, "floor": 0.6, "ceiling": 0.5}},
        {"text_weight": NAN},
    ],
)
def test_a_number_out_of_bounds_is_refused(wrong: dict) -> None:
    with pytest.raises(ValidationError):
        ScoringConfig(**wrong)


def test_a_config_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        ScoringConfig().strong = 0.1
