"""Publishing, and what managers do with matches after it: answers by phone, withdrawing, ending, letters."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from matcher.db import unit_of_work
from matcher.models import Mail, Match, MatchState, Mentor
from matcher.services import mailing
from matcher.services.review import decide
from matcher.services.steps import Pair
from tests.web.cohort_world import programme_of, run, states
from tests.web.conftest import submit, token
from tests.web.crowd import crowd
from tests.web.test_web_whynot import _text
from tests.web.world import HOSTILE, World


@pytest.fixture
def pairs(engine: Engine, world: World) -> list[Pair]:
    """Those of a run, two of them approved."""
    found = list(run(engine, world))
    with unit_of_work(engine) as session:
        for pair in found[:2]:
            decide(session, programme_of(session, world), *pair, "approved", actor="admin@example.org")
    return found


@pytest.fixture
def publish(client: FlaskClient, world: World) -> Callable[[], str]:
    """Presses the button of the preview; where it leads."""

    def press() -> str:
        page = f"/p/{world.slug}/cohort/mentors/publish"
        seen = re.findall(r'name="seen" value="([^"]+)"', client.get(page).text)
        return str(submit(client, page, seen=seen[0]).location)

    return press


def pair_page(world: World, pair: Pair) -> str:
    return f"/p/{world.slug}/cohort/mentors/{pair[0]}/{pair[1]}"


def test_nothing_approved_is_nothing_to_publish(client: FlaskClient, world: World) -> None:
    page = f"/p/{world.slug}/cohort/mentors/publish"

    assert "nothing to publish" in client.get(page).text
    assert "Nothing is published yet" in client.get(f"/p/{world.slug}/matches").text
    assert "No letter was written yet" in client.get(f"/p/{world.slug}/mail").text


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (mailing.TOO_OLD, "could not be sent for two weeks"),
        (mailing.DEAD_LINK, "The invitation in it worked no more"),
    ],
)
def test_the_letters_page_says_which_were_given_up_and_why(
    client: FlaskClient, world: World, engine: Engine, pairs: list[Pair], publish: Callable[[], str],
    error: str, why: str,
) -> None:  # fmt: skip
    publish()
    with unit_of_work(engine) as session:
        session.scalars(select(Mail).order_by(Mail.id)).all()[0].error = error
    shown = _text(client.get(f"/p/{world.slug}/mail").text)
    assert shown.count("Not sent any more") == 1
    assert why in shown
    assert error not in shown


def test_the_preview_says_who_is_told_what_and_who_is_not(
    client: FlaskClient, world: World, engine: Engine, pairs: list[Pair]
) -> None:
    shown = client.get(f"/p/{world.slug}/cohort/mentors/publish").text
    told = _text(shown)

    assert "Both sides of 2 pairs are told" in told
    assert "Umeme Soko" in told.partition("Who is told about whom")[2].partition("What they read")[0]
    assert "a proposal waits for your answer" in told
    assert "No letter reaches 2 of them" in told  # the world's mentors state no address
    assert f"/p/{world.slug}/mentors/{world.mentor}/edit#email" in shown
    assert "6 pairs are proposed or locked, but not approved" in told
    assert "1 start-up has nobody and goes on the waiting list" in told
    assert "Quiet Hills" in told
    assert states(engine)[pairs[0]] == "approved"


def test_publishing_tells_both_sides_and_leads_to_the_matches(
    client: FlaskClient, world: World, engine: Engine, pairs: list[Pair], publish: Callable[[], str]
) -> None:
    address = publish()
    told = _text(client.get(address).text)

    assert address == f"/p/{world.slug}/matches"
    assert [states(engine)[pair] for pair in pairs[:3]] == ["offered", "offered", "proposed"]
    assert "Pairs whose sides are told now: 2." in told
    assert "Undo" not in told
    assert told.count("No answer yet") == 4
    assert "14 days" in told
    with unit_of_work(engine) as session:
        links = session.scalars(select(Mail.link)).all()
        reached = session.scalars(select(Mail).where(Mail.address != "")).all()
    assert (len(links), len(reached)) == (4, 2), "two have no address yet, and their letters wait"
    assert all(re.fullmatch(r"http://localhost/answer/[\w-]{40,}", link) for link in links)


def test_whoever_lost_their_pair_by_hand_waits_as_the_preview_says(
    client: FlaskClient, world: World, engine: Engine, pairs: list[Pair], publish: Callable[[], str]
) -> None:
    with unit_of_work(engine) as session:
        decide(session, programme_of(session, world), *pairs[2], "rejected", actor="a")
    publish()

    waiting = client.get(f"/p/{world.slug}/cohort/mentors").text.partition('id="waiting"')[2]

    assert f"/startups/{world.lonely}" in waiting
    assert f"/startups/{pairs[2][0]}" in waiting
    assert f"/startups/{pairs[3][0]}" not in waiting


def test_nothing_is_published_that_was_not_seen(
    client: FlaskClient, world: World, engine: Engine, pairs: list[Pair]
) -> None:
    page = f"/p/{world.slug}/cohort/mentors/publish"
    seen = re.findall(r'name="seen" value="([^"]+)"', client.get(page).text)[0]
    with unit_of_work(engine) as session:
        decide(session, programme_of(session, world), *pairs[2], "approved", actor="another")

    answer = submit(client, page, seen=seen)

    assert answer.location == page
    assert "The approved pairs changed meanwhile" in client.get(page).text
    assert "offered" not in states(engine).values()


def test_answers_by_phone_make_the_match(
    client: FlaskClient, world: World, engine: Engine, pairs: list[Pair], publish: Callable[[], str]
) -> None:
    publish()
    page, to = (
        pair_page(world, pairs[0]),
        f"/p/{world.slug}/matches/mentors/{pairs[0][0]}/{pairs[0][1]}/answer",
    )
    submit(client, page, to=to, side="startup", answer="yes")
    assert "Accepts" in client.get(page).text
    assert states(engine)[pairs[0]] == "offered"
    submit(client, page, to=to, side="counterpart", answer="yes", note=HOSTILE)

    shown = client.get(f"/p/{world.slug}/matches?state=active").text
    assert states(engine)[pairs[0]] == "active"
    assert "Accepted by both" in shown
    assert HOSTILE not in shown
    assert "End the match" in client.get(page).text


def test_a_refusal_by_phone_frees_the_place(
    client: FlaskClient, world: World, engine: Engine, pairs: list[Pair], publish: Callable[[], str]
) -> None:
    publish()
    to = f"/p/{world.slug}/matches/mentors/{pairs[0][0]}/{pairs[0][1]}/answer"
    submit(client, pair_page(world, pairs[0]), to=to, side="counterpart", answer="no", note="No time.")
    again = submit(client, pair_page(world, pairs[0]), to=to, side="startup", answer="yes")

    assert states(engine)[pairs[0]] == "declined"
    assert "no longer open" in client.get(again.location).text
    assert "No time." in client.get(f"/p/{world.slug}/matches").text


@pytest.mark.parametrize("data", [{}, {"side": "startup"}, {"side": "nobody", "answer": "yes"}])
def test_a_forged_answer_is_refused(
    client: FlaskClient, world: World, pairs: list[Pair], data: dict[str, str]
) -> None:
    to = f"/p/{world.slug}/matches/mentors/{pairs[0][0]}/{pairs[0][1]}/answer"

    assert submit(client, pair_page(world, pairs[0]), to=to, **data).status_code == 400


@pytest.mark.parametrize("step", ["withdraw", "end"])
def test_a_pair_that_was_not_offered_is_neither_withdrawn_nor_ended(
    client: FlaskClient, world: World, engine: Engine, pairs: list[Pair], step: str
) -> None:
    page = pair_page(world, pairs[0])
    submit(client, page, to=f"/p/{world.slug}/matches/mentors/{pairs[0][0]}/{pairs[0][1]}/{step}")

    assert states(engine)[pairs[0]] == "approved"
    assert 'role="alert"' in client.get(page).text


def test_an_offer_is_withdrawn_and_a_match_ended(
    client: FlaskClient, world: World, engine: Engine, pairs: list[Pair], publish: Callable[[], str]
) -> None:
    publish()
    first, second = (f"/p/{world.slug}/matches/mentors/{a}/{b}" for a, b in pairs[:2])
    submit(client, pair_page(world, pairs[0]), to=f"{first}/withdraw")
    for side in ("startup", "counterpart"):
        submit(client, pair_page(world, pairs[1]), to=f"{second}/answer", side=side, answer="yes")
    submit(client, pair_page(world, pairs[1]), to=f"{second}/end", note="They are done.")

    assert [states(engine)[pair] for pair in pairs[:2]] == ["withdrawn", "ended"]
    assert "They are done." in client.get(f"/p/{world.slug}/matches").text


def test_a_mentor_leaves_after_a_page_that_says_who_loses_them(
    client: FlaskClient, world: World, engine: Engine, pairs: list[Pair], publish: Callable[[], str]
) -> None:
    publish()
    page = f"/p/{world.slug}/mentors/{world.mentor}/leave"
    asked = _text(client.get(page).text)
    assert f"/mentors/{world.mentor}/leave" in client.get(f"/p/{world.slug}/mentors/{world.mentor}").text

    submit(client, page)

    assert "Amara Diop leaves the programme?" in asked
    assert "Umeme Soko" in asked
    assert states(engine)[pairs[0]] == "withdrawn"
    with unit_of_work(engine) as session:
        assert session.get_one(Mentor, world.mentor).capacity == 0


def test_letters_can_be_read_with_whom_they_went_to(
    client: FlaskClient, world: World, pairs: list[Pair], publish: Callable[[], str]
) -> None:
    publish()
    told = _text(client.get(f"/p/{world.slug}/mail").text)

    assert "Waits to be sent" in told
    assert "team1@example.org" in told
    assert "Hello Umeme Soko," in told
    assert "/answer/" in told
    assert "Letters" not in _text(client.get(f"/p/{world.other_slug}/mail").text).partition("No letter")[2]


def test_whoever_was_offered_is_not_removed_but_the_page_leads_to_what_is_to_be_done(
    client: FlaskClient, world: World, engine: Engine, pairs: list[Pair], publish: Callable[[], str]
) -> None:
    page = f"/p/{world.slug}/mentors/{world.mentor}/remove"
    before = client.get(page)
    publish()
    shown = client.get(page).text
    sent = client.post(page, data={"csrf_token": token(before)})

    assert re.search(r"\d pairs? goe?s? with it", before.text)
    assert sent.status_code == 409
    for told in (shown, sent.text):
        assert "Yes, remove" not in told
        assert "Withdraw the offer or end the match on the Matches page first" in told
        assert pair_page(world, pairs[0]) in told
        assert f"/p/{world.slug}/mentors/{world.mentor}/leave" in told
    assert states(engine)[pairs[0]] == "offered"


@pytest.mark.parametrize("before", ["99999999999999999999", "-1", "x"])
def test_letters_older_than_a_number_that_nothing_has_are_the_latest(
    client: FlaskClient, world: World, pairs: list[Pair], publish: Callable[[], str], before: str
) -> None:
    publish()
    shown = client.get(f"/p/{world.slug}/mail?before={before}")

    assert shown.status_code == 200
    assert "team1@example.org" in shown.text


def test_the_log_says_who_did_what_without_our_codes(
    client: FlaskClient, world: World, pairs: list[Pair], publish: Callable[[], str]
) -> None:
    publish()
    told = _text(client.get(f"/p/{world.slug}/log").text)

    assert "Published: both sides were told" in told
    assert "admin@example.org" in told
    assert told.count("Undo") == 0, "offered pairs are withdrawn, not undone, and the run is older"
    for code in ("match.", "pair:", "proposal."):
        assert code not in told


def test_many_matches_come_a_page_at_a_time(client: FlaskClient, world: World, engine: Engine) -> None:
    crowd(engine, world, 25, MatchState.OFFERED)
    with unit_of_work(engine) as session:
        session.execute(Match.__table__.update().values(offered_at=None))

    shown = client.get(f"/p/{world.slug}/matches?page=2")

    assert "Page 2 of 2" in shown.text
    assert shown.text.count('<li class="card"') == 5
