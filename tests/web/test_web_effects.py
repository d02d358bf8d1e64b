"""What a step does to all: coverage, total and the worst-off, said before it and shown after it."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, update

from matcher.db import reading, unit_of_work
from matcher.models import Job, JobKind, Kind, Match, MatchState, Mentor, Profile
from matcher.services.plan import Figures, read_plan
from matcher.services.proposals import WhatIf, request_what_if
from matcher.services.review import decide, move
from matcher.services.steps import Pair, in_state, take
from matcher.wording import Message
from tests.web.cohort_world import programme_of, run
from tests.web.conftest import submit, token
from tests.web.test_web_cohort import card, cohort, pairs, press
from tests.web.test_web_pair import options, page_of
from tests.web.test_web_whynot import _text
from tests.web.world import World
from web.permissions import TABLE, Permission

__all__ = ["pairs"]


def figures(engine: Engine, world: World) -> Figures:
    with reading(engine) as session:
        return read_plan(session, programme_of(session, world), Kind.MENTOR).now


def said_worst(words: str) -> float | None:
    found = re.findall(r"worst-off then ([\d.]+)", words)
    return float(found[0]) if found else None


def test_a_rejection_shows_what_it_does_to_coverage_on_both_pages(
    client: FlaskClient, world: World, engine: Engine, pairs: list[Pair]
) -> None:
    page = page_of(world, pairs[0])
    for shown in (page, cohort(world)):
        assert "against the last run" not in client.get(shown).text
    submit(client, page, to=f"{page}/decide", step="reject", seen="proposed")

    for shown in (page, cohort(world)):
        told = _text(client.get(shown).text).partition("How it stands")[2]
        assert "7 of 9 start-ups have a mentor \u22121 against the last run" in told
        assert "Fit of all pairs together \u22120.75 against the last run" in told
    assert f'href="{cohort(world)}#left-out"' in client.get(page).text


def test_a_step_in_the_queue_says_on_its_card_what_it_does_to_all(
    client: FlaskClient, world: World, pairs: list[Pair]
) -> None:
    answer = press(client, world, "reject", pairs[0], "proposed")
    shown = client.get(answer.location).text

    told = _text(f"<main>{card(shown, pairs[0])}")
    assert "7 of 9 start-ups have a mentor (\u22121 against the last run)" in told
    assert "Fit of all pairs together: 3.12 (\u22120.75 against the last run)" in told
    assert "Fit of the worst-off: 0.18" in told
    assert "start-ups have a mentor" not in card(shown, pairs[1])
    assert f'href="/p/{world.slug}/log"' in shown


def test_more_proposed_than_there_is_room_for_is_said_until_a_run_puts_it_right(
    client: FlaskClient, world: World, engine: Engine, pairs: list[Pair]
) -> None:
    page = page_of(world, pairs[0])
    for shown in (page, cohort(world)):
        assert "than there is room for" not in client.get(shown).text
    with unit_of_work(engine) as session:
        session.get_one(Mentor, pairs[1][1]).capacity = 1
        programme = programme_of(session, world)
        move(session, programme, pairs[0], pairs[1][1], actor="a")
        decide(session, programme, pairs[2][0], pairs[3][1], "locked", actor="a")
        both = [session.get_one(Profile, number).name for number in (pairs[1][1], pairs[2][0])]
    for shown in (page, cohort(world)):
        told = _text(client.get(shown).text)
        assert (
            f"More pairs are proposed than there is room for: {both[0]} , {both[1]} . Propose again" in told
        )
    with unit_of_work(engine) as session:  # what no run could put right is not said to be
        session.execute(update(Match).values(state=MatchState.LOCKED))
    assert "than there is room for" not in client.get(cohort(world)).text


def test_a_pair_in_a_programme_without_a_run_has_no_summary(client: FlaskClient, world: World) -> None:
    assert "How it stands" not in client.get(page_of(world, (world.lonely, world.mentor))).text


@pytest.mark.parametrize("at", [0, 7])
@pytest.mark.parametrize(("step", "choice"), [("move", "to"), ("swap", "with")])
def test_what_a_choice_says_of_the_worst_off_comes_true(
    client: FlaskClient, world: World, engine: Engine, pairs: list[Pair], at: int, step: str, choice: str
) -> None:
    page = page_of(world, pairs[at])
    shown = client.get(page)
    found = options(shown.text, choice)
    before = figures(engine, world)
    changing = [(value, words) for value, words in found if said_worst(words) is not None]
    unchanged = [(value, words) for value, words in found if said_worst(words) is None]
    value, words = (changing if at == 7 else unchanged)[0]

    client.post(f"{page}/{step}", data={"csrf_token": token(shown), "seen": "proposed", choice: value})

    after = figures(engine, world)
    assert after.worst_off == pytest.approx(said_worst(words) or before.worst_off, abs=0.006)
    effect = re.findall(r"([+\u2212]?\d\.\d\d)", words)[0].replace("\u2212", "-")
    assert after.total - before.total == pytest.approx(float(effect), abs=0.006)


@pytest.mark.parametrize(("step", "choice"), [("move", "to"), ("swap", "with")])
def test_undoing_on_the_page_of_a_pair_that_is_gone_leads_to_the_one_that_is_there_again(
    client: FlaskClient, world: World, engine: Engine, pairs: list[Pair], step: str, choice: str
) -> None:
    page = page_of(world, pairs[3])
    shown = client.get(page)
    value = options(shown.text, choice)[0][0]
    data = {"csrf_token": token(shown), "seen": "proposed", choice: value}
    moved = client.get(client.post(f"{page}/{step}", data=data).location)
    undo = re.findall(r'action="([^"]+/undo)"', moved.text)[0]
    back = re.findall(r'name="back" value="([^"]+)"', moved.text)[0]

    answer = client.post(undo, data={"csrf_token": token(moved), "back": back})

    assert back != page
    assert answer.location == page
    assert "taken back" in client.get(page).text
    assert "No pair yet" not in client.get(page).text


def test_undoing_the_first_decision_about_a_pair_stays_with_it(client: FlaskClient, world: World) -> None:
    page = page_of(world, (world.lonely, world.mentor))
    submit(client, page, to=f"{page}/decide", step="lock", seen="")
    shown = client.get(page)
    undo = re.findall(r'action="([^"]+/undo)"', shown.text)[0]

    answer = client.post(undo, data={"csrf_token": token(shown), "back": page})

    assert answer.location == page
    assert "No pair yet" in client.get(page).text


@pytest.mark.parametrize("state", ["declined", "expired", "withdrawn", "ended", "rejected"])
def test_what_would_be_if_can_be_asked_of_pairs_that_came_to_nothing(
    client: FlaskClient, world: World, engine: Engine, pairs: list[Pair], state: str
) -> None:
    with unit_of_work(engine) as session:
        image = in_state(MatchState(state))
        take(session, programme_of(session, world), "x", f"match.{state}", {pairs[0]: image})

    assert f'action="{page_of(world, pairs[0])}/what-if"' in client.get(page_of(world, pairs[0])).text


def test_what_would_be_if_is_refused_in_words_where_the_run_was_too_large_to_keep(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    run(engine, world, problem=b"")
    page = page_of(world, (world.lonely, world.mentor))

    shown = client.get(page).text
    answer = submit(client, page, to=f"{page}/what-if")

    assert "too large to be asked what would be if" in shown
    assert "Work it out" not in shown
    assert answer.location == page
    with reading(engine) as session:
        assert session.scalars(select(Job).where(Job.kind == JobKind.WHAT_IF)).first() is None


@pytest.mark.parametrize("is_possible", [True, False])
def test_what_would_be_if_advises_to_lock_only_where_that_is_possible(
    client: FlaskClient, world: World, engine: Engine, pairs: list[Pair], is_possible: bool
) -> None:
    new = (world.lonely, world.mentor)
    with unit_of_work(engine) as session:
        programme = programme_of(session, world)
        if not is_possible:
            for pair in ((world.startup, world.mentor), (world.startup + 1, world.mentor)):
                decide(session, programme, *pair, "approved", actor="another")
        job = request_what_if(session, programme, Kind.MENTOR, *new, actor="a")
        before, after = Figures(4.0, 0.3, 8, 8), Figures(3.5, 0.25, 9, 9)
        found = WhatIf(*new, before, after, [], [new], [], Message("It can be, at a cost."))
        job.state, job.result = "done", found.to_json()
        address = f"{cohort(world)}/what-if/{job.id}"

    told = client.get(address).text

    assert ("lock the pair and propose again" in told) is is_possible
    assert ("Amara Diop has no place left" in _text(told)) is not is_possible


def test_asking_what_would_be_if_is_work_for_those_who_decide() -> None:
    assert TABLE["whatif.ask"] is Permission.DECIDE
