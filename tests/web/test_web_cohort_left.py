"""What the cohort's page and its report say of what could not be, and of what would help."""

from flask.testing import FlaskClient
from sqlalchemy import Engine, update

from matcher.db import reading, unit_of_work
from matcher.models import Kind, Match, utcnow
from matcher.wording import Message
from tests.web.cohort_world import people_of, run
from tests.web.test_web_cohort import cohort
from tests.web.test_web_whynot import _text
from tests.web.world import World


def test_what_would_let_everyone_in_is_told_on_page_and_paper_and_not_when_all_is_well(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    pages = (cohort(world), f"{cohort(world)}/report")
    run(engine, world)
    assert all("would let everyone in" not in client.get(page).text for page in pages)
    steps = [Message(f"ask Awa <b>{n}</b> to take one more").to_json() for n in range(22)]
    run(engine, world, ways=[{"steps": steps[:1], "cost": 1}, {"steps": steps, "cost": 22}])
    for page in pages:
        shown = client.get(page).text
        assert "Any one of these would let everyone in" in shown
        assert shown.count("ask Awa &lt;b&gt;0&lt;/b&gt; to take one more") == 2
        assert "&lt;b&gt;19&lt;" in shown
        assert "&lt;b&gt;20&lt;" not in shown
        assert "and 2 more" in shown


def test_mentors_who_were_left_alone_are_told_of_with_the_reason(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    run(engine, world)
    with reading(engine) as session:
        mentors = [profile.id for profile in people_of(session, world, Kind.MENTOR)]
    reason = Message("others fit <b>better</b>").to_json()
    lines = [{"profile_id": number, "reason": reason, "remedies": []} for number in mentors]
    run(engine, world, unmatched=lines)
    for page in (cohort(world), f"{cohort(world)}/report"):
        shown = client.get(page).text
        assert "others fit &lt;b&gt;better&lt;/b&gt;" in shown
        assert shown.count("others fit") < len(mentors)  # who has somebody is not told of


def test_a_run_over_shortlists_does_not_promise_more(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    run(engine, world, considered=50, has_bonus=True)
    shown = client.get(cohort(world)).text
    assert (
        "Among the candidates considered, the best 50 of each, and counting preferences and wishes: No "
        "better total is possible under the rules."
    ) in shown


def test_pairs_that_were_published_are_counted_apart_and_led_to(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    pairs = list(run(engine, world))
    assert "published</a>" not in client.get(cohort(world)).text
    with unit_of_work(engine) as session:
        offered = Match.startup_id.in_([pair[0] for pair in pairs[:3]])
        session.execute(update(Match).where(offered).values(state="offered", offered_at=utcnow()))
    shown = client.get(cohort(world)).text

    assert f'5 pairs · <a href="/p/{world.slug}/matches">3 pairs are published</a>' in shown
    assert _text(client.get(f"/p/{world.slug}/matches").text).count("14 days") == 3
    with unit_of_work(engine) as session:
        session.execute(update(Match).values(state="active"))
    emptied = _text(client.get(cohort(world)).text)
    assert "There is no pair to go through. 8 pairs are published" in emptied
