"""`tandem up`: everything on one machine, started, watched and stopped together."""

import fcntl
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Engine

from config.migrations import upgrade
from config.settings import Settings
from matcher.cli.language import _, say
from matcher.cli.progress import progress_bar
from matcher.cli.stack import StackError, await_broker, listen, port_of, start_processes, start_valkey
from matcher.cli.supervisor import Supervisor
from matcher.db import make_engine, reading, unit_of_work
from matcher.models import JobKind, Kind, Programme
from matcher.services.jobs import enqueue, enqueue_once, work_state
from matcher.services.programmes import PairLine, best_pairs, list_programmes
from matcher.services.sample import load_sample
from matcher.wording import Message

_PORTS_TRIED = 20
_WEB_SECONDS = 60.0
_WATCH_SECONDS = 0.2


class Stopped(Exception):
    """Somebody asked for the end: Ctrl-C, or SIGTERM."""


@click.command()
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help="Port of the web pages; default: 8000, or the next free.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the data; default: ./data.",
)
def up(port: int | None, data: Path | None) -> None:
    """Start everything, load the sample programme into an empty database, and print the address.

    Ctrl-C stops every process that it started, and keeps the data.
    """
    settings = _settings(port, data)
    _stop_on_signals()
    with _alone(settings.data), _listener(settings, port) as listener:
        supervisor = Supervisor(settings.data / "logs")
        try:
            _run(supervisor, settings, listener)
        except Stopped:
            click.echo("\n" + _("Stopping …"))
        except StackError as error:
            raise click.ClickException(str(error)) from error
        finally:
            supervisor.stop()
    click.echo(_("Everything is stopped; the data is in %(folder)s.") % {"folder": settings.data.resolve()})


def _run(supervisor: Supervisor, settings: Settings, listener: socket.socket) -> None:
    redis_url = settings.redis_url or start_valkey(supervisor, settings.data)
    await_broker(redis_url)  # first: what is set wrong is told before anything is written
    engine = make_engine(settings.sqlalchemy_url)
    upgrade(engine)
    programmes = _prepare(engine)
    start_processes(supervisor, settings, redis_url, listener)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    url = f"http://{host}:{port_of(listener)}/"
    _await_web(supervisor, url)
    click.echo(_("Tandem is running at %(url)s (this machine only).") % {"url": url})
    for programme in programmes:
        _await_recommendations(supervisor, engine, programme)
    for programme in programmes:
        _print_best(engine, programme)
    click.echo("\n" + _("Open %(url)s — Ctrl-C stops Tandem.") % {"url": url})
    while True:
        _watch(supervisor)


def _prepare(engine: Engine) -> list[Programme]:
    """The programmes, the sample if there were none; all brought up to the encoder in use."""
    with unit_of_work(engine) as session:
        programmes = list_programmes(session)
        if not programmes:
            click.echo(_("The database is empty: loading the sample programme."))
            programmes = [load_sample(session)]
        else:
            for programme in programmes:
                enqueue(session, programme.id, JobKind.EMBED)  # what another model left, if anything
                enqueue_once(session, programme.id, JobKind.RECOMMEND)  # has a large one loaded beforehand
        return programmes


def _await_web(supervisor: Supervisor, url: str) -> None:
    deadline = time.monotonic() + _WEB_SECONDS
    while time.monotonic() < deadline:
        _watch(supervisor)
        try:
            with urllib.request.urlopen(url + "health", timeout=2):  # noqa: S310 - our own address
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            continue
    web = supervisor.children[-1]
    raise StackError(_("The web pages do not answer:") + "\n" + web.last_words())


def _await_recommendations(supervisor: Supervisor, engine: Engine, programme: Programme) -> None:
    """Show progress until the workers have nothing left to do for the programme."""
    with progress_bar(programme.name) as progress:
        while True:
            with reading(engine) as session:
                state = work_state(session, programme)
            progress(state.embedded, state.profiles)
            if not state.active:
                break
            _watch(supervisor)
    for job in state.failed:
        click.echo(
            _("Some work failed: %(reason)s (job %(id)d; logs in %(logs)s)")
            % {"reason": say(Message.from_json(job.error)), "id": job.id, "logs": supervisor.logs},
            err=True,
        )


def _print_best(engine: Engine, programme: Programme) -> None:
    titles = {Kind.MENTOR: _("Best mentor pairs"), Kind.FUNDER: _("Best funding pairs")}
    with reading(engine) as session:
        for kind, title in titles.items():
            click.echo(f"\n{programme.name} · {title}")
            for number, line in enumerate(best_pairs(session, programme, kind), start=1):
                click.echo(_pair_text(number, line))


def _pair_text(number: int, line: PairLine) -> str:
    reason = f"\n     {say(line.reasons[0].message)}" if line.reasons else ""
    return f"  {number}. {line.startup.name} – {line.counterpart.name}  {line.score:.2f} {line.band}{reason}"


def _watch(supervisor: Supervisor) -> None:
    for child in supervisor.watch():
        click.echo(
            _("%(name)s stopped and is started again; its log is %(log)s.")
            % {"name": child.name, "log": child.log},
            err=True,
        )
    time.sleep(_WATCH_SECONDS)


def _settings(port: int | None, data: Path | None) -> Settings:
    given: dict[str, Any] = {"port": port, "data": data}
    settings = Settings(**{name: value for name, value in given.items() if value is not None})
    settings.data.mkdir(parents=True, exist_ok=True)
    return settings


def _listener(settings: Settings, wanted: int | None) -> socket.socket:
    """At the port asked for, or else at the first free one from the default on."""
    tried = [wanted] if wanted else range(settings.port, settings.port + _PORTS_TRIED)
    for port in tried:
        try:
            return listen(settings.host, port)
        except OSError:
            continue
    raise click.ClickException(
        _("Port %(port)d is taken. Name another with --port, or none to have one chosen.")
        % {"port": tried[0]}
    )


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Hold the data folder: two stacks on one would fight over its index and its uploads."""
    with (data / "tandem.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise click.ClickException(
                _("Tandem is already running on %(folder)s.") % {"folder": data.resolve()}
            ) from error
        yield


def _stop_on_signals() -> None:
    def stop(*_args: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not cut the stopping short
        raise Stopped

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
