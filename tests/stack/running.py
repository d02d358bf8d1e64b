"""`tandem up` as a process of its own, for tests of the whole stack."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

START_SECONDS = 150.0
TANDEM = Path(sys.executable).with_name("tandem")


class Stack:
    """A running `tandem up`: its output so far, its address, its processes."""

    def __init__(self, data: Path, *arguments: str, environment: dict[str, str] | None = None) -> None:
        self.data, self.output = data, data.with_suffix(".out")
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [str(TANDEM), "up", "--data", str(data), *arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
            )

    def printed(self) -> str:
        """What it has printed."""
        return self.output.read_text(errors="replace")

    @property
    def url(self) -> str:
        """The address that it printed."""
        found = re.search(r"http://\S+/", self.printed())
        assert found, self.printed()
        return found[0]

    def children(self) -> list[psutil.Process]:
        """Every process under it that lives."""
        parent = psutil.Process(self.process.pid)
        return [child for child in parent.children(recursive=True) if child.is_running()]

    def child(self, words: str) -> psutil.Process:
        """The process under it whose command line has these words."""
        found = [c for c in self.children() if words in " ".join(c.cmdline())]
        assert found, f"no process has {words!r}"
        return found[0]

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send a signal and wait for the end; the exit status."""
        self.process.send_signal(number)
        return self.process.wait(timeout=60)


@contextmanager
def tandem_up(data: Path, *arguments: str) -> Iterator[Stack]:
    """A stack that has printed its best pairs; stopped in the end, whatever happens."""
    stack = Stack(data, *arguments)
    try:
        wait_until(lambda: "Ctrl-C" in stack.printed() or stack.process.poll() is not None, START_SECONDS)
        assert stack.process.poll() is None, stack.printed()
        yield stack
    finally:
        if stack.process.poll() is None:
            stack.stop()


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    """Wait for something to become true.

    Raises:
        AssertionError: it did not within `seconds`, which bounds a hang, not a speed.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.1)
