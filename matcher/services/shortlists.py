"""Whom somebody keeps in mind, the dearest first: the wishes that proposals honour, one step at a time."""

from collections.abc import Mapping
from typing import Literal

from sqlalchemy.orm import Session

from matcher.models import Kind, Profile, Programme
from matcher.services.errors import NotAllowed, NotFound
from matcher.services.locking import lock_programme
from matcher.services.wish_overview import wished_by
from matcher.services.wishes import set_wishes
from matcher.wording import N_, Message

MOST = 5
"""How many of a kind."""
Step = Literal["keep", "remove", "up", "down"]
_FULL: Mapping[Kind, str] = {
    Kind.MENTOR: N_("Your shortlist has %(count)d mentors already. Remove one of them first."),
    Kind.FUNDER: N_("Your shortlist has %(count)d funding partners already. Remove one of them first."),
    Kind.STARTUP: N_("Your shortlist has %(count)d start-ups already. Remove one of them first."),
}


def read_shortlist(session: Session, profile: Profile) -> dict[Kind, list[Profile]]:
    """Whom somebody keeps, by kind, the dearest first."""
    found: dict[Kind, list[Profile]] = {}
    for other in wished_by(session, profile):
        found.setdefault(Kind(other.kind), []).append(other)
    return {kind: found[kind] for kind in (Kind.MENTOR, Kind.FUNDER, Kind.STARTUP) if kind in found}


def change(session: Session, programme: Programme, profile: Profile, step: Step, other_id: int) -> bool:
    """Keep or remove somebody, or move them a place up or down; False if that changes nothing.

    Raises:
        NotFound: the programme has nobody with this id.
        NotAllowed: the shortlist is full, or the two cannot be a pair.
    """
    lock_programme(session, programme)
    other = session.get(Profile, other_id)
    if other is None or other.programme_id != programme.id:
        raise NotFound(Message(N_("There is no such profile in this programme.")))
    lists = read_shortlist(session, profile)
    kind = Kind(other.kind)
    before = [kept.id for kept in lists.get(kind, [])]
    after = _changed(before, step, other_id)
    if after == before:
        return False
    if len(after) > max(MOST, len(before)):
        raise NotAllowed(Message(_FULL[kind], {"count": len(before)}))
    ids = {each: [kept.id for kept in kept_of] for each, kept_of in lists.items()} | {kind: after}
    ordered = [number for each in (Kind.MENTOR, Kind.FUNDER, Kind.STARTUP) for number in ids.get(each, [])]
    set_wishes(session, programme, profile.id, ordered, actor=profile.ref)
    return True


def _changed(before: list[int], step: Step, other_id: int) -> list[int]:
    if step == "keep":
        return before if other_id in before else [*before, other_id]
    if other_id not in before:
        return before
    at, rest = before.index(other_id), [number for number in before if number != other_id]
    if step == "remove":
        return rest
    to = max(0, at - 1) if step == "up" else at + 1
    return [*rest[:to], other_id, *rest[to:]]
