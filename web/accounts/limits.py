"""Guessing is slowed: so many wrong tries from one address, and so many for one account."""

import hashlib
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Any

from flask import Flask, Response, request, session
from flask_limiter import Limiter

from web.accounts.identity import identity

_BY_ADDRESS = "60 per 15 minutes"
"""Many share an address: an incubator, a university, a phone company."""
_BY_ACCOUNT = "10 per 15 minutes; 60 per day"
_LETTERS_BY_ADDRESS = "20 per hour"
_LETTERS_BY_ACCOUNT = "3 per hour"
_PATIENCE = {
    "socket_connect_timeout": 0.5,
    "socket_timeout": 0.5,
    "retry_on_timeout": True,  # once: a connection that lay idle may be gone, and the server there
}
"""How long a sign-in waits for a Valkey that does not answer."""


def _address() -> str:
    """Where a request comes from; of the newer addresses, everybody has 2⁶⁴ to choose from."""
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:
        return "nobody"
    # A socket of the newer kind writes older addresses so; they would all be in one network.
    address = getattr(address, "ipv4_mapped", None) or address
    return str(ip_network((address, 64), strict=False)) if address.version == 6 else str(address)


def _named() -> str:
    """The account that a form names, whether or not there is one."""
    given = request.form.get("email", "").strip().lower()
    return f"named:{hashlib.sha256(given.encode()).hexdigest()}"


def _half_signed_in() -> str:
    """Whose password was right already."""
    return f"half:{session.get('tf_user_id', '')}"


def _signed_in() -> str:
    who = identity()
    return f"account:{who.account_id}" if who else _address()


GUESSED: dict[str, Callable[[], str]] = {
    "security.login": _named,
    "security.two_factor_token_validation": _half_signed_in,
    "security.mf_recovery": _half_signed_in,
    "security.verify": _signed_in,
    "security.change_password": _signed_in,
    "security.reset_password": _address,
    "closing.close": _signed_in,
}
"""Where something secret can be guessed, and what besides the address is counted."""
ASKED = ("security.forgot_password", "joining.ask")
"""Where anybody can have a letter written to an address."""


def init(app: Flask, redis_url: str | None) -> None:
    """Count for all web processes together, in Valkey; views are limited by `guard` once all are there.

    Without one, and while it does not answer, each process counts for itself: guessing stays slow, and
    nobody is kept from signing in.
    """
    app.config.update(
        RATELIMIT_STORAGE_URI=redis_url or "memory://",
        RATELIMIT_STORAGE_OPTIONS=_PATIENCE if redis_url else {},
        RATELIMIT_STRATEGY="moving-window",
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,
        RATELIMIT_SWALLOW_ERRORS=True,  # it may go between the look at a counter and the counting
    )
    app.extensions["tandem_limiter"] = Limiter(_address, app=app)


def guard(app: Flask) -> None:
    """Limit the views. Wrong tries count, and so does every letter asked for."""
    limiter: Limiter = app.extensions["tandem_limiter"]
    for endpoint, key in GUESSED.items():
        view: Any = app.view_functions[endpoint]
        for limit, whose in ((_BY_ADDRESS, _address), (_BY_ACCOUNT, key)):
            view = limiter.limit(limit, key_func=whose, methods=["POST"], deduct_when=_was_wrong)(view)
        app.view_functions[endpoint] = view
    for endpoint in ASKED:
        asking: Any = app.view_functions[endpoint]
        for limit, whose in ((_LETTERS_BY_ADDRESS, _address), (_LETTERS_BY_ACCOUNT, _named)):
            asking = limiter.limit(limit, key_func=whose, methods=["POST"])(asking)
        app.view_functions[endpoint] = asking


def _was_wrong(response: Response) -> bool:
    return response.status_code == 422
