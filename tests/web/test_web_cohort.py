"""Going through a cohort: proposing, reading the queue, and every button on a card."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from werkzeug.test import TestResponse

from matcher.db import unit_of_work
from matcher.models import Job, JobKind, JobState, Kind
from matcher.services.review import decide
from matcher.services.steps import Pair
from matcher.wording import Message
from tests.web.cohort_world import programme_of, rest, run, states
from tests.web.conftest import submit, token
from tests.web.crowd import crowd
from tests.web.test_web_pages import Tags
from tests.web.test_web_whynot import _text
from tests.web.world import HOSTILE, World


@pytest.fixture
def pairs(engine: Engine, world: World) -> list[Pair]:
    """Those of a run, the best first."""
    return list(run(engine, world))


def cohort(world: World, kind: str = "mentors") -> str:
    return f"/p/{world.slug}/cohort/{kind}"


def card(html: str, pair: Pair) -> str:
    """What the page shows of one pair."""
    return html.partition(f'id="p{pair[0]}-{pair[1]}"')[2].partition('<li class="card"')[0]


def press(
    client: FlaskClient, world: World, button: str, pair: Pair, seen: str, query: str = "", **fields: object
) -> TestResponse:
    page = cohort(world) + query
    step = f"{button}:{pair[0]}-{pair[1]}:{seen}"
    return submit(client, page, to=f"{cohort(world)}/step", step=step, **fields)


@pytest.mark.parametrize("kind", ["mentors", "funders"])
def test_before_the_first_run_the_page_explains_and_offers_one(
    client: FlaskClient, world: World, kind: str
) -> None:
    shown = client.get(cohort(world, kind)).text

    assert "Nobody is told anything before you publish" in shown
    assert shown.count("Propose pairs") == 1
    assert "<h1" in shown


def test_a_programme_with_one_side_only_is_told_to_import_the_other(
    client: FlaskClient, world: World
) -> None:
    shown = client.get(f"/p/{world.other_slug}/cohort/mentors").text

    assert "Import a sheet" in shown
    assert "Propose pairs" not in shown


def test_proposing_asks_the_worker_and_the_page_follows(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    answer = submit(client, cohort(world), to=f"{cohort(world)}/propose")
    followed = client.get(answer.location)
    with unit_of_work(engine) as session:
        job = session.scalars(select(Job).where(Job.kind == JobKind.PROPOSE)).one()
        job.state, job.done, job.total = JobState.RUNNING.value, 3, 7
    later = client.get(answer.location)
    paused = client.get(f"{answer.location}?pause=1")

    assert followed.headers["Refresh"]
    assert "Weighing all pairs" in followed.text
    assert "3 of 7" in later.text
    assert 'value="3" max="7"' in later.text
    assert "Refresh" not in paused.headers
    assert "Propose pairs" not in later.text


def test_a_run_that_failed_says_so_and_offers_another(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    submit(client, cohort(world), to=f"{cohort(world)}/propose")
    with unit_of_work(engine) as session:
        job = session.scalars(select(Job).where(Job.kind == JobKind.PROPOSE)).one()
        job.state, job.error = JobState.FAILED.value, Message("The memory was too small.").to_json()

    failed = client.get(cohort(world))

    assert "Refresh" not in failed.headers
    assert "The memory was too small." in failed.text
    assert "Try again" in failed.text


def test_the_page_says_what_the_run_came_to(client: FlaskClient, world: World, pairs: list[Pair]) -> None:
    shown = client.get(cohort(world)).text

    assert "8 of 9" in shown
    assert "No better total is possible under the rules." in shown
    assert "1 has nobody: see why" in shown
    assert "against the last run" not in shown
    assert "8 pairs" in shown


def test_who_is_left_out_is_named_with_the_reason_and_the_remedy(
    client: FlaskClient, world: World, pairs: list[Pair]
) -> None:
    shown = client.get(cohort(world)).text.partition('id="left-out"')[2]

    assert "Quiet Hills" in shown
    assert "Nobody is eligible for it." in shown
    assert "State its working languages." in shown
    assert f"/startups/{world.lonely}/why/mentors" in shown


def test_whoever_loses_their_pair_by_hand_is_named_too(
    client: FlaskClient, world: World, pairs: list[Pair]
) -> None:
    press(client, world, "reject", pairs[0], "proposed")
    shown = client.get(cohort(world)).text

    assert "2 start-ups have nobody" in shown
    assert "Umeme Soko" in shown.partition('id="left-out"')[2]


def test_the_change_against_the_run_is_told_once_there_is_one(
    client: FlaskClient, world: World, pairs: list[Pair]
) -> None:
    press(client, world, "reject", pairs[0], "proposed")

    shown = client.get(cohort(world)).text

    assert "\u22120.75 against the last run" in shown


def test_rules_that_could_not_be_kept_are_told(client: FlaskClient, world: World, engine: Engine) -> None:
    run(engine, world, relaxed=[Message("Each rural start-up gets a mentor who speaks Wolof.").to_json()])

    shown = client.get(cohort(world)).text

    assert "Rules that could not be kept" in shown
    assert "speaks Wolof" in shown


def test_a_run_that_is_not_the_best_possible_says_how_far_it_may_be(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    run(engine, world, is_optimal=False, gap=0.25, solver="HiGHS")

    assert "At most 0.25 below the best possible" in _text(client.get(cohort(world)).text)


def test_a_card_has_three_reasons_the_places_and_the_state(
    client: FlaskClient, world: World, pairs: list[Pair]
) -> None:
    shown = card(client.get(cohort(world)).text, pairs[0])

    assert shown.count("<li class=") == 3
    assert "0 of 2 places taken" in shown
    assert "Proposed" in shown
    assert "Strong match" in shown


@pytest.mark.parametrize(
    ("button", "state", "said"),
    [
        ("approve", "approved", "Pair approved."),
        ("lock", "locked", "Pair locked"),
        ("reject", "rejected", "Pair rejected."),
    ],
)
def test_a_step_leads_back_to_its_card_and_can_be_undone_there(
    client: FlaskClient, world: World, engine: Engine, pairs: list[Pair], button: str, state: str, said: str
) -> None:
    key = f"{pairs[3][0]}-{pairs[3][1]}"

    answer = press(client, world, button, pairs[3], "proposed", state="proposed")
    shown = client.get(answer.location)
    undo = re.findall(r'action="([^"]+/undo)"', shown.text)[0]
    back = re.findall(r'name="back" value="([^"]+)"', shown.text)[0].replace("&amp;", "&")

    assert answer.location == f"{cohort(world)}?state=proposed&at={key}#p{key}"
    assert states(engine)[pairs[3]] == state
    assert said in card(shown.text, pairs[3])
    assert shown.text.count(said) == 1
    undone = client.post(undo, data={"csrf_token": token(shown), "back": back})
    assert undone.location == answer.location
    assert states(engine)[pairs[3]] == "proposed"
    assert "taken back" in card(client.get(undone.location).text, pairs[3])


def test_a_locked_pair_is_unlocked(
    client: FlaskClient, world: World, engine: Engine, pairs: list[Pair]
) -> None:
    press(client, world, "lock", pairs[0], "proposed")
    assert "Unlock" in card(client.get(cohort(world)).text, pairs[0])
    press(client, world, "unlock", pairs[0], "locked")

    assert states(engine)[pairs[0]] == "proposed"


def test_an_approval_is_taken_back_to_locked(
    client: FlaskClient, world: World, engine: Engine, pairs: list[Pair]
) -> None:
    press(client, world, "approve", pairs[0], "proposed")
    assert "Take back approval" in card(client.get(cohort(world)).text, pairs[0])
    press(client, world, "lock", pairs[0], "approved")

    assert states(engine)[pairs[0]] == "locked"


def test_what_another_manager_decided_meanwhile_is_not_overwritten(
    client: FlaskClient, world: World, engine: Engine, pairs: list[Pair]
) -> None:
    with unit_of_work(engine) as session:
        decide(session, programme_of(session, world), *pairs[0], "rejected", actor="another")

    answer = press(client, world, "approve", pairs[0], "proposed")
    told = client.get(answer.location).text

    assert states(engine)[pairs[0]] == "rejected"
    assert "Somebody decided about this pair again meanwhile." in card(told, pairs[0])
    assert 'role="alert"' in told


def test_a_mentor_without_a_place_is_refused_in_words(
    client: FlaskClient, world: World, engine: Engine, pairs: list[Pair]
) -> None:
    with unit_of_work(engine) as session:
        programme = programme_of(session, world)
        for startup in (pairs[1][0], pairs[2][0]):
            decide(session, programme, startup, pairs[0][1], "approved", actor="another")

    answer = press(client, world, "approve", pairs[0], "proposed")

    assert states(engine)[pairs[0]] == "proposed"
    assert "no place left" in client.get(answer.location).text


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("?state=locked", 1),
        ("?state=rejected", 1),
        ("?state=proposed", 6),
        ("?band=strong", 2),
        ("?state=rejected&band=possible", 0),
        ("?state=nonsense&band=nonsense&page=nonsense", 7),
        ("?page=99", 7),
    ],
)
def test_the_queue_is_narrowed_by_state_and_band(
    client: FlaskClient, world: World, pairs: list[Pair], query: str, count: int
) -> None:
    press(client, world, "lock", pairs[0], "proposed")
    press(client, world, "reject", pairs[1], "proposed")

    shown = client.get(cohort(world) + query).text

    assert shown.count('<li class="card"') == count
    if not count:
        assert "No pair is like that" in shown


@pytest.mark.parametrize(
    "step",
    [
        "",
        "approve",
        "nonsense:1-2:proposed",
        "approve::",
        "approve:1:proposed",
        "approve:x-y:",
        f"approve:{2**31}-1:",
    ],
)
def test_a_forged_step_finds_nothing(client: FlaskClient, world: World, pairs: list[Pair], step: str) -> None:
    answer = submit(client, cohort(world), to=f"{cohort(world)}/step", step=step)

    assert answer.status_code in {400, 404}


def test_a_step_with_another_programmes_start_up_is_refused(
    client: FlaskClient, world: World, engine: Engine, pairs: list[Pair]
) -> None:
    before = states(engine)
    press(client, world, "approve", (world.other_startup, world.mentor), "")

    assert states(engine) == before
    assert client.get(f"/p/{world.slug}/cohort/startups").status_code == 404


def test_the_partners_have_a_cohort_of_their_own(
    client: FlaskClient, world: World, engine: Engine, pairs: list[Pair]
) -> None:
    run(engine, world, Kind.FUNDER)

    shown = client.get(cohort(world, "funders")).text

    assert "Horizon Grants" in shown
    assert "Amara Diop" not in shown.partition('id="queue"')[2]
    assert "start-ups have a funding partner" in shown


def test_a_full_queue_is_small_also_on_a_slow_link(client: FlaskClient, world: World, engine: Engine) -> None:
    crowd(engine, world, 45)

    raw = client.get(cohort(world))
    squeezed = client.get(cohort(world), headers={"Accept-Encoding": "gzip"})
    css = client.get("/static/tandem.css")

    assert raw.text.count('<li class="card"') == 20
    assert "Page 1 of 3" in raw.text
    assert squeezed.headers["Content-Encoding"] == "gzip"
    assert len(squeezed.data) <= 15_000
    assert len(squeezed.data) + len(css.data) <= 50_000
    assert raw.data != squeezed.data


def test_hostile_names_and_no_script(client: FlaskClient, world: World, pairs: list[Pair]) -> None:
    shown = client.get(cohort(world)).text

    assert HOSTILE not in shown
    assert "&lt;script&gt;" in shown
    tags = Tags(shown)
    assert "script" not in tags.names
    assert not {name for name in tags.attributes if name == "style" or name.startswith("on")}


def test_looking_changes_nothing(
    client: FlaskClient, world: World, engine: Engine, pairs: list[Pair]
) -> None:
    rest(engine)
    for page in (cohort(world), f"{cohort(world)}/approve/good", f"{cohort(world)}/publish"):
        client.get(page)
    with unit_of_work(engine) as session:
        assert session.scalars(select(Job)).all() == []
    assert set(states(engine).values()) == {"proposed"}
