"""What managers do about the people of their programme, and that they do it to no other's."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from config.settings import Settings
from matcher.db import reading, unit_of_work
from matcher.models import (
    Application,
    AuditEvent,
    Invitation,
    Mail,
    Membership,
    MembershipState,
    Profile,
    Programme,
    ProgrammeDate,
    Role,
    utcnow,
)
from tests.web.conftest import submit
from tests.web.people import add_member, sign_in
from tests.web.test_web_pages import _contents
from tests.web.world import HOSTILE, World
from web import create_app


@pytest.fixture
def manager(app: Flask, engine: Engine, world: World) -> FlaskClient:
    with unit_of_work(engine) as session:
        account = add_member(session, world.slug, Role.MANAGER).account_id
    return sign_in(app, account)


@pytest.fixture
def applicant(engine: Engine, world: World) -> int:
    """A founder who has sent a profile, and waits."""
    with unit_of_work(engine) as session:
        part = add_member(
            session, world.slug, Role.FOUNDER, email="amina@example.org", state=MembershipState.APPLYING
        )
        part.needs_approval = True
        answers = {"name": HOSTILE, "needs": ["A first customer", HOSTILE]}
        session.add(Application(membership_id=part.id, answers=answers, sent_at=utcnow()))
        return part.id


def state(engine: Engine, membership: int) -> str:
    with reading(engine) as session:
        return session.get_one(Membership, membership).state


def latest(engine: Engine) -> Mail:
    with reading(engine) as session:
        return session.scalars(select(Mail).order_by(Mail.id.desc()).limit(1)).one()


def test_who_waits_is_shown_with_what_they_sent_and_let_in(
    manager: FlaskClient, engine: Engine, world: World, applicant: int
) -> None:
    page = f"/p/{world.slug}/people/{applicant}"
    listed = manager.get(f"/p/{world.slug}/people").text
    shown = manager.get(page).text

    assert f'href="{page}"' in listed
    assert "A first customer" in shown
    assert HOSTILE not in shown
    answer = submit(manager, page, to=f"{page}/approve")
    assert answer.status_code == 303
    assert state(engine, applicant) == "active"
    assert latest(engine).link.endswith(f"/p/{world.slug}/mine/{applicant}")
    assert "takes part now" in manager.get(answer.location).text
    again = submit(manager, page, to=f"{page}/approve")
    assert "does not wait" in manager.get(again.location).text


def test_before_somebody_is_let_in_their_imported_profile_is_named(
    manager: FlaskClient, engine: Engine, world: World, applicant: int
) -> None:
    page = f"/p/{world.slug}/people/{applicant}"
    said = "is here already with the same address"
    assert said not in manager.get(page).text
    with unit_of_work(engine) as session:
        session.get_one(Profile, world.startup).email = "amina@example.org"
    shown = manager.get(page).text
    assert said in shown
    assert f'href="/p/{world.slug}/startups/{world.startup}"' in shown

    submit(manager, page, to=f"{page}/approve")

    with reading(engine) as session:
        assert session.get_one(Membership, applicant).profile_id == world.startup


def test_a_refusal_needs_a_reason_which_the_person_reads(
    app: Flask, manager: FlaskClient, engine: Engine, world: World, applicant: int
) -> None:
    page = f"/p/{world.slug}/people/{applicant}"
    empty = submit(manager, page, to=f"{page}/refuse", reason=" ")
    assert empty.status_code == 422
    assert 'id="reason-error"' in empty.text
    assert state(engine, applicant) == "applying"

    submit(manager, page, to=f"{page}/refuse", reason="We take ventures from Kenya only.")

    assert state(engine, applicant) == "refused"
    assert "from Kenya only" in latest(engine).body
    assert "from Kenya only" in manager.get(page).text
    with reading(engine) as session:
        account = session.get_one(Membership, applicant).account_id
    assert "from Kenya only" in sign_in(app, account).get("/programmes").text


def test_a_list_is_invited_whole_or_not_at_all(
    manager: FlaskClient, engine: Engine, world: World, applicant: int
) -> None:
    page = f"/p/{world.slug}/people/invite"
    people = "Ben <ben@example.org>\namina@example.org\nnobody"
    for text, line in ((people, "Line 3"), (people.replace("\nnobody", ""), "Line 2")):
        wrong = submit(manager, page, people=text, role="founder", language="fr")
        assert wrong.status_code == 422
        assert line in wrong.text
        assert "ben@example.org" in wrong.text
    with reading(engine) as session:
        assert not session.scalars(select(Invitation)).all()

    submit(manager, page, people="Ben <ben@example.org>\nc@example.org", role="manager", language="fr")

    with reading(engine) as session:
        made = session.scalars(select(Invitation).order_by(Invitation.id)).all()
    assert [(i.name, i.email, i.role, i.language) for i in made] == [
        ("Ben", "ben@example.org", "manager", "fr"),
        ("", "c@example.org", "manager", "fr"),
    ]
    assert not any(i.needs_approval or i.programme_id is None for i in made)


def test_an_invitation_is_sent_again_and_taken_back(
    manager: FlaskClient, engine: Engine, world: World
) -> None:
    page = f"/p/{world.slug}/people"
    submit(manager, f"{page}/invite", people="ben@example.org", role="mentor", language="en")
    first = latest(engine).link.removeprefix("http://localhost")
    submit(manager, f"{page}/invited", to=f"{page}/invited/1/resend")
    second = latest(engine).link.removeprefix("http://localhost")

    assert (manager.get(first).status_code, manager.get(second).status_code) == (410, 200)
    shown = manager.get(f"{page}/invited").text
    assert shown.count("ben@example.org") == len(re.findall("ben@example.org", shown))
    assert "open until" in shown
    submit(manager, f"{page}/invited", to=f"{page}/invited/2/revoke")
    assert manager.get(second).status_code == 410
    assert "taken back" in manager.get(f"{page}/invited").text


def test_owners_of_imported_profiles_are_invited_by_one_press(
    manager: FlaskClient, engine: Engine, world: World
) -> None:
    with unit_of_work(engine) as session:
        session.get_one(Profile, world.mentor).email = "amara@example.org"
    page = f"/p/{world.slug}/people/invite"
    form = manager.get(page).text
    assert f'href="{page}/mentors"' in form
    assert "Amina Diallo &lt;amina@example.org&gt;" in form
    preview = manager.get(f"{page}/mentors").text
    assert "amara@example.org" in preview

    submit(manager, f"{page}/mentors")

    letter = latest(engine)
    assert (letter.address, letter.language) == ("amara@example.org", "fr")
    assert "Nobody is left to invite" in manager.get(f"{page}/mentors").text


def test_a_manager_is_made_and_the_last_one_stays(manager: FlaskClient, engine: Engine, world: World) -> None:
    with unit_of_work(engine) as session:
        mentor = add_member(session, world.slug, Role.MENTOR, profile_id=world.mentor).id
        mine = session.scalars(select(Membership.id).where(Membership.role == "manager")).one()
    people = f"/p/{world.slug}/people"
    refused = manager.get(f"{people}/{mine}/remove")
    assert "is the only one" in refused.text
    assert '<button type="submit" class="danger"' not in refused.text
    submit(manager, f"{people}/{mentor}", to=f"{people}/{mine}/remove")
    assert state(engine, mine) == "active"

    submit(manager, f"{people}/{mentor}", to=f"{people}/{mentor}/manager")
    gone = submit(manager, f"{people}/{mine}/remove")

    assert gone.status_code == 303
    assert state(engine, mine) == "left"
    assert manager.get(people).status_code == 404, "it is no programme of theirs any more"
    with reading(engine) as session:
        actions = session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)).all()
    assert actions[-2:] == ["person.promoted", "person.removed"]


def test_members_are_found_by_role_and_by_quiet(manager: FlaskClient, engine: Engine, world: World) -> None:
    with unit_of_work(engine) as session:
        part = add_member(session, world.slug, Role.MENTOR, profile_id=world.mentor)
        part.created_at = utcnow().replace(year=2020)
        add_member(session, world.slug, Role.FOUNDER, profile_id=world.startup)
    page = f"/p/{world.slug}/people/members"

    def who(query: str) -> list[str]:
        return re.findall(r'people/\d+" dir="auto">(\w+)<', manager.get(f"{page}{query}").text)

    assert who("") == ["Founder", "Manager", "Mentor"]
    assert who("?role=mentor") == ["Mentor"]
    assert who("?quiet=1") == ["Mentor"]
    assert who("?role=founder&quiet=1") == []
    assert who("?role=nonsense&page=99999") == ["Founder", "Manager", "Mentor"]


def test_another_programmes_people_are_nobodys_business(
    manager: FlaskClient, engine: Engine, world: World
) -> None:
    with unit_of_work(engine) as session:
        other = add_member(session, world.other_slug, Role.MANAGER, email="o@example.org").id
        programme = session.scalars(select(Programme).where(Programme.slug == world.other_slug)).one()
        session.add(
            Invitation(
                programme_id=programme.id, email="x@example.org", role="mentor", language="en", token="t",
                invited_by="o", expires_at=utcnow(),
            )
        )  # fmt: skip
        day = ProgrammeDate(programme_id=programme.id, on=utcnow().date(), title="Theirs")
        session.add(day)
        session.flush()
        date_id = day.id
    before = _contents(engine)
    people, settings = f"/p/{world.slug}/people", f"/p/{world.slug}/settings"
    assert manager.get(f"{people}/{other}").status_code == 404
    assert manager.get(f"{people}/{other}/remove").status_code == 404
    for tail in ("approve", "refuse", "remove", "manager"):
        assert submit(manager, f"{people}/invite", to=f"{people}/{other}/{tail}").status_code == 404
    for tail in ("resend", "revoke"):
        assert submit(manager, f"{people}/invite", to=f"{people}/invited/1/{tail}").status_code == 404
    assert submit(manager, settings, to=f"{settings}/dates/{date_id}/remove").status_code == 404
    assert manager.get(f"/p/{world.other_slug}/people").status_code == 404
    assert _contents(engine) == before


def test_participants_see_neither_people_nor_settings(app: Flask, engine: Engine, world: World) -> None:
    with unit_of_work(engine) as session:
        part = add_member(session, world.slug, Role.MENTOR, profile_id=world.mentor)
    client = sign_in(app, part.account_id)
    for tail in ("people", "people/members", "people/invited", f"people/{part.id}", "settings"):
        assert client.get(f"/p/{world.slug}/{tail}").status_code == 403


def test_settings_are_kept_and_told_what_is_wrong_with_them(
    manager: FlaskClient, engine: Engine, world: World
) -> None:
    page = f"/p/{world.slug}/settings"
    good = {
        "name": "Réseaux", "open_to": ["mentor", "manager", "founder"], "routed": "1",
        "starts_on": "2026-09-01", "ends_on": "2027-03-31",
    }  # fmt: skip
    for values, target in (
        ({"name": " !"}, "name"),
        ({"ends_on": "2026-08-31"}, "ends_on"),
        ({"starts_on": "soon"}, "starts_on"),
    ):
        wrong = submit(manager, page, **{**good, **values})
        assert wrong.status_code == 422
        assert f'href="#{target}"' in wrong.text
        assert f'value="{next(iter(values.values()))}"' in wrong.text

    submit(manager, page, **good, slug="stolen", is_sample="1", spread="1")

    with reading(engine) as session:
        kept = session.scalars(select(Programme).where(Programme.slug == world.slug)).one()
        event = session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1)).one()
    assert (kept.name, kept.open_to, kept.routed) == ("Réseaux", ["founder", "mentor"], True)
    assert str(kept.ends_on) == "2027-03-31"
    assert not kept.is_sample
    assert event.before["open_to"] == []
    shown = manager.get(page).text
    assert f"http://localhost/join/{world.slug}" in shown
    assert "Nothing changed" in manager.get(submit(manager, page, **good).location).text


def test_dates_are_added_and_removed(manager: FlaskClient, engine: Engine, world: World) -> None:
    page = f"/p/{world.slug}/settings"
    assert submit(manager, page, to=f"{page}/dates", on="", title="X").status_code == 422
    assert submit(manager, page, to=f"{page}/dates", on="2026-10-01", title=" ").status_code == 422
    submit(manager, page, to=f"{page}/dates", on="2026-10-01", title=HOSTILE)
    shown = manager.get(page).text
    assert "October 1, 2026" in shown
    assert HOSTILE not in shown
    submit(manager, page, to=f"{page}/dates/1/remove")
    with reading(engine) as session:
        assert not session.scalars(select(ProgrammeDate)).all()


def test_pages_write_nothing_and_say_so_when_they_are_empty(
    manager: FlaskClient, engine: Engine, world: World
) -> None:
    before = _contents(engine)
    people = ("", "/members", "/invited", "/invite", "/invite/mentors", "/invite/startups", "/1", "/1/remove")
    for tail in (*(f"people{tail}" for tail in people), "settings"):
        shown = manager.get(f"/p/{world.slug}/{tail}")
        assert shown.status_code == 200
        assert shown.text.count("<h1") == 1
        assert "<script" not in shown.text
    assert _contents(engine) == before


def test_with_a_mail_server_no_page_shows_a_link_that_lets_somebody_in(
    manager: FlaskClient, engine: Engine, world: World, settings: Settings
) -> None:
    submit(manager, f"/p/{world.slug}/people/invite", people="b@example.org", role="mentor", language="en")
    link = latest(engine).link
    assert link in manager.get(f"/p/{world.slug}/mail").text
    served = create_app(settings.model_copy(update={"smtp_url": "smtp://mail.example.org"}), testing=True)
    with reading(engine) as session:
        account = session.scalars(select(Membership.account_id)).one()
    shown = sign_in(served, account).get(f"/p/{world.slug}/mail").text
    assert "b@example.org" in shown
    assert link not in shown
    assert "left out here" in shown
