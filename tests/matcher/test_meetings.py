"""Meetings: whose clock says what, who may choose, and what the calendar is told."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from matcher.db import unit_of_work
from matcher.models import Kind, Meeting, Profile, Programme, Side
from matcher.services import calendars, meetings, publishing
from matcher.services.clocks import comes_twice, instant_of, read_clock, read_day, zones_of
from matcher.services.errors import Conflict, NotAllowed, NotFound
from matcher.services.relationships import Invalid, read_as
from matcher.services.steps import Pair
from tests.matcher.factories import add, at_once, draft, make_programme
from tests.matcher.matched import NOW, give_account, match
from tests.matcher.offers import fill

at = datetime.fromisoformat
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def people(engine: Engine, programme: Programme) -> dict[str, int]:
    return fill(engine, programme)


@pytest.fixture
def pair(session: Session, programme: Programme, people: dict[str, int]) -> Pair:
    found = match(session, programme, people, "S1", "M1")
    give_account(session, found[0], "Africa/Cairo")
    give_account(session, found[1], "America/Santiago")
    return found


def propose(
    session: Session,
    programme: Programme,
    pair: Pair,
    *local: str,
    side: Side = Side.STARTUP,
    place: str = "",
) -> Meeting:
    times = [datetime.fromisoformat(text) for text in local]
    return meetings.propose(
        session, programme, pair, side, times=times, minutes=60, place=place, now=NOW
    )  # fmt: skip


def times_of(meeting: Meeting) -> Sequence[datetime]:
    """What was proposed last."""
    return meetings.offers_of(meeting)[0].times


@pytest.mark.parametrize(
    ("zone", "local", "instant"),
    [
        ("Africa/Cairo", "2026-04-23T23:30", "2026-04-23T21:30"),
        ("Africa/Cairo", "2026-04-24T00:30", None),  # forward at midnight
        ("Africa/Cairo", "2026-04-24T01:00", "2026-04-23T22:00"),
        ("Africa/Cairo", "2026-10-29T23:30", "2026-10-29T20:30"),  # twice: the first, in summer time
        ("America/Santiago", "2026-09-06T00:30", None),
        ("America/Santiago", "2026-04-04T23:30", "2026-04-05T02:30"),  # twice
        ("Asia/Kathmandu", "2026-03-29T02:30", "2026-03-28T20:45"),
        ("Europe/Paris", "2026-03-29T02:30", None),
        ("Europe/Paris", "2026-10-25T02:30", "2026-10-25T00:30"),  # twice
        ("Europe/Paris", "2026-10-25T03:00", "2026-10-25T02:00"),
    ],
)
def test_a_local_time_is_an_instant_or_none(zone: str, local: str, instant: str | None) -> None:
    expected = datetime.fromisoformat(instant).replace(tzinfo=UTC) if instant else None
    assert instant_of(datetime.fromisoformat(local), ZoneInfo(zone)) == expected


@pytest.mark.parametrize(
    ("zone", "instant", "twice"),
    [
        ("Europe/Paris", "2026-10-25T00:30", True),
        ("Europe/Paris", "2026-10-25T01:30", True),
        ("Europe/Paris", "2026-10-25T02:30", False),
        ("America/Santiago", "2026-04-05T03:30", True),
        ("Asia/Kathmandu", "2026-10-25T00:30", False),
    ],
)
def test_it_is_known_which_times_come_twice(zone: str, instant: str, *, twice: bool) -> None:
    assert comes_twice(datetime.fromisoformat(instant).replace(tzinfo=UTC), ZoneInfo(zone)) is twice


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-29", date(2026, 3, 29)),
        ("29.3.2026", date(2026, 3, 29)),
        ("4.3.2026", date(2026, 3, 4)),
        ("29/03/2026", date(2026, 3, 29)),
        ("03/29/2026", date(2026, 3, 29)),
        ("3/4/2026", None),  # April here, March there
        ("2026年3月29日", date(2026, 3, 29)),
        ("٢٠٢٦-٠٣-٢٩", date(2026, 3, 29)),
        ("2026-02-30", None),
        ("tomorrow", None),
    ],
)
def test_dates_are_read_as_people_type_them(text: str, day: date | None) -> None:
    assert read_day(text) == day


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("14:30", time(14, 30)), ("14.30", time(14, 30)), ("14h30", time(14, 30)), ("9", time(9)),
        ("2:30 pm", time(14, 30)), ("12am", time(0)), ("١٤:٣٠", time(14, 30)), ("14:30:00", time(14, 30)),
        ("25:00", None), ("13pm", None), ("noon", None),
    ],
)  # fmt: skip
def test_times_are_read_as_people_type_them(text: str, clock: time | None) -> None:
    assert read_clock(text) == clock


@ON_SQLITE
def test_the_account_says_the_zone_and_else_the_mentor_and_else_nobody(
    session: Session, programme: Programme
) -> None:
    ids = add(
        session,
        programme,
        draft(Kind.MENTOR, "M1", timezone="Asia/Kathmandu"),
        draft(Kind.MENTOR, "M2", timezone="Asia/Kathmandu"),
        draft(Kind.STARTUP, "S1"),
        draft(Kind.STARTUP, "S2"),
    )
    give_account(session, ids["M2"], "Europe/Paris")
    give_account(session, ids["S2"], "../etc/passwd")
    found = zones_of(session, list(ids.values()))
    assert {ref: found[number].key for ref, number in ids.items()} == {
        "M1": "Asia/Kathmandu", "M2": "Europe/Paris", "S1": "UTC", "S2": "UTC",
    }  # fmt: skip


@ON_SQLITE
def test_times_are_the_proposers_own_and_skipped_ones_are_refused_by_field(
    session: Session, programme: Programme, pair: Pair
) -> None:
    ours = propose(session, programme, pair, "2026-05-04T10:00")
    theirs = propose(session, programme, pair, "2026-05-04T10:00", side=Side.COUNTERPART)
    assert times_of(ours) == [at("2026-05-04T07:00+00:00")], "Cairo keeps summer time then"
    assert times_of(theirs) == [at("2026-05-04T14:00+00:00")], "and Santiago does not"

    with pytest.raises(Invalid) as refused:
        meetings.propose(
            session, programme, pair, Side.STARTUP,
            times=[None, at("2026-04-24T00:30"), at("2026-02-01T09:00")], minutes=5, place="x" * 301, now=NOW,
        )  # fmt: skip
    assert refused.value.problems.keys() == {"time-2", "time-3", "minutes", "place"}
    assert "Africa/Cairo" in str(refused.value.problems["time-2"])


@ON_SQLITE
@pytest.mark.parametrize(
    "times",
    [
        [],
        [None, None, None],
        [at("2028-01-01T00:00")],
        [at("9999-12-31T23:00")],
    ],
)
def test_at_least_one_time_that_is_near_is_needed(
    session: Session, programme: Programme, pair: Pair, times: Sequence[datetime | None]
) -> None:
    with pytest.raises(Invalid):
        meetings.propose(
            session, programme, pair, Side.STARTUP, times=times, minutes=60, place="", now=NOW
        )  # fmt: skip


@ON_SQLITE
def test_the_other_side_chooses_and_a_later_agreement_replaces_the_first(
    session: Session, programme: Programme, pair: Pair
) -> None:
    made = propose(session, programme, pair, "2026-05-04T10:00", "2026-05-05T10:00")
    first, second = times_of(made)

    def choose(side: Side, instant: datetime, seen: str) -> Meeting:
        return meetings.choose(
            session, programme, pair, side, made.id, instant=instant, now=NOW, seen=seen
        )  # fmt: skip

    with pytest.raises(NotAllowed):
        choose(Side.STARTUP, first, meetings.stamp(made))
    with pytest.raises(Conflict):
        choose(Side.COUNTERPART, first + timedelta(hours=1), meetings.stamp(made))
    stale = meetings.stamp(made)
    choose(Side.COUNTERPART, second, stale)
    assert (made.state, made.starts_at, made.sequence) == ("agreed", second, 0)
    with pytest.raises(Conflict):
        choose(Side.COUNTERPART, first, stale)

    meetings.propose_others(
        session, programme, pair, Side.COUNTERPART, made.id, times=[at("2026-05-06T09:00")], minutes=30,
        place="", now=NOW, seen=meetings.stamp(made),
    )  # fmt: skip
    assert (made.state, made.starts_at) == ("proposed", second), "what was agreed stands"
    choose(Side.STARTUP, times_of(made)[0], meetings.stamp(made))
    assert (made.state, made.sequence) == ("agreed", 1)
    meetings.cancel(session, programme, pair, Side.STARTUP, made.id, now=NOW, seen=meetings.stamp(made))
    assert (made.state, made.sequence) == ("cancelled", 2)
    assert meetings.list_ahead(session, read_as(session, programme, pair, Side.STARTUP), NOW) == []


@ON_SQLITE
def test_what_was_agreed_is_held_though_other_times_were_never_chosen(
    session: Session, programme: Programme, pair: Pair
) -> None:
    made = propose(session, programme, pair, "2026-05-04T10:00")
    (agreed,) = times_of(made)
    meetings.choose(
        session, programme, pair, Side.COUNTERPART, made.id, instant=agreed, now=NOW,
        seen=meetings.stamp(made),
    )  # fmt: skip
    meetings.propose_others(
        session, programme, pair, Side.STARTUP, made.id, times=[at("2026-05-06T09:00")], minutes=60, place="",
        now=NOW, seen=meetings.stamp(made),
    )  # fmt: skip
    us = read_as(session, programme, pair, Side.STARTUP)
    for days, ahead in ((1, [made]), (7, [])):
        now = agreed + timedelta(days=days)
        assert meetings.list_ahead(session, us, now) == ahead
        assert meetings.list_past(session, us, now) == ([] if ahead else [made])
    with pytest.raises(NotAllowed):
        meetings.cancel(session, programme, pair, Side.STARTUP, made.id, now=now, seen=meetings.stamp(made))


@ON_SQLITE
def test_the_same_form_sent_twice_proposes_once(session: Session, programme: Programme, pair: Pair) -> None:
    made = [propose(session, programme, pair, "2026-05-04T10:00").id for _ in range(2)]
    assert made[0] == made[1]


@ON_SQLITE
def test_the_calendar_is_told_what_was_agreed_moved_and_cancelled(
    session: Session, programme: Programme, pair: Pair
) -> None:
    hostile = "Room 1;\r\nATTENDEE:mailto:evil@example.org\r\nEND:VEVENT, \\n " + "é" * 90
    session.get_one(Profile, pair[0]).name = "Umeme\r\nX-EVIL:1"
    made = propose(session, programme, pair, "2026-05-04T10:00", place=hostile)
    meetings.choose(
        session, programme, pair, Side.COUNTERPART, made.id, instant=times_of(made)[0], now=NOW,
        seen=meetings.stamp(made),
    )  # fmt: skip
    us = read_as(session, programme, pair, Side.COUNTERPART)
    file = calendars.entry_of(us, made, language="en", now=NOW)

    assert all(len(line) <= 75 for line in file.split(b"\r\n")), "folded"
    assert b"\n" not in file.replace(b"\r\n", b"")
    lines = file.replace(b"\r\n ", b"").decode().split("\r\n")
    assert "DTSTART:20260504T070000Z" in lines
    assert not [line for line in lines if line.startswith(("X-EVIL", "ATTENDEE:mailto:evil"))]
    assert lines.count("END:VEVENT") == 1
    calendar = Calendar.from_ical(file)
    event = calendar.walk("VEVENT")[0]
    assert (calendar["METHOD"], event["SEQUENCE"], event["UID"]) == ("REQUEST", 0, f"{made.uid}@tandem")
    assert event["SUMMARY"] == "Meeting: Umeme X-EVIL:1, Ada"
    assert event["LOCATION"].startswith("Room 1; ATTENDEE:mailto")
    assert "URL" not in event

    publishing.end_match(session, programme, pair, actor="a")
    made.starts_at = us.began_at + timedelta(days=400)
    ended = calendars.entry_of(
        read_as(session, programme, pair, Side.STARTUP), made, language="en", now=NOW
    )  # fmt: skip
    assert b"METHOD:CANCEL" in ended
    assert b"SEQUENCE:1" in ended
    assert (
        b"mailto"
        not in ended.replace(b"ATTENDEE:mailto:evil", b"").replace(b"\r\n ", b"").split(b"LOCATION")[0]
    )


@pytest.mark.parametrize(
    ("place", "link"),
    [
        ("https://meet.example.org/x?y=1", True),
        ("HTTP://meet.example.org", True),
        ("javascript:alert(1)", False),
        ("https://", False),
        ("see https://meet.example.org", False),
        ("https://[", False),
        ("Café Bleu", False),
    ],
)
def test_only_addresses_of_the_web_become_links(place: str, *, link: bool) -> None:
    assert (meetings.link_of(place) is not None) is link


@ON_SQLITE
def test_nothing_can_be_done_before_both_accept_after_the_end_or_from_elsewhere(
    session: Session, programme: Programme, people: dict[str, int], pair: Pair
) -> None:
    elsewhere = make_programme(session)
    for where, whom in ((programme, (people["S2"], people["M2"])), (elsewhere, pair)):
        with pytest.raises(NotFound):
            propose(session, where, whom, "2026-05-04T10:00")
    other = match(session, programme, people, "S2", "M2")
    theirs = propose(session, programme, other, "2026-05-04T10:00")
    with pytest.raises(NotFound):
        meetings.cancel(
            session, programme, pair, Side.STARTUP, theirs.id, now=NOW, seen=meetings.stamp(theirs)
        )  # fmt: skip
    publishing.end_match(session, programme, pair, actor="a")
    with pytest.raises(NotAllowed):
        propose(session, programme, pair, "2026-05-04T10:00")


def test_two_who_answer_at_once_agree_on_one_time(
    engine: Engine, programme: Programme, people: dict[str, int]
) -> None:
    with unit_of_work(engine) as session:
        pair = match(session, programme, people, "S1", "M1")
        made = propose(session, programme, pair, "2026-05-04T10:00", "2026-05-05T10:00")
        times, seen, number = times_of(made), meetings.stamp(made), made.id

    def answer(which: int) -> None:
        with unit_of_work(engine) as opened:
            meetings.choose(
                opened, programme, pair, Side.COUNTERPART, number, instant=times[which], now=NOW, seen=seen
            )  # fmt: skip

    outcomes = at_once(2, answer)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict", "NoneType"]
