"""In which encoding a text file is written, from a bounded part of it."""

import codecs
import re
from pathlib import Path

from matcher.profiles.errors import SheetError
from matcher.wording import N_, Message

_CHUNK = 1 << 18
_ASCII = re.compile(rb"[\t\n\r -~]*")
_HEAD = 4096
_SAMPLE = 1 << 16
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CYRILLIC = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъёіїєґў"
_ARABIC = "اليمنوترةبدعسفهكحقجأشصطخإىزغذضثظءئآؤـپچژگک"
_LATIN = "éèêëàâçîïôùûüœñáíóúäöãõßºª"
# The letters of what is written in each encoding, the commonest first: a short sample tells by them.
# Of encodings that a sample fits alike, the first is taken.
_LETTERS = {
    "cp1252": _LATIN,
    "cp1251": _CYRILLIC,
    "cp1256": _ARABIC,
    "koi8-r": _CYRILLIC,
    "mac-roman": _LATIN,
}
_LONE = frozenset("àáóÀÁÓºª")
"""The words of one accented letter that French, Spanish and Portuguese have."""
_WORD = re.compile(r"[^\W\d_]+")
_MARKS_OF_TEXT = "[«»’‘“”–—…€£°·•™¿¡№،؛؟×\xa0®©]"
# Between two letters a mark is a sign of another encoding.
_MARK = re.compile(rf"(?<![^\W\d_]){_MARKS_OF_TEXT}|{_MARKS_OF_TEXT}(?![^\W\d_])")
# So is a row of them, but for spaces and dots.
_ROW_OF_MARKS = re.compile(rf"(?:(?![\xa0…]){_MARKS_OF_TEXT}){{4,}}")
_APOSTROPHE = re.compile(
    r"\b(?:[cdjlmnst]|\w*qu|aujourd)’(?=\w)|(?<=\w)’(?:s|t|d|m|ll|re|ve)\b", re.IGNORECASE
)
_WIDE = {"gb18030": (0xB0, 0xD7), "big5": (0xA4, 0xC6)}
"""The first bytes of the common ideographs; in GB 18030 their second byte is above 160, too."""
_WIDE_MARKS = frozenset("，。；：、？！（）“”《》·　—…「」『』")
_SURE, _WEAK = 0.74, 0.55
_CLOSE = 0.06


def encoding_of(path: Path, name: str) -> str:
    """The codec that reads the file. UTF-8 when the whole file is; `SheetError` when none does."""
    with path.open("rb") as file:
        start = file.read(_HEAD)
    for mark, codec in _MARKS:
        if start.startswith(mark):
            return codec
    if bare := bare_utf16(start):
        return bare
    sample = _first_trouble(path)
    if sample is None:
        return "utf-8"
    found = _mostly_utf8(sample) or _legacy(sample)
    if found is None:
        raise SheetError(
            Message(
                N_("%(file)s: the encoding of the text is unknown. Save it as “CSV UTF-8”."),
                {"file": name},
            )
        )
    return found


def bare_utf16(sample: bytes) -> str | None:
    """UTF-16 without a mark has a zero in every other byte of its separators and digits."""
    odd, even = sample[1::2].count(0), sample[0::2].count(0)
    if max(odd, even) < max(1, len(sample) // 10) or min(odd, even) > max(odd, even) // 20:
        return None
    # A stray zero makes no UTF-16 of ASCII, which would be zeros by half.
    rest = sample.translate(None, b"\0")
    if 4 * len(rest) > 3 * len(sample) and _ASCII.fullmatch(rest):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _first_trouble(path: Path) -> bytes | None:
    """Bytes from where the file stops being ASCII, if it is not UTF-8 all through."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    sample = b""
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                if len(sample) < _SAMPLE and not chunk.isascii():
                    sample += _from_first_word(chunk)
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return sample
    return None


def _from_first_word(chunk: bytes) -> bytes:
    first = next(at for at, byte in enumerate(chunk) if byte > 127)
    return chunk[max(0, first - 200) : first + _SAMPLE]


def _mostly_utf8(sample: bytes) -> str | None:
    """UTF-8 with a damaged byte is still UTF-8: the error that names its line helps more."""
    text = sample.decode("utf-8", errors="replace")
    bad = text.count("\ufffd")
    good = sum(c > "\x7f" for c in text) - bad
    return "utf-8" if good > bad else None


def _legacy(sample: bytes) -> str | None:
    """The encoding in which the sample is likeliest; None when none is, or two are alike."""
    scores = {codec: _share(sample, codec) for codec in _LETTERS if _reads(sample, codec)}
    best = max(scores.values(), default=0.0)
    wide = {codec: _wide_share(sample, codec) for codec in _WIDE if _reads(sample, codec)}
    if best < _SURE and max(wide.values(), default=0.0) >= 0.8:
        return None if _is_korean(sample) else max(wide, key=lambda codec: wide[codec])
    likely = [codec for codec in scores if scores[codec] >= max(_WEAK, best - _CLOSE)]
    if "cp1252" in likely and "mac-roman" in likely:
        likely.remove("mac-roman")
    return likely[0] if len({sample.decode(codec, errors="replace") for codec in likely}) == 1 else None


def _reads(sample: bytes, codec: str) -> bool:
    """Nearly all of it: the few bytes that do not fit are reported with their line later."""
    text = sample.decode(codec, errors="replace")
    return text.count("\ufffd") <= sum(c > "\x7f" for c in text) // 100


def _wide_share(sample: bytes, codec: str) -> float:
    """How much of what is not ASCII is a common ideograph or its punctuation."""
    text = sample.decode(codec, errors="ignore")
    wide = [c for c in text if c > "\x7f"]
    common = sum(c in _WIDE_MARKS or _is_common(c.encode(codec), codec) for c in wide)
    return common / len(wide) if wide else 0.0


def _is_korean(sample: bytes) -> bool:
    """Long enough to tell, and nothing but syllables that EUC-KR has where GB 18030 has ideographs."""
    wide = [c for c in sample.decode("euc-kr", errors="replace") if c > "\x7f"]
    return len(wide) >= 10 and sum("가" <= c <= "힣" for c in wide) > 0.95 * len(wide)


def _is_common(character: bytes, codec: str) -> bool:
    first, last = _WIDE[codec]
    if len(character) != 2 or not first <= character[0] <= last:
        return False
    return codec != "gb18030" or character[1] > 160


def _share(sample: bytes, codec: str) -> float:
    """How likely what is not ASCII is there: letters by how common they are, and none in a word
    that mixes large and small letters, or Latin ones with others.
    """
    text = sample.decode(codec, errors="ignore")
    letters = _LETTERS[codec]
    latin = letters is _LATIN
    total = sum(c > "\x7f" for c in text)
    score = float(len(_MARK.findall(_ROW_OF_MARKS.sub("", text))) + len(_APOSTROPHE.findall(text)))
    for word in _WORD.findall(text):
        if not word.isascii() and _is_spelt(word, latin=latin):
            score += _weight([c for c in word.lower() if c > "\x7f"], letters)
    return score / total if total else 0.0


def _is_spelt(word: str, *, latin: bool) -> bool:
    ours = sum(c.isascii() for c in word)
    if latin and (word not in _LONE if len(word) == 1 else 2 * ours < len(word) - ours):
        return False
    if ours and not latin:
        return False
    return len(word) == 1 or word[1:].islower() or word.isupper() or word.lower() == word.upper()


def _weight(word: list[str], letters: str) -> float:
    """How common the letters are, together; nothing when one is of another language."""
    if any(c not in letters for c in word):
        return 0.0
    if letters is _LATIN:
        return float(len(word))
    return sum(1.0 - 0.7 * letters.index(c) / len(letters) for c in word)
