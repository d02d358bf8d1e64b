"""What a form states, read as one row of a sheet: the same rules whichever way a profile comes in."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from matcher.models.kinds import Kind
from matcher.profiles.fields import FIELDS
from matcher.profiles.mapping import ColumnMatch
from matcher.profiles.rows import BadRow, ProfileDraft, RowReader
from matcher.wording import N_, Message

_MISSING = N_("A name is needed.")
_EXPECTED = N_("This should be %(expected)s.")


@dataclass(frozen=True, slots=True)
class FormReading:
    """A draft, or what is wrong with which field."""

    draft: ProfileDraft | None
    problems: Mapping[str, Message] = field(default_factory=dict)


def read_form(kind: Kind, texts: Mapping[str, str]) -> FormReading:
    """Read the texts of some of the kind's fields, by name; a ref that is empty is derived."""
    stated = [f.name for f in FIELDS[kind] if f.name in texts and (f.name != "ref" or texts[f.name].strip())]
    columns = [ColumnMatch(name, at, name, "name", 100.0) for at, name in enumerate(stated)]
    row = RowReader(kind, "", tuple(columns)).read(0, tuple(texts[name] for name in stated))
    problems: dict[str, Message] = {}
    if isinstance(row, BadRow):
        for problem in row.problems:
            problems[problem.column] = Message(_EXPECTED, {"expected": problem.expected})
    if not texts["name"].strip():
        problems["name"] = Message(_MISSING)
    if problems or isinstance(row, BadRow):
        return FormReading(None, problems)
    return FormReading(row)
