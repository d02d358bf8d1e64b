"""How pairs are doing: managers see who needs them, and nothing that pairs wrote to each other."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, update

from matcher.db import reading, unit_of_work
from matcher.models import AuditEvent, Kind, Match, MatchChange, utcnow
from tests.web.conftest import submit
from tests.web.test_web_pages import Tags, _contents
from tests.web.test_web_whynot import _text
from tests.web.together import Couple, accept, couple
from tests.web.world import World


@pytest.fixture
def two(app: Flask, engine: Engine, world: World) -> Couple:
    return couple(app, engine, world)


def age(engine: Engine, days: int, counterpart: int) -> None:
    """As if the match had begun so long ago."""
    with unit_of_work(engine) as session:
        events = select(MatchChange.event_id).where(MatchChange.counterpart_id == counterpart)
        then = utcnow() - timedelta(days=days)
        session.execute(update(AuditEvent).where(AuditEvent.id.in_(events)).values(at=then))
        session.execute(update(Match).where(Match.counterpart_id == counterpart).values(decided_at=then))


def test_the_worst_come_first_and_can_be_shown_alone(
    engine: Engine, client: FlaskClient, world: World, two: Couple
) -> None:
    with unit_of_work(engine) as session:
        accept(session, world.slug, (world.startup, world.funder), Kind.FUNDER)
    age(engine, 50, world.mentor)
    page = _text(client.get(f"/p/{world.slug}/relationships").text)
    assert page.index("Amara Diop") < page.index("Horizon Grants")
    for said in ("Silent: 1", "On track: 1", "They have not met yet", "together for 50 days"):
        assert said in page
    silent = client.get(f"/p/{world.slug}/relationships?level=silent").text
    assert "Amara Diop" in silent
    assert "Horizon Grants" not in silent
    assert "No pair is in this state" in client.get(f"/p/{world.slug}/relationships?level=look").text
    assert 'aria-current="page"' in silent
    assert "How pairs are doing" in client.get(f"/p/{world.slug}/matches").text


def test_managers_see_dates_and_figures_and_no_words(
    engine: Engine, client: FlaskClient, world: World, two: Couple
) -> None:
    today = utcnow().date().isoformat()
    soon = (utcnow() + timedelta(days=5)).date().isoformat()
    submit(
        two.founder,
        f"{two.ours}/sessions/new",
        held_on=today,
        minutes="60",
        topics="SECRET",
        next_steps="SECRET",
    )
    submit(two.founder, f"{two.ours}/goals/new", text="SECRET", due=soon)
    submit(two.founder, two.ours, to=f"{two.ours}/notes", note="SECRET")
    submit(
        two.founder,
        f"{two.ours}/meetings/new",
        minutes="30",
        place="SECRET",
        **{"date-1": soon, "time-1": "9:00"},
    )
    before = _contents(engine)
    pages = [
        client.get(f"/p/{world.slug}/relationships{tail}")
        for tail in ("", f"/mentors/{two.pair[0]}/{two.pair[1]}", "?level=nonsense")
    ]
    assert [page.status_code for page in pages] == [200] * 3
    for page in pages:
        assert "SECRET" not in page.text
        assert page.text.count("<h1") == 1
        assert "script" not in Tags(page.text).names
    told = _text(pages[1].text)
    assert "60 minutes" in told
    assert "Not confirmed yet" in told
    assert _contents(engine) == before


def test_what_a_pair_does_is_in_the_log_without_what_it_says(
    engine: Engine, client: FlaskClient, world: World, two: Couple
) -> None:
    today, soon = (utcnow() + timedelta(days=days) for days in (0, 5))
    held = {"held_on": today.date().isoformat(), "minutes": "60", "topics": "SECRET", "next_steps": "SECRET"}
    submit(two.founder, f"{two.ours}/sessions/new", **held)
    submit(two.founder, f"{two.ours}/goals/new", text="SECRET", due=soon.date().isoformat())
    day = {"date-1": soon.date().isoformat(), "time-1": "9:00"}
    submit(two.founder, f"{two.ours}/meetings/new", minutes="30", place="SECRET", **day)
    goal = two.founder.get(two.ours).text.split("/goals/")[1].split("/")[0]
    for _ in range(2):  # the second changes nothing
        submit(two.founder, two.ours, to=f"{two.ours}/goals/{goal}/done")

    with reading(engine) as session:
        events = session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(4)).all()
        told = [(event.action, event.subject, event.after) for event in events]
    with_mentor = f"profile:{two.pair[0]}", {"with": two.pair[1]}
    actions = ("goal.done", "meeting.proposed", "goal.added", "session.written")
    assert told == [(action, *with_mentor) for action in actions]
    page = client.get(f"/p/{world.slug}/log").text
    assert "SECRET" not in page
    first = _text(page).partition("Goal reached")[2].partition("Meeting proposed")[0]
    assert "Amara Diop" in first


def test_participants_and_other_programmes_do_not_get_in(
    client: FlaskClient, world: World, two: Couple
) -> None:
    for tail in ("", f"/mentors/{two.pair[0]}/{two.pair[1]}"):
        assert two.founder.get(f"/p/{world.slug}/relationships{tail}").status_code == 403
    assert (
        client.get(f"/p/{world.slug}/relationships/mentors/{world.startup}/{world.mentor + 1}").status_code
        == 404
    )
    assert (
        client.get(f"/p/{world.other_slug}/relationships/mentors/{two.pair[0]}/{two.pair[1]}").status_code
        == 404
    )
    assert "No match goes on yet" in client.get(f"/p/{world.other_slug}/relationships").text
