"""`tandem invite`: a link that makes somebody an account, also before anybody can sign in."""

from pathlib import Path
from typing import Any

import click

from config.migrations import upgrade
from config.settings import Settings
from matcher.cli.language import _, language
from matcher.db import make_engine, unit_of_work
from matcher.models import Role
from matcher.profiles.speech import LANGUAGES
from matcher.services.invitations import VALID, invite
from matcher.services.programmes import get_programme


@click.command("invite")
@click.argument("email")
@click.option("--programme", "slug", help="The programme, as its address names it: rural-links-2026.")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    help="What they are in the programme; default: manager.",
)
@click.option("--name", default="", help="Their name, for the greeting.")
@click.option("--lang", type=click.Choice(LANGUAGES), help="Language of the letter; default: the shell's.")
@click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), help="Folder for the data; default: ./data."
)
def invite_command(
    email: str, slug: str | None, role: str | None, name: str, lang: str | None, data: Path | None
) -> None:
    """Invite EMAIL to a programme, or, without one, to run this installation as its administrator.

    Prints the link that lets them in, and writes them a letter with it. Works without a running server.
    """
    if role and not slug:
        raise click.UsageError(_("Say with --programme in which programme."))
    given: dict[str, Any] = {"data": data} if data else {}
    settings = Settings(**given)
    settings.data.mkdir(parents=True, exist_ok=True)
    engine = make_engine(settings.sqlalchemy_url)
    upgrade(engine)
    links: list[str] = []

    def link(secret: str) -> str:
        links.append(f"{settings.public_url}/invitation/{secret}")
        return links[-1]

    with unit_of_work(engine) as session:
        programme = get_programme(session, slug) if slug else None
        made = invite(
            session,
            programme,
            email=email,
            role=Role(role or Role.MANAGER) if programme else None,
            actor="tandem",
            link=link,
            name=name,
            language=lang or language(),
        )
        address = made.email
    click.echo(links[-1])
    click.echo(
        _("Only %(email)s should open it. It works once, and for %(days)d days.")
        % {"email": address, "days": VALID.days},
        err=True,
    )
