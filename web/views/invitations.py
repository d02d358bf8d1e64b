"""Accepting an invitation at the secret address in its letter. Opening it changes nothing; a button does."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import force_locale
from werkzeug.wrappers import Response

from matcher.db import reading, unit_of_work
from matcher.models import Role
from matcher.services.errors import Conflict, NotAllowed, NotFound
from matcher.services.invitations import InvitationState, Invited, find
from matcher.services.joining import Joined, accept, open_roles
from matcher.wording import N_, Message
from web.accounts.identity import forget_identity, identity
from web.accounts.newcomer import Newcomer, let_in
from web.database import engine
from web.i18n import LOCALES
from web.notices import tell

blueprint = Blueprint("invitations", __name__, url_prefix="/invitation/<secret>")

_CLOSED = 410
_WELCOME = N_("Welcome. Your account is made, and you are signed in.")
_JOINED = N_("Welcome. The programme is among yours now.")


@blueprint.get("")
def show(secret: str) -> str | tuple[str, int]:
    """What the invitation is to, and what its reader has to do."""
    return _page(secret, Newcomer(), 200)


@blueprint.post("")
def take(secret: str) -> Response | str | tuple[str, int]:
    """Use it up: make the account, or join with the one that is signed in."""
    who = identity()
    form = Newcomer.posted()
    try:
        with reading(engine()) as session:
            found = find(session, secret)
        if found.state is not InvitationState.OPEN:
            return _page(secret, form, _CLOSED)
        if who is None and found.has_account:
            return _page(secret, form, 409)
        form.email = found.invitation.email  # the password may not be that
        if who is None and not form.validate():
            return _page(secret, form, 422)
        language = _language(found)
        hashed = None if who else form.password_hash
        with unit_of_work(engine()) as session:
            joined = accept(
                session,
                secret,
                account_id=who.account_id if who else None,
                name=form.name,
                password_hash=hashed,
                language=language,
            )
    except (Conflict, NotAllowed, NotFound) as error:  # used, revoked or joined otherwise meanwhile
        form.errors[""] = error.message
        return _page(secret, form, 409)
    if who is None:
        let_in(joined.account.id)
    forget_identity()
    tell("success", Message(_JOINED if who else _WELCOME))
    return redirect(_first_page(joined, found), 303)


def _first_page(joined: Joined, found: Invited) -> str:
    if joined.membership is None or found.programme is None:
        return url_for("overview.home")
    slug = found.programme.slug
    if joined.membership.role == Role.MANAGER:
        return url_for("overview.programme", slug=slug)
    return url_for("mine.show", slug=slug, mine=joined.membership.id)


def _page(secret: str, form: Newcomer, status: int) -> tuple[str, int]:
    """The invitation as it stands now, in the language of its letter unless asked otherwise."""
    with reading(engine()) as session:
        try:
            found = find(session, secret)
        except NotFound:
            return render_template("invitation_closed.html", found=None), 404
        form.name = form.name or found.invitation.name
        doors = bool(found.programme and open_roles(found.programme))
    with force_locale(_language(found)):
        if found.state is not InvitationState.OPEN:
            page = render_template("invitation_closed.html", found=found, doors=doors)
            return page, _CLOSED
        return render_template("invitation.html", found=found, form=form, secret=secret), status


def _language(found: Invited) -> str:
    wanted = request.args.get("lang")
    return wanted if wanted in LOCALES else found.invitation.language
