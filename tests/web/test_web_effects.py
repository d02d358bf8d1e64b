"""What a step does to all: coverage, total and the worst-off, said before it and shown after it."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from matcher.db import reading
from matcher.models import Kind
from matcher.services.plan import Figures, read_plan
from matcher.services.steps import Pair
from tests.web.cohort_world import programme_of
from tests.web.conftest import submit, token
from tests.web.test_web_cohort import cohort, pairs
from tests.web.test_web_pair import options, page_of
from tests.web.test_web_whynot import _text
from tests.web.world import World

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
