"""The entry point of the `tandem` command, and how what goes wrong outside it is told."""

import io
import signal
import sys
from typing import Any

import click
from pydantic import ValidationError
from sqlalchemy.exc import ArgumentError, OperationalError

from matcher.cli.assign import assign
from matcher.cli.errors import BadInput
from matcher.cli.evaluate import evaluate
from matcher.cli.invite import invite_command
from matcher.cli.language import _
from matcher.cli.match import match
from matcher.cli.sample import sample
from matcher.cli.score import score
from matcher.cli.unlock import unlock
from matcher.cli.up import up
from matcher.wording import Refusal


class Tandem(click.Group):
    """Tells what an operator can mend in a sentence, where Python would show a traceback."""

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


for command in (up, match, assign, score, evaluate, sample, invite_command, unlock):
    main.add_command(command)
