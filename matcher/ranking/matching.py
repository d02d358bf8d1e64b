"""The text matching alone: what every need scores for every offer, by what they say.

One function, whoever asks: `tandem score`, `tandem evaluate` and the benchmarks. Recommendations use the same
`late_interaction` facet by facet.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from matcher.ranking.config import ScoringConfig
from matcher.ranking.interaction import Float32, late_interaction, pad_groups

Group = Sequence[str]
"""The texts of one need or of one offer; at least one."""
Block = Callable[[int, int], Float32]
"""From a range of the needs' texts to their cosines with the offers' texts, (end - start, offers' texts)."""
Nearness = Callable[[Sequence[str], Sequence[str]], Block]
"""Compares the needs' texts with the offers' texts, block by block."""

_BLOCK = 256


@dataclass(frozen=True)
class EmbeddedTexts:
    """Texts with their vectors; a `Nearness` over them.

    Attributes:
        rows: the row of each text.
        vectors: (texts, d), rows L2-normalised.
    """

    rows: Mapping[str, int]
    vectors: Float32

    def __call__(self, needs: Sequence[str], offers: Sequence[str]) -> Block:
        """The cosines of their vectors."""
        ours = [self.rows[text] for text in needs]
        theirs = self.vectors[[self.rows[text] for text in offers]]
        return lambda start, end: self.vectors[ours[start:end]] @ theirs.T


def match_texts(
    needs: Sequence[Group], offers: Sequence[Group], nearness: Nearness, config: ScoringConfig
) -> Iterator[Float32]:
    """For each need in turn, its scores: float32 of shape (offers,). Blocks bound the memory."""
    ours = [text for need in needs for text in need]
    theirs = [text for offer in offers for text in offer]
    cosines = nearness(ours, theirs)
    groups = pad_groups([len(offer) for offer in offers])
    ends = np.cumsum([0, *(len(need) for need in needs)]).tolist()
    for start in range(0, len(needs), _BLOCK):
        bounds = ends[start : start + _BLOCK + 1]
        block = cosines(bounds[0], bounds[-1])
        for begin, end in pairwise(bounds):
            near = block[begin - bounds[0] : end - bounds[0]]
            yield late_interaction(near, groups, config.best_pairs, config.best_share, config.breadth)
