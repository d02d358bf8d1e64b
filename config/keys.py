"""The installation's key, and one derived from it for each purpose."""

import base64
import hashlib
import os
import secrets
from pathlib import Path
from tempfile import NamedTemporaryFile

from config.settings import Settings


def secret_key(settings: Settings) -> str:
    """The configured key, or one made on the first start and kept beside the data."""
    if settings.secret_key:
        return settings.secret_key
    settings.data.mkdir(parents=True, exist_ok=True)
    path = settings.data / "secret_key"
    if not path.exists():
        _write_once(path, secrets.token_hex(32))
    return path.read_text("ascii")


def derived(key: str, purpose: str) -> str:
    """A key of its own for each purpose, so that one that leaks is not all of them."""
    return base64.urlsafe_b64encode(hashlib.sha256(f"tandem:{purpose}:{key}".encode()).digest()).decode()


def _write_once(path: Path, text: str) -> None:
    """Two processes that start together end up with one key, whole."""
    with NamedTemporaryFile("w", dir=path.parent, prefix=".key-") as file:  # mode 0600
        file.write(text)
        file.flush()
        try:
            os.link(file.name, path)
        except FileExistsError:
            return
