"""Numbers as people write them in forms, in the digits of any script."""

from math import isfinite

from matcher.profiles.text import clean, digits
from matcher.wording import N_, Message, Refusal

_WHOLE = N_("This should be a whole number from %(least)s to %(most)s.")
_NUMBER = N_("This should be a number from %(least)s to %(most)s.")
_POINTS = str.maketrans({",": ".", "٫": ".", "，": "."})


class NumberError(Refusal):
    """What was written is no number, or lies out of bounds."""


def read_whole(text: str, least: float, most: float) -> int:
    """A whole number within bounds.

    Raises:
        NumberError: it is none; the message says what would be right.
    """
    written = digits(clean(text))
    if written.isascii() and written.isdecimal() and len(written) < 10 and least <= int(written) <= most:
        return int(written)
    raise NumberError(Message(_WHOLE, {"least": f"{least:g}", "most": f"{most:g}"}))


def read_decimal(text: str, least: float, most: float) -> float:
    """A number within bounds, with a point or a comma.

    Raises:
        NumberError: it is none; the message says what would be right.
    """
    try:
        found = float(digits(clean(text)).translate(_POINTS))
    except ValueError:
        found = float("nan")
    if isfinite(found) and least <= found <= most:
        return found
    raise NumberError(Message(_NUMBER, {"least": f"{least:g}", "most": f"{most:g}"}))
