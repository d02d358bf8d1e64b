"""One cell: from what a person typed to the value that a profile keeps."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from matcher.profiles import amounts, places, taxonomy, timezones, tongues
from matcher.profiles.errors import CellError
from matcher.profiles.fields import Field, FieldType
from matcher.profiles.text import clean, digits, key
from matcher.wording import N_, Message

T = TypeVar("T")

CELL_CHARS = 20_000
CAPACITY = 1000
_NAMES = frozenset({"ref", "name"})
_PROSE = frozenset({FieldType.TEXT, FieldType.ENTRIES, FieldType.REFS})
_LISTS = frozenset(
    {
        FieldType.SECTORS,
        FieldType.STAGES,
        FieldType.LANGUAGES,
        FieldType.COUNTRIES,
        FieldType.SDGS,
    }
)
_ONE_VALUE = frozenset(FieldType) - _PROSE - _LISTS
_DASHES = re.compile(r"[-–—_./\\?…\s]+")
_NOTHING = frozenset(
    key(word)
    for word in (
        *("n/a", "na", "none", "nil", "null", "not stated", "not specified", "unknown", "tbd"),
        *("not applicable", "aucun", "aucune", "néant", "sans objet", "non précisé", "inconnu"),
        *("ninguno", "ninguna", "no aplica", "no especificado", "desconocido", "нет", "не указано"),
        *("неизвестно", "لا يوجد", "غير محدد", "غير معروف", "无", "没有", "不详", "未知", "暂无"),
    )
)
# "NA" is Namibia, whichever of these fields it stands in.
_PLACES = frozenset({FieldType.COUNTRY, FieldType.COUNTRIES})
_LINES = re.compile("[;；؛\n]")
_BULLETS = re.compile(r"\A(?:[•●▪·*-](?:\s+|\Z))+")
_COMMAS = re.compile("[,،、，]")
_SLASHES = re.compile("/")
_REF_MARKS = re.compile("[,،、，/]")
_ANDS = re.compile(r"\s+(?:and|et|y|e|и|و|&)\s+|[和与及]|\s+و(?=\w{3})")
_SPACES = re.compile(r"\s+")
_ASIDE = re.compile(r"\s*[(（\[].*?[)）\]]")
_LEVEL = re.compile(r"(?:\s[-–—]|\s*:).*$")
_ATOM = r"[^@\s<>,;()\[\]\\\":.]"
_EMAIL = re.compile(rf"{_ATOM}+(?:\.{_ATOM}+)*@{_ATOM}+(?:\.{_ATOM}+)*\.{_ATOM}{{2,}}")
_ADDRESS = re.compile(r"(?:mailto:)?(?:[^<>]*<)?\s*([^<>\s]+?)\s*>?", re.IGNORECASE)


def is_address(text: str | None) -> bool:
    """Whether mail can be sent there, as far as its form tells, and to nobody else.

    “=?…?=” in a header is read as something encoded (RFC 2047): the letter would go where that leads.
    """
    return bool(text and "=?" not in text and _EMAIL.fullmatch(text))


def parse_cell(field: Field, text: str) -> Any:
    """The cell's value, None when it says nothing; `CellError` says what would be right."""
    limit = _longest(field)
    if len(text) > limit:
        raise CellError(Message(N_("at most %(limit)d characters"), {"limit": limit}))
    text = " ".join(clean(text).split()) if field.name in _NAMES else clean(text)
    value = None if _says_nothing(field, text) else _READERS[field.type](text)
    return None if value == () else value


def _longest(field: Field) -> int:
    """Prose may be long; a name or a code may not, and some patterns take long over long text."""
    if field.name in _NAMES or field.type in _ONE_VALUE:
        return 200
    return CELL_CHARS if field.type in _PROSE else 5_000


def _says_nothing(field: Field, text: str) -> bool:
    if not text or field.name in _NAMES:
        return not text
    if field.type in _PLACES and text.casefold() == "na":
        return False
    return says_nothing(text)


def says_nothing(text: str) -> bool:
    """Whether the text is a dash, or a word such as "n/a" for having nothing to say."""
    return len(text) <= 40 and (key(text) in _NOTHING or _DASHES.fullmatch(text) is not None)


def _items(text: str, marks: re.Pattern[str] = _LINES) -> list[str]:
    """What stands between semicolons or line breaks, or between other marks, without bullets."""
    return [item for part in marks.split(text) if (item := _BULLETS.sub("", part.strip()))]


def _said(text: str, marks: re.Pattern[str] = _LINES) -> tuple[str, ...]:
    """The items that say something, each once."""
    return tuple(dict.fromkeys(item for item in _items(text, marks) if not says_nothing(item)))


def _line(text: str) -> str:
    return text


def _entries(text: str) -> tuple[str, ...]:
    return _said(text)


def _refs(text: str) -> tuple[str, ...]:
    """Refs. Commas and slashes separate them too, unless something clearer does; the whole cell
    stays one of them, as it may be a name with a comma: to exclude too much is the safe side.
    """
    entries = tuple(dict.fromkeys(_items(text)))
    if len(entries) != 1:
        return entries
    return tuple(dict.fromkeys([*_items(entries[0], _REF_MARKS), *entries]))


def _many(
    text: str, read: Callable[[str], T | None], expected: Message, *more: re.Pattern[str]
) -> tuple[T, ...]:
    """Every item, split by the first separators that make sense of it. Whole names come first:
    "Korea, Republic of" is one country.
    """
    found: list[T] = []
    for part in _items(text):
        items = _split(part, read, (_COMMAS, *more))
        if items is None:
            raise CellError(expected)
        found += items
    return tuple(dict.fromkeys(found))


def _split(
    text: str, read: Callable[[str], T | None], separators: tuple[re.Pattern[str], ...]
) -> list[T] | None:
    # "NA" alone is Namibia, or Nauruan; "n/a" is neither.
    if says_nothing(text) and text.casefold() != "na":
        return []
    value = read(text) if len(text) <= 200 else None
    if value is not None:
        return [value]
    for at, separator in enumerate(separators):
        parts = [p.strip() for p in separator.split(text) if p.strip()]
        if len(parts) < 2:
            continue
        items = [_split(part, read, separators[at + 1 :]) for part in parts]
        if all(item is not None for item in items):
            return [value for item in items if item is not None for value in item]
    return None


def _sectors(text: str) -> tuple[str, ...]:
    find = taxonomy.taxonomy("sectors").find
    parts = _said(text)
    if len(parts) == 1 and find(parts[0]) is None:
        parts = _said(parts[0], _COMMAS)
    return tuple(dict.fromkeys(map(taxonomy.sector, parts)))


def _choice(name: str, expected: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        found = taxonomy.taxonomy(name).find(text) or _without_aside(name, text)
        if found is None:
            raise CellError(Message(expected, {"choices": list(taxonomy.taxonomy(name).codes)}))
        return found

    return read


def _without_aside(name: str, text: str) -> str | None:
    return taxonomy.taxonomy(name).find(_ASIDE.sub("", text))


def _stages(text: str) -> tuple[str, ...]:
    codes = list(taxonomy.taxonomy("stages").codes)
    expected = Message(N_("one or more of: %(choices)s"), {"choices": codes})
    return _many(text, lambda t: _without_aside("stages", t), expected, _SLASHES, _ANDS)


def _languages(text: str) -> tuple[str, ...]:
    expected = Message(N_("names or ISO 639-1 codes of languages, such as English; fr; ar"))
    return _many(text, _one_language, expected, _SLASHES, _ANDS, _SPACES)


def _one_language(text: str) -> str | None:
    bare = _ASIDE.sub("", text)
    return tongues.language(text) or tongues.language(bare) or tongues.language(_without_level(bare))


def _without_level(text: str) -> str:
    """Without "- fluent" after a language; "English - French" are two."""
    level = _LEVEL.search(text)
    words = re.findall(r"\w{4,}", level[0]) if level else ()
    if level is None or any(map(tongues.language, (level[0], *words))):
        return text
    return text[: level.start()]


def _country(text: str) -> str:
    found = places.country(text) or places.country(_ASIDE.sub("", text))
    if found is None:
        raise CellError(Message(N_("a country's name or ISO 3166 code, such as Kenya or KE")))
    return found


def _countries(text: str) -> tuple[str, ...]:
    expected = Message(
        N_("countries or regions separated by semicolons, such as Kenya; West Africa; worldwide")
    )
    groups = _many(text, _area, expected, _SLASHES, _ANDS)
    if (places.WORLD,) in groups:
        return (places.WORLD,)
    return tuple(dict.fromkeys(code for group in groups for code in group))


def _area(text: str) -> tuple[str, ...] | None:
    code = places.country(text)
    return (code,) if code else places.region(text)


def _timezone(text: str) -> str:
    found = timezones.timezone(text) or timezones.timezone(_ASIDE.sub("", text))
    if found is None:
        raise CellError(Message(N_("a time zone such as Nairobi or UTC+3")))
    return found


def _year(text: str) -> int:
    last = datetime.now(UTC).year + 1
    years = {int(y) for y in re.findall(r"(?<!\d)\d{4}(?!\d)", digits(text))}
    if len(years) != 1 or not 1900 <= (year := years.pop()) <= last:
        raise CellError(Message(N_("one year from 1900 to %(last)d"), {"last": last}))
    return year


def _money(text: str) -> Any:
    value = amounts.amount(text)
    if value is None:
        raise CellError(Message(N_("one amount, such as 250000, 250k or 1.5M")))
    return value


def _currency(text: str) -> str:
    found = amounts.currency(text)
    if found is None:
        raise CellError(Message(N_("one ISO 4217 currency code, such as USD, EUR or XOF")))
    return found


def _whole(text: str) -> int:
    match = re.fullmatch(r"(\d{1,9})(?:[.,]0+)?", digits(text))
    if match is None or int(match[1]) > CAPACITY:
        raise CellError(Message(N_("a whole number from 0 to %(limit)d"), {"limit": CAPACITY}))
    return int(match[1])


def _email(text: str) -> str:
    match = _ADDRESS.fullmatch(text)
    if match is None or len(match[1]) > 254 or not is_address(match[1]):
        raise CellError(Message(N_("one e-mail address, such as amina@example.org")))
    return match[1].lower()


def _sdgs(text: str) -> tuple[int, ...]:
    expected = Message(N_("numbers of Sustainable Development Goals, 1 to 17, such as 5; 9"))
    return tuple(sorted(_many(text, _goal, expected, _SLASHES, _ANDS, _SPACES)))


def _goal(text: str) -> int | None:
    numbers = re.findall(r"\d+", digits(text))
    if len(numbers) == 1 and 1 <= int(numbers[0]) <= 17:
        return int(numbers[0])
    code = None if numbers else taxonomy.taxonomy("sdgs").find(text)
    return int(code) if code else None


_READERS: dict[FieldType, Callable[[str], Any]] = {
    FieldType.TEXT: _line,
    FieldType.ENTRIES: _entries,
    FieldType.REFS: _refs,
    FieldType.SECTORS: _sectors,
    FieldType.STAGE: _choice("stages", N_("one of: %(choices)s")),
    FieldType.STAGES: _stages,
    FieldType.LANGUAGES: _languages,
    FieldType.COUNTRY: _country,
    FieldType.COUNTRIES: _countries,
    FieldType.TIMEZONE: _timezone,
    FieldType.YEAR: _year,
    FieldType.MONEY: _money,
    FieldType.CURRENCY: _currency,
    FieldType.WHOLE: _whole,
    FieldType.EMAIL: _email,
    FieldType.SDGS: _sdgs,
    FieldType.FUNDER_KIND: _choice("funder_kinds", N_("one of: %(choices)s")),
}
