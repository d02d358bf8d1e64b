"""Where not everybody can be served: who is named, why, and that what is advised would help."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, update

from matcher.db import unit_of_work
from matcher.models import Kind, Match, MatchState, Mentor, Programme, Proposal
from matcher.services.review import decide
from matcher.services.rules import current_rules, save_rules
from matcher.wording import Message
from tests.matcher.cohorts import Cohort
from tests.matcher.factories import add, draft, embed_all, make_programme

Values = Mapping[str, Mapping[str, Any]]


@pytest.fixture
def cohort(engine: Engine, programme: Programme, tmp_path: Path) -> Cohort:
    return Cohort(engine, programme, tmp_path)


def actions(run: Proposal, profile_id: int) -> list[dict[str, Any]]:
    (line,) = [line for line in run.unmatched if line["profile_id"] == profile_id]
    return [remedy["action"] for remedy in line["remedies"]]


def apply(cohort: Cohort, action: dict[str, Any]) -> None:
    """Do what a remedy says, as a manager would."""
    with unit_of_work(cohort.engine) as session:
        match action["kind"]:
            case "capacity":
                session.get_one(Mentor, action["profile_id"]).capacity = action["capacity"]
            case "rule":
                version, rules = current_rules(session, cohort.programme)
                changed = rules.model_copy(update={action["rule"]: action["value"]})
                save_rules(session, cohort.programme, changed, seen=version, actor="a")
            case "lock" | "unlock":
                pair = action["startup_id"], action["counterpart_id"]
                decision = "locked" if action["kind"] == "lock" else "unlocked"
                decide(session, cohort.programme, *pair, decision, actor="a")


def crowded(cohort: Cohort) -> str:
    """One place for two."""
    cohort.fill({"M1": {"S1": 0.7, "S2": 0.6}}, startups=2)
    return "S2"


def all_rejected(cohort: Cohort) -> str:
    cohort.fill({"M1": {"S1": 0.7}}, startups=1)
    cohort.decide("S1", "M1", "rejected")
    return "S1"


def all_failed(cohort: Cohort) -> str:
    cohort.fill({"M1": {"S1": 0.7}}, startups=1)
    cohort.decide("S1", "M1", "locked")
    with unit_of_work(cohort.engine) as session:
        session.execute(update(Match).values(state=MatchState.EXPIRED.value))
    return "S1"


def too_far(cohort: Cohort) -> str:
    values: Values = {"S1": {"country": "KE"}, "M1": {"timezone": "America/Lima"}}
    cohort.fill({"M1": {"S1": 0.7}}, startups=1, values=values)
    cohort.rules(hours_apart=3)
    return "S1"


def language_unstated(cohort: Cohort) -> str:
    cohort.fill({"M1": {"S1": 0.7}}, startups=1)
    cohort.rules(language="required")
    return "S1"


def locked_out(cohort: Cohort) -> str:
    """Only M1 may take S2, and is locked to S1, whom M2 could take as well."""
    values: Values = {"S1": {"languages": ("en", "fr")}, "S2": {"languages": ("fr",)},
                      "M1": {"languages": ("fr",)}, "M2": {"languages": ("en",)}}  # fmt: skip
    cohort.fill({"M1": {"S1": 0.7}, "M2": {}}, startups=2, values=values)
    cohort.decide("S1", "M1", "locked")
    return "S2"


def too_many_promised(cohort: Cohort) -> str:
    cohort.fill({"M1": {"S1": 0.7}, "M2": {"S1": 0.6}, "M3": {}}, startups=2)
    cohort.rules(mentors_least=2, mentors_most=2)
    return "S2"


@pytest.mark.parametrize(
    ("world", "reason", "kinds"),
    [
        (crowded, "all places of those who could be taken went to", {"capacity"}),
        (all_rejected, "1 because a manager rejected the pair", {"lock"}),
        (all_failed, "1 because the pair was tried before and failed", {"lock"}),
        (too_far, "1 because their time zones are too far apart", {"rule"}),
        (language_unstated, "1 because they do not both state a language", {"rule"}),
        (locked_out, "decisions hold all places of those who could be taken: M1", {"capacity", "unlock"}),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_each_remedy_alone_gives_the_start_up_a_mentor(
    engine: Engine, tmp_path: Path, world: Callable[[Cohort], str], reason: str, kinds: set[str]
) -> None:
    tried: list[str] = []
    while True:
        with unit_of_work(engine) as session:
            cohort = Cohort(engine, make_programme(session), tmp_path)
        left = world(cohort)
        run = cohort.run()
        assert reason in cohort.unmatched(run)[left]
        advised = actions(run, cohort.ids[left])
        if len(tried) == len(advised):
            break
        apply(cohort, advised[len(tried)])
        after = cohort.run()
        assert left not in cohort.unmatched(after)
        assert after.covered > run.covered
        tried.append(advised[len(tried)]["kind"])
    assert set(tried) == kinds


def test_more_mentors_promised_than_there_are_leaves_nobody_without_one(cohort: Cohort) -> None:
    left = too_many_promised(cohort)
    run = cohort.run()
    assert (run.pairs, run.covered) == (3, 2)
    told = cohort.unmatched(run)
    assert len(told) == 1
    ((short, reason),) = told.items()
    assert reason.startswith("1 of 2: ")
    assert left in {"S1", "S2"}
    lower = [action for action in actions(run, cohort.ids[short]) if action["kind"] == "rule"]
    assert lower == [{"kind": "rule", "rule": "mentors_least", "value": 1}]
    apply(cohort, lower[0])
    assert cohort.run().unmatched == []


def test_nobody_s_capacity_is_exceeded_and_no_forbidden_pair_is_made_to_serve_more(cohort: Cohort) -> None:
    cohort.fill({"M1": {}, "M2": {}}, startups=5)
    cohort.decide("S1", "M1", "rejected")
    cohort.decide("S2", "M2", "rejected")
    run = cohort.run()
    assert (run.covered, len(run.unmatched)) == (2, 3)
    assert not cohort.pairs() & {"S1-M1", "S2-M2"}
    assert len({pair[-2:] for pair in cohort.pairs()}) == 2


def test_who_speaks_no_mentor_s_language_is_told_which_to_look_for(cohort: Cohort) -> None:
    values: Values = {"S1": {"languages": ("ar",)}, "M1": {"languages": ("en",)}}
    cohort.fill({"M1": {}}, startups=1, values=values)
    run = cohort.run()
    assert cohort.unmatched(run) == {
        "S1": "none of 1 mentors is eligible: 1 because they share no working language"
    }
    assert actions(run, cohort.ids["S1"]) == [{"kind": "recruit"}]


def test_start_ups_without_a_funding_partner_are_named_too(cohort: Cohort) -> None:
    cohort.fill({"M1": {}}, startups=2)
    run = cohort.run(kind=Kind.FUNDER)
    assert len(run.unmatched) == 2
    assert run.relaxed == []


def test_a_funding_partner_to_look_for_must_suit_all_that_keeps_others_out(cohort: Cohort) -> None:
    own: Values = {
        "S1": {"languages": ("en",), "stage": "growth", "country": "GH",
               "raising": Decimal(50_000), "currency": "USD"}
    }  # fmt: skip
    cohort.fill({"M1": {}}, startups=1, values=own)
    with unit_of_work(cohort.engine) as session:
        funders = [
            draft(Kind.FUNDER, "F1", thesis="One", stages=("idea",)),
            draft(Kind.FUNDER, "F2", thesis="Two", stages=("idea",)),
            draft(Kind.FUNDER, "F3", thesis="Three", languages=("fr",)),
            draft(Kind.FUNDER, "F4", thesis="Four", ticket_max=Decimal(10_000), currency="USD"),
        ]
        add(session, cohort.programme, *funders)
    embed_all(cohort.engine, cohort.programme)
    run = cohort.run(kind=Kind.FUNDER)
    (line,) = [line for line in run.unmatched if line["profile_id"] == cohort.ids["S1"]]
    (remedy,) = line["remedies"]
    assert str(Message.from_json(remedy)) == (
        "find somebody whom all of this suits: Stage: growth, Working language: en, "
        "the amount sought: 50000 USD"
    )
