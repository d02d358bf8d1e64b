"""A manager's whole way with a cohort, in a real browser, by keyboard alone: from proposing to publishing."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import Engine, delete, select, update
from werkzeug.serving import make_server

from config.settings import Settings
from matcher.db import unit_of_work
from matcher.models import Base, Job, Kind, Mail, Match, MatchState, Profile
from matcher.services import answers
from matcher.services.plan import Figures
from matcher.services.preview import preview, publish_seen
from matcher.services.proposals import WhatIf, request_proposal, request_what_if
from matcher.services.proposing import propose
from matcher.services.review import decide
from matcher.wording import Message
from tests import chromium
from tests.matcher.factories import embed_all
from tests.web.cohort_world import programme_of, run, states
from tests.web.people import enter
from tests.web.test_web_browser import _RULES, _WIDER, browser
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


def _fill(engine: Engine, world: World) -> list[str]:
    """Something of everything, and the addresses of all the pages that show it."""
    pairs = list(run(engine, world))
    secrets: list[str] = []

    def link(secret: str) -> str:
        secrets.append(secret)
        return f"http://localhost/answer/{secret}"

    with unit_of_work(engine) as session:
        programme = programme_of(session, world)
        session.execute(update(Profile).values(email=Profile.ref + "@example.org"))
        for pair in pairs[:3]:
            decide(session, programme, *pair, "approved", actor="admin@example.org")
        key = preview(session, programme, Kind.MENTOR).key
        publish_seen(session, programme, Kind.MENTOR, key, actor="admin@example.org", link=link)
        answers.answer(session, secrets[0], accepted=True)
        answers.answer(session, secrets[1], accepted=True)
        answers.answer(session, secrets[3], accepted=False, note="No time.")
        decide(session, programme, *pairs[3], "approved", actor="admin@example.org")
        decide(session, programme, *pairs[4], "rejected", actor="a", note="A conflict of interest\nReally.")
        decide(session, programme, *pairs[5], "locked", actor="a")
        before, after = Figures(4.0, 0.3, 8, 8), Figures(3.5, 0.25, 9, 9)
        new = (world.lonely, pairs[3][1])
        jobs = [request_what_if(session, programme, Kind.MENTOR, *new, actor="a") for _ in range(2)]
        found = WhatIf(*new, before, after, [pairs[3]], [new], [], Message("It can be, at a cost."))
        jobs[0].state, jobs[0].result = "done", found.to_json()
        answered, waiting = (job.id for job in jobs)
        session.execute(delete(Job).where(Job.id.not_in([answered, waiting])))
        request_proposal(session, programme, Kind.FUNDER, actor="a")
        offered = session.scalars(select(Match).where(Match.state == MatchState.OFFERED)).first()
        assert offered is not None
        assert session.scalars(select(Mail)).first() is not None
        waits = (offered.startup_id, offered.counterpart_id)
    cohort = f"/p/{world.slug}/cohort/mentors"
    return [
        cohort,
        f"{cohort}?state=rejected",
        f"/p/{world.slug}/cohort/funders?pause=1",
        f"/p/{world.other_slug}/cohort/mentors",
        *(f"{cohort}/{ours}/{theirs}" for ours, theirs in (*pairs[:6], waits, (world.hostile, world.mentor))),
        f"{cohort}/what-if/{answered}",
        f"{cohort}/what-if/{waiting}?pause=1",
        f"{cohort}/approve/possible",
        f"{cohort}/publish",
        f"/p/{world.slug}/matches",
        f"/p/{world.slug}/mail",
        f"/p/{world.slug}/log",
        f"/p/{world.slug}/mentors/{pairs[3][1]}/leave",
        *(f"/answer/{secrets[number]}" for number in (0, 2, 3, 4)),
        "/answer/nothing",
    ]


@pytest.mark.parametrize(
    ("width", "lang", "scheme"),
    [(360, "en", "light"), (360, "ar", "dark"), (1280, "en", "dark"), (1280, "ar", "light")],
)
def test_the_pages_are_accessible_and_never_scroll_sideways(
    browser: Browser,
    served: tuple[str, World, Engine],
    tmp_path: Path,
    width: int,
    lang: str,
    scheme: str,
) -> None:
    base, world, engine = served
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        locale=lang,
        color_scheme=scheme,  # type: ignore[arg-type]
        base_url=base,
    )
    enter(context, tmp_path, base)
    page = context.new_page()
    complaints: list[str] = []
    faults: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    for address in _fill(engine, world):
        page.goto(f"{address}{'&' if '?' in address else '?'}lang={lang}")
        page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
        found = Axe().run(page, options={"runOnly": _RULES})
        faults += [f"{address}: {found.generate_report()}"] if found.violations_count else []
        for narrow in (width, 320):
            page.set_viewport_size({"width": narrow, "height": 800})
            faults += [f"{address} is wider than {narrow}"] if page.evaluate(_WIDER) > 0 else []
        page.set_viewport_size({"width": width, "height": 800})
    context.close()
    assert not faults, "\n".join(faults)
    assert [text for text in complaints if "404" not in text and "410" not in text] == []
