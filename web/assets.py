"""Our one stylesheet and icon: served by whitenoise, kept by browsers until their content changes."""

from functools import cache
from hashlib import sha256
from pathlib import Path
from wsgiref.headers import Headers

from flask import Flask

FOLDER = Path(__file__).parent / "static"
PREFIX = "static/"
MAX_AGE = 365 * 24 * 3600


@cache
def asset(name: str) -> str:
    """The address of a static file, which changes whenever its content does."""
    digest = sha256((FOLDER / name).read_bytes()).hexdigest()[:12]
    return f"/{PREFIX}{name}?v={digest}"


def add_headers(headers: Headers, _path: str, _url: str) -> None:
    """What whitenoise adds to a static response, which never passes through Flask."""
    headers["Cache-Control"] = f"public, max-age={MAX_AGE}, immutable"
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"


def init(app: Flask) -> None:
    """Give the templates `asset('tandem.css')`."""
    app.jinja_env.globals["asset"] = asset
