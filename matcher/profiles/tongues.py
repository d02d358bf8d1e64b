"""Languages: from what people write, in any of six languages, to ISO 639 codes."""

import re
from collections.abc import Iterator
from functools import cache

from babel import Locale
from babel.core import get_global

from matcher.profiles.taxonomy import LOCALES, load_toml
from matcher.profiles.text import key

_TAG = re.compile(r"([A-Za-z]{2,3})[-_][A-Za-z0-9_-]{2,}")
_NO_LANGUAGES = frozenset({"mul", "und", "zxx", "root"})
# ISO 639-1 has codes for these, CLDR prefers others.
_TO_ISO = {"fil": "tl", "nb": "no", "nn": "no"}


def language(text: str) -> str | None:
    """The ISO 639-1 code of a language, or its 639-3 code where it has no shorter one.

    Takes codes, tags such as en-GB and zh-Hans, and names; None when it is no language.
    """
    found = _index().get(key(text))
    if found is None and (tag := _TAG.fullmatch(text.strip())):
        found = _index().get(tag[1].casefold())
    return found


def language_name(code: str, locale: str) -> str:
    """The language's name in a reader's language; the code itself when there is none."""
    return str(_locale(locale).languages.get(code, code))


@cache
def _locale(name: str) -> Locale:
    return Locale.parse(name.replace("-", "_"))


@cache
def _index() -> dict[str, str]:
    index: dict[str, str] = {}
    for name, code in _names_by_trust():
        index.setdefault(key(name), _TO_ISO.get(code, code))
    return index


def _names_by_trust() -> Iterator[tuple[str, str]]:
    english = set(map(str, Locale("en").languages))
    known = sorted(code for code in english - _NO_LANGUAGES if len(code) in (2, 3))
    yield from ((code, code) for code in known)
    for alias, code in get_global("language_aliases").items():
        if len(alias) == 3 and code in known:
            yield alias, code
    for code, names in load_toml("languages").items():
        yield from ((name, code) for name in names)
    for locale in LOCALES:
        languages = _locale(locale).languages
        yield from ((str(languages[code]), code) for code in known if code in languages)
