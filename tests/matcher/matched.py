"""Pairs that both accepted, with accounts that have time zones."""

from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy.orm import Session

from matcher.models import Account, Kind, Membership, MembershipState, Profile, Programme, Role
from matcher.services import publishing
from matcher.services.answers import answer_for
from matcher.services.review import decide
from matcher.services.steps import Pair

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def match(session: Session, programme: Programme, people: dict[str, int], ours: str, theirs: str) -> Pair:
    """Approve, publish and accept on both sides."""
    pair = people[ours], people[theirs]
    kind = Kind(session.get_one(Profile, pair[1]).kind)
    decide(session, programme, *pair, "approved", actor="a")
    publishing.publish(session, programme, kind, actor="a", link=lambda s: f"http://x/answer/{s}")
    for side in publishing.SIDES:
        answer_for(session, programme, pair, side, accepted=True, actor="a")
    return pair


def give_account(session: Session, profile_id: int, timezone: str | None = None) -> Membership:
    """Whoever the profile is of can sign in, and says what their clock shows."""
    profile = session.get_one(Profile, profile_id)
    account = Account(
        email=f"{uuid4().hex}@example.org", fs_uniquifier=uuid4().hex, name="A", timezone=timezone
    )
    session.add(account)
    session.flush()
    roles = {Kind.STARTUP: Role.FOUNDER, Kind.MENTOR: Role.MENTOR, Kind.FUNDER: Role.FUNDER}
    membership = Membership(
        programme_id=profile.programme_id, account_id=account.id, role=roles[Kind(profile.kind)].value,
        profile_id=profile_id, state=MembershipState.ACTIVE.value,
    )  # fmt: skip
    session.add(membership)
    session.flush()
    return membership
