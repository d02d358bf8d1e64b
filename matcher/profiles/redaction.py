"""Takes out of a text what says who its author is, before the encoder sees it.

Names, pronouns, contact details, places and schools carry sex, origin and class into an embedding;
the matching must not. What people read is always the text as its author wrote it.
"""

import re
from collections.abc import Collection
from functools import lru_cache

from matcher.profiles.places import spellings

_CONTACT = re.compile(r"https?://\S+|www\.\S+|[\w.+-]+@[\w-]+\.[\w.-]+|(?<!\w)@\w+|\+\d[\d\s().-]{6,}\d")

# Only words that tell a person's sex. French and Spanish possessives agree with the thing owned.
_PRONOUNS = (
    "he him his himself she her hers herself mr mrs ms sir madam "
    "il ils elle elles lui-même elle-même monsieur madame mademoiselle "
    "él ella ellas ellos señor señora señorita "
    "он она его её ее ему ей ним ней нею господин госпожа "
    "هو هي السيد السيدة"
)
_PRONOUN = re.compile(rf"(?<![\w'’-])(?:{'|'.join(_PRONOUNS.split())})(?![\w'’-])", re.IGNORECASE)
# Chinese pronouns differ in writing only, and 他 is part of other words: make them one.
_CHINESE_PRONOUNS = str.maketrans({"她": "他", "妳": "你"})

_CAPITALISED = r"(?:[A-ZÀ-ÖØ-Þ][\w’'-]+)"
_LINKS = r"(?:of|for|de|d['’]|del|des|du|la|las|le|les|los|the|y|et|and)"
_SCHOOL_WORD = (
    r"(?:Universit(?:y|é|ies)|Universidad|Universität|Institut[eo]?|College|Collège|École|Escuela|Lycée|"
    r"Polytechni(?:c|que)|Politécnic[ao]|Académie|Academia|Academy)(?!\w)"
)
_SCHOOL = re.compile(
    rf"(?:{_CAPITALISED}\s+){{0,3}}{_SCHOOL_WORD}(?:\s+(?:(?:{_LINKS}\s*)*{_CAPITALISED})){{0,4}}"
)
_RUSSIAN_SCHOOL = re.compile(
    r"[А-ЯЁ][а-яё-]+\s+(?:[а-яё-]+\s+){0,3}(?:университет|институт|академи|колледж)[а-яё]*"
    r"|(?:[Уу]ниверситет|[Ии]нститут|[Аа]кадеми|[Кк]олледж)[а-яё]*\s+(?:имени\s+)?(?:[А-ЯЁ][\w.-]*\s*){1,3}"
)
_ARABIC_SCHOOL = re.compile(r"(?<!\w)[وفبل]?(?:جامعة|كلية|معهد|مدرسة)\s+\w+")
# 大学 also means any university: only one that somebody was at is taken for a name.
_CHINESE_SCHOOL = re.compile(r"(?<=[在于])[\u4e00-\u9fff]{2,6}?(?:大学|学院)(?!生)")
_SCHOOLS = (_SCHOOL, _RUSSIAN_SCHOOL, _ARABIC_SCHOOL, _CHINESE_SCHOOL)
_GAPS = re.compile(r"\s{2,}|\s+(?=[,.;:!?])")


def redact(text: str, *, people: Collection[str] = (), names: Collection[str] = ()) -> str:
    """`text` without contact details, gendered pronouns, schools, countries, `people` and `names`.

    Of `people` every word of two letters or more goes; `names` of ventures, employers and cities go as
    whole phrases. Countries are known in the six languages. Returns "" if nothing else was said.
    """
    text = _CONTACT.sub(" ", text)
    for pattern in (*_SCHOOLS, _countries()):
        text = pattern.sub(" ", text)
    words = [word for name in people for word in re.split(r"[\s,.]+", name)]
    if phrases := sorted({p.strip() for p in (*people, *names, *words) if len(p.strip()) > 1}, key=len):
        text = re.sub(_bounded(phrases[::-1]), " ", text, flags=re.IGNORECASE)
    text = _PRONOUN.sub(" ", text).translate(_CHINESE_PRONOUNS)
    text = _GAPS.sub(" ", text).strip(" ,;:-–")
    return text if any(character.isalnum() for character in text) else ""


def _bounded(phrases: Collection[str]) -> str:
    """Whole words only, but for Chinese, which does not part them."""
    spaced = [_inflected(p) for p in phrases if not _is_chinese(p)]
    unspaced = [re.escape(p) for p in phrases if _is_chinese(p)]
    patterns = [rf"(?<!\w)(?:{'|'.join(spaced)})(?!\w)"] if spaced else []
    return "|".join(patterns + unspaced)


def _inflected(phrase: str) -> str:
    """A phrase in the forms that its language gives it.

    Russian declines names (Россия, России, Россией); Arabic writes and, in, to and the on to them.
    """
    if len(phrase) >= 5 and re.fullmatch(r"[А-Яа-яЁё]+", phrase):
        stem = phrase.rstrip("аеийоыьяё")
        return rf"{stem}\w{{0,3}}" if stem != phrase else rf"{phrase}\w{{0,2}}"
    if re.match(r"[\u0600-\u06ff]", phrase):
        bare = phrase.removeprefix("ال")
        return rf"[وف]?(?:[بك]?(?:ال)?|لل?){re.escape(bare)}"
    return re.escape(phrase)


def _is_chinese(phrase: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in phrase)


@lru_cache(maxsize=1)
def _countries() -> re.Pattern[str]:
    """All countries' names in the six languages; with case, because a turkey is no country."""
    return re.compile(_bounded(sorted(spellings(), key=len, reverse=True)))
