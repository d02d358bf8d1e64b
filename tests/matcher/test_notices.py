"""Notices: whoever is concerned is told once, on a page of theirs, and nobody else is."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from matcher.db import unit_of_work
from matcher.models import Job, JobKind, Mail, MailPace, Notice, Profile, Programme, Role, utcnow
from matcher.services import answers, followup, notices, publishing
from matcher.services.errors import NotFound
from matcher.wording import N_, Message
from tests.matcher.factories import at_once, make_programme
from tests.matcher.offers import fill, publish_pairs, secrets_of
from tests.matcher.readers import add_reader, told_to

HELLO = Message(N_("Hello %(name)s,"), {"name": "you"})
People = dict[str, int]


@pytest.fixture
def people(engine: Engine, programme: Programme) -> People:
    return fill(engine, programme)


@pytest.fixture
def readers(engine: Engine, programme: Programme, people: People) -> dict[str, int]:
    """Accounts of a start-up, of its mentor, of the manager who acts, and of another manager."""
    with unit_of_work(engine) as session:
        return {
            "S1": add_reader(session, programme, "s1@example.org", profile_id=people["S1"]),
            "M1": add_reader(session, programme, "m1@example.org", Role.MENTOR, people["M1"]),
            "a": add_reader(session, programme, "a", Role.MANAGER),
            "b": add_reader(session, programme, "b@example.org", Role.MANAGER),
        }


def test_a_notice_is_for_the_account_of_the_profile_and_told_once(
    session: Session, programme: Programme, people: People, readers: dict[str, int]
) -> None:
    for ref in ("S1", "S1", "S2"):
        profile = session.get_one(Profile, people[ref])
        path = notices.own_path(session, profile, "meetings")
        notices.notify(session, profile, key="k", message=HELLO, path=path)
    found = session.scalars(select(Notice)).one()
    assert (found.account_id, found.mailed_at) == (readers["S1"], None)
    assert found.path.startswith(f"/p/{programme.slug}/mine/")
    assert found.path.endswith("/meetings")


def test_of_two_that_tell_the_same_at_once_one_does(
    engine: Engine, programme: Programme, people: People, readers: dict[str, int]
) -> None:
    def tell(_: int) -> None:
        with unit_of_work(engine) as session:
            notices.notify(session, session.get_one(Profile, people["S1"]), key="k", message=HELLO)

    assert at_once(4, tell) == [None] * 4
    with unit_of_work(engine) as session:
        assert told_to(session, readers["S1"]) == ["Hello you,"]


def test_both_sides_and_the_other_managers_hear_what_becomes_of_an_offer(
    session: Session, programme: Programme, people: People, readers: dict[str, int]
) -> None:
    publish_pairs(session, programme, people, ("S1", "M1"))
    secret = secrets_of(session)
    answers.answer(session, secret["s1@example.org"], accepted=True)
    answers.answer(session, secret["m1@example.org"], accepted=False, note="Too busy, to be honest.")
    startup, mentor, manager = (told_to(session, readers[who]) for who in ("S1", "M1", "b"))
    assert startup[0].startswith("May we put you together with Ada? Please answer by ")
    assert startup[1] == "The proposal to put you together with Ada is no longer open."
    assert len(startup) == len(mentor) == 2
    assert manager == [
        "Proposals were published. Pairs whose sides are told: 1.",
        "Umeme has accepted the proposal to meet Ada, who has not answered yet.",
        "Ada has declined the proposal to meet Umeme.",
        "Umeme is proposed Ben as the next best. Please look at the pair.",
    ]
    assert "Proposals were published" not in "".join(told_to(session, readers["a"])), "it was their doing"
    assert not any("busy" in text for text in (*startup, *mentor, *manager)), "a reason is for its page alone"


def test_an_answer_is_asked_for_by_letter_and_the_rest_is_left_to_the_reader(
    session: Session, programme: Programme, people: People, readers: dict[str, int]
) -> None:
    publish_pairs(session, programme, people, ("S1", "M1"), ("S2", "M2"))
    followup.follow_up(session, programme, utcnow() + timedelta(days=6))
    mine = select(Notice).where(Notice.account_id == readers["S1"]).order_by(Notice.id)
    assert [notice.mailed_at is not None for notice in session.scalars(mine)] == [True, True]
    followup.follow_up(session, programme, utcnow() + timedelta(days=15))
    kinds = [notice.key.split(":")[0] for notice in session.scalars(mine) if notice.mailed_at is None]
    assert kinds == ["match.expired"]
    letters = {
        mail.address for mail in session.scalars(select(Mail).where(Mail.key.startswith("match.expired")))
    }
    assert letters == {"s2@example.org", "m2@example.org"}, "they have no account, so no page"


def test_the_end_of_a_match_is_told_to_both_sides(
    session: Session, programme: Programme, people: People, readers: dict[str, int]
) -> None:
    publish_pairs(session, programme, people, ("S1", "M1"))
    for secret in secrets_of(session).values():
        answers.answer(session, secret, accepted=True)
    publishing.end_match(session, programme, (people["S1"], people["M1"]), actor="a", note="They quarrelled.")
    for who, other in (("S1", "Ada"), ("M1", "Umeme")):
        assert told_to(session, readers[who])[-2:] == [
            f"You and {other} have both accepted.",
            f"Your match with {other} has ended.",
        ]


def test_a_notice_leads_nowhere_else(
    session: Session, programme: Programme, people: People, readers: dict[str, int]
) -> None:
    for path in ("https://x.example/", "//x.example", "/\\x.example", "p/x", "/a\nb", "javascript:x"):
        with pytest.raises(ValueError, match="leads out"):
            notices.notify_managers(session, programme, key="k", message=HELLO, path=path)


def test_nobody_opens_or_counts_another_accounts_notices(
    session: Session, programme: Programme, people: People, readers: dict[str, int]
) -> None:
    for number in range(25):
        notices.notify_managers(
            session, programme, key=f"k{number}", message=HELLO, path="/programmes", but="a"
        )
    page = notices.list_notices(session, readers["b"], 2)
    assert (page.total, page.unread, page.page, page.pages, len(page.items)) == (25, 25, 2, 2, 5)
    with pytest.raises(NotFound):
        notices.mark_read(session, readers["a"], page.items[0].id)
    assert notices.mark_read(session, readers["b"], page.items[0].id) == "/programmes"
    assert notices.mark_all_read(session, readers["a"], 10**6) == 0
    assert notices.mark_all_read(session, readers["b"], page.items[0].id) == 4
    assert notices.count_unread(session, readers["b"]) == 20


def test_a_programme_without_managers_is_its_administrators(session: Session, programme: Programme) -> None:
    other = make_programme(session)
    manager = add_reader(session, other, "elsewhere@example.org", Role.MANAGER)
    admin = add_reader(session, other, "admin@example.org", Role.MENTOR, is_admin=True)
    notices.notify_managers(session, programme, key="k", message=HELLO)
    assert told_to(session, admin) == ["Hello you,"]
    assert told_to(session, manager) == []


def test_only_somebody_in_a_hurry_asks_for_a_letter_now(
    session: Session, programme: Programme, people: People
) -> None:
    add_reader(session, programme, "b@example.org", Role.MANAGER)
    notices.notify_managers(session, programme, key="k1", message=HELLO)
    assert not session.scalars(select(Job).where(Job.kind == JobKind.DIGEST)).all()
    add_reader(session, programme, "c@example.org", Role.MANAGER, mail_pace=MailPace.AT_ONCE.value)
    notices.notify_managers(session, programme, key="k2", message=HELLO)
    assert len(session.scalars(select(Job).where(Job.kind == JobKind.DIGEST)).all()) == 1
