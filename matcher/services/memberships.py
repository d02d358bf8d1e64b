"""Who takes part in what: the one place that says which programmes an account may enter, and as what."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.models import Membership, MembershipState, Programme, Role
from matcher.services.errors import NotFound
from matcher.wording import N_, Message

PRESENT = (MembershipState.APPLYING, MembershipState.ACTIVE)
"""States in which somebody may open their own pages."""


@dataclass(frozen=True, slots=True)
class Part:
    """One account's part in one programme, as plain values."""

    membership_id: int
    programme: Programme
    role: Role
    state: MembershipState
    profile_id: int | None
    reason: str = ""
    """Why they were not admitted, in the manager's words."""

    @property
    def is_manager(self) -> bool:
        """Whether they run the programme."""
        return self.role is Role.MANAGER and self.state is MembershipState.ACTIVE


def parts_of(session: Session, account_id: int) -> Sequence[Part]:
    """All that an account takes part in, was refused for, or has left, by the programmes' names."""
    rows = session.execute(
        select(Membership, Programme)
        .join(Programme, Programme.id == Membership.programme_id)
        .where(Membership.account_id == account_id)
        .order_by(Programme.name, Membership.id)
    )
    return [
        Part(
            found.id,
            programme,
            Role(found.role),
            MembershipState(found.state),
            found.profile_id,
            found.reason,
        )
        for found, programme in rows
    ]


def get_own(session: Session, programme: Programme, account_id: int, membership_id: int) -> Membership:
    """The account's own membership of the programme.

    Raises:
        NotFound: it has no such, or has left.
    """
    found = session.get(Membership, membership_id)
    if (
        found is None
        or (found.programme_id, found.account_id) != (programme.id, account_id)
        or found.state not in PRESENT
    ):
        raise NotFound(Message(N_("This page does not exist, or is not yours.")))
    return found
