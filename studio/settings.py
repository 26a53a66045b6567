"""Settings of the studio: where it runs, what it may write to, and how much it takes in."""

import ipaddress
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from engines import imaging, paths
from engines.errors import StudioError

LOOPBACK = "127.0.0.1"
EVERYWHERE = "0.0.0.0"
SESSION_SECONDS = 3600


@dataclass(frozen=True)
class Settings:
    """What is decided once, at the start.

    Attributes:
        home: the one folder the studio writes to.
        space: it runs as a Space, where strangers share it and nothing is kept.
        host, port: where it listens; without a port it takes 7860 or the next free one.
        max_picture_bytes, max_picture_pixels: the caps `engines.imaging` opens pictures with.
        max_zip_bytes: cap for an uploaded ZIP.
    """

    home: Path
    space: bool = False
    host: str = LOOPBACK
    port: int | None = None
    max_picture_bytes: int = imaging.MAX_BYTES
    max_picture_pixels: int = imaging.MAX_PIXELS
    max_zip_bytes: int = 512 * 2**20

    @property
    def local(self) -> bool:
        """Only the person at this machine can reach the studio: local folders, keys and training may be offered."""
        return not self.space and _is_loopback(self.host)

    @property
    def served(self) -> Path:
        """Where uploads and downloads lie; nothing outside it is ever served."""
        return self.home / "served"

    @property
    def sessions(self) -> Path:
        """Below it each session has its own folder."""
        return self.served / "sessions"

    @classmethod
    def from_env(cls) -> "Settings":
        """Settings from `SPACE_ID`, `STUDIO_HOME`, `GRADIO_SERVER_NAME` and `GRADIO_SERVER_PORT`.

        On a Space without `STUDIO_HOME` the home is a new temporary folder.

        Raises:
            StudioError: the port is no port, or the home cannot be written to.
        """
        space = bool(os.environ.get("SPACE_ID"))
        temporary = space and not os.environ.get("STUDIO_HOME")
        return cls(
            home=Path(tempfile.mkdtemp(prefix="atelier-")) if temporary else paths.studio_home().resolve(),
            space=space,
            host=os.environ.get("GRADIO_SERVER_NAME") or (EVERYWHERE if space else LOOPBACK),
            port=_port(os.environ.get("GRADIO_SERVER_PORT")),
            max_zip_bytes=(200 if space else 512) * 2**20,
        )

    def apply(self) -> None:
        """Tell the libraries that read the environment: where to write, and to report nothing to anybody."""
        self.sessions.mkdir(parents=True, exist_ok=True)
        os.environ["STUDIO_HOME"] = str(self.home)
        os.environ["GRADIO_TEMP_DIR"] = str(self.served)
        os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
        os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _port(text: str | None) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 65535):
        raise StudioError(f"GRADIO_SERVER_PORT is {text[:40]!r}, expected a port from 1 to 65535: set another or leave it out")
    return int(text)
