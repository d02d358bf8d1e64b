"""Killing what runs, in the middle of an import: nothing may be lost, nothing done twice."""

import csv
import io
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from sqlalchemy import Engine, func, select

from matcher.db import make_engine, reading
from matcher.models import Entry, Job, JobState, Kind, Profile, RecommendationList, Vector
from tests.stack.browserless import Visitor
from tests.stack.running import Stack, tandem_up, wait_until

COUNT = 240
"""Some hundred texts: enough that a kill comes in the middle, on a fast machine as well."""
TOPICS = (
    "solar kiosks",
    "fishing co-operatives",
    "clinic records",
    "bus tickets",
    "school tablets",
    "seed loans",
)


@pytest.fixture(scope="module")
def stack(data: Path) -> Iterator[Stack]:
    """One of our own to break."""
    with tandem_up(data) as running:
        yield running


@pytest.fixture(scope="module")
def database(stack: Stack) -> Engine:
    """A look at the stack's own database."""
    return make_engine(f"sqlite:///{stack.data / 'tandem.db'}")


def sheet() -> bytes:
    """Start-ups, each with texts of its own."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["ref", "name", "languages", "pitch", "needs"])
    for number in range(COUNT):
        topic = TOPICS[number % len(TOPICS)]
        pitch = f"Venture number {number} brings {topic} to village {number * 7}."
        needs = f"Price {topic} for {number} households; Reach customers of plan {number} by radio"
        writer.writerow([f"X{number:03d}", f"Venture {number}", "en", pitch, needs])
    return text.getvalue().encode()


def embedded(database: Engine) -> int:
    with reading(database) as session:
        condition = Profile.ref.startswith("X"), Profile.watermark > 0
        return session.scalar(select(func.count()).select_from(Profile).where(*condition)) or 0


def active(database: Engine) -> int:
    with reading(database) as session:
        running = Job.state.in_([JobState.QUEUED.value, JobState.RUNNING.value])
        return session.scalar(select(func.count()).select_from(Job).where(running)) or 0


def kill(stack: Stack, words: str) -> None:
    """Kill -9 the process with these words in its command line, and wait for its successor."""
    victim = stack.child(words)
    victim.send_signal(signal.SIGKILL)
    victim.wait(timeout=30)
    wait_until(lambda: any(words in " ".join(child.cmdline()) for child in stack.children()), 60)


def test_nothing_is_lost_or_doubled_when_workers_and_broker_are_killed(
    stack: Stack, database: Engine
) -> None:
    visitor = Visitor(stack.url).sign_in()
    url, _ = visitor.post("/p/sample/import", {"kind": "startup"}, ("sheet", "many.csv", sheet()))
    visitor.post(url, {k: v for k, v in visitor.form(url).items() if k.startswith("column-")})

    wait_until(lambda: embedded(database) > 0, 120)
    assert embedded(database) < COUNT, "the import was over before anything could be killed"
    kill(stack, "-Q embedding")
    kill(stack, "-Q default")
    kill(stack, "valkey-server")
    wait_until(lambda: embedded(database) == COUNT and active(database) == 0, 240)

    with reading(database) as session:
        refs = session.scalars(select(Profile.ref).where(Profile.ref.startswith("X"))).all()
        assert sorted(refs) == sorted(f"X{number:03d}" for number in range(COUNT))
        lists = session.scalars(
            select(RecommendationList.subject_id)
            .join(Profile, Profile.id == RecommendationList.subject_id)
            .where(Profile.ref.startswith("X"), RecommendationList.candidate_kind == Kind.MENTOR.value)
        ).all()
        assert len(lists) == len(set(lists)) == COUNT
        vectors = session.scalars(select(Vector.content_hash)).all()
        texts = session.scalars(select(Entry.content_hash).where(Entry.redacted != "").distinct()).all()
        assert sorted(vectors) == sorted(texts)
        jobs = session.scalars(select(Job)).all()
        assert {job.state for job in jobs} == {JobState.DONE.value}
        encoded = sum(job.result.get("encoded", 0) for job in jobs if job.kind == "embed")
        assert encoded <= len(vectors), "a text that was recorded as embedded was embedded again"


def test_a_broker_that_forgets_everything_loses_nothing(stack: Stack, database: Engine) -> None:
    config = (stack.data / "valkey" / "valkey.conf").read_text()
    import redis

    port, password = (re.search(rf"^{key} (\S+)$", config, re.M)[1] for key in ("port", "requirepass"))  # type: ignore[index]
    broker = redis.Redis(port=int(port), password=password)
    visitor = Visitor(stack.url).sign_in()
    path = re.search(r'href="(/p/sample/startups/\d+)"', visitor.get("/p/sample/startups?q=X001"))[1]  # type: ignore[index]
    fields = visitor.form(f"{path}/edit")
    fields["needs"] = "Certify a radio with the regulator"
    visitor.post(f"{path}/edit", fields)
    broker.flushall()
    wait_until(lambda: active(database) == 0, 120)
    assert "Certify a radio" in visitor.get(path)


def test_the_data_folder_is_readable_by_its_owner_alone(stack: Stack) -> None:
    config: Path = stack.data / "valkey" / "valkey.conf"
    assert config.stat().st_mode & 0o077 == 0


def test_no_process_is_left_when_the_supervisor_is_killed(stack: Stack) -> None:
    """The last one: it takes the stack away."""
    processes = stack.children()
    stack.process.send_signal(signal.SIGKILL)
    stack.process.wait()

    def left() -> list[psutil.Process]:
        return [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]

    wait_until(lambda: not left(), 30)
    assert len(processes) >= 6
