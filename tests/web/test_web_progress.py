"""How far the published matches have come, at a glance."""

from flask.testing import FlaskClient
from sqlalchemy import Engine

from matcher.db import unit_of_work
from matcher.models import Kind, MatchState
from matcher.services.publishing import publish
from matcher.services.review import decide
from matcher.services.steps import Pair, in_state, take
from tests.web.cohort_world import programme_of, run
from tests.web.test_web_cohort import pairs
from tests.web.world import World

__all__ = ["pairs"]


def test_the_matches_page_counts_who_accepted_who_is_waited_for_and_who_declined(
    client: FlaskClient, world: World, engine: Engine, pairs: list[Pair]
) -> None:
    reached = (
        MatchState.ACTIVE,
        MatchState.OFFERED,
        MatchState.OFFERED,
        MatchState.DECLINED,
        MatchState.EXPIRED,
    )
    with unit_of_work(engine) as session:
        changes = {pair: in_state(state) for pair, state in zip(pairs, reached, strict=False)}
        take(session, programme_of(session, world), "x", "match.published", changes)

    shown = client.get(f"/p/{world.slug}/matches").text.partition('id="progress"')[2].partition("</div>")[0]

    assert [part.partition('"')[0] for part in shown.split('width="')[2:]] == ["20.0%", "40.0%", "40.0%"]
    for said in ("Accepted by both: 1", "Waiting for answers: 2", "Declined or not answered in time: 2"):
        assert said in shown
    assert "ended:" not in shown


def test_the_overview_says_what_waits_for_whom(client: FlaskClient, engine: Engine, world: World) -> None:
    page = client.get(f"/p/{world.slug}").text
    assert "waits for" not in page
    assert "wait for" not in page
    found = list(run(engine, world))
    with unit_of_work(engine) as session:
        programme = programme_of(session, world)
        decide(session, programme, *found[0], "approved", actor="a")
        publish(session, programme, Kind.MENTOR, actor="a", link=str)
    page = client.get(f"/p/{world.slug}").text
    assert f"{len(found) - 1} proposed pairs wait for your decision" in page
    assert "1 offer waits for answers" in page
