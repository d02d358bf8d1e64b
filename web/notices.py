"""What the next page tells about the step that was just taken, with an undo where there is one."""

import json
from dataclasses import dataclass
from typing import Any

from flask import flash, get_flashed_messages, request

from matcher.wording import Message
from web.refresh import is_reload


@dataclass(frozen=True)
class Notice:
    """One sentence at the head of a page."""

    category: str
    message: Message
    undo: int | None
    """The audit event that the undo button takes back."""
    about: int | str | None
    """The candidate, or the pair (`12-34`), in whose card it belongs, where that card is on the page."""


def tell(category: str, message: Message, undo: int | None = None, about: int | str | None = None) -> None:
    """Keep a notice in the session for the next page."""
    flash(json.dumps({"message": message.to_json(), "undo": undo, "about": about}), category)


def notices(*, keep: bool = False) -> list[Notice]:
    """Those that wait to be told. Each is told once.

    A page about to load itself again keeps its own, for that reload alone: its reader has seen no other
    page, and would have no time to read them.
    """
    waiting: list[tuple[str, str]] = get_flashed_messages(with_categories=True)  # type: ignore[assignment]
    parsed = [(category, _parse(text)) for category, text in waiting]
    reloaded = request.path if is_reload() else None
    due = [(category, data) for category, data in parsed if data.get("page") in {None, reloaded}]
    if keep:
        for category, data in due:
            flash(json.dumps({**data, "page": request.path}), category)
    return [Notice(c, Message.from_json(data["message"]), data["undo"], data["about"]) for c, data in due]


def _parse(text: str) -> dict[str, Any]:
    """A notice of ours, or a sentence of a library's, which comes in the reader's language."""
    if text.startswith("{"):
        data: dict[str, Any] = json.loads(text)
        return data
    return {"message": Message(text.replace("%", "%%")).to_json(), "undo": None, "about": None}
