"""The catalogue's tables, their history, and the two ways to talk to them: reading and writing, each one short transaction."""

import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engines.errors import StudioError

BUSY_SECONDS = 60.0

_FIRST = (
    """CREATE TABLE collections (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        created TEXT NOT NULL)""",
    """CREATE TABLE pictures (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        collection INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
        sha256 TEXT NOT NULL,
        suffix TEXT NOT NULL,
        width INTEGER NOT NULL,
        height INTEGER NOT NULL,
        provenance TEXT NOT NULL,
        UNIQUE (collection, sha256))""",
    "CREATE INDEX pictures_by_content ON pictures (sha256)",
    """CREATE TABLE origins (
        collection INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
        source TEXT NOT NULL,
        identity TEXT NOT NULL,
        PRIMARY KEY (collection, source, identity)) WITHOUT ROWID""",
    """CREATE TABLE failures (
        collection INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
        name TEXT NOT NULL,
        reason TEXT NOT NULL,
        PRIMARY KEY (collection, name))""",
    """CREATE TABLE cursors (
        collection INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
        source_key TEXT NOT NULL,
        position TEXT NOT NULL,
        PRIMARY KEY (collection, source_key)) WITHOUT ROWID""",
    """CREATE TABLE events (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        uid TEXT NOT NULL UNIQUE,
        collection INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
        time TEXT NOT NULL,
        actor TEXT NOT NULL,
        kind TEXT NOT NULL,
        undoes INTEGER,
        what TEXT NOT NULL,
        change TEXT NOT NULL)""",
    "CREATE INDEX events_of_a_collection ON events (collection, id)",
    """CREATE TABLE decided (
        collection INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
        aspect TEXT NOT NULL,
        subject NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (collection, aspect, subject)) WITHOUT ROWID""",
    """CREATE TABLE arrays (
        collection INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
        sha256 TEXT NOT NULL,
        content BLOB NOT NULL,
        PRIMARY KEY (collection, sha256))""",
    "CREATE TABLE rules (name TEXT PRIMARY KEY, rule TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE doomed (sha256 TEXT NOT NULL, suffix TEXT NOT NULL, PRIMARY KEY (sha256, suffix)) WITHOUT ROWID",
)


def _create(connection: sqlite3.Connection) -> None:
    for statement in _FIRST:
        connection.execute(statement)


def _add_label_and_reason(connection: sqlite3.Connection) -> None:
    """Version 2: a picture has a class, and a decision by hand, in the log and as it stands, has a reason."""
    connection.execute("ALTER TABLE pictures ADD COLUMN label TEXT NOT NULL DEFAULT ''")

    def reasoned(value: list[str] | None) -> list[str] | None:
        return None if value is None else [*value, ""]

    standing = connection.execute("SELECT collection, subject, value FROM decided WHERE aspect = 'hand'").fetchall()
    for collection, subject, value in standing:
        connection.execute(
            "UPDATE decided SET value = ? WHERE collection = ? AND aspect = 'hand' AND subject = ?",
            (as_text(reasoned(json.loads(value))), collection, subject),
        )
    for event, text in connection.execute("SELECT id, change FROM events").fetchall():
        change = json.loads(text)
        if "hand" in change:
            change["hand"] = {side: [[reasoned(value), subjects] for value, subjects in groups] for side, groups in change["hand"].items()}
            connection.execute("UPDATE events SET change = ? WHERE id = ?", (as_text(change), event))


def _index_order(connection: sqlite3.Connection) -> None:
    """Version 3: the pictures of a collection are read in order of arrival without sorting them first."""
    connection.execute("CREATE INDEX pictures_in_order ON pictures (collection, id)")


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (_create, _add_label_and_reason, _index_order)
"""Step n makes version n + 1 of version n; a released step never changes."""


def as_text(value: Any) -> str:
    """JSON in one spelling, so that equal values are equal texts."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


class Database:
    """A SQLite file in WAL mode that several threads and processes read and write at the same time.

    Every transaction that writes takes the write lock when it begins and waits for it at most a minute, so none fails half-way.
    """

    def __init__(self, path: Path) -> None:
        """Open the file, created or brought to the present version when need be.

        Raises:
            StudioError: it cannot be written to, is no database, or was written by a later version.
        """
        self._path = path
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._process = 0
        with self._lock, self._speaking_plainly():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._open()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One consistent view of everything."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """All of it or nothing; nobody else writes in the meantime."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    def close(self) -> None:
        """Let go of the file; it opens again when it is next used."""
        with self._lock:
            if self._connection is not None and self._process == os.getpid():
                self._connection.close()
            self._connection = None

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self._lock, self._speaking_plainly():
            connection = self._open()
            connection.execute(begin)
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _open(self) -> sqlite3.Connection:
        """The connection of this process: one made before a fork must not be used after it."""
        if self._connection is None or self._process != os.getpid():
            connection = sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            _use_wal(connection)
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            _migrate(connection, self._path)
            self._connection, self._process = connection, os.getpid()
        return self._connection

    @contextmanager
    def _speaking_plainly(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.OperationalError, OSError) as error:
            raise StudioError(
                f"the catalogue {self._path} cannot be used ({error}): choose a folder on a local disk that can be written to and has room"
            ) from error
        except sqlite3.IntegrityError:
            raise
        except sqlite3.DatabaseError as error:
            raise StudioError(f"{self._path} is damaged or no catalogue ({error}): put a copy back, or move it away") from error


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to WAL; the switch alone does not wait for others that open the file at the same moment, so it is tried again."""
    limit = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > limit:
                raise
            time.sleep(0.02)
            continue
        if mode != "wal":
            raise sqlite3.OperationalError("it does not lie on a local disk")
        return


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    if _version(connection) == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _version(connection)
        if version > len(MIGRATIONS):
            raise StudioError(f"{path} is of version {version}, later than the {len(MIGRATIONS)} known here: update Atelier")
        for step in MIGRATIONS[version:]:
            step(connection)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
