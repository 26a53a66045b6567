"""Work that shows its progress in the page and can be stopped from it."""

import os
import time
from contextlib import suppress
from pathlib import Path

import gradio as gr

from engines.errors import Cancelled
from engines.progress import Progress
from studio.state import Services

TELLING_SECONDS = 0.1


def listening(services: Services, request: gr.Request | None, work: str, shown: gr.Progress) -> Progress:
    """Progress in the page that also hears the Stop button of the same work and window.

    Args:
        work: names it, such as "collect"; each has one Stop button.
    """
    stop = _file(services, request, work)
    stop.unlink(missing_ok=True)
    told = 0.0

    def report(done: int, total: int, message: str = "") -> None:
        nonlocal told
        now = time.monotonic()
        if now - told < TELLING_SECONDS and done < total:
            return
        told = now
        with suppress(FileNotFoundError):
            os.utime(stop.parent)  # who waits for long work is not gone
        if stop.exists():
            stop.unlink(missing_ok=True)
            raise Cancelled
        shown((done, total or None), desc=message, unit="pictures")

    return report


def ask_to_stop(services: Services, work: str, request: gr.Request) -> None:
    """Ask the window's running work to stop; it does so within a moment."""
    _file(services, request, work).touch()


def _file(services: Services, request: gr.Request | None, work: str) -> Path:
    return services.session_folder(request) / f"stop-{work}"
