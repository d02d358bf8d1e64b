"""Messages to groups: seen as their readers get them, sent once to each, and to nobody else."""

import re
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from werkzeug.test import TestResponse

from matcher.db import reading, unit_of_work
from matcher.models import Announcement, Mail, Match, MembershipState, Profile, Role, utcnow
from matcher.services import posting
from matcher.services.audiences import Group, read_group
from tests.web.cohort_world import programme_of
from tests.web.conftest import submit
from tests.web.people import add_member, sign_in
from tests.web.test_web_pages import _contents
from tests.web.world import HOSTILE, World

_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
WORDS = {"group": "founders", "subject": "The kick-off moves", "body": "Dear all,\r\n\r\nit is on Friday."}


@pytest.fixture
def manager(app: Flask, engine: Engine, world: World) -> FlaskClient:
    with unit_of_work(engine) as session:
        member = add_member(session, world.slug, Role.MANAGER)
    return sign_in(app, member.account_id)


def _look(browser: FlaskClient, world: World, **words: str) -> tuple[TestResponse, dict[str, str]]:
    """The preview, and what its form would send."""
    at = f"/p/{world.slug}/messages"
    page = submit(browser, at, to=f"{at}/preview", **{**WORDS, **words})
    return page, {name: unescape(value) for name, value in _HIDDEN.findall(page.text)}


def _mails(engine: Engine) -> list[Mail]:
    with reading(engine) as session:
        return list(session.scalars(select(Mail).order_by(Mail.id)))


def test_the_preview_shows_the_letter_and_who_gets_it_and_writes_nothing(
    manager: FlaskClient, engine: Engine, world: World
) -> None:
    before = _contents(engine)
    page, form = _look(manager, world)
    assert _contents(engine) == before
    assert "8 people get this letter." in page.text, "seven ventures and the hostile one; one has no address"
    assert "Umeme Soko" in page.text
    assert "Quiet Hills" in page.text.split("No letter reaches 1 of them")[1]
    assert "it is on Friday." in page.text
    assert "Rural Links 2026" in page.text.split('class="letter"')[1]
    assert form["body"].split() == WORDS["body"].split()


def test_it_is_sent_once_to_each_with_nobody_elses_address(
    app: Flask, manager: FlaskClient, engine: Engine, world: World
) -> None:
    with unit_of_work(engine) as session:
        own = add_member(session, world.slug, Role.FOUNDER, profile_id=world.startup, email="me@example.org")
        session.get_one(Profile, world.hostile).email = "ME@example.org"  # the same person's second venture
    _, form = _look(manager, world)
    first = manager.post(f"/p/{world.slug}/messages", data=form)
    second = manager.post(f"/p/{world.slug}/messages", data=form)
    assert (first.status_code, second.status_code) == (303, 303)
    mails = _mails(engine)
    addresses = [mail.address for mail in mails]
    assert len(addresses) == len({address.lower() for address in addresses}) == 7
    assert "me@example.org" in addresses
    assert "team1@example.org" not in addresses, "the account's address is the one that is proved"
    for mail in mails:
        raw = posting.make_letter(mail, "hub@example.org").as_string()
        assert [address for address in addresses if address in raw] == [mail.address]
        assert "manager@" not in raw
    listed = manager.get(f"/p/{world.slug}/messages").text
    assert listed.count("<h3") == 1
    assert "7 people" in listed
    theirs = sign_in(app, own.account_id)
    told = theirs.get("/notices").text
    assert "Your programme manager wrote to you: “<bdi>The kick-off moves</bdi>”" in told
    with reading(engine) as session:
        number = session.scalars(select(Announcement.id)).one()
    assert "it is on Friday." in theirs.get(f"/notices/messages/{number}").text
    assert manager.get(f"/notices/messages/{number}").status_code == 404, "it was not for managers"


def test_a_group_that_changed_since_the_preview_is_shown_again(
    manager: FlaskClient, engine: Engine, world: World
) -> None:
    _, form = _look(manager, world)
    with unit_of_work(engine) as session:
        session.get_one(Profile, world.lonely).email = "late@example.org"
    again = manager.post(f"/p/{world.slug}/messages", data=form)
    assert again.status_code == 409
    assert "The group changed meanwhile. Nothing was sent" in again.text
    assert "9 people get this letter." in again.text
    changed = manager.post(f"/p/{world.slug}/messages", data={**form, "body": "Another text"})
    assert changed.status_code == 409
    assert _mails(engine) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"group": "everyone"}, "Choose whom to write to."),
        ({"subject": " \u202e\n "}, "Write a subject."),
        ({"subject": "x" * 121}, "Use at most 120 characters; these are 121."),
        ({"body": "\u200b"}, "Write the message."),
        ({"body": "x" * 5_001}, "these are 5001."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(
    manager: FlaskClient, world: World, words: dict[str, str], told: str
) -> None:
    page, _ = _look(manager, world, **words)
    assert page.status_code == 422
    assert told in unescape(page.text).replace("<bdi>", "").replace("</bdi>", "")
    kept = [value for name, value in WORDS.items() if name not in words and name == "subject"]
    assert all(value in page.text for value in kept)


def test_it_can_be_changed_after_looking(manager: FlaskClient, world: World) -> None:
    _, form = _look(manager, world)
    again = manager.post(f"/p/{world.slug}/messages/preview", data={**form, "change": "1"})
    assert again.status_code == 200
    assert 'value="The kick-off moves"' in again.text
    assert "it is on Friday." in again.text
    assert '<option value="founders" selected>' in again.text


def test_hostile_words_break_out_of_nothing(manager: FlaskClient, engine: Engine, world: World) -> None:
    subject = "Hello\r\nBcc: all@example.org\u202e\u2066"
    page, form = _look(manager, world, subject=subject, body=f"{HOSTILE}\n.\nFrom x\u202e")
    assert "<script" not in page.text
    manager.post(f"/p/{world.slug}/messages", data=form)
    for mail in _mails(engine):
        letter = posting.make_letter(mail, "hub@example.org")
        assert letter["Bcc"] is None
        assert letter["Subject"] == "Hello Bcc: all@example.org"
        assert not set("\u202e\u2066") & set(mail.body)
    assert "<script" not in manager.get(f"/p/{world.slug}/messages").text


def test_forged_fields_change_nothing(manager: FlaskClient, engine: Engine, world: World) -> None:
    _, form = _look(manager, world)
    for key in ("", "x", "é" * 32, "a" * 33):
        assert manager.post(f"/p/{world.slug}/messages", data={**form, "key": key}).status_code == 400
    del form["csrf_token"]
    assert manager.post(f"/p/{world.slug}/messages", data=form).status_code == 400
    assert _mails(engine) == []


def test_groups_hold_whom_they_name(engine: Engine, world: World) -> None:
    long_ago = utcnow() - timedelta(days=20)
    with unit_of_work(engine) as session:
        programme = programme_of(session, world)
        names = {profile_id: session.get_one(Profile, profile_id).name for profile_id in vars(world).values()
                 if isinstance(profile_id, int)}  # fmt: skip
        busy = add_member(session, world.slug, Role.FOUNDER, profile_id=world.startup)
        quiet = add_member(session, world.slug, Role.MENTOR, profile_id=world.mentor)
        left = add_member(
            session, world.slug, Role.FUNDER, profile_id=world.funder, state=MembershipState.LEFT
        )
        add_member(session, world.slug, Role.MANAGER)
        busy.created_at = quiet.created_at = left.created_at = long_ago
        busy.seen_at = utcnow()
        session.add(
            Match(
                programme_id=programme.id, startup_id=world.startup, counterpart_id=world.mentor,
                state="offered", startup_answer=True, decided_by="a",
            )
        )  # fmt: skip
        session.flush()

        def held(group: Group) -> set[str]:
            return {person.name for person in read_group(session, programme, group, utcnow())}

        assert held(Group.QUIET) == {names[world.mentor]}
        assert held(Group.UNANSWERED) == {names[world.mentor]}
        assert held(Group.MANAGERS) == {"Manager"}
        assert held(Group.FUNDERS) == {"Savanna Angels"}, "the other has left"
        assert names[world.startup] in held(Group.FOUNDERS)
        assert names[world.startup] not in held(Group.UNMATCHED)
        assert names[world.lonely] in held(Group.UNMATCHED)
        assert held(Group.ALL) == held(Group.FOUNDERS) | held(Group.MENTORS) | held(Group.FUNDERS)
        assert "Somebody Else's" not in held(Group.ALL)


@pytest.mark.parametrize("role", [Role.FOUNDER, Role.MENTOR])
def test_no_participant_and_no_other_programmes_manager_gets_in(
    app: Flask, engine: Engine, world: World, role: Role
) -> None:
    with unit_of_work(engine) as session:
        profile_id = world.startup if role is Role.FOUNDER else world.mentor
        inside = add_member(session, world.slug, role, profile_id=profile_id)
        outside = add_member(session, world.other_slug, Role.MANAGER)
    for member, status in ((inside, 403), (outside, 404)):
        browser = sign_in(app, member.account_id)
        for method, tail in (("get", ""), ("post", ""), ("post", "/preview")):
            answer = getattr(browser, method)(f"/p/{world.slug}/messages{tail}", data=WORDS)
            assert answer.status_code == status
