"""Sentences that are made in one place and read in another, in the reader's language.

Errors and reasons are raised and stored as a template with its parameters. The template is a
gettext message id, so the web renders it in the reader's language and the command line in English.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


def N_(text: str) -> str:  # noqa: N802 - the name that gettext's extractors look for
    """Mark a message id for extraction without translating it here."""
    return text


SEPARATOR = N_(", ")
"""What stands between the items of a list; Arabic and Chinese have their own."""
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Term:
    """A code from a vocabulary (`sector`, `stage`, `country`, `language`) or a figure (`decimal`, `date`).

    It is named, or written, in the language in which it is read.
    """

    vocabulary: str
    code: str


def _identity(text: str) -> str:
    return text


def _code(term: Term) -> str:
    return term.code


@dataclass(frozen=True, slots=True)
class Message:
    """A gettext message id in `%(name)s` style, and what fills it.

    A parameter may itself be a `Message` or a `Term` (rendered first), or a list (joined by `SEPARATOR`).
    """

    template: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def render(self, gettext: Callable[[str], str] = _identity, label: Callable[[Term], str] = _code) -> str:
        """The sentence in the language that `gettext` translates to and `label` names terms in."""
        if not self.params:
            return gettext(self.template).replace("%%", "%")
        return gettext(self.template) % {k: _plain(v, gettext, label) for k, v in self.params.items()}

    def __str__(self) -> str:
        return self.render()

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form, for the columns that keep reasons and errors."""
        return {"template": self.template, "params": {k: _dump(v) for k, v in self.params.items()}}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Message":
        """The message that `to_json` wrote."""
        return cls(data["template"], {k: _load(v) for k, v in data["params"].items()})


class Refusal(Exception):
    """Something that cannot be done, with a sentence that tells a person what to do about it."""

    def __init__(self, message: Message) -> None:
        self.message = message
        super().__init__(str(message))


def _plain(value: Any, gettext: Callable[[str], str], label: Callable[[Term], str]) -> Any:
    if isinstance(value, Message):
        return value.render(gettext, label)
    if isinstance(value, Term):
        return label(value)
    if isinstance(value, list | tuple):
        return gettext(SEPARATOR).join(str(_plain(item, gettext, label)) for item in value)
    return value


def _dump(value: Any) -> Any:
    if isinstance(value, Message):
        return {"message": value.to_json()}
    if isinstance(value, Term):
        return {"term": [value.vocabulary, value.code]}
    if isinstance(value, list | tuple):
        return [_dump(item) for item in value]
    return value


def _load(value: Any) -> Any:
    if isinstance(value, dict):
        return Message.from_json(value["message"]) if "message" in value else Term(*value["term"])
    if isinstance(value, list):
        return [_load(item) for item in value]
    return value


def first_names(names: Sequence[str]) -> list[Any]:
    """A few names, and how many more there are."""
    more = [Message(N_("%(count)d more"), {"count": len(names) - _NAMED})] if len(names) > _NAMED else []
    return [*names[:_NAMED], *more]
