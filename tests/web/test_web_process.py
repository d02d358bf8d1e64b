"""The web as it is really run: gunicorn with our settings, small, without the model."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from socket import socket

import pytest
from sqlalchemy import Engine

from config.settings import Settings
from matcher.models import Base
from tests.web.people import add_admin, session_cookie
from tests.web.world import World, build
from web import create_app

_HEAVY = ("torch", "transformers", "sentence_transformers", "faiss", "celery", "redis", "matcher.embedding")


@dataclass(frozen=True)
class Served:
    """A running gunicorn."""

    port: int
    pid: int
    world: World
    cookie: str

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("GET", path, headers={"Cookie": self.cookie, **headers})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    data = tmp_path_factory.mktemp("data")
    app = create_app(Settings(data=data), testing=True)
    engine: Engine = app.extensions["tandem_engine"]
    Base.metadata.create_all(engine)
    world = build(engine)
    cookie = "=".join(session_cookie(app, add_admin(engine)))
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {"TANDEM_DATA": str(data), "TANDEM_PORT": str(port), "TANDEM_UPLOAD_MEGABYTES": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", "python:config.gunicorn"], env={**os.environ, **settings}
    )
    running = Served(port, process.pid, world, cookie)
    _wait(running)
    yield running
    process.send_signal(signal.SIGTERM)
    process.wait(20)
    engine.dispose()


def _wait(served: Served) -> None:
    for _ in range(200):
        try:
            served.get("/health")
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("gunicorn did not start")


def _resident_megabytes(parent: int) -> float:
    """Of gunicorn and its workers together; pages that they share count twice."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in (parent, *children)]
    return sum(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads memory from /proc")
def test_it_serves_in_under_200_mb(served: Served) -> None:
    w = served.world
    for path in (f"/p/{w.slug}", f"/p/{w.slug}/startups/{w.startup}", f"/p/{w.slug}/funders/new"):
        assert served.get(path)[0] == 200

    assert _resident_megabytes(served.pid) < 200


def test_it_refuses_a_foreign_name(served: Served) -> None:
    assert served.get("/", Host="evil.example")[0] == 403


def test_too_large_an_upload_gets_its_answer_after_all_was_sent(served: Served) -> None:
    body = b"x" * 30_000_000
    connection = HTTPConnection("127.0.0.1", served.port, timeout=30)
    connection.request(
        "POST",
        f"/p/{served.world.slug}/import",
        body=body,
        headers={"Content-Type": "multipart/form-data; boundary=b", "Cookie": served.cookie},
    )
    answer = connection.getresponse()

    assert answer.status == 413
    assert "at most 1 MB" in answer.read().decode()


def test_it_loads_neither_model_nor_index_nor_broker(tmp_path: Path) -> None:
    code = f"import sys, web.app; print([m for m in {_HEAVY!r} if m in sys.modules])"
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "TANDEM_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert found.stdout.strip() == "[]"
