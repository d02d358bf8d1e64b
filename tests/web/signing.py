"""Signing in as people do: through the forms, with passwords, codes from an app, and letters."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import time
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from flask_security import hash_password
from sqlalchemy import Engine, select
from werkzeug.test import TestResponse

from matcher.db import reading, unit_of_work
from matcher.models import Account, Mail
from tests.web.conftest import submit
from tests.web.people import add_account

PASSWORD = "a boat of wild rosemary"
ANNA = "anna@example.org"


def add_anna(app: Flask, **fields: Any) -> int:
    """Somebody who signs in with a password; the account's id."""
    with app.app_context():
        hashed = hash_password(PASSWORD)
    with unit_of_work(app.extensions["tandem_engine"]) as session:
        return add_account(session, ANNA, password=hashed, **fields).id


def enter(client: FlaskClient, password: str = PASSWORD, email: str = ANNA, query: str = "") -> TestResponse:
    """Fill in the form that asks for address and password."""
    return submit(client, f"/sign-in{query}", email=email, password=password)


def is_in(client: FlaskClient) -> bool:
    """Whether somebody is signed in there."""
    return client.get("/account").status_code == 200


def secret(app: Flask) -> str:
    """The encrypted secret of somebody's app."""
    made: str = app.extensions["security"].totp_factory.generate_totp_secret()
    return made


def code(app: Flask, of: str, later: int = 0) -> str:
    """What the app shows now, or so many seconds later."""
    totp = app.extensions["security"].totp_factory._totp.from_source(of)
    shown: str = totp.generate(time=time() + later).token
    return shown


@contextmanager
def account(engine: Engine, email: str = ANNA) -> Iterator[Account]:
    """An account, as it is stored."""
    with reading(engine) as session:
        yield session.scalars(select(Account).where(Account.email == email)).one()


def letters(engine: Engine) -> list[Mail]:
    """All that were written, the first first."""
    with reading(engine) as session:
        return list(session.scalars(select(Mail).order_by(Mail.id)))
