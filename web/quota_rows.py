"""Quotas in the form of rules: rows of plain inputs, without JavaScript, and what they mean."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from werkzeug.datastructures import MultiDict

from matcher.models import Kind
from matcher.profiles import fields
from matcher.profiles.cell import parse_cell
from matcher.profiles.errors import CellError
from matcher.profiles.labels import label
from matcher.profiles.text import clean
from matcher.services.rules import Group, QuotaRule
from matcher.services.rulewords import ATTRIBUTES, CODED, quota_words
from matcher.wording import N_, Message, Term
from web.i18n import locale_code
from web.numbers import NumberError, read_whole

MOST = 20
NOTE = "note:"
"""Stands before a column's header where a group is made by it."""
_LEAST = (1, 10_000)
_LONGEST = 200
_PARTS = ("name", "startups-by", "startups", "counterparts-by", "counterparts", "least", "each")
_VALUE_FIELDS = {
    "country": fields.field(Kind.FUNDER, "countries"),
    "stage": fields.field(Kind.MENTOR, "stages"),
    "sector": fields.field(Kind.STARTUP, "sectors"),
    "language": fields.field(Kind.STARTUP, "languages"),
}
_COLUMN = fields.field(Kind.STARTUP, "needs")  # entries: whatever stands between semicolons
_MARKS = re.compile("[;؛；,،，\n]")
_SEPARATOR = "; "
_EXPECTED = N_("This should be %(expected)s.")
_UNNAMED = N_("Give the quota a name, so that explanations can speak of it.")
_LONG = N_("At most %(most)s characters, please.")
_NO_VALUES = N_("Say whom you mean, or tick “Remove this quota”.")
_MANY_VALUES = N_("At most %(most)s values, please.")
_WHICH = {"country", "stage", "sector", "language", "ref", "note"}


@dataclass
class QuotaRow:
    """One quota as it stands in the form."""

    at: int
    texts: dict[str, str]
    errors: dict[str, Message] = field(default_factory=dict)
    rule: QuotaRule | None = None
    warnings: Sequence[Message] = ()

    def input(self, part: str) -> str:
        """The name, and the id, of one of its inputs."""
        return f"quota-{self.at}-{part}"

    @property
    def is_empty(self) -> bool:
        """Whether nothing was written in it."""
        return not any(self.texts[part].strip() for part in ("name", "startups", "counterparts"))

    @property
    def words(self) -> Message | None:
        """What it asks for, once it can be understood."""
        return quota_words(self.rule) if self.rule else None

    def validate(self) -> None:
        """Read it; what is wrong stands beside the input it is about."""
        name = clean(self.texts["name"])
        if not name:
            self.errors["name"] = Message(_UNNAMED)
        elif len(name) > _LONGEST:
            self.errors["name"] = Message(_LONG, {"most": str(_LONGEST)})
        startups, counterparts = self._group("startups"), self._group("counterparts")
        least = 1
        try:
            least = read_whole(self.texts["least"], *_LEAST)
        except NumberError as error:
            self.errors["least"] = error.message
        if startups and counterparts and not self.errors:
            self.rule = QuotaRule(
                name=name,
                startups=startups,
                counterparts=counterparts,
                least=least,
                each=self.texts["each"] != "together",
            )

    def _group(self, side: str) -> Group | None:
        by, _, header = self.texts[f"{side}-by"].partition(":")
        try:
            values = _values(by, self.texts[side])
        except CellError as error:
            self.errors[side] = Message(_EXPECTED, {"expected": error.expected})
            return None
        if not values or by not in _WHICH:
            self.errors[side] = Message(_NO_VALUES)
        elif len(values) > _LONGEST:
            self.errors[side] = Message(_MANY_VALUES, {"most": str(_LONGEST)})
        else:
            return Group(attribute=by, values=values, header=header[:_LONGEST])
        return None


def posted(form: MultiDict[str, str]) -> list[QuotaRow]:
    """The rows that were sent, without those to be removed."""
    rows: list[QuotaRow] = []
    for at in range(MOST + 1):
        if f"quota-{at}-name" not in form or form.get(f"quota-{at}-remove") == "1":
            continue
        rows.append(QuotaRow(len(rows), {part: form.get(f"quota-{at}-{part}", "") for part in _PARTS}))
    return rows


def stored(quotas: Sequence[QuotaRule]) -> list[QuotaRow]:
    """The rows of rules that hold, codes as names in the reader's language."""
    return [QuotaRow(at, _texts(quota), rule=quota) for at, quota in enumerate(quotas)]


def empty(at: int) -> QuotaRow:
    """A row for one more."""
    blank = dict.fromkeys(_PARTS, "")
    return QuotaRow(at, {**blank, "least": "1", "each": "each"})


def choices(headers: Sequence[str], chosen: str) -> list[tuple[str, str, Message | None]]:
    """What a group can be made by: the value, a column's header, and else the name of an attribute."""
    own = [(attribute, "", Message(text)) for attribute, text in ATTRIBUTES.items()]
    kept = [chosen.removeprefix(NOTE)] if chosen.startswith(NOTE) else []
    return [*own, *((NOTE + header, header, None) for header in dict.fromkeys([*headers, *kept]))]


def _texts(quota: QuotaRule) -> dict[str, str]:
    return {
        "name": quota.name,
        "startups-by": _by(quota.startups),
        "startups": _in_words(quota.startups),
        "counterparts-by": _by(quota.counterparts),
        "counterparts": _in_words(quota.counterparts),
        "least": str(quota.least),
        "each": "each" if quota.each else "together",
    }


def _by(group: Group) -> str:
    return NOTE + group.header if group.attribute == "note" else group.attribute


def _in_words(group: Group) -> str:
    """The values by name; as codes where names would be read as something else."""
    codes = _SEPARATOR.join(group.values)
    if group.attribute not in CODED:
        return codes
    named = _SEPARATOR.join(label(Term(group.attribute, code), locale_code()) for code in group.values)
    try:
        return named if _values(group.attribute, named) == group.values else codes
    except CellError:
        return codes


def _values(by: str, text: str) -> tuple[str, ...]:
    if by == "ref":
        return tuple(dict.fromkeys(part.strip() for part in _MARKS.split(clean(text)) if part.strip()))
    found: tuple[str, ...] | None = parse_cell(_VALUE_FIELDS.get(by, _COLUMN), text)
    return found or ()
