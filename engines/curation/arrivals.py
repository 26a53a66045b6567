"""Pictures on their way into a collection: known ones are passed over, new ones get their place and their row in small batches."""

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engines.curation.event_log import EventLog
from engines.curation.intake import Taken, Workshop, stamp_of, taken_ahead
from engines.curation.provenance import SAID_ON_IMPORT, Failure, Fetched, Provenance, now
from engines.curation.schema import Database, as_text
from engines.errors import StudioError
from engines.progress import Progress

FILE_SOURCES = ("folder", "files", "zip")
"""Sources whose identities are only names: what is in a file tells it from others."""
IMPORT = "import"
"""Who decides what comes with pictures."""
_BATCH = 64
_SECONDS = 0.5


@dataclass(frozen=True)
class Reached:
    """Among the items of a source: everything before this is done, go on from `position` next time."""

    source_key: str
    position: dict[str, Any]


@dataclass(frozen=True)
class AddReport:
    """What became of the pictures of a source.

    Attributes:
        added, already: how many came in, and how many were there.
        failed: (name, reason).
        restricted: how many of those added were said to be allowed for training but stay as recorded before: not allowed.
        forbidden: how many of those that were there may not be trained on any more, as is said now.
    """

    added: int
    already: int
    failed: tuple[tuple[str, str], ...]
    restricted: int = 0
    forbidden: int = 0


class Arrivals:
    """One run of pictures into one collection, committed in order."""

    def __init__(self, database: Database, collection: int, path_of: Callable[[str, str], Path], known: set[tuple[str, str]]) -> None:
        """Prepare a run.

        Args:
            path_of: a picture's place by sha256 and suffix.
            known: what is passed over: (source, identity), or "stamp" and a local file's stamp.
        """
        self._database, self._collection, self._path_of, self._known = database, collection, path_of, known
        self._waiting: list[Taken | Failure | Reached] = []
        self._added = self._already = self._restricted = self._forbidden = 0
        self._failed: list[tuple[str, str]] = []

    def run(self, items: Iterable[Fetched | Failure | Reached], workshop: Workshop, progress: Progress, total: int) -> AddReport:
        """Take everything in; what was ready when it ends early is committed all the same."""
        last = time.monotonic()
        try:
            for entry in taken_ahead(self._sorted_out(items, progress, total), workshop):
                self._waiting.append(entry)
                if len(self._waiting) >= _BATCH or time.monotonic() - last > _SECONDS:
                    self._commit()
                    last = time.monotonic()
        finally:
            self._commit()
        return AddReport(self._added, self._already, tuple(self._failed), self._restricted, self._forbidden)

    def _sorted_out(
        self, items: Iterable[Fetched | Failure | Reached], progress: Progress, total: int
    ) -> Iterator[tuple[Fetched, str] | Failure | Reached]:
        """Pictures to look at, each with its stamp; known ones are counted and left out."""
        done = 0
        for item in items:
            if isinstance(item, Reached):
                yield item
                continue
            done += 1
            progress(done, max(total, done), "taking in")
            if isinstance(item, Failure):
                yield item
                continue
            stamp = stamp_of(item) if item.provenance.source in FILE_SOURCES else ""
            if _origin(item, stamp) in self._known and not (stamp and item.provenance.training_allowed == "no"):
                self._already += 1
            else:
                yield item, stamp

    def _commit(self) -> None:
        if not self._waiting:
            return
        settled: list[tuple[bool, bool]] = []
        failed: list[tuple[str, str]] = []
        forbidden: dict[str, list[int]] = {}
        with self._database.writing() as connection:
            if connection.execute("SELECT 1 FROM collections WHERE id = ?", (self._collection,)).fetchone() is None:
                self._waiting.clear()
                raise StudioError("the collection was removed while pictures came in: make it anew")
            for entry in self._waiting:
                if isinstance(entry, Reached):
                    set_cursor(connection, self._collection, entry)
                elif isinstance(entry, Failure):
                    _fail(connection, self._collection, entry)
                    failed.append((entry.name, entry.reason))
                else:
                    settled.append(self._settle(connection, entry, forbidden))
            for permission, numbers in forbidden.items():
                many = "1 picture" if len(numbers) == 1 else f"{len(numbers):,} pictures"
                value = ["no", permission, IMPORT, now()]
                what = f"training on {many} allowed: no"
                EventLog(connection, self._collection).decide(IMPORT, "rights", what, {"rights": dict.fromkeys(numbers, value)})
        self._waiting.clear()
        self._added += sum(added for added, _ in settled)
        self._already += sum(not added for added, _ in settled)
        self._restricted += sum(restricted for _, restricted in settled)
        self._forbidden += sum(map(len, forbidden.values()))
        self._failed += failed

    def _settle(self, connection: sqlite3.Connection, taken: Taken, forbidden: dict[str, list[int]]) -> tuple[bool, bool]:
        """Give a picture its place and its row; returns whether it is new here, and whether its rights stay as recorded elsewhere.

        Args:
            forbidden: takes those that are there and may not be trained on any more, by the words that say so.
        """
        provenance, here = taken.item.provenance, self._collection
        connection.execute(
            "DELETE FROM failures WHERE collection = ? AND (name = ? OR name = ? COLLATE NOCASE)",
            (here, provenance.name, f"{provenance.source} {provenance.identity}"),
        )
        origin = _origin(taken.item, taken.stamp)
        known = origin is not None and not connection.execute("INSERT OR IGNORE INTO origins VALUES (?, ?, ?)", (here, *origin)).rowcount
        query = "SELECT id, provenance FROM pictures WHERE collection = ? AND sha256 = ?"
        there = connection.execute(query, (here, taken.sha256)).fetchone()
        if known or there:
            taken.part.unlink(missing_ok=True)
            if there and provenance.training_allowed == "no" and there[0] not in forbidden.get(provenance.permission, ()):
                allowed, permission = _standing_rights(connection, here, there[0], json.loads(there[1]))
                if allowed != "no" and permission in ("", SAID_ON_IMPORT):  # what was permitted in words stays so
                    forbidden.setdefault(provenance.permission, []).append(there[0])
            return False, False
        provenance, restricted = _with_earlier_rights(connection, taken.sha256, provenance)
        path = self._path_of(taken.sha256, taken.suffix)
        if path.exists():
            taken.part.unlink(missing_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            taken.part.replace(path)
        connection.execute(
            "INSERT INTO pictures (collection, sha256, suffix, width, height, label, provenance) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (here, taken.sha256, taken.suffix, taken.width, taken.height, taken.item.label, as_text(provenance.as_json())),
        )
        return True, restricted


def set_cursor(connection: sqlite3.Connection, collection: int, reached: Reached) -> None:
    """Keep where a source goes on."""
    connection.execute("INSERT OR REPLACE INTO cursors VALUES (?, ?, ?)", (collection, reached.source_key, as_text(reached.position)))


def _fail(connection: sqlite3.Connection, collection: int, failure: Failure) -> None:
    connection.execute(
        "INSERT INTO failures VALUES (?, ?, ?) ON CONFLICT (collection, name) DO UPDATE SET reason = excluded.reason",
        (collection, failure.name, failure.reason),
    )


def _origin(item: Fetched, stamp: str) -> tuple[str, str] | None:
    """What tells a picture again before it is opened: source and identity, or the stamp of a local file; None for nothing."""
    if item.provenance.source in FILE_SOURCES:
        return ("stamp", stamp) if stamp else None
    return item.provenance.source, item.provenance.identity


def _standing_rights(connection: sqlite3.Connection, collection: int, number: int, record: dict[str, Any]) -> tuple[str, str]:
    """Whether a picture may be trained on, and on whose word: as decided last, else as it came."""
    query = "SELECT value FROM decided WHERE collection = ? AND aspect = 'rights' AND subject = ?"
    row = connection.execute(query, (collection, number)).fetchone()
    value = json.loads(row[0]) if row else None
    return (value[0], value[1]) if value else (record["training_allowed"], record["permission"])


def _with_earlier_rights(connection: sqlite3.Connection, sha256: str, provenance: Provenance) -> tuple[Provenance, bool]:
    """The record, with the "no" that another collection has for the same picture, unless the record brings a permission in words."""
    if provenance.training_allowed == "no" or provenance.permission not in ("", SAID_ON_IMPORT):
        return provenance, False
    for number, collection, text in connection.execute("SELECT id, collection, provenance FROM pictures WHERE sha256 = ?", (sha256,)):
        record = json.loads(text)
        if _standing_rights(connection, collection, number, record)[0] == "no":
            said = f"as recorded for {record['source']} {record['identity']}"
            return replace(provenance, training_allowed="no", permission=said), True
    return provenance, False
