"""Decisions: capacity holds under any haste, and every one of them can be undone."""

from collections import Counter
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from matcher.db import reading, unit_of_work
from matcher.models import AuditEvent, Kind, Match, MatchState, Programme
from matcher.services.errors import CapacityReached, Conflict, NotAllowed, NotFound
from matcher.services.matches import list_matches
from matcher.services.review import decide, move
from matcher.services.rules import CohortRules, save_rules
from matcher.services.steps import latest_events, undo
from tests.matcher.factories import add, at_once, draft, make_programme

CROWD = 50


@pytest.fixture
def people(engine: Engine, programme: Programme) -> dict[str, int]:
    drafts = [
        draft(Kind.MENTOR, "M1", "Ada Obi", capacity=1, organisation="Acme"),
        draft(Kind.MENTOR, "M2", "Ben", languages=("fr",), conflicts=("S3",)),
        draft(Kind.FUNDER, "F1", ticket_min=100, portfolio=("S2",)),
        draft(Kind.STARTUP, "S1", languages=("en",)),
        draft(Kind.STARTUP, "S2"),
        draft(Kind.STARTUP, "S3"),
        draft(Kind.STARTUP, "S4", raising=10),
        draft(Kind.STARTUP, "S5", conflicts=("ada  OBI",)),
        draft(Kind.STARTUP, "S6", "ACME"),
    ]
    with unit_of_work(engine) as session:
        return add(session, programme, *drafts)


def approve(
    session: Session, programme: Programme, people: dict[str, int], ours: str, theirs: str
) -> AuditEvent:
    return decide(session, programme, people[ours], people[theirs], "approved", actor="a")


def state(session: Session) -> dict[tuple[int, int], str]:
    found = session.execute(select(Match.startup_id, Match.counterpart_id, Match.state))
    return {(ours, theirs): what for ours, theirs, what in found}


def test_a_mentor_with_one_place_is_approved_once_however_many_ask(
    engine: Engine, programme: Programme, people: dict[str, int]
) -> None:
    with unit_of_work(engine) as session:
        crowd = add(session, programme, *(draft(Kind.STARTUP, f"X{n}") for n in range(CROWD)))

    def work(number: int) -> str:
        with unit_of_work(engine) as session:
            return approve(session, programme, crowd, f"X{number}", "M1").action

    found = at_once(CROWD, work)

    assert Counter(type(result) for result in found) == {str: 1, CapacityReached: CROWD - 1}
    with reading(engine) as session:
        assert list(state(session).values()) == ["approved"]


def test_one_pair_that_many_approve_is_approved_once(
    engine: Engine, programme: Programme, people: dict[str, int]
) -> None:
    def work(_: int) -> str:
        with unit_of_work(engine) as session:
            return approve(session, programme, people, "S1", "M1").action

    assert at_once(8, work) == ["match.approved"] * 8
    with reading(engine) as session:
        assert list(state(session).values()) == ["approved"]
        assert session.scalar(select(func.count()).where(AuditEvent.action == "match.approved")) == 8


def test_pairs_that_cross_do_not_block_each_other(
    engine: Engine, programme: Programme, people: dict[str, int]
) -> None:
    pairs = [("S1", "F1"), ("S3", "F1"), ("S1", "M1"), ("S3", "M1")] * 3

    def work(number: int) -> str:
        with unit_of_work(engine) as session:
            ours, theirs = pairs[number]
            return decide(session, programme, people[ours], people[theirs], "rejected", actor="a").action

    assert at_once(len(pairs), work) == ["match.rejected"] * len(pairs)


def test_a_place_that_was_given_back_can_be_taken(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    first = approve(session, programme, people, "S1", "M1")
    with pytest.raises(CapacityReached, match="Ada Obi has no place left"):
        approve(session, programme, people, "S2", "M1")
    undo(session, programme, first.id, actor="a")
    approve(session, programme, people, "S2", "M1")
    assert state(session) == {(people["S2"], people["M1"]): "approved"}


def test_a_start_up_has_no_more_than_the_rules_allow_and_each_kind_counts_alone(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    people |= add(
        session, programme, draft(Kind.MENTOR, "M3"), draft(Kind.MENTOR, "M4"), draft(Kind.FUNDER, "F2")
    )
    save_rules(session, programme, CohortRules(mentors_most=2, funders_most=1), seen=0, actor="a")
    approve(session, programme, people, "S1", "M1")
    locked = decide(session, programme, people["S1"], people["M3"], "locked", actor="a")
    approve(session, programme, people, "S1", "F1")
    for theirs, told in (("M4", r"as many mentors .* \(2\)"), ("F2", r"as many funding partners .* \(1\)")):
        for decision in ("approved", "locked"):
            with pytest.raises(CapacityReached, match=f"{told}.*Undo another approval, or change the rules"):
                decide(session, programme, people["S1"], people[theirs], decision, actor="a")
    undone = undo(session, programme, locked.id, actor="a")
    approve(session, programme, people, "S1", "M4")
    with pytest.raises(CapacityReached, match="as many mentors"):
        undo(session, programme, undone.id, actor="a")


def test_lower_rules_take_nothing_away_and_what_adds_nothing_is_not_refused(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    people |= add(session, programme, draft(Kind.MENTOR, "M3"), draft(Kind.MENTOR, "M4"))
    save_rules(session, programme, CohortRules(mentors_most=2), seen=0, actor="a")
    for theirs in ("M1", "M4"):
        approve(session, programme, people, "S1", theirs)
    save_rules(session, programme, CohortRules(), seen=1, actor="a")
    move(session, programme, (people["S1"], people["M1"]), people["M3"], actor="a")
    assert len(state(session)) == 2


@pytest.mark.parametrize(
    ("theirs", "rules", "told"),
    [
        ("M3", {"startups_most": 1}, "as many start-ups as the rules allow"),
        ("F1", {"introductions_most": 1}, "as many introductions as the rules allow"),
        ("F2", {"introductions_most": None}, "no place left"),
        ("F2", {"introductions_most": 9}, "no place left"),
    ],
)
def test_who_states_no_number_has_what_the_rules_say_and_who_does_has_that(
    session: Session,
    programme: Programme,
    people: dict[str, int],
    theirs: str,
    rules: dict[str, Any],
    told: str,
) -> None:
    people |= add(session, programme, draft(Kind.MENTOR, "M3"), draft(Kind.FUNDER, "F2", capacity=1))
    save_rules(session, programme, CohortRules(**rules), seen=0, actor="a")
    first = approve(session, programme, people, "S1", theirs)
    with pytest.raises(CapacityReached, match=told):
        approve(session, programme, people, "S6", theirs)
    undone = undo(session, programme, first.id, actor="a")
    approve(session, programme, people, "S6", theirs)
    with pytest.raises(CapacityReached, match=told):
        undo(session, programme, undone.id, actor="a")


@pytest.mark.parametrize("before", [None, "approved", "rejected"])
@pytest.mark.parametrize("after", ["approved", "rejected"])
def test_undoing_restores_what_was(
    session: Session, programme: Programme, people: dict[str, int], before: str | None, after: str
) -> None:
    pair = people["S1"], people["M1"]
    if before:
        decide(session, programme, *pair, before, actor="a")
    event = decide(session, programme, *pair, after, actor="b")
    assert state(session)[pair] == after
    undo(session, programme, event.id, actor="b")
    assert state(session).get(pair) == before


def test_an_undoing_can_be_undone(session: Session, programme: Programme, people: dict[str, int]) -> None:
    event = approve(session, programme, people, "S1", "M1")
    undone = undo(session, programme, event.id, actor="a")
    assert state(session) == {}
    undo(session, programme, undone.id, actor="a")
    assert list(state(session).values()) == ["approved"]


def test_undoing_cannot_take_a_place_that_is_gone(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    approve(session, programme, people, "S1", "M1")
    rejected = decide(session, programme, people["S1"], people["M1"], "rejected", actor="a")
    approve(session, programme, people, "S2", "M1")
    with pytest.raises(CapacityReached):
        undo(session, programme, rejected.id, actor="a")
    assert state(session)[people["S1"], people["M1"]] == "rejected"


def test_a_decision_that_was_overtaken_cannot_be_undone(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    event = approve(session, programme, people, "S1", "M1")
    decide(session, programme, people["S1"], people["M1"], "rejected", actor="b")
    with pytest.raises(Conflict, match="meanwhile"):
        undo(session, programme, event.id, actor="a")
    assert list(state(session).values()) == ["rejected"]


def test_of_two_who_undo_one_decision_one_does(
    engine: Engine, programme: Programme, people: dict[str, int]
) -> None:
    with unit_of_work(engine) as session:
        event = approve(session, programme, people, "S1", "M1")

    def work(_: int) -> str:
        with unit_of_work(engine) as session:
            return undo(session, programme, event.id, actor="a").action

    assert Counter(type(result) for result in at_once(6, work)) == {str: 1, Conflict: 5}


@pytest.mark.parametrize(
    ("ours", "theirs", "why"),
    [
        ("S2", "M2", None),
        ("S3", "M2", "conflict of interest"),
        ("S5", "M1", "conflict of interest"),
        ("S6", "M1", "conflict of interest"),
        ("S2", "F1", "already funded"),
        ("S4", "F1", "ticket size"),
        ("S1", "F1", None),
    ],
)
def test_a_pair_that_may_not_be_cannot_be_approved(
    session: Session, programme: Programme, people: dict[str, int], ours: str, theirs: str, why: str | None
) -> None:
    if why is None:
        assert approve(session, programme, people, ours, theirs).after == {"state": "approved"}
        return
    with pytest.raises(NotAllowed, match=why):
        approve(session, programme, people, ours, theirs)
    assert state(session) == {}


def test_a_language_that_is_not_shared_forbids_it(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    add(session, programme, draft(Kind.STARTUP, "S1", languages=("sw",)))
    with pytest.raises(NotAllowed, match="no working language"):
        approve(session, programme, people, "S1", "M2")


@pytest.mark.parametrize(("ours", "theirs"), [("M1", "S1"), ("S1", "S2"), ("M1", "M2"), ("S1", "S1")])
def test_only_a_start_up_and_a_counterpart_are_a_pair(
    session: Session, programme: Programme, people: dict[str, int], ours: str, theirs: str
) -> None:
    with pytest.raises(NotFound):
        approve(session, programme, people, ours, theirs)


def test_another_programme_can_neither_decide_nor_undo(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    other = make_programme(session)
    event = approve(session, programme, people, "S1", "M1")
    with pytest.raises(NotFound):
        approve(session, other, people, "S1", "M1")
    with pytest.raises(NotFound):
        undo(session, other, event.id, actor="a")
    theirs = add(session, other, draft(Kind.MENTOR, "M9"))
    with pytest.raises(NotFound):
        decide(session, programme, people["S1"], theirs["M9"], "approved", actor="a")


@pytest.mark.parametrize("event_id", [0, 4711])
def test_what_never_happened_cannot_be_undone(session: Session, programme: Programme, event_id: int) -> None:
    with pytest.raises(NotFound):
        undo(session, programme, event_id, actor="a")


def test_an_event_that_is_no_decision_cannot_be_undone(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    imported = session.scalars(select(AuditEvent)).first()
    assert imported is not None
    with pytest.raises(NotFound):
        undo(session, programme, imported.id, actor="a")


def test_decided_pairs_are_listed_with_what_undoes_them(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    decide(session, programme, people["S1"], people["M1"], "rejected", actor="a")
    approve(session, programme, people, "S3", "F1")
    decided = [MatchState.APPROVED, MatchState.REJECTED]
    found = list_matches(session, programme, decided)
    assert [(d.startup.ref, d.counterpart.ref, d.match.state) for d in found] == [
        ("S3", "F1", "approved"),
        ("S1", "M1", "rejected"),
    ]
    latest = found[0].match
    event_id = latest_events(session, programme)[latest.startup_id, latest.counterpart_id]
    undo(session, programme, event_id, actor="a")
    assert len(list_matches(session, programme, decided)) == 1
