"""The profile form: one input for each field of `FIELDS`, read by the same rules as a sheet's cells."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from matcher.models import Kind
from matcher.profiles.cell import parse_cell
from matcher.profiles.errors import CellError
from matcher.profiles.fields import FIELDS, Field, FieldType
from matcher.profiles.form import read_form
from matcher.profiles.labels import label as name_of
from matcher.profiles.rows import ProfileDraft
from matcher.profiles.taxonomy import label, taxonomy
from matcher.wording import Message, Term
from web.i18n import locale_code

_TAXONOMIES = {
    FieldType.STAGE: "stages",
    FieldType.STAGES: "stages",
    FieldType.FUNDER_KIND: "funder_kinds",
    FieldType.SDGS: "sdgs",
}
_CONTROLS = {
    FieldType.STAGE: "select",
    FieldType.FUNDER_KIND: "select",
    FieldType.STAGES: "checks",
    FieldType.SDGS: "checks",
    FieldType.ENTRIES: "area",
}
_VOCABULARIES = {
    FieldType.COUNTRY: "country",
    FieldType.COUNTRIES: "country",
    FieldType.LANGUAGES: "language",
    FieldType.SECTORS: "sector",
    FieldType.TIMEZONE: "timezone",
}
"""Fields of free text whose codes the form shows by name."""
_INPUT_MODES = {
    FieldType.EMAIL: "email",
    FieldType.WHOLE: "numeric",
    FieldType.YEAR: "numeric",
    FieldType.MONEY: "decimal",
}
_SEPARATOR = "; "


@dataclass(frozen=True)
class Option:
    """One choice of a select or a group of checkboxes."""

    value: str
    label: str
    chosen: bool


@dataclass
class Input:
    """One field as it stands in the form: what was typed, and what is wrong with it."""

    field: Field
    value: str = ""
    error: Message | None = None

    @property
    def name(self) -> str:
        """Its name in the form, and its id in the page."""
        return self.field.name

    @property
    def control(self) -> str:
        """`text`, `area`, `select` or `checks`."""
        if self.field.facet is not None:
            return "area"
        return _CONTROLS.get(self.field.type, "text")

    @property
    def input_mode(self) -> str:
        """Which keyboard a phone should show."""
        return _INPUT_MODES.get(self.field.type, "text")

    @property
    def options(self) -> list[Option]:
        """The choices of a select or a group of checkboxes, in the reader's language."""
        name = _TAXONOMIES[self.field.type]
        chosen = self._chosen()
        return [
            Option(code, label(name, code, locale_code()), code in chosen) for code in taxonomy(name).codes
        ]

    def _chosen(self) -> set[str]:
        try:
            value = parse_cell(self.field, self.value) if self.value else None
        except CellError:
            return set()
        return {str(item) for item in (value if isinstance(value, list | tuple) else [value])}


@dataclass
class ProfileForm:
    """All inputs of one kind of profile, and the version that they started from."""

    kind: Kind
    inputs: list[Input]
    version: int | None = None
    _draft: ProfileDraft | None = None

    @classmethod
    def filled(cls, kind: Kind, texts: Mapping[str, str], version: int | None = None) -> "ProfileForm":
        """The form with these cell texts in it."""
        inputs = [Input(f, texts.get(f.name, "")) for f in FIELDS[kind]]
        return cls(kind, inputs, version)

    @classmethod
    def stored(cls, kind: Kind, cells: Mapping[str, str], version: int) -> "ProfileForm":
        """The form with what a profile states, codes as names in the reader's language."""
        return cls.filled(kind, {f.name: in_words(f, cells.get(f.name, "")) for f in FIELDS[kind]}, version)

    @classmethod
    def posted(cls, kind: Kind, data: MultiDict[str, str]) -> "ProfileForm":
        """What somebody sent. Names that are no field of this kind are not looked at."""
        texts = {f.name: _SEPARATOR.join(data.getlist(f.name)) for f in FIELDS[kind]}
        return cls.filled(kind, texts, data.get("version", type=int))

    @property
    def errors(self) -> list[Input]:
        """The inputs that something is wrong with."""
        return [entry for entry in self.inputs if entry.error]

    def validate(self) -> bool:
        """Read the inputs as one row of a sheet, so that both have the same rules; true when right."""
        found = read_form(self.kind, self.texts())
        for name, message in found.problems.items():
            self.blame(name, message)
        self._draft = found.draft
        return not self.errors

    def blame(self, name: str, message: Message) -> None:
        """Put an error that only the database could find beside the input it is about."""
        for entry in self.inputs:
            if entry.name == name:
                entry.error = message

    def texts(self) -> dict[str, str]:
        """Field name to what was typed."""
        return {entry.name: entry.value for entry in self.inputs}

    def draft(self, ref: str, notes: Mapping[str, Any]) -> ProfileDraft:
        """The profile of a form that is right; one that names no ref gets the one given."""
        if self._draft is None:
            raise ValueError("a form has no draft before it is found right")
        own_ref = self.texts()["ref"].strip() and self._draft.ref
        return replace(self._draft, ref=own_ref or ref, notes=dict(notes))


@dataclass(frozen=True)
class Difference:
    """One field that two people changed to different things."""

    label: str
    theirs: str
    yours: str


def differences(form: ProfileForm, theirs: Mapping[str, str]) -> list[Difference]:
    """Where the form and what is stored now disagree."""
    return [
        Difference(gettext(entry.field.label), stored, entry.value)
        for entry in form.inputs
        if _flat(stored := in_words(entry.field, theirs.get(entry.name, "")))
        != _flat(in_words(entry.field, entry.value))
    ]


def in_words(field: Field, text: str) -> str:
    """A cell with names for its codes; as it is where names would be read as something else."""
    vocabulary = _VOCABULARIES.get(field.type)
    if vocabulary is None:
        return text
    try:
        value = parse_cell(field, text)
        codes = [value] if isinstance(value, str) else list(value or ())
        named = _SEPARATOR.join(name_of(Term(vocabulary, code), locale_code()) for code in codes)
        return named if parse_cell(field, named) == value else text
    except CellError:
        return text


def _flat(text: str) -> str:
    return " ".join(text.split())
