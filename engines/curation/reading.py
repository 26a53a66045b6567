"""Pictures looked at one after the other while the next ones are being decoded."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from engines.errors import StudioError
from engines.progress import Progress, silent

S = TypeVar("S")
T = TypeVar("T")
READERS = 4
AHEAD = 32


def read_each(
    items: Sequence[S], read: Callable[[S], T], progress: Progress = silent, message: str = "", ahead: int = AHEAD
) -> Iterator[T | StudioError]:  # fmt: skip
    """What `read` finds in each item, in order, or the mistake that it raised.

    Args:
        ahead: how many results are held at once, at most.

    Raises:
        Cancelled: when `progress` says so.
    """

    def outcome(item: S) -> T | StudioError:
        try:
            return read(item)
        except StudioError as error:
            return error

    with ThreadPoolExecutor(READERS) as pool:
        pending: deque[Future[T | StudioError]] = deque()
        try:
            for done in range(len(items)):
                while len(pending) < ahead and done + len(pending) < len(items):
                    pending.append(pool.submit(outcome, items[done + len(pending)]))
                yield pending.popleft().result()
                progress(done + 1, len(items), message)
        finally:
            for future in pending:
                future.cancel()
