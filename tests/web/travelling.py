"""Somebody on their way through the pages in a real browser, who notices what is wrong with each of them.

Controls are found by where they lead and what they are called in the form, never by words: the same way is
gone in each language. With `SHOTS=FOLDER` in the environment a picture of every page is kept.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

from flask import Flask
from playwright.sync_api import Browser, Download, Locator
from sqlalchemy import Engine, delete, event, select, update
from werkzeug.serving import make_server

from config.settings import Settings
from matcher.db import reading, unit_of_work
from matcher.models import Base, Job, Kind, Mail, Profile
from tests.matcher.factories import embed_all
from tests.web.cohort_world import programme_of
from tests.web.people import enter
from tests.web.test_web_whynot import SPACE
from tests.web.world import World, build
from web import create_app

_MOST_TABS = 250
_IS_FOCUSED = "element => element === document.activeElement"
_OUTLINE = "element => getComputedStyle(element).outlineStyle"
_FAULTS = """() => {
  const seen = element => element.getClientRects().length > 0;
  const root = document.documentElement;
  const wider = root.scrollWidth - root.clientWidth;
  const steps = [...document.querySelectorAll('main a[href], main button')].filter(seen);
  return [
    wider > 0 ? `scrolls sideways by ${wider}` : '',
    document.querySelectorAll('h1').length === 1 ? '' : 'has not one heading of the first level',
    steps.length ? '' : 'is a dead end',
  ].filter(Boolean);
}"""
"""Of a page; it is run for the tests, whether or not the page may run scripts."""


@dataclass(frozen=True, slots=True)
class Way:
    """How somebody travels."""

    width: int
    has_script: bool
    language: str
    by_keyboard: bool = False

    def __str__(self) -> str:
        script, hand = ("" if self.has_script else "no-") + "script", "keys" if self.by_keyboard else "mouse"
        return f"{self.width}-{script}-{self.language}-{hand}"


@dataclass(frozen=True, slots=True)
class Place:
    """A server, the world behind it, and the folder of its data."""

    base: str
    world: World
    app: Flask
    data: Path

    @property
    def engine(self) -> Engine:
        """Of its database."""
        found: Engine = self.app.extensions["tandem_engine"]
        return found

    def letter_to(self, address: str) -> str:
        """The link in the latest letter to somebody."""
        with reading(self.engine) as session:
            links = select(Mail.link).where(Mail.address == address).order_by(Mail.id.desc())
            return session.scalars(links.limit(1)).one()

    def settle(self) -> None:
        """All texts are compared, and no work waits."""
        with reading(self.engine) as session:
            programme = programme_of(session, self.world)
        embed_all(self.engine, programme, SPACE)
        with unit_of_work(self.engine) as session:
            session.execute(delete(Job))


@contextmanager
def serve(data: Path) -> Iterator[Place]:
    """A server on a free port with a fresh world behind it, all of whose mentors speak English."""
    app = create_app(Settings(data=data), testing=True)
    engine: Engine = app.extensions["tandem_engine"]
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=OFF"))
    Base.metadata.create_all(engine)
    world = build(engine)
    with unit_of_work(engine) as session:
        session.execute(update(Profile).where(Profile.kind == Kind.MENTOR).values(languages=["en"]))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    place = Place(f"http://127.0.0.1:{server.server_port}", world, app, data)
    place.settle()
    yield place
    server.shutdown()
    thread.join()
    engine.dispose()


@dataclass
class Traveller:
    """Somebody in a browser of their own; `faults` are those of the pages that they saw."""

    browser: Browser
    place: Place
    way: Way
    name: str
    account_id: int | None = None
    """Who is signed in already; None: nobody."""
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._context = self.browser.new_context(
            viewport={"width": self.way.width, "height": 800},
            locale=self.way.language,
            base_url=self.place.base,
            java_script_enabled=self.way.has_script,
        )
        if self.account_id is not None:
            enter(self._context, self.place.data, self.place.base, self.account_id)
        self.page = self._context.new_page()
        self.page.on("console", lambda said: self.faults.append(f"{said.location['url']} says {said.text}"))
        self.page.on("pageerror", lambda error: self.faults.append(f"{self.page.url} fails: {error}"))
        self._seen = 0

    def find(self, selector: str) -> Locator:
        """The first of these that can be seen."""
        return self.page.locator(f"{selector} >> visible=true").first

    def open(self, address: str) -> None:
        """Come from elsewhere, such as a letter."""
        answer = self.page.goto(address)
        assert answer is not None
        assert answer.ok, f"{address}: {answer.status}"
        self._look()

    def press(self, selector: str, leads_to: str = "") -> None:
        """Use a link or button that leads to another page, and look at that."""
        wanted = self.find(selector)
        with self.page.expect_navigation():
            self._use(wanted)
        assert leads_to in self.page.url, f"{selector} leads to {self.page.url}"
        self._look()

    def unfold(self, selector: str) -> None:
        """Open what is folded away."""
        self._use(self.find(f"{selector} > summary"))

    def save(self, selector: str) -> Download:
        """Take a file home."""
        wanted = self.find(selector)
        with self.page.expect_download() as saved:
            self._use(wanted)
        return saved.value

    def write(self, name: str, text: str) -> None:
        """Fill a field in, by its id."""
        wanted = self.find(f"#{name}")
        if not self.way.by_keyboard:
            wanted.fill(text)
            return
        self._reach(wanted)
        if wanted.get_attribute("type") in {"date", "time"}:
            wanted.fill(text)  # in which order the parts are typed is the browser's affair
            return
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)

    def tick(self, box: str) -> None:
        """Choose one of several, by its id."""
        wanted = self.find(f"#{box}")
        if not self.way.by_keyboard:
            wanted.check()
            return
        if wanted.get_attribute("type") == "radio":  # Tab reaches the group, arrows one of it
            self._reach(self.find(f"input[name='{wanted.get_attribute('name')}']"))
            while not wanted.is_checked():
                self.page.keyboard.press("Space" if wanted.evaluate(_IS_FOCUSED) else "ArrowDown")
            return
        self._reach(wanted)
        self.page.keyboard.press("Space")
        assert wanted.is_checked()

    def leave(self) -> None:
        """Say what was wrong on the way."""
        self._context.close()
        assert not self.faults, "\n".join(self.faults)

    def _use(self, wanted: Locator) -> None:
        if self.way.by_keyboard:
            self._reach(wanted)
            self.page.keyboard.press("Enter")
        else:
            wanted.click()

    def _reach(self, wanted: Locator) -> None:
        """Come to something by the Tab key alone, and see where one is."""
        element = wanted.element_handle()
        for _ in range(_MOST_TABS):
            if element.evaluate(_IS_FOCUSED):
                break
            self.page.keyboard.press("Tab")
        assert element.evaluate(_IS_FOCUSED), f"{wanted} is out of the keyboard's reach"
        assert element.evaluate(_OUTLINE) != "none", f"{wanted} does not show the focus"

    def _look(self) -> None:
        self.page.wait_for_load_state()
        self.faults += [f"{self.page.url} {fault}" for fault in self.page.evaluate(_FAULTS)]
        assert self.page.locator("html").get_attribute("lang") == self.way.language
        folder = os.environ.get("SHOTS")
        if folder:
            self._seen += 1
            at = self.page.url.removeprefix(self.place.base).partition("?")[0].strip("/").replace("/", "_")
            name = f"{self.way}-{self.name}-{self._seen:02d}-{at[:60]}.png"
            self.page.screenshot(path=Path(folder) / name, full_page=True)
