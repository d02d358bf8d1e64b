"""Amounts of money and their currencies, as people write them in any of six languages."""

import re
from decimal import Decimal
from functools import cache

from babel import Locale

from matcher.profiles.taxonomy import LOCALES, load_toml
from matcher.profiles.text import clean, digits, fold, key

_SCALES: dict[str, tuple[str, ...]] = {
    "1e3": ("k", "thousand", "mille", "mil", "тыс", "тысяч", "тысячи", "ألف", "آلاف", "千"),
    "1e4": ("万", "萬"),
    "1e5": ("lakh", "lakhs"),
    "1e6": (
        *("m", "mm", "mn", "mio", "million", "millions", "millón", "millones", "млн", "миллион"),
        *("миллиона", "миллионов", "مليون", "ملايين", "百万"),
    ),
    "1e7": ("crore", "crores", "千万"),
    "1e8": ("亿",),
    "1e9": (
        *("b", "bn", "billion", "billions", "milliard", "milliards", "mil millones", "млрд"),
        *("миллиард", "миллиарда", "миллиардов", "مليار", "مليارات", "十亿"),
    ),
}
_SCALE = {key(word): Decimal(scale) for scale, words in _SCALES.items() for word in words}
_NUMBER = re.compile(r"\d(?:[\d\s.,'’٫٬]*\d)?")
_LARGEST = Decimal("1e15")


def amount(text: str) -> Decimal | None:
    """The amount that "500k", "1.200.000,50", "€ 1,5 млн" or "50万" stands for, or None."""
    text = digits(clean(text)).replace("٫", ".").replace("٬", ",")
    numbers = list(_NUMBER.finditer(text))
    if len(numbers) != 1:
        return None
    before, after = text[: numbers[0].start()], text[numbers[0].end() :]
    scale = _scale(before, after)
    number = None if scale is None else _number(numbers[0][0], scaled=scale > 1)
    if number is None or scale is None or number * scale >= _LARGEST:
        return None
    return _plain(number * scale)


def currency(text: str) -> str | None:
    """The ISO 4217 code of a currency given by code, sign or name; None when it is none."""
    sign = clean(text).casefold()
    return _signs().get(sign) or _names().get(key(text))


def currency_beside(text: str) -> str | None:
    """The currency written next to an amount, if there is one."""
    around = _NUMBER.sub("\n", digits(clean(text)), count=1)
    found = {code for part in around.split("\n") if (code := _split_scale(part)[1])}
    return found.pop() if len(found) == 1 else None


def _scale(before: str, after: str) -> Decimal | None:
    """What to multiply by, when everything around the number is a scale or a currency."""
    if before.strip() and currency(before) is None:
        return None
    scale, _, understood = _split_scale(after)
    return scale if understood else None


def _split_scale(text: str) -> tuple[Decimal, str | None, bool]:
    """Scale, currency and whether all of the text was understood: "k€", "млн руб", "万元"."""
    text = text.strip()
    if not text:
        return Decimal(1), None, True
    if key(text) in _SCALE:
        return _SCALE[key(text)], None, True
    if code := currency(text):
        return Decimal(1), code, True
    for cut in range(1, len(text)):
        head, tail = key(text[:cut]), currency(text[cut:])
        if head in _SCALE and tail:
            return _SCALE[head], tail, True
    return Decimal(1), None, False


def _number(text: str, *, scaled: bool) -> Decimal | None:
    text = re.sub(r"[\s'’]+", " ", text)
    groups = re.split("[ .,]", text)
    marks = re.findall("[ .,]", text)
    decimals = _has_decimals(groups, marks, scaled=scaled)
    whole = groups[:-1] if decimals else groups
    between = marks[:-1] if decimals else marks
    if len(set(between)) > 1 or not _grouped(whole):
        return None
    return Decimal("".join(whole) + ("." + groups[-1] if decimals else ""))


def _has_decimals(groups: list[str], marks: list[str], *, scaled: bool) -> bool:
    """Whether the last mark starts the decimals: "1.5", "1.200,50", but not "250,000"."""
    if not marks or marks[-1] == " ":
        return False
    if len(marks) > 1:
        return marks[-1] != marks[-2]
    return scaled or len(groups[-1]) != 3 or len(groups[0]) > 3 or groups[0] == "0"


def _grouped(groups: list[str]) -> bool:
    """Thousands in threes, or the Indian way in twos and a three."""
    first, *others = groups
    if not others:
        return True
    return len(first) <= 3 and len(others[-1]) == 3 and all(len(g) in (2, 3) for g in others)


def _plain(value: Decimal) -> Decimal:
    """Without trailing zeros or an exponent: 250000 rather than 2.5E+5."""
    value = value.quantize(Decimal("0.01"))
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value


@cache
def _signs() -> dict[str, str]:
    table = load_toml("currencies")
    return {sign.casefold(): code for code, signs in table.items() for sign in signs}


@cache
def _names() -> dict[str, str]:
    codes = [code for code in map(str, Locale("en").currencies) if len(code) == 3]
    index = {code.casefold(): code for code in codes}
    for sign, code in _signs().items():
        if key(sign):
            index.setdefault(key(sign), code)
    for locale in LOCALES:
        for code, name in Locale(locale).currencies.items():
            index.setdefault(key(str(name)), str(code))
    # XXX is "no currency": its names state none.
    return {name: code for name, code in index.items() if fold(name) and code != "XXX"}
