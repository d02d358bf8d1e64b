"""In which encoding a text file is written, from a bounded part of it."""

import codecs
import re
from collections import Counter
from pathlib import Path

from charset_normalizer import from_bytes

from matcher.profiles.errors import SheetError
from matcher.wording import N_, Message

_CHUNK = 1 << 18
_HEAD = 4096
_SAMPLE = 1 << 16
_LEGACY = ("gb18030", "cp1251", "cp1256", "cp1252")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_IN_LATIN_WORD = re.compile("(?<=[A-Za-z])[^\x00-\x7f]|[^\x00-\x7f](?=[A-Za-z])")
# The commonest letters of what is written in each encoding: a short sample tells by them.
_COMMON = {
    "cp1251": frozenset("оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъёОЕАИНТСРВЛКМДПУГЗБЧХЖШЭФ«»№—–"),
    "cp1256": frozenset("اأإآةىئءؤلمنويترببهعدسقكفحجشصطخزغذضثظ،؛؟"),
    "cp1252": frozenset("éèêëàâçîïôùûüœñáíóúäöãõßÉÈÀÂÇÊÎÔÑÁÍÓÚ¿¡«»’‘“”–—…€°ºª·£"),
}


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
    readable = [codec for codec in _LEGACY if _reads(sample, codec)]
    if "gb18030" in readable and _is_chinese(sample):
        return "gb18030"
    scores = {codec: _share(sample, codec) for codec in readable if codec in _COMMON}
    best = max(scores, key=lambda codec: scores[codec], default=None)
    if best is not None and scores[best] > 0.6:
        return best
    guess = from_bytes(sample, cp_isolation=list(_LEGACY)).best()
    return guess.encoding if guess is not None else best


def _reads(sample: bytes, codec: str) -> bool:
    """Nearly all of it: the few bytes that do not fit are reported with their line later."""
    text = sample.decode(codec, errors="replace")
    return text.count("\ufffd") <= sum(c > "\x7f" for c in text) // 100


def _is_chinese(sample: bytes) -> bool:
    """Nearly every character outside ASCII is a common ideograph or its punctuation."""
    text = sample.decode("gb18030", errors="ignore")
    wide = [c for c in text if c > "\x7f"]
    common = sum(
        ("\u4e00" <= c <= "\u9fff" and c.encode("gb18030")[1] > 160) or c in "，。；：、？！（）“”《》·　—…"
        for c in wide
    )
    return common >= 0.8 * len(wide)


def _share(sample: bytes, codec: str) -> float:
    """How much of what is not ASCII is common there. A Cyrillic or Arabic letter within a word of
    Latin ones is not.
    """
    text = sample.decode(codec, errors="ignore")
    likely = text if codec == "cp1252" else _IN_LATIN_WORD.sub("\ufffd", text)
    counts = Counter(c for c in likely if c > "\x7f")
    total = sum(counts.values())
    return sum(n for c, n in counts.items() if c in _COMMON[codec]) / total if total else 0.0
