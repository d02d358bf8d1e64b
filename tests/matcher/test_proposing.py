"""Whole-cohort proposals over real databases, a real index and the real solver."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from matcher.db import reading, unit_of_work
from matcher.models import (
    AuditEvent,
    Kind,
    Match,
    MatchState,
    Mentor,
    Programme,
    Proposal,
    Startup,
    Waiting,
)
from matcher.services import proposals
from matcher.services.plan import figures_of_run, read_plan
from matcher.services.profiles import remove_profile
from matcher.services.steps import image_of, replay, undo
from matcher.wording import Message, Refusal
from tests.matcher.cohorts import Cohort
from tests.matcher.factories import add, draft, embed_all, make_programme

TWO = {"M1": {"S1": 0.7, "S2": 0.6}, "M2": {"S1": 0.6, "S2": 0.35}}
"""Both start-ups would rather have M1; in sum it is best that S2 gets it."""


@pytest.fixture
def cohort(engine: Engine, programme: Programme, tmp_path: Path) -> Cohort:
    return Cohort(engine, programme, tmp_path)


def test_the_best_sum_is_proposed_and_everything_about_the_run_recorded(cohort: Cohort) -> None:
    cohort.fill(TWO, startups=2)
    run = cohort.run()
    assert cohort.pairs() == {"S1-M2", "S2-M1"}
    assert (run.number, run.rules_version, run.made_by, run.seed) == (1, 0, "a", 0)
    assert (run.model, run.pairs, run.covered, run.startups) == ("test-space", 2, 2, 2)
    assert (run.objective, run.is_optimal, run.unmatched, run.relaxed) == ("total", True, [], [])
    assert "flow" in run.solver
    assert len(run.input_hash) == 64
    with reading(cohort.engine) as session:
        matches = session.scalars(select(Match)).all()
        assert run.total == pytest.approx(sum(match.score or 0.0 for match in matches))
        assert run.worst_off == pytest.approx(min(match.score or 0.0 for match in matches))
        assert all(match.reasons and match.band for match in matches)
        event = session.scalars(select(AuditEvent).where(AuditEvent.action == "proposal.made")).one()
        assert event.after == {"proposal": run.id, "number": 1, "kind": "mentor"}
        plan = read_plan(session, session.get_one(Programme, cohort.programme.id), Kind.MENTOR)
        before = figures_of_run(run)
        assert (plan.now.total, plan.now.worst_off) == pytest.approx((before.total, before.worst_off))


def test_the_score_of_a_pair_is_the_one_that_its_lists_show(cohort: Cohort) -> None:
    cohort.fill(TWO, startups=2)
    run = cohort.run()
    with reading(cohort.engine) as session:
        stored = session.get_one(Proposal, run.id)
        scores = proposals.scores_of(stored)
        assert len(scores) == 4
        for match in session.scalars(select(Match)):
            assert scores[match.startup_id, match.counterpart_id] == pytest.approx(match.score, abs=1e-6)


def test_the_same_input_gives_the_same_hash_and_the_same_pairs(cohort: Cohort) -> None:
    cohort.fill({f"M{n}": {} for n in range(1, 6)}, startups=5)  # all alike: ties everywhere
    first, pairs = cohort.run(), cohort.pairs()
    second = cohort.run()
    assert (second.input_hash, cohort.pairs(), second.number) == (first.input_hash, pairs, 2)
    cohort.rules(mentors_most=2)
    assert cohort.run().input_hash != first.input_hash


def test_a_new_run_keeps_what_is_locked_or_approved_and_replaces_the_rest(cohort: Cohort) -> None:
    cohort.fill({**TWO, "M3": {"S3": 0.6}}, startups=3)
    cohort.run()
    cohort.decide("S1", "M1", "locked")
    cohort.decide("S3", "M3", "approved")
    run = cohort.run()
    assert cohort.pairs() == {"S2-M2"}
    assert cohort.pairs(MatchState.LOCKED, MatchState.APPROVED) == {"S1-M1", "S3-M3"}
    assert (run.pairs, run.covered) == (3, 3)


def test_a_held_pair_that_is_no_longer_eligible_keeps_its_place(cohort: Cohort) -> None:
    cohort.fill(TWO, startups=2)
    cohort.decide("S1", "M1", "approved")
    with unit_of_work(cohort.engine) as session:
        session.get_one(Mentor, cohort.ids["M1"]).languages = ["fr"]
        session.flush()
        session.get_one(Startup, cohort.ids["S1"]).languages = ["en"]
    run = cohort.run()
    assert (cohort.pairs(), run.pairs, run.unmatched) == ({"S2-M2"}, 2, [])


def test_rejected_pairs_never_return_and_failed_ones_only_if_the_rules_say_so(cohort: Cohort) -> None:
    cohort.fill({"M1": {"S1": 0.7}, "M2": {}, "M3": {}}, startups=1)
    cohort.decide("S1", "M1", "rejected")
    with unit_of_work(cohort.engine) as session:
        failed = Match(
            programme_id=cohort.programme.id, startup_id=cohort.ids["S1"],
            counterpart_id=cohort.ids["M2"], state=MatchState.DECLINED, decided_by="a",
        )  # fmt: skip
        session.add(failed)
    cohort.run()
    assert cohort.pairs() == {"S1-M3"}
    cohort.decide("S1", "M3", "rejected")
    assert cohort.run().covered == 0
    cohort.rules(repeat_failed=True)
    cohort.run()
    assert cohort.pairs() == {"S1-M2"}


def test_undoing_a_run_restores_exactly_what_was_there(cohort: Cohort) -> None:
    cohort.fill({**TWO, "M3": {"S3": 0.6}}, startups=3)
    cohort.run()
    cohort.decide("S1", "M1", "locked")

    def images(session: Session) -> dict[Any, Any]:
        return {(m.startup_id, m.counterpart_id): image_of(m) for m in session.scalars(select(Match))}

    before = cohort.read(images)
    cohort.run()
    assert cohort.read(images) != before
    with unit_of_work(cohort.engine) as session:
        last = session.scalar(select(func.max(AuditEvent.id)))
        undo(session, cohort.programme, last or 0, actor="a")
    assert cohort.read(images) == before
    assert cohort.read(lambda session: replay(session, cohort.programme)) == before


def test_who_waited_longest_is_served_first_whatever_the_scores(cohort: Cohort) -> None:
    cohort.fill({"M1": {"S1": 0.7, "S2": 0.5, "S3": 0.35}}, startups=3)
    assert cohort.run().covered == 1
    assert cohort.pairs() == {"S1-M1"}
    with unit_of_work(cohort.engine) as session:
        for ref, rounds in (("S2", 1), ("S3", 2)):
            session.add(
                Waiting(
                    programme_id=cohort.programme.id,
                    startup_id=cohort.ids[ref],
                    counterpart_kind=Kind.MENTOR.value,
                    rounds=rounds,
                )
            )
    run = cohort.run()
    assert cohort.pairs() == {"S3-M1"}
    assert run.total < 1  # waiting is no part of the score


@pytest.mark.parametrize("objective", ["total", "fairest"])
def test_nobody_gets_a_second_mentor_before_everybody_has_a_first(cohort: Cohort, objective: str) -> None:
    cohort.fill({"M1": {"S1": 0.7}, "M2": {"S1": 0.7}}, startups=2)
    cohort.rules(mentors_least=0, mentors_most=2, objective=objective)
    run = cohort.run()
    assert (run.pairs, run.covered) == (2, 2)


def test_fairness_looks_at_those_who_can_get_somebody(cohort: Cohort) -> None:
    near = {"M1": {"S1": 0.74, "S2": 0.5}, "M2": {"S1": 0.55, "S2": 0.31}}  # the best sum is another
    cohort.fill(near, startups=3, values={"S3": {"languages": ("ar",)}, "M1": {"languages": ("en",)},
                                          "M2": {"languages": ("en",)}})  # fmt: skip
    cohort.rules(objective="fairest")
    run = cohort.run()
    assert cohort.pairs() == {"S1-M2", "S2-M1"}
    assert (run.covered, run.startups) == (2, 3)
    assert list(cohort.unmatched(run)) == ["S3"]


def test_a_required_language_must_be_stated_and_shared(cohort: Cohort) -> None:
    values: Mapping[str, Mapping[str, Any]] = {
        "S1": {"languages": ("en", "sw")}, "S2": {},
        "M1": {}, "M2": {"languages": ("sw",)}, "M3": {"languages": ("en",)},
    }  # fmt: skip
    cohort.fill({"M1": {"S1": 0.7, "S2": 0.7}, "M2": {}, "M3": {}}, startups=2, values=values)
    cohort.run()
    assert "S1-M1" in cohort.pairs() or "S2-M1" in cohort.pairs()
    cohort.rules(language="required", startups_least=0)
    run = cohort.run()
    assert cohort.pairs() in ({"S1-M2"}, {"S1-M3"})
    assert cohort.unmatched(run) == {
        "S2": "none of 3 mentors is eligible: 3 because they do not both state a language that they share"
    }
    remedies = [str(remedy) for line in run.unmatched for remedy in map(Message.from_json, line["remedies"])]
    assert remedies == ["let pairs through in which a side states no language"]


def test_time_zones_too_far_apart_are_barred_but_unknown_ones_are_not(cohort: Cohort) -> None:
    values: Mapping[str, Mapping[str, Any]] = {
        "S1": {"country": "KE"}, "M1": {"timezone": "America/Lima"}, "M2": {"timezone": "Europe/Paris"},
    }  # fmt: skip
    near = {"M1": {"S1": 0.7}, "M2": {"S1": 0.6}, "M3": {"S1": 0.5}}
    cohort.fill(near, startups=1, values=values)
    cohort.run()
    assert cohort.pairs() == {"S1-M1"}
    for hours, expected in ((2, {"S1-M2"}), (1, {"S1-M3"}), (8, {"S1-M1"})):
        cohort.rules(hours_apart=hours)
        cohort.run()
        assert cohort.pairs() == expected


def test_preferences_and_wishes_shape_the_choice_but_not_the_score(cohort: Cohort) -> None:
    values = {"S1": {"sectors": ("energy",)}, "M2": {"sectors": ("energy",)}}
    cohort.fill({"M1": {"S1": 0.7}, "M2": {"S1": 0.5}, "M3": {"S1": 0.45}}, startups=1, values=values)
    cohort.wish("S1", "M3")
    cohort.rules(wishes=0.0)
    plain = cohort.run()
    assert cohort.pairs() == {"S1-M1"}
    cohort.rules(wishes=0.0, prefer_sector=0.5)
    liked = cohort.run()
    assert cohort.pairs() == {"S1-M2"}
    assert liked.total < plain.total + 0.5
    cohort.rules(wishes=0.5)
    wished = cohort.run()
    assert cohort.pairs() == {"S1-M3"}
    assert wished.total < plain.total
    with reading(cohort.engine) as session:
        scores = proposals.scores_of(session.get_one(Proposal, wished.id))
    assert scores[cohort.ids["S1"], cohort.ids["M3"]] == pytest.approx(wished.total, abs=1e-6)


def test_a_quota_gives_each_of_a_group_somebody_of_another(cohort: Cohort) -> None:
    values = {
        "M3": {"country": "KE"},
        "M4": {"country": "KE"},
        "S1": {"stage": "idea"},
        "S2": {"stage": "idea"},
    }
    near = {"M1": {"S1": 0.7}, "M2": {"S2": 0.7}, "M3": {}, "M4": {}}
    cohort.fill(near, startups=2, values=values)
    cohort.run()
    assert cohort.pairs() == {"S1-M1", "S2-M2"}
    quota = {"name": "Local", "startups": {"attribute": "stage", "values": ("idea",)},
             "counterparts": {"attribute": "country", "values": ("ke",)}}  # fmt: skip
    cohort.rules(quotas=[quota])
    run = cohort.run()
    assert cohort.pairs() in ({"S1-M3", "S2-M4"}, {"S1-M4", "S2-M3"})
    assert run.relaxed == []
    cohort.rules(quotas=[{**quota, "each": False}])
    cohort.run()
    assert len(cohort.pairs() & {"S1-M3", "S1-M4", "S2-M3", "S2-M4"}) == 1


def test_a_quota_that_cannot_be_met_is_told_and_everybody_still_has_somebody(cohort: Cohort) -> None:
    cohort.fill(TWO, startups=2, values={"M1": {"country": "KE"}})
    quota = {"name": "Local", "startups": {"attribute": "ref", "values": ("S1", "S2")},
             "counterparts": {"attribute": "country", "values": ("KE",)}}  # fmt: skip
    cohort.rules(quotas=[quota])
    run = cohort.run()
    assert run.covered == 2
    (told,) = [str(Message.from_json(line)) for line in run.relaxed]
    (left,) = {"S1", "S2"} - {pair[:2] for pair in cohort.pairs() if pair.endswith("M1")}
    assert told == f"the quota “Local” is missed by 1 pairs: Somebody {left}"


def test_mentors_are_promised_start_ups_as_far_as_there_are_any(cohort: Cohort) -> None:
    near = {"M1": {"S1": 0.7, "S2": 0.7}, "M2": {}}
    cohort.fill(near, startups=2, values={"M1": {"capacity": 2}})
    cohort.run()
    assert cohort.pairs() == {"S1-M1", "S2-M1"}
    cohort.rules(startups_least=1)
    run = cohort.run()
    assert len({pair[-2:] for pair in cohort.pairs()}) == 2
    assert run.relaxed == []
    cohort.rules(startups_least=2)
    told = [str(Message.from_json(line)) for line in cohort.run().relaxed]
    assert len(told) == 1
    assert "fewer start-ups than promised" in told[0]


def test_candidates_beyond_the_shortlists_are_looked_at_for_who_is_left_over(cohort: Cohort) -> None:
    """All are alike, so all shortlists hold the same fifty: twenty are on none and would find nobody."""
    cohort.fill({f"M{n:03}": {} for n in range(120)}, startups=120)
    run = cohort.run()
    assert (run.covered, run.unmatched) == (120, [])


def test_a_stable_proposal_has_no_two_who_would_rather_have_each_other(cohort: Cohort) -> None:
    near = {f"M{m}": {f"S{s}": 0.3 + 0.1 * ((m * s) % 4) for s in range(1, 5)} for m in range(1, 5)}
    cohort.fill(near, startups=4, values={"M1": {"capacity": 2}})
    cohort.rules(objective="stable", wishes=0.0, floor=0.1)  # ranks alone carry the wishes
    cohort.wish("S1", "M3", "M2")
    cohort.wish("S2", "M3")
    cohort.wish("M3", "S2", "S4")
    cohort.wish("M1", "S1")
    run = cohort.run()
    assert run.solver == "deferred acceptance"
    assert [str(Message.from_json(line)) for line in run.relaxed] == [
        "stable pairs cannot keep a least summed score"
    ]
    assert "S2-M3" in cohort.pairs()
    assert blocking(cohort, run) == []


def blocking(cohort: Cohort, run: Proposal) -> list[str]:
    """Pairs that would both rather have each other: wishes first, then scores. One place a start-up."""
    with reading(cohort.engine) as session:
        scores = proposals.scores_of(session.get_one(Proposal, run.id))
        wishes = proposals.wishes_of(session, cohort.programme)
        places = {m.id: m.capacity or 0 for m in session.scalars(select(Mentor))}

    def rank(subject: int, other: int) -> tuple[int, float]:
        wished = wishes.get(subject, ())
        pair = (subject, other) if (subject, other) in scores else (other, subject)
        return (wished.index(other) if other in wished else 99, -scores[pair])

    made = {tuple(cohort.ids[ref] for ref in pair.split("-")) for pair in cohort.pairs()}
    found = []
    for ours, theirs in scores:
        mine = [b for a, b in made if a == ours]
        others = [a for a, b in made if b == theirs]
        if theirs in mine:
            continue
        rather = not mine or rank(ours, theirs) < rank(ours, mine[0])
        takes = len(others) < places[theirs] or any(rank(theirs, ours) < rank(theirs, a) for a in others)
        if rather and takes:
            found.append(f"{cohort.refs[ours]}-{cohort.refs[theirs]}")
    return found


def test_a_decision_during_the_run_leads_to_a_new_solve(cohort: Cohort) -> None:
    cohort.fill(TWO, startups=2)
    done: list[int] = []

    def meddle(at: int, total: int) -> None:
        if at == total and not done:
            done.append(at)
            cohort.decide("S1", "M1", "locked")

    run = cohort.run(progress=meddle)
    assert done
    assert cohort.pairs() == {"S2-M2"}
    assert cohort.pairs(MatchState.LOCKED) == {"S1-M1"}
    assert run.pairs == 2


def test_who_decides_all_the_time_gets_a_refusal_and_keeps_what_was_there(cohort: Cohort) -> None:
    cohort.fill(TWO, startups=2)

    def meddle(at: int, total: int) -> None:
        if at == total:
            cohort.decide("S1", "M1", "rejected")
            cohort.decide("S1", "M1", "locked")

    with pytest.raises(Refusal, match="again and again"):
        cohort.run(progress=meddle)
    assert (cohort.pairs(), cohort.pairs(MatchState.LOCKED)) == (set(), {"S1-M1"})


def test_who_is_deleted_during_the_run_leads_to_a_new_solve_without_them(cohort: Cohort) -> None:
    cohort.fill(TWO, startups=2)

    left: list[int] = []

    def leave(at: int, total: int) -> None:
        if at == total and not left:
            left.append(at)
            with unit_of_work(cohort.engine) as session:
                programme = session.get_one(Programme, cohort.programme.id)
                remove_profile(session, programme, Kind.MENTOR, cohort.ids["M1"], actor="a")

    run = cohort.run(progress=leave)
    assert (cohort.pairs(), run.pairs, run.covered) == ({"S1-M2"}, 1, 1)
    assert list(cohort.unmatched(run)) == ["S2"]


def test_a_floor_that_cannot_be_reached_is_told_and_pairs_are_made_all_the_same(cohort: Cohort) -> None:
    cohort.fill(TWO, startups=2)
    cohort.rules(floor=5.0)
    run = cohort.run()
    assert run.covered == 2
    assert [str(Message.from_json(line)) for line in run.relaxed] == [
        "2 start-ups stay under the least summed score of 5.00: Somebody S1, Somebody S2"
    ]


def test_a_floor_that_can_be_reached_comes_before_the_total(cohort: Cohort) -> None:
    near = {"M1": {"S1": 0.74, "S2": 0.5}, "M2": {"S1": 0.55, "S2": 0.31}}
    cohort.fill(near, startups=2)
    cohort.run()
    assert cohort.pairs() == {"S1-M1", "S2-M2"}
    cohort.rules(floor=0.4)
    run = cohort.run()
    assert (cohort.pairs(), run.relaxed) == ({"S1-M2", "S2-M1"}, [])


def test_in_a_stable_proposal_without_places_for_all_somebody_is_named(cohort: Cohort) -> None:
    cohort.fill({"M1": {"S1": 0.5, "S2": 0.7}}, startups=2)
    cohort.rules(objective="stable")
    run = cohort.run()
    assert cohort.pairs() == {"S2-M1"}
    assert list(cohort.unmatched(run)) == ["S1"]


def test_funding_partners_are_shared_out_within_their_introductions(cohort: Cohort) -> None:
    cohort.fill({"M1": {}}, startups=3)
    with unit_of_work(cohort.engine) as session:
        funders = [draft(Kind.FUNDER, f"F{n}", thesis=f"Thesis {n}", stages=("idea",)) for n in (1, 2)]
        cohort.ids = add(session, cohort.programme, *funders)
        cohort.refs = {number: ref for ref, number in cohort.ids.items()}
    embed_all(cohort.engine, cohort.programme)
    cohort.rules(introductions_most=1)
    run = cohort.run(kind=Kind.FUNDER)
    assert (run.pairs, run.covered, len(run.unmatched)) == (2, 2, 1)
    (first, *_) = run.unmatched[0]["remedies"]
    assert first["action"] == {"kind": "rule", "rule": "introductions_most", "value": 2}
    cohort.rules(introductions_most=2)
    assert cohort.run(kind=Kind.FUNDER).covered == 3
    assert cohort.pairs() != set()
    cohort.run()  # mentors' proposals leave the funders' alone
    assert len({pair for pair in cohort.pairs() if "-F" in pair}) == 4


def test_a_run_whose_job_cannot_be_recorded_leaves_no_trace(cohort: Cohort) -> None:
    cohort.fill(TWO, startups=2)

    def lost(session: Session, result: Mapping[str, Any]) -> None:
        raise RuntimeError("the worker lost its lease")

    with pytest.raises(RuntimeError):
        cohort.run(finish=lost)
    with reading(cohort.engine) as session:
        assert session.scalar(select(func.count()).select_from(Proposal)) == 0
        assert session.scalar(select(func.count()).select_from(Match)) == 0


def test_a_programme_with_nobody_on_a_side_is_told_so(cohort: Cohort) -> None:
    cohort.fill({}, startups=2)
    run = cohort.run()
    assert (run.pairs, len(run.unmatched)) == (0, 2)
    cohort.programme = cohort.read(lambda s: s.get_one(Programme, cohort.programme.id))
    with unit_of_work(cohort.engine) as session:
        empty = make_programme(session)
    cohort.programme = empty
    assert cohort.run().startups == 0
