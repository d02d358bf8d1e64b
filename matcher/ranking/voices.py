"""One pair entry by entry: what each side says, which entries meet, and the score that follows."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from matcher.models.kinds import Facet, Kind
from matcher.ranking.config import ScoringConfig
from matcher.ranking.echo import Repertoire, Wording, wording
from matcher.ranking.explanation import EntryMeeting
from matcher.ranking.facts import Facts
from matcher.ranking.interaction import Float32, late_interaction, pad_groups, ramp, ramp_one
from matcher.ranking.score import INSTEAD, MEETINGS, Score, score_pair


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a profile says in one facet: its texts and their vectors, one row each."""

    texts: Sequence[str]
    vectors: Float32


_UNLIKE = 0.0
"""A cosine below those of any two texts of a programme."""
_TEXTS_KEPT, _PROFILES_KEPT, _ANSWERS_KEPT = 20_000, 32, 2048

Voice = Mapping[Facet, Spoken]
"""What a profile says in all; a facet that it leaves out is not in it."""


def texts_of(voice: Voice) -> tuple[str, ...]:
    """Everything that a profile says."""
    return tuple(text for spoken in voice.values() for text in spoken.texts)


@lru_cache(maxsize=_PROFILES_KEPT)
def repertoire(texts: tuple[str, ...]) -> Repertoire:
    """What a profile says, ready to be looked for in what others say."""
    return Repertoire([_wording(text) for text in texts])


def echoed_texts(ours: Repertoire, theirs: Iterable[str]) -> set[str]:
    """Which of a counterpart's texts repeat one of a start-up's, in whatever facet.

    They tell nothing of the counterpart, so in this pair they count as unlike everything.
    """
    return {text for text in theirs if _echoes(ours, text)}


def score_voices(
    startup: Facts,
    counterpart: Facts,
    ours: Voice,
    theirs: Voice,
    copied: Collection[str],
    config: ScoringConfig,
) -> Score:
    """The score of one pair, from what both say but for what is `copied`: as in every list."""
    likeness = {}
    for meeting in MEETINGS[counterpart.kind]:
        mine, other = _of(ours, meeting.ours), _of(theirs, meeting.theirs)
        bounds = meeting.config(config)
        if mine is None or other is None:
            likeness[meeting.part] = np.nan
            continue
        groups = pad_groups([len(other.texts)])
        near = late_interaction(
            _cosines(mine, other, copied), groups, config.best_pairs, config.best_share, config.breadth
        )
        likeness[meeting.part] = float(ramp(near, bounds.floor, bounds.ceiling)[0])
    return score_pair(startup, counterpart, likeness, config)


def meet(
    ours: Voice, theirs: Voice, copied: Collection[str], kind: Kind, config: ScoringConfig
) -> list[EntryMeeting]:
    """For each of a start-up's entries, the counterpart's entry that it meets best; `copied` ones are not."""
    best: dict[tuple[Facet, int], EntryMeeting] = {}
    for meeting in MEETINGS[kind]:
        mine, other = _of(ours, meeting.ours), _of(theirs, meeting.theirs)
        if mine is None or other is None:
            continue
        bounds = meeting.config(config)
        facet = meeting.ours if meeting.ours in ours else INSTEAD[meeting.ours]
        cosines = _cosines(mine, other, copied).tolist()
        for row, (text, near) in enumerate(zip(mine.texts, cosines, strict=True)):
            nearest = max(near)
            likeness = ramp_one(nearest, bounds.floor, bounds.ceiling)
            their_text = other.texts[near.index(nearest)]
            met = EntryMeeting(facet, meeting.theirs, text, their_text, likeness, bounds.weight)
            if (facet, row) not in best or met.importance > best[facet, row].importance:
                best[facet, row] = met
    return list(best.values())


def _cosines(ours: Spoken, theirs: Spoken, copied: Collection[str]) -> Float32:
    cosines: Float32 = ours.vectors @ theirs.vectors.T
    if copied:
        cosines[:, [text in copied for text in theirs.texts]] = _UNLIKE
    return cosines


def _of(voice: Voice, facet: Facet) -> Spoken | None:
    return voice.get(facet) or voice.get(INSTEAD.get(facet, facet))


@lru_cache(maxsize=_ANSWERS_KEPT)
def _echoes(ours: Repertoire, text: str) -> bool:
    """Asked when a list is made, and again when it is explained."""
    return ours.echoes(_wording(text))


@lru_cache(maxsize=_TEXTS_KEPT)
def _wording(text: str) -> Wording:
    """Making a text ready takes longer than comparing it."""
    return wording(text)
