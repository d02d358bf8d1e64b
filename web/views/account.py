"""Somebody's own account: how they are called, how they sign in, and where they are signed in."""

from typing import cast

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from matcher.db import reading, unit_of_work
from matcher.services import sign_ins
from matcher.services.accounts import get_account, set_preferences
from matcher.services.errors import NotAllowed
from matcher.wording import N_, Message
from web import i18n, zones
from web.accounts.browsers import in_words
from web.accounts.identity import Identity, identity
from web.database import engine
from web.notices import tell

blueprint = Blueprint("account", __name__, url_prefix="/account")

_SAVED = N_("Saved.")
_ENDED = N_("That browser is signed out.")
_ENDED_ALL = N_("All other browsers are signed out.")


@blueprint.get("")
def show() -> str:
    """What there is to set, and what is missing if a second factor is needed."""
    who = _who()
    return _page({"name": who.name, "language": who.language or "", "timezone": who.timezone or ""})


@blueprint.post("")
def save() -> Response | tuple[str, int]:
    """Keep name, language and time zone, or give the form back with what is wrong."""
    given = {name: request.form.get(name, "") for name in ("name", "language", "timezone")}
    language = given["language"] if given["language"] in i18n.LOCALES else None
    timezone = given["timezone"] if zones.is_zone(given["timezone"]) else None
    try:
        with unit_of_work(engine()) as session:
            set_preferences(session, _who().account_id, given["name"], language, timezone)
    except NotAllowed as error:
        return _page(given, error.message), 422
    tell("success", Message(_SAVED))
    response = redirect(url_for("account.show"), 303)
    i18n.remember(response, language)  # type: ignore[arg-type]
    return response


@blueprint.get("/protected")
def protected() -> Response:
    """Where setting up codes or a passkey ends: at recovery codes, if there are none yet."""
    who = _who()
    with reading(engine()) as session:
        codes = get_account(session, who.account_id).mf_recovery_codes
    if who.has_second_factor and not codes:
        return redirect(url_for("security.mf_recovery_codes"), 303)
    return redirect(url_for("account.show"), 303)


@blueprint.post("/sign-ins/<id:sign_in_id>/end")
def sign_out(sign_in_id: int) -> Response:
    """Sign one other browser out."""
    with unit_of_work(engine()) as session:
        if not sign_ins.end(session, _who().account_id, sign_in_id):
            abort(404)
    tell("success", Message(_ENDED))
    return redirect(url_for("account.show", _anchor="signed-in"), 303)


@blueprint.post("/sign-ins/end")
def sign_out_others() -> Response:
    """Sign every browser out but this one."""
    who = _who()
    with unit_of_work(engine()) as session:
        sign_ins.end_all(session, who.account_id, but=who.sign_in_id)
    tell("success", Message(_ENDED_ALL))
    return redirect(url_for("account.show", _anchor="signed-in"), 303)


def _who() -> Identity:
    return cast(Identity, identity())  # the table of permissions says so


def _page(given: dict[str, str], error: Message | None = None) -> str:
    who = _who()
    with reading(engine()) as session:
        places = sign_ins.list_sign_ins(session, who.account_id)
        account = get_account(session, who.account_id)
        has = {
            "password": account.password is not None,
            "app": account.tf_primary_method is not None,
            "passkeys": sign_ins.count_passkeys(session, who.account_id),
            "recovery": len(account.mf_recovery_codes or ()),
        }
    return render_template(
        "account.html",
        who=who,
        has=has,
        places=[(place, in_words(place.browser)) for place in places],
        given=given,
        error=error,
        zones=zones.choices(),
        locales=i18n.LOCALES,
        needed=who.needs_second_factor,
    )
