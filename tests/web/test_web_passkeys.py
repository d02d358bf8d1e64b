"""Passkeys in a real browser, with a device that Chromium plays."""

from collections.abc import Iterator
from threading import Thread

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy import Engine, select
from werkzeug.serving import make_server

from matcher.db import reading
from matcher.models import Passkey
from tests import chromium
from tests.web.people import session_cookie
from tests.web.signing import ANNA, PASSWORD, account, add_anna, secret

_DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium.find() is None, reason="no Chromium: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium.find(), args=[*chromium.ARGUMENTS])
        yield launched
        launched.close()


@pytest.fixture
def served(app: Flask) -> Iterator[str]:
    """A server, by a name: no browser has passkeys for a number."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def page(browser: Browser, served: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 360, "height": 740}, locale="en", base_url=served)
    yield context.new_page()
    context.close()


def _sign_in(page: Page, app: Flask, served: str, account_id: int) -> None:
    name, value = session_cookie(app, account_id)
    page.context.add_cookies([{"name": name, "value": value, "url": served}])


def _device(page: Page) -> str:
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    made: str = tools.send("WebAuthn.addVirtualAuthenticator", {"options": _DEVICE})["authenticatorId"]
    return made


def test_a_passkey_is_added_and_signs_in_alone_and_after_a_password(
    app: Flask, page: Page, served: str, engine: Engine
) -> None:
    _sign_in(page, app, served, add_anna(app))
    _device(page)
    scripts: list[str] = []
    page.on("console", lambda said: scripts.append(said.text))

    page.goto("/account/passkeys")
    page.get_by_label("Name of the passkey").fill("my phone")
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    expect(page.get_by_text("The passkey my phone is added")).to_be_visible()
    with account(engine) as anna:
        assert anna.fs_webauthn_user_handle

    page.get_by_role("button", name="Sign out").click()
    page.goto("/account")
    page.get_by_role("link", name="Sign in with a passkey").click()
    page.get_by_role("button", name="Use my passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account")

    page.get_by_role("button", name="Sign out").click()
    page.goto("/account")
    page.get_by_label("E-mail address").fill(ANNA)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("The password was right")).to_be_visible()
    page.get_by_role("button", name="Use my passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account")
    with reading(engine) as session:
        (kept,) = session.scalars(select(Passkey))
        assert kept.sign_count > 1
        assert kept.lastuse_datetime > kept.create_datetime
    assert scripts == [], "the policy for scripts refused nothing"


def test_a_passkey_that_is_not_there_changes_nothing_and_can_be_asked_for_again(page: Page) -> None:
    page.add_init_script("navigator.credentials.get = () => Promise.reject(new Error('none'))")
    page.goto("/sign-in/passkey")
    page.get_by_role("button", name="Use my passkey").click()

    expect(page.get_by_role("button", name="Ask the browser once more")).to_be_focused()
    expect(page.get_by_text("That did not work, or was stopped")).to_be_visible()


def test_without_javascript_the_passkey_pages_say_what_to_do(
    app: Flask, browser: Browser, served: str
) -> None:
    who = add_anna(app, tf_primary_method="authenticator", tf_totp_secret=secret(app))
    context = browser.new_context(base_url=served, java_script_enabled=False, locale="en")
    page = context.new_page()
    page.goto("/sign-in/passkey")
    expect(page.get_by_text("sign in with your password instead")).to_be_visible()
    _sign_in(page, app, served, who)
    page.goto("/account/passkeys")
    expect(page.get_by_text("use codes from an app instead")).to_be_visible()
    context.close()
