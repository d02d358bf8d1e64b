"""Text as people type it, made safe to keep (`clean`) and fit to compare (`fold`, `key`)."""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

# Controls, zero-width and bidi characters: invisible, and able to make a name look like another.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
# Joiners belong to the spelling of Arabic and Indic scripts, and to emoji; elsewhere they hide.
_STRAY_JOINER = re.compile("(?<![\u0600-\u0dff\ufe0f\u2600-\u27bf\U0001f000-\U0001faff])[\u200c\u200d]")
_BREAK = re.compile("\r\n?|[\x85\u2028\u2029]")
_ARABIC_LETTERS = str.maketrans({"ة": "ه", "ى": "ي", "ـ": "", "ک": "ك", "ی": "ي"})
_UNDECOMPOSED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "œ": "oe", "æ": "ae", "ı": "i", "&": " and "})
_ARTICLE = re.compile(r"(?<!\w)ال(?=\w{3})")
_NOT_WORD = re.compile(r"[\W_]+")


class Without(dict[int, int | None]):
    """A table for `str.translate` that removes the characters of some Unicode categories."""

    def __init__(self, *categories: str) -> None:
        super().__init__()
        self.categories = frozenset(categories)

    def __missing__(self, code: int) -> int | None:
        kept = None if unicodedata.category(chr(code)) in self.categories else code
        self[code] = kept
        return kept


class Letters(dict[int, str]):
    """A table for `str.translate` that makes of each character what `make` does, which it is asked once."""

    def __init__(self, make: Callable[[str], str]) -> None:
        super().__init__()
        self.make = make

    def __missing__(self, code: int) -> str:
        made = self[code] = self.make(chr(code))
        return made


_ACCENTS = Without("Mn")


def clean(text: str) -> str:
    """The text in NFC without control, zero-width and bidi characters; line breaks stay."""
    if text.isascii() and text.isprintable():
        return text.strip()
    text = _BREAK.sub("\n", text).replace("\t", " ")
    text = _STRAY_JOINER.sub("", _INVISIBLE.sub("", text))
    return unicodedata.normalize("NFC", text).strip()


def fold(text: str) -> str:
    """Lower-case words without accents, punctuation or the Arabic article, for comparing."""
    # Short text comes again in every row; long text would only fill the memory.
    return _fold_often(text) if len(text) <= 60 else _fold(text)


def _fold(text: str) -> str:
    return bare(clean(text))


def bare(text: str) -> str:
    """What `fold` makes of a text that is clean."""
    return " ".join(bare_words(text, _PLAIN))


def bare_words(text: str, letters: Letters) -> list[str]:
    """The words of a text that is clean, letter by letter as a table says, without the Arabic article."""
    return _ARTICLE.sub("", text.translate(letters)).split()


def plain(letter: str) -> str:
    """One character in lower case and without accents; a space if it belongs to no word."""
    letters = unicodedata.normalize("NFKD", letter).translate(_ACCENTS).casefold()
    return _NOT_WORD.sub(" ", letters.translate(_UNDECOMPOSED).translate(_ARABIC_LETTERS))


_PLAIN = Letters(plain)
_fold_often = lru_cache(maxsize=20_000)(_fold)


def key(text: str) -> str:
    """`fold` without spaces: "E-Commerce", "e commerce" and "eCommerce" are one."""
    return fold(text).replace(" ", "")


def digits(text: str) -> str:
    """The text with the digits of any script (Arabic-Indic, full-width …) written as 0-9."""
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)
