"""One pair looked at closer: what its page says, every step from it, and “what if they were paired?”."""

import re
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, update

from matcher.db import unit_of_work
from matcher.models import Job, JobKind, JobState, Match
from matcher.services.plan import Figures
from matcher.services.proposals import WhatIf
from matcher.services.review import decide
from matcher.services.steps import Pair
from matcher.wording import Message
from tests.web.cohort_world import programme_of, run, states
from tests.web.conftest import submit, token
from tests.web.test_web_whynot import _text
from tests.web.world import HOSTILE, World


@pytest.fixture
def pairs(engine: Engine, world: World) -> list[Pair]:
    """Those of a run, the best first."""
    return list(run(engine, world))


def page_of(world: World, pair: Pair, kind: str = "mentors") -> str:
    return f"/p/{world.slug}/cohort/{kind}/{pair[0]}/{pair[1]}"


def options(html: str, name: str) -> list[tuple[str, str]]:
    """Values and words of a choice."""
    inside = html.partition(f'<select id="{name}"')[2].partition("</select>")[0]
    return [(v, unescape(t)) for v, t in re.findall(r'<option value="([^"]+)">(.*?)</option>', inside)]


def test_both_sides_stand_beside_each_other_with_all_reasons(
    client: FlaskClient, world: World, pairs: list[Pair]
) -> None:
    told = _text(client.get(page_of(world, pairs[0])).text)

    for words in ("Umeme Soko", "Amara Diop", "solar freezers", "last-mile connectivity", "Tariffs that"):
        assert words in told
    assert "No market in common" in told
    assert "capacity is not stated" in told
    assert "0 of 2 places taken" in told
    assert f"/startups/{pairs[0][0]}/why/mentors/{pairs[0][1]}" in client.get(page_of(world, pairs[0])).text


def test_a_rejection_keeps_its_reason_and_its_words(
    client: FlaskClient, world: World, engine: Engine, pairs: list[Pair]
) -> None:
    page = page_of(world, pairs[0])
    data = {"reason": "A conflict of interest", "note": HOSTILE, "seen": "proposed", "step": "reject"}
    submit(client, page, to=f"{page}/decide", **data)

    shown = client.get(page).text

    assert states(engine)[pairs[0]] == "rejected"
    assert "A conflict of interest" in shown
    assert HOSTILE not in shown
    assert HOSTILE in unescape(shown)


def test_a_reason_that_is_not_in_the_list_is_not_kept(
    client: FlaskClient, world: World, engine: Engine, pairs: list[Pair]
) -> None:
    page = page_of(world, pairs[0])
    submit(client, page, to=f"{page}/decide", reason="Forged", note="Real.", seen="proposed", step="reject")

    with unit_of_work(engine) as session:
        assert session.scalars(select(Match.note).where(Match.state == "rejected")).one() == "Real."


@pytest.mark.parametrize(("step", "state"), [("approve", "approved"), ("lock", "locked")])
def test_steps_from_the_page_are_taken_and_undone_in_its_history(
    client: FlaskClient, world: World, engine: Engine, pairs: list[Pair], step: str, state: str
) -> None:
    page = page_of(world, pairs[0])
    submit(client, page, to=f"{page}/decide", step=step, seen="proposed")
    assert states(engine)[pairs[0]] == state
    shown = client.get(page)
    history = shown.text.partition('id="history"')[2]
    undo = re.findall(r'action="([^"]+/undo)"', history)

    assert len(undo) == 1, "only the last step can be undone"
    assert "admin@example.org" in history
    assert "Tandem itself" in history
    client.post(undo[0], data={"csrf_token": token(shown), "back": page})
    assert states(engine)[pairs[0]] == "proposed"


def test_the_best_move_comes_first_and_does_what_it_says(
    client: FlaskClient, world: World, engine: Engine, pairs: list[Pair]
) -> None:
    page = page_of(world, pairs[3])
    shown = client.get(page).text
    moves = options(shown, "to")
    with unit_of_work(engine) as session:
        old = session.scalars(select(Match.score).where(Match.startup_id == pairs[3][0])).one()

    assert str(pairs[3][1]) not in [value for value, _ in moves]
    effects = [float(re.findall(r"[+\u2212][\d.]+", words)[0].replace("\u2212", "-")) for _, words in moves]
    assert effects == sorted(effects, reverse=True)
    data = {"csrf_token": token(client.get(page)), "to": moves[0][0], "seen": "proposed"}
    answer = client.post(f"{page}/move", data=data)
    new = (pairs[3][0], int(moves[0][0]))
    assert answer.location == page_of(world, new)
    assert states(engine)[new] == "locked"
    assert pairs[3] not in states(engine)
    with unit_of_work(engine) as session:
        score = session.scalars(select(Match.score).where(Match.startup_id == new[0])).one()
    assert score is not None
    assert old is not None
    assert score - old == pytest.approx(effects[0], abs=0.006)


def test_two_are_swapped_with_the_effect_told_before(
    client: FlaskClient, world: World, engine: Engine, pairs: list[Pair]
) -> None:
    page = page_of(world, pairs[0])
    swaps = options(client.get(page).text, "with")
    value, words = swaps[-1]
    other = tuple(map(int, value.partition(":")[0].split("-")))

    answer = submit(client, page, to=f"{page}/swap", seen="proposed", **{"with": value})

    assert re.match(r"[+\u2212]?\d", words)
    crossed = [(pairs[0][0], other[1]), (other[0], pairs[0][1])]
    assert [states(engine)[pair] for pair in crossed] == ["locked", "locked"]
    assert pairs[0] not in states(engine)
    assert answer.location == page_of(world, crossed[0])
    assert "The two were swapped" in client.get(answer.location).text


def test_a_swap_or_move_that_another_manager_forestalled_changes_nothing(
    client: FlaskClient, world: World, engine: Engine, pairs: list[Pair]
) -> None:
    page = page_of(world, pairs[0])
    shown = client.get(page)
    swap, move = options(shown.text, "with")[0][0], options(shown.text, "to")[0][0]
    other = tuple(map(int, swap.partition(":")[0].split("-")))
    with unit_of_work(engine) as session:
        decide(session, programme_of(session, world), other[0], other[1], "approved", actor="another")
        decide(session, programme_of(session, world), *pairs[0], "locked", actor="another")
    before = states(engine)

    for step, data in (("swap", {"with": swap}), ("move", {"to": move})):
        forged = {"csrf_token": token(client.get(page)), "seen": "proposed", **data}
        client.post(f"{page}/{step}", data=forged)
        assert states(engine) == before
        assert "Somebody decided about this pair again meanwhile." in client.get(page).text
    submit(client, page, to=f"{page}/swap", seen="locked", **{"with": swap})
    assert states(engine) == before


@pytest.mark.parametrize(
    ("step", "data"),
    [
        ("decide", {"step": "nonsense"}),
        ("move", {}),
        ("move", {"to": "9" * 30}),
        ("swap", {"with": "nonsense"}),
        ("swap", {}),
    ],
)
def test_forged_steps_find_nothing(
    client: FlaskClient, world: World, engine: Engine, pairs: list[Pair], step: str, data: dict[str, str]
) -> None:
    before = states(engine)
    page = page_of(world, pairs[0])
    answer = client.post(f"{page}/{step}", data={"csrf_token": token(client.get(page)), **data})

    assert answer.status_code in {400, 404}
    assert states(engine) == before


def test_moving_to_another_programmes_profile_or_another_kind_is_refused(
    client: FlaskClient, world: World, engine: Engine, pairs: list[Pair]
) -> None:
    page = page_of(world, pairs[0])
    before = states(engine)
    for number in (world.other_startup, world.startup):
        token_ = token(client.get(page))
        client.post(f"{page}/move", data={"csrf_token": token_, "to": number, "seen": "proposed"})

    assert states(engine) == before


@pytest.mark.parametrize(
    "tail",
    [
        "mentors/{w.other_startup}/{w.mentor}",
        "mentors/{w.startup}/{w.funder}",
        "funders/{w.startup}/{w.mentor}",
    ],
)
def test_pairs_that_cannot_be_are_not_there(client: FlaskClient, world: World, tail: str) -> None:
    assert client.get(f"/p/{world.slug}/cohort/{tail.format(w=world)}").status_code == 404


def test_what_if_needs_a_run_first(client: FlaskClient, world: World) -> None:
    page = page_of(world, (world.lonely, world.mentor))
    answer = submit(client, page, to=f"{page}/what-if")

    assert answer.location == page
    assert "Make one first" in client.get(page).text


def test_what_if_waits_for_the_worker_and_says_who_would_lose_whom(
    client: FlaskClient, world: World, engine: Engine, pairs: list[Pair]
) -> None:
    client.application.config["PATIENCE_SECONDS"] = 0.0
    page = page_of(world, (world.lonely, world.mentor))
    assert "What if they were paired?" in client.get(page).text
    address = submit(client, page, to=f"{page}/what-if").location
    waiting = client.get(address)
    found = WhatIf(
        world.lonely, world.mentor, Figures(4.0, 0.3, 8, 8), Figures(3.5, 0.25, 9, 9),
        [pairs[0]], [(world.lonely, world.mentor)], [], Message("It can be, at a cost."),
    )  # fmt: skip
    with unit_of_work(engine) as session:
        session.execute(
            update(Job)
            .where(Job.kind == JobKind.WHAT_IF)
            .values(state=JobState.DONE.value, result=found.to_json())
        )
    answered = client.get(address)
    told = _text(answered.text)

    assert waiting.headers["Refresh"]
    assert "Working it out" in waiting.text
    assert "Refresh" not in answered.headers
    assert "It can be, at a cost." in told
    assert "\u22120.50" in told
    assert "+1" in told
    assert "Umeme Soko" in told.partition("Would part")[2].partition("Would come together")[0]
    assert client.get(address.replace("mentors", "funders")).status_code == 404
    assert client.get(address.replace(world.slug, world.other_slug)).status_code == 404


def test_what_if_that_failed_says_why(
    client: FlaskClient, world: World, engine: Engine, pairs: list[Pair]
) -> None:
    page = page_of(world, (world.lonely, world.mentor))
    address = submit(client, page, to=f"{page}/what-if").location
    with unit_of_work(engine) as session:
        error = Message("The solver ran out of time.").to_json()
        session.execute(update(Job).where(Job.kind == JobKind.WHAT_IF).values(state="failed", error=error))

    assert "The solver ran out of time." in client.get(address).text
