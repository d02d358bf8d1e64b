"""One profile beside many: what their texts are asked, in which width, and how they fit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import cached_property

from matcher.index import EntryIndex
from matcher.models.kinds import Facet, Kind
from matcher.ranking.config import ScoringConfig
from matcher.ranking.facts import Float64
from matcher.ranking.interaction import Float32, Int64
from matcher.ranking.score import Meeting, ScoreTable, records, score_many
from matcher.services.pools import Pool


class Width(Enum):
    """In which width texts are compared: by coarse or fine sketches of vectors, or by vectors."""

    COARSE = auto()
    FINE = auto()
    FULL = auto()


@dataclass(frozen=True)
class Question:
    """What a subject asks in one meeting of texts.

    Attributes:
        theirs: the facet that is asked.
        vectors: float32 of shape (entries, dimensions), of the subject's own entries.
        index: has the vectors that they are compared with.
    """

    meeting: Meeting
    theirs: Facet
    vectors: Float32
    index: EntryIndex

    @cached_property
    def sketch(self) -> Float32:
        """The vectors as the sketches of a large index take them."""
        return self.index.sketch(self.vectors)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A subject beside some rows of a pool; `kind` is that of the counterparts.

    Attributes:
        rows: int64 of shape (n,).
        fit: the structured fit of these rows by attribute, float64 of shape (n,).
    """

    pool: Pool
    kind: Kind
    config: ScoringConfig
    questions: Sequence[Question]
    rows: Int64
    fit: Mapping[str, Float64]

    def at(self, places: Int64) -> "Comparison":
        """The same beside fewer: `places` count in `rows`."""
        fit = {name: values[places] for name, values in self.fit.items()}
        return replace(self, rows=self.rows[places], fit=fit)

    def fits(self) -> list[dict[str, float]]:
        """The structured fit of each row."""
        return records(self.fit, len(self.rows))

    def score(self, width: Width) -> ScoreTable:
        """The scores of all rows."""
        near = {
            asked.meeting.part: asked.meeting.ramp(self._likeness(asked, width), self.config)
            for asked in self.questions
        }
        return score_many(near, self.fit, self.kind, self.config)

    def _likeness(self, asked: Question, width: Width) -> Float32:
        if width is Width.FULL:
            return self.pool.likeness(asked.vectors, asked.theirs, self.rows, self.config)
        fine = width is Width.FINE
        return self.pool.rough_likeness(asked.sketch, asked.theirs, self.rows, self.config, fine=fine)
