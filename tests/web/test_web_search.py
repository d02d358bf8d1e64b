"""Search by meaning on the pages: the worker's answer, or words alone and said so; no GET writes."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from time import sleep

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine, event, select
from werkzeug.test import TestResponse

from matcher.db import unit_of_work
from matcher.models import Entry, Job, JobKind, JobState, Kind, Startup, utcnow
from matcher.services import jobs, search_jobs
from matcher.services.filtering import Filters
from matcher.wording import Message
from tests.web.conftest import submit
from tests.web.test_web_pages import Tags, _contents
from tests.web.world import HOSTILE, World
from web.i18n import LOCALES

ALONE = "Searched by words only: the matching engine did not answer in time."
QUERY = "réseaux pour les villages"


@pytest.fixture
def ask(client: FlaskClient, world: World) -> Callable[..., str]:
    """Sends the form of a list page; the address of the answer."""

    def send(**data: object) -> str:
        answer = submit(client, f"/p/{world.slug}/mentors", to=f"/p/{world.slug}/search", **data)
        assert answer.status_code == 303, answer.text
        return str(answer.location)

    return send


def settle(engine: Engine, **values: object) -> None:
    """Do with the newest job what a worker, or time, would."""
    with unit_of_work(engine) as session:
        job = session.scalars(select(Job).order_by(Job.id.desc())).first()
        assert job is not None
        for name, value in values.items():
            setattr(job, name, value)


@contextmanager
def meanwhile(work: Callable[[], None]) -> Iterator[None]:
    """Have a thread of its own do what a worker does, while the block waits for a page."""
    worker = threading.Thread(target=work)
    worker.start()
    yield
    worker.join()


@contextmanager
def listening(engine: Engine, name: str, hear: Callable[[Connection], object]) -> Iterator[None]:
    """Hear of an event while the block runs; the engine goes on to other tests."""
    event.listen(engine, name, hear)
    try:
        yield
    finally:
        event.remove(engine, name, hear)


def expire(engine: Engine) -> None:
    settle(engine, created_at=utcnow() - jobs.SEARCH_EXPIRES)


def finish(engine: Engine, *profile_ids: int, score: float = 0.7) -> None:
    """Answer the newest search with these profiles, each by its last entry."""
    with unit_of_work(engine) as session:
        found = []
        for at, number in enumerate(profile_ids):
            entries = select(Entry.id).where(Entry.profile_id == number).order_by(Entry.position.desc())
            entry = session.scalars(entries).first() or 0
            found.append({"profile": number, "entry": entry, "score": score - at / 10})
    settle(engine, state=JobState.DONE.value, result={"found": found})


def names(page: TestResponse) -> list[str]:
    return re.findall(r'<h2>\s*<a href="[^"]+" dir="auto">([^<]+)</a>', page.text)


def test_a_search_writes_a_job_and_leads_to_its_answer(
    ask: Callable[..., str], engine: Engine, world: World
) -> None:
    address = ask(q=QUERY, kind="mentor", languages="français; en", countries="Kenya", places="1")
    with unit_of_work(engine) as session:
        job = session.scalars(select(Job)).one()
    assert address == f"/p/{world.slug}/search/{job.id}"
    assert (job.kind, job.state, job.payload["query"]) == (JobKind.SEARCH, JobState.QUEUED, QUERY)
    filters = Filters.from_json(job.payload["filters"])
    assert filters == Filters(Kind.MENTOR, ("fr", "en"), (), ("KE",), places=True)


def test_without_a_worker_words_alone_are_searched_and_the_page_says_so(
    client: FlaskClient, ask: Callable[..., str]
) -> None:
    page = client.get(address := ask(q="networks", kind="mentor"))
    assert ALONE in page.text
    assert names(page) == ["Amara Diop"]
    assert f'<a href="{address}">Try again</a>' in page.text
    assert 'value="networks"' in page.text
    assert '<option value="mentor" selected' in page.text


def test_an_answer_that_comes_while_the_page_waits_is_shown(
    client: FlaskClient, ask: Callable[..., str], engine: Engine, world: World
) -> None:
    address = ask(q=QUERY, kind="")

    def work() -> None:
        sleep(0.3)
        finish(engine, world.mentor)

    with meanwhile(work):
        page = client.get(address)
    assert ALONE not in page.text
    assert names(page) == ["Amara Diop"]


def test_the_workers_answer_is_shown_in_its_order_with_what_met_best(
    client: FlaskClient, ask: Callable[..., str], engine: Engine, world: World
) -> None:
    address = ask(q=QUERY, kind="")
    finish(engine, world.funder, world.startup, world.lonely)
    page = client.get(address)
    assert names(page) == ["Horizon Grants", "Umeme Soko", "Quiet Hills"]
    assert "3 found" in page.text
    assert ALONE not in page.text
    assert "Tariffs that villages can pay" in page.text
    assert f'href="/p/{world.slug}/funders/{world.funder}"' in page.text
    assert [page.text.count(f'class="badge {band}"') for band in ("strong", "good", "possible")] == [3, 0, 0]


@pytest.mark.parametrize(("score", "band"), [(0.5, "strong"), (0.4, "good"), (0.25, "possible")])
def test_how_near_it_comes_is_told_in_a_word(
    client: FlaskClient, ask: Callable[..., str], engine: Engine, world: World, score: float, band: str
) -> None:
    address = ask(q=QUERY, kind="")
    finish(engine, world.startup, score=score)
    assert f'class="badge {band}"' in client.get(address).text


def test_what_was_removed_or_edited_meanwhile_breaks_nothing(
    client: FlaskClient, ask: Callable[..., str], engine: Engine, world: World
) -> None:
    address = ask(q=QUERY, kind="")
    found = [
        {"profile": 4711, "entry": 1, "score": 0.9},
        {"profile": world.other_startup, "entry": 1, "score": 0.8},
        {"profile": world.mentor, "entry": 999_999, "score": 0.7},
    ]
    settle(engine, state="done", result={"found": found})
    page = client.get(address)
    assert names(page) == ["Amara Diop"]
    assert "Community networks" in page.text
    assert "Secret" not in page.text


def test_results_come_twenty_a_page(
    client: FlaskClient, ask: Callable[..., str], engine: Engine, world: World
) -> None:
    with unit_of_work(engine) as session:
        made = [Startup(programme_id=1, ref=f"X{n}", name=f"Venture {n:02d}") for n in range(45)]
        session.add_all(made)
        session.flush()
        numbers = [profile.id for profile in made]
    address = ask(q=QUERY, kind="")
    settle(
        engine,
        state="done",
        result={"found": [{"profile": n, "entry": 0, "score": 0.5} for n in numbers]},
    )
    pages = [names(client.get(f"{address}?page={number}")) for number in (1, 2, 3, 9)]
    assert [len(page) for page in pages] == [20, 20, 5, 5]
    assert sum(pages[:3], []) == [f"Venture {n:02d}" for n in range(45)]  # noqa: RUF017 - three short lists
    assert f'href="{address}?page=2"' in client.get(address).text


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"state": "done", "result": {"found": []}}, "Nothing comes near this in meaning"),
        ({"created_at": utcnow() - timedelta(hours=1)}, "Nothing matches these words"),
        (
            {"state": "failed", "error": Message("The encoder broke.").to_json()},
            "the matching engine could not answer. The encoder broke.",
        ),
    ],
)
def test_an_empty_answer_says_what_to_do(
    client: FlaskClient, ask: Callable[..., str], engine: Engine, values: dict[str, object], said: str
) -> None:
    address = ask(q="nothing-like-it", kind="")
    settle(engine, **values)
    page = " ".join(re.sub("<[^>]+>", "", client.get(address).text).split())
    assert said in page


def test_an_expired_search_is_not_waited_for_and_can_be_sent_anew(
    client: FlaskClient, ask: Callable[..., str], engine: Engine
) -> None:
    address = ask(q="networks", kind="", sectors="health")
    expire(engine)
    transactions: list[Connection] = []
    with listening(engine, "begin", transactions.append):
        page = client.get(address)
    assert len(transactions) == 4, "two to know who asks, one look at the search, one to make the page"
    assert ALONE in page.text
    assert '<button type="submit" class="quiet" form="by-meaning">Try again</button>' in page.text
    assert 'name="sectors" type="text" value="health"' in page.text
    assert "<summary>Filters · <bdi>health</bdi></summary>" in page.text
    assert names(page) == []


def test_no_transaction_is_held_while_the_page_waits(
    client: FlaskClient, ask: Callable[..., str], engine: Engine, world: World
) -> None:
    address = ask(q=QUERY, kind="")
    begun = threading.Event()

    def work() -> None:
        begun.wait(timeout=30)
        while engine.pool.checkedout():  # type: ignore[attr-defined]
            sleep(0.01)
        finish(engine, world.mentor)

    with listening(engine, "begin", lambda _: begun.set()), meanwhile(work):
        page = client.get(address)
    assert ALONE not in page.text, "who answers once the database is left alone came too late"
    assert names(page) == ["Amara Diop"]


def test_a_search_of_another_programme_is_not_there(
    client: FlaskClient, ask: Callable[..., str], engine: Engine, world: World
) -> None:
    address = ask(q="networks", kind="")
    finish(engine, world.mentor)
    assert client.get(address).status_code == 200
    assert client.get(address.replace(world.slug, world.other_slug)).status_code == 404
    settle(engine, kind="embed")
    assert client.get(address).status_code == 404
    for number in ("4711", "9" * 25, "x"):
        assert client.get(f"/p/{world.slug}/search/{number}").status_code == 404


def test_no_page_of_a_search_writes(
    client: FlaskClient, ask: Callable[..., str], engine: Engine, world: World
) -> None:
    address = ask(q="networks", kind="")
    expire(engine)
    before = _contents(engine)
    for path in (address, f"{address}?page=2", f"/p/{world.slug}/search", f"/p/{world.slug}/mentors"):
        assert client.get(path).status_code == 200
    assert _contents(engine) == before
    finish(engine, world.mentor)
    before = _contents(engine)
    client.get(address)
    assert _contents(engine) == before


@pytest.mark.parametrize("lang", LOCALES)
def test_hostile_words_are_shown_as_they_are(
    client: FlaskClient, ask: Callable[..., str], engine: Engine, world: World, lang: str
) -> None:
    address = ask(q=HOSTILE, kind="startup", sectors=HOSTILE)
    expire(engine)
    fallback = client.get(f"{address}?lang={lang}")
    finish(engine, world.hostile)
    answered = client.get(f"{address}?lang={lang}")
    wrong = client.post(
        f"/p/{world.slug}/search", data={"csrf_token": _token(answered), "countries": HOSTILE}
    )
    assert wrong.status_code == 422
    for page in (fallback, answered, wrong):
        assert HOSTILE not in page.text
        assert "&lt;script&gt;alert(1)" in page.text
        assert not {"script", "img"} & Tags(page.text).names
        assert "{{7*7}}" in page.text


def _token(page: TestResponse) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("data", "target", "said"),
    [
        ({"q": " "}, "meaning", "Say in a few words what you look for."),
        ({"q": "masts", "countries": "Atlantis"}, "countries", "This should be"),
        ({"q": "masts", "languages": "Klingonese"}, "languages", "This should be"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(
    client: FlaskClient, world: World, engine: Engine, data: dict[str, str], target: str, said: str
) -> None:
    page = submit(client, f"/p/{world.slug}/search", kind="funder", places="1", **data)
    assert page.status_code == 422
    assert said in page.text
    assert f'<a href="#{target}">' in page.text
    assert '<option value="funder" selected' in page.text
    assert 'name="places" value="1" checked' in page.text
    for value in data.values():
        assert f'value="{value}"' in page.text
    with unit_of_work(engine) as session:
        assert session.scalars(select(Job)).all() == []


def test_an_unknown_kind_is_a_bad_request(client: FlaskClient, world: World) -> None:
    page = submit(client, f"/p/{world.slug}/search", q="masts", kind="wizard")
    assert page.status_code == 400
    assert client.get(f"/p/{world.slug}/search?kind=wizard").status_code == 400


def test_a_search_without_its_token_is_refused(client: FlaskClient, world: World) -> None:
    assert client.post(f"/p/{world.slug}/search", data={"q": "masts"}).status_code == 400


def test_a_search_under_way_keeps_no_page_refreshing(
    client: FlaskClient, ask: Callable[..., str], world: World
) -> None:
    ask(q="networks", kind="")
    for path in ("", f"/startups/{world.startup}"):
        page = client.get(f"/p/{world.slug}{path}")
        assert "Refresh" not in page.headers
        assert "Updating the recommendations" not in page.text


def test_the_query_is_limited_like_the_input(ask: Callable[..., str], engine: Engine) -> None:
    ask(q="x" * 5_000, kind="")
    with unit_of_work(engine) as session:
        assert len(session.scalars(select(Job)).one().payload["query"]) == search_jobs.LONGEST_QUERY
