"""What parts a pair in words, and where one score falls behind another."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.models import Kind
from matcher.ranking.comparison import PART_LABELS, TEXTS, compare, exclusion_reasons, limits
from matcher.ranking.config import ScoringConfig
from matcher.ranking.eligibility import Rule
from matcher.ranking.explanation import Tone
from matcher.ranking.facts import Facts
from matcher.ranking.fit import WEIGHTS
from matcher.ranking.score import MEETINGS
from matcher.wording import Message, Term
from tests.matcher.rules import broken_rules
from tests.matcher.strategies import facts

STARTUP = Facts(id=1, kind=Kind.STARTUP, ref="S1", name="Umeme")
MENTOR = Facts(id=2, kind=Kind.MENTOR, ref="M1", name="Ada")
FUNDER = Facts(id=3, kind=Kind.FUNDER, ref="F1", name="Fund")
CONFIG = ScoringConfig()
NEED, EXPERIENCE, INTEREST = (meeting.part for meeting in MEETINGS[Kind.MENTOR])
OTHERS = st.sampled_from((Kind.MENTOR, Kind.FUNDER)).flatmap(lambda kind: facts(kind, 2))


def one(words: str) -> frozenset[str]:
    return frozenset(words.split())


def told(startup: Facts, other: Facts) -> list[tuple[str, str]]:
    """The sentence and the remedy of each exclusion."""
    found = exclusion_reasons(startup, other, other.kind)
    return [(str(exclusion.reason.message), str(exclusion.remedy)) for exclusion in found]


@given(facts(Kind.STARTUP, 1), OTHERS)
def test_every_rule_that_excludes_a_pair_is_told_and_no_other(startup: Facts, other: Facts) -> None:
    found = exclusion_reasons(startup, other, other.kind)
    assert {exclusion.rule for exclusion in found} == broken_rules(startup, other)
    for exclusion in found:
        assert exclusion.reason.tone is Tone.LACKS
        named = list(exclusion.reason.message.params.values())
        assert startup.name in named or other.name in named
        assert "%" not in f"{exclusion.reason.message}{exclusion.remedy}"
        assert str(exclusion.remedy).endswith(".")
        assert Message.from_json(exclusion.reason.message.to_json()).render() == str(exclusion.reason.message)


@pytest.mark.parametrize(
    ("ours", "theirs", "sentence", "remedy"),
    [
        ({"conflicts": one("ada")}, {"keys": one("ada")},
         "Umeme names Ada or their organisation among its conflicts of interest.", "start-up's profile"),
        ({"keys": one("umeme")}, {"conflicts": one("umeme")},
         "Ada names Umeme among their conflicts of interest.", "mentor's profile"),
        ({"identities": one("acme")}, {"identities": one("acme")},
         "Umeme and Ada share an organisation or an e-mail address: they are one party.", "correct the"),
        ({"languages": ("fr",)}, {"languages": ("en", "sw")},
         "They share no working language. Umeme: fr. Ada: en, sw.", "Add a working language that both speak"),
        ({}, {"places": 0}, "Ada takes no start-ups at present.", "Ask the mentor for a place"),
        ({}, {"places": 0, "accepted": frozenset({7, 8})},
         "Ada has no place left: 2 approved, 2 in all.", "Ask the mentor for one more place"),
        ({}, {"places": -1, "accepted": frozenset({7, 8})},
         "Ada has no place left: 2 approved, 1 in all.", "undo one of their approvals"),
    ],
)  # fmt: skip
def test_a_mentor_is_excluded_with_the_facts_of_both(
    ours: dict, theirs: dict, sentence: str, remedy: str
) -> None:
    ((reason, advice),) = told(replace(STARTUP, **ours), replace(MENTOR, **theirs))
    assert reason == sentence
    assert remedy in advice


@pytest.mark.parametrize(
    ("ours", "theirs", "sentence", "remedy"),
    [
        ({}, {"backs": frozenset({1})},
         "Umeme is in the portfolio of Fund: the partner has already funded it.", "portfolio"),
        ({"stages": one("idea")}, {"stages": one("scale growth")},
         "The stage of Umeme is idea. Fund funds these stages: growth, scale.", "this stage as well"),
        ({"country": "SN"}, {"markets": one("KE GH")},
         "Umeme is in this country: SN. Fund funds in these: GH, KE.", "this country as well"),
        ({"country": "SN"}, {"markets": one("KE GH BJ TG ML NE CI BF")},
         "Umeme is in this country: SN. Fund funds in these: BF, BJ, CI, GH, KE, ML, NE, TG.", "country"),
        ({"country": "SN"}, {"markets": one("KE GH BJ TG ML NE CI BF UG RW")},
         "Umeme is in this country: SN. Fund funds in these: BF, BJ, CI, GH, KE, ML, NE, RW, 2 others.",
         "country"),
        ({"raising": 5000.0, "currency": "USD"}, {"ticket": (20_000.0, None), "currency": "USD"},
         "Umeme seeks 5 000 USD. Fund gives no less than 20 000 USD.", "smaller amounts"),
        ({"raising": 5_000_000.5}, {"ticket": (None, 20_000.0), "currency": "USD"},
         "Umeme seeks 5 000 000.50. Fund gives no more than 20 000 USD.", "a part of the amount"),
    ],
)  # fmt: skip
def test_a_funding_partner_is_excluded_with_the_facts_of_both(
    ours: dict, theirs: dict, sentence: str, remedy: str
) -> None:
    ((reason, advice),) = told(replace(STARTUP, **ours), replace(FUNDER, **theirs))
    assert re.sub(r"\s", " ", reason) == sentence
    assert remedy in advice


def test_codes_are_named_in_the_language_of_the_reader() -> None:
    (found,) = exclusion_reasons(
        replace(STARTUP, country="SN"), replace(FUNDER, markets=one("KE")), Kind.FUNDER
    )
    assert found.reason.message.params["ours"] == Term("country", "SN")
    assert found.reason.message.params["theirs"] == [Term("country", "KE")]


def test_a_pair_that_may_be_has_nothing_to_tell() -> None:
    assert told(STARTUP, MENTOR) == told(STARTUP, FUNDER) == []


def test_all_rules_are_told_in_their_order() -> None:
    startup = replace(STARTUP, languages=("fr",), conflicts=one("ada"))
    mentor = replace(MENTOR, languages=("en",), keys=one("ada"), places=0)
    found = [exclusion.rule for exclusion in exclusion_reasons(startup, mentor, Kind.MENTOR)]
    assert found == [Rule.CONFLICT, Rule.LANGUAGE, Rule.CAPACITY]


@pytest.mark.parametrize("other", [MENTOR, FUNDER])
def test_every_part_has_a_name_and_a_limit(other: Facts) -> None:
    parts = {m.part for m in MEETINGS[other.kind]} | {f"fit:{name}" for name in WEIGHTS[other.kind]}
    assert parts <= PART_LABELS.keys()
    most = limits(STARTUP, other, parts, CONFIG)
    assert most.keys() - {TEXTS} == parts
    assert sum(share for part, share in most.items() if part != TEXTS) == pytest.approx(1)


def test_a_text_that_met_nothing_has_no_limit_and_leaves_its_weight_to_the_others() -> None:
    most = limits(STARTUP, MENTOR, {NEED}, CONFIG)
    assert most[NEED] == pytest.approx(CONFIG.text_weight) == most[TEXTS]
    assert EXPERIENCE not in most


def compared(parts: dict[str, float], other: dict[str, float]) -> list[str]:
    return [str(message) for message in compare(parts, other, limits(STARTUP, MENTOR, parts, CONFIG))]


def test_the_three_largest_differences_are_told_the_largest_first() -> None:
    ours = {NEED: 0.31, "fit:sector": 0.0, "fit:stage": 0.01, "fit:market": 0.02, "fit:language": 0.02}
    theirs = {NEED: 0.52, "fit:sector": 0.1, "fit:stage": 0.03, "fit:market": 0.05, "fit:language": 0.025}
    assert compared(ours, theirs) == [
        "Needs and expertise: not as close, 0.31 of 0.75 against 0.52",
        "Sectors: counts for less, 0.00 of 0.10 against 0.10",
        "Markets: counts for less, 0.02 of 0.05 against 0.05",
    ]


def test_what_is_ahead_or_hardly_behind_is_not_told() -> None:
    assert compared({NEED: 0.5, "fit:sector": 0.1}, {NEED: 0.509, "fit:sector": 0.0}) == []


def test_where_other_texts_met_only_all_of_them_are_compared() -> None:
    ours = {NEED: 0.50, "fit:sector": 0.1}
    theirs = {NEED: 0.45, EXPERIENCE: 0.05, INTEREST: 0.12, "fit:sector": 0.1}
    assert compared(ours, theirs) == ["All texts together: not as close, 0.50 of 0.75 against 0.62"]


def test_who_says_nothing_is_behind_by_all_texts() -> None:
    assert compared({"fit:sector": 0.1}, {NEED: 0.4, "fit:sector": 0.1}) == [
        "All texts together: not as close, 0.00 of 0.75 against 0.40"
    ]


def test_a_part_that_nobody_knows_is_not_told() -> None:
    assert compared({NEED: 0.4}, {NEED: 0.4, "charm": 0.5}) == []


_SHARES = st.dictionaries(st.sampled_from([NEED, EXPERIENCE, INTEREST, "fit:sector"]), st.floats(0, 0.1))


@given(_SHARES, _SHARES)
def test_only_true_differences_are_told(ours: dict[str, float], theirs: dict[str, float]) -> None:
    for message in compare(ours, theirs, limits(STARTUP, MENTOR, ours, CONFIG)):
        mine, other = (float(message.params[side].code) for side in ("ours", "theirs"))
        assert mine < other
