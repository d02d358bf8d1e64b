"""What goes wrong on the command line: said on stderr, with an exit status for each kind."""

from collections.abc import Iterable
from pathlib import Path

import click

from matcher.cli.language import say
from matcher.wording import N_, Message


class _Told(click.ClickException):
    """Messages for people, one a line and nothing else."""

    def __init__(self, messages: Iterable[Message]) -> None:
        self.messages = list(messages)
        super().__init__("\n".join(say(message) for message in self.messages))

    def show(self, file: object = None) -> None:  # noqa: ARG002 - click's signature
        """Print one message a line."""
        click.echo(self.format_message(), err=True)


class BadInput(_Told):
    """What was handed in cannot be used; `messages` say where and what would be right."""

    exit_code = 2


class Unsolvable(_Told):
    """What was handed in is sound, but asks for more than there is; `messages` say what would help."""

    exit_code = 3


def at_line(path: Path, number: int, problem: Message) -> Message:
    """A problem with one line of a file."""
    return Message(
        N_("%(file)s, line %(line)d: %(problem)s"),
        {"file": path.name, "line": number, "problem": problem},
    )
