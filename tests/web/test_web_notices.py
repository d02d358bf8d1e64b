"""The page of notices, how often they are mailed, and the address that ends the letters."""

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from config.keys import derived
from config.settings import Settings
from matcher.db import reading, unit_of_work
from matcher.models import Account, Kind, MailPace, Notice, Profile, Role
from matcher.services import notices, paces
from matcher.services.review import decide
from matcher.services.tidings import ENDED, tell_side
from matcher.services.uploads import _IMPORTED
from matcher.wording import N_, Message
from tests.web.cohort_world import programme_of, run
from tests.web.conftest import submit, token
from tests.web.people import add_member, sign_in
from tests.web.test_web_pages import _contents
from tests.web.world import HOSTILE, World
from web import create_app


@pytest.fixture
def founder(engine: Engine, world: World) -> int:
    """A founder's account, with two notices of theirs."""
    with unit_of_work(engine) as session:
        member = add_member(
            session, world.slug, Role.FOUNDER, profile_id=world.startup, timezone="Africa/Nairobi"
        )
        profile, other = session.get_one(Profile, world.startup), session.get_one(Profile, world.mentor)
        other.name = HOSTILE
        tell_side(session, programme_of(session, world), profile, other, "k1", ENDED)
        path = notices.own_path(session, profile)
        notices.notify(session, profile, key="k2", message=Message(N_("Open")), path=path)
        return member.account_id


def _pace(engine: Engine, account_id: int) -> str:
    with reading(engine) as session:
        return session.get_one(Account, account_id).mail_pace


def _secret(app: Flask, account_id: int) -> str:
    return paces.sign(derived(str(app.config["SECRET_KEY"]), paces.PURPOSE), account_id)


def test_the_page_tells_what_is_new_and_looking_changes_nothing(
    app: Flask, engine: Engine, founder: int
) -> None:
    browser = sign_in(app, founder)
    before = _contents(engine)
    page = browser.get("/notices")
    assert _contents(engine) == before
    assert "Your match with <bdi>&lt;script&gt;" in page.text
    assert "<script" not in page.text
    assert page.text.count(">New</span>") == 2
    assert "UTC+3" in page.text, "the time is on their own clock"
    assert ", 2 unread</span>" in page.text, "the header says it in words"
    assert ">Mark all as read<" in page.text


def test_opening_one_marks_it_as_read_and_leads_there(
    app: Flask, engine: Engine, world: World, founder: int
) -> None:
    browser = sign_in(app, founder)
    address = re.findall(r'action="(/notices/\d+)"', browser.get("/notices").text)[0]
    assert browser.get(address).status_code == 405
    opened = submit(browser, "/notices", to=address)
    assert (opened.status_code, browser.get(opened.location).status_code) == (303, 200)
    assert opened.location.startswith(f"/p/{world.slug}/mine/")
    assert browser.get("/notices").text.count(">New</span>") == 1
    with unit_of_work(engine) as session:
        stranger = add_member(session, world.slug, Role.MENTOR, profile_id=world.mentor)
    assert submit(sign_in(app, stranger.account_id), "/account/mail", to=address).status_code == 404


def test_all_are_marked_but_what_came_since_the_page_was_opened(
    app: Flask, engine: Engine, world: World, founder: int
) -> None:
    browser = sign_in(app, founder)
    page = browser.get("/notices")
    upto = re.findall(r'name="upto" value="(\d+)"', page.text)[0]
    with unit_of_work(engine) as session:
        profile = session.get_one(Profile, world.startup)
        notices.notify(session, profile, key="k3", message=Message(N_("Open")))
    data = {"csrf_token": token(page), "upto": upto}
    told = browser.post("/notices/read", data=data, follow_redirects=True)
    assert "All these notices are marked as read." in told.text
    assert ", 1 unread</span>" in told.text
    for upto in ("", "-1", "9" * 30, "x"):
        assert browser.post("/notices/read", data={**data, "upto": upto}).status_code == 303
    assert ", 1 unread</span>" in browser.get("/notices").text


def test_nobody_has_nothing_and_a_path_that_leads_out_is_not_followed(
    app: Flask, engine: Engine, world: World, founder: int
) -> None:
    with unit_of_work(engine) as session:
        other = add_member(session, world.slug, Role.FUNDER, profile_id=world.funder)
        for notice in session.scalars(select(Notice)):
            notice.path = "//evil.example/"
    assert "Nothing has happened yet" in sign_in(app, other.account_id).get("/notices").text
    browser = sign_in(app, founder)
    address = re.findall(r'action="(/notices/\d+)"', browser.get("/notices").text)[0]
    assert submit(browser, "/notices", to=address).location == "/notices"


def test_a_manager_without_a_second_factor_reads_no_names(app: Flask, engine: Engine, world: World) -> None:
    with unit_of_work(engine) as session:
        member = add_member(session, world.slug, Role.MANAGER, tf_primary_method=None)
    answer = sign_in(app, member.account_id).get("/notices")
    assert (answer.status_code, answer.location) == (303, "/account?needed=1")


def test_whatever_is_told_leads_to_a_page_that_is_there(app: Flask, engine: Engine, world: World) -> None:
    from matcher.services import answers, publishing

    with unit_of_work(engine) as session:
        manager = add_member(session, world.slug, Role.MANAGER).account_id
    pair = next(iter(run(engine, world)))
    with unit_of_work(engine) as session:
        programme = programme_of(session, world)
        decide(session, programme, *pair, "approved", actor="a")
        publishing.publish(session, programme, Kind.MENTOR, actor="a", link=str)
        answers.answer_for(session, programme, pair, "startup", accepted=False, actor="a")
        path = notices.manager_path(programme, "cohort/mentors")
        notices.notify_managers(
            session, programme, key="i", message=Message(_IMPORTED, {"filename": "a", "count": 1}), path=path
        )
    browser = sign_in(app, manager)
    with reading(engine) as session:
        paths = session.scalars(select(Notice.path).where(Notice.account_id == manager)).all()
    assert len(paths) >= 4
    assert [path for path in paths if browser.get(path).status_code != 200] == []


def test_the_pace_is_chosen_on_a_page_of_its_own(app: Flask, engine: Engine, founder: int) -> None:
    browser = sign_in(app, founder)
    assert 'value="daily" checked' in browser.get("/account/mail").text
    for wrong in ("", "hourly", "admin"):
        answer = submit(browser, "/account/mail", pace=wrong, is_admin="1")
        assert (answer.status_code, "Choose one of the three." in answer.text) == (422, True)
    assert (
        submit(browser, "/account/mail", pace="at-once", is_admin="1", email="x@y.example").status_code == 303
    )
    with reading(engine) as session:
        account = session.get_one(Account, founder)
        assert (account.mail_pace, account.is_admin) == ("at-once", False)


def test_the_address_in_a_letter_ends_them_by_a_button_and_can_be_undone(
    app: Flask, engine: Engine, stranger: FlaskClient, founder: int
) -> None:
    with unit_of_work(engine) as session:
        session.get_one(Account, founder).language = "fr"
    address = f"/unsubscribe/{_secret(app, founder)}"
    before = _contents(engine)
    page = stranger.get(address)
    assert (_contents(engine), page.status_code) == (before, 200)
    assert "founder@" not in page.text
    assert '<html lang="fr"' in page.text, "as the letter was"
    ended = submit(stranger, f"{address}?lang=en", pace="never")
    assert _pace(engine, founder) == MailPace.NEVER
    assert "You get no more of these letters" in stranger.get(ended.location).text
    assert stranger.post(f"{address}/undo", data={"before": "daily"}).status_code == 400, (
        "that takes our form"
    )
    assert submit(stranger, ended.location, to=f"{address}/undo", before="daily").status_code == 303
    assert _pace(engine, founder) == MailPace.DAILY


def test_a_mail_program_presses_it_without_a_form_and_cannot_raise_it(
    app: Flask, engine: Engine, stranger: FlaskClient, founder: int
) -> None:
    address = f"/unsubscribe/{_secret(app, founder)}"
    pressed = stranger.post(address, data={"List-Unsubscribe": "One-Click"})
    assert (pressed.status_code, _pace(engine, founder)) == (200, MailPace.NEVER)
    for wish in ("daily", "at-once", "x"):
        stranger.post(address, data={"pace": wish})
        assert _pace(engine, founder) == MailPace.NEVER


def test_from_at_once_it_can_be_once_a_day(
    app: Flask, engine: Engine, stranger: FlaskClient, founder: int
) -> None:
    with unit_of_work(engine) as session:
        paces.choose(session, founder, MailPace.AT_ONCE)
    address = f"/unsubscribe/{_secret(app, founder)}"
    assert "Once a day instead" in unescape(stranger.get(address).text)
    submit(stranger, address, pace="daily")
    assert _pace(engine, founder) == MailPace.DAILY


@pytest.mark.parametrize("secret", ["x", "MQ.abc", "..%2f", "%00", "x" * 3_000])
def test_a_broken_address_is_told_kindly(stranger: FlaskClient, world: World, secret: str) -> None:
    assert stranger.get(f"/unsubscribe/{secret}").status_code == 404
    assert stranger.post(f"/unsubscribe/{secret}").status_code == 404


def test_a_mail_program_reaches_the_public_address(settings: Settings, engine: Engine, founder: int) -> None:
    public = create_app(settings.model_copy(update={"url": "https://tandem.example.org"}), testing=True)
    answer = public.test_client().post(
        f"/unsubscribe/{_secret(public, founder)}",
        data={"List-Unsubscribe": "One-Click"},
        headers={
            "Host": "tandem.example.org",
            "X-Forwarded-For": "203.0.113.9",
            "X-Forwarded-Proto": "https",
        },
        environ_overrides={"REMOTE_ADDR": "10.0.0.1"},
    )
    assert answer.status_code == 200
    assert _pace(engine, founder) == MailPace.NEVER
