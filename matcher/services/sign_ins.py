"""Where an account is signed in: one row a browser, which its owner sees and can end."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from matcher.models import Passkey, SignIn, utcnow

_TOUCH_AFTER = timedelta(minutes=10)
_IDLE = timedelta(days=30)
"""After so long without a page a browser has to sign in again."""
_BROWSER = 160


def begin(session: Session, account_id: int, browser: str) -> str:
    """Note that a browser signed in; the secret that it keeps."""
    secret = secrets.token_urlsafe(32)
    session.add(SignIn(account_id=account_id, token=digest(secret), browser=browser[:_BROWSER]))
    session.execute(delete(SignIn).where(SignIn.account_id == account_id, SignIn.seen_at < utcnow() - _IDLE))
    return secret


def find(session: Session, secret: str) -> SignIn | None:
    """The sign-in that a secret belongs to, unless it was ended or was idle for too long."""
    found = session.scalars(select(SignIn).where(SignIn.token == digest(secret))).first()
    return found if found and found.seen_at > utcnow() - _IDLE else None


def is_due(sign_in: SignIn) -> bool:
    """Whether it is time to note that it is still in use."""
    return sign_in.seen_at < utcnow() - _TOUCH_AFTER


def touch(session: Session, sign_in_id: int) -> None:
    """Note that it is in use, unless it was ended meanwhile."""
    session.execute(update(SignIn).where(SignIn.id == sign_in_id).values(seen_at=utcnow()))


def list_sign_ins(session: Session, account_id: int) -> Sequence[SignIn]:
    """The browsers in which the account is signed in, the latest used first."""
    return session.scalars(
        select(SignIn).where(SignIn.account_id == account_id).order_by(SignIn.seen_at.desc())
    ).all()


def count_passkeys(session: Session, account_id: int) -> int:
    """How many passkeys open the account."""
    return session.scalar(select(func.count()).where(Passkey.user_id == account_id)) or 0


def end(session: Session, account_id: int, sign_in_id: int) -> bool:
    """Sign one of the account's browsers out; False if it has no such."""
    ours = delete(SignIn).where(SignIn.id == sign_in_id, SignIn.account_id == account_id)
    return bool(session.execute(ours.returning(SignIn.id)).all())


def end_all(session: Session, account_id: int, *, but: int | None = None) -> None:
    """Sign all of the account's browsers out, but perhaps one."""
    session.execute(delete(SignIn).where(SignIn.account_id == account_id, SignIn.id != (but or 0)))


def digest(secret: str) -> str:
    """What is stored of a secret: its SHA-256, in hex. 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()
