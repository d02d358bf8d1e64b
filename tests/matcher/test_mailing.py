"""Letters: each is sent once, whatever the others' addresses, and says nothing to strangers."""

import re
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from matcher.db import reading, unit_of_work
from matcher.models import (
    Job,
    JobKind,
    Mail,
    Profile,
    Programme,
    utcnow,
)
from matcher.services import mailing, posting
from tests.matcher.factories import at_once
from tests.matcher.offers import fill, publish_pairs

LATER = timedelta(seconds=1)


@pytest.fixture
def people(engine: Engine, programme: Programme) -> dict[str, int]:
    return fill(engine, programme)


def _deliver(engine: Engine, programme: Programme, box: posting.Postbox) -> int:
    return posting.deliver(engine, programme.id, box, "hub@example.org", lambda _done, _total: None)


def test_letters_become_files_that_are_written_once(
    engine: Engine, programme: Programme, people: dict[str, int], tmp_path: Path
) -> None:
    with unit_of_work(engine) as session:
        publish_pairs(session, programme, people, ("S1", "M1"))
    box = posting.Folder(tmp_path / "mail")
    assert _deliver(engine, programme, box) == 2
    assert _deliver(engine, programme, box) == 0
    files = sorted((tmp_path / "mail").iterdir())
    letters = [message_from_bytes(file.read_bytes(), policy=default) for file in files]
    assert [letter["To"] for letter in letters] == ["s1@example.org", "m1@example.org"]
    assert len({letter["Message-ID"] for letter in letters}) == 2
    assert re.search(r"http://x/answer/\S{43}", letters[1].get_content())


def test_no_name_or_address_breaks_out_of_a_header(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    mail = Mail(
        id=1, key="k:1", address="a@example.org\r\nBcc: all@example.org", language="en",
        subject="Hello\r\nBcc: all@example.org", body="Text", link="", written_at=utcnow(),
    )  # fmt: skip
    letter = posting.make_letter(mail, "hub@example.org")
    assert letter["Bcc"] is None
    assert b"\nBcc:" not in letter.as_bytes()


def test_a_server_that_refuses_leaves_the_letters_waiting(
    engine: Engine, programme: Programme, people: dict[str, int]
) -> None:
    with unit_of_work(engine) as session:
        publish_pairs(session, programme, people, ("S1", "M1"))
    with pytest.raises(OSError):  # noqa: PT011 - refused connections differ between systems
        _deliver(engine, programme, posting.Server("smtp://127.0.0.1:1"))
    with reading(engine) as session:
        waiting = session.scalars(select(Mail).where(Mail.sent_at.is_(None))).all()
        assert len(waiting) == 2


def test_of_many_deliveries_at_once_each_letter_is_sent_by_one(
    engine: Engine, programme: Programme, people: dict[str, int], tmp_path: Path
) -> None:
    with unit_of_work(engine) as session:
        publish_pairs(session, programme, people, ("S1", "M1"), ("S2", "M2"))
    box = posting.Folder(tmp_path / "mail")
    assert sum(at_once(4, lambda _: _deliver(engine, programme, box))) == 4  # type: ignore[misc]


def test_an_odd_address_stops_nobody_elses_letter(
    engine: Engine, programme: Programme, people: dict[str, int], tmp_path: Path
) -> None:
    with unit_of_work(engine) as session:
        publish_pairs(session, programme, people, ("S1", "M1"))
        session.get_one(Profile, people["S1"]).email = "a@[b.co"
    assert _deliver(engine, programme, posting.Folder(tmp_path / "mail")) == 1
    with reading(engine) as session:
        odd = session.scalars(select(Mail).where(Mail.sent_at.is_(None))).one()
        assert "no address" in odd.error
        assert mailing.count_waiting(session, programme.id) == 0


def test_a_letter_waits_for_its_readers_address(
    engine: Engine, programme: Programme, people: dict[str, int], tmp_path: Path
) -> None:
    with unit_of_work(engine) as session:
        publish_pairs(session, programme, people, ("S1", "M3"))
    box = posting.Folder(tmp_path / "mail")
    assert _deliver(engine, programme, box) == 1
    with unit_of_work(engine) as session:
        session.get_one(Profile, people["M3"]).email = "m3@example.org"
    assert _deliver(engine, programme, box) == 1
    assert "To: m3@example.org" in (tmp_path / "mail" / "000002.eml").read_text()


def test_a_letter_that_waited_for_two_weeks_is_given_up_and_says_so(
    engine: Engine, programme: Programme, people: dict[str, int], tmp_path: Path
) -> None:
    with unit_of_work(engine) as session:
        publish_pairs(session, programme, people, ("S1", "M3"), ("S2", "M1"))
        old, late = session.scalars(select(Mail).where(Mail.recipient_id.in_([people["S1"], people["S2"]])))
        old.written_at = utcnow() - timedelta(days=14.1)
        late.written_at = utcnow() - timedelta(days=13.9)
        nowhere = session.scalars(select(Mail).where(Mail.recipient_id == people["M3"])).one()
        nowhere.written_at = old.written_at
        number, without = old.id, nowhere.id
    assert _deliver(engine, programme, posting.Folder(tmp_path / "mail")) == 2
    with unit_of_work(engine) as session:
        given_up = session.scalars(select(Mail.id).where(Mail.error == mailing.TOO_OLD)).all()
        assert sorted(given_up) == sorted([number, without])
        assert session.get_one(Mail, number).sent_at is None
        session.get_one(Profile, people["M3"]).email = "m3@example.org"
        assert mailing.count_waiting(session, programme.id) == 0, "an address comes too late"
    assert _deliver(engine, programme, posting.Folder(tmp_path / "mail")) == 0


def test_letters_that_wait_too_long_are_asked_for_again(
    engine: Engine, programme: Programme, people: dict[str, int]
) -> None:
    with unit_of_work(engine) as session:
        publish_pairs(session, programme, people, ("S1", "M1"))
        session.execute(delete(Job))
        assert mailing.request_late(session, utcnow() - timedelta(minutes=10)) == 0
        assert mailing.request_late(session, utcnow() + LATER) == 1
        assert [job.kind for job in session.scalars(select(Job))] == [JobKind.DELIVER]
