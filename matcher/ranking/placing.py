"""Placing a newcomer on a list that is ranked already."""

from collections.abc import Sequence
from dataclasses import dataclass

from matcher.ranking.exposure import LAST_PLACES


@dataclass(frozen=True, slots=True)
class Place:
    """Somebody on a list, or who wants to be: their score and price, and whether another list shows them."""

    candidate: int
    score: float
    price: float
    seen_elsewhere: bool = True

    def value(self, spread: float) -> float:
        """What the list is ordered by, as `price_edges` has it."""
        return self.score - spread * self.price


def place_newcomer(
    places: Sequence[Place], newcomer: Place, spread: float, length: int
) -> tuple[list[Place], Place | None]:
    """The list with the newcomer where they belong, and who had to leave it, perhaps the newcomer.

    From a full list the lowest of the last few places goes that another list shows as well, as in
    `show_unseen`: nobody loses their only place. If all of these would, the newcomer has to leave again.
    """
    ordered = sorted(
        [*places, newcomer], key=lambda place: (-place.value(spread), -place.score, place.candidate)
    )
    if len(ordered) <= length:
        return ordered, None
    leaving = next((place for place in reversed(ordered[-LAST_PLACES:]) if place.seen_elsewhere), newcomer)
    return [place for place in ordered if place is not leaving], leaving
