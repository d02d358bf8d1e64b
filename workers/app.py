"""The Celery application. `celery -A workers.app worker` finds `app` here."""

from celery import Celery

from config.celery import celery_settings
from config.settings import get_settings

DEFAULT_BROKER = "redis://127.0.0.1:6379/0"

app = Celery("tandem", include=["workers.tasks", "workers.lifecycle"])
app.conf.update(celery_settings(get_settings().redis_url or DEFAULT_BROKER))
