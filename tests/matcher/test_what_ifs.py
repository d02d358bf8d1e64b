"""What forcing a pair would do: from what was stored, with what was decided since."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from matcher.db import reading, unit_of_work
from matcher.models import Job, Kind, Programme, Proposal
from matcher.services import proposals, what_ifs
from matcher.services.errors import NotAllowed
from matcher.services.proposals import WhatIf
from tests.matcher.cohorts import Cohort
from tests.matcher.test_recommending import recommend

TWO = {"M1": {"S1": 0.7, "S2": 0.6}, "M2": {"S1": 0.6, "S2": 0.35}}


@pytest.fixture
def cohort(engine: Engine, programme: Programme, tmp_path: Path) -> Cohort:
    return Cohort(engine, programme, tmp_path)


def ask(cohort: Cohort, ours: str, theirs: str) -> WhatIf:
    """The whole way: asked for, answered by a worker, read again."""
    with unit_of_work(cohort.engine) as session:
        pair = cohort.ids[ours], cohort.ids[theirs]
        job = proposals.request_what_if(session, cohort.programme, Kind.MENTOR, *pair, actor="a").id
    with reading(cohort.engine) as session:
        question = what_ifs.read_question(session, cohort.programme, session.get_one(Job, job))
    return WhatIf.from_json(what_ifs.answer(question).to_json())


def named(cohort: Cohort, pairs: list[tuple[int, int]]) -> set[str]:
    return {f"{cohort.refs[a]}-{cohort.refs[b]}" for a, b in pairs}


def test_forcing_a_pair_names_who_loses_whom_and_what_it_costs(cohort: Cohort) -> None:
    cohort.fill(TWO, startups=2)
    run = cohort.run()
    found = ask(cohort, "S1", "M1")
    assert found.before is not None
    assert found.after is not None
    assert found.before.total == pytest.approx(run.total, abs=1e-6)
    assert found.after.total < found.before.total
    assert found.after.worst_off < found.before.worst_off
    assert (found.before.covered, found.after.covered) == (2, 2)
    assert named(cohort, found.lost) == {"S1-M2", "S2-M1"}
    assert named(cohort, found.gained) == {"S1-M1", "S2-M2"}
    assert found.forbidden == []
    assert "2 pairs would part" in str(found.message)


def test_a_pair_of_the_best_choice_costs_nothing(cohort: Cohort) -> None:
    cohort.fill(TWO, startups=2)
    cohort.run()
    found = ask(cohort, "S1", "M2")
    assert (found.lost, found.gained) == ([], [])
    assert found.before == found.after


def test_what_was_decided_since_the_run_is_respected(cohort: Cohort) -> None:
    cohort.fill(TWO, startups=2)
    cohort.run()
    cohort.decide("S2", "M1", "approved")
    held = ask(cohort, "S1", "M1")
    assert held.after is None
    assert "no place" in str(held.message)
    cohort.decide("S1", "M2", "rejected")
    rejected = ask(cohort, "S1", "M2")
    assert [str(rule) for rule in rejected.forbidden] == ["a manager rejected the pair"]
    assert rejected.after is not None
    assert named(cohort, rejected.gained) == {"S1-M2"}


def test_who_is_left_with_nobody_is_counted(cohort: Cohort) -> None:
    values = {"S2": {"languages": ("fr",)}, "M2": {"languages": ("en",)}, "S1": {"languages": ("en",)}}
    cohort.fill({"M1": {"S1": 0.7}, "M2": {"S1": 0.6}}, startups=2, values=values)
    cohort.run()
    found = ask(cohort, "S1", "M1")
    assert found.after is not None
    assert found.after.covered == 1
    assert "1 start-ups would be left with nobody" in str(found.message)


def test_a_pair_that_eligibility_excludes_is_answered_with_the_rule(cohort: Cohort) -> None:
    values = {"S1": {"languages": ("en",)}, "M2": {"languages": ("fr",)}}
    cohort.fill(TWO, startups=2, values=values)
    recommend(cohort.engine, cohort.programme, cohort.folder)
    cohort.run()
    assert cohort.pairs() == {"S1-M1", "S2-M2"}
    found = ask(cohort, "S1", "M2")
    assert len(found.forbidden) == 1
    assert named(cohort, found.gained) == {"S1-M2", "S2-M1"}


def test_a_run_too_large_to_keep_cannot_be_asked(cohort: Cohort) -> None:
    cohort.fill(TWO, startups=2)
    run = cohort.run()
    with unit_of_work(cohort.engine) as session:
        session.get_one(Proposal, run.id).problem = b""
    with pytest.raises(NotAllowed, match="too large"):
        ask(cohort, "S1", "M1")
