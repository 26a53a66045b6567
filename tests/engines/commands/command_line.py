"""Runs the command line as a person would."""

import contextlib
import io
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from engines import compute
from engines.commands import main

ROOT = Path(__file__).resolve().parent.parent.parent.parent


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


def atelier(*arguments: object, home: Path | None = None) -> Done:
    """Run one command in this process, which saves starting another; `home` becomes STUDIO_HOME.

    What a command does to its process (a lower priority, memory kept, signals taken) would stay with the tests: it is not done, or undone.
    """
    out, err = io.StringIO(), io.StringIO()
    environment = {"STUDIO_HOME": str(home)} if home else {}
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    with (
        patch.dict(os.environ, environment),
        patch.object(compute, "give_way", lambda: None),
        patch.object(compute, "keep_memory", lambda: None),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as ended:  # --help
            code = int(ended.code or 0)
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
    return Done(code, out.getvalue(), err.getvalue())


def atelier_apart(*arguments: object, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run `python -m engines …` in a process of its own; `home` becomes STUDIO_HOME."""
    environment = os.environ | ({"STUDIO_HOME": str(home)} if home else {})
    command = [sys.executable, "-m", "engines", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
