"""The pages in a real browser: accessible, without sideways scrolling, usable by keyboard alone."""

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy import Engine, select, update
from werkzeug.serving import make_server

from config.settings import Settings
from matcher.db import make_engine, unit_of_work
from matcher.models import Base, Job, JobKind, JobState, Programme, Upload, utcnow
from matcher.profiles.rows import RowProblem
from matcher.services import jobs
from matcher.services.filtering import Filters
from matcher.services.review import decide
from matcher.services.search_jobs import ask
from matcher.wording import Message
from tests import chromium
from tests.matcher.factories import embed_all
from tests.web.cohorts import propose
from tests.web.people import enter
from tests.web.test_web_whynot import SPACE
from tests.web.world import HOSTILE, World, build
from web import create_app

_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_SHEET = "Nom;Pays;Langues;Expertise;Taille\nAwa Ba;Sénégal;fr;Réseaux;38\nBo Li;Chine;zh;5G;41\n"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium.find() is None, reason="no Chromium: apt-get install chromium"),
]

PAGES = (
    "/",
    "/p/{w.slug}",
    "/p/{w.other_slug}",
    "/p/{w.slug}/startups",
    "/p/{w.slug}/startups?q=nothing-like-it",
    "/p/{w.slug}/startups/{w.startup}?all=mentor",
    "/p/{w.slug}/startups/{w.lonely}",
    "/p/{w.slug}/startups/{w.hostile}",
    "/p/{w.slug}/mentors/{w.mentor}",
    "/p/{w.slug}/funders/{w.funder}",
    "/p/{w.slug}/startups/{w.startup}/why/mentors",
    "/p/{w.slug}/startups/{w.startup}/why/mentors/{w.mentor}",
    "/p/{w.slug}/startups/{w.hostile}/why/funders/{w.funder}",
    "/p/{w.slug}/mentors/{w.mentor}/why/startups/{w.hostile}",
    "/p/{w.slug}/search",
    "/p/{w.slug}/search/1",
    "/p/{w.slug}/search/2",
    "/p/{w.slug}/startups/{w.hostile}/edit",
    "/p/{w.slug}/mentors/new",
    "/p/{w.slug}/funders/new",
    "/p/{w.slug}/startups/{w.startup}/remove",
    "/p/{w.slug}/log",
    "/p/{w.slug}/rules",
    "/p/{w.slug}/rules/versions",
    "/p/{w.slug}/questions",
    "/p/{w.slug}/equality",
    "/p/{w.slug}/wishes",
    "/p/{w.slug}/startups/{w.startup}/wishes",
    "/p/{w.slug}/cohort/mentors/report",
    "/p/{w.slug}/cohort/funders/report",
    "/p/{w.slug}/import",
    "/p/{w.slug}/imports/running?pause=1",
    "/p/{w.slug}/imports/partly",
    "/p/{w.slug}/imports/failed",
    "/new",
    "/p/{w.slug}/remove",
    "/nowhere",
)


def _still(address: str) -> str:
    """The page without its wish to be loaded again, which would pull it from under the measuring."""
    return address if "pause=1" in address else f"{address}{'&' if '?' in address else '?'}pause=1"


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
    _add_searches(engine_of, world)
    _embed_and_approve(engine_of, world)
    _add_imports(engine_of)
    with unit_of_work(engine_of) as session:
        propose(session, world)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", world
    server.shutdown()
    thread.join()
    app.extensions["tandem_engine"].dispose()


def _add_imports(engine: Engine) -> None:
    """One import that runs, one that left rows out, one that failed."""
    wrong = RowProblem("x.csv", 3, "country", HOSTILE, Message("one country")).message().to_json()
    partly = {"created": 3, "imported": True, "bad_rows": 1, "problem_count": 1, "problems": [wrong]}
    failed = Message("The sheet %(file)s has no header.", {"file": "x.csv"}).to_json()
    states = {
        "running": {"state": "running", "done": 40, "total": 100},
        "partly": {"state": "done", "result": partly},
        "failed": {"state": "failed", "error": failed},
    }
    with unit_of_work(engine) as session:
        for name, columns in states.items():
            job = Job(programme_id=1, kind=JobKind.IMPORT.value, **columns)
            session.add(job)
            session.flush()
            session.add(Upload(id=name, programme_id=1, kind="startup", filename="x.csv", job_id=job.id))


def _add_searches(engine: Engine, world: World) -> None:
    """One that the worker answered, and one that it did not answer in time; the first jobs that there are."""
    found = [{"profile": n, "entry": 0, "score": 0.4} for n in (world.mentor, world.hostile, world.lonely)]
    with unit_of_work(engine) as session:
        programme = session.scalars(select(Programme).where(Programme.slug == world.slug)).one()
        for query in ("networks", HOSTILE):
            ask(session, programme, query, Filters(), {"sectors": query})
        answered, late = session.scalars(select(Job).order_by(Job.id))
        answered.state, answered.result = JobState.DONE.value, {"found": found}
        late.created_at = utcnow() - jobs.SEARCH_EXPIRES


def _embed_and_approve(engine: Engine, world: World) -> None:
    """All texts compared, a pair that no list has, and no work left over from it."""
    with unit_of_work(engine) as session:
        programme = session.scalars(select(Programme).where(Programme.slug == world.slug)).one()
        decide(session, programme, world.lonely, world.funder, "approved", actor="test")
    embed_all(engine, programme, SPACE)
    _finish_all(engine)


def _finish_all(engine: Engine) -> None:
    with unit_of_work(engine) as session:
        session.execute(update(Job).where(Job.kind != JobKind.SEARCH).values(state="done"))


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
    yield context.new_page()
    context.close()


@pytest.mark.parametrize(
    ("width", "lang", "scheme"),
    [(360, "en", "light"), (360, "ar", "dark"), (1280, "en", "dark"), (1280, "ar", "light")],
)
def test_pages_are_accessible_and_never_scroll_sideways(
    browser: Browser, served: tuple[str, World], settings_of: Settings, width: int, lang: str, scheme: str
) -> None:
    base, world = served
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        locale=lang,
        color_scheme=scheme,  # type: ignore[arg-type]
        base_url=base,
    )
    enter(context, settings_of.data, base)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    for address in PAGES:
        page.goto(_still(address.format(w=world)))
        found = Axe().run(page, options={"runOnly": _RULES})
        assert found.violations_count == 0, f"{address}: {found.generate_report()}"
        assert page.evaluate(_WIDER) <= 0, address
        page.set_viewport_size({"width": 320, "height": 800})  # 1280 px at 400 % (WCAG 1.4.10)
        assert page.evaluate(_WIDER) <= 0, address
        page.set_viewport_size({"width": width, "height": 800})
    context.close()
    assert [text for text in complaints if "404" not in text] == []


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
    assert Axe().run(page, options={"runOnly": _RULES}).violations_count == 0


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
    assert Axe().run(page, options={"runOnly": _RULES}).violations_count == 0
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
