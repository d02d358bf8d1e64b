"""A manager's whole way with a cohort, in a real browser, by keyboard alone: from proposing to publishing."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import Engine, delete, select, update
from werkzeug.serving import make_server

from config.settings import Settings
from matcher.db import unit_of_work
from matcher.models import Base, Job, Kind, Profile
from matcher.services.proposing import propose
from tests import chromium
from tests.matcher.factories import embed_all
from tests.web.cohort_world import programme_of, states
from tests.web.people import enter
from tests.web.test_web_browser import browser
from tests.web.test_web_whynot import SPACE
from tests.web.world import World, build
from web import create_app

__all__ = ["browser"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium.find() is None, reason="no Chromium: apt-get install chromium"),
]
_MOST_TABS = 400
_IS_FOCUSED = "element => element === document.activeElement"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, World, Engine]]:
    """A server on a free port with a fresh world behind it, whose texts are all compared."""
    app = create_app(Settings(data=tmp_path), testing=True)
    engine: Engine = app.extensions["tandem_engine"]
    Base.metadata.create_all(engine)
    world = build(engine)
    with unit_of_work(engine) as session:
        programme = programme_of(session, world)
        session.execute(update(Profile).where(Profile.kind == Kind.MENTOR).values(languages=["en"]))
    embed_all(engine, programme, SPACE)
    _rest(engine)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", world, engine
    server.shutdown()
    thread.join()
    engine.dispose()


def _rest(engine: Engine) -> None:
    with unit_of_work(engine) as session:
        session.execute(delete(Job))


def _work(engine: Engine, world: World, data: Path) -> None:
    """Do the run that was asked for, as a worker would."""
    with unit_of_work(engine) as session:
        programme_id = programme_of(session, world).id
        assert session.scalars(select(Job).where(Job.kind == "propose", Job.state == "queued")).one()
    propose(
        engine, programme_id, Kind.MENTOR, snapshots=data / "snapshots", model=SPACE.model, length=20,
        actor="admin@example.org", seed=0, progress=lambda _done, _total: None,
    )  # fmt: skip
    _rest(engine)


def _press(page: Page, wanted: Locator) -> None:
    """Reach something by the Tab key alone, see that it shows the focus, and press Enter."""
    for _ in range(_MOST_TABS):
        page.keyboard.press("Tab")
        if wanted.evaluate(_IS_FOCUSED):
            break
    assert wanted.evaluate(_IS_FOCUSED), f"{wanted} is out of the keyboard's reach"
    assert wanted.evaluate("element => getComputedStyle(element).outlineStyle") == "solid"
    page.keyboard.press("Enter")


def _exported(page: Page) -> list[str]:
    with page.expect_download() as saved:
        _press(page, page.get_by_role("link", name="Pairs as CSV"))
    return saved.value.path().read_text("utf-8-sig").splitlines()


def _card(page: Page, number: int) -> Locator:
    return page.locator("li.card").nth(number)


@pytest.mark.parametrize("width", [360, 1280])
def test_a_cohort_is_proposed_shaped_and_published_by_keyboard_alone(
    browser: Browser, served: tuple[str, World, Engine], tmp_path: Path, width: int
) -> None:
    base, world, engine = served
    context = browser.new_context(viewport={"width": width, "height": 800}, locale="en", base_url=base)
    enter(context, tmp_path, base)
    page = context.new_page()
    page.goto(f"/p/{world.slug}")
    _press(page, page.get_by_role("link", name="Cohort"))

    _press(page, page.get_by_role("button", name="Propose pairs"))
    expect(page.get_by_role("progressbar")).to_be_visible()
    _work(engine, world, tmp_path)
    expect(page.get_by_role("heading", name="The pairs")).to_be_visible(timeout=10_000)

    assert sum(_card(page, number).locator(".reasons li").count() for number in range(3)) >= 3
    for number in (0, 1):
        _press(page, _card(page, number).get_by_role("button", name="Lock"))
        expect(_card(page, number).get_by_role("status")).to_contain_text("Pair locked")
        expect(_card(page, number)).to_be_in_viewport()
    locked = {pair for pair, state in states(engine).items() if state == "locked"}
    _press(page, _card(page, 2).get_by_role("button", name="Reject"))
    expect(_card(page, 2).get_by_role("status")).to_contain_text("Pair rejected.")

    before = states(engine)
    _press(page, _card(page, 4).get_by_role("link", name="Look closer"))
    _press(page, page.locator("summary", has_text="Swap with another pair"))
    _press(page, page.get_by_role("button", name="Swap"))
    expect(page.get_by_role("status").filter(has_text="The two were swapped")).to_be_in_viewport()
    assert states(engine) != before
    _press(page, page.get_by_role("button", name="Undo", exact=True))
    expect(page.get_by_role("status").filter(has_text="taken back")).to_be_in_viewport()
    assert states(engine) == before

    _press(page, page.get_by_role("link", name="Back to the cohort"))
    expect(page.get_by_role("heading", name="The pairs")).to_be_visible()
    _rest(engine)
    _press(page, page.get_by_role("button", name="Propose again"))
    expect(page.get_by_role("progressbar")).to_be_visible()
    _work(engine, world, tmp_path)
    expect(page.get_by_role("button", name="Propose again")).to_be_visible(timeout=10_000)
    assert locked <= {pair for pair, state in states(engine).items() if state == "locked"}

    _press(page, page.locator("summary", has_text="Approve many at once"))
    _press(page, page.get_by_role("link", name="pairs that are proposed or locked"))
    _press(page, page.get_by_role("button", name="Approve"))
    exported = _exported(page)
    assert exported[0].startswith("startup_ref,startup,mentor_ref,mentor,score,fit,reasons,status")
    assert len(exported) > len(locked)
    _press(page, page.get_by_role("link", name="Publish"))
    expect(page.get_by_role("heading", name="What they read")).to_be_visible()
    _press(page, page.get_by_role("button", name="Publish"))
    expect(page.get_by_role("heading", name="Matches", exact=True)).to_be_visible()
    expect(page.locator("li.card .badge").first).to_have_text("Waiting for answers")
    assert "offered" in states(engine).values()
    assert "approved" not in states(engine).values()
    context.close()
