"""Stacks with the sample programme. It is loaded and embedded once; every stack goes on with a copy."""

import fcntl
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.stack.browserless import Visitor
from tests.stack.running import Stack, tandem_up


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A data folder in which a stack has run, and was stopped by Ctrl-C; one for all test processes."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    folder, done = shared / "begun" / "data", shared / "begun" / "done"
    folder.parent.mkdir(exist_ok=True)
    with (shared / "begun.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            _begin(folder)
            done.touch()
    return folder


def _begin(folder: Path) -> None:
    with tandem_up(folder) as stack:
        assert "loading the sample" in stack.printed()
        processes = stack.children()
        assert len(processes) >= 6, "valkey, the relay, two workers and the web with its worker"
        assert stack.stop(signal.SIGINT) == 0
        assert not [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


@pytest.fixture(scope="module")
def data(begun: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of it, for one module to do with as it likes."""
    return Path(shutil.copytree(begun, tmp_path_factory.mktemp("stack") / "data"))


@pytest.fixture(scope="session")
def stack(begun: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """`tandem up` on a copy, on a port of its own choosing: for all tests that leave it as it was."""
    with tandem_up(Path(shutil.copytree(begun, tmp_path_factory.mktemp("shared") / "data"))) as running:
        yield running


@pytest.fixture
def visitor(stack: Stack) -> Visitor:
    """Somebody on this machine."""
    return Visitor(stack.url).sign_in()
