"""Who is let in: at our own name only, only through the table of permissions, no forged forms."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import ValidationError
from sqlalchemy import Engine, func, select

from config.settings import Settings
from matcher.db import reading
from matcher.models import AuditEvent, Base
from tests.web.browsing import Site
from tests.web.conftest import submit
from tests.web.world import World
from web import create_app
from web.permissions import TABLE, Permission


def test_every_endpoint_is_in_the_table_and_no_other(app: Flask) -> None:
    assert {rule.endpoint for rule in app.url_map.iter_rules()} == set(TABLE)


def test_an_endpoint_outside_the_table_is_refused(settings: Settings) -> None:
    strict, lenient = create_app(settings, testing=True), create_app(settings)
    for made in (strict, lenient):
        made.add_url_rule("/forgotten", "forgotten", lambda: "secret")

    with pytest.raises(LookupError, match="forgotten"):
        strict.test_client().get("/forgotten")
    assert lenient.test_client().get("/forgotten").status_code == 404


@pytest.mark.parametrize("address", ["192.168.1.7", "10.0.0.1", "203.0.113.9", "2001:db8::1", "", "unix:"])
@pytest.mark.parametrize("path", ["/", "/p/rural-links", "/health", "/nowhere"])
def test_other_machines_are_refused(client: FlaskClient, world: World, address: str, path: str) -> None:
    answer = client.get(path, environ_overrides={"REMOTE_ADDR": address})

    assert answer.status_code == 403
    assert "answers only at its own name" in answer.text
    assert "TANDEM_URL" in answer.text
    assert "Rural Links" not in answer.text
    assert answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:80", "[::1]", "[::1]:8000"])
def test_this_machine_is_served(client: FlaskClient, address: str, host: str) -> None:
    answer = client.get("/health", headers={"Host": host}, environ_overrides={"REMOTE_ADDR": address})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "192.168.1.7:8000", "[::2]", ""],
)
def test_a_foreign_name_for_this_machine_is_refused(client: FlaskClient, host: str) -> None:
    assert client.get("/health", headers={"Host": host}).status_code == 403


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_a_proxy_in_between_is_refused(client: FlaskClient, header: str) -> None:
    assert client.get("/health", headers={header: "203.0.113.9"}).status_code == 403


@pytest.fixture
def named(tmp_path: Path) -> Iterator[Flask]:
    """An installation that others reach, behind a proxy that speaks HTTPS."""
    made = create_app(Settings(data=tmp_path, host="::", url="https://Tandem.example.org/"), testing=True)
    Base.metadata.create_all(made.extensions["tandem_engine"])
    yield made
    made.extensions["tandem_engine"].dispose()


def _at(named: Flask, address: str, host: str, headers: dict[str, str]) -> int:
    client = named.test_client()
    sent = {"Host": host, **headers}
    return client.get("/sign-in", headers=sent, environ_overrides={"REMOTE_ADDR": address}).status_code


def test_at_the_name_that_is_set_everybody_is_served(named: Flask) -> None:
    proxied = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}

    for address in ("192.168.1.7", "2001:db8::1", "127.0.0.1"):
        assert _at(named, address, "tandem.example.org", {}) == 200
        assert _at(named, address, "tandem.example.org", proxied) == 200


@pytest.mark.parametrize("spoofed", [{}, {"X-Forwarded-For": "127.0.0.1"}, {"X-Forwarded-Host": "localhost"}])
def test_with_a_name_set_any_other_is_refused(named: Flask, spoofed: dict[str, str]) -> None:
    own = "tandem.example.org"

    for host in ("evil.example", f"{own}.evil.example", f"{own}:8000", "localhost", ""):
        assert _at(named, "203.0.113.9", host, spoofed) == 403, host


def test_with_a_name_set_this_machine_is_served_as_before(named: Flask) -> None:
    assert named.test_client().get("/health", headers={"Host": "127.0.0.1:8000"}).status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7"])  # noqa: S104 - refused
def test_a_network_is_not_served_by_accident(tmp_path: Path, host: str) -> None:
    with pytest.raises(ValidationError, match="TANDEM_URL"):
        Settings(data=tmp_path, host=host)
    assert Settings(data=tmp_path, host=host, url="https://tandem.example.org").host == host


@pytest.mark.parametrize(
    "url", ["tandem.example.org", "https://u@x.org", "https://x.org/path", "ftp://x.org"]
)
def test_an_address_that_is_none_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(ValidationError, match="url"):
        Settings(data=tmp_path, url=url)


def test_a_form_without_its_token_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Every form of the application: whoever may send it has to have opened it."""
    site = Site(tmp_path_factory.mktemp("forged"), csrf=True)
    wrong = []
    for rule in site.rules("POST"):
        if rule.endpoint == "unsubscribe.record":  # mail programs press it, and know no token
            continue
        actor = "founder" if TABLE[rule.endpoint] is Permission.TAKE_PART else "admin"
        values = {name: value or "x" for name, value in site.own(rule, actor).items()}
        answer = site.ask(actor, site.address(rule, values), "POST", {"name": "Forged", "approve": "1"})
        if answer.status_code != 400 or "send the form again" not in answer.text:
            wrong.append(f"{rule.endpoint}: {answer.status_code}")
    changed = site.vault.is_changed()
    site.close()

    assert wrong == []
    assert not changed


def test_an_undo_leads_nowhere_else(client: FlaskClient, world: World, engine: Engine) -> None:
    page = f"/p/{world.slug}/startups/{world.startup}"
    submit(client, page, to=f"{page}/decide", approve=f"{world.mentor}:")
    with reading(engine) as session:
        event = session.scalars(select(func.max(AuditEvent.id))).one()
    answer = submit(client, page, to=f"/p/{world.slug}/decisions/{event}/undo", back="https://evil.example/")

    assert answer.status_code == 303
    assert answer.location == f"/p/{world.slug}/log"


def test_the_session_key_is_made_once_and_kept_private(settings: Settings) -> None:
    first, second = create_app(settings), create_app(settings)

    assert first.secret_key == second.secret_key
    assert len(str(first.secret_key)) >= 32
    assert (settings.data / "secret_key").stat().st_mode & 0o077 == 0


def test_a_breakdown_is_told_without_the_database(tmp_path: Path) -> None:
    answer = create_app(Settings(data=tmp_path)).test_client().get("/")  # no tables were made

    assert answer.status_code == 500
    assert "Something broke on our side" in answer.text
    assert "sqlite" not in answer.text.lower()
    assert answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("number", [str(2**31), str(2**63), "9" * 25, "9" * 5000])
@pytest.mark.parametrize("tail", ["", "/edit", "/remove"])
def test_a_number_that_no_database_can_hold_is_nobody(
    client: FlaskClient, world: World, number: str, tail: str
) -> None:
    assert client.get(f"/p/{world.slug}/startups/{number}{tail}").status_code == 404


@pytest.mark.parametrize("tail", ["startups/{}/edit", "startups/{}/remove", "startups/{}/decide"])
@pytest.mark.parametrize("number", ["9" * 25, "9" * 5000])
def test_a_form_for_a_number_that_no_database_can_hold_finds_nobody(
    client: FlaskClient, world: World, tail: str, number: str
) -> None:
    page = f"/p/{world.slug}/startups/{world.startup}"
    answer = submit(client, page, to=f"/p/{world.slug}/{tail.format(number)}", name="X", approve=world.mentor)

    assert answer.status_code == 404


def test_the_highest_number_that_a_database_can_hold_is_looked_up(client: FlaskClient, world: World) -> None:
    answer = client.get(f"/p/{world.slug}/startups/{2**31 - 1}")

    assert answer.status_code == 404


def test_a_breakdown_says_what_to_do_and_nothing_of_its_cause(settings: Settings) -> None:
    app = create_app(settings)

    def broken() -> str:
        raise RuntimeError("postgresql://tandem:hunter2@db/tandem")

    app.view_functions["overview.home"] = broken
    answer = app.test_client().get("/")

    assert answer.status_code == 500
    assert "Try again in a minute" in answer.text
    assert "the log of the web process" in answer.text
    assert "Go to the overview" in answer.text
    for cause in ("hunter2", "RuntimeError", "Traceback", __file__):
        assert cause not in answer.text
        assert cause not in str(answer.headers)
