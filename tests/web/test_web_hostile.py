"""Two hundred hostile texts in every field and every column: nothing runs or breaks, the layout holds."""

import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterator, Mapping
from email import message_from_bytes
from email.policy import default
from threading import Thread

import pytest
from icalendar import Calendar
from playwright.sync_api import sync_playwright
from sqlalchemy import select
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from matcher.db import unit_of_work
from matcher.models import Mail, Profile, Programme, utcnow
from matcher.services import letters, mailing
from matcher.services.posting import make_letter
from tests import chromium
from tests.web.browsing import FORM_POSTS, Crawl, Found, Site
from tests.web.hostile import TEXTS, poison
from tests.web.markup import Element, Page

CRAWLERS = ("founder", "mentor", "funder", "manager", "applicant", "anonymous")
_ROUNDS = 10
"""How often each form is sent: each time another kind of text is in each field."""
_HEAVIEST = 25
_TURNING = re.compile("[\u202a\u202b\u202d\u202e\u2066\u2067\u2068]")
_BALANCED = re.compile("[\u2066-\u2068][^\u202a-\u202e\u2066-\u2069]*\u2069")
"""What Babel's time zones have: it ends where it began."""
_KEPT_APART = frozenset({"bdi", "textarea", "option", "title", "button"})
"""Elements whose text turns nothing outside of them."""
_HEADERS = {
    "From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type",
    "Content-Transfer-Encoding",
    "Content-Language", "Auto-Submitted", "List-Unsubscribe", "List-Unsubscribe-Post",
}  # fmt: skip
_WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("hostile"))
    yield made
    made.close()


@pytest.fixture
def poisoned(site: Site) -> Iterator[Site]:
    columns = poison(site.vault, 0)
    assert {"profile.name", "entry.text", "match.note", "session_log.topics", "profile.notes"} <= columns
    yield site
    site.vault.restore()


@pytest.fixture(scope="module")
def seen(site: Site) -> Mapping[str, Crawl]:
    """What each of them comes to while everything is poisoned as `poisoned` has it."""
    poison(site.vault, 0)
    crawls = {actor: site.crawl(actor) for actor in CRAWLERS}
    site.vault.restore()
    return crawls


def test_there_are_two_hundred_of_them() -> None:
    assert len(TEXTS) >= 200


def test_hostile_texts_in_forms_break_and_run_nothing(site: Site) -> None:
    wrong, seen = [], set()
    for actor in CRAWLERS:
        for form in site.crawl(actor).forms:
            kind = (form.rule.endpoint, tuple(sorted(form.form.texts)))
            if form.form.texts and kind not in seen:
                seen.add(kind)
                for turn in range(_ROUNDS):
                    wrong += _send(site, actor, form, turn * len(TEXTS) // _ROUNDS + 7 * len(seen))

    assert not wrong, "\n".join(wrong[:40])
    assert len(seen) > 8


def test_hostile_texts_on_pages_and_in_sheets_stay_texts(seen: Mapping[str, Crawl], site: Site) -> None:
    poison(site.vault, 101)
    again = {actor: site.crawl(actor) for actor in CRAWLERS}
    site.vault.restore()
    wrong = [
        f"{actor}: {address}: {fault}"
        for crawls in (seen, again)
        for actor, crawl in crawls.items()
        for address, answer in crawl.pages.items()
        for fault in _faults(answer)
    ]

    assert not wrong, f"{len(wrong)} faults:\n" + "\n".join(wrong[:40])


def test_hostile_names_get_into_no_header_of_a_letter(poisoned: Site) -> None:
    with unit_of_work(poisoned.engine) as session:
        programme = session.scalars(select(Programme).order_by(Programme.id)).first()
        assert programme is not None
        people = session.scalars(select(Profile).where(Profile.programme_id == programme.id)).all()
        for at, text in enumerate(TEXTS):
            reader, other = people[at % len(people)], people[(at + 1) % len(people)]
            programme.name = other.name = text.replace("\x00", "")
            subject, paragraphs = letters.offered(programme, reader, other, utcnow())
            mailing.write(session, reader, f"hostile:{at}", subject, paragraphs)
        sent = [make_letter(mail, "tandem@example.org") for mail in session.scalars(select(Mail))]

    assert len(sent) > len(TEXTS)
    for written in sent:
        letter = message_from_bytes(written.as_bytes(), policy=default)
        assert set(letter.keys()) <= _HEADERS, letter.keys()
        assert len(letter.get_all("Subject", [])) == 1
        assert not letter.defects, written.as_bytes()[:600]


@pytest.mark.browser
@pytest.mark.skipif(chromium.find() is None, reason="no Chromium: apt-get install chromium")
def test_the_heaviest_pages_hold_their_layout_and_run_nothing(
    seen: Mapping[str, Crawl], poisoned: Site
) -> None:
    pages = [
        (len(answer.get_data()), actor, address)
        for actor in ("manager", "founder", "mentor")
        for address, answer in seen[actor].pages.items()
        if answer.mimetype == "text/html" and answer.status_code == 200 and "Refresh" not in answer.headers
    ]
    server = make_server("127.0.0.1", 0, poisoned.app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        wrong = _look(poisoned, f"http://127.0.0.1:{server.server_port}", sorted(pages)[::-1][:_HEAVIEST])
    finally:
        server.shutdown()
        thread.join()

    assert not wrong, "\n".join(wrong)


def _look(site: Site, base: str, pages: list[tuple[int, str, str]]) -> list[str]:
    wrong: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=[*chromium.ARGUMENTS])
        for actor in sorted({actor for _, actor, _ in pages}):
            context = browser.new_context(viewport={"width": 360, "height": 800}, base_url=base)
            name, value = site.cookies[actor]
            context.add_cookies([{"name": name, "value": value, "url": base}])
            page = context.new_page()
            page.on("dialog", lambda dialog: (wrong.append(f"a dialog: {dialog.message}"), dialog.dismiss()))
            page.on("console", lambda message: wrong.append(f"console: {message.text}"))
            page.on(
                "request",
                lambda request: wrong.extend([request.url] if not request.url.startswith(base) else []),
            )
            for _, _, address in (found for found in pages if found[1] == actor):
                page.goto(address)
                if (wider := page.evaluate(_WIDER)) > 0:
                    wrong.append(f"{actor}: {address} is {wider} px wider than a small phone")
            context.close()
        browser.close()
    return wrong


def _send(site: Site, actor: str, form: Found, offset: int) -> list[str]:
    """Fill every free-text field, send it, and look at what comes back."""
    texts = {name: [TEXTS[(offset + 3 * n) % len(TEXTS)]] for n, name in enumerate(form.form.texts)}
    data = {**form.data(), **texts, **FORM_POSTS.get(form.rule.endpoint, {})}
    answer = site.ask(actor, form.path, "POST", data)
    told = f"{actor}: POST {form.path} with {[t[0][:30] for t in texts.values()]}"
    wrong = [f"{told}: {fault}" for fault in _faults(answer)]
    if answer.status_code == 303 and answer.location.startswith("/"):
        wrong += [f"{told}, and then: {fault}" for fault in _faults(site.ask(actor, answer.location))]
    if site.vault.is_changed():
        site.vault.restore()
    return wrong


def _faults(answer: TestResponse) -> list[str]:
    if answer.status_code >= 500:
        return [f"{answer.status_code}"]
    if any("\n" in value or "\r" in value for _, value in answer.headers):
        return ["a header with a line break"]
    if answer.mimetype == "text/html":
        return _faults_of(Page(answer.text))
    if answer.mimetype == "text/csv":
        rows = csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig")))
        return [f"a formula: {c[:40]!r}" for row in rows for c in row if c[:1] in "=+-@\t\r＝＋－＠" and c]
    if answer.mimetype.endswith("spreadsheetml.sheet"):
        with zipfile.ZipFile(io.BytesIO(answer.get_data())) as book:
            sheets = [book.read(name) for name in book.namelist() if name.startswith("xl/worksheets")]
        return ["a formula in a workbook" for sheet in sheets if b"<f>" in sheet or b"<f " in sheet]
    if answer.mimetype == "text/calendar":
        return _faults_of_calendar(answer.text)
    return []


def _faults_of(page: Page) -> list[str]:
    turned = [
        f"turns what is around it, in {_path(around)}: {text.strip()[:60]!r}"
        for around, text in page.words
        if _TURNING.search(_BALANCED.sub("", text)) and not _is_apart(around)
    ]
    return [*page.dangers(), *turned]


def _path(around: Element | None) -> str:
    return ">".join(element.tag for element in around.up()) if around else "nothing"


def _is_apart(around: Element | None) -> bool:
    """Whether a text cannot turn what is around it: it is isolated, or has a block to itself."""
    return around is not None and any(
        e.tag in _KEPT_APART or e.attributes.get("dir") == "auto" or e.attributes.get("class") == "hidden"
        for e in around.up()
    )


def _faults_of_calendar(text: str) -> list[str]:
    calendar = Calendar.from_ical(text)
    names = {name for part in calendar.walk() for name in part}
    wrong = [f"a calendar entry with {name}" for name in names & {"ATTACH", "X-TNDM"}]
    if "".join(c for c in text if unicodedata.category(c) == "Cc" and c not in "\r\n\t"):
        wrong.append("a calendar entry with control characters")
    return wrong
