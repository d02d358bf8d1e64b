"""Coming in: by a letter's link, by the open door, and as the first on this machine."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select, update

from config.settings import Settings
from matcher.db import reading, unit_of_work
from matcher.models import Account, Invitation, Mail, Membership, MembershipState, Programme, Role, utcnow
from matcher.services.invitations import invite
from tests.web.conftest import submit, token
from tests.web.people import add_account, add_admin, add_member, sign_in
from tests.web.test_web_pages import _contents
from tests.web.world import HOSTILE, World
from web import create_app

ADDRESS = "amina@example.org"
PASSWORD = "four unlikely words together"


def send(engine: Engine, world: World, role: Role = Role.FOUNDER, **values: object) -> str:
    """Invite somebody; the address in the letter."""
    paths: list[str] = []

    def link(secret: str) -> str:
        paths.append(f"/invitation/{secret}")
        return paths[-1]

    with unit_of_work(engine) as session:
        programme = session.scalars(select(Programme).where(Programme.slug == world.slug)).one()
        invite(session, programme, email=ADDRESS, role=role, actor="m", link=link, **values)  # type: ignore[arg-type]
    return paths[-1]


def count(engine: Engine, model: type) -> int:
    with reading(engine) as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_opening_the_link_changes_nothing_and_tells_its_address_to_nobody(
    stranger: FlaskClient, engine: Engine, world: World
) -> None:
    page = send(engine, world, name=HOSTILE)
    before = _contents(engine)
    shown = stranger.get(page)

    assert shown.status_code == 200
    assert "Rural Links 2026" in shown.text
    assert "Founder" in shown.text
    assert ADDRESS in shown.text
    assert HOSTILE not in shown.text
    assert shown.headers["Referrer-Policy"] == "strict-origin"
    assert _contents(engine) == before


def test_the_button_makes_the_account_and_signs_in(
    stranger: FlaskClient, engine: Engine, world: World
) -> None:
    page = send(engine, world)
    answer = submit(
        stranger, page, name=" Amina  Diallo ", password=PASSWORD,
        role="manager", is_admin="1", programme_id="2", email="eve@example.org", needs_approval="",
    )  # fmt: skip

    with reading(engine) as session:
        account = session.scalars(select(Account)).one()
        part = session.scalars(select(Membership)).one()
    assert (answer.status_code, answer.location) == (303, f"/p/{world.slug}/mine/{part.id}")
    assert (account.email, account.name, account.is_admin) == (ADDRESS, "Amina Diallo", False)
    assert account.password
    assert account.password.startswith("$argon2id$")
    assert part.role == "founder"
    home = stranger.get(answer.location)
    assert home.status_code == 200
    assert "Welcome" in home.text
    used = stranger.get(page)
    assert used.status_code == 410
    assert "Go to your pages" in used.text


def test_over_https_the_form_is_taken_with_the_hosts_name_alone(
    stranger: FlaskClient, engine: Engine, world: World
) -> None:
    page = send(engine, world)
    shown = stranger.get(page, base_url="https://localhost")
    data = {"csrf_token": token(shown), "name": "Amina", "password": "short"}
    answer = stranger.post(
        page, base_url="https://localhost", data=data, headers={"Referer": "https://localhost/"}
    )

    assert answer.status_code == 422, "the password is too short, and nothing else is wrong"


@pytest.mark.parametrize(
    ("name", "password", "target"),
    [("", PASSWORD, "name"), ("Amina", "", "password"), ("Amina", "short", "password"),
     ("Amina", "password" * 2, "password")],
)  # fmt: skip
def test_what_will_not_do_comes_back_with_the_reason(
    stranger: FlaskClient, engine: Engine, world: World, name: str, password: str, target: str
) -> None:
    page = send(engine, world)
    answer = submit(stranger, page, name=name, password=password)

    assert answer.status_code == 422
    assert f'href="#{target}"' in answer.text
    assert f'id="{target}-error"' in answer.text
    assert not password or password not in answer.text
    assert count(engine, Account) == 0


def test_who_has_an_account_signs_in_and_presses_one_button(
    app: Flask, stranger: FlaskClient, engine: Engine, world: World
) -> None:
    with unit_of_work(engine) as session:
        account = add_account(session, ADDRESS)
    page = send(engine, world, Role.MENTOR)
    shown = stranger.get(page).text
    forged = stranger.post(page, data={"csrf_token": token(stranger.get("/sign-in")), "password": PASSWORD})

    assert f'href="/sign-in?next={page}"' in shown
    assert "password" not in re.sub(r"<title>.*?</title>", "", shown)
    assert forged.status_code == 409
    signed_in = sign_in(app, account.id)
    assert "Accept the invitation" in signed_in.get(page).text
    assert submit(signed_in, page).location.startswith(f"/p/{world.slug}/mine/")
    with reading(engine) as session:
        assert session.get_one(Account, account.id).password is None


def test_somebody_else_is_told_to_sign_out(app: Flask, engine: Engine, world: World) -> None:
    with unit_of_work(engine) as session:
        other = add_account(session, "ben@example.org")
    page = send(engine, world, Role.MANAGER)
    client = sign_in(app, other.id)
    shown = client.get(page)
    answer = client.post(page, data={"csrf_token": token(shown)})

    assert "ben@example.org" in shown.text
    assert "Accept" not in shown.text
    assert answer.status_code == 409
    assert "for somebody else" in answer.text
    assert count(engine, Membership) == 0


def test_a_manager_comes_in_and_adds_a_second_factor_first(
    stranger: FlaskClient, engine: Engine, world: World
) -> None:
    answer = submit(stranger, send(engine, world, Role.MANAGER), name="Amina", password=PASSWORD)

    assert answer.location == f"/p/{world.slug}"
    assert stranger.get(answer.location).location == "/account?needed=1"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"expires_at": utcnow() - timedelta(days=1)}, "seven days"),
        ({"revoked_at": utcnow()}, "later letter"),
    ],
)
def test_a_dead_link_says_what_to_do(
    stranger: FlaskClient, engine: Engine, world: World, values: dict[str, object], words: str
) -> None:
    page = send(engine, world, language="en")
    with unit_of_work(engine) as session:
        session.execute(update(Invitation).values(**values))
    shown = stranger.get(page)
    forged = stranger.post(page, data={"csrf_token": token(stranger.get("/sign-in")), "password": PASSWORD})

    for answer in (shown, forged):
        assert answer.status_code == 410
        assert words in answer.text
    assert "/join/" not in shown.text
    unknown = stranger.get("/invitation/nothing")
    assert unknown.status_code == 404
    assert "copy all of it" in unknown.text


def test_it_is_in_the_language_of_the_letter(stranger: FlaskClient, engine: Engine, world: World) -> None:
    page = send(engine, world, language="ar")

    assert '<html lang="ar" dir="rtl">' in stranger.get(page, headers={"Accept-Language": "fr"}).text
    assert '<html lang="fr"' in stranger.get(f"{page}?lang=fr").text


class TestOpenDoor:
    """What anybody finds who was not invited."""

    @pytest.fixture
    def door(self, engine: Engine, world: World) -> str:
        with unit_of_work(engine) as session:
            programme = session.scalars(select(Programme).where(Programme.slug == world.slug)).one()
            programme.open_to = ["founder", "mentor"]
        return f"/join/{world.slug}"

    def test_it_is_there_only_where_a_programme_opens_it(
        self, stranger: FlaskClient, world: World, door: str
    ) -> None:
        assert f'href="{door}"' in stranger.get("/").text
        assert world.other_slug not in stranger.get("/").text
        assert stranger.get("/join").status_code == 404
        assert stranger.get(f"/join/{world.other_slug}").status_code == 404
        shown = stranger.get(door).text
        assert 'value="founder"' in shown
        assert 'value="funder"' not in shown
        assert 'value="manager"' not in shown

    def test_the_answer_is_the_same_whoever_has_an_account(
        self, stranger: FlaskClient, engine: Engine, world: World, door: str
    ) -> None:
        with unit_of_work(engine) as session:
            add_member(session, world.slug, Role.FOUNDER, email="in@example.org")
            add_account(session, "account@example.org")
        answers = []
        for email in ("in@example.org", "account@example.org", "new@example.org", "new@example.org"):
            sent = submit(stranger, door, email=email, name="X", role="founder", language="es")
            answers.append((sent.status_code, sent.location, stranger.get(sent.location).text))

        assert len(set(answers)) == 1
        with reading(engine) as session:
            letters = session.scalars(select(Mail).order_by(Mail.id)).all()
        assert [letter.address for letter in letters] == [
            "in@example.org", "account@example.org", "new@example.org",
        ]  # fmt: skip
        assert all(letter.language == "es" for letter in letters)

    def test_from_the_door_to_the_managers_list(
        self, app: Flask, stranger: FlaskClient, engine: Engine, world: World, door: str
    ) -> None:
        submit(stranger, door, email=ADDRESS, name="Amina", role="mentor", language="en")
        with reading(engine) as session:
            page = session.scalars(select(Mail.link)).one().removeprefix("http://localhost")
        submit(stranger, page, name="Amina", password=PASSWORD)

        with reading(engine) as session:
            part = session.scalars(select(Membership)).one()
        assert (part.role, part.state, part.needs_approval) == ("mentor", "applying", True)
        assert "Amina" in sign_in(app, add_admin(engine)).get(f"/p/{world.slug}/people").text

    @pytest.mark.parametrize(
        "values", [{"role": "manager"}, {"role": "funder"}, {"email": "x"}, {"name": " "}]
    )
    def test_what_will_not_do_comes_back(
        self, stranger: FlaskClient, engine: Engine, door: str, values: dict[str, str]
    ) -> None:
        data = {"email": ADDRESS, "name": HOSTILE, "role": "founder", "language": "xx", **values}
        answer = submit(stranger, door, **data)

        assert answer.status_code == 422
        assert "There is a problem" in answer.text
        assert HOSTILE not in answer.text
        assert count(engine, Mail) == 0


class TestFirstRun:
    """A machine that nobody has set up."""

    def test_whoever_sits_at_it_makes_the_administrators_account_once(
        self, stranger: FlaskClient, engine: Engine
    ) -> None:
        assert 'href="/welcome"' in stranger.get("/").text
        wrong = submit(stranger, "/welcome", email="x", name="", password="short")
        assert wrong.status_code == 422
        assert all(f'id="{name}-error"' in wrong.text for name in ("email", "name", "password"))

        made = submit(stranger, "/welcome", email="Root@Example.org", name="Root", password=PASSWORD)

        assert (made.status_code, made.location) == (303, "/")
        with reading(engine) as session:
            account = session.scalars(select(Account)).one()
        assert (account.email, account.is_admin) == ("root@example.org", True)
        assert stranger.get("/programmes").status_code == 200
        assert stranger.get("/welcome").status_code == 404

    def test_an_account_of_the_sample_does_not_count_and_a_real_one_does(
        self, stranger: FlaskClient, engine: Engine
    ) -> None:
        with unit_of_work(engine) as session:
            add_account(session, "sample@example.org", is_admin=True, is_sample=True)
        assert stranger.get("/welcome").status_code == 200
        add_admin(engine)
        assert stranger.get("/welcome").status_code == 404
        assert "/welcome" not in stranger.get("/").text

    def test_nobody_can_from_elsewhere_or_on_an_open_installation(self, settings: Settings) -> None:
        opened = create_app(settings.model_copy(update={"url": "https://hub.example.org"}), testing=True)
        from_here = opened.test_client().get("/welcome")
        there = {"REMOTE_ADDR": "203.0.113.9"}
        elsewhere = opened.test_client().get(
            "/welcome", base_url="https://hub.example.org", environ_overrides=there
        )
        assert (from_here.status_code, elsewhere.status_code) == (404, 404)


def test_opening_ones_pages_is_noted_once_an_hour(app: Flask, engine: Engine, world: World) -> None:
    with unit_of_work(engine) as session:
        part = add_member(session, world.slug, Role.FOUNDER, profile_id=world.startup)
    client = sign_in(app, part.account_id)
    page = f"/p/{world.slug}/mine/{part.id}"

    def seen() -> object:
        with reading(engine) as session:
            return session.get_one(Membership, part.id).seen_at

    assert seen() is None
    client.get(page)
    first = seen()
    assert first is not None
    client.get(page)
    assert seen() == first
    long_ago = utcnow() - timedelta(hours=2)
    with unit_of_work(engine) as session:
        session.get_one(Membership, part.id).seen_at = long_ago
    client.get(page)
    assert seen() not in {first, long_ago}
    assert part.state == MembershipState.ACTIVE
