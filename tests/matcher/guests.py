"""People who are invited in tests, and the secrets in the links that they got."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from matcher.models import Invitation, Membership, Programme, Role
from matcher.services import invitations, joining

ADDRESS = "amina@example.org"


class Post:
    """The secrets in the links of what was sent, in order."""

    def __init__(self) -> None:
        self.secrets: list[str] = []

    def __call__(self, secret: str) -> str:
        self.secrets.append(secret)
        return f"http://x/invitation/{secret}"

    @property
    def last(self) -> str:
        return self.secrets[-1]


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def invite(session: Session, programme: Programme, post: Post) -> Callable[..., Invitation]:
    def send(email: str = ADDRESS, role: Role = Role.FOUNDER, **values: object) -> Invitation:
        return invitations.invite(
            session, programme, email=email, role=role, actor="m@example.org", link=post, **values
        )  # type: ignore[arg-type]

    return send


def accept(session: Session, secret: str, **values: object) -> joining.Joined:
    return joining.accept(session, secret, name="Amina", password_hash="$argon2id$x", **values)  # type: ignore[arg-type]


def member(session: Session, joined: joining.Joined) -> Membership:
    assert joined.membership
    return joined.membership
