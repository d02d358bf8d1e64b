"""The worst-off raised by exchanges: for cohorts in which no exact method finishes.

Ejection chains of length two (Glover, "Ejection Chains, Reference Structures and Alternating Path Methods for
Traveling Salesman Problems", Discrete Applied Mathematics 65, 1996): the worst-off takes a better pair, and
whoever held that place takes another. Nobody's number of pairs changes, so coverage and minimums are kept.
"""

from dataclasses import dataclass
from heapq import heapify, heappop, heappush

import numpy as np

from matcher.cohort.network import Network
from matcher.cohort.problem import Bool, Float64, Int64
from matcher.cohort.programme import Clock


@dataclass(frozen=True, slots=True)
class _Exchange:
    """Free pairs to leave and to take, and the least of the new sums of those concerned."""

    worth: float
    leave: tuple[int, ...]
    take: tuple[int, ...]


class Evening:
    """A choice under improvement. `chosen` is bool (free,), `sums` float64 (demand side,) over `offsets`."""

    def __init__(self, net: Network, chosen: Bool, offsets: Float64) -> None:
        self.net, self.chosen = net, chosen.copy()
        held = np.flatnonzero(chosen)
        self.sums = net.base - offsets
        np.add.at(self.sums, net.demand[held], net.score[held])
        self._first = np.searchsorted(net.demand, np.arange(len(net.base) + 1))
        self._load = np.bincount(net.supply[held], minlength=len(net.supplies.most))
        self._holders: list[set[int]] = [set() for _ in self._load]
        for edge in held.tolist():
            self._holders[net.supply[edge]].add(edge)

    @property
    def worst(self) -> float:
        """The least sum of anybody watched, over their offset."""
        return float(self.sums[self.net.watched].min())

    def raise_worst(self, clock: Clock, share: float, enough: float = np.inf) -> None:
        """Exchange until the worst-off has `enough`, cannot be helped, or a share of the time is over."""
        end = Clock(clock.left(share))
        waiting = [(float(self.sums[person]), int(person)) for person in np.flatnonzero(self.net.watched)]
        heapify(waiting)
        while waiting and not end.is_over:
            known, person = heappop(waiting)
            if known != self.sums[person]:
                continue
            exchange = None if known >= enough else self._best(person)
            if exchange is None:
                return
            for concerned in self._make(exchange):
                heappush(waiting, (float(self.sums[concerned]), concerned))

    def _best(self, person: int) -> _Exchange | None:
        """The exchange after which the worse-off of those concerned has most, if more than `person` now."""
        own = np.arange(self._first[person], self._first[person + 1])
        kept, wished = own[self.chosen[own]], own[~self.chosen[own]]
        best: _Exchange | None = None
        for leave in kept.tolist():
            gains = self.net.score[wished] - self.net.score[leave]
            for take in wished[gains > 0].tolist():
                found = self._exchange(person, leave, take)
                if found and found.worth > (best.worth if best else self.sums[person]):
                    best = found
        return best

    def _exchange(self, person: int, leave: int, take: int) -> _Exchange | None:
        net, left, taken = self.net, self.net.supply[leave], self.net.supply[take]
        sum_after = float(self.sums[person] + net.score[take] - net.score[leave])
        may_leave = self._load[left] > net.supplies.least[left]
        if self._load[taken] < net.supplies.most[taken]:
            return _Exchange(sum_after, (leave,), (take,)) if may_leave else None
        best: _Exchange | None = None
        for ejected in sorted(self._holders[taken]):
            other = int(net.demand[ejected])
            instead = self._instead(other, ejected, int(left), may_leave=bool(may_leave))
            if instead is None:
                continue
            rest = float(self.sums[other] + net.score[instead] - net.score[ejected])
            worth = min(sum_after, rest) if net.watched[other] else sum_after
            if best is None or worth > best.worth:
                best = _Exchange(worth, (leave, ejected), (take, instead))
        return best

    def _instead(self, other: int, ejected: int, left: int, *, may_leave: bool) -> int | None:
        """The best pair that somebody ejected can have, at the place just left or one that is free."""
        own = np.arange(self._first[other], self._first[other + 1])
        supply = self.net.supply[own]
        is_open = (
            self._load[supply] < self.net.supplies.most[supply] if may_leave else np.zeros(len(own), bool)
        )
        usable = own[(is_open | (supply == left)) & ~self.chosen[own] & (own != ejected)]
        return int(usable[self.net.score[usable].argmax()]) if usable.size else None

    def _make(self, exchange: _Exchange) -> set[int]:
        """Do it; gives who is concerned."""
        net = self.net
        for edges, sign in ((exchange.leave, -1), (exchange.take, +1)):
            for edge in edges:
                self.chosen[edge] = sign > 0
                self.sums[net.demand[edge]] += sign * net.score[edge]
                self._load[net.supply[edge]] += sign
                holders = self._holders[net.supply[edge]]
                holders.add(edge) if sign > 0 else holders.discard(edge)
        return {int(net.demand[edge]) for edge in exchange.leave}


def held_at(net: Network, chosen: Bool, floors: Float64) -> tuple[Network, Int64]:
    """A network in which every choice of as many pairs keeps sums at `floors`, and the free pairs now fixed.

    Who has pairs that are each worth an equal share of their floor keeps to such pairs, whichever; the others
    keep the pairs that they have. `chosen` is one of its choices, so a flow can only find a better total.

    Returns:
        The network, and positions of pairs that are held, among the free ones of `net`.
    """
    made = np.bincount(net.demand[chosen], minlength=len(net.base))
    share = np.where(net.watched & (made > 0), (floors - net.base) / np.maximum(made, 1), -np.inf)
    is_fine = net.score >= share[net.demand]
    is_loose = np.ones(len(net.base), np.bool_)
    is_loose[net.demand[chosen & ~is_fine]] = False
    fixed = chosen & ~is_loose[net.demand]
    return net.with_fixed(fixed, keep=is_loose[net.demand] & is_fine, pairs=made), np.flatnonzero(fixed)
