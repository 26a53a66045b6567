"""Where Chromium is: `$CHROMIUM`, else Playwright's own, else the system's; `python -m tests.browser.chromium` installs one if it must."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

SYSTEM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
)
REMEDY = (
    "the browser tests need Chromium: install it (Debian: apt-get install chromium; elsewhere: playwright install chromium) or set CHROMIUM"
)


def find_chromium() -> Path | None:
    """The Chromium to test with, or None."""
    chosen = os.environ.get("CHROMIUM")
    if chosen:
        return Path(chosen) if os.access(chosen, os.X_OK) else None
    return _playwrights_own() or next((Path(found) for name in SYSTEM_NAMES if (found := shutil.which(name))), None)


def _playwrights_own() -> Path | None:
    from playwright.sync_api import sync_playwright

    try:
        with sync_playwright() as playwright:
            own = Path(playwright.chromium.executable_path)
    except Exception:  # a driver that cannot start is as good as none
        return None
    return own if own.is_file() else None


def install_chromium() -> None:
    """Install the system's Chromium where one may: as root on Debian and its kin."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        quiet = {"stdout": sys.stderr, "check": False, "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}}
        subprocess.run(["apt-get", "update", "-qq"], **quiet)  # type: ignore[call-overload]
        subprocess.run(["apt-get", "install", "-qq", "-y", "--no-install-recommends", "chromium"], **quiet)  # type: ignore[call-overload]


def main() -> int:
    """Print the path of Chromium, after installing it where none is found; 2 and one line when there is still none."""
    found = find_chromium()
    if found is None and not os.environ.get("CHROMIUM"):
        install_chromium()
        found = find_chromium()
    if found is None:
        print(f"error: {REMEDY}", file=sys.stderr)
        return 2
    print(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
