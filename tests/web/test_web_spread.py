"""Saying how far lists share out mentors' attention, and seeing what that does."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, delete, select, update

from matcher.db import reading, unit_of_work
from matcher.models import Job, JobKind, Profile, Programme, Recommendation, RecommendationList
from tests.web.conftest import submit
from tests.web.world import World

_RADIO = re.compile(r'<input type="radio" id="spread-\d" name="spread" value="([\d.]+)" required( checked)?>')
_LOWERED = "In demand: others need this mentor too"


def _chosen(page: str) -> dict[str, bool]:
    return {value: bool(checked) for value, checked in _RADIO.findall(page)}


def _spread(engine: Engine, world: World) -> float:
    with reading(engine) as session:
        return session.scalars(select(Programme.spread).where(Programme.slug == world.slug)).one()


def _jobs(engine: Engine) -> list[str]:
    with reading(engine) as session:
        return list(session.scalars(select(Job.kind)))


def test_the_overview_offers_five_ways_and_says_which_holds(client: FlaskClient, world: World) -> None:
    page = client.get(f"/p/{world.slug}").text

    assert _chosen(page) == {"0": False, "0.25": False, "0.5": True, "0.75": False, "1": False}
    assert "Most similar first" in page
    assert "Best spread" in page
    assert "scores do not change" in page


@pytest.mark.parametrize("value", ["0", "0.25", "0.75", "1"])
def test_a_choice_is_kept_and_the_lists_are_made_anew(
    client: FlaskClient, world: World, engine: Engine, value: str
) -> None:
    answer = submit(client, f"/p/{world.slug}", to=f"/p/{world.slug}/spread", spread=value)

    assert (answer.status_code, answer.location) == (303, f"/p/{world.slug}")
    assert _spread(engine, world) == float(value)
    assert _jobs(engine) == [JobKind.RECOMMEND]
    assert "in their new order" in client.get(answer.location).text
    assert _chosen(client.get(f"{answer.location}?pause=1").text)[value]


def test_the_choice_that_holds_already_changes_nothing(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    answer = submit(client, f"/p/{world.slug}", to=f"/p/{world.slug}/spread", spread="0.5")

    assert "Nothing changed" in client.get(answer.location).text
    assert _jobs(engine) == []


@pytest.mark.parametrize("value", ["-1", "2", "nan", "inf"])
def test_a_number_out_of_bounds_is_refused_in_words(
    client: FlaskClient, world: World, engine: Engine, value: str
) -> None:
    answer = submit(client, f"/p/{world.slug}", to=f"/p/{world.slug}/spread", spread=value)

    assert answer.status_code == 303
    assert "must be a number from 0 to 1" in client.get(answer.location).text
    assert _spread(engine, world) == 0.5


@pytest.mark.parametrize("sent", [{}, {"spread": ""}, {"spread": "far"}])
def test_a_form_without_a_number_is_a_bad_request(
    client: FlaskClient, world: World, engine: Engine, sent: dict[str, str]
) -> None:
    answer = submit(client, f"/p/{world.slug}", to=f"/p/{world.slug}/spread", **sent)

    assert answer.status_code == 400
    assert "could not be understood" in answer.text
    assert _spread(engine, world) == 0.5


def test_a_forged_choice_changes_nothing(client: FlaskClient, world: World, engine: Engine) -> None:
    assert client.post(f"/p/{world.slug}/spread", data={"spread": "1"}).status_code == 400
    assert _spread(engine, world) == 0.5


def test_the_overview_says_how_attention_is_shared_out_now(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    with unit_of_work(engine) as session:
        session.execute(delete(Recommendation).where(Recommendation.candidate_id == world.mentor))

    page = client.get(f"/p/{world.slug}").text

    assert "<strong>8</strong> Lists that the busiest mentor is on" in page
    assert "<strong>1</strong> Eligible mentors on no list" in page


def test_a_programme_without_mentors_is_not_asked(client: FlaskClient, world: World) -> None:
    page = client.get(f"/p/{world.other_slug}").text

    assert _chosen(page) == {}
    assert "busiest" not in page


def test_a_page_that_updates_itself_takes_no_choice_that_it_would_forget(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    with unit_of_work(engine) as session:
        programme = session.scalars(select(Programme).where(Programme.slug == world.slug)).one()
        session.add(Job(programme_id=programme.id, kind=JobKind.RECOMMEND.value, payload={}))

    following = client.get(f"/p/{world.slug}")
    still = client.get(f"/p/{world.slug}?pause=1")

    assert (following.headers["Refresh"], _chosen(following.text)) == ("2", {})
    assert "once the recommendations are up to date" in following.text
    assert "Refresh" not in still.headers
    assert len(_chosen(still.text)) == 5


def test_the_notice_outlives_the_reloads_of_a_page_that_updates_itself(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    answer = submit(client, f"/p/{world.slug}", to=f"/p/{world.slug}/spread", spread="1")
    first = client.get(answer.location)
    address = first.headers["Refresh"].partition("url=")[2]

    assert "in their new order" in client.get(address).text
    with unit_of_work(engine) as session:
        session.execute(update(Job).values(state="done"))
    assert "in their new order" in client.get(address).text
    assert "in their new order" not in client.get(f"/p/{world.slug}").text


def test_a_candidate_lower_than_their_score_is_said_to_be_in_demand(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    address = f"/p/{world.slug}/startups/{world.startup}?all=mentor"
    assert _LOWERED not in client.get(address).text
    with unit_of_work(engine) as session:
        mine = select(RecommendationList.id).where(RecommendationList.subject_id == world.startup)
        last = session.scalars(
            select(Recommendation)
            .join(Profile, Profile.id == Recommendation.candidate_id)
            .where(Recommendation.list_id.in_(mine), Profile.kind == "mentor")
            .order_by(Recommendation.rank.desc())
        ).first()
        assert last
        last.score = 0.99

    page = client.get(address).text

    assert page.count(_LOWERED) == 1
    assert page.index(_LOWERED) > page.index(f'id="c{last.candidate_id}"')
