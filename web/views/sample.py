"""One click to look around in the sample programme, in each role, on the machine that runs it."""

from flask import Blueprint, abort, redirect
from flask_security import login_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from matcher.db import reading
from matcher.models import Role
from matcher.services.sample_people import sample_account
from web.accounts.store import AccountStore
from web.database import engine, settings
from web.security import from_this_machine

blueprint = Blueprint("sample", __name__)


def sample_roles(session: Session) -> list[Role]:
    """The roles that a visitor may look around in; none from elsewhere, or without the sample."""
    if settings().url or not from_this_machine():
        return []
    return [role for role in Role if sample_account(session, role)]


@blueprint.post("/sample/<any(founder, mentor, funder, manager):role>")
def sign_in(role: str) -> Response:
    """Sign in as whoever plays this role in the sample."""
    with reading(engine()) as session:
        if role not in sample_roles(session):
            abort(404)
        account = sample_account(session, Role(role))
    user = AccountStore(engine()).find_user(id=account.id) if account else None
    if user is None:
        abort(404)
    login_user(user)
    return redirect("/", 303)
