"""People for the tests: accounts, their parts in programmes, and browsers that are signed in."""

from pathlib import Path
from time import time
from uuid import uuid4

from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import BrowserContext
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from config.settings import Settings
from matcher.db import unit_of_work
from matcher.models import KIND_OF_ROLE, Account, Membership, MembershipState, Profile, Programme, Role
from matcher.services import sign_ins
from web import create_app

ADMIN = "admin@example.org"


def add_account(session: Session, email: str, **fields: object) -> Account:
    """Somebody who can sign in, with nothing to take part in."""
    account = Account(email=email, fs_uniquifier=uuid4().hex, name=email.split("@")[0].title(), **fields)
    session.add(account)
    session.flush()
    return account


def add_member(
    session: Session,
    slug: str,
    role: Role,
    *,
    profile_id: int | None = None,
    email: str = "",
    state: MembershipState = MembershipState.ACTIVE,
    **fields: object,
) -> Membership:
    """Somebody with a part in a programme. Managers have codes from an app, as they must."""
    programme = session.scalars(select(Programme).where(Programme.slug == slug)).one()
    if role is Role.MANAGER:
        fields = {"tf_primary_method": "authenticator", **fields}
    email = email or f"{role.value}@{slug}.example.org"
    account = session.scalars(select(Account).where(Account.email == email)).first()
    account = account or add_account(session, email, **fields)
    if profile_id is not None:
        assert session.get_one(Profile, profile_id).kind == KIND_OF_ROLE[role]
    membership = Membership(
        programme_id=programme.id,
        account_id=account.id,
        role=role.value,
        profile_id=profile_id,
        state=state.value,
        needs_approval=False,
    )
    session.add(membership)
    session.flush()
    return membership


def add_admin(engine: Engine) -> int:
    """Whoever runs the installation, and so may do what any manager may; the account's id."""
    with unit_of_work(engine) as session:
        found = session.scalars(select(Account).where(Account.email == ADMIN)).first()
        found = found or add_account(session, ADMIN, is_admin=True, tf_primary_method="authenticator")
        return found.id


def enter(context: BrowserContext, data: Path, base: str, account_id: int | None = None) -> None:
    """Sign an account in, in a real browser; whoever runs the installation unless told otherwise.

    `data` is the folder of the server at `base`, whose key signs the cookie.
    """
    app = create_app(Settings(data=data), testing=True)
    if account_id is None:
        account_id = add_admin(app.extensions["tandem_engine"])
    name, value = session_cookie(app, account_id)
    context.add_cookies([{"name": name, "value": value, "url": base}])
    app.extensions["tandem_engine"].dispose()


def sign_in(app: Flask, account_id: int) -> FlaskClient:
    """A client in which the account is signed in, without the argon2 that a password takes."""
    client = app.test_client()
    name, value = session_cookie(app, account_id)
    client.set_cookie(name, value)
    return client


def session_cookie(app: Flask, account_id: int) -> tuple[str, str]:
    """Name and value of the cookie of a browser in which the account is signed in."""
    engine: Engine = app.extensions["tandem_engine"]
    with unit_of_work(engine) as session:
        account = session.get_one(Account, account_id)
        secret = sign_ins.begin(session, account_id, "A test")
        data = {"_user_id": account.fs_uniquifier, "_fresh": True, "fs_cc": "set", "fs_paa": time()}
        data |= {"sign_in": secret, "_permanent": True}
    signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    return app.config["SESSION_COOKIE_NAME"], signer.dumps(data)
