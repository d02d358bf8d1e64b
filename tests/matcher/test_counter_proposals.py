"""Other times for a meeting: what was agreed or proposed before stands, whole, until something is chosen."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from matcher.models import Meeting, Programme, Side
from matcher.services import calendars, meetings
from matcher.services.errors import Conflict, NotAllowed
from matcher.services.relationships import read_as
from matcher.services.steps import Pair
from tests.matcher.matched import NOW, match
from tests.matcher.offers import fill

at = datetime.fromisoformat
MONDAY, TUESDAY, FRIDAY = at("2026-05-04T10:00"), at("2026-05-05T10:00"), at("2026-05-08T10:00")


class Couple:
    """A founder and a mentor, whose clocks both show UTC, and a meeting that the founder proposed."""

    def __init__(self, session: Session, programme: Programme, pair: Pair) -> None:
        self.session, self.at = session, (session, programme, pair)
        self.meeting = meetings.propose(
            *self.at, Side.STARTUP, times=[MONDAY, TUESDAY], minutes=60, place="The library", now=NOW
        )

    def counter(self, side: Side, *times: datetime, minutes: int = 30, place: str = "By telephone") -> None:
        meetings.propose_others(
            *self.at, side, self.meeting.id, times=times, minutes=minutes, place=place, now=NOW,
            seen=meetings.stamp(self.meeting),
        )  # fmt: skip

    def choose(self, side: Side, time: datetime, **more: Any) -> Meeting:
        instant = at(f"{time.isoformat()}+00:00")
        return meetings.choose(
            *self.at, side, self.meeting.id, instant=instant, now=NOW, seen=meetings.stamp(self.meeting),
            **more,
        )  # fmt: skip

    @property
    def agreed(self) -> tuple[str, datetime | None, int, str]:
        """What the meeting says."""
        meeting = self.meeting
        starts = meeting.starts_at.replace(tzinfo=None) if meeting.starts_at else None
        return meeting.state, starts, meeting.minutes, meeting.place


@pytest.fixture
def two(session: Session, engine: Engine, programme: Programme) -> Couple:
    people = fill(engine, programme)
    return Couple(session, programme, match(session, programme, people, "S1", "M1"))


def test_a_counter_proposal_leaves_the_first_to_be_chosen_with_its_own_length_and_place(two: Couple) -> None:
    two.counter(Side.COUNTERPART, FRIDAY)
    said = [(o.by, len(o.times), o.minutes, o.place) for o in meetings.offers_of(two.meeting)]
    assert said == [(Side.COUNTERPART, 1, 30, "By telephone"), (Side.STARTUP, 2, 60, "The library")]
    two.choose(Side.COUNTERPART, TUESDAY)
    assert two.agreed == ("agreed", TUESDAY, 60, "The library")
    assert meetings.offers_of(two.meeting) == []


def test_what_is_chosen_of_a_counter_proposal_has_its_length_and_place(two: Couple) -> None:
    two.counter(Side.COUNTERPART, FRIDAY)
    two.choose(Side.STARTUP, FRIDAY)
    assert two.agreed == ("agreed", FRIDAY, 30, "By telephone")


def test_nobody_agrees_to_what_they_proposed_themselves(two: Couple) -> None:
    two.counter(Side.COUNTERPART, FRIDAY)
    for side, time in ((Side.COUNTERPART, FRIDAY), (Side.STARTUP, MONDAY)):
        with pytest.raises(NotAllowed):
            two.choose(side, time)


def test_a_second_proposal_replaces_its_own_side_s_and_leaves_the_other_s(two: Couple) -> None:
    two.counter(Side.COUNTERPART, FRIDAY)
    two.counter(Side.STARTUP, TUESDAY, minutes=45, place="The café")
    with pytest.raises(Conflict):
        two.choose(Side.COUNTERPART, MONDAY)
    two.choose(Side.STARTUP, FRIDAY)
    assert two.agreed == ("agreed", FRIDAY, 30, "By telephone")


@pytest.mark.parametrize("side", list(Side))
def test_what_was_agreed_stands_whole_until_another_is(two: Couple, programme: Programme, side: Side) -> None:
    two.choose(Side.COUNTERPART, MONDAY)
    two.counter(side, MONDAY, FRIDAY)
    assert two.agreed == ("proposed", MONDAY, 60, "The library")
    us = read_as(*two.at, Side.STARTUP)
    file = calendars.entry_of(us, two.meeting, language="en", now=NOW)
    assert b"LOCATION:The library" in file
    assert b"DTEND:20260504T110000Z" in file
    past = two.meeting.starts_at + timedelta(minutes=45) if two.meeting.starts_at else NOW
    assert meetings.list_ahead(two.session, us, past) == [two.meeting]

    two.choose(Side.STARTUP, MONDAY, keep=True)
    assert two.agreed == ("agreed", MONDAY, 60, "The library")
    assert two.meeting.sequence == 0, "calendars have it as it is"


def test_another_place_at_the_agreed_time_is_chosen_and_reaches_calendars(two: Couple) -> None:
    two.choose(Side.COUNTERPART, MONDAY)
    two.counter(Side.STARTUP, MONDAY)
    two.choose(Side.COUNTERPART, MONDAY)
    assert two.agreed == ("agreed", MONDAY, 30, "By telephone")
    assert two.meeting.sequence == 1
