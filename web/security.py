"""Who may talk to us at all, forged forms, and response headers."""

from ipaddress import ip_address
from typing import cast
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, make_response, render_template, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from config.settings import Settings
from web.accounts.signing import SCRIPTED

csrf = CSRFProtect()

_SECRET_ADDRESSES = frozenset({"answers.show", "answers.record", "invitations.show", "invitations.take"})
"""Pages whose address is a key. No page behind them learns it; the host's name alone must go with their
forms, as the check against forged ones over HTTPS asks for it: `no-referrer` would refuse every form."""

_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
_PROXY_HEADERS = ("Forwarded", "X-Forwarded-For", "X-Real-IP")
_CSP = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self' data:",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


_HSTS = "max-age=31536000; includeSubDomains"


def init(app: Flask, settings: Settings) -> None:
    """Refuse what comes to no name of ours; put the headers on every response."""
    if proxies := settings.trusted_proxies:  # the nearest alone knows whether it was reached over HTTPS
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=1)  # type: ignore[method-assign]
    if settings.url:
        app.config["SESSION_COOKIE_SECURE"] = settings.url.startswith("https:")
    app.before_request(_refuse_strangers)
    app.after_request(_add_headers)


def from_this_machine() -> bool:
    """Whether the request came from here, directly, to a local name (which defeats DNS rebinding)."""
    host = request.environ.get("HTTP_HOST", "").rpartition("]")
    name = host[0] + host[1] if host[1] else host[2].partition(":")[0]
    forwarded = any(header in request.headers for header in _PROXY_HEADERS)
    return _is_loopback(request.remote_addr) and name.lower() in _LOCAL_NAMES and not forwarded


def _is_loopback(address: str | None) -> bool:
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return bool((mapped or parsed).is_loopback)


def _refuse_strangers() -> Response | None:
    url = cast(Settings, current_app.extensions["tandem_settings"]).url
    if from_this_machine() or (url and request.host.lower() == urlsplit(url).netloc.lower()):
        return None
    return make_response(render_template("refused.html"), 403)


def _add_headers(response: Response) -> Response:
    response.headers.update(_HEADERS)
    if request.endpoint in SCRIPTED:
        response.headers["Content-Security-Policy"] = f"{_CSP}; script-src 'self'; connect-src 'self'"
    if request.endpoint in _SECRET_ADDRESSES:
        response.headers["Referrer-Policy"] = "strict-origin"
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = _HSTS
    return response
