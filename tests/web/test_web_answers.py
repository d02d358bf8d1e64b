"""The page that both sides open from their letter: the secret address is all that they have."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from matcher.db import unit_of_work
from matcher.models import Kind, Mail, Match, Mentor, Profile, utcnow
from matcher.services.followup import follow_up
from matcher.services.publishing import publish
from matcher.services.review import decide
from matcher.services.steps import Pair
from tests.web.cohort_world import programme_of, run, states
from tests.web.conftest import submit, token
from tests.web.test_web_pages import Tags, _contents
from tests.web.test_web_whynot import _text
from tests.web.world import HOSTILE, World

Addresses = tuple[str, str]


@pytest.fixture
def pair(engine: Engine, world: World) -> Pair:
    found = next(iter(run(engine, world)))
    with unit_of_work(engine) as session:
        mentor = session.get_one(Mentor, found[1])
        mentor.email, mentor.languages = "amara@example.org", ["fr", "en"]
        decide(session, programme_of(session, world), *found, "approved", actor="a")
    return found


@pytest.fixture
def addresses(engine: Engine, world: World, pair: Pair) -> Addresses:
    """Where the start-up and the mentor answer."""
    secrets: list[str] = []

    def link(secret: str) -> str:
        secrets.append(secret)
        return f"http://localhost/answer/{secret}"

    with unit_of_work(engine) as session:
        publish(session, programme_of(session, world), Kind.MENTOR, actor="a", link=link)
        letters = session.scalars(select(Mail.link).order_by(Mail.id)).all()
    return letters[0].removeprefix("http://localhost"), letters[1].removeprefix("http://localhost")


def test_it_shows_whom_one_is_to_meet_and_no_way_to_reach_them(
    client: FlaskClient, world: World, addresses: Addresses
) -> None:
    shown = client.get(addresses[0])
    told = _text(shown.text)

    assert shown.status_code == 200
    assert "May we put you together with Amara Diop?" in told
    assert "last-mile connectivity" in told
    assert "Shared sectors" in told
    assert "amara@" not in shown.text
    assert "M001" not in shown.text
    for private in (world.slug, "Overview", "/p/", "capacity"):
        assert private not in shown.text
    assert "script" not in Tags(shown.text).names


def test_looking_changes_nothing(client: FlaskClient, engine: Engine, addresses: Addresses) -> None:
    before = _contents(engine)
    for address in (*addresses, "/answer/nothing"):
        client.get(address)
        client.head(address)

    assert _contents(engine) == before


def test_it_is_in_the_language_of_the_letter_unless_asked_otherwise(
    client: FlaskClient, addresses: Addresses
) -> None:
    assert '<html lang="fr" dir="ltr">' in client.get(addresses[1], headers={"Accept-Language": "ru"}).text
    assert '<html lang="ar" dir="rtl">' in client.get(f"{addresses[1]}?lang=ar").text
    assert '<html lang="fr"' in client.get(addresses[1]).text, "another page's choice is not this letter's"


def test_two_acceptances_make_the_match_and_give_the_addresses(
    client: FlaskClient, engine: Engine, pair: Pair, addresses: Addresses
) -> None:
    first = submit(client, addresses[0], answer="yes", note="Gladly.")
    waiting = client.get(f"{first.location}?lang=en").text
    submit(client, addresses[1], answer="yes")
    met = client.get(f"{addresses[0]}?lang=en").text

    assert first.status_code == 303
    assert "you have accepted" in waiting
    assert "amara@" not in waiting
    assert states(engine)[pair] == "active"
    assert "have both accepted" in met
    assert 'href="mailto:amara@example.org"' in met
    assert "mailto:team1@example.org" in client.get(addresses[1]).text
    assert "Gladly." not in client.get(addresses[1]).text


def test_whoever_declines_is_thanked_and_the_other_side_is_not_told_who(
    client: FlaskClient, stranger: FlaskClient, engine: Engine, pair: Pair, addresses: Addresses
) -> None:
    submit(client, addresses[1], answer="no", note="No time this year.")

    mine, theirs = client.get(f"{addresses[1]}?lang=en"), stranger.get(f"{addresses[0]}?lang=en")

    assert states(engine)[pair] == "declined"
    assert "You have declined" in mine.text
    assert mine.status_code == 200
    assert theirs.status_code == 410
    assert "no longer open" in theirs.text
    assert "No time this year" not in theirs.text
    assert "<button" not in theirs.text


def test_a_mind_can_be_changed_until_both_have_answered(
    client: FlaskClient, engine: Engine, pair: Pair, addresses: Addresses
) -> None:
    submit(client, addresses[0], answer="yes")
    submit(client, addresses[0], answer="no")

    assert states(engine)[pair] == "declined"


def test_an_answer_after_the_time_is_over_changes_nothing_and_says_so(
    client: FlaskClient, world: World, engine: Engine, pair: Pair, addresses: Addresses
) -> None:
    page = client.get(addresses[0])
    with unit_of_work(engine) as session:
        session.scalars(select(Match).where(Match.state == "offered")).one()
        follow_up(session, programme_of(session, world), utcnow() + timedelta(days=15))
    answer = client.post(addresses[0], data={"csrf_token": token(page), "answer": "yes"})

    assert states(engine)[pair] == "expired"
    assert client.get(f"{answer.location}?lang=en").status_code == 410


@pytest.mark.parametrize("secret", ["nothing", "x" * 3_000, "%00", "..%2f..%2fetc"])
def test_an_address_that_nobody_was_given_is_told_kindly(
    client: FlaskClient, world: World, secret: str
) -> None:
    answer = client.get(f"/answer/{secret}")

    assert answer.status_code == 404
    assert "overview" not in answer.text or secret.startswith("..")


def test_a_press_without_a_button_is_refused(client: FlaskClient, addresses: Addresses) -> None:
    assert submit(client, addresses[0], answer="perhaps").status_code == 400
    assert client.post(addresses[0], data={"answer": "yes"}).status_code == 400, "and so is a forged form"


def test_a_hostile_name_is_shown_as_it_is(
    client: FlaskClient, engine: Engine, pair: Pair, addresses: Addresses
) -> None:
    with unit_of_work(engine) as session:
        session.get_one(Profile, pair[1]).name = HOSTILE

    assert HOSTILE not in client.get(addresses[0]).text
