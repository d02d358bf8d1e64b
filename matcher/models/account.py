"""Who signs in: accounts, their passkeys, and where they are signed in."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from matcher.models.base import Base, utcnow


class MailPace(StrEnum):
    """How often somebody is told by e-mail what their pages tell them anyway."""

    DAILY = "daily"
    """One quiet digest a day, if there is anything to tell."""
    AT_ONCE = "at-once"
    NEVER = "never"


class Account(Base):
    """One person who can sign in. What they may do follows from their memberships.

    The names of the columns down to `fs_webauthn_user_handle` are Flask-Security's.
    """

    __tablename__ = "account"
    __table_args__ = (
        Index(None, "is_first", unique=True),
        {"sqlite_autoincrement": True},  # a deleted id must not come back: letters have it yet
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    """Lower case, and proved: an account begins with a link that was sent there."""
    password: Mapped[str | None]
    """An argon2id hash; None if only passkeys open it."""
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(unique=True)
    """What sessions name; changing it ends them all."""
    tf_primary_method: Mapped[str | None]
    tf_totp_secret: Mapped[str | None]
    """Encrypted with the installation's key."""
    totp_counter: Mapped[int | None]
    """Of the last code that was used, which works no more."""
    mf_recovery_codes: Mapped[list[str] | None]
    """Encrypted likewise; each opens the account once."""
    fs_webauthn_user_handle: Mapped[str | None] = mapped_column(unique=True)
    name: Mapped[str]
    language: Mapped[str | None]
    """One of the six; None: the browser's."""
    timezone: Mapped[str | None]
    """An IANA name; None: the programme's people see UTC."""
    mail_pace: Mapped[str] = mapped_column(default=MailPace.DAILY.value)
    is_admin: Mapped[bool] = mapped_column(default=False)
    """Runs this installation: every programme is theirs to enter."""
    is_first: Mapped[bool | None]
    """True: whoever set this installation up, of whom the database has one. None: anybody else."""
    is_sample: Mapped[bool] = mapped_column(default=False)
    """Belongs to the sample programme: opened by a button on this machine, and by nothing else."""
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class Passkey(Base):
    """A WebAuthn credential. The names of the columns are Flask-Security's."""

    __tablename__ = "passkey"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(default=0)
    transports: Mapped[list[str] | None]
    extensions: Mapped[str | None]
    backup_state: Mapped[bool]
    device_type: Mapped[str]
    usage: Mapped[str]
    create_datetime: Mapped[datetime] = mapped_column(default=utcnow)
    lastuse_datetime: Mapped[datetime] = mapped_column(default=utcnow)


class SignIn(Base):
    """One browser in which an account is signed in; deleting the row signs it out."""

    __tablename__ = "sign_in"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    token: Mapped[str] = mapped_column(unique=True)
    """SHA-256, in hex, of the secret in the browser's cookie."""
    browser: Mapped[str]
    """What it called itself, shortened."""
    began_at: Mapped[datetime] = mapped_column(default=utcnow)
    seen_at: Mapped[datetime] = mapped_column(default=utcnow)
    """To within some minutes: not every page is worth a write."""
