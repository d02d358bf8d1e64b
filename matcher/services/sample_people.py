"""Accounts of the sample programme: one for each role, opened by a button, and by nothing else."""

from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.models import (
    KIND_OF_ROLE,
    Account,
    Membership,
    MembershipState,
    Profile,
    Programme,
    Role,
)


def add_sample_people(session: Session, programme: Programme) -> None:
    """An account for each role; participants get the first profile of their kind."""
    for role in Role:
        profile = _first(session, programme, role)
        account = Account(
            email=f"{role.value}@sample.invalid",
            fs_uniquifier=uuid4().hex,
            name=profile.name if profile else "Sample manager",
            is_sample=True,
        )
        session.add(account)
        session.flush()
        session.add(
            Membership(
                programme_id=programme.id,
                account_id=account.id,
                role=role.value,
                profile_id=profile.id if profile else None,
                state=MembershipState.ACTIVE.value,
                needs_approval=False,
            )
        )
    session.flush()


def sample_account(session: Session, role: Role) -> Account | None:
    """Whoever plays this role in the sample programme; None if there is no sample."""
    return session.scalars(
        select(Account)
        .join(Membership, Membership.account_id == Account.id)
        .join(Programme, Programme.id == Membership.programme_id)
        .where(Account.is_sample, Programme.is_sample, Membership.role == role)
    ).first()


def _first(session: Session, programme: Programme, role: Role) -> Profile | None:
    if role is Role.MANAGER:
        return None
    own = Profile.programme_id == programme.id, Profile.kind == KIND_OF_ROLE[role]
    return session.scalars(select(Profile).where(*own).order_by(Profile.id)).first()
