"""One's own account: what is set there, where it is signed in, a second factor for who needs one, the end."""

from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, update

from matcher.db import reading, unit_of_work
from matcher.models import (
    Account,
    AuditEvent,
    Introduction,
    Mail,
    Match,
    Membership,
    Mentor,
    Passkey,
    Profile,
    Role,
    SignIn,
)
from matcher.services.accounts import managed_alone, take_second_factor_off
from matcher.wording import Message
from tests.web.conftest import submit
from tests.web.people import add_account, add_member, sign_in
from tests.web.signing import ANNA, PASSWORD, account, add_anna, secret
from tests.web.world import World
from web.accounts.browsers import in_words
from web.zones import local

ANDROID = "Mozilla/5.0 (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile/15E148 Safari/604.1"
EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0"
SECURE = ["/password", "/account/codes", "/account/recovery-codes", "/account/passkeys", "/account/close"]


def _manager(engine: Engine, world: World, **fields: object) -> int:
    with unit_of_work(engine) as session:
        return add_member(session, world.slug, Role.MANAGER, email=ANNA, **fields).account_id  # type: ignore[arg-type]


def test_name_language_and_time_zone_are_kept_and_used(app: Flask, engine: Engine) -> None:
    client = sign_in(app, add_anna(app))
    client.get("/account?lang=ru")

    answer = submit(
        client,
        "/account?lang=en",
        to="/account",
        name=" Anna  Lee ",
        language="fr",
        timezone="Asia/Kathmandu",
    )

    assert answer.status_code == 303
    page = client.get("/account")
    assert '<html lang="fr"' in page.text, "also where the browser was told otherwise before"
    with account(engine) as anna:
        assert (anna.name, anna.language, anna.timezone) == ("Anna Lee", "fr", "Asia/Kathmandu")
    with client:
        client.get("/account?lang=en")
        shown = local(datetime(2026, 3, 1, 12, 0, tzinfo=UTC))
    assert shown.replace("\u202f", " ") == "Mar 1, 2026, 5:45 PM (Kathmandu, \u2066UTC+5:45\u2069)"


def test_what_is_no_language_or_zone_is_none(app: Flask, engine: Engine) -> None:
    client = sign_in(app, add_anna(app, language="fr", timezone="Asia/Kathmandu"))
    data = {"language": "xx", "timezone": "../../etc/passwd", "is_admin": "1", "email": "x@example.org"}
    submit(client, "/account", name="Anna", **data)

    with account(engine) as anna:
        assert (anna.language, anna.timezone, anna.is_admin) == (None, None, False)


@pytest.mark.parametrize("name", ["", " \u200b ", "x" * 200])
def test_a_name_that_is_none_is_given_back(app: Flask, name: str) -> None:
    answer = submit(
        sign_in(app, add_anna(app)), "/account", name=name, language="es", timezone="Africa/Lagos"
    )

    assert answer.status_code == 422
    assert 'href="#name"' in answer.text
    assert '<option value="Africa/Lagos" selected>' in answer.text


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (ANDROID, ("Firefox", "Android")),
        (IPHONE, ("Safari", "iPhone")),
        (EDGE, ("Edge", "Windows")),
        ("curl/8.1", ()),
        ("", ()),
    ],
)
def test_a_browser_is_told_in_plain_words(agent: str, words: tuple[str, ...]) -> None:
    told: Message = in_words(agent)

    assert tuple(told.params.values()) == words


def test_browsers_are_listed_and_signed_out_one_by_one_or_all(app: Flask, engine: Engine) -> None:
    anna = add_anna(app)
    clients = [sign_in(app, anna) for _ in range(3)]
    with unit_of_work(engine) as session:
        ids = list(session.scalars(select(SignIn.id).order_by(SignIn.id)))
        session.execute(update(SignIn).where(SignIn.id == ids[1]).values(browser=ANDROID))

    page = clients[0].get("/account")
    assert page.text.count("this browser") == 1
    assert "<bdi>Firefox</bdi> on <bdi>Android</bdi>" in page.text
    assert f"/account/sign-ins/{ids[0]}/end" not in page.text
    submit(clients[0], "/account", to=f"/account/sign-ins/{ids[1]}/end")
    assert [client.get("/account").status_code for client in clients] == [200, 303, 200]
    submit(clients[0], "/account", to="/account/sign-ins/end")
    assert [client.get("/account").status_code for client in clients] == [200, 303, 303]


def test_nobody_signs_somebody_else_out(app: Flask, engine: Engine) -> None:
    theirs = sign_in(app, add_anna(app))
    with unit_of_work(engine) as session:
        stranger = add_account(session, "stranger@example.org").id
        place = session.scalars(select(SignIn.id)).one()

    assert submit(sign_in(app, stranger), "/account", to=f"/account/sign-ins/{place}/end").status_code == 404
    assert theirs.get("/account").status_code == 200


def test_a_manager_needs_a_second_factor_for_programmes_and_only_for_them(
    app: Flask, engine: Engine, world: World
) -> None:
    client = sign_in(app, _manager(engine, world, tf_primary_method=None))

    for tail in ("", "/startups", "/log"):
        answer = client.get(f"/p/{world.slug}{tail}")
        assert (answer.status_code, answer.location) == (303, "/account?needed=1")
    assert submit(client, "/account", to=f"/p/{world.slug}/rules").status_code == 303
    assert "a password alone is not enough" in client.get("/account").text
    for path in SECURE[:-1]:
        assert client.get(path).status_code == 200
    with unit_of_work(engine) as session:
        session.execute(update(Account).values(tf_primary_method="authenticator", tf_totp_secret=secret(app)))
    assert client.get(f"/p/{world.slug}").status_code == 200


def test_codes_can_be_turned_off_again(app: Flask, engine: Engine) -> None:
    client = sign_in(app, add_anna(app, tf_primary_method="authenticator", tf_totp_secret=secret(app)))

    assert submit(client, "/account/codes", setup="disable").location == "/account/protected"
    assert client.get("/account/protected").location == "/account"
    with account(engine) as anna:
        assert (anna.tf_primary_method, anna.tf_totp_secret) == (None, None)


def _passkey(session: object, account_id: int, name: str = "my phone") -> None:
    session.add(  # type: ignore[attr-defined]
        Passkey(
            user_id=account_id,
            name=name,
            credential_id=name.encode(),
            public_key=b"x",
            backup_state=False,
            device_type="single_device",
            usage="first",
        )
    )


def test_with_a_passkey_the_password_alone_signs_nobody_in(
    app: Flask, stranger: FlaskClient, engine: Engine
) -> None:
    anna = add_anna(app)
    with unit_of_work(engine) as session:
        _passkey(session, anna)

    answer = submit(stranger, "/sign-in", email=ANNA, password=PASSWORD)
    assert answer.location.startswith("/sign-in/passkey")
    page = stranger.get(answer.location)
    assert "/sign-in/recovery-code" in page.text, "what to do where there is no JavaScript"
    assert "Passkeys need JavaScript" in page.text
    asked = submit(stranger, answer.location)
    assert "data-options=" in asked.text
    assert "<script>" not in asked.text
    assert "script-src 'self'" in asked.headers["Content-Security-Policy"]
    assert stranger.get("/account").status_code == 303
    with unit_of_work(engine) as session:
        session.execute(update(Account).values(tf_primary_method="authenticator", tf_totp_secret=secret(app)))
    way = submit(stranger, "/sign-in", email=ANNA, password=PASSWORD).location
    assert way.startswith("/sign-in/way")
    assert submit(stranger, way, which="webauthn").location.startswith("/sign-in/passkey")
    assert submit(stranger, way, which="authenticator").location.startswith("/sign-in/code")


def test_passkeys_are_listed_and_removed(app: Flask, engine: Engine) -> None:
    anna = add_anna(app)
    with unit_of_work(engine) as session:
        _passkey(session, anna)
        _passkey(session, anna, "مفتاح 🗝 “old”")
    client = sign_in(app, anna)
    assert "مفتاح" in client.get("/account/passkeys").text

    submit(client, "/account/passkeys", to="/account/passkeys/remove", name="مفتاح 🗝 “old”")
    with reading(engine) as session:
        assert list(session.scalars(select(Passkey.name))) == ["my phone"]


def test_after_a_while_the_password_is_asked_for_once_more(app: Flask) -> None:
    client = sign_in(app, add_anna(app))
    with client.session_transaction() as cookie:
        cookie["fs_paa"] = 1_000_000
        cookie.pop("fs_gexp", None)

    away = client.get("/account/codes")
    assert away.location == "/sign-in/again?next=/account/codes"
    assert submit(client, away.location, password="wrong").status_code == 422
    assert submit(client, away.location, password=PASSWORD).location == "/account/codes"
    assert client.get("/account/codes").status_code == 200


def test_a_sample_account_stays_as_it_is(app: Flask, engine: Engine, world: World) -> None:
    with unit_of_work(engine) as session:
        member = add_member(session, world.slug, Role.MANAGER, is_sample=True, tf_primary_method=None)
        who = member.account_id
    client = sign_in(app, who)

    assert client.get(f"/p/{world.slug}").status_code == 200, "it needs no second factor"
    page = client.get("/account")
    for path in SECURE:
        assert client.get(path).status_code == 403
        assert submit(client, "/account", to=path).status_code == 403
        assert f'"{path}"' not in page.text


def test_closing_an_account_removes_it_and_leaves_the_profile_without_its_address(
    app: Flask, engine: Engine, world: World
) -> None:
    anna = add_anna(app)
    with unit_of_work(engine) as session:
        add_member(session, world.slug, Role.MENTOR, email=ANNA, profile_id=world.mentor)
        session.execute(update(Profile).where(Profile.id == world.mentor).values(email=ANNA))
        programme_id = session.get_one(Mentor, world.mentor).programme_id
        session.add(
            Match(
                programme_id=programme_id,
                startup_id=world.startup,
                counterpart_id=world.mentor,
                decided_by="x",
                state="active",
                reasons=[],
            )
        )
        session.add(
            Introduction(
                programme_id=programme_id,
                startup_id=world.startup,
                counterpart_id=world.mentor,
                asked_by="counterpart",
                account_id=anna,
                state="offered",
            )
        )
    client = sign_in(app, anna)

    wrong = submit(client, "/account/close", password="not this one")
    assert (wrong.status_code, "The password is wrong" in wrong.text) == (422, True)
    assert submit(client, "/account/close", password=PASSWORD).location == "/"
    assert "Your account is closed" in client.get("/").text

    assert client.get("/account").status_code == 303
    with reading(engine) as session:
        assert session.get(Account, anna) is None
        assert session.scalars(select(Membership)).all() == []
        assert session.scalars(select(SignIn)).all() == []
        mentor = session.get_one(Mentor, world.mentor)
        assert (mentor.email, mentor.is_paused) == (None, True)
        assert session.scalars(select(Introduction.account_id)).all() == [None]
        assert session.scalars(select(Match.state)).first() == "ended", "and the other side is told"
        assert [letter.address for letter in session.scalars(select(Mail))] == ["team1@example.org"]
        (told,) = session.scalars(select(AuditEvent).where(AuditEvent.action == "account.closed"))
        assert (told.actor, told.subject) == (ANNA, f"profile:{world.mentor}")


def test_without_a_password_the_address_is_written_to_close_an_account(app: Flask, engine: Engine) -> None:
    with unit_of_work(engine) as session:
        who = add_account(session, ANNA).id
    client = sign_in(app, who)

    assert submit(client, "/account/close", address="nobody@example.org").status_code == 422
    assert submit(client, "/account/close", address=f" {ANNA.upper()}").status_code == 303
    with reading(engine) as session:
        assert session.get(Account, who) is None


def test_who_alone_runs_a_programme_is_told_why_not(app: Flask, engine: Engine, world: World) -> None:
    anna = _manager(engine, world)
    client = sign_in(app, anna)

    page = client.get("/account/close")
    assert "You are the only manager of" in page.text
    assert "Rural Links 2026" in page.text
    assert "password" not in page.text
    assert submit(client, "/account", to="/account/close", address=ANNA).status_code == 409
    with unit_of_work(engine) as session:
        add_member(session, world.other_slug, Role.MANAGER, email="somebody@example.org")
        assert [p.slug for p in managed_alone(session, anna)] == [world.slug]
        add_member(session, world.slug, Role.MANAGER, email="other@example.org")
        assert managed_alone(session, anna) == []
    assert submit(client, "/account/close", address=ANNA).status_code == 303


def test_the_last_administrator_stays(client: FlaskClient) -> None:
    assert "Nobody else runs this installation" in client.get("/account/close").text


def test_who_lost_everything_is_let_in_again_by_whoever_runs_the_machine(
    app: Flask, stranger: FlaskClient, engine: Engine
) -> None:
    anna = add_anna(
        app, tf_primary_method="authenticator", tf_totp_secret=secret(app), mf_recovery_codes=["gone"]
    )
    with unit_of_work(engine) as session:
        _passkey(session, anna)
    client = sign_in(app, anna)

    with unit_of_work(engine) as session:
        take_second_factor_off(session, " ANNA@example.org")
    assert client.get("/account").status_code == 303
    assert submit(stranger, "/sign-in", email=ANNA, password=PASSWORD).location == "/"
    assert stranger.get("/account").status_code == 200
