"""Echoes: entries that repeat the other side's words, and so say nothing about whoever repeats them.

Whoever copies a start-up's need into their own expertise is, to an encoder, as near to it as a specialist is;
only the words themselves tell. Nothing here knows of meaning: a paraphrase or a translation is no echo.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from matcher.profiles.text import Letters, Without, bare_words, plain

_Part = TypeVar("_Part", str, int)

# Lengths are in twentieths of a word. Words of up to three letters are mostly grammar, and count half: or
# «certification de la sécurité alimentaire» would be five words for what English says in three. A word of
# English is 1.68 Chinese characters in the parallel texts of benchmarks/sets/subjects.tsv. Kana are taken for
# the same and Thai, Lao, Burmese and Khmer for four letters a word, which nobody has measured.
_WORD, _SHORT_WORD, _IDEOGRAPH, _LETTER = 20, 10, 12, 5
_SHORT = 3
_IDEOGRAPHS = "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\U00020000-\U0003ffff"
_IDEOGRAPHIC = re.compile(f"[{_IDEOGRAPHS}]")
_UNSPACED = re.compile(f"[{_IDEOGRAPHS}\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
# Marks on or between letters, and what nothing is drawn for: formats and the fillers of Hangul.
_UNSEEN = Without("Mn", "Mc", "Me", "Cf")
_UNSEEN.update(dict.fromkeys((0x115F, 0x1160, 0x3164, 0xFFA0)))
# Only sameness matters here, so every look-alike becomes the Latin letter, in honest Russian as well, and
# nobody has to find out which script was meant. Capitals that look alike are here in their lower case.
_LOOKALIKES = str.maketrans("асеорхуіѕјһԁԛԝвкмнтѵαεικνορτυχ", "aceopxyisjhdqwbkmhtvaeiknoptyx")


def _make_letter(letter: str) -> str:
    seen = unicodedata.normalize("NFKD", letter).translate(_UNSEEN)
    return _UNSPACED.sub(r" \g<0> ", plain(seen).translate(_LOOKALIKES))


_LETTERS = Letters(_make_letter)

_SHINGLE = 4 * _WORD
_SHORTEST = 5 * _WORD
_CERTAIN = 12 * _WORD
# Four words in a row are rarely shared by chance, so about half of a text is enough; single words often are.
_SHARE_OF_SHINGLES, _SHARE_OF_WORDS = 0.55, 0.85
_LONGER = 8


@dataclass(frozen=True)
class Wording:
    """A text made ready for comparing, once for each text, by `wording`. Holds hashes: not to be stored.

    `said` are its words in their order. `words` and `shingles` map its distinct words and shingles to the
    lengths that each stands for; `words_length` and `shingles_length` are their sums. Lengths are in
    twentieths of a word. All are made when first asked for: most texts share too few words to be asked.
    """

    said: Sequence[str]

    @cached_property
    def words(self) -> Mapping[str, int]:
        """Its distinct words."""
        return {word: _length(word) for word in self.said}

    @cached_property
    def words_length(self) -> int:
        """The length of them all."""
        return sum(self.words.values())

    @cached_property
    def shingles(self) -> Mapping[int, int]:
        """Its runs of four words."""
        return dict(_shingles(self.said, [self.words[word] for word in self.said]))

    @cached_property
    def shingles_length(self) -> int:
        """The length of them all."""
        return sum(self.shingles.values())


def words(text: str) -> tuple[str, ...]:
    """The words of a text in one form, whatever its case, accents, punctuation, hidden marks and look-alikes.

    Look-alike letters all become Latin, after the skeletons of Unicode Technical Standard 39. A Chinese,
    Japanese, Thai, Lao, Burmese or Khmer letter is a word of its own, as these are written without spaces.
    """
    return tuple(bare_words(text, _LETTERS))


def wording(text: str) -> Wording:
    """A text, ready to be compared with many others."""
    return Wording(words(text))


def echoes(ours: Wording, theirs: Wording) -> bool:
    """Whether one text repeats the other's words, for the most part or at length; the same both ways round.

    Both are sets of distinct pieces, and what they share is measured against the shorter text (containment,
    after Broder, "On the resemblance and containment of documents", SEQUENCES 1997). They are echoes if

    - of its runs of four words (w-shingles) they share 55 %, and as many as five words in a row have: this
      finds copies that were cut, or embedded in something else;
    - or as many as twelve words in a row have, whatever its length: a sentence copied out of a long text;
    - or 85 % of its single words, and five: this finds copies with words put in between or in another order,
      and is not asked of a text over eight times as long, which would have those words by chance.

    A text shorter than five words, or nine Chinese characters, is no echo and has none: two people call one
    thing by one name. Words of up to three letters count half.
    """
    if min(ours.words_length, theirs.words_length) < _SHORTEST:
        return False
    return _share_words(ours, theirs) or _share_shingles(ours, theirs)


class Repertoire:
    """Many texts of one profile, of which another's is to repeat none.

    Most texts repeat nothing, and nearly all of these can be told from what the many say together.
    """

    def __init__(self, said: Sequence[Wording]) -> None:
        self._said = [one for one in said if one.words_length >= _SHORTEST]
        self._shortest = min((one.words_length for one in self._said), default=0)
        self._words = {word: length for one in self._said for word, length in one.words.items()}

    @cached_property
    def _shingles(self) -> frozenset[int]:
        return frozenset(shingle for one in self._said for shingle in one.shingles)

    def echoes(self, theirs: Wording) -> bool:
        """Whether the text and any of these are echoes."""
        return self._may_echo(theirs) and any(echoes(one, theirs) for one in self._said)

    def _may_echo(self, theirs: Wording) -> bool:
        """False only where there is no echo: no single text shares more than all of them together."""
        # A run in common has only words in common, some of them more than once.
        if sum(self._words[word] for word in theirs.said if word in self._words) < _SHINGLE:
            return False
        if theirs.words_length < _SHORTEST:
            return False
        if not self._shingles.isdisjoint(theirs.shingles):
            return True
        shorter = min(self._shortest, theirs.words_length)
        return _shared(theirs.words, self._words) >= max(_SHORTEST, _SHARE_OF_WORDS * shorter)


def _share_words(ours: Wording, theirs: Wording) -> bool:
    shorter, longer = sorted((ours.words_length, theirs.words_length))
    if longer > _LONGER * shorter:
        return False
    return _shared(ours.words, theirs.words) >= max(_SHORTEST, _SHARE_OF_WORDS * shorter)


def _share_shingles(ours: Wording, theirs: Wording) -> bool:
    # A run has fewer shingles than words: each counts for its first word, the last one's others for none.
    rest = _SHINGLE - _WORD
    share = _SHARE_OF_SHINGLES * min(ours.shingles_length, theirs.shingles_length)
    return _shared(ours.shingles, theirs.shingles) >= min(_CERTAIN - rest, max(_SHORTEST - rest, share))


def _shared(ours: Mapping[_Part, int], theirs: Mapping[_Part, int]) -> int:
    return sum(map(ours.__getitem__, ours.keys() & theirs.keys()))


def _shingles(said: Sequence[str], lengths: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Every run of words that is just long enough, as its hash, with the length of its first word."""
    start, length = 0, 0
    for end, added in enumerate(lengths, start=1):
        length += added
        while length - lengths[start] >= _SHINGLE:
            length -= lengths[start]
            start += 1
        if length >= _SHINGLE:
            yield hash(tuple(said[start:end])), lengths[start]


def _length(word: str) -> int:
    if len(word) > _SHORT:
        return _WORD
    if _UNSPACED.match(word):
        return _IDEOGRAPH if _IDEOGRAPHIC.match(word) else _LETTER
    return _SHORT_WORD
