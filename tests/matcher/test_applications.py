"""A profile that its owner writes: nothing is lost, nobody is let in twice, and the manager's words stay."""

from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from matcher.db import reading, unit_of_work
from matcher.models import (
    Application,
    AuditEvent,
    Facet,
    Job,
    JobKind,
    Kind,
    Membership,
    MembershipState,
    Mentor,
    Profile,
    Programme,
    Role,
    Startup,
)
from matcher.services import applications, questions
from matcher.services.applications import Sent, Unreadable, admit, refuse, save_step, send
from matcher.services.completeness import hints
from matcher.services.drafts import Draft, PageState, open_draft
from matcher.services.errors import Conflict, NotAllowed, NotFound
from matcher.services.profiles import get_profile
from tests.matcher.factories import add, at_once, draft, make_programme
from tests.web.people import add_account

FOUNDER: dict[str, dict[str, Any]] = {
    "about": {"name": "Umeme  Soko", "country": "Kenya", "founded": "2021"},
    "languages": {"languages": "English; sw"},
    "sectors": {"sectors": "agritech; Beekeeping"},
    "stage": {"stage": "pilot"},
    "pitch": {"pitch": "Freezers for fish markets."},
    "needs": {"needs": ["Talks with an operator", "Tariffs"]},
}


def member(
    session: Session,
    programme: Programme,
    role: Role = Role.FOUNDER,
    email: str = "amina@example.org",
    **fields: Any,
) -> Membership:
    values = {"state": MembershipState.APPLYING.value, "needs_approval": True, **fields}
    account = add_account(session, email)
    found = Membership(programme_id=programme.id, account_id=account.id, role=role.value, **values)
    session.add(found)
    session.flush()
    return found


def answer(
    session: Session, programme: Programme, membership: Membership, pages: dict[str, dict[str, Any]]
) -> Draft:
    found = open_draft(session, programme, membership)
    for name, answers in pages.items():
        found = save_step(session, programme, membership, name, answers, found.stamp)
    return found


def finish(session: Session, programme: Programme, membership: Membership) -> Draft:
    """Answer what is open with “I don't know yet”."""
    found = open_draft(session, programme, membership)
    while found.following:
        found = save_step(session, programme, membership, found.following.name, None, found.stamp)
    return found


def test_an_application_is_sent_admitted_once_and_becomes_a_profile(
    session: Session, programme: Programme
) -> None:
    amina = member(session, programme)
    answer(session, programme, amina, FOUNDER)
    with pytest.raises(NotAllowed, match="not answered yet"):
        send(session, programme, amina, actor="amina@example.org")
    found = finish(session, programme, amina)
    assert [found.state(found.page(name)) for name in ("about", "goals")] == ["answered", "unknown"]

    assert send(session, programme, amina, actor="amina@example.org") is Sent.WAITING
    assert (amina.state, amina.profile_id) == ("applying", None)
    profile = admit(session, programme, amina, actor="boss@example.org")
    assert admit(session, programme, amina, actor="other@example.org") is profile

    assert isinstance(profile, Startup)
    assert (profile.ref, profile.name, profile.email) == ("S001", "Umeme Soko", "amina@example.org")
    assert (profile.country, profile.languages, profile.sectors) == (
        "KE",
        ["en", "sw"],
        ["agritech", "beekeeping"],
    )
    assert profile.texts(Facet.NEED) == ["Talks with an operator", "Tariffs"]
    assert profile.raising is None
    assert (amina.state, amina.profile_id) == ("active", profile.id)
    actions = session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)).all()
    assert actions == ["application.sent", "profile.saved", "membership.admitted"]
    assert session.scalars(select(Job.kind)).all() == [JobKind.EMBED]


def test_who_is_on_an_imported_profile_that_is_nobodys_gets_it_instead_of_a_second(
    session: Session, programme: Programme
) -> None:
    sheet = {"email": "amina@example.org", "markets": ("KE", "UG"), "sdgs": (9,)}
    mentor = draft(Kind.MENTOR, "M1", email="amina@example.org")
    ids = add(session, programme, draft(Kind.STARTUP, "S7", name="Umeme", **sheet), mentor)
    amina = member(session, programme)
    answer(session, programme, amina, FOUNDER)
    finish(session, programme, amina)
    send(session, programme, amina, actor="amina@example.org")
    assert amina.profile_id is None

    profile = admit(session, programme, amina, actor="boss@example.org")

    assert isinstance(profile, Startup)
    assert (profile.id, amina.profile_id) == (ids["S7"], ids["S7"])
    assert (profile.ref, profile.name) == ("S7", "Umeme Soko")
    assert (profile.markets, profile.sdgs) == (["KE", "UG"], [9]), "they did not know their goals yet"
    assert session.scalar(select(func.count()).select_from(Startup)) == 1


@pytest.mark.parametrize("how", ["taken", "twice", "elsewhere"])
def test_a_profile_that_may_be_somebody_elses_is_left_alone(
    session: Session, programme: Programme, how: str
) -> None:
    other = make_programme(session) if how == "elsewhere" else programme
    refs = ("S7", "S8") if how == "twice" else ("S7",)
    ids = add(session, other, *(draft(Kind.STARTUP, ref, email="amina@example.org") for ref in refs))
    if how == "taken":
        member(session, programme, email="boss@example.org", profile_id=ids["S7"], state="active")
    amina = member(session, programme)
    answer(session, programme, amina, FOUNDER)
    finish(session, programme, amina)

    assert admit(session, programme, amina, actor="boss@example.org").id not in ids.values()


def test_who_was_invited_by_a_manager_is_let_in_at_once(session: Session, programme: Programme) -> None:
    ben = member(session, programme, Role.MENTOR, "ben@example.org", needs_approval=False)
    first = open_draft(session, programme, ben)
    assert first.answers["name"] == "Ben"
    answer(
        session,
        programme,
        ben,
        {"about": {"name": "Ben"}, "capacity": {"capacity": "2", "own-availability": "Tuesdays"}},
    )
    finish(session, programme, ben)

    assert send(session, programme, ben, actor="ben@example.org") is Sent.ADMITTED

    mentor = session.get_one(Mentor, ben.profile_id)
    assert (mentor.capacity, mentor.notes) == (2, {"Availability": "Tuesdays"})


def test_two_who_are_let_in_at_once_get_refs_of_their_own(engine: Engine, programme: Programme) -> None:
    with unit_of_work(engine) as session:
        people = [member(session, programme, email=f"p{n}@example.org").id for n in range(4)]
        for number in people:
            answer(session, programme, session.get_one(Membership, number), {"about": FOUNDER["about"]})

    def let_in(number: int) -> str:
        with unit_of_work(engine) as session:
            own = session.get_one(Membership, people[number // 2])
            return admit(session, programme, own, actor="a").ref

    refs = at_once(8, let_in)

    assert sorted(map(str, refs)) == sorted(2 * ["S001", "S002", "S003", "S004"])
    with reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(Profile)) == 4


def test_a_change_goes_into_the_profile_and_keeps_what_managers_keep(
    session: Session, programme: Programme
) -> None:
    kept = draft(
        Kind.MENTOR, "M7", "Ada", email="old@example.org", conflicts=("S3",), expertise=("Radio",), capacity=1
    )
    ada = member(session, programme, Role.MENTOR, state="active", needs_approval=False)
    ada.profile_id = add(session, programme, kept)["M7"]
    profile = get_profile(session, programme, Kind.MENTOR, ada.profile_id)
    profile.notes = {"Cohort": "B"}
    session.flush()
    assert send(session, programme, ada, actor="a") is Sent.SAVED, "there is nothing to send, which is fine"

    answer(session, programme, ada, {"expertise": {"expertise": ["Radio", "Licences"]}})
    assert profile.texts(Facet.EXPERTISE) == ["Radio"], "nothing before it is sent"
    send(session, programme, ada, actor="a")

    assert profile.texts(Facet.EXPERTISE) == ["Radio", "Licences"]
    assert isinstance(profile, Mentor)
    assert (profile.ref, profile.email, profile.conflicts) == ("M7", "old@example.org", ["S3"])
    assert (profile.capacity, profile.notes) == (1, {"Cohort": "B"})
    assert not open_draft(session, programme, ada).is_unsent


def test_a_manager_s_change_meanwhile_is_not_overwritten_unseen(
    session: Session, programme: Programme
) -> None:
    ada = member(session, programme, Role.MENTOR, state="active")
    ada.profile_id = add(session, programme, draft(Kind.MENTOR, "M7", "Ada", country="KE"))["M7"]
    answer(session, programme, ada, {"about": {"name": "Ada L."}})
    profile = get_profile(session, programme, Kind.MENTOR, ada.profile_id)
    profile.country = "SN"
    session.flush()

    with pytest.raises(Conflict, match="Somebody else"):
        send(session, programme, ada, actor="a")
    assert open_draft(session, programme, ada).answers["name"] == "Ada L."
    send(session, programme, ada, actor="a", profile_version=profile.version)

    assert (profile.name, profile.country) == ("Ada L.", None)


def test_two_windows_do_not_overwrite_each_other(session: Session, programme: Programme) -> None:
    amina = member(session, programme)
    stamp = open_draft(session, programme, amina).stamp
    save_step(session, programme, amina, "pitch", {"pitch": "First."}, stamp)

    with pytest.raises(Conflict, match="another window"):
        save_step(session, programme, amina, "pitch", {"pitch": "Second."}, stamp)
    assert session.get_one(Application, amina.id).answers["pitch"] == "First."


@pytest.mark.parametrize(
    ("page", "answers", "field", "words"),
    [
        ("about", {"name": " "}, "name", "A name is needed"),
        ("about", None, "name", "Answer this"),
        ("about", {"name": "A", "founded": "17"}, "founded", "one year from"),
        ("languages", {"languages": "Klingonese"}, "languages", "names or ISO"),
        ("stage", {"stage": ""}, "stage", "I don't know yet"),
        ("needs", {"needs": [" ", ""]}, "needs", "I don't know yet"),
        ("money", {"raising": "much", "currency": "USD"}, "raising", "one amount"),
    ],
)
def test_what_cannot_be_read_is_said_beside_its_field(
    session: Session, programme: Programme, page: str, answers: Any, field: str, words: str
) -> None:
    amina = member(session, programme)
    stamp = open_draft(session, programme, amina).stamp

    with pytest.raises(Unreadable) as refused:
        save_step(session, programme, amina, page, answers, stamp)
    assert words in str(refused.value.problems[field])
    assert session.get(Application, amina.id) is None


def test_foreign_fields_and_foreign_programmes_are_not_looked_at(
    session: Session, programme: Programme
) -> None:
    amina = member(session, programme)
    forged = {"name": "A", "ref": "S999", "email": "x@y.org", "conflicts": "M1", "capacity": "9"}
    answer(session, programme, amina, {"about": forged})
    assert set(session.get_one(Application, amina.id).answers) == {"name", "country", "city", "founded"}
    other = make_programme(session)
    for act in (
        lambda: save_step(session, other, amina, "about", {"name": "A"}, "1"),
        lambda: admit(session, other, amina, actor="a"),
        lambda: refuse(session, other, amina, "", actor="a"),
        lambda: save_step(session, programme, amina, "thesis", {"thesis": "A"}, "1"),
    ):
        with pytest.raises(NotFound):
            act()


def test_a_refusal_says_why_and_can_be_taken_back(session: Session, programme: Programme) -> None:
    amina = member(session, programme)
    answer(session, programme, amina, {"about": {"name": "A"}})
    refuse(session, programme, amina, "Next year, please.", actor="a")
    assert (amina.state, amina.reason) == ("refused", "Next year, please.")
    with pytest.raises(NotAllowed):
        send(session, programme, amina, actor="a")

    admit(session, programme, amina, actor="a")

    assert (amina.state, amina.reason) == ("active", "")
    with pytest.raises(NotAllowed):
        refuse(session, programme, amina, "", actor="a")


def test_answers_to_the_programme_s_own_questions_are_notes_and_follow_its_words(
    session: Session, programme: Programme
) -> None:
    first = questions.add_question(session, programme, Kind.STARTUP, "Who sent you? 100%", "", actor="a")
    second = questions.add_question(session, programme, Kind.STARTUP, "Anything else?", "Short.", actor="a")
    questions.add_question(session, programme, Kind.MENTOR, "Who sent you? 100%", "", actor="a")
    amina = member(session, programme, needs_approval=False)
    with pytest.raises(Unreadable, match="500"):
        answer(session, programme, amina, {f"question-{first.id}": {f"own-{first.id}": "x" * 501}})
    answer(session, programme, amina, {**FOUNDER, f"question-{first.id}": {f"own-{first.id}": "A friend"}})
    finish(session, programme, amina)
    send(session, programme, amina, actor="a")
    profile = session.get_one(Profile, amina.profile_id)
    assert profile.notes == {"Who sent you? 100%": "A friend"}

    questions.edit_question(session, programme, first.id, "Who told you?", "", actor="a")
    session.refresh(profile)
    assert profile.notes == {"Who told you?": "A friend"}
    assert open_draft(session, programme, amina).answers[f"own-{first.id}"] == "A friend"
    questions.move_question(session, programme, second.id, up=True)
    pages = open_draft(session, programme, amina).pages
    assert [page.title for page in pages[-2:]] == ["Anything else?", "Who told you?"]
    questions.remove_question(session, programme, first.id, actor="a")
    assert profile.notes == {"Who told you?": "A friend"}


def test_questions_are_bounded(session: Session, programme: Programme) -> None:
    for number in range(20):
        questions.add_question(session, programme, Kind.MENTOR, f"Question {number}?", "", actor="a")
    for text, hint in (("One more?", ""),):
        with pytest.raises(NotAllowed, match="20"):
            questions.add_question(session, programme, Kind.MENTOR, text, hint, actor="a")
    for text, hint in (("", ""), ("x" * 201, ""), ("Why?", "x" * 301)):
        with pytest.raises(NotAllowed):
            questions.add_question(session, programme, Kind.FUNDER, text, hint, actor="a")
    only = questions.list_questions(session, programme, Kind.MENTOR)[0]
    with pytest.raises(NotFound):
        questions.remove_question(session, make_programme(session), only.id, actor="a")


def test_hints_are_in_order_of_their_effect(session: Session, programme: Programme) -> None:
    amina = member(session, programme)
    told = hints(answer(session, programme, amina, {"about": {"name": "A"}}))
    assert [hint.page for hint in told][:3] == ["pitch", "needs", "about"]
    assert [hint.weight for hint in told] == sorted((hint.weight for hint in told), reverse=True)
    assert any("language in common" in str(hint.message) for hint in told)

    found = answer(session, programme, amina, {**FOUNDER, "money": {"raising": "250k", "currency": "USD"}})

    assert [str(hint.message) for hint in hints(found)] == [
        "Name more needs: the best 3 count, and you name 2."
    ]


def test_come_back_later_keeps_the_page_open(session: Session, programme: Programme) -> None:
    amina = member(session, programme)
    found = save_step(session, programme, amina, "stage", {"stage": ""}, "0", later=True)
    assert found.state(found.page("stage")) is PageState.OPEN
    found = applications.save_step(
        session, programme, amina, "stage", {"stage": "idea"}, found.stamp, later=True
    )
    assert found.state(found.page("stage")) is PageState.ANSWERED
