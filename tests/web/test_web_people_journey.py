"""The ways of the four kinds of people, from registering to working together, in a real browser.

Each is gone at both widths or in both languages, with scripts and without, by mouse and by keyboard alone;
together they use each of the six languages.
"""

import csv
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from flask_security import hash_password
from icalendar import Calendar
from passlib.totp import TOTP  # type: ignore[import-untyped]
from playwright.sync_api import Browser
from sqlalchemy import select

from matcher.db import reading, unit_of_work
from matcher.models import (
    Funder,
    Kind,
    Match,
    MatchState,
    Membership,
    MembershipState,
    Mentor,
    Role,
    SessionLog,
    Side,
    Startup,
    Survey,
    utcnow,
)
from matcher.services import introductions
from matcher.services.followup import follow_up
from tests import chromium
from tests.web import relations
from tests.web.cohort_world import programme_of, states
from tests.web.people import add_member
from tests.web.test_web_browser import browser
from tests.web.test_web_journey import _work
from tests.web.travelling import Place, Traveller, Way, serve
from tests.web.world import _recommend

__all__ = ["browser"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium.find() is None, reason="no Chromium: apt-get install chromium"),
]
PASSWORD = "four unlikely words together"
_SOON = (utcnow() + timedelta(days=9)).date().isoformat()
_SEND = "main form .actions button"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with serve(tmp_path) as served:
        yield served


def _join(place: Place, role: Role, profile_id: int | None = None, **fields: object) -> tuple[int, str]:
    """Somebody who takes part already: the account, and their first page."""
    with unit_of_work(place.engine) as session:
        member = add_member(session, place.world.slug, role, profile_id=profile_id, **fields)  # type: ignore[arg-type]
        return member.account_id, f"/p/{place.world.slug}/mine/{member.id}"


def _manager(browser: Browser, place: Place, way: Way) -> Traveller:
    return Traveller(browser, place, way, "manager", _join(place, Role.MANAGER)[0])


_ANSWERS = {"languages": "en; fr", "pitch": "شبكات صغيرة للقرى", "needs-0": "Licences for radio"}


def _describe(founder: Traveller) -> list[str]:
    """Fill one's profile in, page by page; the names of those that were left open."""
    unknown = []
    while not founder.page.url.endswith("/check"):
        name = founder.page.url.rpartition("/")[2]
        go_on = "continue"
        if name == "about":
            founder.write("name", "Brise")
            founder.write("country", "KE")
        elif name == "sectors":
            founder.tick("sectors-agritech")
        elif name == "stage":
            founder.tick("stage-pilot")
        elif name in {"languages", "pitch", "needs"}:
            field = "needs-0" if name == "needs" else name
            founder.write(field, _ANSWERS[field])
        else:
            go_on = "unknown"
            unknown.append(name)
        founder.press(f"{_SEND}[value={go_on}]")
    return unknown


def _admit(browser: Browser, place: Place, way: Way) -> None:
    """A manager lets in who waits, and a worker recommends them somebody."""
    manager = _manager(browser, place, way)
    manager.open(f"/p/{place.world.slug}/people")
    manager.press("main ul.rows h2 a", "/people/")
    manager.press("form[action$='/approve'] button")
    manager.leave()
    with unit_of_work(place.engine) as session:
        found = session.scalars(select(Startup).where(Startup.name == "Brise")).one()
        for kind, model in ((Kind.MENTOR, Mentor), (Kind.FUNDER, Funder)):
            of_ours = select(model).where(model.programme_id == found.programme_id).order_by(model.id)
            _recommend(session, found, kind, list(session.scalars(of_ours)))  # type: ignore[arg-type]
    place.settle()


@pytest.mark.parametrize(
    "way", [Way(360, False, "ar"), Way(1280, True, "fr", by_keyboard=True)], ids=str
)  # fmt: skip
def test_a_founder_registers_describes_themselves_and_asks_for_a_mentor(
    browser: Browser, place: Place, way: Way
) -> None:
    with unit_of_work(place.engine) as session:
        programme_of(session, place.world).open_to = [Role.FOUNDER.value, Role.MENTOR.value]
    founder = Traveller(browser, place, way, "founder")
    founder.open("/")
    founder.press(f"main a[href='/join/{place.world.slug}']")
    founder.tick("role-founder")
    founder.write("name", "Amina Diallo")
    founder.write("email", "amina@example.org")
    founder.press(_SEND, "?sent=1")
    founder.open(place.letter_to("amina@example.org"))
    founder.write("password", PASSWORD)
    founder.press(_SEND, "/mine/")
    home = founder.page.url

    founder.press("main a.button", "/profile")
    founder.press("main .actions a.button", "/profile/about")
    assert _describe(founder) == ["markets", "goals", "money"]
    founder.press("main form[action$='/send'] button", "/profile/sent")
    _admit(browser, place, way)

    first, second = place.world.mentor, place.world.mentor + 1
    founder.open(home)
    founder.press("section[aria-labelledby=best-mentor] a[href$='/mentors']")
    for mentor in (first, second):
        founder.press(f"#c{mentor} form[action$='/shortlist'] button")
    founder.press("nav a[href$='/shortlist']")
    assert founder.find("main li.card").get_attribute("id") == f"c{first}"
    founder.press(f"button[value='up:{second}']")
    assert founder.find("main li.card").get_attribute("id") == f"c{second}"
    founder.press(f"#c{second} a[href$='/ask']")
    founder.write("message", "نبحث عن خبرة في تراخيص الراديو")
    founder.press(_SEND, "/requests")
    assert founder.find(f"#r{second} .letter").inner_text() == "نبحث عن خبرة في تراخيص الراديو"
    founder.leave()
    with reading(place.engine) as session:
        match = session.scalars(select(Match).where(Match.counterpart_id == second)).one()
        assert (match.state, match.startup_answer) == (MatchState.OFFERED, True)


def _ask(place: Place, founder: int) -> None:
    """The world's first start-up has asked for its first mentor."""
    with unit_of_work(place.engine) as session:
        introductions.ask(
            session, programme_of(session, place.world), (place.world.startup, place.world.mentor),
            Side.STARTUP.value, message="May we talk about tariffs?", account_id=founder, link=str,
        )  # fmt: skip


def _sign_in(mentor: Traveller) -> None:
    """By the first page, with a password."""
    mentor.open("/")
    mentor.press("main a[href='/sign-in']")
    mentor.write("email", "mentor@example.org")
    mentor.write("password", PASSWORD)
    mentor.press(_SEND, "/mine/")


@pytest.mark.parametrize(
    "way", [Way(360, True, "es", by_keyboard=True), Way(1280, False, "zh")], ids=str
)  # fmt: skip
def test_a_mentor_accepts_and_the_two_meet_write_it_down_and_say_how_it_goes(
    browser: Browser, place: Place, way: Way
) -> None:
    world = place.world
    asker, ours = _join(place, Role.FOUNDER, world.startup, timezone="Africa/Cairo")
    with place.app.app_context():
        hashed = hash_password(PASSWORD)
    _join(
        place, Role.MENTOR, world.mentor, email="mentor@example.org", password=hashed, timezone="Asia/Almaty"
    )
    _ask(place, asker)
    mentor = Traveller(browser, place, way, "mentor")
    founder = Traveller(browser, place, way, "founder", asker)

    _sign_in(mentor)
    mentor.press("section[aria-labelledby=due] a.button", "/requests")
    mentor.press("form[action$='/answer'] button[value=yes]")
    mentor.press(f"main a[href$='/matches/{world.startup}']")
    mentor.press("main a[href$='/meetings/new']")
    mentor.write("date-1", _SOON)
    mentor.write("time-1", "15:30")
    mentor.press(_SEND, f"/matches/{world.startup}")

    founder.open(ours)
    founder.press(f"main a[href$='/matches/{world.mentor}']")
    founder.press("form[action$='/choose'] button")
    event = Calendar.from_ical(founder.save("main a[href$='.ics']").path().read_bytes()).walk("VEVENT")[0]
    assert event.decoded("dtstart").isoformat() == f"{_SOON}T10:30:00+00:00", "Almaty is five hours ahead"

    mentor.press("main a[href$='/sessions/new']")
    mentor.write("held_on", utcnow().date().isoformat())
    mentor.write("minutes", "45")
    mentor.write("topics", "我们谈了电价。")
    mentor.press(_SEND, f"/matches/{world.startup}")
    founder.press("nav a[href$='/matches']")
    founder.press(f"main a[href$='/matches/{world.mentor}']")
    founder.press("form[action$='/confirm'] button")

    with unit_of_work(place.engine) as session:
        follow_up(session, programme_of(session, world), utcnow() + timedelta(days=31))
    founder.press("nav a[href$='/matches']")
    founder.press(f"main a[href$='/matches/{world.mentor}']")
    founder.press("main a[href*='/survey']")
    for box in ("helpful-4", "progress-3", "goes_on-yes"):
        founder.tick(box)
    founder.press(_SEND, f"/matches/{world.mentor}")
    mentor.leave()
    founder.leave()
    with reading(place.engine) as session:
        log = session.scalars(select(SessionLog)).one()
        survey = session.scalars(select(Survey).where(Survey.side == Side.STARTUP)).one()
        assert (log.minutes, log.confirmed_at is not None) == (45, True)
        assert (survey.helpful, survey.progress, survey.goes_on) == (4, 3, True)


@pytest.mark.parametrize("way", [Way(360, False, "ru", by_keyboard=True)], ids=str)
def test_a_funding_partner_s_interest_reaches_the_founder_by_the_manager(
    browser: Browser, place: Place, way: Way
) -> None:
    world = place.world
    money, theirs = _join(place, Role.FUNDER, world.funder)
    asked, ours = _join(place, Role.FOUNDER, world.startup)
    funder = Traveller(browser, place, way, "funder", money)
    manager = _manager(browser, place, way)
    founder = Traveller(browser, place, way, "founder", asked)

    funder.open(theirs)
    funder.press("section[aria-labelledby=best-startup] a[href$='/startups']")
    funder.press(f"#c{world.startup} h3 a")
    funder.press("main a[href$='/ask']")
    funder.write("message", "Мы хотим узнать больше.")
    funder.press(_SEND, "/requests")
    founder.open(ours)
    assert founder.page.locator("section[aria-labelledby=due] a").count() == 0

    manager.open(f"/p/{world.slug}")
    manager.press("nav.main a[href$='/matches']")
    manager.press("nav a[href$='/requests']")
    manager.press("form[action$='/pass-on'] button")
    founder.open(ours)
    founder.press("section[aria-labelledby=due] a.button", "/requests")
    assert founder.find(f"#r{world.funder} .letter").inner_text() == "Мы хотим узнать больше."
    for traveller in (funder, manager, founder):
        traveller.leave()


def _invite(browser: Browser, place: Place, way: Way) -> str:
    """A manager invites another by the form; the address in the letter."""
    manager = _manager(browser, place, way)
    manager.open(f"/p/{place.world.slug}")
    manager.press("nav.main a[href$='/people']")
    manager.press("main a[href$='/people/invite']")
    manager.write("people", "Nour Haddad <nour@example.org>")
    manager.tick("role-manager")
    manager.press(_SEND, "/people/invited")
    manager.leave()
    return place.letter_to("nour@example.org")


def _come_in(manager: Traveller, letter: str) -> None:
    """Make the account, and add codes from an app, as managers must."""
    manager.open(letter)
    manager.write("password", PASSWORD)
    manager.press(_SEND, "/account?needed=1")
    manager.press("main a[href='/account/codes']")
    manager.press("button[value=authenticator]")
    key = manager.find("main code[dir=ltr]").inner_text()
    manager.write("code", TOTP(key=key, format="base32").generate().token)
    manager.press(_SEND, "/account/recovery-codes")
    manager.press("button[name=generate_new_codes]")
    assert manager.page.locator("main .codes li").count() >= 5
    manager.press("main .actions a.button", "/account")


def _apply(place: Place) -> int:
    """Somebody waits to be let in; their membership."""
    with unit_of_work(place.engine) as session:
        member = add_member(
            session, place.world.slug, Role.FOUNDER, email="waits@example.org", state=MembershipState.APPLYING
        )
        relations.add_application(session, member, sent=True)
        return member.id


@pytest.mark.parametrize(
    "way", [Way(1280, True, "en"), Way(360, False, "en", by_keyboard=True)], ids=str
)  # fmt: skip
def test_an_invited_manager_approves_proposes_publishes_and_exports(
    browser: Browser, place: Place, way: Way
) -> None:
    waiting = _apply(place)
    letter = _invite(browser, place, way)
    manager = Traveller(browser, place, way, "invited")
    _come_in(manager, letter)

    manager.press("header a.wordmark", f"/p/{place.world.slug}")
    manager.press("nav.main a[href$='/people']")
    manager.press(f"main a[href$='/people/{waiting}']")
    manager.press("form[action$='/approve'] button")
    with reading(place.engine) as session:
        assert session.get_one(Membership, waiting).state == MembershipState.ACTIVE
    place.settle()

    manager.press("nav.main a[href$='/cohort/mentors']")
    manager.press("form[action$='/propose'] button")
    _work(place.engine, place.world, place.data)
    manager.press("nav.main a[href$='/cohort/mentors']")
    manager.unfold("details:has(a[href$='/approve/possible'])")
    manager.press("a[href$='/approve/possible']")
    manager.press(_SEND, "/cohort/mentors")
    manager.press("main a[href$='/publish']")
    manager.press(_SEND, "/matches")
    offered = [pair for pair, state in states(place.engine).items() if state == MatchState.OFFERED]
    assert offered

    manager.unfold("main details:has(a[href*='/export.csv'])")
    saved = manager.save("a[href$='/mentors/export.csv?which=matches']").path().read_text("utf-8-sig")
    manager.leave()
    rows = list(csv.DictReader(StringIO(saved)))
    with reading(place.engine) as session:
        names = {(session.get_one(Startup, a).ref, session.get_one(Mentor, b).ref) for a, b in offered}
    assert {(row["startup_ref"], row["mentor_ref"]) for row in rows} == names
