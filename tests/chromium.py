"""Finds Chromium for the browser tests, and installs Debian's where that is possible.

`python -m tests.chromium` is what `make test` runs first.
"""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Without these, headless Chromium phones home as it starts; a machine without a network refuses that.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find() -> str | None:
    """The path of a Chromium or Chrome on this machine."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def install() -> None:
    """Install Debian's package, if this is a Debian and we may."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]):
        subprocess.run([apt, *arguments], env=environment, stdout=subprocess.DEVNULL, check=False)


def main() -> None:
    """Say which browser the tests will use, or that they will skip its tests, and how to change that."""
    if find() is None:
        print("No Chromium here: trying to install Debian's package …", file=sys.stderr)
        install()
    path = find()
    if path is None:
        print(
            "Chromium could not be installed, so the browser tests will be skipped. "
            "Install the package 'chromium' (as root: apt-get install chromium) to run them.",
            file=sys.stderr,
        )
    else:
        print(f"Browser tests will use {path}.", file=sys.stderr)


if __name__ == "__main__":
    main()
