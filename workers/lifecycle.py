"""What a worker process does as it starts."""

from typing import Any

import structlog
from celery.signals import celeryd_after_setup, setup_logging, worker_process_init, worker_ready
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from config.heap import settle_heap
from config.logging import configure_logging
from config.settings import get_settings
from matcher.index import use_one_thread
from matcher.wording import Refusal

log = structlog.get_logger(__name__)


@setup_logging.connect
def log_our_way(**_: Any) -> None:
    """Log as the other processes do."""
    configure_logging(get_settings())


@worker_process_init.connect
def calm_faiss(**_: Any) -> None:
    """A child forked after its parent searched hangs in FAISS unless this is its first act."""
    use_one_thread()


@celeryd_after_setup.connect
def calm_blas(**_: Any) -> None:
    """Products are small: threads of the library would only wait for each other. Ours split what is large."""
    threadpool_limits(1, user_api="blas")


@celeryd_after_setup.connect
def load_the_encoder(instance: Any, **_: Any) -> None:
    """Load the encoder before the first job comes, in the worker that will need it."""
    if "embedding" in instance.app.amqp.queues.consume_from:
        from matcher.embedding import load_encoder  # torch takes seconds; other queues never need it

        try:
            load_encoder(get_settings().model).warm_up()
        except Refusal as refusal:  # each job will say so to whoever waits for it
            log.error("encoder.unavailable", reason=str(refusal.message))


@worker_ready.connect
def settle(**_: Any) -> None:
    """What is loaded by now stays."""
    settle_heap()
