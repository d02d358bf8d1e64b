"""The entry point of the `tandem` command."""

import click

from matcher.cli.match import match
from matcher.cli.sample import sample
from matcher.cli.score import score
from matcher.cli.up import up


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tandem")
def main() -> None:
    """Match start-ups with mentors and funding partners, and say why."""


for command in (up, match, score, sample):
    main.add_command(command)
