"""The structured facts of a profile: what eligibility and fit are computed from."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matcher.models.kinds import Kind

Bool = npt.NDArray[np.bool_]
Float64 = npt.NDArray[np.float64]


WORLD = "001"
"""Stated as a market, it is met by every country (UN M49)."""


@dataclass(frozen=True, slots=True)
class Facts:
    """One profile, as the ranking knows it. Empty sets and None mean 'not stated'.

    Attributes:
        keys: what this profile can be called in somebody's list of conflicts, normalised.
        conflicts: whom it must not meet, in the same form.
        identities: names of organisations and addresses; two profiles that share one are one party.
        stages: the one stage of a start-up, or all that a mentor or funding partner serves.
        markets: countries of activity; for a funding partner those it funds in.
        places: remaining capacity of a mentor.
        accepted: start-ups (ids) that were approved for a mentor or funding partner, and keep their places.
        paused: whether they take nobody new for now, or have left.
        utc_offsets: hours from UTC, all that its country or time zone has.
        backs: start-ups (ids) in a funding partner's portfolio.
    """

    id: int
    kind: Kind
    ref: str
    name: str
    keys: frozenset[str] = frozenset()
    conflicts: frozenset[str] = frozenset()
    identities: frozenset[str] = frozenset()
    languages: tuple[str, ...] = ()
    sectors: frozenset[str] = frozenset()
    stages: frozenset[str] = frozenset()
    country: str | None = None
    markets: frozenset[str] = frozenset()
    places: int | None = None
    accepted: frozenset[int] = frozenset()
    paused: bool = False
    utc_offsets: tuple[float, ...] = ()
    raising: float | None = None
    ticket: tuple[float | None, float | None] = (None, None)
    currency: str | None = None
    backs: frozenset[int] = frozenset()
