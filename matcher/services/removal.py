"""What removing a profile takes along, and what forbids it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from matcher.models import Kind, Match, MatchState, Profile, Programme
from matcher.services.matches import MatchLine, list_matches
from matcher.wording import N_, Message

_NAMED = 5
_TIED = N_(
    "%(name)s has an offer or a match with %(names)s. "
    "Withdraw the offer or end the match on the Matches page first."
)
_TIED_MENTOR = N_(
    "%(name)s has an offer or a match with %(names)s. Withdraw the offer or end the match "
    "on the Matches page first, or choose “Leaves the programme” on the mentor's page."
)


@dataclass(frozen=True, slots=True)
class Removal:
    """What removing a profile would do.

    Attributes:
        told: offers and matches that the other side knows of: it would be left at an address that is gone.
        pairs: how many pairs go along, whatever their state.
        refusal: why it cannot be removed, and what to do about it.
    """

    told: Sequence[MatchLine]
    pairs: int
    refusal: Message | None


def foresee_removal(session: Session, programme: Programme, profile: Profile) -> Removal:
    """What removing a profile would do now."""
    told = list_matches(session, programme, [MatchState.OFFERED, MatchState.ACTIVE], having=profile.id)
    pairs = session.scalar(
        select(func.count())
        .select_from(Match)
        .where(or_(Match.startup_id == profile.id, Match.counterpart_id == profile.id))
    )
    return Removal(told, pairs or 0, _refusal(profile, told) if told else None)


def _refusal(profile: Profile, told: Sequence[MatchLine]) -> Message:
    others = [line.counterpart if line.startup is profile else line.startup for line in told]
    names = [other.name for other in others[:_NAMED]] + ["…"] * (len(others) > _NAMED)
    template = _TIED_MENTOR if profile.kind == Kind.MENTOR else _TIED
    return Message(template, {"name": profile.name, "names": names})
