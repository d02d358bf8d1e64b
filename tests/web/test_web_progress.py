"""How far the published matches have come, at a glance."""

from flask.testing import FlaskClient
from sqlalchemy import Engine

from matcher.db import unit_of_work
from matcher.models import MatchState
from matcher.services.steps import Pair, in_state, take
from tests.web.cohort_world import programme_of
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
