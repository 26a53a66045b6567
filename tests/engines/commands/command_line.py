"""Runs the command line as a person would: in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent.parent


def atelier(*arguments: object, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run `python -m engines …`; `home` becomes STUDIO_HOME."""
    environment = os.environ | ({"STUDIO_HOME": str(home)} if home else {})
    command = [sys.executable, "-m", "engines", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
