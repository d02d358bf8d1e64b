"""Search by meaning on a stack that runs, and on one whose encoder is gone."""

import re
import signal
import time

import pytest
from sqlalchemy import Engine, Select, func, select

from matcher.db import make_engine, reading, unit_of_work
from matcher.models import Job, JobKind, JobState, Programme
from matcher.services.jobs import enqueue
from tests.stack.browserless import Visitor, text_of
from tests.stack.running import Stack, wait_until

ALONE = "Searched by words only"
SEARCH = "/p/sample/search"


def asked(visitor: Visitor, query: str, kind: str = "mentor", **filters: str) -> tuple[str, str]:
    """The address of the answer, and its page."""
    return visitor.post(SEARCH, {"q": query, "kind": kind, **filters})


def answered(visitor: Visitor, query: str, kind: str = "mentor", **filters: str) -> str:
    """The page with the worker's answer; a busy machine may need more than one try."""
    pages: list[str] = []

    def by_meaning() -> bool:
        pages.append(asked(visitor, query, kind, **filters)[1])
        return ALONE not in pages[-1]

    wait_until(by_meaning, 120)
    return pages[-1]


def count(engine: Engine, query: Select[int]) -> int:
    with reading(engine) as session:
        return session.scalar(query) or 0


def first(page: str) -> str:
    found = re.search(r'<ol class="rows">(.*?)</li>', page, re.S)
    return text_of(found[1]) if found else ""


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("Qui peut nous aider à obtenir une licence de spectre ?", "spectrum licences"),
        ("как продавать школам", "school districts"),
        ("农业物联网传感器", "sensor"),
    ],
)
def test_a_worker_answers_in_any_language(visitor: Visitor, query: str, said: str) -> None:
    assert said in first(answered(visitor, query))


def test_filters_hold(visitor: Visitor) -> None:
    page = answered(visitor, "spectrum licences", kind="", languages="français", countries="Kenya")
    links = re.findall(r'<h2>\s*<a href="(/p/sample/\w+/\d+)"', page)
    assert links
    for link in links[:5]:
        facts = text_of(visitor.get(link))
        assert "French" in facts
        assert re.search("Kenya|worldwide|more", facts)


def test_a_search_does_not_wait_behind_all_the_work_that_queues(stack: Stack, visitor: Visitor) -> None:
    engine = make_engine(f"sqlite:///{stack.data / 'tandem.db'}")
    with unit_of_work(engine) as session:
        programme = session.scalars(select(Programme)).one()
        for _ in range(300):
            enqueue(session, programme.id, JobKind.EMBED)
    waiting = select(func.count()).where(Job.kind == JobKind.EMBED, Job.state == JobState.QUEUED)
    wait_until(lambda: not count(engine, waiting.where(Job.published_at.is_(None))), 60)
    answered(visitor, "spectrum licences")
    assert count(engine, waiting), "the search came after everything else"
    wait_until(lambda: not count(engine, waiting), 120)


def test_without_the_encoder_words_alone_are_searched_until_it_is_back(
    stack: Stack, visitor: Visitor
) -> None:
    victim = stack.child("-Q embedding")
    victim.send_signal(signal.SIGKILL)
    victim.wait(timeout=30)
    began = time.monotonic()
    url, page = asked(visitor, "spectrum")
    assert ALONE in page, "no worker loads its model within two seconds"
    assert "spectrum" in first(page).casefold()
    assert re.fullmatch(r".*/p/sample/search/\d+", url)
    assert time.monotonic() - began < 10, "a bound on hanging: it gives up after two seconds"
    page = answered(visitor, "Qui peut nous aider à obtenir une licence de spectre ?")
    assert "spectrum licences" in first(page)
