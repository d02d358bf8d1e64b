"""Whom of a large pool it is worth comparing in full width: found by scans and sketches of their vectors."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matcher.models.kinds import Kind
from matcher.ranking.config import ScoringConfig
from matcher.ranking.facts import Bool, Float64
from matcher.ranking.interaction import Int64
from matcher.ranking.score import score_many
from matcher.services.comparing import Comparison, Question, Width
from matcher.services.pools import Pool

_NEWCOMERS = 2048
"""Candidates that are compared in full width to see whether the subject is a newcomer to their lists."""


def rescored(count: int, config: ScoringConfig) -> int:
    """How many are compared in full width for a list of `count`; a long one is worth twice the usual work."""
    return max(count, int(np.clip(4 * count, config.rescored, 2 * config.rescored)))


def sift(compared: Comparison, count: int, floors: Float64 | None) -> Comparison:
    """Who is worth comparing in full width for a list of `count`, by coarse sketches and then by fine ones.

    With `floors`, float64 over the pool, also whoever's floor the score of the pair may reach.
    """
    config, last = compared.config, rescored(count, compared.config)
    for width, kept in ((Width.COARSE, max(config.sifted, last)), (Width.FINE, last)):
        if len(compared.rows) <= 2 * kept:  # to leave out so few takes longer than it saves
            continue
        rough = compared.score(width).totals
        near = _highest(rough, kept)
        if floors is not None:
            near = np.union1d(near, _highest(rough - floors[compared.rows], max(kept, _NEWCOMERS)))
        compared = compared.at(np.sort(near))
    return compared


def is_worth_scanning(
    pool: Pool, questions: Sequence[Question], rows: Int64, count: int, config: ScoringConfig
) -> bool:
    """Whether `scan` is faster than sifting all of these rows, and finds enough for a list of `count`."""
    is_scanned = any(pool.is_scanned(asked.theirs) for asked in questions)
    return is_scanned and len(rows) > config.scanned_from and 4 * count <= config.scanned


@dataclass(frozen=True)
class Scanned:
    """Who is near to a subject in some text, and what everybody else can reach.

    Attributes:
        near: which rows of the pool are near, shape (n,).
        answers: which of the questions each row has a text for, a bit each, uint8 of shape (n,).
        reach: for each such set of answers, the score that hardly anybody reaches who is not near.
    """

    near: Bool
    answers: npt.NDArray[np.uint8]
    reach: Float64

    def doubtful(self, rows: Int64, floor: float) -> Int64:
        """Which of these rows are not near, and may have a score of at least `floor` all the same."""
        if (self.reach < floor).all():
            return rows[:0]
        return rows[~self.near[rows] & (self.reach >= floor)[self.answers[rows]]]


def scan(pool: Pool, questions: Sequence[Question], kind: Kind, config: ScoringConfig) -> Scanned:
    """Look for texts that are near to what is asked.

    A list whose last score nobody else can reach needs no look at the others: the threshold algorithm of
    Fagin, Lotem and Naor (PODS 2001), where the nearness that a scan leaves out is the threshold.
    """
    near = np.zeros(len(pool.table), dtype=np.bool_)
    answers = np.zeros(len(pool.table), dtype=np.uint8)
    sets = np.arange(1 << len(questions))
    likeness = {}
    for bit, asked in enumerate(questions):
        found, reach = pool.nearest(asked.vectors, asked.theirs, config.scanned)
        near[found] = True
        answers |= pool.states(asked.theirs) << np.uint8(bit)
        most = asked.meeting.ramp(np.array([reach], dtype=np.float32), config)
        likeness[asked.meeting.part] = np.where(sets >> bit & 1, most, np.nan)
    of_texts = score_many(likeness, {}, kind, config).totals
    return Scanned(near, answers, of_texts + (1 - config.text_weight))


def _highest(values: Float64, count: int) -> Int64:
    """Where the `count` highest values are, in no order."""
    if count >= len(values):
        return np.arange(len(values))
    return np.argpartition(values, -count)[-count:]
