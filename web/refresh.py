"""Pages that follow work under way, without JavaScript and without a meta element.

WCAG 2.2.2 asks that a page which updates itself can be stopped: `?pause=1` stops it.
"""

from urllib.parse import urlencode

from flask import make_response, request
from werkzeug.wrappers import Response


def is_paused() -> bool:
    """Whether the reader asked for a page that keeps still."""
    return request.args.get("pause") == "1"


def is_reload() -> bool:
    """Whether a page that follows work asked for itself again, with its steps counted."""
    return "step" in request.args


def refreshing(page: str, seconds: int, anchor: str | None = None, *, counted: bool = False) -> Response:
    """The page, with the wish that the browser ask again in a while.

    Where the address has a fragment, browsers take the same address for a jump within the page and
    load nothing: those pages need an address that differs, and the fragment to come back to. So do those
    that must know their own reload (`counted`).
    """
    response = make_response(page)
    if not is_paused():
        response.headers["Refresh"] = f"{seconds}; url={_next(anchor)}" if anchor or counted else str(seconds)
    return response


def _next(anchor: str | None) -> str:
    step = request.args.get("step", 0, type=int) + 1
    address = f"{request.path}?{urlencode({**request.args, 'step': step})}"
    return f"{address}#{anchor}" if anchor else address
