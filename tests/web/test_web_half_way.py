"""Half-way in: codes that were begun and left, a lost phone, no recovery code left. Nobody ends nowhere."""

import re

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, update
from werkzeug.test import TestResponse

from matcher.db import reading, unit_of_work
from matcher.models import Account, Passkey
from matcher.services.accounts import take_second_factor_off
from tests.web.conftest import submit, token
from tests.web.people import add_account, sign_in
from tests.web.signing import ANNA, PASSWORD, account, add_anna, code, enter, is_in, letters, secret

NEW = "seven green umbrellas"


def _begin(client: FlaskClient) -> tuple[TestResponse, str]:
    """The page with the picture, and the secret behind it."""
    page = submit(client, "/account/codes", setup="authenticator")
    with client.session_transaction() as cookie:
        return page, str(cookie["tf_totp_secret"])


def _send(client: FlaskClient, page: TestResponse, said: str) -> TestResponse:
    return client.post("/sign-in/code", data={"csrf_token": token(page), "code": said})


def _make_codes(client: FlaskClient) -> list[str]:
    page = submit(client, "/account/recovery-codes", generate_new_codes="1")
    return re.findall(r"<code>([0-9a-f-]{14})</code>", page.text)


def _with_app(app: Flask, **fields: object) -> str:
    made = secret(app)
    add_anna(app, tf_primary_method="authenticator", tf_totp_secret=made, **fields)
    return made


def _add_passkey(engine: Engine) -> None:
    with unit_of_work(engine) as session:
        anna = session.scalars(select(Account).where(Account.email == ANNA)).one()
        kept = {"credential_id": b"x", "public_key": b"x", "backup_state": False, "usage": "first"}
        session.add(Passkey(user_id=anna.id, name="my phone", device_type="single_device", **kept))


def _grow_stale(client: FlaskClient) -> None:
    """As if the sign-in was a while ago."""
    with client.session_transaction() as cookie:
        cookie["fs_paa"] = 1_000_000
        cookie.pop("fs_gexp", None)


def test_who_leaves_before_codes_are_on_signs_in_as_before_and_begins_again(
    app: Flask, stranger: FlaskClient
) -> None:
    add_anna(app)
    enter(stranger)
    _, given_up = _begin(stranger)
    submit(stranger, "/account", to="/sign-out")

    assert enter(stranger).location == "/", "nothing was turned on"
    page, shown = _begin(stranger)
    wrong = _send(stranger, page, code(app, given_up))
    assert wrong.status_code == 422
    assert 'href="/account/codes"' in wrong.text, "which begins again"
    again = stranger.get("/sign-in/code")
    assert again.status_code == 200, "the phone that shows the code may have put the page away meanwhile"
    assert _send(stranger, again, code(app, shown)).location == "/account/protected"


def test_a_code_that_is_sent_twice_signs_nobody_out(app: Flask) -> None:
    client = sign_in(app, add_anna(app))
    page, shown = _begin(client)
    assert _send(client, page, code(app, shown)).location == "/account/protected"

    assert _send(client, page, code(app, shown)).location == "/account/protected"
    assert client.get("/account/protected").location == "/account/recovery-codes"
    assert client.get("/sign-in/code").location == "/"
    assert is_in(client)


def test_who_lost_the_phone_gets_in_by_a_recovery_code_and_sets_up_another(
    app: Flask, stranger: FlaskClient
) -> None:
    lost = _with_app(app)
    with account(app.extensions["tandem_engine"]) as anna:
        codes = _make_codes(sign_in(app, anna.id))

    asked = enter(stranger)
    assert 'href="/sign-in/recovery-code' in stranger.get(asked.location).text
    assert submit(stranger, "/sign-in/recovery-code", code=codes[0]).location == "/"
    assert "(7 left)" in stranger.get("/", follow_redirects=True).text
    page, shown = _begin(stranger)
    assert _send(stranger, page, code(app, shown)).location == "/account/protected"
    assert stranger.get("/account/protected").location == "/account", "the other codes go on"

    later = app.test_client()
    enter(later)
    assert submit(later, "/sign-in/code", code=code(app, lost, later=30)).status_code == 422
    assert submit(later, "/sign-in/code", code=code(app, shown, later=30)).status_code == 302


def test_who_lost_app_and_passkey_at_once_needs_choose_neither(
    app: Flask, stranger: FlaskClient, engine: Engine
) -> None:
    _with_app(app)
    _add_passkey(engine)
    with account(engine) as anna:
        codes = _make_codes(sign_in(app, anna.id))

    way = enter(stranger)
    assert way.location.startswith("/sign-in/way")
    assert 'href="/sign-in/recovery-code' in stranger.get(way.location).text
    assert submit(stranger, "/sign-in/recovery-code", code="0000-0000-0000").status_code == 422
    assert stranger.get("/sign-in/way").status_code == 200, "choosing is still possible"
    assert submit(stranger, "/sign-in/recovery-code", code=codes[0]).status_code == 302
    assert is_in(stranger)


def test_without_any_code_left_people_can_help_and_the_password_is_enough_then(
    app: Flask, stranger: FlaskClient, engine: Engine
) -> None:
    made = _with_app(app, mf_recovery_codes=[])
    page = stranger.get(enter(stranger).location)
    assert "Ask the people who run Tandem" in page.text
    assert "Ask the people who run Tandem" in stranger.get("/sign-in/recovery-code").text

    with unit_of_work(engine) as session:
        take_second_factor_off(session, ANNA)
    for answer in (stranger.get("/sign-in/code"), _send(stranger, page, code(app, made))):
        assert answer.location == "/sign-in", "the page that was open meanwhile leads back to the beginning"
    assert enter(stranger).location == "/"
    assert is_in(stranger)


def test_half_way_in_is_not_in_and_other_ways_stay_open(
    app: Flask, stranger: FlaskClient, engine: Engine
) -> None:
    _with_app(app)
    with unit_of_work(engine) as session:
        ben = add_account(session, "ben@example.org")
        ben.password = session.scalars(select(Account.password).where(Account.email == ANNA)).one()
    enter(stranger)

    assert stranger.get("/account").location == "/sign-in?next=/account"
    assert 'href="/sign-in"' in stranger.get("/").text
    submit(stranger, "/password/forgotten", email=ANNA)
    link = re.search(r"(/password/forgotten/\S+)", letters(engine)[-1].body)
    assert link
    assert submit(stranger, link[1], password=NEW, password_confirm=NEW).location == "/sign-in"
    assert not is_in(stranger)
    assert stranger.get("/sign-in/code").location == "/sign-in", "what was half open is shut"
    assert enter(stranger, NEW).location.startswith("/sign-in/code"), "a letter is no second factor"
    assert enter(stranger, PASSWORD, "ben@example.org").location == "/"
    assert "ben@example.org" in stranger.get("/account").text


def test_who_is_asked_again_and_knows_no_password_has_a_letter_sent(app: Flask, engine: Engine) -> None:
    with unit_of_work(engine) as session:
        nobody = add_account(session, "new@example.org").id
    for who, email, words in ((add_anna(app), ANNA, "forgotten my"), (nobody, "new@example.org", "Choose a")):
        client = sign_in(app, who)
        _grow_stale(client)
        asked = client.get(client.get("/account/codes").location)
        assert 'href="/password/forgotten"' in asked.text
        assert f"{words} password</a>" in asked.text
        assert 'type="password"' in asked.text or "no password and no passkey" in asked.text

        assert email in client.get("/password/forgotten").text
        submit(client, "/password/forgotten", email=email)
        link = re.search(r"(/password/forgotten/\S+)", letters(engine)[-1].body)
        assert link
        assert submit(client, link[1], password=NEW, password_confirm=NEW).location == "/sign-in"
        assert enter(client, NEW, email).location == "/"
        assert client.get("/account/codes").status_code == 200


def test_who_is_asked_again_while_removing_a_passkey_comes_back_to_the_passkeys(
    app: Flask, engine: Engine
) -> None:
    client = sign_in(app, add_anna(app))
    _add_passkey(engine)
    page = client.get("/account/passkeys")
    _grow_stale(client)

    data = {"csrf_token": token(page), "name": "my phone"}
    asked = client.post("/account/passkeys/remove", data=data)
    assert asked.location == "/sign-in/again?next=/account/passkeys"
    assert submit(client, asked.location, password=PASSWORD).location == "/account/passkeys"
    assert client.post("/account/passkeys/remove", data=data).status_code == 302
    with reading(engine) as session:
        assert session.scalars(select(Passkey)).all() == []


def test_a_browser_left_alone_takes_no_passkey_and_no_app_of_somebody_elses(
    app: Flask, engine: Engine
) -> None:
    """What is signed for one account names none, so it could be sent in from another's open browser."""
    with unit_of_work(engine) as session:
        number = add_account(session, "eve@example.org").id
    eve, left = sign_in(app, number), sign_in(app, add_anna(app))
    state = re.search(r'action="(/account/passkeys/[^"]+)"', submit(eve, "/account/passkeys", name="k").text)
    assert state
    _grow_stale(left)

    form = {"csrf_token": token(left.get("/account")), "credential": "{}"}
    asked = left.post(state[1], data=form)
    assert asked.location == "/sign-in/again?next=/account/passkeys"
    signed = {"totp_secret": secret(app), "method": "authenticator", "phone": None}
    with app.test_request_context():
        made = app.extensions["security"].tf_setup_serializer.dumps(signed)
    sent = {**form, "code": code(app, signed["totp_secret"])}
    assert left.post(f"/account/codes/{made}", data=sent).status_code == 404
    with account(engine) as anna:
        assert anna.tf_primary_method is None


def test_a_second_step_that_is_gone_meanwhile_is_no_error(
    app: Flask, stranger: FlaskClient, engine: Engine
) -> None:
    _with_app(app)
    _add_passkey(engine)
    page = stranger.get(enter(stranger).location)
    with unit_of_work(engine) as session:
        session.execute(update(Account).values(tf_primary_method=None, tf_totp_secret=None))

    data = {"csrf_token": token(page), "which": "authenticator"}
    assert stranger.post("/sign-in/way", data=data).status_code == 422
    assert enter(stranger).location.startswith("/sign-in/passkey")
