"""The shortlist: kept, ordered and emptied by buttons alone."""

import pytest
from flask import Flask
from sqlalchemy import Engine

from matcher.db import reading, unit_of_work
from matcher.models import Profile
from matcher.services.wishes import set_wishes, wishes_of
from tests.web.cast import Cast, cast
from tests.web.cohort_world import programme_of
from tests.web.world import World


@pytest.fixture
def people(app: Flask, engine: Engine, world: World) -> Cast:
    return cast(app, engine, world)


def wishes(engine: Engine, world: World, subject: int) -> tuple[int, ...]:
    with reading(engine) as session:
        return wishes_of(session, programme_of(session, world)).get(subject, ())


def test_keep_order_and_remove(people: Cast, engine: Engine, world: World) -> None:
    one, two, three = world.mentor, world.mentor + 1, world.mentor + 2
    empty = people.founder.get("/shortlist").text
    for number in (one, two, world.funder, three):
        people.founder.post("/shortlist", step=f"keep:{number}")
    assert "Nobody is on it yet" in empty
    assert wishes(engine, world, world.startup) == (one, two, three, world.funder), "what proposals honour"
    people.founder.post("/shortlist", step=f"up:{three}")
    people.founder.post("/shortlist", step=f"down:{one}")
    page = people.founder.follow("/shortlist", step=f"down:{one}")
    assert wishes(engine, world, world.startup) == (three, two, one, world.funder)
    assert page.index("Amara Diop") > page.index("Wei Zhang")
    people.founder.post("/shortlist", step=f"remove:{two}")
    assert wishes(engine, world, world.startup) == (three, one, world.funder)


def test_five_of_a_kind_and_the_sixth_is_told_kindly(people: Cast, engine: Engine, world: World) -> None:
    with unit_of_work(engine) as session:
        programme = programme_of(session, world)
        kept = [world.mentor + n for n in range(5)]
        set_wishes(session, programme, world.startup, kept, actor="a")
    page = people.founder.follow("/shortlist", step=f"keep:{world.mentor + 5}")
    assert "has 5 mentors already" in page
    assert wishes(engine, world, world.startup) == tuple(kept)
    people.founder.post("/shortlist", step=f"keep:{world.funder}")
    assert world.funder in wishes(engine, world, world.startup), "funding partners have places of their own"


def test_mentors_keep_start_ups(people: Cast, engine: Engine, world: World) -> None:
    people.mentor.post("/shortlist", step=f"keep:{world.startup}")
    assert wishes(engine, world, world.mentor) == (world.startup,)


@pytest.mark.parametrize("step", ["keep", "keep:", "love:1", "keep:0x1", "keep:99999999999"])
def test_nonsense_is_refused(people: Cast, engine: Engine, world: World, step: str) -> None:
    assert people.founder.post("/shortlist", step=step).status_code in {400, 404}
    assert wishes(engine, world, world.startup) == ()


def test_nobody_of_another_programme_or_of_one_s_own_kind(people: Cast, engine: Engine, world: World) -> None:
    assert people.founder.post("/shortlist", step=f"keep:{world.other_startup}").status_code == 404
    own_kind = people.founder.follow("/shortlist", step=f"keep:{world.lonely}")
    assert "Start-ups wish for mentors" in own_kind
    assert wishes(engine, world, world.startup) == ()
    with reading(engine) as session:
        assert session.get_one(Profile, world.lonely).name not in own_kind


@pytest.mark.parametrize(
    "back", ["//evil.example", "https://evil.example", "/p/elsewhere", "/account\r\nX: y"]
)
def test_a_button_leads_back_into_one_s_own_pages_only(people: Cast, world: World, back: str) -> None:
    answer = people.founder.post("/shortlist", step=f"keep:{world.mentor}", back=back)
    assert answer.location == f"{people.founder.home}/shortlist"
    inside = f"{people.founder.home}/mentors?page=1#c{world.mentor}"
    assert people.founder.post("/shortlist", step=f"keep:{world.mentor}", back=inside).location == inside
