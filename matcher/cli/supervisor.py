"""Child processes: started, watched, started again when they die, and all stopped in the end."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0
_STEADY_SECONDS = 30.0
_GRACE_SECONDS = 8.0
_PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """One process to be kept running. Its output goes to a file of its own."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    serves_others: bool = False
    inherits: Sequence[int] = ()
    """Open files that it gets, by their numbers."""
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = _FIRST_PAUSE
    restart_at: float = 0.0

    def start(self) -> None:
        """Start it in a session of its own: the terminal's Ctrl-C is the supervisor's to handle."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                list(self.arguments),
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent,
                pass_fds=self.inherits,
            )
        self.started = time.monotonic()

    def is_running(self) -> bool:
        """Whether the process lives."""
        return self.process is not None and self.process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process and all it started."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, number)

    def last_words(self, lines: int = 5) -> str:
        """The end of its log, for an error message."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


@dataclass
class Supervisor:
    """Keeps children running, in the order in which they were added."""

    logs: Path
    children: list[Child] = field(default_factory=list)

    def add(
        self,
        name: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        *,
        serves_others: bool = False,
        inherits: Sequence[int] = (),
    ) -> Child:
        """Start a child and keep it running from now on."""
        self.logs.mkdir(parents=True, exist_ok=True)
        log = self.logs / f"{name}.log"
        if log.exists():
            log.replace(log.with_suffix(".log.1"))  # the run before is kept, so logs stay bounded
        child = Child(name, arguments, environment, log, serves_others, inherits)
        child.start()
        self.children.append(child)
        return child

    def watch(self) -> list[Child]:
        """Start again what has died, ever more slowly if it keeps dying; those that had died."""
        now = time.monotonic()
        died = []
        for child in self.children:
            if child.is_running():
                if now - child.started > _STEADY_SECONDS:
                    child.pause = _FIRST_PAUSE
            elif child.restart_at == 0.0:
                child.restart_at = now + child.pause
                died.append(child)
            elif now >= child.restart_at:
                child.pause = min(child.pause * 2, _LONGEST_PAUSE)
                child.restart_at = 0.0
                child.start()
        return died

    def stop(self) -> None:
        """Stop all, and what the others depend on after them: no process is left."""
        _stop([child for child in self.children if not child.serves_others])
        _stop([child for child in self.children if child.serves_others])


def _stop(children: Sequence[Child]) -> None:
    """Ask all to stop, wait a while, then make sure."""
    for child in children:
        child.signal(signal.SIGTERM)
    deadline = time.monotonic() + _GRACE_SECONDS
    while any(child.is_running() for child in children) and time.monotonic() < deadline:
        time.sleep(0.05)
    for child in children:
        child.signal(signal.SIGKILL)
        if child.process is not None:
            child.process.wait()


def _die_with_parent() -> None:
    """Have the kernel stop this child when the supervisor dies, even by kill -9. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
