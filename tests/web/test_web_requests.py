"""Asking, being asked, and the manager between, by the pages alone."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from config.settings import Settings
from matcher.db import reading, unit_of_work
from matcher.models import Introduction, Mail, Match, Membership, utcnow
from matcher.services.followup import follow_up
from matcher.services.review import decide
from tests.web.cast import Cast, cast
from tests.web.cohort_world import programme_of, states
from tests.web.conftest import submit
from tests.web.people import session_cookie, sign_in
from tests.web.test_web_whynot import _text
from tests.web.world import HOSTILE, World
from web import create_app

WORDS = "We bring light to forty villages. Could you help us with tariffs?"


@pytest.fixture
def people(app: Flask, engine: Engine, world: World) -> Cast:
    return cast(app, engine, world)


def request_of(engine: Engine) -> Introduction:
    with reading(engine) as session:
        return session.scalars(select(Introduction).order_by(Introduction.id.desc())).all()[0]


def note_of(engine: Engine) -> str:
    with reading(engine) as session:
        return session.scalars(select(Match.note).where(Match.state == "declined")).one()


def letters(engine: Engine) -> list[Mail]:
    with reading(engine) as session:
        return list(session.scalars(select(Mail).order_by(Mail.id)))


def test_a_founder_asks_and_a_mentor_accepts_signed_in(people: Cast, engine: Engine, world: World) -> None:
    asked = _text(people.founder.follow(f"/mentors/{world.mentor}/ask", message=WORDS))
    shown = people.mentor.get("/requests").text
    waits = _text(people.mentor.get().text)

    assert "Your request is on its way to Amara Diop" in asked
    assert "to answer" in asked
    assert "Umeme Soko asks for you." in _text(shown)
    assert WORDS in shown
    assert "Shared sectors" in _text(shown)
    assert "Answer" in waits
    assert "Nothing waits for you" not in waits
    for page in (shown, people.mentor.get(f"/startups/{world.startup}").text, people.founder.get().text):
        assert "team1@" not in page
        assert "amara@" not in page

    accepted = people.mentor.follow(f"/startups/{world.startup}/answer", answer="yes")
    assert states(engine) == {(world.startup, world.mentor): "active"}
    assert "mailto:team1@example.org" in accepted
    for tail in ("", "/requests", f"/mentors/{world.mentor}"):
        assert "mailto:amara@example.org" in people.founder.get(tail).text


def test_the_secret_address_still_serves_whoever_has_no_account(
    people: Cast, stranger: FlaskClient, engine: Engine, world: World
) -> None:
    people.founder.post(f"/mentors/{world.mentor}/ask", message=WORDS)
    (letter,) = letters(engine)
    address = letter.link.removeprefix("http://localhost")
    page = stranger.get(f"{address}?lang=en").text

    assert letter.address == "amara@example.org"
    assert letter.language == "fr"
    assert WORDS in letter.body
    assert "Umeme Soko asks for you" in _text(page)
    assert WORDS in page
    submit(stranger, address, answer="yes")
    assert states(engine) == {(world.startup, world.mentor): "active"}


def test_who_has_no_account_asks_back_at_the_secret_address(
    people: Cast, stranger: FlaskClient, engine: Engine, world: World
) -> None:
    people.founder.post(f"/mentors/{world.mentor}/ask", message=WORDS)
    address = f"{letters(engine)[0].link.removeprefix('http://localhost')}?lang=en"
    empty = submit(stranger, address, answer="ask", question=" ")
    assert (empty.status_code, "Write a sentence or two" in empty.text) == (422, True)
    submit(stranger, address, answer="ask", question="Since when?")
    assert "Since when?" in people.founder.get("/requests").text
    people.founder.post(f"/requests/{request_of(engine).id}/reply", reply="Since 2021.")
    page = stranger.get(address).text
    assert "Since 2021." in page
    assert "Ask for more information first" not in page
    assert states(engine) == {(world.startup, world.mentor): "offered"}


def test_a_reason_for_declining_is_the_managers_alone(people: Cast, engine: Engine, world: World) -> None:
    people.founder.post(f"/mentors/{world.mentor}/ask", message=WORDS)
    people.mentor.post(f"/startups/{world.startup}/answer", answer="no", note="Too early for me.")
    told = people.founder.get("/requests").text

    assert note_of(engine) == "Too early for me."
    assert "cannot accept this time" in told
    assert "See who else suits you" in told
    assert all("Too early" not in text for text in (told, *(mail.body for mail in letters(engine))))
    assert "Too early for me." in people.manager.client.get(f"/p/{world.slug}/matches").text
    again = people.founder.get(f"/mentors/{world.mentor}/ask")
    assert "did not come about" in again.text
    assert "Too early" not in again.text


def test_a_question_and_its_reply(people: Cast, engine: Engine, world: World) -> None:
    people.founder.post(f"/mentors/{world.mentor}/ask", message=WORDS)
    number = request_of(engine).id
    empty = people.mentor.post(f"/requests/{number}/question", question="   ")
    assert (empty.status_code, "Write a sentence or two" in empty.text) == (422, True)
    people.mentor.post(f"/requests/{number}/question", question="How many villages pay?")
    founder = people.founder.get("/requests").text
    assert "How many villages pay?" in founder
    assert "Waits for your reply" in people.founder.get().text
    link = letters(engine)[-1].link
    assert link == f"http://localhost{people.founder.home}/requests"
    long = "x" * 601
    lost = people.founder.post(f"/requests/{number}/reply", reply=long)
    assert lost.status_code == 422
    assert long in lost.text, "nothing is lost"
    people.founder.post(f"/requests/{number}/reply", reply="Thirty of forty.")
    mentor = people.mentor.get("/requests").text
    assert "Thirty of forty." in mentor
    assert "Ask for more information first" not in mentor, "once is enough"


def test_a_request_is_withdrawn_before_it_is_answered(people: Cast, engine: Engine, world: World) -> None:
    people.founder.post(f"/mentors/{world.mentor}/ask", message=WORDS)
    number = request_of(engine).id
    for stranger in (people.mentor, people.funder):
        assert stranger.post(f"/requests/{number}/withdraw").status_code == 404
    assert "You withdrew it" in people.founder.follow(f"/requests/{number}/withdraw")
    assert states(engine)[world.startup, world.mentor] == "withdrawn"
    assert "Yes, I accept" not in people.mentor.get("/requests").text
    assert "no longer open" in people.founder.follow(f"/requests/{number}/withdraw")


def test_a_message_that_cannot_be_sent_comes_back(people: Cast, engine: Engine, world: World) -> None:
    text = f"{HOSTILE} {'é' * 601}"
    answer = people.founder.post(f"/mentors/{world.mentor}/ask", message=text)
    assert answer.status_code == 422
    assert "é" * 601 in answer.text
    assert HOSTILE not in answer.text
    assert "at most 600 characters" in answer.text
    assert not letters(engine)
    assert states(engine) == {}


def test_fields_that_no_form_has_change_nothing(people: Cast, engine: Engine, world: World) -> None:
    people.founder.post(
        f"/mentors/{world.mentor}/ask", message=WORDS, state="offered", asked_by="counterpart", account_id=1,
        programme_id=2, startup_id=world.lonely, counterpart_answer="1", role="manager", score="1",
    )  # fmt: skip
    request = request_of(engine)
    assert (request.asked_by, request.startup_id) == ("startup", world.startup)
    assert states(engine) == {(world.startup, world.mentor): "offered"}


def test_what_managers_alone_know_of_cannot_be_answered_or_found_out(
    people: Cast, engine: Engine, world: World
) -> None:
    with unit_of_work(engine) as session:
        programme = programme_of(session, world)
        decide(session, programme, world.startup, world.mentor, "rejected", actor="a", note="Rude.")
    assert people.mentor.post(f"/startups/{world.startup}/answer", answer="yes").status_code == 404
    assert people.founder.post(f"/mentors/{world.mentor + 1}/answer", answer="yes").status_code == 404
    for tail in ("", "/requests", "/mentors", f"/mentors/{world.mentor}"):
        assert "Rude" not in people.founder.get(tail).text


def test_nobody_answers_for_somebody_else(people: Cast, engine: Engine, world: World) -> None:
    people.founder.post(f"/mentors/{world.mentor}/ask", message=WORDS)
    assert people.mentor.post(f"/mentors/{world.mentor}/answer", answer="yes").status_code == 404
    assert people.funder.post(f"/startups/{world.startup}/answer", answer="yes").status_code == 404
    assert people.mentor.post(f"/startups/{world.startup}/answer", answer="perhaps").status_code == 400
    assert people.mentor.post(f"/startups/{world.startup}/ask", message=WORDS).status_code == 404
    assert states(engine) == {(world.startup, world.mentor): "offered"}


def test_interest_goes_through_the_manager(people: Cast, engine: Engine, world: World) -> None:
    asked = _text(people.funder.follow(f"/startups/{world.startup}/ask", message="We fund freezers."))
    assert "waits for your programme manager" in asked
    assert "freezers." not in people.founder.get("/requests").text
    assert "Horizon" not in people.founder.get().text.partition("Recommended")[0]
    overview = people.manager.client.get(f"/p/{world.slug}", headers={"Accept-Language": "en"}).text
    assert "1 request waits for you to pass it on" in _text(overview)
    queue = people.manager.get("/requests").text
    assert "We fund freezers." in queue
    assert "Shared sectors" in _text(queue)
    told = people.manager.follow(f"/requests/{request_of(engine).id}/pass-on")
    assert "Passed on" in told
    assert "No request waits for you" in told
    assert "We fund freezers." in people.founder.get("/requests").text
    people.founder.post(f"/funders/{world.funder}/answer", answer="yes")
    assert states(engine) == {(world.startup, world.funder): "active"}
    assert "mailto:team1@example.org" in people.funder.get("/requests").text


def test_a_manager_refuses_with_a_reason(people: Cast, engine: Engine, world: World) -> None:
    people.founder.post(f"/funders/{world.funder}/ask", message=WORDS)
    number = request_of(engine).id
    missing = people.manager.post(f"/requests/{number}/refuse", note="")
    assert (missing.status_code, "Write a sentence or two" in missing.text) == (422, True)
    people.manager.post(f"/requests/{number}/refuse", note="Come back after the pilot.")
    assert "Come back after the pilot." in people.founder.get("/requests").text
    assert "Come back" not in people.funder.get("/requests").text
    late = people.manager.follow(f"/requests/{number}/pass-on")
    assert "decided about this request meanwhile" in late
    assert states(engine) == {}


def test_several_are_asked_and_the_first_to_accept_closes_the_rest(
    people: Cast, engine: Engine, world: World
) -> None:
    for mentor in (world.mentor, world.mentor + 1):
        form = _text(people.founder.get(f"/mentors/{mentor}/ask").text)
        assert "You may have up to 5 requests open at once" in form
        people.founder.post(f"/mentors/{mentor}/ask", message=WORDS)
    assert list(states(engine).values()) == ["offered", "offered"]
    people.mentor.post(f"/startups/{world.startup}/answer", answer="yes")
    assert states(engine) == {
        (world.startup, world.mentor): "active", (world.startup, world.mentor + 1): "withdrawn",
    }  # fmt: skip
    page = _text(people.founder.get("/requests").text)
    assert "It was closed for you" in page
    (told,) = (mail for mail in letters(engine) if mail.key.startswith("match.surplus:"))
    assert "已找到其他人选" in told.body, "in the language of whoever was asked"


def test_only_the_programme_s_managers_see_what_is_routed(
    people: Cast, stranger: FlaskClient, engine: Engine, world: World
) -> None:
    people.founder.post(f"/funders/{world.funder}/ask", message=WORDS)
    number = request_of(engine).id
    address = f"/p/{world.slug}/requests"
    for part in (people.founder, people.funder):
        assert part.client.get(address).status_code == 403
    assert people.other_founder.client.get(address).status_code == 404
    assert stranger.get(address).status_code == 303
    elsewhere = people.manager.client.post(f"/p/{world.other_slug}/requests/{number}/pass-on")
    assert elsewhere.status_code in {400, 404}
    assert states(engine) == {}


def test_silence_ends_a_request_and_the_founder_reads_who_else_there_is(
    people: Cast, engine: Engine, world: World
) -> None:
    people.founder.post(f"/mentors/{world.mentor}/ask", message=WORDS)
    with unit_of_work(engine) as session:
        follow_up(session, programme_of(session, world), utcnow() + timedelta(days=15))
    page = _text(people.founder.get("/requests").text)
    assert "did not answer in time" in page
    assert "See who else suits you" in page
    told = [mail for mail in letters(engine) if mail.address == "team1@example.org"]
    assert "Wei Zhang" in told[-1].body


@pytest.mark.parametrize("url", [None, "https://tandem.example.org"])
def test_that_letters_open_here_only_is_said_while_it_is_so(
    settings: Settings, engine: Engine, people: Cast, world: World, url: str | None
) -> None:
    with unit_of_work(engine) as session:
        decide(session, programme_of(session, world), world.startup, world.mentor, "approved", actor="a")
        account = session.get_one(Membership, people.manager.membership).account_id
    served = create_app(settings.model_copy(update={"url": url}), testing=True)
    client = sign_in(served, account)
    address = f"/p/{world.slug}/cohort/mentors/publish"
    client.set_cookie(*session_cookie(served, account), domain="tandem.example.org")
    page = client.get(address, base_url=url, headers={"Accept-Language": "en"})

    assert page.status_code == 200
    assert ("opens nowhere else" in page.text) is (url is None)
    served.extensions["tandem_engine"].dispose()
