"""The relay: publishes the ids of queued jobs and brings back those whose worker or message was lost.

Run as `python -m workers.relay`. Any number may run: claiming a job is what makes it one worker's.
"""

import signal
import threading
from datetime import timedelta

import structlog
from kombu.exceptions import OperationalError
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError as DatabaseError

from config.logging import configure_logging
from config.settings import get_settings
from matcher.db import make_engine, reading, unit_of_work
from matcher.models import JobKind, utcnow
from matcher.services import digests, followup, invitations, jobs, mailing, notices, search_jobs
from workers.publishing import publish

POLL_SECONDS = 0.2
SWEEP_EVERY = 10
"""Polls between two looks for jobs whose worker died."""
TIDY_EVERY = 3_000
"""Polls between two removals of old searches, and two looks for offers nobody answers: ten minutes."""
LETTER_WAITS = timedelta(minutes=10)
"""After which a letter that is not on its way is tried again."""
_BACKOFF_SECONDS = 2.0

log = structlog.get_logger(__name__)


def publish_waiting(engine: Engine) -> int:
    """Publish what waits; how many jobs that was.

    A crash between publishing and remembering it publishes twice, which a claim makes harmless.
    """
    with reading(engine) as session:
        waiting = jobs.unpublished(session)
    if not waiting:
        return 0
    for job in waiting:
        publish(job)
    with unit_of_work(engine) as session:
        jobs.mark_published(session, [job.id for job in waiting], utcnow())
    return len(waiting)


def sweep(engine: Engine) -> int:
    """Put the jobs of dead workers back in the queue; how many those were."""
    with reading(engine) as session:
        if not jobs.orphans(session):
            return 0
    with unit_of_work(engine) as session:
        found = jobs.orphans(session)
        for job in found:
            log.warning("job.orphaned", job_id=job.id, kind=job.kind, attempts=job.attempts)
            jobs.requeue(session, job)
    return len(found)


def tidy(engine: Engine) -> int:
    """Remove what is kept for a while only; how many rows that was."""
    with unit_of_work(engine) as session:
        kept = search_jobs.forget_old(session) + notices.forget_old(session)
        return kept + invitations.forget_expired(session)


def follow_up(engine: Engine) -> int:
    """Ask to remind of offers that nobody answers, to write digests, and to send what waits; how often."""
    now = utcnow()
    with unit_of_work(engine) as session:
        due = followup.due_programmes(session, now)
        for programme_id in due:
            jobs.enqueue_once(session, programme_id, JobKind.FOLLOW_UP)
        digests.request_due(session, now)
        return len(due) + mailing.request_late(session, now - LETTER_WAITS)


def run(engine: Engine, stop: threading.Event) -> None:
    """Relay until `stop` is set, through outages of the broker and of the database."""
    polls = 0
    while not stop.is_set():
        try:
            if polls % SWEEP_EVERY == 0:
                sweep(engine)
            if polls % TIDY_EVERY == 0:
                tidy(engine)
                follow_up(engine)
            publish_waiting(engine)
            pause = POLL_SECONDS
        except (OperationalError, DatabaseError) as error:
            log.warning("relay.waits", cause=type(error).__name__)
            pause = _BACKOFF_SECONDS
        polls += 1
        stop.wait(pause)


def main() -> None:
    """Run the relay of this machine until it is told to stop."""
    settings = get_settings()
    configure_logging(settings)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    run(make_engine(settings.sqlalchemy_url), stop)


if __name__ == "__main__":
    main()
