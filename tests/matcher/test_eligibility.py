"""Which pairs may not be: checked against plain Python over random facts."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.models import Kind
from matcher.ranking.eligibility import RULE_MESSAGES, Rule, exclusions
from matcher.ranking.facts import Facts
from matcher.ranking.fit import fit_many
from matcher.ranking.table import FactTable
from tests.matcher.rules import broken_rules
from tests.matcher.strategies import facts, groups

STARTUP = Facts(id=1, kind=Kind.STARTUP, ref="S1", name="Umeme")
MENTOR = Facts(id=2, kind=Kind.MENTOR, ref="M1", name="Ada")
FUNDER = Facts(id=3, kind=Kind.FUNDER, ref="F1", name="Fund")


def excluded_by(startup: Facts, other: Facts) -> set[Rule]:
    """The rules that the code says exclude this pair."""
    ruled = exclusions(startup, FactTable([other]), other.kind)
    assert {
        rule for rule, rows in exclusions(other, FactTable([startup]), other.kind).items() if rows[0]
    } == {rule for rule, rows in ruled.items() if rows[0]}
    return {rule for rule, rows in ruled.items() if rows[0]}


@given(groups())
def test_the_rules_are_those_that_are_described(found: tuple[list[Facts], list[Facts]]) -> None:
    startups, others = found
    kind = others[0].kind if others else Kind.MENTOR
    for subjects, table in ((startups, FactTable(others)), (others, FactTable(startups))):
        for subject in subjects:
            for rule, rows in exclusions(subject, table, kind).items():
                for other, excluded in zip(table.facts, rows.tolist(), strict=True):
                    pair = (subject, other) if subject.kind is Kind.STARTUP else (other, subject)
                    assert excluded == (rule in broken_rules(*pair)), rule


@given(facts(Kind.STARTUP, 1), facts(Kind.MENTOR, 2), facts(Kind.FUNDER, 3))
def test_who_states_nothing_is_excluded_by_nobody(startup: Facts, mentor: Facts, funder: Facts) -> None:
    assert excluded_by(STARTUP, replace(mentor, places=None, paused=False)) == set()
    assert excluded_by(STARTUP, replace(funder, backs=frozenset(), paused=False)) == set()
    assert excluded_by(startup, MENTOR) == set()
    assert excluded_by(startup, FUNDER) == set()


@pytest.mark.parametrize(
    ("ours", "theirs", "rules"),
    [
        ({"languages": ("en",)}, {"languages": ("fr",)}, {Rule.LANGUAGE}),
        ({"languages": ("en", "fr")}, {"languages": ("sw", "fr")}, set()),
        ({"languages": ("en",)}, {}, set()),
        ({}, {"languages": ("fr",)}, set()),
        ({}, {"places": 0}, {Rule.CAPACITY}),
        ({}, {"places": -1}, {Rule.CAPACITY}),
        ({}, {"places": 1}, set()),
        ({}, {"places": None}, set()),
        ({"conflicts": frozenset({"ada"})}, {"keys": frozenset({"ada"})}, {Rule.CONFLICT}),
        ({"keys": frozenset({"umeme"})}, {"conflicts": frozenset({"umeme"})}, {Rule.CONFLICT}),
        ({"conflicts": frozenset({"ada"})}, {"conflicts": frozenset({"ada"})}, set()),
        ({"identities": frozenset({"acme"})}, {"identities": frozenset({"acme"})}, {Rule.CONFLICT}),
        ({"stages": frozenset({"idea"})}, {"stages": frozenset({"growth"})}, set()),
    ],
)
def test_a_mentor_is_excluded_by(ours: dict, theirs: dict, rules: set[Rule]) -> None:
    assert excluded_by(replace(STARTUP, **ours), replace(MENTOR, **theirs)) == rules


@pytest.mark.parametrize(
    ("ours", "theirs", "rules"),
    [
        ({"languages": ("en",)}, {"languages": ("fr",)}, {Rule.LANGUAGE}),
        ({"stages": frozenset({"idea"})}, {"stages": frozenset({"growth"})}, {Rule.STAGE}),
        ({"stages": frozenset({"idea"})}, {"stages": frozenset({"growth", "idea"})}, set()),
        ({}, {"stages": frozenset({"growth"})}, set()),
        ({"country": "KE"}, {"markets": frozenset({"SN"})}, {Rule.COUNTRY}),
        ({"country": "KE"}, {"markets": frozenset({"SN", "KE"})}, set()),
        ({"country": "KE", "markets": frozenset({"SN"})}, {"markets": frozenset({"SN"})}, {Rule.COUNTRY}),
        ({"country": "KE"}, {}, set()),
        ({}, {"markets": frozenset({"SN"})}, set()),
        ({"raising": 9.0}, {"ticket": (10.0, 20.0)}, {Rule.TICKET}),
        ({"raising": 10.0}, {"ticket": (10.0, 20.0)}, set()),
        ({"raising": 20.0}, {"ticket": (10.0, 20.0)}, set()),
        ({"raising": 21.0}, {"ticket": (10.0, 20.0)}, {Rule.TICKET}),
        ({"raising": 21.0}, {"ticket": (10.0, None)}, set()),
        ({"raising": 5.0}, {"ticket": (None, 20.0)}, set()),
        ({}, {"ticket": (10.0, 20.0)}, set()),
        ({"raising": 9.0, "currency": "EUR"}, {"ticket": (10.0, 20.0), "currency": "USD"}, set()),
        ({"raising": 9.0, "currency": "USD"}, {"ticket": (10.0, 20.0), "currency": "USD"}, {Rule.TICKET}),
        ({"raising": 9.0}, {"ticket": (10.0, 20.0), "currency": "USD"}, {Rule.TICKET}),
        ({}, {"backs": frozenset({1})}, {Rule.ALREADY_BACKED}),
        ({}, {"backs": frozenset({7})}, set()),
    ],
)
def test_a_funding_partner_is_excluded_by(ours: dict, theirs: dict, rules: set[Rule]) -> None:
    assert excluded_by(replace(STARTUP, **ours), replace(FUNDER, **theirs)) == rules


def test_every_rule_has_words() -> None:
    assert set(RULE_MESSAGES) == set(Rule)


@settings(max_examples=30)
@given(st.data())
def test_a_table_with_changes_says_what_a_fresh_one_would(data: st.DataObject) -> None:
    """Whatever changed in whatever order: rules and fit of those who are left are those of a new table."""
    subject = data.draw(facts(Kind.STARTUP, 0))
    current = {i: data.draw(facts(Kind.FUNDER, i)) for i in range(1, 5)}
    table = FactTable(list(current.values()))
    for _ in range(data.draw(st.integers(1, 3))):
        changed = {i: data.draw(facts(Kind.FUNDER, i)) for i in data.draw(st.sets(st.integers(1, 7)))}
        stale = data.draw(st.sets(st.integers(1, 7))) - changed.keys()
        table = table.replaced(list(changed.values()), stale)
        current = {i: one for i, one in {**current, **changed}.items() if i not in stale}
    assert {i: table.facts[row] for i, row in table.row_of.items()} == current
    assert sorted(table.ids[table.alive].tolist()) == sorted(current)
    fresh = FactTable(list(current.values()))
    rows = [table.row_of[facts.id] for facts in fresh.facts]
    for rule, excluded in exclusions(subject, table, Kind.FUNDER).items():
        assert excluded[rows].tolist() == exclusions(subject, fresh, Kind.FUNDER)[rule].tolist()
    for name, values in fit_many(subject, table, Kind.FUNDER).items():
        np.testing.assert_array_equal(values[rows], fit_many(subject, fresh, Kind.FUNDER)[name])
