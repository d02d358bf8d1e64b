"""The page of a match: both sides meet, write down, confirm, reach goals, are asked, and may part."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar, Component
from sqlalchemy import Engine, select

from matcher.db import reading, unit_of_work
from matcher.models import (
    Mail,
    Match,
    Meeting,
    Membership,
    MembershipState,
    Notice,
    Role,
    SessionLog,
    Survey,
    utcnow,
)
from matcher.services.followup import follow_up
from matcher.wording import Message
from tests.web.conftest import submit, token
from tests.web.people import add_member, sign_in
from tests.web.test_web_pages import Tags, _contents
from tests.web.test_web_whynot import _text
from tests.web.together import Couple, couple, programme_at
from tests.web.world import HOSTILE, World

SOON = (utcnow() + timedelta(days=10)).date().isoformat()
SECRET = "Is she the right one?"


@pytest.fixture
def two(app: Flask, engine: Engine, world: World) -> Couple:
    return couple(app, engine, world)


def hidden(page: str, action: str) -> dict[str, str]:
    """What the form with this action sends along."""
    form = re.search(rf'<form[^>]*action="[^"]*{action}"[^>]*>(.*?)</form>', page, re.DOTALL)
    assert form, f"no form leads to {action}"
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form[1]))


def press(client: FlaskClient, address: str, action: str) -> str:
    """Press the button of this form, and read the page that follows."""
    page = client.get(address)
    answer = client.post(f"{address}/{action}", data=hidden(page.text, action))
    assert answer.status_code == 303
    return _text(client.get(answer.location).text)


def seen_in(client: FlaskClient, address: str) -> str:
    """What the form there says that its reader saw."""
    found = re.search(r'name="seen" value="(\w+)"', client.get(address).text)
    assert found
    return found[1]


def in_calendar(client: FlaskClient, address: str) -> Component:
    """The meeting as a calendar reads its file."""
    file = client.get(address)
    assert file.headers["Content-Type"] == "text/calendar; charset=utf-8"
    return Calendar.from_ical(file.data).walk("VEVENT")[0]


def test_a_couple_meets_writes_it_down_and_reaches_a_goal(engine: Engine, two: Couple) -> None:
    sent = submit(
        two.founder,
        f"{two.ours}/meetings/new",
        minutes="45",
        place="https://meet.example.org/x",
        **{"date-1": SOON, "time-1": "14:00", "date-3": SOON, "time-3": "16:00"},
    )
    assert sent.status_code == 303
    proposed = two.mentor.get(two.theirs).text
    assert "Umeme Soko proposes" in _text(proposed)
    assert 'href="https://meet.example.org/x"' in proposed
    with reading(engine) as session:
        meeting = session.scalars(select(Meeting)).one()
        first = datetime.fromisoformat(meeting.proposals["startup"]["times"][0])
    assert "UTC+5:45" in proposed
    assert "UTC+2" in proposed
    assert first.hour in {11, 12}, "14:00 in Cairo, with or without summer time"
    assert "Choose" not in _text(two.founder.get(two.ours).text), "nobody agrees with themselves"

    agreed = press(two.mentor, two.theirs, f"meetings/{meeting.id}/choose")
    assert "The meeting is agreed" in agreed
    for client, address in ((two.mentor, two.theirs), (two.founder, two.ours)):
        event = in_calendar(client, f"{address}/meetings/{meeting.id}/meeting.ics")
        assert event.decoded("dtstart") == first
        assert event["SUMMARY"] == "Meeting: Umeme Soko, Amara Diop"
    assert "called off" in press(two.founder, two.ours, f"meetings/{meeting.id}/cancel")

    today = utcnow().date().isoformat()
    submit(
        two.mentor, f"{two.theirs}/sessions/new", held_on=today, minutes="60", topics="Tariffs", next_steps=""
    )
    with reading(engine) as session:
        log = session.scalars(select(SessionLog)).one()
    submit(two.founder, f"{two.ours}/sessions/{log.id}/object", words="It took 90 minutes.", seen="")
    stale = seen_in(two.mentor, f"{two.theirs}/sessions/{log.id}")
    seen = seen_in(two.founder, f"{two.ours}/sessions/{log.id}/object")
    submit(two.founder, f"{two.ours}/sessions/{log.id}/object", words="It took 90 minutes.", seen=seen)
    assert "It took 90 minutes." in two.mentor.get(two.theirs).text
    mended = {"held_on": today, "minutes": "90", "topics": "Tariffs", "next_steps": ""}
    unread = submit(two.mentor, f"{two.theirs}/sessions/{log.id}", **mended, seen=stale)
    assert (unread.status_code, "It took 90 minutes." in unread.text) == (409, True)
    read = re.search(r'name="seen" value="(\w+)"', unread.text)
    assert read
    submit(two.mentor, f"{two.theirs}/sessions/{log.id}", **mended, seen=read[1])
    assert "You confirmed the session" in press(two.founder, two.ours, f"sessions/{log.id}/confirm")

    submit(two.founder, f"{two.ours}/goals/new", text="Ten farms have signed", due=SOON)
    assert "Well done" in press(two.mentor, two.theirs, "goals/1/done")
    assert "Reached: 1" in _text(two.founder.get(two.ours).text)
    assert "Still open: 1" in press(two.founder, two.ours, "goals/1/reopened")
    told = tidings(engine)
    assert [len(told[address]) for address in (two.theirs, two.ours)] == [5, 4]
    assert (
        Message("%(other)s proposes a meeting. Choose a time.", {"other": "Umeme Soko"}) in told[two.theirs]
    )
    assert two.mentor.get(two.theirs.rpartition("/matches/")[0]).text.count(f'href="{two.theirs}"') == 1


def tidings(engine: Engine) -> dict[str, list[Message]]:
    """What both were told about the match, by the page that it leads to."""
    found: dict[str, list[Message]] = {}
    with reading(engine) as session:
        for notice in session.scalars(select(Notice).order_by(Notice.id)):
            found.setdefault(notice.path, []).append(Message.from_json(notice.message))
    return found


def test_a_form_that_is_wrong_comes_back_with_all_that_was_typed(engine: Engine, two: Couple) -> None:
    new = f"{two.ours}/meetings/new"
    wrong = submit(
        two.founder,
        new,
        minutes="soon",
        place="Café",
        **{"date-1": "3/4/2027", "time-1": "noon", "date-2": SOON},
    )
    assert wrong.status_code == 422
    for kept in ('value="soon"', 'value="Café"', 'value="3/4/2027"', 'value="noon"', f'value="{SOON}"'):
        assert kept in wrong.text
    assert {"#date-1", "#time-1", "#time-2", "#minutes"} <= set(re.findall(r'href="(#[\w-]+)"', wrong.text))
    assert "<title>Error:" in wrong.text
    past = submit(two.founder, new, minutes="5", place="", **{"date-1": "2020-01-01", "time-1": "10:00"})
    assert past.status_code == 422
    assert "This time is past" in past.text
    log = submit(two.founder, f"{two.ours}/sessions/new", held_on="someday", minutes="60", topics="A" * 4001)
    assert (log.status_code, log.text.count("A" * 4001)) == (422, 1)
    assert submit(two.founder, f"{two.ours}/goals/new", text="", due="never").status_code == 422
    with reading(engine) as session:
        assert not session.scalars(select(Meeting)).all() + session.scalars(select(SessionLog)).all()


def test_a_stale_form_says_so_and_changes_nothing(engine: Engine, two: Couple) -> None:
    def propose(address: str, **more: str) -> int:
        return submit(
            two.founder, address, minutes="60", place="", **{"date-1": SOON, "time-1": "14:00"}, **more
        ).status_code

    propose(f"{two.ours}/meetings/new")
    page = two.mentor.get(two.theirs)
    stale = hidden(page.text, "meetings/1/choose")
    assert propose(f"{two.ours}/meetings/1/move", seen="old") == 409
    two.founder.post(f"{two.ours}/meetings/1/cancel", data=hidden(two.founder.get(two.ours).text, "1/cancel"))
    answer = two.mentor.post(f"{two.theirs}/meetings/1/choose", data=stale)
    assert "changed meanwhile" in two.mentor.get(answer.location).text
    with reading(engine) as session:
        assert session.scalars(select(Meeting.state)).one() == "cancelled"


def test_surveys_are_answered_to_the_managers_alone(engine: Engine, world: World, two: Couple) -> None:
    assert two.founder.get(f"{two.ours}/survey/day-30").status_code == 404
    with unit_of_work(engine) as session:
        follow_up(session, programme_at(session, world.slug), utcnow() + timedelta(days=31))
    assert "how is it going?" in _text(two.founder.get(two.ours).text)
    wrong = submit(two.founder, f"{two.ours}/survey/day-30", helpful="9", progress="", comment="Kept.")
    assert wrong.status_code == 422
    assert "Kept." in wrong.text
    submit(
        two.founder,
        f"{two.ours}/survey/day-30",
        helpful="4",
        progress="2",
        goes_on="yes",
        comment="To managers",
        side="counterpart",
        answered_at="2020",
        score="5",
    )
    with reading(engine) as session:
        mine, theirs = session.scalars(select(Survey).order_by(Survey.side.desc())).all()
    assert (mine.helpful, mine.progress, mine.goes_on, mine.comment) == (4, 2, True, "To managers")
    assert theirs.answered_at is None
    assert (
        "To managers"
        not in two.mentor.get(two.theirs).text + two.mentor.get(f"{two.theirs}/survey/day-30").text
    )
    assert 'value="4" checked' in two.founder.get(f"{two.ours}/survey/day-30").text


def test_notes_are_on_no_page_but_ones_own(
    engine: Engine, client: FlaskClient, world: World, two: Couple
) -> None:
    submit(two.founder, two.ours, to=f"{two.ours}/notes", note=SECRET)
    assert SECRET in two.founder.get(two.ours).text
    pages = (
        f"/p/{world.slug}/relationships",
        f"/p/{world.slug}/relationships/mentors/{two.pair[0]}/{two.pair[1]}",
        f"/p/{world.slug}/cohort/mentors/{two.pair[0]}/{two.pair[1]}",
        f"/p/{world.slug}/startups/{two.pair[0]}",
        f"/p/{world.slug}/matches",
        f"/p/{world.slug}/log",
        f"/p/{world.slug}/mail",
        f"/p/{world.slug}/cohort/mentors/export/matches.csv",
    )
    assert [client.get(page).status_code for page in pages[:7]] == [200] * 7
    seen = [client.get(page).get_data(as_text=True) for page in pages]
    seen += [two.mentor.get(two.theirs + tail).text for tail in ("", "/end", "/meetings/new", "/goals/new")]
    assert not [text for text in seen if "right one" in text]
    too_long = submit(two.founder, two.ours, to=f"{two.ours}/notes", note="B" * 10_001)
    assert (too_long.status_code, too_long.text.count("B" * 10_001)) == (422, 1)


def test_a_match_ends_without_blame_and_takes_the_address_along(
    engine: Engine, client: FlaskClient, world: World, two: Couple
) -> None:
    assert "amara@example.org" in two.founder.get(two.ours).text
    wrong = submit(two.founder, f"{two.ours}/end", reason="blame", words="She is late.")
    assert wrong.status_code == 422
    assert "She is late." in wrong.text
    ended = submit(two.founder, f"{two.ours}/end", reason="no-fit", words="She is late.")
    assert ended.status_code == 303
    after = two.founder.get(two.ours).text
    assert "amara@" not in after
    assert "how was it?" in _text(after)
    for shown in (two.mentor.get(two.theirs).text, two.mentor.get(f"{two.theirs}/end").text):
        assert "late" not in shown
        assert "right fit" not in shown
        assert "team1@" not in shown
    assert two.founder.get(f"{two.ours}/meetings/new").status_code == 200
    assert submit(two.founder, f"{two.ours}/goals/new", text="More", due="").status_code == 409
    told = client.get(f"/p/{world.slug}/relationships/mentors/{two.pair[0]}/{two.pair[1]}").text
    assert "Not the right fit" in told
    assert "She is late." in told
    with reading(engine) as session:
        assert session.scalars(select(Match.state).where(Match.startup_id == two.pair[0])).first() == "ended"
        assert not [m for m in session.scalars(select(Mail)) if "late" in m.body or "Diop" in m.subject]


def test_nobody_else_gets_in(app: Flask, engine: Engine, world: World, two: Couple) -> None:
    with unit_of_work(engine) as session:
        other = add_member(
            session, world.slug, Role.MENTOR, profile_id=two.pair[1] + 1, email="other@example.org"
        )
        left = add_member(
            session, world.slug, Role.FOUNDER, profile_id=two.pair[0] + 1, email="l@example.org"
        )
        other_id, account = other.id, other.account_id
        left.state = MembershipState.APPLYING.value
        left_id, left_account = left.id, left.account_id
        founder_id = session.scalars(select(Membership.id).where(Membership.profile_id == two.pair[0])).one()
    submit(two.founder, f"{two.ours}/goals/new", text="Private goal", due="")
    outsider = sign_in(app, account)
    base = f"/p/{world.slug}/mine"
    tails = ("", "/end", "/meetings/new", "/meetings/1/move", "/sessions/new", "/goals/1", "/survey/end")
    for tail in tails:
        assert outsider.get(f"{base}/{other_id}/matches/{two.pair[0]}{tail}").status_code == 404
        assert outsider.get(f"{base}/{founder_id}/matches/{two.pair[1]}{tail}").status_code == 404
        assert two.founder.get(f"{base}/{founder_id}/matches/{two.pair[1] + 1}{tail}").status_code == 404
    page = outsider.get(f"{base}/{other_id}/matches")
    assert "You have no match yet" in _text(page.text)
    assert sign_in(app, left_account).get(f"{base}/{left_id}/matches").status_code == 404
    key = token(two.mentor.get(two.theirs))
    wrong = two.mentor.post(f"{two.theirs}/goals/99/done", data={"csrf_token": key})
    assert wrong.status_code == 404


def test_looking_changes_nothing_and_runs_no_script(engine: Engine, world: World, two: Couple) -> None:
    for form, data in (
        ("meetings/new", {"date-1": SOON, "time-1": "14:00", "minutes": "60", "place": HOSTILE}),
        (
            "sessions/new",
            {"held_on": "2026-01-01", "minutes": "60", "topics": HOSTILE, "next_steps": HOSTILE},
        ),
        ("goals/new", {"text": HOSTILE, "due": ""}),
    ):
        data = {k: utcnow().date().isoformat() if k == "held_on" else v for k, v in data.items()}
        assert submit(two.founder, f"{two.ours}/{form}", **data).status_code == 303
    submit(two.mentor, two.theirs, to=f"{two.theirs}/notes", note=HOSTILE)
    before = _contents(engine)
    tails = (
        "",
        "?all=1",
        "/end",
        "/meetings/new",
        "/meetings/1/move",
        "/sessions/new",
        "/sessions/1",
        "/sessions/1/object",
        "/goals/new",
        "/goals/1",
    )
    for tail in tails:
        for language in ("en", "ar"):
            page = two.mentor.get(f"{two.theirs}{tail}{'&' if '?' in tail else '?'}lang={language}")
            assert page.status_code == 200
            assert not {"script", "img"} & set(Tags(page.text).names)
            assert page.text.count("<h1") == 1
            assert len(page.data) < 60_000
    assert _contents(engine) == before
    assert "{{7*7}}" in two.mentor.get(two.theirs).text


def test_a_time_that_comes_twice_is_shown_with_its_offset(engine: Engine, two: Couple) -> None:
    october = datetime(utcnow().year, 10, 31, tzinfo=UTC)
    last_thursday = october - timedelta(days=(october.weekday() - 3) % 7)
    if last_thursday < utcnow() + timedelta(days=2):  # this year's is past: take next year's
        october = october.replace(year=october.year + 1)
        last_thursday = october - timedelta(days=(october.weekday() - 3) % 7)
    day = last_thursday.date().isoformat()
    submit(
        two.founder, f"{two.ours}/meetings/new", minutes="30", place="", **{"date-1": day, "time-1": "23:30"}
    )
    page = two.founder.get(two.ours).text
    assert "This hour comes twice" in page
    assert "UTC+3" in page
