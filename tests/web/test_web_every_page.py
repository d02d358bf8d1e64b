"""Every page in every role, in a real browser: accessible in English and Arabic, no wider than a phone.

The pages come from the URL map and from crawling (`browsing.py`), from each form sent empty (`album.py`),
from work that is not done (`states.py`) and from every step of signing in (`doors.py`). Pages that consist of
the same elements, whatever is written in them, are looked at once a language (`markup.Page.shape`): axe takes
a third of a second for each. What the policy for content refuses, and loose ends, are looked for in all.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests import chromium
from tests.web.album import LOOKERS, OTHER, Album, fill
from tests.web.browsing import Crawl, Site
from tests.web.eye import Eye
from tests.web.values import FILES, NO_PAGES

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium.find() is None, reason="no Chromium: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("pages"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def crawls(site: Site) -> dict[str, Crawl]:
    return {actor: site.crawl(actor) for actor in LOOKERS}


@pytest.fixture(scope="module")
def album(site: Site, crawls: dict[str, Crawl], tmp_path_factory: pytest.TempPathFactory) -> Album:
    return fill(site, crawls, tmp_path_factory.mktemp("album"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium.find(), args=[*chromium.ARGUMENTS])
        yield launched
        launched.close()


def test_every_address_that_answers_a_page_is_among_them(
    site: Site, crawls: dict[str, Crawl], album: Album
) -> None:
    files = {
        rule.endpoint
        for crawl in crawls.values()
        for address, answer in crawl.pages.items()
        if answer.status_code == 200 and (rule := site.match(address, "GET"))
    } & set(FILES)
    hidden = {rule.endpoint for rule in site.rules("GET")} - files - album.endpoints

    assert hidden == set(NO_PAGES), (
        "nobody comes to a page of these: make what it shows in everyone.py, states.py or doors.py, "
        "or say in NO_PAGES of values.py why there is none"
    )
    assert album.count > 800
    assert len(album.pages) > 200


def test_no_page_has_what_its_policy_refuses_or_loose_ends(album: Album) -> None:
    assert not album.faults, "\n".join(sorted(set(album.faults)))


@pytest.mark.parametrize(("lang", "width", "scheme"), [("en", 360, "light"), (OTHER, 1280, "dark")])
def test_every_page_is_accessible_and_never_scrolls_sideways(
    browser: Browser, album: Album, lang: str, width: int, scheme: str
) -> None:
    eye = Eye(browser, width=width, scheme=scheme)
    faults = [f"{shown.how}: {fault}" for shown in album.pages for fault in eye.look(shown.html[lang])]
    eye.close()

    assert not faults, "\n".join(faults)


def test_the_eye_sees_what_is_wrong_and_forgets_it_on_the_next_page(browser: Browser, album: Album) -> None:
    eye, html = Eye(browser, width=360, scheme="light"), album.pages[0].html["en"]
    wrong = {
        "color-contrast": "<p style='color: #999; background: #888'>Little contrast</p>",
        "label": "<input name=nameless>",
        "link-name": "<a href=/x></a>",
        "wider than 320 px": "<p style='inline-size: 2000px'>Wide</p>",
    }

    told = "\n".join(eye.look(html.replace("</main>", f"{''.join(wrong.values())}</main>")))
    assert all(rule in told for rule in wrong), told
    assert not list(eye.look(html))
    eye.close()
