"""Signing in: by password, code and recovery code; what an answer does not tell, and where it never leads."""

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from config.settings import Settings
from matcher.db import reading, unit_of_work
from matcher.models import Base
from matcher.services.mailing import ACCOUNT
from matcher.services.sign_ins import list_sign_ins
from tests.web.conftest import submit, token
from tests.web.people import add_account, sign_in
from tests.web.signing import (
    ANNA,
    PASSWORD,
    account,
    add_anna,
    code,
    enter,
    is_in,
    letters,
    secret,
)
from web import create_app

LINK = re.compile(r"http://localhost(/password/forgotten/\S+)")
PASSWORDS = {
    "eleven char": "at least 12",
    "passwordpassword": "Many people use",
    "aaaaaaaaaaaaaaaa": "Many people use",
    "tandemtandem1234": "little more than",
    "anna@example.org": "little more than",
    "Anna-Anna-Lee-26": "little more than",
    "x" * 5000: "at most 4096",
    "tandem rides with anna in may": "",
    "пять слов на моём языке": "",
    "山高水长的一个很长的密码": "",
    "p" + "ä" * 3000 + "zq": "",
}
"""And what is said to them; nothing to good ones."""
AWAY = (
    "https://evil.example/",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https:evil.example",
    "javascript:alert(1)",
    " //evil.example",
    "\x19//evil.example",
    "http://localhost@evil.example/",
)


def test_a_password_signs_in(app: Flask, stranger: FlaskClient, engine: Engine) -> None:
    anna = add_anna(app)

    answer = enter(stranger, email=" Anna@Example.org ")

    assert (answer.status_code, answer.location) == (302, "/")
    assert is_in(stranger)
    with reading(engine) as session:
        assert len(list_sign_ins(session, anna)) == 1


def test_a_wrong_password_and_a_missing_account_look_the_same(
    app: Flask, stranger: FlaskClient, engine: Engine
) -> None:
    add_anna(app)
    wrong = enter(stranger, "the wrong password")
    missing = enter(stranger, email="nobody@example.org")

    told = [re.sub(r'value="[^"]*"', "", page.text) for page in (wrong, missing)]
    assert told[0] == told[1]
    assert "The address, the password or the code is wrong" in told[0]
    assert (wrong.status_code, missing.status_code) == (422, 422)


def _counted(ask: Callable[..., object], computed: list[str]) -> Callable[..., object]:
    def asked(*given: object, **more: object) -> object:
        computed.append("a hash")
        return ask(*given, **more)

    return asked


def test_a_missing_account_costs_a_hash_as_well(app: Flask, stranger: FlaskClient) -> None:
    """Flask-Security computes one; so do we where it would not, for a letter that is written."""
    add_anna(app)
    computed: list[str] = []
    context = app.extensions["security"].pwd_context
    for verb in ("hash", "verify"):
        setattr(context, verb, _counted(getattr(context, verb), computed))

    for email in (ANNA, "nobody@example.org"):
        enter(stranger, "the wrong password", email)
        submit(stranger, "/password/forgotten", email=email)
        assert len(computed) == 2, email
        computed.clear()


def test_nobody_learns_who_has_an_account_by_asking_for_a_letter(
    app: Flask, stranger: FlaskClient, engine: Engine
) -> None:
    add_anna(app)
    answers = [
        submit(stranger, "/password/forgotten", email=e) for e in (ANNA, "nobody@example.org", "no address")
    ]

    told = {re.sub(r'value="[^"]*"', "", page.text) for page in answers}
    assert len(told) == 1
    assert "a letter with a link is on its way" in told.pop()
    assert [letter.address for letter in letters(engine)] == [ANNA]


def test_a_letter_leads_to_a_new_password_once_and_ends_every_sign_in(
    app: Flask, stranger: FlaskClient, engine: Engine
) -> None:
    elsewhere = sign_in(app, add_anna(app, language="fr"))
    assert is_in(elsewhere)
    submit(stranger, "/password/forgotten", email=ANNA)
    (letter,) = letters(engine)
    assert letter.language == "fr"
    link = LINK.search(letter.body)
    assert link
    assert letter.link == link[0]
    assert letter.key.startswith(ACCOUNT), "so that it is not kept"

    short = submit(stranger, link[1], password="too short", password_confirm="too short")
    assert short.status_code == 422
    assert "at least 12 characters" in short.text
    new = "seven green umbrellas"
    assert submit(stranger, link[1], password=new, password_confirm=new).location == "/sign-in"

    assert not is_in(elsewhere)
    assert stranger.get(link[1]).location == "/password/forgotten"
    assert enter(stranger, PASSWORD).status_code == 422
    assert enter(stranger, new).status_code == 302
    assert len(letters(engine)) == 2, "its owner is told"


def test_changing_the_password_ends_all_other_sign_ins(app: Flask, engine: Engine) -> None:
    anna = add_anna(app)
    here, there = sign_in(app, anna), sign_in(app, anna)

    new = "seven green umbrellas"
    wrong = submit(here, "/password", password="wrong", new_password=new, new_password_confirm=new)
    assert "The password is wrong" in wrong.text
    right = submit(here, "/password", password=PASSWORD, new_password=new, new_password_confirm=new)

    assert right.location == "/account"
    assert is_in(here)
    assert not is_in(there)
    with reading(engine) as session:
        assert len(list_sign_ins(session, anna)) == 1


def test_a_password_is_long_and_not_what_everybody_tries(app: Flask) -> None:
    with app.test_request_context():
        for password, told in PASSWORDS.items():
            rules = app.extensions["security"].password_util
            wrong, _ = rules.validate(password, True, email=ANNA, name="Anna Lee")
            assert told in (wrong or [""])[0], password
            assert bool(told) == bool(wrong), password


def test_a_password_is_the_same_however_a_keyboard_composes_it(app: Flask, stranger: FlaskClient) -> None:
    client = sign_in(app, add_anna(app))
    for new in ("ﬁve café crèmes please",):
        submit(client, "/password", password=PASSWORD, new_password=new, new_password_confirm=new)

    assert enter(stranger, "five cafe\u0301 cre\u0300mes please").status_code == 302


def _set_up_codes(app: Flask, client: FlaskClient) -> tuple[str, str]:
    page = submit(client, "/account/codes", setup="authenticator")
    assert 'src="data:image/svg+xml;base64,' in page.text
    key = re.search(r"<code dir=\"ltr\">([^<]+)</code>", page.text)
    assert key
    with client.session_transaction() as session:
        shown = str(session["tf_totp_secret"])
    assert app.extensions["security"].totp_factory.get_totp_pretty_key(shown) == key[1]
    wrong = client.post("/sign-in/code", data={"csrf_token": token(page), "code": "000000"})
    assert wrong.status_code == 422
    used = code(app, shown)
    done = client.post("/sign-in/code", data={"csrf_token": token(page), "code": used})
    assert done.location == "/account/protected"
    assert client.get("/account/protected").location == "/account/recovery-codes"
    return used, shown


def test_codes_are_set_up_and_asked_for_and_each_works_once(app: Flask, stranger: FlaskClient) -> None:
    used, shown = _set_up_codes(app, sign_in(app, add_anna(app)))

    assert urlsplit(enter(stranger).location).path == "/sign-in/code"
    assert not is_in(stranger)
    assert submit(stranger, "/sign-in/code", code=used).status_code == 422
    fresh = code(app, shown, later=30)
    assert submit(stranger, "/sign-in/code", code=f"{fresh[:3]} {fresh[3:]}").status_code == 302
    assert is_in(stranger)


def test_a_code_is_of_no_use_without_the_password(stranger: FlaskClient) -> None:
    answer = stranger.get("/sign-in/code")

    assert answer.location == "/sign-in"


def test_recovery_codes_are_made_shown_and_spent(app: Flask, stranger: FlaskClient, engine: Engine) -> None:
    made = secret(app)
    client = sign_in(app, add_anna(app, tf_primary_method="authenticator", tf_totp_secret=made))
    page = submit(client, "/account/recovery-codes", generate_new_codes="1")
    codes = re.findall(r"<code>([0-9a-f-]{14})</code>", page.text)
    assert len(codes) == 8
    assert codes[0] in client.get("/account/recovery-codes?show_codes=1").text
    assert codes[0] not in client.get("/account/recovery-codes").text
    with account(engine) as stored:
        assert codes[0] not in str(stored.mf_recovery_codes)

    enter(stranger)
    assert submit(stranger, "/sign-in/recovery-code", code="0000-0000-0000").status_code == 422
    assert submit(stranger, "/sign-in/recovery-code", code=f" {codes[0].upper()} ").status_code == 302
    assert is_in(stranger)
    again = app.test_client()
    enter(again)
    assert submit(again, "/sign-in/recovery-code", code=codes[0]).status_code == 422
    with account(engine) as stored:
        assert len(stored.mf_recovery_codes or ()) == 7


def test_the_letter_to_nobody_is_not_offered(app: Flask, stranger: FlaskClient) -> None:
    add_anna(app, tf_primary_method="authenticator", tf_totp_secret=secret(app))
    page = enter(stranger)

    assert stranger.get("/sign-in/rescue").status_code == 404
    assert "rescue" not in stranger.get(page.location).text


def test_next_never_leads_to_another_host(app: Flask) -> None:
    add_anna(app)
    for away in AWAY:
        for extra in ({}, {"next": away}):
            client = app.test_client()
            sent = {"csrf_token": token(client.get("/sign-in")), "email": ANNA, "password": PASSWORD, **extra}
            answer = client.post("/sign-in", data=sent, query_string={"next": away})
            target = urljoin("http://localhost/sign-in", answer.location or "")
            assert target.startswith("http://localhost/"), away
            assert "\\" not in target, away


def test_next_leads_back_to_the_page_that_was_asked_for(app: Flask, stranger: FlaskClient) -> None:
    add_anna(app)
    asked = stranger.get("/account?needed=1")

    assert enter(stranger, query=asked.location.removeprefix("/sign-in")).location == "/account?needed=1"


def test_nothing_put_into_a_browser_before_is_of_use_after_signing_in(
    app: Flask, stranger: FlaskClient
) -> None:
    add_anna(app)
    stranger.get("/sign-in")
    with stranger.session_transaction() as before:
        before["sign_in"] = "planted"
        planted = before["csrf_token"]
    enter(stranger)
    with stranger.session_transaction() as after:
        assert after["sign_in"] != "planted"
        assert after.get("csrf_token") != planted


def test_the_cookie_cannot_be_read_by_scripts_nor_sent_from_elsewhere(
    app: Flask, stranger: FlaskClient
) -> None:
    add_anna(app)
    (cookie,) = [c for c in enter(stranger).headers.getlist("Set-Cookie") if c.startswith("tandem=")]

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_with_https_the_cookie_needs_it(tmp_path: Path) -> None:
    made = create_app(Settings(data=tmp_path, url="https://tandem.example.org"), testing=True)
    Base.metadata.create_all(made.extensions["tandem_engine"])
    answer = made.test_client().get(
        "/sign-in?lang=fr", headers={"Host": "tandem.example.org", "X-Forwarded-Proto": "https"}
    )

    assert answer.status_code == 200
    assert all("Secure" in cookie for cookie in answer.headers.getlist("Set-Cookie"))
    assert "Strict-Transport-Security" in answer.headers


def test_tokens_in_an_address_or_header_are_ignored(app: Flask, stranger: FlaskClient) -> None:
    user = app.extensions["security"].datastore.find_user(id=add_anna(app))
    with app.app_context():
        given = user.get_auth_token()

    for query, headers in ((f"?auth_token={given}", {}), ("", {"Authentication-Token": given})):
        for path in ("/account", "/password"):
            assert stranger.get(path + query, headers=headers).status_code == 303


def test_forms_are_forms(app: Flask, stranger: FlaskClient) -> None:
    """What the limits count is read from forms, so nothing is accepted any other way."""
    add_anna(app)
    headers = {"X-CSRFToken": token(stranger.get("/sign-in"))}

    answer = stranger.post("/sign-in", json={"email": ANNA, "password": PASSWORD}, headers=headers)
    assert answer.status_code == 415
    assert stranger.get("/sign-in", headers={"Accept": "application/json"}).mimetype == "text/html"


def test_a_browser_that_was_signed_out_elsewhere_is_asked_to_sign_in(app: Flask, engine: Engine) -> None:
    client = sign_in(app, add_anna(app))
    with account(engine) as anna, reading(engine) as session:
        (place,) = list_sign_ins(session, anna.id)
    elsewhere = sign_in(app, place.account_id)
    assert submit(elsewhere, "/account", to=f"/account/sign-ins/{place.id}/end").status_code == 303

    answer = client.get("/account")
    assert answer.status_code == 303
    assert answer.location.startswith("/sign-in")


def test_an_account_of_the_sample_cannot_be_given_a_password(
    app: Flask, stranger: FlaskClient, engine: Engine
) -> None:
    with unit_of_work(engine) as session:
        add_account(session, "mentor@sample.invalid", is_sample=True)

    assert submit(stranger, "/password/forgotten", email="mentor@sample.invalid").status_code == 200
    assert letters(engine) == []
