"""Address parts that stand for something of ours."""

from werkzeug.routing import BaseConverter, ValidationError

from matcher.models import Kind

HIGHEST_ID = 2**31 - 1
"""What PostgreSQL's integers hold; a higher number is nobody's, and no database need be asked."""
PLURALS = {Kind.STARTUP: "startups", Kind.MENTOR: "mentors", Kind.FUNDER: "funders"}
COUNTERPARTS = (Kind.MENTOR, Kind.FUNDER)
_KINDS = {plural: kind for kind, plural in PLURALS.items()}


class KindConverter(BaseConverter):
    """`startups`, `mentors` and `funders` in an address, `Kind` in the code."""

    regex = "|".join(_KINDS)

    def to_python(self, value: str) -> Kind:
        return _KINDS[value]

    def to_url(self, value: Kind | str) -> str:
        return PLURALS[Kind(value)]


class CounterpartConverter(KindConverter):
    """The kinds that start-ups are put together with."""

    regex = "|".join(PLURALS[kind] for kind in COUNTERPARTS)


class IdConverter(BaseConverter):
    """The number of something in the database."""

    regex = "[0-9]{1,10}"

    def to_python(self, value: str) -> int:
        return read_id(value)


def read_id(text: str) -> int:
    """The number that an address or a form names.

    Raises:
        ValidationError: a `ValueError`; nothing in the database can have this number.
    """
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(HIGHEST_ID))):
        raise ValidationError
    number = int(text)
    if number > HIGHEST_ID:
        raise ValidationError
    return number
