"""Pages that follow work under way, without JavaScript and without a meta element.

WCAG 2.2.2 asks that a page which updates itself can be stopped: `?pause=1` stops it.
"""

from urllib.parse import urlencode

from flask import make_response, request
from werkzeug.wrappers import Response


def is_paused() -> bool:
    """Whether the reader asked for a page that keeps still."""
    return request.args.get("pause") == "1"


def refreshing(page: str, seconds: int, anchor: str | None = None) -> Response:
    """The page, with the wish that the browser ask again in a while.

    Where the address has a fragment, browsers take the same address for a jump within the page and
    load nothing: those pages need an address that differs, and the fragment to come back to.
    """
    response = make_response(page)
    if not is_paused():
        response.headers["Refresh"] = f"{seconds}; url={_next(anchor)}" if anchor else str(seconds)
    return response


def _next(anchor: str) -> str:
    step = request.args.get("step", 0, type=int) + 1
    return f"{request.path}?{urlencode({**request.args, 'step': step})}#{anchor}"
