"""Every page that the application shows anybody, in two languages, each shape of page once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from flask import Flask
from werkzeug.test import TestResponse

from matcher.models import Base
from tests.web import states
from tests.web.browsing import Crawl, Site
from tests.web.doors import Doors
from tests.web.everyone import make_app
from tests.web.markup import Page
from tests.web.people import add_admin, sign_in
from tests.web.vault import Vault

LOOKERS = ("anonymous", "founder", "mentor", "funder", "applicant", "beginner", "manager", "admin")
OTHER = "ar"
"""The language beside English."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A page, and how somebody comes to it."""

    how: str
    html: dict[str, str]
    """By language."""


@dataclass
class Album:
    """What was found, and what is wrong with it as it stands in the text."""

    pages: list[Shown] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    endpoints: set[str] = field(default_factory=set)
    """Of pages that were shown without an error."""
    count: int = 0
    """How many pages there were, alike or not."""
    _shapes: set[tuple[str, int]] = field(default_factory=set)

    def add(self, site: Site, how: str, shown: TestResponse, again: Callable[[], TestResponse]) -> None:
        """A page in English, and how to have it in the other language, if it has a shape of its own."""
        if shown.mimetype != "text/html" or 300 <= shown.status_code < 400:
            return
        rule = site.match(shown.request.path, "GET")
        is_error = shown.status_code >= 400
        name = "error" if is_error or rule is None else rule.endpoint
        self.endpoints.add(name)
        self.count += 1
        page = Page(shown.text)
        self.faults += [f"{how}: {fault}" for fault in (*page.dangers(), *page.loose_ends())]
        if (name, page.shape) not in self._shapes:
            self._shapes.add((name, page.shape))
            other = again()
            assert other.status_code == shown.status_code, how
            assert f'<html lang="{OTHER}" dir="rtl">' in other.text, how
            self.pages.append(Shown(how, {"en": shown.text, OTHER: other.text}))


def fill(site: Site, crawls: Mapping[str, Crawl], folder: Path) -> Album:
    """Whatever crawling comes to, forms that are sent empty, states that pass, and the way in."""
    album = Album()
    for actor, crawl in crawls.items():
        for address, shown in {**crawl.pages, "/nowhere": site.ask(actor, "/nowhere")}.items():
            album.add(site, f"{actor}: {address}", shown, partial(site.ask, actor, _other(address)))
    _send_empty(album, site, crawls)
    _pass_by(album, site, _empty_app(folder / "states"))
    _come_in(album, site, _empty_app(folder / "doors"))
    return album


def _send_empty(album: Album, site: Site, crawls: Mapping[str, Crawl]) -> None:
    """Each kind of form without what it needs: it comes back with what is wrong."""
    kinds = {
        (found.rule.endpoint, found.button, tuple(found.form.texts)): (actor, found)
        for actor, crawl in crawls.items()
        for found in crawl.forms
    }
    for actor, found in kinds.values():
        send = partial(_send, site, actor, {**found.data(), **dict.fromkeys(found.form.texts, "")})
        how = f"{actor}: {found.address} sends nothing to {found.path}"
        album.add(site, how, send(found.path), partial(send, _other(found.path)))


def _send(site: Site, actor: str, data: Mapping[str, object], path: str) -> TestResponse:
    """Send a form, and put back what it changed."""
    answer = site.ask(actor, path, "POST", data)
    if site.vault.is_changed():
        site.vault.restore()
    return answer


def _pass_by(album: Album, site: Site, app: Flask) -> None:
    """What whoever runs a programme sees of work that is not done, or was in vain."""
    engine = app.extensions["tandem_engine"]
    addresses = states.make(engine, app.extensions["tandem_settings"])
    client = sign_in(app, add_admin(engine))
    for address in addresses:
        album.add(site, address, client.get(address), partial(client.get, _other(address)))
    engine.dispose()


def _come_in(album: Album, site: Site, app: Flask) -> None:
    """Signing in, invitations, the first run."""
    vault = Vault(app.extensions["tandem_engine"])
    shown = list(Doors(app, "en").walk())
    vault.restore()
    for one, other in zip(shown, Doors(app, OTHER).walk(), strict=True):
        album.add(site, f"{one.request.method} {one.request.path}", one, partial(_given, other))
    vault.close()
    app.extensions["tandem_engine"].dispose()


def _given(answer: TestResponse) -> TestResponse:
    return answer


def _empty_app(folder: Path) -> Flask:
    app = make_app(folder)
    app.config["WTF_CSRF_ENABLED"] = False
    app.extensions["tandem_limiter"].enabled = False
    Base.metadata.create_all(app.extensions["tandem_engine"])
    return app


def _other(address: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}lang={OTHER}"
