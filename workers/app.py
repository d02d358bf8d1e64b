"""The Celery application. `celery -A workers.app worker` finds `app` here."""

from celery import Celery
from celery.signals import celeryd_after_setup, setup_logging, worker_process_init

from config.celery import celery_settings
from config.logging import configure_logging
from config.settings import get_settings

DEFAULT_BROKER = "redis://127.0.0.1:6379/0"

app = Celery("tandem", include=["workers.tasks"])
app.conf.update(celery_settings(get_settings().redis_url or DEFAULT_BROKER))


@setup_logging.connect
def _configure_logging(**_: object) -> None:
    configure_logging(get_settings())


@worker_process_init.connect
def _calm_faiss(**_: object) -> None:
    """A child forked after its parent searched hangs in FAISS unless this is its first act."""
    from matcher.index import use_one_thread

    use_one_thread()


@celeryd_after_setup.connect
def _warm_up(instance: object, **_: object) -> None:
    """Load the encoder before the first job comes, in the worker that will need it."""
    if "embedding" in getattr(instance.app, "amqp").queues.consume_from:  # type: ignore[attr-defined]  # noqa: B009
        from matcher.embedding import load_encoder

        load_encoder(get_settings().model).warm_up()
