"""Running one job: claimed, worked, recorded, and whatever goes wrong recorded too."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import structlog
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from config.settings import get_settings
from matcher.db import make_engine, unit_of_work
from matcher.models import Job
from matcher.services import jobs
from matcher.wording import N_, Message, Refusal

log = structlog.get_logger(__name__)

Handler = Callable[["Run"], Mapping[str, Any] | None]
"""Does a job and returns its result, or None if it recorded the result itself."""


@lru_cache(maxsize=1)
def get_engine() -> Engine:
    """This worker process's engine."""
    return make_engine(get_settings().sqlalchemy_url)


class LeaseLost(Exception):
    """The job was given to another worker meanwhile; this one's work must not be recorded."""


class Run:
    """One attempt at a job by this process."""

    def __init__(self, engine: Engine, job: Job, worker: str) -> None:
        self.engine, self.job, self.worker = engine, job, worker

    def progress(self, done: int, total: int) -> None:
        """Record progress and keep the lease.

        Raises:
            LeaseLost: the job is another worker's by now.
        """
        with unit_of_work(self.engine) as session:
            if not jobs.renew(session, self.job.id, self.worker, done, total):
                raise LeaseLost(self.job.id)

    def finish(self, session: Session, result: Mapping[str, Any]) -> None:
        """Record the result in the transaction of the work itself: both happen, or neither.

        Raises:
            LeaseLost: the job is another worker's by now; the transaction must not commit.
        """
        if not jobs.finish(session, self.job.id, self.worker, result):
            raise LeaseLost(self.job.id)


def run_job(job_id: int, handler: Handler) -> None:
    """Claim the job and let `handler` do it; do nothing if it is another's or no more."""
    engine, worker = get_engine(), jobs.worker_name()
    with unit_of_work(engine) as session:
        job = jobs.claim(session, job_id, worker)
    if job is None:
        return
    run = Run(engine, job, worker)
    try:
        result = handler(run)
        if result is not None:
            with unit_of_work(engine) as session:
                run.finish(session, result)
    except LeaseLost:
        log.warning("job.lease_lost", job_id=job_id)
    except Refusal as error:  # a second attempt would only repeat it
        _fail(run, error.message)
    except Exception as error:  # noqa: BLE001 - a job must never stay claimed by a worker that gave up
        _give_back(run, error)


def _give_back(run: Run, error: Exception) -> None:
    """Try again later, or fail for good after too many attempts."""
    log.error("job.failed", job_id=run.job.id, attempts=run.job.attempts, exc_info=error)
    if run.job.attempts < jobs.MAX_ATTEMPTS:
        with unit_of_work(run.engine) as session:
            jobs.release(session, run.job.id, run.worker)
        return
    message = N_("The work failed %(count)s times (%(cause)s). The worker's log has the details.")
    _fail(run, Message(message, {"count": run.job.attempts, "cause": type(error).__name__}))


def _fail(run: Run, message: Message) -> None:
    with unit_of_work(run.engine) as session:
        jobs.fail(session, run.job.id, run.worker, message)
