"""Who is seen how often: ranked lists over a candidate graph, and how evenly they show people."""

from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

LAST_PLACES = 3
"""Of a list: who is seen elsewhere as well may lose one of these to somebody who is seen nowhere."""


@dataclass(frozen=True, slots=True)
class Lists:
    """Ranked lists of one side in CSR form: owner i's are `edges[offsets[i] : offsets[i + 1]]`, best first.

    `edges`: int64 (places,), positions in the candidate graph's edge arrays. `offsets`: int64 (owners + 1,).
    """

    edges: Int64
    offsets: Int64


def exposure(lists: Lists, shown: Int64, count: int) -> Int64:
    """In how many lists each node of the shown side appears.

    Args:
        lists: the lists of the other side.
        shown: int64 (edges,), the shown side's node of every edge of the graph.
        count: how many nodes the shown side has.

    Returns:
        int64 of shape (count,).
    """
    return np.bincount(shown[lists.edges], minlength=count).astype(np.int64)


def gini(counts: npt.ArrayLike) -> float:
    """How uneven counts are: 0 when all are alike (or none is above 0), towards 1 when one has all."""
    ascending = np.sort(np.asarray(counts, dtype=np.float64))
    size, total = len(ascending), float(ascending.sum())
    if total == 0:
        return 0.0
    return float((2 * np.arange(1, size + 1) - size - 1) @ ascending / (size * total))


def rank_edges(owner: Int64, shown: Int64, score: Float64, value: Float64) -> Int64:
    """Positions of all edges by owner, then value, best first; ties by score, then the shown's number."""
    return np.lexsort((shown, -score, -value, owner)).astype(np.int64, copy=False)


def best_lists(ranked: Int64, owner: Int64, count: int, length: int) -> Lists:
    """The first `length` edges of each of `count` owners, from `rank_edges`'s order."""
    degrees = np.bincount(owner, minlength=count)
    starts = np.concatenate(([0], np.cumsum(degrees)))
    place = np.arange(len(ranked)) - starts[owner[ranked]]
    offsets = np.concatenate(([0], np.cumsum(np.minimum(degrees, length))))
    return Lists(ranked[place < length], offsets.astype(np.int64))


def show_unseen(lists: Lists, ranked: Int64, owner: Int64, shown: Int64, value: Float64) -> Lists:
    """Give every node that has a candidate edge, yet is in no list, a place in one, as far as places suffice.

    It takes the place, among the last few of a list, of the node seen most often elsewhere, in the list
    where least value is lost. Where all who could yield are seen only there, they move on to a list of
    their own in turn (an augmenting path), so nobody loses their only place and as many nodes are seen as
    any choice of lists could show. Every length stays as it was.

    Args:
        lists: as `best_lists` gives them: an owner whose list lacks one of its edges has a full list.
        ranked: int64 (edges,), as `rank_edges` gives it.
        owner, shown: int64 (edges,), the two ends of each edge; no pair twice.
        value: float64 (edges,), what the lists are ordered by.
    """
    board = _Board(lists, owner, shown, value)
    for node in np.flatnonzero((board.counts == 0) & (np.diff(board.starts) > 0)):
        board.show(int(node))
    rank = np.empty_like(ranked)
    rank[ranked] = np.arange(len(ranked))
    return Lists(ranked[np.sort(rank[board.edges])], lists.offsets)


@dataclass(frozen=True, slots=True)
class _Seat:
    """A node that looks for a place: the place it would leave to `heir`'s edge, if it has one."""

    node: int
    place: int = -1
    claim: int = -1
    heir: "_Seat | None" = None


class _Board:
    """The lists while places change hands."""

    def __init__(self, lists: Lists, owner: Int64, shown: Int64, value: Float64) -> None:
        self.edges, self.offsets = lists.edges.copy(), lists.offsets
        self.owner, self.shown, self.value = owner, shown, value
        size = int(shown.max(initial=-1)) + 1
        self.counts = exposure(lists, shown, size)
        self.by_shown = np.lexsort((owner, shown))
        self.starts = np.concatenate(([0], np.cumsum(np.bincount(shown, minlength=size))))
        self.length = int(np.diff(self.offsets).max(initial=0))
        self.stuck: set[int] = set()  # from here no place can be had, nor ever will: a search ended in vain

    def show(self, node: int) -> None:
        """Find `node` a place by breadth-first search over who could move; leave all as it is if none can."""
        queue, met = deque([_Seat(node)]), {node}
        while queue:
            seat = queue.popleft()
            # All in full lists. The one list that has the node already has nobody to yield or to ask anew.
            claims = self.by_shown[self.starts[seat.node] : self.starts[seat.node + 1]]
            places = self.offsets[self.owner[claims] + 1, None] - 1 - np.arange(self.length)
            if found := self._cheapest(claims, places):
                self._take(seat, *found)
                return
            for row, column in np.ndindex(*places.shape):
                place = int(places[row, column])
                holder = int(self.shown[self.edges[place]])
                if holder not in met and holder not in self.stuck:
                    met.add(holder)
                    queue.append(_Seat(holder, place, int(claims[row]), seat))
        self.stuck |= met

    def _cheapest(self, claims: Int64, places: Int64) -> tuple[int, int] | None:
        """The claim and the place, of somebody seen elsewhere too, that lose least value together."""
        seen = self.counts[self.shown[self.edges[places]]]
        column = np.arange(self.length)
        # In each list first the most seen of the last places; failing these, the lowest place of the others.
        worth = np.where(column < LAST_PLACES, self.length + seen, self.length - column)
        worth = np.where(seen > 1, worth, 0)
        rows = np.flatnonzero(worth.any(axis=1))
        if len(rows) == 0:
            return None
        place = places[rows, worth[rows].argmax(axis=1)]
        best = int(np.argmin(self.value[self.edges[place]] - self.value[claims[rows]]))
        return int(claims[rows[best]]), int(place[best])

    def _take(self, seat: _Seat, claim: int, place: int) -> None:
        """Put the claim in the place, and along the path each heir's claim in the place that fell free."""
        while True:
            leaving = self.edges[place]
            self.counts[self.shown[leaving]] -= 1
            self.counts[self.shown[claim]] += 1
            self.edges[place] = claim
            if seat.heir is None:
                return
            seat, claim, place = seat.heir, seat.claim, seat.place
