"""What the next page tells about the step that was just taken, with an undo where there is one."""

import json
from dataclasses import dataclass

from flask import flash, get_flashed_messages

from matcher.wording import Message


@dataclass(frozen=True)
class Notice:
    """One sentence at the head of a page."""

    category: str
    message: Message
    undo: int | None
    """The audit event that the undo button takes back."""
    about: int | None
    """The candidate in whose card it belongs, where that card is on the page."""


def tell(category: str, message: Message, undo: int | None = None, about: int | None = None) -> None:
    """Keep a notice in the session for the next page."""
    flash(json.dumps({"message": message.to_json(), "undo": undo, "about": about}), category)


def notices(*, keep: bool = False) -> list[Notice]:
    """Those that wait to be told; told once, unless the page is about to be loaded again by itself."""
    waiting: list[tuple[str, str]] = get_flashed_messages(with_categories=True)  # type: ignore[assignment]
    if keep:
        for category, text in waiting:
            flash(text, category)
    kept = ((category, json.loads(text)) for category, text in waiting)
    return [Notice(c, Message.from_json(data["message"]), data["undo"], data["about"]) for c, data in kept]
