"""`tandem unlock`: let somebody in again whose phone, passkeys and recovery codes are gone."""

from pathlib import Path
from typing import Any

import click

from config.migrations import upgrade
from config.settings import Settings
from matcher.cli.language import _
from matcher.db import make_engine, unit_of_work
from matcher.services.accounts import take_second_factor_off


@click.command("unlock")
@click.argument("email")
@click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), help="Folder for the data; default: ./data."
)
def unlock(email: str, data: Path | None) -> None:
    """Take codes, passkeys and recovery codes off the account of EMAIL, and sign it out everywhere.

    Be sure first that it is really they who ask. Their password, or a new one by letter, then signs them in.
    """
    given: dict[str, Any] = {"data": data} if data else {}
    engine = make_engine(Settings(**given).sqlalchemy_url)
    upgrade(engine)
    with unit_of_work(engine) as session:
        address = take_second_factor_off(session, email).email
    click.echo(_("%(email)s signs in with the password alone now.") % {"email": address})
