"""One protocol for long work: it reports how far it is, and learns whether it should stop."""

import sys
import time
from typing import Protocol, TextIO

from engines.errors import Cancelled


class Progress(Protocol):
    """Called often by long work with how much is done.

    An implementation may raise `engines.errors.Cancelled`; the work then cleans up and lets it pass.
    """

    def __call__(self, done: int, total: int, message: str = "") -> None: ...


def silent(done: int, total: int, message: str = "") -> None:
    """Report to nobody."""


class Told:
    """Passes on how far one of several pieces of work is, under its name, and remembers whether a person stopped it there.

    For work that ends in good order when it is cancelled and says nothing of it, as training does.

    Attributes:
        cancelled: whether it was.
    """

    def __init__(self, progress: Progress, name: str) -> None:
        self._progress, self._name, self.cancelled = progress, name, False

    def __call__(self, done: int, total: int, message: str = "") -> None:
        try:
            self._progress(done, total, f"{self._name}, {message}")
        except Cancelled:
            self.cancelled = True
            raise


class TextProgress:
    """Progress on a text stream (standard error by default), redrawn in place on a terminal, at most a line a second elsewhere."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._last = 0.0

    def __call__(self, done: int, total: int, message: str = "") -> None:
        now = time.monotonic()
        terminal = self._stream.isatty()
        if done < total and now - self._last < (0.1 if terminal else 1.0):
            return
        self._last = now
        text = f"{message + ': ' if message else ''}{done} of {total}"
        self._stream.write(f"\r\x1b[K{text}" if terminal else f"{text}\n")
        if terminal and done >= total:
            self._stream.write("\n")
        self._stream.flush()
