"""`tandem unlock`: whoever lost phone and recovery codes signs in with the password again."""

from pathlib import Path

from click.testing import CliRunner
from sqlalchemy import select

from config.migrations import upgrade
from matcher.cli.main import main
from matcher.db import make_engine, reading, unit_of_work
from matcher.models import Account


def test_an_account_is_unlocked_and_a_mistake_is_told(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'tandem.db'}")
    upgrade(engine)
    with unit_of_work(engine) as session:
        locked = {"tf_primary_method": "authenticator", "tf_totp_secret": "x", "mf_recovery_codes": ["y"]}
        session.add(Account(email="anna@example.org", name="Anna", fs_uniquifier="1", **locked))

    done = CliRunner().invoke(main, ["unlock", "--data", str(tmp_path), "Anna@example.org"])
    wrong = CliRunner().invoke(main, ["unlock", "--data", str(tmp_path), "nobody@example.org"])

    assert (done.exit_code, "anna@example.org" in done.output) == (0, True)
    assert (wrong.exit_code, "no account with the address" in wrong.output) == (2, True)
    with reading(engine) as session:
        found = session.scalars(select(Account)).one()
        assert (found.tf_primary_method, found.tf_totp_secret, found.mf_recovery_codes) == (None, None, None)
