"""The form of a programme's rules: what was typed, what is wrong with it, and the rules it makes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import MultiDict

from matcher.services.rules import CohortRules
from matcher.services.rulewords import LABELS, choice_words, share_words
from matcher.wording import N_, Message
from web import quota_rows
from web.numbers import NumberError, read_decimal, read_whole
from web.quota_rows import QuotaRow
from web.rule_inputs import FIELDS, SHARES, RuleField

_MORE_THAN_MOST = N_("Nobody can be promised more mentors than a start-up may have.")
_CHOOSE = N_("Choose one of these.")


@dataclass(frozen=True)
class Choice:
    """One choice of a select or a group of radio buttons."""

    value: str
    label: Message
    explanation: Message | None = None


@dataclass
class RulesForm:
    """All inputs, and the version that they started from."""

    version: int
    texts: dict[str, str]
    rows: list[QuotaRow]
    errors: dict[str, Message] = field(default_factory=dict)
    rules: CohortRules | None = None

    @classmethod
    def stored(cls, version: int, rules: CohortRules) -> "RulesForm":
        """The form with the rules that hold."""
        texts = {entry.name: _text(getattr(rules, entry.name)) for entry in FIELDS}
        return cls(version, texts, quota_rows.stored(rules.quotas), rules=rules)

    @classmethod
    def posted(cls, form: MultiDict[str, str]) -> "RulesForm":
        """What somebody sent."""
        texts = {entry.name: form.get(entry.name, "") for entry in FIELDS}
        return cls(form.get("version", -1, type=int), texts, quota_rows.posted(form))

    def validate(self) -> bool:
        """Read the inputs; `errors` and those of the rows say what is wrong."""
        values: dict[str, Any] = {}
        for entry in FIELDS:
            try:
                values[entry.name] = _read(entry, self.texts[entry.name])
            except NumberError as error:
                self.errors[entry.name] = error.message
        if values.get("mentors_least", 0) > values.get("mentors_most", 10):
            self.errors["mentors_least"] = Message(_MORE_THAN_MOST)
        self.rows = [row for row in self.rows if not row.is_empty]
        for at, row in enumerate(self.rows):
            row.at = at
            row.validate()
        if self.errors or any(row.errors for row in self.rows):
            return False
        quotas = tuple(row.rule for row in self.rows if row.rule)
        self.rules = CohortRules(**values, quotas=quotas[: quota_rows.MOST])
        return True

    @property
    def mistakes(self) -> list[tuple[str, Message]]:
        """Every input that something is wrong with, and what."""
        found = [(name, self.errors[name]) for name in LABELS if name in self.errors]
        return found + [(row.input(part), text) for row in self.rows for part, text in row.errors.items()]

    def with_empty_row(self) -> Sequence[QuotaRow]:
        """The quotas, and a row for one more while there may be more."""
        spare = [] if len(self.rows) >= quota_rows.MOST else [quota_rows.empty(len(self.rows))]
        return [*self.rows, *spare]


def choices(entry: RuleField, value: str) -> list[Choice]:
    """The choices of a rule; one that somebody made elsewhere stays among them."""
    if entry.control == "radio":
        return [
            Choice(text, choice_words(entry.name, _value_of(text)), Message(why))
            for text, why in (entry.explanations or {}).items()
        ]
    if entry.control == "share":
        shares = {*SHARES, float(value)} if _is_share(entry, value) else {*SHARES}
        return [Choice(str(share), share_words(share)) for share in sorted(shares)]
    least, most = entry.bounds
    none = [Choice("", Message(entry.empty))] if entry.empty else []
    numbers = range(int(least), int(most) + 1)
    return none + [Choice(str(n), Message("%(value)s", {"value": str(n)})) for n in numbers]


def _is_share(entry: RuleField, value: str) -> bool:
    try:
        read_decimal(value, *entry.bounds)
    except NumberError:
        return False
    return True


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _value_of(text: str) -> object:
    return {"yes": True, "no": False}.get(text, text)


def _read(entry: RuleField, text: str) -> Any:
    if entry.control == "radio":
        if text not in (entry.explanations or {}):
            raise NumberError(Message(_CHOOSE))
        return _value_of(text)
    if not text.strip() and None in _optional(entry):
        return None
    read = read_decimal if entry.control in {"share", "decimal"} else read_whole
    return read(text, *entry.bounds)


def _optional(entry: RuleField) -> tuple[Any, ...]:
    """`(None,)` for a rule that may be left out."""
    annotation = CohortRules.model_fields[entry.name].annotation
    return (None,) if type(None) in getattr(annotation, "__args__", ()) else ()
