"""The entry point of the `tandem` command, and how what goes wrong outside it is told."""

import io
import signal
import sys
from importlib import import_module
from typing import Any

import click
from pydantic import ValidationError
from sqlalchemy.exc import ArgumentError, OperationalError

from matcher.cli.errors import BadInput
from matcher.cli.language import _
from matcher.wording import Refusal

_COMMANDS = {
    "assign": "assign:assign",
    "evaluate": "evaluate:evaluate",
    "invite": "invite:invite_command",
    "match": "match:match",
    "sample": "sample:sample",
    "score": "score:score",
    "unlock": "unlock:unlock",
    "up": "up:up",
}
"""The module and the name of each command. Imported when asked for: a solver or a model takes a second."""


class Tandem(click.Group):
    """Tells what an operator can mend in a sentence, where Python would show a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names of all commands."""
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of this name, or None."""
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(f"matcher.cli.{module}"), name)
        return command

    def invoke(self, context: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(context)
        except Refusal as refusal:
            raise BadInput([refusal.message]) from refusal
        except ValidationError as error:
            problems = (f"TANDEM_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
            raise click.UsageError("\n".join(problems)) from error
        except ArgumentError as error:
            raise click.UsageError(f"TANDEM_DATABASE_URL: {error}") from error
        except OperationalError as error:
            reason = _("The database cannot be used: %(reason)s") % {"reason": error.orig}
            raise click.ClickException(reason) from error
        except OSError as error:
            raise click.ClickException(f"{error.strerror}: {error.filename}") from error


@click.group(cls=Tandem, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tandem")
def main() -> None:
    """Match start-ups with mentors and funding partners, and say why."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a letter must not stop the work
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # clean up on the way out
