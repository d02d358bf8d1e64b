"""One page of the form on which people write their own profile: what it shows, and what somebody sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import zip_longest

from flask_babel import format_decimal, gettext
from werkzeug.datastructures import MultiDict

from matcher.profiles.cell import parse_cell
from matcher.profiles.errors import CellError
from matcher.profiles.fields import Field, FieldType
from matcher.profiles.pages import OWN, Page
from matcher.profiles.taxonomy import label, taxonomy
from matcher.profiles.text import key
from matcher.services.drafts import Answer, Draft, as_text
from matcher.wording import Message
from web.forms import Input, Option, in_words
from web.i18n import locale_code

_SUGGESTED = frozenset({"needs", "expertise"})
"""Lists for which the taxonomy suggests words."""
_RADIOS = frozenset({FieldType.STAGE, FieldType.FUNDER_KIND})
_LAST = 10_000


@dataclass
class PageInput(Input):
    """One field of a page; `items` has the entries of a field that is a list of them."""

    items: list[str] = field(default_factory=list)
    is_unknown: bool = False

    @property
    def by_hand(self) -> bool:
        """Whether its words are a manager's, which are shown as they are."""
        return self.name.removeprefix(OWN).isdecimal()

    @property
    def label(self) -> str:
        """What it is called, in the reader's language."""
        return self.field.label if self.by_hand else gettext(self.field.label)

    @property
    def hint(self) -> str:
        """What helps to answer it; may be empty."""
        return self.field.hint if self.by_hand else gettext(self.field.hint)

    @property
    def control(self) -> str:
        """`text`, `area`, `radios`, `checks`, `sectors` or `list`."""
        if self.field.type is FieldType.ENTRIES:
            return "list"
        if self.field.type is FieldType.SECTORS:
            return "sectors"
        if self.field.type in _RADIOS:
            return "radios"
        return "area" if self.name.startswith(OWN) else super().control

    @property
    def sectors(self) -> list[Option]:
        """The sectors of the taxonomy."""
        chosen = set(_parsed(self.field, self.value))
        codes = taxonomy("sectors").codes
        return [Option(code, label("sectors", code, locale_code()), code in chosen) for code in codes]

    @property
    def more(self) -> str:
        """Sectors in somebody's own words; what cannot be read as it was typed."""
        codes = taxonomy("sectors").codes
        return "; ".join(name for name in _parsed(self.field, self.value) if name not in codes)

    @property
    def boxes(self) -> list[str]:
        """The entries, with room for another."""
        return [*self.items, *[""] * (1 if self.items else 2)]

    @property
    def suggestions(self) -> list[Option]:
        """Words of the taxonomy in the reader's language that are not among the entries yet."""
        if self.name not in _SUGGESTED:
            return []
        there = {key(item) for item in self.items}
        options = (
            Option(code, label("needs", code, locale_code()), chosen=False)
            for code in taxonomy("needs").codes
        )
        return [option for option in options if key(option.label) not in there]


@dataclass
class PageForm:
    """All inputs of one page, and the draft that they started from."""

    page: Page
    inputs: list[PageInput]
    stamp: str

    @classmethod
    def stored(cls, draft: Draft, page: Page) -> "PageForm":
        """The page with what was answered, codes as names in the reader's language."""
        return cls(
            page, [_input(each, draft.answers.get(each.name, "")) for each in page.fields], draft.stamp
        )

    @classmethod
    def posted(cls, page: Page, data: MultiDict[str, str]) -> "PageForm":
        """What somebody sent. Names that are no field of this page are not looked at."""
        return cls(page, [_sent(each, data) for each in page.fields], data.get("stamp", ""))

    @property
    def title(self) -> str:
        """The question, in the reader's language or in a manager's words."""
        return self.page.title if self.page.by_hand else gettext(self.page.title)

    @property
    def hint(self) -> str:
        """What helps to answer it; may be empty."""
        return self.page.hint if self.page.by_hand or not self.page.hint else gettext(self.page.hint)

    @property
    def answers(self) -> dict[str, Answer]:
        """What the service keeps."""
        return {each.name: list(each.items) if each.control == "list" else each.value for each in self.inputs}

    @property
    def errors(self) -> list[PageInput]:
        """The inputs that something is wrong with."""
        return [each for each in self.inputs if each.error]

    def blame(self, problems: Mapping[str, Message]) -> None:
        """Put what is wrong beside the input that it is about."""
        for each in self.inputs:
            each.error = problems.get(each.name)


def shown(asked: Field, answer: Answer) -> list[str]:
    """An answer as people read it; several values where it has several."""
    text = as_text(answer).strip()
    if not text or asked.name.startswith(OWN):
        return [text] if text else []
    if asked.type is FieldType.ENTRIES:
        return _parsed(asked, text)
    if asked.type is FieldType.MONEY:
        return [_amount(asked, text)]
    entry = Input(asked, text)
    if entry.control in {"select", "checks"}:
        return [option.label for option in entry.options if option.chosen]
    words = in_words(asked, text)
    return [words] if asked.type is FieldType.TEXT else [part for part in words.split("; ") if part]


def _amount(asked: Field, text: str) -> str:
    try:
        return str(format_decimal(parse_cell(asked, text)))
    except CellError:
        return text


def _input(asked: Field, answer: Answer) -> PageInput:
    items = _parsed(asked, as_text(answer)) if asked.type is FieldType.ENTRIES else []
    text = as_text(answer)
    value = text if asked.name.startswith(OWN) or asked.type is FieldType.SECTORS else in_words(asked, text)
    return PageInput(asked, value, items=items, is_unknown=answer is None)


def _sent(asked: Field, data: MultiDict[str, str]) -> PageInput:
    if asked.type is FieldType.ENTRIES:
        return PageInput(asked, items=_sent_items(asked, data))
    sent = data.getlist(asked.name)
    if asked.type is FieldType.SECTORS:
        sent.append(data.get(f"{asked.name}-more", ""))
    return PageInput(asked, "; ".join(text for text in sent if text.strip()))


def _sent_items(asked: Field, data: MultiDict[str, str]) -> list[str]:
    """The entries in the order of the numbers beside them, without the one to remove, and those added."""
    places = data.getlist(f"{asked.name}-place")
    gone = data.get("do", "").removeprefix("remove-")
    numbered = [
        (_place(place), at, text)
        for at, (text, place) in enumerate(zip_longest(data.getlist(asked.name), places, fillvalue=""))
        if text.strip() and str(at) != gone
    ]
    added = [
        label("needs", code, locale_code())
        for code in data.getlist(f"{asked.name}-add")
        if code in taxonomy("needs").codes and asked.name in _SUGGESTED
    ]
    texts = [text for _, _, text in sorted(numbered)] + added
    return _parsed(asked, "\n".join(texts)) or texts


def _place(text: str) -> int:
    """Where an entry should stand; what is no number stands last."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 5 else _LAST


def _parsed(asked: Field, text: str) -> list[str]:
    """The values of a list; as it was typed if it cannot be read."""
    try:
        return list(parse_cell(asked, text) or ())
    except CellError:
        return [line for line in text.split("\n") if line.strip()]
