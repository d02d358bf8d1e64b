"""What the pages about pairs share: which pair a form means, what a step did, and where it leads back to."""

from collections.abc import Callable
from urllib.parse import urlencode

from flask import abort, request, url_for
from sqlalchemy.orm import Session

from matcher.models import AuditEvent, Programme
from matcher.services.errors import NotFound, ServiceError
from matcher.services.review import Decision
from matcher.services.steps import Pair
from matcher.wording import N_, Message
from web.converters import read_id
from web.database import write
from web.notices import tell

BUTTONS: dict[str, Decision] = {
    "approve": "approved",
    "lock": "locked",
    "unlock": "unlocked",
    "reject": "rejected",
}
DONE = {
    "approved": N_("Pair approved."),
    "locked": N_("Pair locked: runs keep it."),
    "unlocked": N_("Pair unlocked: the next run may part it again."),
    "rejected": N_("Pair rejected."),
}
_PASSING = frozenset({"lang", "step", "pause"})


def key_of(pair: Pair) -> str:
    """A pair as addresses and forms name it."""
    return f"{pair[0]}-{pair[1]}"


def read_pair(text: str) -> Pair:
    """The pair that `key_of` named; nobody's is not found."""
    ours, dash, theirs = text.partition("-")
    try:
        return (read_id(ours), read_id(theirs)) if dash else abort(404)
    except ValueError:
        return abort(404)


def read_seen(value: str) -> tuple[str, str]:
    """Who or which pair a button or choice means, and the state in which it was shown: `12-34:proposed`."""
    key, _, seen = value.partition(":")
    return key, seen


def here() -> str:
    """This page with what was chosen on it, for a form to lead back to."""
    kept = [(key, value) for key, value in request.args.items(multi=True) if key not in _PASSING]
    return f"{request.path}?{urlencode(kept)}" if kept else request.path


def answer_link(secret: str) -> str:
    """The address at which a side answers an offer."""
    return url_for("answers.show", secret=secret, _external=True)


def requests_page(slug: str, mine: int) -> str:
    """The address of a member's requests, for a letter."""
    return url_for("requests.index", slug=slug, mine=mine, _external=True)


def attempt(
    slug: str,
    work: Callable[[Session, Programme], AuditEvent | None],
    done: Message | Callable[[AuditEvent], Message],
    about: str | None = None,
    *,
    can_undo: bool = True,
) -> AuditEvent | None:
    """Take a step, and tell how it went; None if it was refused, or changed nothing.

    Raises:
        NotFound: it is about nobody of this programme.
    """
    try:
        with write(slug) as (session, programme):
            event = work(session, programme)
    except NotFound:
        raise
    except ServiceError as error:
        tell("error", error.message, about=about)
        return None
    if event is None:
        tell("success", Message(N_("Nothing changed.")), about=about)
        return None
    told = done if isinstance(done, Message) else done(event)
    tell("success", told, undo=event.id if can_undo else None, about=about)
    return event
