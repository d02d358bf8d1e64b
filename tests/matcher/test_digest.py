"""Letters about notices: as often as their reader chose, each thing once, nothing private outside."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from matcher.db import reading, unit_of_work
from matcher.models import Account, Job, JobKind, Mail, MailPace, Notice, Programme, Role
from matcher.services import digests, notices, paces, posting
from matcher.services.errors import NotFound
from matcher.services.locking import lock_programme
from matcher.wording import N_, Message
from tests.matcher.factories import at_once, make_programme
from tests.matcher.readers import add_reader

URL = f"https://tandem.{'long-' * 12}host.example.org"
LINKS = paces.Links(URL, "k" * 40)
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
YESTERDAY = NOON - timedelta(hours=20)
TOLD = N_("Your match with %(other)s has ended.")
Reader = Callable[..., int]


@pytest.fixture
def reader(engine: Engine, programme: Programme) -> Reader:
    """An account with that many notices, all from the day before."""

    def make(count: int = 1, *, name: str = "Ada", since: datetime = YESTERDAY, **fields: object) -> int:
        with unit_of_work(engine) as session:
            account_id = add_reader(session, programme, "reader@example.org", Role.MANAGER, **fields)
            for number in range(count):
                message = Message(TOLD, {"other": name})
                notices.notify_accounts(
                    session, [account_id], programme, key=f"k{number}", message=message, path=f"/p/x/{number}"
                )
            session.execute(update(Notice).values(created_at=since))
            return account_id

    return make


def _write(engine: Engine, now: datetime = NOON) -> list[Mail]:
    """All letters there are, after a worker wrote what is due."""
    digests.write_all(engine, now, LINKS, lambda _done, _total: None)
    with unit_of_work(engine) as session:
        return list(session.scalars(select(Mail).order_by(Mail.id)))


def test_a_digest_tells_everything_once_and_nothing_in_its_subject(engine: Engine, reader: Reader) -> None:
    account_id = reader(3)
    (letter,) = _write(engine)
    assert letter.subject == "Tandem: 3 new things for you"
    assert (letter.address, letter.programme_id) == ("reader@example.org", None)
    assert letter.body.count("Your match with Ada has ended.") == 3
    assert "Rural Links" in letter.body
    assert f"{URL}/p/x/2" in letter.body
    assert LINKS.unsubscribe(account_id) in letter.body
    assert len(_write(engine)) == 1, "twice is once"
    assert len(_write(engine, NOON + timedelta(days=1))) == 1, "nothing new, no letter"


def test_what_is_new_waits_for_the_readers_morning(engine: Engine, reader: Reader) -> None:
    reader(since=NOON - timedelta(hours=4), timezone="America/Lima")  # 03:00 there; it is 07:00 now
    assert _write(engine, NOON - timedelta(minutes=1)) == []
    assert len(_write(engine, NOON)) == 1


@pytest.mark.parametrize("zone", [None, "../../etc/passwd"])
def test_without_a_zone_the_morning_is_that_of_utc(engine: Engine, reader: Reader, zone: str | None) -> None:
    reader(since=NOON - timedelta(hours=4), timezone=zone)
    assert _write(engine) == []
    assert len(_write(engine, NOON + timedelta(hours=19))) == 1


def test_who_has_read_it_on_the_page_gets_no_letter(engine: Engine, reader: Reader) -> None:
    account_id = reader(2)
    with unit_of_work(engine) as session:
        notices.mark_all_read(session, account_id, 10**6)
    assert _write(engine) == []


@pytest.mark.parametrize(
    "fields", [{"mail_pace": MailPace.NEVER.value}, {"is_sample": True}, {"active": False}]
)
def test_some_get_no_letters_now_or_later(engine: Engine, reader: Reader, fields: dict[str, object]) -> None:
    account_id = reader(1, **fields)
    assert _write(engine) == []
    with unit_of_work(engine) as session:
        account = session.get_one(Account, account_id)
        account.mail_pace, account.is_sample, account.active = MailPace.DAILY.value, False, True
    assert _write(engine) == [], "what was not to be mailed then does not come in a heap now"


def test_at_once_is_a_letter_for_each(engine: Engine, reader: Reader) -> None:
    reader(2, since=NOON, mail_pace=MailPace.AT_ONCE.value)
    assert [letter.subject for letter in _write(engine)] == ["Tandem: 1 new thing for you"] * 2
    assert len(_write(engine)) == 2


def test_of_many_workers_at_once_one_writes(engine: Engine, reader: Reader) -> None:
    reader(2)

    def work(_: int) -> int:
        return digests.write_all(engine, NOON, LINKS, lambda _done, _total: None)

    assert sorted(at_once(4, work)) == [0, 0, 0, 1]  # type: ignore[type-var]


def test_one_that_cannot_be_written_stops_nobody_elses_and_is_logged_without_a_name(
    engine: Engine, programme: Programme, reader: Reader
) -> None:
    broken = reader(name="Secret")
    with unit_of_work(engine) as session:
        session.execute(update(Notice).values(message={"params": {"other": "Secret"}}))
        whole = add_reader(session, programme, "whole@example.org", Role.MANAGER)
        message = Message(TOLD, {"other": "Ben"})
        notices.notify_accounts(session, [whole], programme, key="whole", message=message)
        session.execute(update(Notice).values(created_at=YESTERDAY))
    assert broken < whole, "whoever comes after is written to"
    with capture_logs() as logged:
        assert [letter.address for letter in _write(engine)] == ["whole@example.org"]
    assert logged == [
        {"event": "digest.failed", "account_id": broken, "cause": "KeyError", "log_level": "error"}
    ]
    with reading(engine) as session:
        assert session.scalars(select(Notice.mailed_at).where(Notice.account_id == broken)).all() == [None]


def test_a_death_before_the_end_leaves_it_to_the_next(engine: Engine, reader: Reader) -> None:
    account_id = reader()
    with Session(engine) as session:
        assert digests.write_due(session, account_id, NOON, LINKS) == 1
        session.rollback()
    assert len(_write(engine)) == 1


def test_it_is_in_the_readers_language(engine: Engine, reader: Reader) -> None:
    reader(name="Жанна", language="ru")
    (letter,) = _write(engine)
    assert letter.language == "ru"
    assert "Здравствуйте" in letter.body


def test_hostile_words_break_no_line_and_turn_nothing_around(engine: Engine, reader: Reader) -> None:
    reader(name="Eve\r\nBcc: all@example.org\n\n* \u202egnihtyna\u2066 100% %(x)s")
    (letter,) = _write(engine)
    lines = letter.body.splitlines()
    assert not any(line.startswith("Bcc:") for line in lines)
    assert not set("\u202e\u2066\r") & set(letter.body)
    assert sum(line.startswith("* ") for line in lines) == 1
    assert "100% %(x)s" in letter.body


def test_a_long_digest_gives_the_number_of_the_rest(engine: Engine, reader: Reader) -> None:
    reader(digests.LONGEST + 2)
    (letter,) = _write(engine)
    assert letter.body.count("has ended") == digests.LONGEST
    assert f"and 2 more\n  {URL}/notices" in letter.body


def test_it_is_grouped_by_programme(engine: Engine, programme: Programme, reader: Reader) -> None:
    account_id = reader()
    with unit_of_work(engine) as session:
        other = make_programme(session)
        other.name = "Second\nhub"
        for key, told in (("o", other), ("p", programme)):
            notices.notify_accounts(session, [account_id], told, key=key, message=Message(N_("Open")))
    (letter,) = _write(engine)
    assert letter.body.index("Rural Links\n* ") < letter.body.index("Second hub\n* ")
    assert letter.body.count("Rural Links") == 1


def test_the_relay_asks_only_if_something_is_due(session: Session, programme: Programme) -> None:
    add_reader(session, programme, "reader@example.org", Role.MANAGER)
    assert not digests.request_due(session, NOON)
    notices.notify_managers(session, programme, key="k", message=Message(N_("Open")))
    session.execute(update(Notice).values(created_at=YESTERDAY))
    assert digests.request_due(session, NOON)
    digests.request_due(session, NOON)
    assert [job.kind for job in session.scalars(select(Job))] == [JobKind.DIGEST]


def test_mail_programs_find_how_to_end_the_letters(engine: Engine, reader: Reader, tmp_path: Path) -> None:
    account_id = reader()
    (letter,) = _write(engine)
    with posting.Folder(tmp_path / "mail").open() as send:
        send(letter.id, posting.make_letter(letter, "hub@example.org"))
    (file,) = (tmp_path / "mail").iterdir()
    assert f"<{LINKS.unsubscribe(account_id)}>".encode() in file.read_bytes(), "neither folded nor encoded"
    headers = message_from_bytes(file.read_bytes(), policy=default)
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    letter.unsubscribe = "http://localhost:8000/unsubscribe/x\r\nBcc: all@example.org"
    plain = posting.make_letter(letter, "hub@example.org")
    assert plain["List-Unsubscribe-Post"] is None, "that takes HTTPS"
    assert plain["Bcc"] is None


def test_a_forged_secret_names_nobody(session: Session, programme: Programme) -> None:
    account_id = add_reader(session, programme, "reader@example.org", Role.MANAGER)
    right = paces.sign(LINKS.key, account_id)
    assert paces.read(session, LINKS.key, right).id == account_id
    others = (paces.sign("other key" * 5, account_id), paces.sign(LINKS.key, account_id + 1))
    for forged in (*others, "", "x", "MQ.abc", "1", '"a".b', "é" * 50, right[:-1]):
        with pytest.raises(NotFound):
            paces.read(session, LINKS.key, forged)


def test_a_step_that_tells_whoever_gets_a_digest_now_goes_through_and_so_does_the_digest(
    engine: Engine, programme: Programme, reader: Reader
) -> None:
    account_id = reader()
    with ThreadPoolExecutor(1) as pool:
        with unit_of_work(engine) as session:
            lock_programme(session, programme)
            written = pool.submit(_write, engine)
            wait([written], timeout=1)  # it has the account by now, and waits for the programme
            message = Message(TOLD, {"other": "Ben"})
            notices.notify_accounts(session, [account_id], programme, key="new", message=message)
        assert len(written.result()) == 1
