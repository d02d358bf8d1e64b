"""Who has wished for how many on the matching day, and who has not wished yet."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.models import Kind, Profile, Programme, Wish
from matcher.services.presence import has_left
from matcher.services.wishes import wishes_of

_NAMED = 200
"""How many of a group are listed by name; all are counted."""


@dataclass(frozen=True, slots=True)
class Wisher:
    """Somebody who has wished: for how many, and how many of these wish for them too."""

    profile: Profile
    count: int
    mutual: int


@dataclass(frozen=True, slots=True)
class Side:
    """The wishes of one kind of profile, without those who left.

    Attributes:
        people: how many there are of the kind.
        wished: how many of them have wished for somebody.
        wishers: these, by name, the first 200.
        silent: who has not wished, by name, the first 200.
        unwanted: whom nobody has wished for, by name, the first 200.
        unwanted_count: how many these are.
    """

    kind: Kind
    people: int
    wished: int
    wishers: list[Wisher]
    silent: list[Profile]
    unwanted: list[Profile]
    unwanted_count: int

    @property
    def silent_count(self) -> int:
        """How many have not wished."""
        return self.people - self.wished


def read_sides(session: Session, programme: Programme) -> list[Side]:
    """The wishes of each kind that there is anybody of."""
    here = set(session.scalars(select(Profile.id).where(Profile.programme_id == programme.id, ~has_left())))
    wishes = {subject: wished for subject, wished in wishes_of(session, programme).items() if subject in here}
    wanted = Counter(candidate for candidates in wishes.values() for candidate in candidates)
    sides = [_side(session, programme, kind, wishes, wanted) for kind in Kind]
    return [side for side in sides if side.people]


def wished_by(session: Session, profile: Profile) -> list[Profile]:
    """Whom one profile wishes for, the dearest first."""
    return list(
        session.scalars(
            select(Profile)
            .join(Wish, Wish.candidate_id == Profile.id)
            .where(Wish.subject_id == profile.id)
            .order_by(Wish.rank)
        )
    )


def _side(
    session: Session,
    programme: Programme,
    kind: Kind,
    wishes: Mapping[int, tuple[int, ...]],
    wanted: Mapping[int, int],
) -> Side:
    own = Profile.programme_id == programme.id, Profile.kind == kind, ~has_left()
    ids = session.scalars(select(Profile.id).where(*own).order_by(Profile.name, Profile.id)).all()
    wishers = [profile_id for profile_id in ids if profile_id in wishes]
    silent = [profile_id for profile_id in ids if profile_id not in wishes]
    unwanted = [profile_id for profile_id in ids if profile_id not in wanted]
    named = {*wishers[:_NAMED], *silent[:_NAMED], *unwanted[:_NAMED]}
    profiles = {p.id: p for p in session.scalars(select(Profile).where(Profile.id.in_(named)))}
    return Side(
        kind=kind,
        people=len(ids),
        wished=len(wishers),
        wishers=[Wisher(profiles[i], len(wishes[i]), _mutual(i, wishes)) for i in wishers[:_NAMED]],
        silent=[profiles[i] for i in silent[:_NAMED]],
        unwanted=[profiles[i] for i in unwanted[:_NAMED]],
        unwanted_count=len(unwanted),
    )


def _mutual(profile_id: int, wishes: Mapping[int, tuple[int, ...]]) -> int:
    return sum(profile_id in wishes.get(candidate, ()) for candidate in wishes[profile_id])
