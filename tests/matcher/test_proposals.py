"""What managers ask for and read of whole-cohort proposals, without the solver."""

from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from matcher.db import reading, unit_of_work
from matcher.models import (
    AuditEvent,
    Job,
    JobKind,
    JobState,
    Kind,
    Match,
    MatchState,
    Programme,
    Proposal,
    Waiting,
)
from matcher.services import proposals
from matcher.services.cohort_blob import CohortArrays, pack, unpack
from matcher.services.errors import NotAllowed, NotFound
from matcher.services.plan import Figures
from matcher.services.review import decide, move
from matcher.services.steps import find, in_state, take
from matcher.wording import Message
from tests.matcher.factories import add, at_once, draft, make_programme


@pytest.fixture
def people(engine: Engine, programme: Programme) -> dict[str, int]:
    drafts = [
        *(draft(Kind.STARTUP, f"S{n}") for n in range(1, 5)),
        draft(Kind.MENTOR, "M1", "Ada", capacity=2),
        draft(Kind.MENTOR, "M2", "Ben"),
        draft(Kind.MENTOR, "M3", "Caro", capacity=0),
        draft(Kind.FUNDER, "F1"),
    ]
    with unit_of_work(engine) as session:
        return add(session, programme, *drafts)


def small_problem(people: dict[str, int]) -> CohortArrays:
    """S1 and S2 may have M1 and M2."""
    edges = 4
    return CohortArrays(
        startups=np.array([people["S1"], people["S2"]]),
        counterparts=np.array([people["M1"], people["M2"]]),
        counts=np.array([2, 2], np.int32),
        supply=np.array([0, 1, 0, 1], np.int32),
        score=np.array([0.5, 0.25, 0.75, 0.125], np.float32),
        bonus=np.zeros(edges, np.float32),
        bar=np.zeros(edges, np.uint8),
        locked=np.zeros(edges, np.bool_),
        demand_least=np.ones(2, np.int32),
        demand_most=np.ones(2, np.int32),
        supply_least=np.zeros(2, np.int32),
        supply_most=np.array([2, 3], np.int32),
    )


def add_run(session: Session, programme: Programme, **values: Any) -> Proposal:
    base: dict[str, Any] = {
        "programme_id": programme.id, "counterpart_kind": "mentor", "number": 1, "rules_version": 0,
        "model": "m", "revision": "1", "watermark": 1, "seed": 0, "input_hash": "", "problem": b"",
        "objective": "total", "solver": "by hand", "is_optimal": True, "gap": 0.0, "total": 2.0,
        "worst_off": 0.5, "pairs": 3, "covered": 3, "startups": 4, "seconds": 0.1, "made_by": "a",
    }  # fmt: skip
    run = Proposal(**{**base, **values})
    session.add(run)
    session.flush()
    return run


def put(session: Session, programme: Programme, pair: tuple[int, int], state: MatchState, **v: Any) -> None:
    take(session, programme, "a", "test", {pair: in_state(state, **v)})


def test_many_who_press_propose_at_once_get_one_run_for_each_kind(
    engine: Engine, programme: Programme
) -> None:
    def press(number: int) -> int:
        with unit_of_work(engine) as session:
            kind = (Kind.MENTOR, Kind.FUNDER)[number % 2]
            return proposals.request_proposal(session, programme, kind, actor="a").id

    assert len(set(at_once(8, press))) == 2
    with reading(engine) as session:
        events = session.scalars(select(AuditEvent.action)).all()
        assert events == ["proposal.requested"] * 2
        payloads = session.scalars(select(Job.payload).order_by(Job.id)).all()
        assert sorted(map(str, payloads)) == sorted(
            str({"kind": kind, "actor": "a", "seed": 0}) for kind in ("mentor", "funder")
        )


def test_a_run_that_began_does_not_answer_for_what_changed_since(
    engine: Engine, programme: Programme
) -> None:
    with unit_of_work(engine) as session:
        first = proposals.request_proposal(session, programme, Kind.MENTOR, actor="a")
        first.state = JobState.RUNNING
        session.flush()
        assert proposals.request_proposal(session, programme, Kind.MENTOR, actor="a").id != first.id


def test_a_proposal_is_of_mentors_or_funders(session: Session, programme: Programme) -> None:
    with pytest.raises(NotAllowed):
        proposals.request_proposal(session, programme, Kind.STARTUP, actor="a")


def test_the_job_to_wait_for_is_told_until_it_is_done_and_also_if_it_failed(
    session: Session, programme: Programme
) -> None:
    assert proposals.pending_job(session, programme, Kind.MENTOR) is None
    job = proposals.request_proposal(session, programme, Kind.MENTOR, actor="a")
    proposals.request_proposal(session, programme, Kind.FUNDER, actor="a")
    shown = {}
    for state in JobState:
        job.state = state
        session.flush()
        shown[state.value] = proposals.pending_job(session, programme, Kind.MENTOR) == job
    assert shown == {"queued": True, "running": True, "done": False, "failed": True}


def test_a_plan_counts_pairs_places_and_people_as_they_are_now(
    engine: Engine, programme: Programme, people: dict[str, int]
) -> None:
    pair = {name: (people[name[:2]], people[name[2:]]) for name in ("S1M1", "S2M1", "S2M2", "S3M2", "S1F1")}
    with unit_of_work(engine) as session:
        add_run(session, programme)
        put(session, programme, pair["S1M1"], MatchState.APPROVED, score=0.75, band="strong")
        put(session, programme, pair["S2M1"], MatchState.PROPOSED, score=0.5, band="good")
        put(session, programme, pair["S2M2"], MatchState.PROPOSED)
        put(session, programme, pair["S3M2"], MatchState.REJECTED, score=0.9, band="strong")
        put(session, programme, pair["S1F1"], MatchState.PROPOSED, score=0.9, band="strong")
    with reading(engine) as session:
        plan = proposals.read_plan(session, programme, Kind.MENTOR)
        assert plan.states == {MatchState.APPROVED: 1, MatchState.PROPOSED: 2}
        assert plan.bands == {"strong": 1, "good": 1, "": 1}
        assert plan.now == Figures(1.25, 0.5, 2, 3, people["S2"])
        assert plan.worst is not None
        assert plan.worst.ref == "S2"
        assert (plan.startups, [p.ref for p in plan.uncovered]) == (4, ["S3", "S4"])
        places = [(p.profile.name, p.held, p.proposed, p.capacity, p.left) for p in plan.places]
        assert places == [("Ada", 1, 1, 2, 0), ("Ben", 0, 1, 3, 2), ("Caro", 0, 0, 0, 0)]
        assert plan.idle == []
        assert plan.before == Figures(2.0, 0.5, 3, 3)
        funding = proposals.read_plan(session, programme, Kind.FUNDER)
        assert (funding.now.pairs, funding.run, funding.before) == (1, None, None)
        assert [(p.proposed, p.capacity) for p in funding.places] == [(1, 5)]


def test_a_plan_of_nothing_is_no_error(session: Session, programme: Programme) -> None:
    plan = proposals.read_plan(session, programme, Kind.MENTOR)
    assert (plan.now, plan.places, plan.uncovered) == (Figures(0.0, 0.0, 0, 0), [], [])


def test_what_the_solver_was_given_is_kept_byte_for_byte(people: dict[str, int]) -> None:
    arrays = small_problem(people)
    assert pack(unpack(pack(arrays))) == pack(arrays)
    assert unpack(pack(arrays)).demand.tolist() == [0, 0, 1, 1]


def test_scores_of_a_run_are_read_back_by_the_people_they_are_about(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    run = add_run(session, programme, problem=pack(small_problem(people)))
    scores = proposals.scores_of(run)
    assert len(scores) == 4
    assert scores[people["S2"], people["M1"]] == 0.75
    assert proposals.scores_of(add_run(session, programme, number=2)) == {}


def test_a_pair_on_no_list_has_the_score_of_the_latest_run_when_it_is_moved(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    add_run(session, programme, problem=pack(small_problem(people)))
    old, new = (people["S2"], people["M2"]), (people["S2"], people["M1"])
    put(session, programme, old, MatchState.PROPOSED, score=0.125)
    move(session, programme, old, people["M1"], actor="a")
    decide(session, programme, people["S3"], people["M2"], "approved", actor="a")
    found = find(session, programme, [new, (people["S3"], people["M2"])])
    assert {pair: (m.state, m.score, m.band) for pair, m in found.items()} == {
        new: ("locked", 0.75, "strong"),
        (people["S3"], people["M2"]): ("approved", None, None),
    }
    assert proposals.read_plan(session, programme, Kind.MENTOR).now.total == 0.75


def test_who_is_unmatched_is_read_with_reason_and_remedies(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    line = {
        "profile_id": people["S1"],
        "reason": Message("why").to_json(),
        "remedies": [Message("do %(what)s", {"what": "this"}).to_json()],
    }
    gone = {**line, "profile_id": 99_999}
    run = add_run(session, programme, unmatched=[line, gone], relaxed=[Message("rule").to_json()])
    (found,) = proposals.unmatched_startups(session, run)
    assert (found.startup.ref, str(found.reason), [str(r) for r in found.remedies]) == (
        "S1", "why", ["do this"],
    )  # fmt: skip
    assert [str(rule) for rule in proposals.relaxed_rules(run)] == ["rule"]


def test_who_waits_longest_comes_first(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    for ref, rounds, kind in (("S1", 1, "mentor"), ("S2", 3, "mentor"), ("S3", 9, "funder")):
        session.add(
            Waiting(programme_id=programme.id, startup_id=people[ref], counterpart_kind=kind, rounds=rounds)
        )
    session.flush()
    found = proposals.waiting_list(session, programme, Kind.MENTOR)
    assert [(line.startup.ref, line.rounds) for line in found] == [("S2", 3), ("S1", 1)]


def test_wishes_are_replaced_as_a_whole_and_logged(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    for refs in (("M1", "M2"), ("F1", "M2", "M1")):
        proposals.set_wishes(session, programme, people["S1"], [people[r] for r in refs], actor="a")
    proposals.set_wishes(session, programme, people["M1"], [people["S2"]], actor="a")
    assert proposals.wishes_of(session, programme) == {
        people["S1"]: (people["F1"], people["M2"], people["M1"]),
        people["M1"]: (people["S2"],),
    }
    proposals.set_wishes(session, programme, people["S1"], [], actor="a")
    assert list(proposals.wishes_of(session, programme)) == [people["M1"]]
    event = session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert event is not None
    assert (len(event.before["wishes"]), event.after) == (3, {"wishes": []})


@pytest.mark.parametrize(
    ("subject", "wished"),
    [("S1", ["S2"]), ("M1", ["M2"]), ("M1", ["F1"]), ("S1", ["M1", "M1"])],
)
def test_wishes_that_cannot_come_true_are_refused(
    session: Session, programme: Programme, people: dict[str, int], subject: str, wished: list[str]
) -> None:
    with pytest.raises(NotAllowed):
        proposals.set_wishes(session, programme, people[subject], [people[r] for r in wished], actor="a")


def test_nobody_wishes_for_more_than_ten_or_for_another_programme_s_people(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    crowd = add(session, programme, *(draft(Kind.MENTOR, f"X{n}") for n in range(11)))
    with pytest.raises(NotAllowed):
        proposals.set_wishes(session, programme, people["S1"], [crowd[f"X{n}"] for n in range(11)], actor="a")
    others = add(session, make_programme(session), draft(Kind.MENTOR, "M1"))
    with pytest.raises(NotFound):
        proposals.set_wishes(session, programme, people["S1"], [others["M1"]], actor="a")


def test_a_what_if_needs_a_run_and_a_pair_and_is_answered_when_its_job_is(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    def ask(ours: str, theirs: str) -> Job:
        return proposals.request_what_if(
            session, programme, Kind.MENTOR, people[ours], people[theirs], actor="a"
        )

    with pytest.raises(NotAllowed):
        ask("S1", "M1")
    add_run(session, programme, problem=pack(small_problem(people)))
    for pair in (("M1", "S1"), ("S1", "F1"), ("S1", "S2")):
        with pytest.raises(NotFound):
            ask(*pair)
    job = ask("S1", "M1")
    assert job.kind == JobKind.WHAT_IF
    assert proposals.read_what_if(session, programme, job.id) is None
    answer = proposals.WhatIf(
        people["S1"], people["M1"], Figures(2.0, 0.5, 3, 3), Figures(1.5, 0.25, 3, 3),
        [(1, 2)], [(3, 4)], [Message("no")], Message("worse"),
    )  # fmt: skip
    job.state, job.result = JobState.DONE, answer.to_json()
    session.flush()
    assert proposals.read_what_if(session, programme, job.id) == answer
    job.state, job.error = JobState.FAILED, Message("died").to_json()
    session.flush()
    failed = proposals.read_what_if(session, programme, job.id)
    assert failed is not None
    assert str(failed.message) == "died"
    with pytest.raises(NotFound):
        proposals.read_what_if(session, make_programme(session), job.id)


def test_matches_of_another_programme_are_no_part_of_a_plan(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    other = make_programme(session)
    theirs = add(session, other, draft(Kind.STARTUP, "S1"), draft(Kind.MENTOR, "M1"))
    put(session, other, (theirs["S1"], theirs["M1"]), MatchState.PROPOSED, score=0.5)
    assert proposals.read_plan(session, programme, Kind.MENTOR).now.pairs == 0
    assert session.scalars(select(Match.score)).all() == [0.5]
