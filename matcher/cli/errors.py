"""Bad input on the command line: said on stderr, with exit status 2."""

from collections.abc import Iterable

import click

from matcher.cli.language import say
from matcher.wording import Message


class BadInput(click.ClickException):
    """What was handed in cannot be used; `messages` say where and what would be right."""

    exit_code = 2

    def __init__(self, messages: Iterable[Message]) -> None:
        self.messages = list(messages)
        super().__init__("\n".join(say(message) for message in self.messages))

    def show(self, file: object = None) -> None:  # noqa: ARG002 - click's signature
        """Print one problem a line."""
        click.echo(self.format_message(), err=True)
