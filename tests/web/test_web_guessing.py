"""What slows guessing down: wrong tries are counted by account and by address, and so are letters."""

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from tests.web.conftest import submit, token
from tests.web.signing import ANNA, add_anna, code, enter, letters, secret


def _guess(client: FlaskClient, times: int, email: str = ANNA) -> list[int]:
    page = token(client.get("/sign-in"))
    data = {"csrf_token": page, "email": email, "password": ""}  # costs no hash
    return [client.post("/sign-in", data=data).status_code for _ in range(times)]


def test_guessing_at_an_account_is_stopped_from_wherever(app: Flask, stranger: FlaskClient) -> None:
    add_anna(app)
    assert _guess(stranger, 10, " ANNA@example.org") == [422] * 10
    answer = enter(stranger)
    assert answer.status_code == 429
    assert "Try again in 15 min" in answer.text.replace("<bdi>", "").replace("</bdi>", "")
    assert 0 < int(answer.headers["Retry-After"]) <= 910
    assert stranger.get("/sign-in").status_code == 200
    assert _guess(stranger, 1, "somebody-else@example.org") == [422]
    app.extensions["tandem_limiter"].reset()
    assert enter(stranger).status_code == 302


def test_guessing_at_many_accounts_is_stopped_by_address(app: Flask, stranger: FlaskClient) -> None:
    guesses = [_guess(stranger, 1, f"{at}@example.org")[0] for at in range(61)]

    assert guesses == [422] * 60 + [429]


def test_guessing_codes_is_stopped_for_the_account(app: Flask, stranger: FlaskClient) -> None:
    made = secret(app)
    add_anna(app, tf_primary_method="authenticator", tf_totp_secret=made)
    for path in ("/sign-in/code", "/sign-in/recovery-code"):
        enter(stranger)
        tried = [submit(stranger, path, code="wrong").status_code for _ in range(10)]
        assert tried == [422] * 10
        enter(other := app.test_client())
        assert submit(other, path, code=code(app, made)).status_code == 429


def test_letters_are_not_sent_without_end(app: Flask, stranger: FlaskClient, engine: Engine) -> None:
    add_anna(app)
    for _ in range(4):
        answer = submit(stranger, "/password/forgotten", email=ANNA)

    assert answer.status_code == 429
    assert len(letters(engine)) == 3
