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
SETTLING_SECONDS = 10.0
ENDING_SECONDS = 60.0


def start_in_background(run: Run, arguments: list[str] | None = None) -> int:
    """Start `python -m engines train …` in a process of its own and wait until it trains, fails, or has been reading pictures for a while.

    Args:
        run: its folder; `log.txt` in it takes what the process prints.
        arguments: of the command; by default those of this process, without `--background`.

    Returns:
        The number of the process; `Run.status` tells what becomes of it.

    Raises:
        StudioError: the folder is in use, or the process ended by then; the sentence it ended with is passed on.
    """
    owner = run.owner()
    if owner is not None:
        raise StudioError(f"process {owner} is training in {run.folder}: stop it first, or choose another folder")
    wanted = [argument for argument in (sys.argv[1:] if arguments is None else arguments) if argument != "--background"]
    run.folder.mkdir(parents=True, exist_ok=True)
    with run.log_file.open("wb") as sink:
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
    settled = False
    while time.monotonic() < deadline:
        if process.poll() is not None and process.returncode != 0:
            raise StudioError(run.last_words() or f"the run ended with {process.returncode}: start it without --background")
        status = run.status()
        if process.returncode == 0 or (status["state"], status.get("process")) == ("training", process.pid):
            break
        if not settled and run.owner() == process.pid:
            settled, deadline = True, min(deadline, time.monotonic() + SETTLING_SECONDS)
        time.sleep(0.2)
    return process.pid


def stop(run: Run) -> None:
    """Ask the process that trains in a run's folder to save and end, and wait for it.

    Raises:
        StudioError: nothing trains there, it belongs to somebody else, or it did not end in time.
    """
    owner = run.owner()
    if owner is None:
        raise StudioError(f"nothing is training in {run.folder}: there is nothing to stop")
    try:
        os.kill(owner, signal.SIGTERM)
    except ProcessLookupError:
        return
    except PermissionError as error:
        raise StudioError(f"process {owner} belongs to another user of this machine: stop it as that one") from error
    deadline = time.monotonic() + ENDING_SECONDS
    while run.owner() is not None:
        if time.monotonic() > deadline:
            raise StudioError(f"process {owner} has not ended after {ENDING_SECONDS:.0f} seconds: it was told to, look again later")
        time.sleep(0.1)
