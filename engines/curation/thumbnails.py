"""Small copies of pictures for looking at many at once, drawn anew from their pixels and kept in one file."""

import io
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from PIL import Image

from engines import imaging
from engines.curation.framing import Frame
from engines.errors import StudioError

SIDE = 128
QUALITY = 84
FILE = "thumbnails.sqlite3"
_DRAWERS = min(8, max(2, os.cpu_count() or 2))
_AT_ONCE = 400
_WRITTEN_TOGETHER = 256


def thumbnail(picture: Image.Image, side: int = SIDE) -> bytes:
    """A picture as JPEG, reduced to at most `side` pixels a side; smaller ones stay as they are."""
    reduced = picture
    if max(picture.size) > side:
        factor = side / max(picture.size)
        size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
        reduced = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    buffer = io.BytesIO()
    reduced.save(buffer, format="JPEG", quality=QUALITY)
    return buffer.getvalue()


class Thumbnails:
    """Thumbnails by the hash of the picture's file and the frame; one that is not there is drawn when it is asked for.

    What is lost is drawn again: a file that is damaged is begun anew.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None

    def close(self) -> None:
        """Let go of the file; it opens again when it is next used."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    def get(self, pictures: Sequence[tuple[str, Path]], frame: Frame | None = None) -> list[bytes]:
        """A JPEG of each picture, empty where a picture cannot be read.

        Args:
            pictures: (sha256 in hexadecimal, file) of each.
            frame: what of each picture is shown; by default all of it.
        """
        key = frame.key() if frame else ""
        found = self._read([digest for digest, _ in pictures], key)
        missing = {digest: path for digest, path in pictures if digest not in found}
        if missing:
            with ThreadPoolExecutor(_DRAWERS) as pool:
                drawn = dict(zip(missing, pool.map(lambda path: _drawn(path, frame), missing.values()), strict=True))
            self._write([(digest, content) for digest, content in drawn.items() if content], key)
            found |= drawn
        return [found[digest] for digest, _ in pictures]

    @contextmanager
    def keeping(self, digests: Sequence[str], frame: Frame | None = None) -> Iterator[Callable[[int, Image.Image], None]]:
        """Draws a thumbnail of every picture that is handed in while something else looks at it, by its place among `digests`.

        Safe to call from several threads; what was drawn is written when the block ends, also when it is cut short.
        """
        key = frame.key() if frame else ""
        waiting: list[tuple[str, bytes]] = []
        lock = threading.Lock()

        def seen(place: int, picture: Image.Image) -> None:
            content = thumbnail(frame.apply(picture) if frame else picture)
            with lock:
                waiting.append((digests[place], content))
                full = waiting[:] if len(waiting) >= _WRITTEN_TOGETHER else []
                if full:
                    waiting.clear()
            if full:
                self._write(full, key)

        try:
            yield seen
        finally:
            self._write(waiting, key)

    def _read(self, digests: Sequence[str], key: str) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        with self._using() as connection, self._mended():
            for start in range(0, len(digests), _AT_ONCE):
                some = [bytes.fromhex(digest) for digest in digests[start : start + _AT_ONCE]]
                query = f"SELECT digest, content FROM thumbnails WHERE frame = ? AND digest IN ({','.join('?' * len(some))})"
                found |= {digest.hex(): content for digest, content in connection.execute(query, (key, *some))}
        return found

    def _write(self, entries: Sequence[tuple[str, bytes]], key: str) -> None:
        # A full disk, or a file in use elsewhere, costs speed, not pictures.
        with suppress(StudioError, sqlite3.OperationalError), self._using() as connection, self._mended():
            rows = [(key, bytes.fromhex(digest), content) for digest, content in entries]
            connection.executemany("INSERT OR IGNORE INTO thumbnails VALUES (?, ?, ?)", rows)
            connection.commit()

    @contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if self._connection is None:
                self.folder.mkdir(parents=True, exist_ok=True)
                try:
                    self._connection = _opened(self.folder / FILE)
                except sqlite3.OperationalError as error:
                    raise StudioError(f"{self.folder / FILE} cannot be used ({error}): make room, or close what else uses it") from error
                except sqlite3.DatabaseError:
                    self._discard()
                    self._connection = _opened(self.folder / FILE)
            yield self._connection

    @contextmanager
    def _mended(self) -> Iterator[None]:
        """Throws a file away that turns out to be damaged inside; it is begun anew when it is next used."""
        try:
            yield
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            self.close()
            self._discard()

    def _discard(self) -> None:
        for ending in ("", "-wal", "-shm"):
            (self.folder / f"{FILE}{ending}").unlink(missing_ok=True)


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=60, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS thumbnails (frame TEXT NOT NULL, digest BLOB NOT NULL, content BLOB NOT NULL, "
        "PRIMARY KEY (frame, digest)) WITHOUT ROWID"
    )
    connection.commit()
    return connection


def _drawn(path: Path, frame: Frame | None) -> bytes:
    try:
        if frame is None:
            return thumbnail(imaging.safe_open(path, enough=2 * SIDE))
        return thumbnail(frame.apply(imaging.safe_open(path)))
    except StudioError:
        return b""
