"""How gunicorn serves the web: `gunicorn -c python:config.gunicorn`."""

from pathlib import Path
from typing import Any

from config.heap import settle_heap
from config.settings import get_settings

_settings = get_settings()
_host = f"[{_settings.host}]" if ":" in _settings.host else _settings.host

wsgi_app = "web.app:app"
bind = [f"{_host}:{_settings.port}"]
workers = 1  # loopback only: one manager; threads share one small process
worker_class = "gthread"
threads = 8
timeout = 60
graceful_timeout = 10
keepalive = 5
accesslog = None
errorlog = "-"
loglevel = _settings.log_level.lower()
preload_app = False
proc_name = "tandem-web"
if Path("/dev/shm").is_dir():  # noqa: S108 - the heartbeat file must not wait for a disk
    worker_tmp_dir = "/dev/shm"  # noqa: S108
control_socket_disable = True


def post_worker_init(_worker: Any) -> None:
    """The application is loaded: what comes from now on belongs to requests."""
    settle_heap()
