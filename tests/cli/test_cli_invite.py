"""`tandem invite`: a link that lets somebody in, without a server."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, select

from matcher.cli.main import main
from matcher.db import make_engine, reading, unit_of_work
from matcher.models import Mail
from matcher.services.invitations import Invited, find
from matcher.services.programmes import start_programme


def invite(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["invite", "--data", str(folder), *arguments])


def opened(folder: Path) -> Engine:
    return make_engine(f"sqlite:///{folder / 'tandem.db'}")


def what(folder: Path, result: Result) -> Invited:
    assert result.exit_code == 0, result.output
    link = result.stdout.strip()
    assert link.startswith("http://127.0.0.1:8000/invitation/")
    with reading(opened(folder)) as session:
        return find(session, link.rpartition("/")[2])


def test_an_administrator_is_invited_into_an_empty_folder(tmp_path: Path) -> None:
    result = invite(tmp_path / "new", "Root@example.org", "--name", "Root", "--lang", "ru")
    found = what(tmp_path / "new", result)

    assert (found.invitation.email, found.invitation.role, found.programme) == (
        "root@example.org",
        None,
        None,
    )
    assert "7 days" in result.stderr
    with reading(opened(tmp_path / "new")) as session:
        letter = session.scalars(select(Mail)).one()
    assert (letter.address, letter.language, letter.programme_id) == ("root@example.org", "ru", None)


def test_a_programmes_people_are_invited_and_mistakes_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    invite(tmp_path, "root@example.org")
    with unit_of_work(opened(tmp_path)) as session:
        start_programme(session, "Rural Links")
    manager = what(tmp_path, invite(tmp_path, "m@example.org", "--programme", "rural-links"))
    mentor = what(
        tmp_path, invite(tmp_path, "n@example.org", "--programme", "rural-links", "--role", "mentor")
    )

    assert manager.programme
    assert (manager.programme.slug, manager.invitation.role) == ("rural-links", "manager")
    assert mentor.invitation.role == "mentor"
    for arguments in (
        ("x",),
        ("m@example.org", "--role", "mentor"),
        ("m@example.org", "--programme", "none"),
    ):
        wrong = invite(tmp_path, *arguments)
        assert wrong.exit_code == 2
        assert "Traceback" not in wrong.output
    monkeypatch.setenv("TANDEM_URL", "https://hub.example.org/")
    assert invite(tmp_path, "m@example.org").stdout.startswith("https://hub.example.org/invitation/")
