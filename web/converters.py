"""Address parts that stand for something of ours."""

from werkzeug.routing import BaseConverter

from matcher.models import Kind

PLURALS = {Kind.STARTUP: "startups", Kind.MENTOR: "mentors", Kind.FUNDER: "funders"}
_KINDS = {plural: kind for kind, plural in PLURALS.items()}


class KindConverter(BaseConverter):
    """`startups`, `mentors` and `funders` in an address, `Kind` in the code."""

    regex = "|".join(_KINDS)

    def to_python(self, value: str) -> Kind:
        return _KINDS[value]

    def to_url(self, value: Kind | str) -> str:
        return PLURALS[Kind(value)]
