"""Who has left a programme: their profile stays for its log and outcomes, and counts in no figure."""

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import aliased

from matcher.models import Kind, Membership, Profile
from matcher.services.memberships import PRESENT

_PART = aliased(Membership)


def has_left(profile: type[Profile] = Profile) -> ColumnElement[bool]:
    """Whether a profile is of somebody who left; mentors and funding partners on a break have not.

    A start-up takes no break. Of the others, who was removed has a part that is over, and who closed their
    account has no part, and no address.
    """
    part = select(_PART.id).where(_PART.profile_id == profile.id)
    is_over = and_(part.exists(), ~part.where(_PART.state.in_(PRESENT)).exists())
    is_erased = and_(~part.exists(), profile.email.is_(None))
    return and_(profile.is_paused, or_(profile.kind == Kind.STARTUP, is_over, is_erased))
