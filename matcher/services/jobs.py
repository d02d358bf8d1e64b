"""Jobs as rows: asked for in the transaction that needs them, claimed by one worker at a time."""

import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, and_, case, func, literal, or_, select, update
from sqlalchemy.orm import Session, aliased

from matcher.models import Job, JobKind, JobState, Profile, Programme, utcnow
from matcher.models.base import UtcDateTime
from matcher.services.errors import NotFound
from matcher.wording import N_, Message

LEASE = timedelta(seconds=120)
"""How long a worker may be silent before its job is another's. Progress renews it."""

IMPORT_LEASE = timedelta(minutes=30)
"""An import is one transaction, which cannot renew its own lease meanwhile."""

REPUBLISH_AFTER = timedelta(seconds=20)
"""A published job that nobody claimed by then, with its workers idle, was lost with the broker's memory."""

REPUBLISH_WHEN_BUSY = timedelta(minutes=5)
"""The same while its workers are at other jobs: it is probably just waiting its turn."""

SEARCH_EXPIRES = timedelta(seconds=10)
"""How long somebody waits for a search. No worker begins one that is older."""

MAX_ATTEMPTS = 5
_ACTIVE = (JobState.QUEUED.value, JobState.RUNNING.value)
_QUESTIONS = (JobKind.SEARCH, JobKind.WHAT_IF)
_TELL_THEMSELVES = (JobKind.IMPORT, JobKind.SEARCH, JobKind.PROPOSE, JobKind.WHAT_IF)
"""Kinds whose failures are told on pages of their own."""


def worker_name() -> str:
    """This process, so that another on the same machine can tell whether it still lives."""
    return f"{socket.gethostname()}:{os.getpid()}"


def enqueue(
    session: Session, programme_id: int, kind: JobKind, payload: Mapping[str, Any] | None = None
) -> Job:
    """Ask for work, in the transaction that makes it necessary."""
    job = Job(programme_id=programme_id, kind=kind.value, payload=dict(payload or {}))
    session.add(job)
    session.flush()
    return job


def enqueue_once(session: Session, programme_id: int, kind: JobKind) -> Job:
    """Ask for work that covers the whole programme, unless it is asked for and not begun.

    One that is running does not count: it may have read the data before this transaction's change.
    """
    waiting = session.scalars(
        select(Job)
        .where(Job.programme_id == programme_id, Job.kind == kind, Job.state == JobState.QUEUED)
        .with_for_update(skip_locked=True)
        .limit(1)
    ).first()
    return waiting or enqueue(session, programme_id, kind)


def get_job(session: Session, programme: Programme, job_id: int) -> Job:
    """The programme's job.

    Raises:
        NotFound: there is none with this id in this programme.
    """
    job = session.get(Job, job_id)
    if job is None or job.programme_id != programme.id:
        raise NotFound(Message(N_("There is no such job in this programme.")))
    return job


def claim(session: Session, job_id: int, worker: str) -> Job | None:
    """Take a queued job for `worker`, or None if it is no longer there to take.

    One UPDATE decides, so of any number of workers that got the message one gets the job.
    """
    taken = _execute(
        session,
        update(Job)
        .where(Job.id == job_id, Job.state == JobState.QUEUED, _worth_doing())
        .values(
            state=JobState.RUNNING.value,
            claimed_by=worker,
            lease_until=_lease_end(),
            attempts=Job.attempts + 1,
        ),
    )
    return session.get(Job, job_id, populate_existing=True) if taken else None


def renew(session: Session, job_id: int, worker: str, done: int, total: int) -> bool:
    """Record progress and keep the lease; False if the job is no longer this worker's."""
    return _settle(session, job_id, worker, done=done, total=total, lease_until=_lease_end())


def finish(session: Session, job_id: int, worker: str, result: Mapping[str, Any]) -> bool:
    """Record that the work is done; False if the job is no longer this worker's."""
    return _settle(
        session, job_id, worker, state=JobState.DONE.value, result=dict(result), finished_at=utcnow()
    )


def fail(session: Session, job_id: int, worker: str, error: Message) -> bool:
    """Give the job up for good, with a sentence for whoever waits for it."""
    return _settle(
        session,
        job_id,
        worker,
        state=JobState.FAILED.value,
        error=error.to_json(),
        finished_at=utcnow(),
    )


def release(session: Session, job_id: int, worker: str) -> bool:
    """Hand the job back to be tried again, once the relay re-publishes what nobody claimed."""
    return _settle(session, job_id, worker, state=JobState.QUEUED.value, published_at=utcnow())


def unpublished(session: Session, limit: int = 100) -> Sequence[Job]:
    """Queued jobs whose ids the broker has not been given, or has evidently lost, oldest first.

    Searches come before all: somebody waits for them.
    """
    now = utcnow()
    other = aliased(Job)
    busy = select(other.id).where(other.kind == Job.kind, other.state == JobState.RUNNING).exists()
    return session.scalars(
        select(Job)
        .where(
            Job.state == JobState.QUEUED,
            _worth_doing(),
            or_(
                Job.published_at.is_(None),
                Job.published_at < now - REPUBLISH_WHEN_BUSY,
                and_(Job.published_at < now - REPUBLISH_AFTER, ~busy),
            ),
        )
        .order_by(Job.kind != JobKind.SEARCH, Job.id)
        .limit(limit)
    ).all()


def mark_published(session: Session, job_ids: Sequence[int], at: datetime) -> None:
    """Remember that the broker was given these ids."""
    session.execute(
        update(Job).where(Job.id.in_(job_ids), Job.state == JobState.QUEUED).values(published_at=at)
    )


def orphans(session: Session) -> Sequence[Job]:
    """Running jobs whose worker died: its lease ran out, or its process is gone from this machine."""
    running = session.scalars(select(Job).where(Job.state == JobState.RUNNING)).all()
    now = utcnow()
    return [job for job in running if (job.lease_until or now) <= now or not _lives(job.claimed_by)]


def requeue(session: Session, job: Job) -> None:
    """Put an orphan back in the queue at once, or give it up after too many deaths."""
    mine = and_(Job.id == job.id, Job.state == JobState.RUNNING, Job.attempts == job.attempts)
    if job.attempts < MAX_ATTEMPTS:
        values: dict[str, Any] = {"state": JobState.QUEUED.value, "published_at": None}
    else:
        message = Message(N_("The worker died %(count)s times over this job."), {"count": job.attempts})
        values = {"state": JobState.FAILED.value, "error": message.to_json(), "finished_at": utcnow()}
    session.execute(update(Job).where(mine).values(**values))


@dataclass(frozen=True, slots=True)
class WorkState:
    """What the workers are at in a programme. Profiles count as done once they are embedded."""

    active: int
    embedded: int
    profiles: int
    failed: list[Job]


def work_state(session: Session, programme: Programme) -> WorkState:
    """Active jobs, embedding progress, and failures that no later job of their kind made good."""
    active = session.scalar(select(func.count()).where(Job.programme_id == programme.id, *_under_way()))
    later = aliased(Job)
    made_good = select(later.id).where(
        later.programme_id == Job.programme_id, later.kind == Job.kind, later.id > Job.id,
        later.state.in_([JobState.DONE, JobState.FAILED]),
    )  # fmt: skip
    failed = session.scalars(
        select(Job)
        .where(Job.programme_id == programme.id, Job.state == JobState.FAILED)
        .where(Job.kind.not_in(_TELL_THEMSELVES))
        .where(~made_good.exists())
        .order_by(Job.id.desc())
    ).all()
    embedded, profiles = embedding_progress(session, programme)
    return WorkState(active or 0, embedded, profiles, list(failed))


def embedding_progress(session: Session, programme: Programme) -> tuple[int, int]:
    """Profiles that are embedded, and profiles in all."""
    embedded, profiles = session.execute(
        select(func.count().filter(Profile.watermark > 0), func.count()).where(
            Profile.programme_id == programme.id
        )
    ).one()
    return embedded, profiles


def is_idle(session: Session, programme_id: int) -> bool:
    """Whether no job that may change what the programme shows waits or runs."""
    return not session.scalar(select(Job.id).where(Job.programme_id == programme_id, *_under_way()).limit(1))


def _under_way() -> tuple[ColumnElement[bool], ...]:
    """Jobs that pages follow. A question changes nothing, so nobody but its asker follows it."""
    return Job.state.in_(_ACTIVE), Job.kind.not_in(_QUESTIONS)


def _worth_doing() -> ColumnElement[bool]:
    """Whether anybody still waits for the job: whoever searched has moved on after a while."""
    return or_(Job.kind != JobKind.SEARCH, Job.created_at > utcnow() - SEARCH_EXPIRES)


def _lease_end() -> ColumnElement[datetime]:
    now = utcnow()
    short, long = (literal(now + lease, UtcDateTime()) for lease in (LEASE, IMPORT_LEASE))
    return case((Job.kind == JobKind.IMPORT, long), else_=short)


def _settle(session: Session, job_id: int, worker: str, **values: Any) -> bool:
    """Change a running job, if it still belongs to `worker`."""
    owned = and_(Job.id == job_id, Job.claimed_by == worker, Job.state == JobState.RUNNING)
    return _execute(session, update(Job).where(owned).values(**values))


def _execute(session: Session, statement: Any) -> bool:
    result = session.execute(statement.execution_options(synchronize_session=False))
    assert isinstance(result, CursorResult)  # noqa: S101 - narrows the type of an UPDATE's result
    return result.rowcount > 0


def _lives(worker: str | None) -> bool:
    """Whether a worker may still be at it; one on another machine is given its lease."""
    host, _, pid = (worker or "").rpartition(":")
    if host != socket.gethostname():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
