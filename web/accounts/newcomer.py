"""The form by which somebody gets an account: a name and a password, and what is wrong with them."""

from dataclasses import dataclass, field

from flask import current_app, request
from flask_security import hash_password, login_user

from matcher.services.invitations import read_address, read_name
from matcher.wording import N_, Message
from web.accounts.passwords import Passwords
from web.accounts.store import AccountStore
from web.database import engine

_NO_NAME = N_("Write your name.")
_NO_PASSWORD = N_("Choose a password.")
_NO_ADDRESS = N_("Write your e-mail address, such as amina@example.org.")


@dataclass
class Newcomer:
    """What was typed. The password is never given back."""

    name: str = ""
    email: str = ""
    password: str = field(default="", repr=False)
    errors: dict[str, Message] = field(default_factory=dict)

    @classmethod
    def posted(cls) -> "Newcomer":
        """What somebody sent."""
        form = request.form
        return cls(read_name(form.get("name", "")), form.get("email", "").strip(), form.get("password", ""))

    def validate(self, *, with_email: bool = False) -> bool:
        """Whether an account can be made of it."""
        if with_email and not read_address(self.email):
            self.errors["email"] = Message(_NO_ADDRESS)
        if not self.name:
            self.errors["name"] = Message(_NO_NAME)
        if not self.password:
            self.errors["password"] = Message(_NO_PASSWORD)
        else:
            wrong, self.password = Passwords(current_app).validate(
                self.password,
                True,  # noqa: FBT003
                email=self.email,
                name=self.name,
            )
            if wrong:  # said in the reader's language already
                self.errors["password"] = Message(str(wrong[0]).replace("%", "%%"))
        return not self.errors

    @property
    def password_hash(self) -> str:
        """What is stored of the password. It takes a while, so make it before a transaction that writes."""
        return str(hash_password(self.password))


def let_in(account_id: int) -> None:
    """Sign a new account in, in this browser."""
    if user := AccountStore(engine()).find_user(id=account_id):
        login_user(user)
