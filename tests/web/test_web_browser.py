"""The pages in a real browser, from a real server: by keyboard alone, and without complaints of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy import Engine, select, update
from werkzeug.serving import make_server

from config.settings import Settings
from matcher.db import make_engine, unit_of_work
from matcher.models import Base, Job, Programme
from matcher.services.review import decide
from tests import chromium
from tests.matcher.factories import embed_all
from tests.web.people import enter
from tests.web.test_web_whynot import SPACE
from tests.web.world import World, build
from web import create_app

_SHEET = "Nom;Pays;Langues;Expertise;Taille\nAwa Ba;Sénégal;fr;Réseaux;38\nBo Li;Chine;zh;5G;41\n"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium.find() is None, reason="no Chromium: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def settings_of(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(data=tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def engine_of(settings_of: Settings) -> Iterator[Engine]:
    made = make_engine(settings_of.sqlalchemy_url)
    Base.metadata.create_all(made)
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def served(settings_of: Settings, engine_of: Engine) -> Iterator[tuple[str, World]]:
    """A server on a free port, and the world behind it."""
    app = create_app(settings_of, testing=True)
    world = build(engine_of)
    _embed_and_approve(engine_of, world)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", world
    server.shutdown()
    thread.join()
    app.extensions["tandem_engine"].dispose()


def _embed_and_approve(engine: Engine, world: World) -> None:
    """All texts compared, a pair that no list has, and no work left over from it."""
    with unit_of_work(engine) as session:
        programme = session.scalars(select(Programme).where(Programme.slug == world.slug)).one()
        decide(session, programme, world.lonely, world.funder, "approved", actor="test")
    embed_all(engine, programme, SPACE)
    _finish_all(engine)


def _finish_all(engine: Engine) -> None:
    with unit_of_work(engine) as session:
        session.execute(update(Job).values(state="done"))


@pytest.fixture
def finish(served: tuple[str, World], engine_of: Engine) -> Callable[[], None]:
    """Does what workers would: leaves no job waiting."""

    return lambda: _finish_all(engine_of)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium.find(), args=[*chromium.ARGUMENTS])
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser, served: tuple[str, World], settings_of: Settings) -> Iterator[Page]:
    """An English tab that runs no JavaScript of the page's, as there is none."""
    context = browser.new_context(
        viewport={"width": 360, "height": 740},
        locale="en",
        base_url=served[0],
        java_script_enabled=True,
    )
    enter(context, settings_of.data, served[0])
    opened, complaints = context.new_page(), list[str]()
    opened.on("console", lambda message: complaints.append(message.text))
    yield opened
    context.close()
    assert [text for text in complaints if "422" not in text] == []


def test_a_pair_is_approved_and_taken_back_by_keyboard(page: Page, served: tuple[str, World]) -> None:
    _, world = served
    page.goto(f"/p/{world.slug}/startups/{world.startup}")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    approve = page.get_by_role("button", name="Approve Amara Diop")
    for _ in range(30):
        page.keyboard.press("Tab")
        if approve.evaluate("button => button === document.activeElement"):
            break
    page.keyboard.press("Enter")

    expect(page.get_by_role("status").filter(has_text="Pair approved.")).to_be_in_viewport()
    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.get_by_role("status").filter(has_text="taken back")).to_be_in_viewport()


def test_the_undo_stays_in_view_until_the_lists_are_updated(
    page: Page, served: tuple[str, World], finish: Callable[[], None]
) -> None:
    world = served[1]
    page.goto(f"/p/{world.slug}/startups/{world.startup}")
    page.get_by_role("button", name="Reject Wei Zhang").click()
    working = page.get_by_role("status").filter(has_text="Updating the recommendations")
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_in_viewport()
    page.wait_for_timeout(2500)
    expect(working).to_be_attached()
    expect(undo).to_be_in_viewport()

    finish()
    expect(working).not_to_be_attached(timeout=10_000)
    expect(undo).to_be_in_viewport()


def test_a_form_with_errors_leads_to_its_fields(page: Page, served: tuple[str, World]) -> None:
    page.goto(f"/p/{served[1].slug}/mentors/new")
    page.get_by_label("Country").fill("Atlantis")
    page.get_by_role("button", name="Save").click()

    page.get_by_role("alert").get_by_role("link", name="Country").click()
    expect(page.get_by_label("Country")).to_be_focused()
    expect(page.get_by_label("Country")).to_have_value("Atlantis")


def test_a_sheet_is_chosen_looked_at_and_imported(
    page: Page, served: tuple[str, World], tmp_path: Path
) -> None:
    sheet = tmp_path / "mentors.csv"
    sheet.write_text(_SHEET)
    page.goto(f"/p/{served[1].slug}/import")
    page.get_by_label("Mentors", exact=True).check()
    page.get_by_label("The sheet").set_input_files(sheet)
    page.get_by_role("button", name="Upload and look").click()

    expect(page.get_by_label("Nom")).to_have_value("name")
    expect(page.get_by_label("Taille")).to_have_value("")
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_role("heading", name="Importing…")).to_be_visible()
    page.get_by_role("link", name="Stop updating").click()
    expect(page.get_by_role("link", name="Go on following")).to_be_visible()


def test_the_language_changes_from_the_footer(page: Page, served: tuple[str, World]) -> None:
    page.goto(f"/p/{served[1].slug}/startups")
    page.get_by_role("link", name="العربية").click()

    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    page.goto(f"/p/{served[1].slug}/mentors")
    expect(page.locator("html")).to_have_attribute("lang", "ar")
