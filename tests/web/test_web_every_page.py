"""Every page in every role, in a real browser: accessible in English and Arabic, no wider than a phone.

The pages come from the URL map and from crawling. Pages that consist of the same elements, whatever is
written in them, are looked at once a language: axe takes most of a second for each.
"""

from collections.abc import Iterator
from threading import Thread

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from tests import chromium
from tests.web.browsing import Crawl, Site
from tests.web.markup import Page as Markup
from tests.web.values import FILES, NO_PAGES

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium.find() is None, reason="no Chromium: apt-get install chromium"),
]
LOOKERS = ("anonymous", "founder", "mentor", "funder", "applicant", "beginner", "manager", "admin")
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_OPEN = "document.querySelectorAll('details').forEach(details => details.open = true)"
_REFLOW = 320
"""1280 px at 400 % (WCAG 1.4.10)."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("pages"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def crawls(site: Site) -> dict[str, Crawl]:
    return {actor: site.crawl(actor) for actor in LOOKERS}


@pytest.fixture(scope="module")
def pages(site: Site, crawls: dict[str, Crawl]) -> list[tuple[str, str]]:
    """Who opens what: each shape of page once, and error pages too."""
    found: list[tuple[str, str]] = []
    shapes: set[tuple[str, int]] = set()
    for actor, crawl in crawls.items():
        for address, answer in {**crawl.pages, "/nowhere": site.ask(actor, "/nowhere")}.items():
            if answer.mimetype != "text/html" or answer.status_code in {301, 302, 303}:
                continue
            rule = site.match(address, "GET")
            name = rule.endpoint if rule and answer.status_code == 200 else "error"
            shape = (name, Markup(answer.text).shape)
            if shape not in shapes:
                shapes.add(shape)
                found.append((actor, address))
    return found


def _rule_of(site: Site, address: str) -> str:
    rule = site.match(address, "GET")
    return rule.rule if rule else ""


@pytest.fixture(scope="module")
def base(site: Site) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, site.app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium.find(), args=[*chromium.ARGUMENTS])
        yield launched
        launched.close()


def test_every_address_that_answers_a_page_is_among_them(
    site: Site, crawls: dict[str, Crawl], pages: list[tuple[str, str]]
) -> None:
    seen = {rule.endpoint for _, address in pages if (rule := site.match(address, "GET"))}
    opened = {
        a for crawl in crawls.values() for a, answer in crawl.pages.items() if answer.status_code == 200
    }
    shown = {rule.endpoint for address in opened if (rule := site.match(address, "GET"))}
    hidden = {rule.endpoint for rule in site.rules("GET")} - shown - set(NO_PAGES)

    assert shown - seen - set(FILES) == set()
    assert hidden == set(), (
        "nobody of `everyone` comes to a page of these: make what it shows in tests/web/everyone.py, or say "
        "in NO_PAGES of tests/web/values.py why there is none"
    )


@pytest.mark.parametrize(("lang", "width", "scheme"), [("en", 360, "light"), ("ar", 1280, "dark")])
def test_every_page_is_accessible_and_never_scrolls_sideways(
    browser: Browser, site: Site, pages: list[tuple[str, str]], base: str, lang: str, width: int, scheme: str
) -> None:
    if lang != "en":  # the same elements the other way round: one page of each address will do
        first = {_rule_of(site, address): (actor, address) for actor, address in reversed(pages)}
        pages = list(first.values())
    faults: list[str] = []
    for actor in dict.fromkeys(actor for actor, _ in pages):
        context = browser.new_context(
            viewport={"width": width, "height": 800},
            locale=lang,
            color_scheme=scheme,  # type: ignore[arg-type]
            base_url=base,
        )
        if actor in site.cookies:
            name, value = site.cookies[actor]
            context.add_cookies([{"name": name, "value": value, "url": base}])
        page = context.new_page()
        for address in (address for who, address in pages if who == actor):
            faults += [f"{actor}: {fault}" for fault in _faults(page, _still(address), width)]
        context.close()

    assert not faults, "\n".join(faults)


def _faults(page: Page, address: str, width: int) -> Iterator[str]:
    complaints: list[str] = []

    def note(message: object) -> None:
        complaints.append(str(getattr(message, "text", message)))

    page.on("console", note)
    page.goto(address)
    page.evaluate(_OPEN)
    found = Axe().run(page, options={"runOnly": _RULES, "resultTypes": ["violations"]})
    if found.violations_count:
        yield f"{address}: {found.generate_report()}"
    for narrow in (width, _REFLOW):
        page.set_viewport_size({"width": narrow, "height": 800})
        if (wider := page.evaluate(_WIDER)) > 0:
            yield f"{address} is {wider} px wider than {narrow} px"
    page.set_viewport_size({"width": width, "height": 800})
    page.remove_listener("console", note)
    yield from (f"{address}: {text}" for text in complaints if "Failed to load resource" not in text)


def _still(address: str) -> str:
    """The page without its wish to be loaded again, which would pull it from under the measuring."""
    return address if "pause=1" in address else f"{address}{'&' if '?' in address else '?'}pause=1"
