"""How many places everybody has taken, and refusing to give anybody more than they may have.

What a start-up asks for itself takes a place of whom it asks at once. Of its own places all that it asks for
takes one together: it may ask several at once, and there is room for whoever accepts first.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from matcher.models import HELD, SIDES, Kind, Match, MatchState, Profile, Programme
from matcher.services.blocks import in_blocks
from matcher.services.errors import CapacityReached
from matcher.services.places import Place, no_place, places_of
from matcher.services.rules import current_rules
from matcher.wording import N_, Message

_KEPT = N_(
    "%(name)s itself has asked for somebody and waits for an answer, so its last place is kept for whoever "
    "accepts. Wait for the answer, or withdraw that offer first."
)
Change = tuple[Mapping[str, Any], Mapping[str, Any]]
"""What a match said before and says after a step, by column; empty: there was, or is, none."""


def holds(image: Mapping[str, Any]) -> bool:
    """Whether a match that says this takes a place of the counterpart's."""
    return image.get("state") in HELD


def asks(image: Mapping[str, Any]) -> bool:
    """Whether a match that says this is an offer that its start-up asked for: it has nothing to answer."""
    is_asked = "startup_token" not in image and "counterpart_token" in image
    return image.get("state") == MatchState.OFFERED and is_asked


def held_by(session: Session, profile_ids: Collection[int]) -> Counter[Place]:
    """How many places of each are taken."""
    settled, asked = _count(session, profile_ids)
    return settled + Counter(asked.keys())


def settled_for(session: Session, startup_id: int, towards: Kind) -> int:
    """How many places of a start-up are taken, whatever it has asked for itself."""
    return _count(session, [startup_id])[0][startup_id, towards]


def is_own_request() -> ColumnElement[bool]:
    """As `asks`, of matches in a query."""
    is_asked = Match.startup_token.is_(None) & Match.counterpart_token.is_not(None)
    return (Match.state == MatchState.OFFERED) & is_asked


def check_growth(
    session: Session,
    programme: Programme,
    profiles: Mapping[int, Profile],
    changes: Mapping[tuple[int, int], Change],
) -> None:
    """Refuse to give anybody more than they may have, on either side; who has too many already keeps them.

    Raises:
        CapacityReached: somebody would have.
    """
    settling, asking = Counter[Place](), Counter[Place]()
    for (ours, theirs), (was, now) in changes.items():
        gained, own = holds(now) - holds(was), asks(now) - asks(was)
        settling.update({(ours, Kind(profiles[theirs].kind)): gained - own, (theirs, Kind.STARTUP): gained})
        asking.update({(ours, Kind(profiles[theirs].kind)): own})
    growing = [place for place in settling if settling[place] > 0 or asking[place] > 0]
    if not growing:
        return
    rules = current_rules(session, programme)[1]
    settled, asked = _count(session, {profile_id for profile_id, _ in growing})
    for place in sorted(growing):
        profile_id, towards = place
        most = places_of(profiles[profile_id], rules, towards)
        before = settled[place] + (asked[place] > 0)
        after = settled[place] + settling[place] + (asked[place] + asking[place] > 0)
        if most is not None and after > max(before, most):
            is_kept = settled[place] + settling[place] <= most
            name = profiles[profile_id].name
            raise CapacityReached(
                Message(_KEPT, {"name": name}) if is_kept else no_place(profiles[profile_id], most, towards)
            )


def _count(session: Session, profile_ids: Collection[int]) -> tuple[Counter[Place], Counter[Place]]:
    """How many pairs take places of each, without and only those that the start-up itself has asked for."""
    settled, asked = Counter[Place](), Counter[Place]()
    _, counterpart = SIDES
    own = func.sum(case((is_own_request(), 1), else_=0))
    for block in in_blocks(profile_ids):
        for side in (Match.startup_id, Match.counterpart_id):
            rows = session.execute(
                select(side, counterpart.kind, func.count(), own)
                .join(counterpart, counterpart.id == Match.counterpart_id)
                .where(side.in_(block), Match.state.in_(HELD))
                .group_by(side, counterpart.kind)
            )
            for profile_id, kind, every, requests in rows:
                is_startup = side is Match.startup_id
                place = (profile_id, Kind(kind) if is_startup else Kind.STARTUP)
                settled[place] += every - requests if is_startup else every
                if is_startup and requests:
                    asked[place] += requests
    return settled, asked
