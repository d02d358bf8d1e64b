"""Flask-Security's view of the accounts: its users, its credentials, and where it keeps them.

It loads a user in one short reading transaction and hands over what it changed in one writing one, so
no request holds SQLite's write lock while a view opens a transaction of its own.
"""

from typing import Any

from flask import abort, g
from flask_security import UserMixin, WebAuthnMixin
from flask_security.datastore import UserDatastore
from sqlalchemy import Engine, inspect, select
from sqlalchemy.orm import Mapped, relationship

from matcher.db import reading, unit_of_work
from matcher.models import Account, Base, Passkey, utcnow


class Credential(Base, WebAuthnMixin):
    """A passkey, with Flask-Security's methods."""

    __table__ = Passkey.__table__

    def get_user_mapping(self) -> dict[str, Any]:
        """How to find whose it is."""
        return {"id": self.user_id}  # type: ignore[attr-defined]


class User(Base, UserMixin):
    """An account, with Flask-Security's methods. Roles are memberships, which it knows nothing of."""

    __table__ = Account.__table__
    roles = ()  # type: ignore[assignment]

    webauthn: Mapped[list[Credential]] = relationship(  # type: ignore[assignment]
        lazy="joined", cascade="all, delete-orphan"
    )


class AccountStore(UserDatastore):
    """Reads and writes users through the two kinds of transaction that everything else uses."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(User, None, Credential)  # type: ignore[arg-type]
        self.engine = engine

    def find_user(
        self,
        case_insensitive: bool = False,  # noqa: FBT001, FBT002 - the library's signature
        **kwargs: Any,
    ) -> User | None:
        """The one user with this value in this column. Addresses are stored in lower case."""
        ((name, value),) = kwargs.items()
        if case_insensitive:
            value = str(value).lower()
        with reading(self.engine) as session:
            return session.scalars(select(User).where(getattr(User, name) == value)).unique().first()

    def find_role(self, role: str) -> None:
        """There are none: what somebody may do follows from their memberships."""

    def find_webauthn(self, credential_id: bytes) -> Credential | None:
        """The credential that a browser names."""
        with reading(self.engine) as session:
            return session.scalars(
                select(Credential).where(Passkey.__table__.c.credential_id == credential_id)
            ).first()

    def create_webauthn(self, user: User, **fields: Any) -> None:  # type: ignore[override]
        """Keep a new credential of a user's."""
        fields = {name: value for name, value in fields.items() if hasattr(Credential, name)}
        user.webauthn.append(Credential(**fields, lastuse_datetime=utcnow()))
        self.put(user)

    def mf_delete_recovery_code(self, user: Any, idx: int) -> bool:
        """Spend a recovery code: of two sign-ins at once with the same, one gets in."""
        code = user.mf_recovery_codes[idx]
        with unit_of_work(self.engine) as session:
            account = session.get_one(Account, user.id, with_for_update=True)
            left = list(account.mf_recovery_codes or ())
            if code not in left:
                abort(403)
            left.remove(code)
            account.mf_recovery_codes = left
        return True

    def put(self, model: Any) -> Any:
        """Remember to write it when the request commits."""
        _pending().append(("add", model))
        return model

    def delete(self, model: Any) -> None:
        """Remember to delete it when the request commits."""
        _pending().append(("delete", model))

    def commit(self) -> None:
        """Write what was put and deleted, in one transaction."""
        pending, g.account_changes = _pending(), []
        if not pending:
            return
        with unit_of_work(self.engine) as session:
            for verb, model in pending:
                if verb == "add":
                    session.add(model)
                elif inspect(model).persistent or inspect(model).detached:
                    session.delete(model)


def _pending() -> list[tuple[str, Any]]:
    if "account_changes" not in g:
        g.account_changes = []
    changes: list[tuple[str, Any]] = g.account_changes
    return changes
