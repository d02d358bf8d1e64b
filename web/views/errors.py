"""What went wrong, in words, and what to do about it."""

from math import ceil
from time import monotonic, time

from flask import Flask, Response, current_app, make_response, render_template, request
from flask_limiter import Limiter
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import (
    Forbidden,
    HTTPException,
    InternalServerError,
    MethodNotAllowed,
    NotFound,
    RequestEntityTooLarge,
    TooManyRequests,
)

from matcher.services.errors import NotFound as NoSuchThing
from matcher.services.errors import ServiceError
from matcher.wording import N_, Message
from web.database import settings

_TITLES = {
    400: N_("That did not work"),
    403: N_("You may not do this"),
    404: N_("There is nothing here"),
    405: N_("That did not work"),
    409: N_("That cannot be done now"),
    413: N_("That is too large"),
    429: N_("Please wait a little"),
    500: N_("Something broke on our side"),
}
_FORGED = N_(
    "This form was opened before Tandem was restarted, or the browser keeps no cookies. "
    "Go back, reload the page and send the form again."
)
_BAD = N_("The request could not be understood. Go back and try once more.")
_FORBIDDEN = N_("Ask the person who runs this programme.")
_MISSING = N_("It may have been removed, or the address is mistyped. Go to the overview and look from there.")
_METHOD = N_("This address cannot be opened like that. Go to the overview and start from there.")
_TOO_LARGE = N_(
    "A sheet may be at most %(megabytes)s MB. Split it, or save it as CSV, which is smaller, "
    "and upload it again."
)
_BROKEN = N_(
    "Nothing was saved. Try again in a minute; if it happens again, the log of the web process "
    "says what went wrong."
)
_TOO_MANY = N_(
    "There were too many tries, so that nobody can guess what is secret. Try again in %(minutes)s min. "
    "Nothing is locked for good, and whoever is signed in stays so."
)
_DRAIN_SECONDS = 20
_CHUNK = 1 << 20


def init(app: Flask) -> None:
    """Answer every error with a page."""
    app.register_error_handler(CSRFError, lambda _: _page(400, Message(_FORGED)))
    app.register_error_handler(Forbidden, lambda _: _page(403, Message(_FORBIDDEN)))
    app.register_error_handler(NotFound, lambda _: _page(404, Message(_MISSING)))
    app.register_error_handler(MethodNotAllowed, lambda _: _page(405, Message(_METHOD)))
    app.register_error_handler(RequestEntityTooLarge, _too_large)
    app.register_error_handler(TooManyRequests, _too_many)
    app.register_error_handler(InternalServerError, lambda _: _page(500, Message(_BROKEN)))
    app.register_error_handler(HTTPException, _other)
    app.register_error_handler(NoSuchThing, lambda _: _page(404, Message(_MISSING)))
    app.register_error_handler(ServiceError, lambda error: _page(409, error.message))


def _page(status: int, message: Message) -> tuple[str, int]:
    title = _TITLES.get(status, _TITLES[400])
    return render_template("error.html", title=title, message=message), status


def _other(error: HTTPException) -> tuple[str, int] | HTTPException:
    status = error.code or 500
    return error if status < 400 else _page(status, Message(_BAD))


def _too_large(_: RequestEntityTooLarge) -> tuple[str, int]:
    _drain()
    return _page(413, Message(_TOO_LARGE, {"megabytes": settings().upload_megabytes}))


def _too_many(_: TooManyRequests) -> Response:
    limiter: Limiter = current_app.extensions["tandem_limiter"]
    breached = [limit.reset_at for limit in limiter.current_limits if limit.breached]
    seconds = max(1, ceil(max(breached, default=0) - time()))
    response = make_response(_page(429, Message(_TOO_MANY, {"minutes": max(1, ceil(seconds / 60 - 0.1))})))
    response.headers["Retry-After"] = str(seconds)
    return response


def _drain() -> None:
    """Read on and forget: a browser that is cut off while it sends never shows our answer."""
    stream, left = request.environ["wsgi.input"], request.content_length or 0
    until = monotonic() + _DRAIN_SECONDS
    while left > 0 and monotonic() < until:
        chunk = stream.read(min(_CHUNK, left))
        if not chunk:
            return
        left -= len(chunk)
