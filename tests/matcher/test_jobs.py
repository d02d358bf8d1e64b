"""Jobs are claimed by one worker, outlive its death, and are given up in the end."""

import os
import socket
import subprocess
import sys
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from matcher.db import reading, unit_of_work
from matcher.models import Job, JobKind, JobState, Kind, Programme, utcnow
from matcher.services import jobs
from matcher.services.errors import NotFound
from matcher.wording import Message
from tests.matcher.factories import add, at_once, draft, embed_all, make_programme

LONG_AGO = timedelta(minutes=10)


@pytest.fixture
def job(engine: Engine, programme: Programme) -> Job:
    with unit_of_work(engine) as session:
        return jobs.enqueue(session, programme.id, JobKind.EMBED, {"profile_ids": [1]})


@pytest.fixture
def dead_worker() -> str:
    """The name of a worker on this machine whose process is gone."""
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return f"{socket.gethostname()}:{done.pid}"


def claim(engine: Engine, job: Job, worker: str) -> Job | None:
    with unit_of_work(engine) as session:
        return jobs.claim(session, job.id, worker)


def change(engine: Engine, job: Job, **values: object) -> None:
    with unit_of_work(engine) as session:
        found = session.get_one(Job, job.id)
        for name, value in values.items():
            setattr(found, name, value)


def fetch(engine: Engine, job: Job) -> Job:
    with reading(engine) as session:
        return session.get_one(Job, job.id)


def orphaned(engine: Engine) -> list[int]:
    with reading(engine) as session:
        return [found.id for found in jobs.orphans(session)]


def unpublished(engine: Engine) -> list[int]:
    with reading(engine) as session:
        return [found.id for found in jobs.unpublished(session)]


def test_of_many_workers_one_gets_the_job(engine: Engine, job: Job) -> None:
    found = at_once(8, lambda number: claim(engine, job, f"worker:{number}"))
    (winner,) = [number for number, claimed in enumerate(found) if claimed is not None]
    kept = fetch(engine, job)
    assert (kept.claimed_by, kept.attempts, kept.state) == (f"worker:{winner}", 1, JobState.RUNNING)


def test_a_job_that_does_not_exist_is_nobodys(engine: Engine) -> None:
    with unit_of_work(engine) as session:
        assert jobs.claim(session, 4711, "w:1") is None


def test_a_finished_job_has_its_result_and_cannot_be_claimed_again(engine: Engine, job: Job) -> None:
    claim(engine, job, "w:1")
    with unit_of_work(engine) as session:
        assert jobs.finish(session, job.id, "w:1", {"encoded": 3})
    kept = fetch(engine, job)
    assert (kept.state, kept.result) == (JobState.DONE, {"encoded": 3})
    assert kept.finished_at is not None
    assert claim(engine, job, "w:2") is None


@pytest.mark.parametrize("verb", ["renew", "finish", "fail", "release"])
def test_a_worker_that_lost_its_job_changes_nothing(engine: Engine, job: Job, verb: str) -> None:
    claim(engine, job, "w:1")
    arguments = {"renew": (5, 9), "finish": ({"n": 1},), "fail": (Message("no"),), "release": ()}[verb]
    with unit_of_work(engine) as session:
        assert not getattr(jobs, verb)(session, job.id, "w:2", *arguments)
    kept = fetch(engine, job)
    assert (kept.state, kept.claimed_by, kept.done, kept.result) == (JobState.RUNNING, "w:1", 0, {})


def test_progress_keeps_the_lease(engine: Engine, job: Job) -> None:
    claim(engine, job, "elsewhere:1")
    change(engine, job, lease_until=utcnow() - LONG_AGO)
    assert orphaned(engine) == [job.id]
    with unit_of_work(engine) as session:
        assert jobs.renew(session, job.id, "elsewhere:1", 5, 9)
    assert orphaned(engine) == []
    assert (fetch(engine, job).done, fetch(engine, job).total) == (5, 9)


def test_the_job_of_a_dead_process_is_an_orphan_at_once(engine: Engine, job: Job, dead_worker: str) -> None:
    claim(engine, job, dead_worker)
    assert orphaned(engine) == [job.id]


def test_the_job_of_a_living_process_is_no_orphan(engine: Engine, job: Job) -> None:
    claim(engine, job, jobs.worker_name())
    assert jobs.worker_name().endswith(f":{os.getpid()}")
    assert orphaned(engine) == []


def test_a_worker_elsewhere_is_given_its_lease(engine: Engine, job: Job) -> None:
    claim(engine, job, "elsewhere:1")
    assert orphaned(engine) == []
    change(engine, job, lease_until=utcnow() - timedelta(seconds=1))
    assert orphaned(engine) == [job.id]


def test_an_orphan_goes_back_to_the_queue(engine: Engine, job: Job, dead_worker: str) -> None:
    change(engine, job, published_at=utcnow())
    claim(engine, job, dead_worker)
    with unit_of_work(engine) as session:
        jobs.requeue(session, session.get_one(Job, job.id))
    assert fetch(engine, job).state == JobState.QUEUED
    assert unpublished(engine) == [job.id]
    assert claim(engine, job, "w:2") is not None


def test_a_job_that_kills_every_worker_is_given_up(engine: Engine, job: Job, dead_worker: str) -> None:
    for attempt in range(1, jobs.MAX_ATTEMPTS + 1):
        claimed = claim(engine, job, dead_worker)
        assert claimed is not None
        assert claimed.attempts == attempt
        with unit_of_work(engine) as session:
            jobs.requeue(session, claimed)
    kept = fetch(engine, job)
    assert kept.state == JobState.FAILED
    assert str(Message.from_json(kept.error)) == "The worker died 5 times over this job."
    assert claim(engine, job, "w:2") is None


def test_an_orphan_that_somebody_took_up_again_is_not_requeued(engine: Engine, job: Job) -> None:
    seen = claim(engine, job, "elsewhere:1")
    assert seen is not None
    with unit_of_work(engine) as session:
        jobs.requeue(session, seen)
    claim(engine, job, "w:2")
    with unit_of_work(engine) as session:
        jobs.requeue(session, seen)  # by a second relay, late
    assert fetch(engine, job).claimed_by == "w:2"
    assert fetch(engine, job).state == JobState.RUNNING


def test_a_job_that_waits_is_not_asked_for_again(session: Session, programme: Programme) -> None:
    first = jobs.enqueue_once(session, programme.id, JobKind.RECOMMEND)
    assert jobs.enqueue_once(session, programme.id, JobKind.RECOMMEND).id == first.id


def test_a_job_that_runs_does_not_count_as_waiting(session: Session, programme: Programme) -> None:
    first = jobs.enqueue_once(session, programme.id, JobKind.RECOMMEND)
    jobs.claim(session, first.id, "w:1")
    assert jobs.enqueue_once(session, programme.id, JobKind.RECOMMEND).id != first.id


def test_a_job_of_another_kind_or_programme_does_not_count(session: Session, programme: Programme) -> None:
    first = jobs.enqueue_once(session, programme.id, JobKind.RECOMMEND)
    others = [
        jobs.enqueue_once(session, programme.id, JobKind.EMBED),
        jobs.enqueue_once(session, make_programme(session).id, JobKind.RECOMMEND),
    ]
    assert first.id not in {other.id for other in others}


def test_published_jobs_are_not_published_again(engine: Engine, job: Job) -> None:
    assert unpublished(engine) == [job.id]
    with unit_of_work(engine) as session:
        jobs.mark_published(session, [job.id], utcnow())
    assert unpublished(engine) == []


@pytest.mark.parametrize(
    ("seconds_ago", "busy", "again"),
    [(10, False, False), (30, False, True), (30, True, False), (400, True, True)],
)
def test_a_message_that_nobody_took_is_published_again(
    engine: Engine, programme: Programme, job: Job, seconds_ago: int, busy: bool, again: bool
) -> None:
    change(engine, job, published_at=utcnow() - timedelta(seconds=seconds_ago))
    with unit_of_work(engine) as session:
        other = jobs.enqueue(session, programme.id, JobKind.EMBED if busy else JobKind.IMPORT)
        jobs.claim(session, other.id, jobs.worker_name())
    assert unpublished(engine) == ([job.id] if again else [])


def test_a_released_job_waits_before_it_is_published_again(engine: Engine, job: Job) -> None:
    claim(engine, job, "w:1")
    with unit_of_work(engine) as session:
        assert jobs.release(session, job.id, "w:1")
    assert fetch(engine, job).state == JobState.QUEUED
    assert unpublished(engine) == []


def test_the_oldest_waiting_jobs_come_first(session: Session, programme: Programme) -> None:
    made = [jobs.enqueue(session, programme.id, JobKind.EMBED).id for _ in range(5)]
    assert [job.id for job in jobs.unpublished(session, limit=3)] == made[:3]


def test_another_programmes_job_cannot_be_read(session: Session, programme: Programme, job: Job) -> None:
    assert jobs.get_job(session, programme, job.id).id == job.id
    with pytest.raises(NotFound):
        jobs.get_job(session, make_programme(session), job.id)


def test_the_state_of_the_work_counts_what_is_embedded(engine: Engine, programme: Programme) -> None:
    with unit_of_work(engine) as session:
        add(session, programme, draft(Kind.MENTOR, "M1", expertise=("Masts",)))
    with reading(engine) as session:
        before = jobs.work_state(session, programme)
        assert not jobs.is_idle(session, programme.id)
    embed_all(engine, programme)
    with reading(engine) as session:
        after = jobs.work_state(session, programme)
    assert (before.embedded, before.profiles, before.active) == (0, 1, 1)
    assert (after.embedded, after.profiles, after.active) == (1, 1, 2)
