"""How a picture comes into the catalogue: copied beside it, hashed on the way, opened once to see that it is one."""

import hashlib
import os
import shutil
import uuid
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock, Timeout

from engines import imaging
from engines.curation.provenance import Failure, Fetched
from engines.errors import StudioError

T = TypeVar("T")

_CHUNK = 2**20
_CHECKERS = 4
_AHEAD = 8
_MAGIC = ((b"\xff\xd8\xff", ".jpg"), (b"\x89PNG", ".png"), (b"RIFF", ".webp"))


@dataclass(frozen=True)
class Taken:
    """A whole picture in a file of its own that waits for its place.

    Attributes:
        width, height: after the EXIF turn.
        stamp: tells an unchanged local file again without reading it; empty for bytes.
    """

    part: Path
    sha256: str
    suffix: str
    width: int
    height: int
    item: Fetched
    stamp: str


class Workshop:
    """A folder for files on their way in: one a running import; whatever a killed one left is cleared away by the next."""

    def __init__(self, parts: Path) -> None:
        """Open a folder below `parts`; the caller sees to it that no two processes do so at the same moment."""
        parts.mkdir(parents=True, exist_ok=True)
        for left in parts.glob("*.lock"):
            lock = FileLock(left, thread_local=False)
            with suppress(Timeout, OSError):
                lock.acquire(timeout=0)
                shutil.rmtree(left.with_suffix(""), ignore_errors=True)
                lock.release()
                left.unlink(missing_ok=True)
        self._folder = parts / uuid.uuid4().hex
        self._lock = FileLock(self._folder.with_suffix(".lock"), thread_local=False)
        self._lock.acquire(timeout=0)
        self._folder.mkdir()
        self._count = 0

    def close(self) -> None:
        """Clear the folder away."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._lock.release()
        Path(self._lock.lock_file).unlink(missing_ok=True)

    def next_part(self) -> Path:
        """A name for the next file."""
        self._count += 1
        return self._folder / f"{self._count:08}.part"


def stamp_of(item: Fetched) -> str:
    """Path, size and time of change of a local file, as a hash; empty for bytes and for a file that is gone."""
    if isinstance(item.content, bytes):
        return ""
    try:
        facts = item.content.stat()
    except OSError:
        return ""
    return hashlib.sha256(f"{item.content.resolve()}\0{facts.st_size}\0{facts.st_mtime_ns}".encode(errors="surrogateescape")).hexdigest()


def take_in(item: Fetched, part: Path, stamp: str = "") -> Taken:
    """Copy a picture to `part`, hash it, see that it opens, and put it safely on the disk; the original is only read.

    Raises:
        StudioError: it is too large, no picture, or damaged; the sentence goes on from the picture's name ("it is damaged …").
    """
    try:
        sha256 = _copy(item.content, part)
        try:
            picture = imaging.safe_open(part)
        except StudioError as error:
            raise StudioError(f"it {str(error).removeprefix(part.name).lstrip()}") from error
        return Taken(part, sha256, _suffix(part), picture.width, picture.height, item, stamp)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _copy(content: bytes | Path, part: Path) -> str:
    digest = hashlib.sha256()
    with part.open("wb") as sink:
        if isinstance(content, bytes):
            digest.update(content)
            sink.write(content)
        else:
            for chunk in _chunks(content):
                digest.update(chunk)
                sink.write(chunk)
        sink.flush()
        os.fsync(sink.fileno())
    return digest.hexdigest()


def _chunks(path: Path) -> Iterator[bytes]:
    """What a file holds, as far as it is needed to see that it is too large."""
    left = imaging.MAX_BYTES + 1
    try:
        with path.open("rb") as source:
            while left > 0 and (chunk := source.read(min(_CHUNK, left))):
                yield chunk
                left -= len(chunk)
    except OSError as error:
        raise StudioError(f"it cannot be read ({error.strerror or error})") from error


def _suffix(path: Path) -> str:
    """The suffix of what the file is, whatever it is called."""
    with path.open("rb") as handle:
        head = handle.read(4)
    return next(suffix for magic, suffix in _MAGIC if head.startswith(magic))


def taken_ahead(items: Iterable[tuple[Fetched, str] | Failure | T], workshop: Workshop) -> Iterator[Taken | Failure | T]:
    """Take pictures in with a few threads, at most eight ahead; everything comes out in the order in which it went in.

    When `items` fails, what it gave before comes out first.

    Args:
        items: (picture, stamp) to take in; anything else is passed on.
    """
    waiting: deque[Future[Taken | Failure] | Failure | T] = deque()
    source = iter(items)
    with ThreadPoolExecutor(_CHECKERS, thread_name_prefix="intake") as pool:
        try:
            while True:
                try:
                    item = next(source)
                except Exception as error:
                    ended = error
                    break
                if isinstance(item, tuple):
                    waiting.append(pool.submit(_outcome, item[0], workshop.next_part(), item[1]))
                else:
                    waiting.append(item)
                while waiting and (len(waiting) > _AHEAD or _ready(waiting[0])):
                    yield _result(waiting.popleft())
            while waiting:
                yield _result(waiting.popleft())
        finally:
            for left in waiting:
                if isinstance(left, Future):
                    left.cancel()
    if not isinstance(ended, StopIteration):
        raise ended


def _outcome(item: Fetched, part: Path, stamp: str) -> Taken | Failure:
    try:
        return take_in(item, part, stamp)
    except StudioError as error:
        return Failure(item.provenance.name, str(error))


def _ready(entry: object) -> bool:
    return not isinstance(entry, Future) or entry.done()


def _result(entry: Any) -> Any:
    return entry.result() if isinstance(entry, Future) else entry
