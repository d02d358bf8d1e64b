"""A page as a browser understands it: its links, forms, references, and what could run or load something."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
_TYPED = frozenset({"text", "search", "email", "url", "tel", "number", "date", "time", "datetime-local"})
_REFERENCES = ("href", "src", "action", "formaction", "data", "poster", "xlink:href", "ping", "srcset")

_NAMING = ("for", "form", "headers", "aria-labelledby", "aria-describedby", "aria-controls")
_WORDS = frozenset(
    {"type", "scope", "rel", "dir", "autocomplete", "inputmode", "tabindex", "method", "colspan", "rowspan"}
)
"""Attributes whose values are HTML's own."""


@dataclass
class Control:
    """One field of a form, as it stands when the page is opened."""

    name: str
    kind: str
    """`hidden`, `text`, `textarea`, `select`, `checkbox`, `radio`, `file`, `password`, …"""
    value: str = ""
    sent: bool = True
    """Whether a browser would send it as it stands."""
    required: bool = False

    @property
    def is_text(self) -> bool:
        """Whether its reader can write what they like."""
        return self.kind == "textarea" or self.kind in _TYPED


@dataclass
class Form:
    """A form, and what a browser sends of it untouched."""

    method: str
    action: str
    id: str = ""
    controls: list[Control] = field(default_factory=list)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)
    """Name, value, and the address that a button names instead of the form's."""

    def data(self, button: int = 0, **texts: str) -> dict[str, list[str]]:
        """Its fields by name, as if the button with this number had been pressed."""
        sent: dict[str, list[str]] = {}
        for control in self.controls:
            if control.sent and control.kind not in {"file", "password"}:
                sent.setdefault(control.name, []).append(texts.get(control.name, control.value))
        if button < len(self.buttons) and self.buttons[button][0]:
            sent.setdefault(self.buttons[button][0], []).append(self.buttons[button][1])
        return sent

    @property
    def texts(self) -> list[str]:
        """The names of its fields for free text."""
        return list(dict.fromkeys(c.name for c in self.controls if c.is_text and c.name))


@dataclass
class Element:
    """A start tag, and the elements around it."""

    tag: str
    attributes: dict[str, str]
    around: "Element | None"

    def up(self) -> "Iterator[Element]":
        """This one, and all around it."""
        here: Element | None = self
        while here is not None:
            yield here
            here = here.around


class Page(HTMLParser):
    """What a page consists of."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self.forms: list[Form] = []
        self.words: list[tuple[Element | None, str]] = []
        self._here: Element | None = None
        self._form: Form | None = None
        self._elsewhere: list[tuple[str, str, dict[str, str]]] = []
        self._select: Control | None = None
        self._area: Control | None = None
        self.feed(html)
        self.close()
        for owner, tag, attributes in self._elsewhere:
            self._form = next((form for form in self.forms if form.id == owner), None)
            self._control(tag, attributes)

    @property
    def links(self) -> list[str]:
        """Where its links and the forms that only ask lead."""
        return [e.attributes["href"] for e in self.elements if e.tag == "a" and "href" in e.attributes]

    @property
    def references(self) -> list[str]:
        """What a browser loads with it."""
        found = []
        for element in self.elements:
            if element.tag == "link" and element.attributes.get("rel") in {"stylesheet", "icon"}:
                found.append(element.attributes.get("href", ""))
            elif element.tag in {"script", "img", "source", "iframe"} and "src" in element.attributes:
                found.append(element.attributes["src"])
        return [address for address in dict.fromkeys(found) if not address.startswith("data:")]

    @property
    def shape(self) -> int:
        """The same for pages of the same elements, whatever their texts and however long their lists.

        An element is the same if it stands in the same place, has the same attributes, with the same values
        where these are HTML's own words, and has a text or none.
        """
        written = {id(element) for element, _ in self.words}
        seen = {
            (
                *((e.tag, e.attributes.get("class", ""), e.attributes.get("role", "")) for e in element.up()),
                *sorted((name, name in _WORDS and value) for name, value in element.attributes.items()),
                id(element) in written,
            )
            for element in self.elements
        }
        return hash(frozenset(seen))

    def loose_ends(self) -> list[str]:
        """Ids that two elements have, and references to ids that none has."""
        ids = [e.attributes["id"] for e in self.elements if "id" in e.attributes]
        twice = [f'id="{name}" twice' for name in sorted({name for name in ids if ids.count(name) > 1})]
        named = {
            (attribute, name)
            for e in self.elements
            for attribute in _NAMING
            for name in e.attributes.get(attribute, "").split()
        }
        links = (e.attributes.get("href", "") for e in self.elements)
        named |= {("href", link[1:]) for link in links if link.startswith("#")}
        return twice + [f'{at}="{name}" leads nowhere' for at, name in sorted(named) if name not in ids]

    def dangers(self) -> list[str]:
        """What could run a script, load something of somebody else's, or lead out of the site."""
        found = []
        for e in self.elements:
            wrong = e.tag in {"iframe", "object", "embed", "base", "style", "applet", "frame", "template"}
            wrong |= e.tag == "script" and not e.attributes.get("src", "").startswith("/static/")
            wrong |= e.tag == "meta" and e.attributes.get("http-equiv", "") != ""
            wrong |= any(name.startswith("on") or name in {"style", "srcdoc"} for name in e.attributes)
            wrong |= any(_leads_out(e, e.attributes[name]) for name in _REFERENCES if name in e.attributes)
            if wrong:
                found.append(f"<{e.tag} {e.attributes}>"[:200])
        return found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        element = Element(tag, attributes, self._here)
        self.elements.append(element)
        if tag not in _VOID:
            self._here = element
        self._control(tag, attributes)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.elements.append(Element(tag, attributes, self._here))
        self._control(tag, attributes)

    def handle_endtag(self, tag: str) -> None:
        around = next((e for e in self._here.up() if e.tag == tag), None) if self._here else None
        if around is not None:
            self._here = around.around
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._area.value += data
        if data.strip():
            self.words.append((self._here, data))

    def _control(self, tag: str, a: dict[str, str]) -> None:
        if tag == "form":
            self._form = Form(a.get("method", "get").lower(), a.get("action", ""), a.get("id", ""))
            self.forms.append(self._form)
        owner = a.pop("form", None)
        if owner is not None:
            self._elsewhere.append((owner, tag, a))
        elif self._form is not None and "disabled" not in a:
            self._add(self._form, tag, a)

    def _add(self, form: Form, tag: str, a: dict[str, str]) -> None:
        kind, name = a.get("type", "text" if tag == "input" else "submit").lower(), a.get("name", "")
        if tag == "button" or (tag == "input" and kind == "submit"):
            if kind == "submit":
                form.buttons.append((name, a.get("value", ""), a.get("formaction", "")))
        elif tag == "input":
            sent = kind not in {"checkbox", "radio"} or "checked" in a
            value = a.get("value", "on" if kind in {"checkbox", "radio"} else "")
            form.controls.append(Control(name, kind, value, sent, "required" in a))
        elif tag == "textarea":
            self._area = Control(name, "textarea", required="required" in a)
            form.controls.append(self._area)
        elif tag == "select":
            self._select = Control(name, "select", sent=False, required="required" in a)
            form.controls.append(self._select)
        elif tag == "option" and self._select is not None and ("selected" in a or not self._select.sent):
            self._select.value, self._select.sent = a.get("value", ""), True


def _leads_out(element: Element, address: str) -> bool:
    """Whether it is no page of ours, but for the links that are there to lead to somebody's own."""
    folded = "".join(character for character in address if character > " ").lower()
    if folded.startswith(("/", "?", "#", ".")) and not folded.startswith(("//", "/\\")):
        return False
    scheme = folded.partition(":")[0]
    if scheme in {"mailto", "webcal"} and element.tag == "a":
        return False
    if scheme in {"http", "https"}:
        return element.tag != "a"
    return folded != "" and not (element.tag in {"link", "img"} and folded.startswith("data:image/"))
