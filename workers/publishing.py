"""Which task and queue a job of each kind goes to. A message is a job's id and nothing else."""

from matcher.models import Job, JobKind
from workers.app import app

ROUTES: dict[JobKind, tuple[str, str]] = {
    JobKind.IMPORT: ("tandem.import", "default"),
    JobKind.RECOMMEND: ("tandem.recommend", "default"),
    JobKind.EMBED: ("tandem.embed", "embedding"),
    JobKind.DELIVER: ("tandem.deliver", "default"),
    JobKind.FOLLOW_UP: ("tandem.follow-up", "default"),
    JobKind.DIGEST: ("tandem.digest", "default"),
    JobKind.PROPOSE: ("tandem.propose", "default"),
    JobKind.WHAT_IF: ("tandem.what-if", "default"),
    JobKind.SEARCH: ("tandem.search", "embedding"),
}

_FIRST, _AFTER_OTHERS = 0, 9
"""Redis hands out lower numbers first: a question waits for the job that runs, not for all that queue."""
_QUESTIONS = (JobKind.SEARCH, JobKind.WHAT_IF)


def publish(job: Job) -> None:
    """Hand the broker the id of a job.

    Raises:
        kombu.exceptions.OperationalError: the broker cannot be reached; the job's row stays queued.
    """
    task, queue = ROUTES[JobKind(job.kind)]
    priority = _FIRST if job.kind in _QUESTIONS else _AFTER_OTHERS
    app.send_task(task, args=[job.id], queue=queue, priority=priority, retry=False)
