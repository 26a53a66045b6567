"""Atelier, as a Space and from a checkout: `python app.py`."""

import os

if os.environ.get("SPACES_ZERO_GPU"):
    import spaces  # noqa: F401  (must come before torch)

from studio.app import serve
from studio.settings import Settings

if __name__ == "__main__":
    serve(Settings.from_env())
