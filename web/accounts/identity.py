"""Who is asking: the account that this browser is signed in to, and what it takes part in."""

from dataclasses import dataclass
from typing import cast

from flask import current_app, g, session
from flask_login import current_user  # type: ignore[import-untyped]
from flask_security import logout_user
from sqlalchemy import Engine

from matcher.db import reading, unit_of_work
from matcher.services import sign_ins
from matcher.services.memberships import PRESENT, Part, parts_of
from matcher.services.notices import count_unread

_SECRET = "sign_in"  # noqa: S105 - the name of a cookie's field


@dataclass(frozen=True, slots=True)
class Identity:
    """A signed-in account, as plain values."""

    account_id: int
    name: str
    email: str
    language: str | None
    timezone: str | None
    is_admin: bool
    is_sample: bool
    has_second_factor: bool
    sign_in_id: int
    parts: tuple[Part, ...]
    unread: int
    """Notices that they have not opened."""

    def parts_in(self, slug: str) -> tuple[Part, ...]:
        """What they are in the programme at this address, as far as they are let in."""
        return tuple(p for p in self.parts if p.programme.slug == slug and p.state in PRESENT)

    def manages(self, slug: str) -> bool:
        """Whether they run it, or the installation."""
        return self.is_admin or any(part.is_manager for part in self.parts_in(slug))

    @property
    def needs_second_factor(self) -> bool:
        """Whether a password alone is not enough for what they may do, and all they have."""
        manages = self.is_admin or any(part.is_manager for part in self.parts)
        return manages and not self.has_second_factor and not self.is_sample


def identity() -> Identity | None:
    """Who is asking; None if nobody is signed in. Read once a request."""
    if "who" not in g:
        g.who = _identify()
    return cast(Identity | None, g.who)


def forget_identity() -> None:
    """Have it read again: what it says has changed within this request."""
    g.pop("who", None)


def begin_sign_in(account_id: int, browser: str) -> None:
    """Note the browser, and give it a new secret by which it is found again."""
    with unit_of_work(_engine()) as opened:
        if former := sign_ins.find(opened, session.get(_SECRET, "")):
            sign_ins.end(opened, former.account_id, former.id)
        session[_SECRET] = sign_ins.begin(opened, account_id, browser)
    session.permanent = True
    forget_identity()


def end_sign_in() -> None:
    """Sign this browser out."""
    if who := identity():
        with unit_of_work(_engine()) as opened:
            sign_ins.end(opened, who.account_id, who.sign_in_id)
    session.pop(_SECRET, None)


def end_other_sign_ins(account_id: int) -> None:
    """Sign the account out everywhere but in this browser."""
    with unit_of_work(_engine()) as opened:
        ours = sign_ins.find(opened, session.get(_SECRET, ""))
        sign_ins.end_all(opened, account_id, but=ours.id if ours else None)


def _identify() -> Identity | None:
    if not current_user.is_authenticated:
        return None
    with reading(_engine()) as opened:
        found = sign_ins.find(opened, session.get(_SECRET, ""))
        parts = tuple(parts_of(opened, current_user.id))
        unread = count_unread(opened, current_user.id)
    if found is None or found.account_id != current_user.id:
        g.who = None  # so that signing out does not ask who that is
        logout_user()  # it was ended from another browser
        return None
    if sign_ins.is_due(found):
        with unit_of_work(_engine()) as opened:
            sign_ins.touch(opened, found.id)
    return Identity(
        account_id=current_user.id,
        name=current_user.name,
        email=current_user.email,
        language=current_user.language,
        timezone=current_user.timezone,
        is_admin=current_user.is_admin,
        is_sample=current_user.is_sample,
        has_second_factor=bool(current_user.tf_primary_method or current_user.webauthn),
        sign_in_id=found.id,
        parts=parts,
        unread=unread,
    )


def _engine() -> Engine:
    return cast(Engine, current_app.extensions["tandem_engine"])
