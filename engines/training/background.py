"""A run in a process of its own, which outlives the one that started it."""

import os
import signal
import subprocess
import sys
import threading
import time

from engines.errors import StudioError
from engines.training.runs import Run

STARTING_SECONDS = 120.0
ENDING_SECONDS = 60.0


def start_in_background(run: Run, arguments: list[str] | None = None) -> int:
    """Start `python -m engines train …` in a process of its own and wait until it trains or fails.

    Args:
        run: its folder; `log.txt` in it takes what the process prints.
        arguments: of the command; by default those of this process, without `--background`.

    Returns:
        The number of the process.

    Raises:
        StudioError: the folder is in use, or the process ended before its first step; the sentence it ended with is passed on.
    """
    owner = run.owner()
    if owner is not None:
        raise StudioError(f"process {owner} is training in {run.folder}: stop it first, or choose another folder")
    wanted = [argument for argument in (sys.argv[1:] if arguments is None else arguments) if argument != "--background"]
    run.folder.mkdir(parents=True, exist_ok=True)
    log = run.folder / "log.txt"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "engines", *wanted],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    # Whoever started it may live on: a process that nobody waits for would seem to live for ever.
    threading.Thread(target=process.wait, name=f"wait for {process.pid}", daemon=True).start()
    deadline = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None and process.returncode != 0:
            lines = log.read_text(errors="replace").strip().splitlines()
            raise StudioError(lines[-1] if lines else f"the run ended with {process.returncode}: start it without --background")
        if process.returncode == 0 or run.owner() == process.pid:
            break
        time.sleep(0.2)
    return process.pid


def stop(run: Run) -> None:
    """Ask the process that trains in a run's folder to save and end, and wait for it.

    Raises:
        StudioError: nothing trains there, or it did not end in time.
    """
    owner = run.owner()
    if owner is None:
        raise StudioError(f"nothing is training in {run.folder}: there is nothing to stop")
    os.kill(owner, signal.SIGTERM)
    deadline = time.monotonic() + ENDING_SECONDS
    while run.owner() is not None:
        if time.monotonic() > deadline:
            raise StudioError(f"process {owner} has not ended after {ENDING_SECONDS:.0f} seconds: look again with `runs`")
        time.sleep(0.1)
