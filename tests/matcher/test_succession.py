"""Nobody is left at a dead end: the next best, the waiting list, and places that are given on."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from matcher.models import (
    Kind,
    MatchState,
    Mentor,
    Programme,
    Startup,
    Waiting,
    utcnow,
)
from matcher.services import answers, followup, leaving, publishing
from matcher.services.locking import lock_programme
from matcher.services.review import decide
from matcher.services.rules import CohortRules, save_rules
from matcher.services.steps import in_state, take
from tests.matcher.factories import add, draft
from tests.matcher.offers import fill, list_for, publish_pairs, states_of
from tests.matcher.test_proposals import add_run


@pytest.fixture
def people(engine: Engine, programme: Programme) -> dict[str, int]:
    return fill(engine, programme)


@pytest.mark.parametrize("how", ["declined", "expired", "withdrawn", "ended"])
def test_a_freed_place_goes_to_whoever_waited_longest_and_may_have_it(
    session: Session, programme: Programme, people: dict[str, int], how: str
) -> None:
    refs = ("S3", "S4", "S5")
    people |= add(session, programme, *(draft(Kind.STARTUP, ref, email=f"{ref}@x.org") for ref in refs))
    for ref, theirs in (("S3", "M1"), ("S4", "M1"), ("S5", "M2")):
        list_for(session, programme, people, ref, theirs)
    publish_pairs(session, programme, people, ("S1", "M1"))
    for ref, rounds in (("S2", 1), ("S3", 4), ("S4", 3), ("S5", 5)):
        session.add(
            Waiting(
                programme_id=programme.id, startup_id=people[ref], counterpart_kind="mentor", rounds=rounds
            )
        )
    decide(session, programme, people["S3"], people["M1"], "rejected", actor="a")
    _lose(session, programme, people, how)
    found = states_of(session, people)
    assert {pair for pair, state in found.items() if state == "proposed"} == {("S1", "M2"), ("S4", "M1")}
    assert found["S1", "M1"] == how
    publish_pairs(session, programme, people, ("S4", "M1"))
    assert set(session.scalars(select(Waiting.startup_id))) == {people[ref] for ref in ("S2", "S3", "S5")}


def test_a_start_up_that_left_waits_for_nobody_and_is_proposed_to_nobody(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    publish_pairs(session, programme, people, ("S1", "M1"))
    session.add(Waiting(programme_id=programme.id, startup_id=people["S2"], counterpart_kind="mentor"))
    leaving.leave(session, programme, session.get_one(Startup, people["S2"]), actor="a")
    assert session.scalars(select(Waiting)).all() == []

    _lose(session, programme, people, "declined")
    assert ("S2", "M1") not in states_of(session, people)
    add_run(session, programme, unmatched=[{"profile_id": people["S2"]}])
    publish_pairs(session, programme, people, ("S1", "M2"))
    assert session.scalars(select(Waiting)).all() == []


@pytest.mark.parametrize("rule", [{"language": "required"}, {"hours_apart": 3}])
@pytest.mark.parametrize("how", ["declined", "expired", "withdrawn", "ended"])
def test_nobody_is_suggested_whom_the_programme_s_own_rules_bar(
    session: Session, programme: Programme, people: dict[str, int], rule: dict[str, Any], how: str
) -> None:
    session.get_one(Startup, people["S1"]).country = "KE"
    session.get_one(Startup, people["S2"]).country = "KE"
    for ref in ("M1", "M2"):
        session.get_one(Mentor, people[ref]).timezone = "America/Lima"
    publish_pairs(session, programme, people, ("S1", "M1"))
    save_rules(session, programme, CohortRules(**rule), seen=0, actor="a")
    session.add(Waiting(programme_id=programme.id, startup_id=people["S2"], counterpart_kind="mentor"))
    _lose(session, programme, people, how)
    assert states_of(session, people) == {("S1", "M1"): how}
    assert set(session.scalars(select(Waiting.startup_id))) == {people["S1"], people["S2"]}


def test_a_place_that_nobody_stated_is_given_on_as_the_rules_say(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    session.get_one(Mentor, people["M2"]).capacity = None
    save_rules(session, programme, CohortRules(startups_most=1), seen=0, actor="a")
    decide(session, programme, people["S2"], people["M2"], "approved", actor="a")
    publish_pairs(session, programme, people, ("S1", "M1"))
    _lose(session, programme, people, "declined")
    assert ("S1", "M2") not in states_of(session, people)


def _lose(session: Session, programme: Programme, people: dict[str, int], how: str) -> None:
    """The offer to S1 and M1 comes to nothing."""
    pair = people["S1"], people["M1"]
    match how:
        case "declined":
            answers.answer_for(session, programme, pair, "startup", accepted=False, actor="a")
        case "expired":
            followup.follow_up(session, programme, utcnow() + timedelta(days=15))
        case "withdrawn":
            publishing.withdraw_offer(session, programme, pair, actor="a")
        case "ended":
            for side in publishing.SIDES:
                answers.answer_for(session, programme, pair, side, accepted=True, actor="a")
            publishing.end_match(session, programme, pair, actor="a")


def test_whoever_is_only_proposed_somebody_keeps_the_rounds_waited_through(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    session.add(
        Waiting(programme_id=programme.id, startup_id=people["S2"], counterpart_kind="mentor", rounds=3)
    )
    lock_programme(session, programme)
    proposed = {(people["S2"], people["M2"]): in_state(MatchState.PROPOSED, score=0.5)}
    take(session, programme, "a", "match.suggested", proposed)
    publish_pairs(session, programme, people, ("S1", "M1"))
    assert [w.rounds for w in session.scalars(select(Waiting).where(Waiting.startup_id == people["S2"]))] == [
        3
    ]
    publish_pairs(session, programme, people, ("S2", "M2"))
    assert not session.scalars(select(Waiting).where(Waiting.startup_id == people["S2"])).all()
