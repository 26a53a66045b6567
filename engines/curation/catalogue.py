"""Collections of pictures, and who decided what about them, in one folder that survives being killed.

The folder holds `catalogue.sqlite3` and `pictures/ab/<sha256>.<suffix>`; originals are only read. A hand beats a filter, a filter the rule.
Everything decided is an event in a log that is only ever added to; undo is one more event, the inverse.
"""

import json
import operator
import os
import sqlite3
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from engines.curation.arrivals import AddReport, Arrivals, Reached, set_cursor
from engines.curation.decisions import CLEAR, DROP, KEEP, Decision, Event, RuleVerdict, Standing
from engines.curation.event_log import EventLog, portions
from engines.curation.exchange import HEAD, exported_events, exported_lines, import_event
from engines.curation.intake import Workshop
from engines.curation.provenance import Failure, Fetched, Provenance, now, rights_value
from engines.curation.schema import Database, as_text
from engines.curation.selection import PARTS, Chosen, Selection
from engines.errors import StudioError
from engines.paths import replacing, studio_home
from engines.progress import Progress, silent

DATABASE_FILE = "catalogue.sqlite3"
MAX_NAME = 80
_MAKER = "creation"


@dataclass(frozen=True)
class Picture:
    """A picture of a collection.

    Attributes:
        width, height: after the EXIF turn.
        label: its class; empty when it has none.
        file, record: its file and its provenance as text, which `path` and `provenance` read when they are first asked for, because a list
            of a hundred thousand pictures must come at once.
    """

    id: int
    sha256: str
    width: int
    height: int
    label: str
    file: str
    record: str

    @cached_property
    def path(self) -> Path:
        """Its file, which is never written to."""
        return Path(self.file)

    @cached_property
    def provenance(self) -> Provenance:
        """Where it comes from and what may be done with it, as last recorded."""
        return Provenance(**json.loads(self.record))


@dataclass(frozen=True)
class ImportReport:
    """What became of a log from elsewhere: events taken over, events known already, and decisions about pictures that are not here."""

    events: int
    already: int
    missing: int


@dataclass(frozen=True)
class CollectionFacts:
    """A collection in numbers, and what is set for it.

    Attributes:
        filters: settings by name of the filter.
        cursors: how far each web source was collected.
    """

    name: str
    pictures: int
    kept: int
    dropped: int
    failed: int
    frame: dict[str, Any] | None
    rule: dict[str, Any] | None
    filters: dict[str, dict[str, Any]]
    created: str
    cursors: dict[str, dict[str, Any]]


class Catalogue:
    """All collections below one folder; safe to share between threads, and to open in several processes at once."""

    def __init__(self, folder: Path | None = None) -> None:
        """Open a catalogue; made when it is not there.

        Args:
            folder: default `catalogue` below `studio_home()`.

        Raises:
            StudioError: it cannot be written to, is damaged, or was written by a later version.
        """
        self.folder = Path(folder) if folder is not None else studio_home() / "catalogue"
        self._database = Database(self.folder / DATABASE_FILE)

    def close(self) -> None:
        """Let go of the database file."""
        self._database.close()

    # collections

    def names(self) -> list[str]:
        """The names of all collections, sorted."""
        with self._database.reading() as connection:
            return [name for (name,) in connection.execute("SELECT name FROM collections ORDER BY name")]

    def collections(self) -> list[CollectionFacts]:
        """All collections, by name."""
        with self._database.reading() as connection:
            names = [name for (name,) in connection.execute("SELECT name FROM collections ORDER BY name")]
            return [_facts(connection, name) for name in names]

    def facts(self, name: str) -> CollectionFacts:
        """One collection in numbers.

        Raises:
            StudioError: there is none of that name.
        """
        with self._database.reading() as connection:
            return _facts(connection, name)

    def create(self, name: str, frame: Mapping[str, Any] | None = None) -> None:
        """Make an empty collection, with its frame if that is known.

        Raises:
            StudioError: the name cannot be used, or is taken.
        """
        if not self.ensure(name, frame):
            raise StudioError(f"there is a collection {name!r} already: choose another name")

    def ensure(self, name: str, frame: Mapping[str, Any] | None = None) -> bool:
        """Make an empty collection unless there is one of that name; returns whether it was made.

        Raises:
            StudioError: the name cannot be used.
        """
        name_value(name)
        with self._database.writing() as connection:
            if _named(connection, name) is not None:
                return False
            made = connection.execute("INSERT INTO collections (name, created) VALUES (?, ?)", (name, now()))
            if frame is not None:
                log = EventLog(connection, int(made.lastrowid or 0))
                log.decide(_MAKER, "frame", "chose a frame", {"frame": {"": dict(frame)}})
            return True

    def rename(self, name: str, new: str) -> None:
        """Give a collection another name.

        Raises:
            StudioError: there is none, or the new name cannot be used or is taken.
        """
        name_value(new)
        with self._database.writing() as connection:
            collection = _collection(connection, name)
            if _named(connection, new) not in (None, collection):
                raise StudioError(f"there is a collection {new!r} already: choose another name")
            connection.execute("UPDATE collections SET name = ? WHERE id = ?", (new, collection))

    def remove(self, name: str) -> None:
        """Remove a collection with its log; pictures that no other collection holds are deleted, originals never.

        Raises:
            StudioError: there is none of that name.
        """
        with self._database.writing() as connection:
            collection = _collection(connection, name)
            query = "INSERT OR IGNORE INTO doomed SELECT DISTINCT sha256, suffix FROM pictures WHERE collection = ?"
            connection.execute(query, (collection,))
            connection.execute("DELETE FROM collections WHERE id = ?", (collection,))
        self._delete_doomed()

    def _delete_doomed(self) -> None:
        """Delete the files of removed collections, after the removal is certain and while no import can take one up."""
        with self._database.writing() as connection:
            query = "SELECT sha256, suffix FROM doomed WHERE NOT EXISTS (SELECT 1 FROM pictures WHERE pictures.sha256 = doomed.sha256)"
            for sha256, suffix in connection.execute(query).fetchall():
                self._path(sha256, suffix).unlink(missing_ok=True)
            connection.execute("DELETE FROM doomed")

    # pictures

    def add(self, name: str, items: Iterable[Fetched | Failure | Reached], progress: Progress = silent) -> AddReport:
        """Take pictures into a collection: copied under the hash of what is in them, checked by opening them once.

        A picture whose content is there already is not added twice, nor is one of the same source and identity (of local files, whose
        identities are only names, the content alone counts). Killed or cancelled half-way, nothing that was taken in is lost, and calling
        it again with the same items goes on. A picture that another collection has as not allowed for training stays so, unless its new
        record brings a permission in words.

        Raises:
            StudioError: there is no such collection, none of the pictures could be taken in, or the disk is full.
            Cancelled: when `progress` says so.
        """
        with self._database.writing() as connection:
            collection = _collection(connection, name)
            known = set(connection.execute("SELECT source, identity FROM origins WHERE collection = ?", (collection,)))
            workshop = Workshop(self.folder / "parts")
        try:
            arrivals = Arrivals(self._database, collection, self._path, known)
            report = arrivals.run(items, workshop, progress, operator.length_hint(items, 0))
        except OSError as error:
            raise StudioError(f"pictures cannot be written to {self.folder} ({error.strerror or error}): make room, then go on") from error
        finally:
            workshop.close()
        if report.failed and not report.added and not report.already:
            first, reason = report.failed[0]
            if len(report.failed) == 1:
                raise StudioError(f"{first} could not be taken in: {reason}")
            raise StudioError(f"none of {len(report.failed):,} pictures could be taken in; the first, {first}: {reason}")
        return report

    def known(self, name: str, source: str) -> set[str]:
        """Identities of a web source's pictures, which need not be fetched again."""
        with self._database.reading() as connection:
            query = "SELECT identity FROM origins WHERE collection = ? AND source = ?"
            return {identity for (identity,) in connection.execute(query, (_collection(connection, name), source))}

    def cursor(self, name: str, source_key: str) -> dict[str, Any] | None:
        """Where a source goes on, or None at the beginning."""
        with self._database.reading() as connection:
            query = "SELECT position FROM cursors WHERE collection = ? AND source_key = ?"
            row = connection.execute(query, (_collection(connection, name), source_key)).fetchone()
            return json.loads(row[0]) if row else None

    def set_cursor(self, name: str, source_key: str, position: Mapping[str, Any]) -> None:
        """Keep where a source goes on; a source that yields `Reached` among its pictures has it kept at the right moment."""
        with self._database.writing() as connection:
            set_cursor(connection, _collection(connection, name), Reached(source_key, dict(position)))

    def pictures(self, name: str) -> list[Picture]:
        """The pictures of a collection in order of arrival."""
        with self._reading(name) as (connection, log):
            return self._pictures(connection, log)

    def some_pictures(self, name: str, ids: Sequence[int]) -> list[Picture]:
        """Some pictures of a collection, in the order asked for; those of other collections are left out."""
        with self._reading(name) as (connection, log):
            found = {picture.id: picture for some in portions(ids) for picture in self._pictures(connection, log, some)}
        return [found[number] for number in ids if number in found]

    def files(self, name: str) -> tuple[np.ndarray, list[tuple[str, Path]]]:
        """Ids, shape (n,), int64, and (sha256, file) of all pictures, in order of arrival."""
        with self._reading(name) as (connection, log):
            query = "SELECT id, sha256, suffix FROM pictures WHERE collection = ? ORDER BY id"
            rows = connection.execute(query, (log.collection,)).fetchall()
        folder = f"{self.folder / 'pictures'}{os.sep}"
        files = [(sha256, Path(f"{folder}{sha256[:2]}{os.sep}{sha256}{suffix}")) for _, sha256, suffix in rows]
        return np.array([row[0] for row in rows], np.int64), files

    def failures(self, name: str) -> list[tuple[str, str]]:
        """(name, reason) of what could not be taken in, until it can."""
        with self._database.reading() as connection:
            return _failures(connection, name)

    def _pictures(self, connection: sqlite3.Connection, log: EventLog, some: Sequence[int] | None = None) -> list[Picture]:
        these = "" if some is None else f"AND id IN ({','.join('?' * len(some))})"
        query = f"SELECT id, sha256, suffix, width, height, label, provenance FROM pictures WHERE collection = ? {these} ORDER BY id"
        rights = log.standing("rights") if some is None else {key: value for key, value in log.standing_of("rights", some).items() if value}
        folder = f"{self.folder / 'pictures'}{os.sep}"
        return [
            Picture(
                number,
                sha256,
                width,
                height,
                label,
                f"{folder}{sha256[:2]}{os.sep}{sha256}{suffix}",
                _with_rights(record, rights[number]) if number in rights else record,
            )
            for number, sha256, suffix, width, height, label, record in connection.execute(query, (log.collection, *(some or ())))
        ]

    def _path(self, sha256: str, suffix: str) -> Path:
        return self.folder / "pictures" / sha256[:2] / f"{sha256}{suffix}"

    # decisions

    def decide(self, name: str, ids: Iterable[int], decision: str, actor: str, reason: str = "") -> int:
        """Keep or drop pictures by hand, or clear what the hand said; returns the event's id.

        Raises:
            StudioError: no pictures, pictures of another collection, or another word than keep, drop and clear.
        """
        if decision not in (KEEP, DROP, CLEAR):
            raise StudioError(f"decide {KEEP}, {DROP} or {CLEAR}, got {str(decision)[:40]!r}: choose one of these")
        value = None if decision == CLEAR else [decision, actor, now(), reason]
        what = {KEEP: "kept {} by hand", DROP: "dropped {} by hand", CLEAR: "left {} to filters and rule"}[decision]
        return self._about_pictures(name, ids, actor, "decide", what, reason, {"hand": value})

    def set_rights(self, name: str, ids: Iterable[int] | None, training_allowed: str, permission: str, actor: str) -> int:
        """Record whether pictures may be trained on, and on whose word; returns the event's id.

        Args:
            ids: None means all that are there now.

        Raises:
            StudioError: no pictures, pictures of another collection, no such answer, or a yes without a permission in words.
        """
        if rights_value(training_allowed) == "yes" and not permission.strip():
            raise StudioError("a yes needs the permission in words: say who allowed it, when, and where that can be read")
        if ids is None:
            with self._reading(name) as (_, log):
                ids = log.ids()
        value = [training_allowed, permission, actor, now()]
        return self._about_pictures(
            name, ids, actor, "rights", f"training on {{}} allowed: {training_allowed}", permission, {"rights": value}
        )

    def _about_pictures(
        self, name: str, ids: Iterable[int], actor: str, kind: str, what: str, reason: str, values: Mapping[str, Any]
    ) -> int:
        chosen = sorted({int(number) for number in ids})
        if not chosen:
            raise StudioError("no pictures are chosen: choose at least one")
        shown = what.format("1 picture" if len(chosen) == 1 else f"{len(chosen):,} pictures") + (f" ({reason})" if reason else "")
        with self._writing(name) as (_, log):
            log.check(chosen)
            return log.decide(actor, kind, shown, {aspect: dict.fromkeys(chosen, value) for aspect, value in values.items()})

    def apply_filter(self, name: str, filter_name: str, settings: Mapping[str, Any], dropped: Mapping[int, str], actor: str) -> int:
        """Drop pictures by a named filter, in place of what a filter of that name dropped before; returns the event's id.

        Args:
            dropped: the reason by picture.

        Raises:
            StudioError: pictures of another collection, or a name that cannot be used.
        """
        name_value(filter_name)
        reasons = {int(number): str(reason) for number, reason in dropped.items()}
        with self._writing(name) as (_, log):
            log.check(list(reasons))
            value = {"settings": dict(settings), "dropped": log.keep(reasons), "actor": actor, "time": now()}
            return log.decide(actor, "filter", f"filter {filter_name!r} drops {len(reasons):,}", {"filter": {filter_name: value}})

    def remove_filter(self, name: str, filter_name: str, actor: str) -> int:
        """Take a filter away; returns the event's id.

        Raises:
            StudioError: there is no filter of that name.
        """
        with self._writing(name) as (_, log):
            standing = log.standing("filter")
            if filter_name not in standing:
                known = f"choose one of {', '.join(map(str, standing))}" if standing else "it has none"
                raise StudioError(f"{name} has no filter {str(filter_name)[:MAX_NAME]!r}: {known}")
            return log.decide(actor, "remove filter", f"took away filter {filter_name!r}", {"filter": {filter_name: None}})

    def set_rule(
        self,
        name: str,
        rule: Mapping[str, Any] | None,
        scores: Mapping[int, float] | None = None,
        kept: Iterable[int] = (),
        actor: str = "rule",
    ) -> int:
        """Decide by a rule about every picture that it has seen; None takes the rule away. Returns the event's id.

        Args:
            rule: as JSON; its "name", "cut" and "model_id" are shown where there are any.
            scores: by picture; pictures without one were not seen. Without any scores the rule has seen all that are there now.
            kept: the pictures that the rule keeps; it drops the others that it has seen.

        Raises:
            StudioError: pictures of another collection, or one kept that was not seen.
        """
        if rule is None:
            with self._writing(name) as (_, log):
                return log.decide(actor, "rule", "took away the rule", {"rule": {"": None}})
        with self._reading(name) as (_, log):
            seen = log.ids() if scores is None else sorted(int(number) for number in scores)
        ids, chosen = np.array(seen, np.int64), np.array(sorted({int(number) for number in kept}), np.int64)
        if not np.isin(chosen, ids).all():
            raise StudioError("the rule keeps a picture that it has not seen: score all pictures of the collection first")
        values = None if scores is None else np.array([scores[number] for number in seen], dtype=np.float32)
        return self.set_verdict(name, RuleVerdict(ids, np.isin(ids, chosen), values, rule), actor)

    def set_verdict(self, name: str, verdict: RuleVerdict, actor: str) -> int:
        """Let stand what a rule said, given as arrays: `set_rule` for many pictures. Returns the event's id.

        Raises:
            StudioError: pictures of another collection.
        """
        with self._writing(name) as (_, log):
            log.check_all(verdict.ids)
            value = log.keep_verdict(verdict) | {"actor": actor, "time": now()}
            title = f"rule {verdict.rule['name']!r}" if verdict.rule.get("name") else "a rule"
            what = f"{title} keeps {int(verdict.kept.sum()):,} of {len(verdict.ids):,}"
            return log.decide(actor, "rule", what, {"rule": {"": value}})

    def set_frame(self, name: str, frame: Mapping[str, Any], actor: str) -> int:
        """Choose the frame in which all pictures of a collection are seen; returns the event's id."""
        with self._writing(name) as (_, log):
            return log.decide(actor, "frame", "chose a frame", {"frame": {"": dict(frame)}})

    def undo(self, name: str, actor: str) -> Event:
        """Take back the last thing that `actor` did in a collection and has not taken back yet; returns that event.

        Raises:
            StudioError: there is nothing, or somebody else has decided about the same since.
        """
        with self._writing(name) as (_, log):
            done, _ = log.stacks(actor)
            if not done:
                raise StudioError(f"{actor} has nothing to take back in {name}: `catalogue history` shows who did what")
            return log.turn(actor, done[-1], back=True)

    def redo(self, name: str, actor: str) -> Event:
        """Do again what `actor` took back last, as long as they have done nothing new since; returns that event.

        Raises:
            StudioError: there is nothing, or somebody else has decided about the same since.
        """
        with self._writing(name) as (_, log):
            _, undone = log.stacks(actor)
            if not undone:
                raise StudioError(f"{actor} has nothing to do again in {name}: only what was just taken back can be done again")
            return log.turn(actor, undone[-1], back=False)

    def state(self, name: str) -> dict[int, Decision]:
        """The decision about each picture, in order of arrival."""
        with self._reading(name) as (_, log):
            return log.state()

    def standing(self, name: str) -> Standing:
        """What decides about the pictures, as arrays in order of arrival."""
        with self._reading(name) as (_, log):
            return log.arrays()

    def by_hand(self, name: str) -> dict[int, tuple[bool, str]]:
        """Whether a hand kept each picture that it decided about, and its reason."""
        with self._reading(name) as (_, log):
            return {int(number): (value[0] == KEEP, value[3]) for number, value in log.standing("hand").items()}

    def filter_reasons(self, name: str, filter_name: str) -> dict[int, str]:
        """The reason by picture that a filter drops; empty when there is no such filter."""
        with self._reading(name) as (_, log):
            value = log.standing_of("filter", [filter_name])[filter_name]
            return log.reasons(value["dropped"]) if value else {}

    def filters(self, name: str) -> dict[str, dict[str, Any]]:
        """The settings of each filter that stands, by its name."""
        with self._reading(name) as (_, log):
            return {str(key): value["settings"] for key, value in log.standing("filter").items()}

    def frame(self, name: str) -> dict[str, Any] | None:
        """The frame that was chosen for a collection, as JSON."""
        with self._reading(name) as (_, log):
            return log.single("frame")

    def latest(self, name: str) -> Event | None:
        """The last event of a collection."""
        with self._reading(name) as (connection, log):
            query = "SELECT id, time, actor, kind, what FROM events WHERE id = ?"
            rows = connection.execute(query, (log.last(),)).fetchall()
        return next((Event(number, at, actor, kind, what, undone=False) for number, at, actor, kind, what in rows), None)

    def named(self, name: str, names: Sequence[str], besides: Container[int] = ()) -> dict[str, int]:
        """The id of the first picture of each of these names, `besides` passed over."""
        found: dict[str, int] = {}
        query = (
            "SELECT id, json_extract(provenance, '$.name') FROM pictures WHERE collection = ? "
            "AND json_extract(provenance, '$.name') IN ({}) ORDER BY id"
        )
        with self._reading(name) as (connection, log):
            for some in portions(names):
                for number, known in connection.execute(query.format(",".join("?" * len(some))), (log.collection, *some)):
                    if number not in besides:
                        found.setdefault(known, number)
        return found

    def last_event(self, name: str) -> int:
        """The id of a collection's last event, which tells whether anything was decided since; 0 before the first."""
        with self._reading(name) as (_, log):
            return log.last()

    def scores(self, name: str) -> dict[int, float]:
        """The present rule's score of each picture that has one."""
        with self._reading(name) as (_, log):
            verdict = log.rule_verdict()
        return {} if verdict is None else verdict.by_picture()

    def history(self, name: str) -> list[Event]:
        """All events of a collection, the first one first."""
        with self._reading(name) as (connection, log):
            query = "SELECT id, time, actor, kind, what, undoes FROM events WHERE collection = ? ORDER BY id"
            rows = connection.execute(query, (log.collection,)).fetchall()
        undone: set[int] = set()
        for _, _, _, kind, _, of in rows:
            if kind == "undo":
                undone.add(of)
            elif kind == "redo":
                undone.discard(of)
        return [Event(event, at, actor, kind, what, event in undone) for event, at, actor, kind, what, _ in rows]

    # rules by name

    def save_rule(self, rule_name: str, rule: Mapping[str, Any]) -> None:
        """Keep a rule under a name, for all collections; one of that name is replaced."""
        name_value(rule_name)
        with self._database.writing() as connection:
            connection.execute("INSERT OR REPLACE INTO rules VALUES (?, ?)", (rule_name, as_text(dict(rule))))

    def rules(self) -> dict[str, dict[str, Any]]:
        """The rules kept, by name."""
        with self._database.reading() as connection:
            return {name: json.loads(rule) for name, rule in connection.execute("SELECT name, rule FROM rules ORDER BY name")}

    def delete_rule(self, rule_name: str) -> None:
        """Forget a rule that was kept; what it decided stays.

        Raises:
            StudioError: there is none of that name.
        """
        with self._database.writing() as connection:
            if not connection.execute("DELETE FROM rules WHERE name = ?", (rule_name,)).rowcount:
                raise StudioError(f"there is no rule {str(rule_name)[:MAX_NAME]!r}: look at the ones kept")

    # what leaves, and what comes back

    def selection(self, name: str, part: str = "kept") -> Selection:
        """The kept pictures of a collection, the dropped ones, or all, each with why and where from.

        Raises:
            StudioError: another part.
        """
        if part not in PARTS:
            raise StudioError(f"choose {', '.join(PARTS[:-1])} or {PARTS[-1]}, got {str(part)[:40]!r}")
        with self._reading(name) as (connection, log):
            pictures = self._pictures(connection, log)
            state, verdict, frame = log.state(), log.rule_verdict(), log.single("frame")
            failed = _failures(connection, name)
        rule = {} if verdict is None else dict(verdict.rule)
        scores = {} if verdict is None else verdict.by_picture()
        title = str(rule.get("name") or "score")
        chosen = []
        for picture in pictures:
            decision = state[picture.id]
            if part == "all" or decision.kept == (part == "kept"):
                score = {title: scores[picture.id]} if picture.id in scores else {}
                facts = (picture.path, picture.sha256, picture.provenance.name, picture.label)
                chosen.append(Chosen(*facts, decision.kept, f"{decision.by}: {decision.why}", score, picture.provenance))
        kept = sum(decision.kept for decision in state.values())
        counts = {"pictures": len(state), "kept": kept, "dropped": len(state) - kept}
        return Selection(name, part, tuple(chosen), rule or None, str(rule.get("model_id", "")), frame, counts, tuple(failed))

    def export_decisions(self, path: Path, name: str | None = None) -> int:
        """Write who decided what and when as JSON lines, pictures by their sha256; returns the number of events.

        Args:
            name: one collection; None means all.
        """
        written = 0
        with self._database.reading() as connection, replacing(path) as temporary, temporary.open("w", encoding="utf-8") as sink:
            names = [known for (known,) in connection.execute("SELECT name FROM collections ORDER BY name")] if name is None else [name]
            sink.write(as_text(HEAD) + "\n")
            for one in names:
                for event in exported_events(connection, _collection(connection, one), one):
                    sink.write(as_text(event) + "\n")
                    written += 1
        return written

    def import_decisions(self, path: Path) -> ImportReport:
        """Take over a log that `export_decisions` wrote, all of it or nothing; events that are here already are passed over.

        Decisions are taken in the order of the log, upon what stands; those about pictures that are not here are counted. An undo takes
        back only what is still as the undone event left it.

        Raises:
            StudioError: not such a log, or about a collection that is not here.
        """
        events = already = missing = 0
        numbers: dict[int, dict[str, int]] = {}
        with self._database.writing() as connection:
            for event in exported_lines(path):
                collection = _named(connection, event["collection"])
                if collection is None:
                    raise StudioError(f"there is no collection {event['collection'][:MAX_NAME]!r} here: collect its pictures first")
                if connection.execute("SELECT 1 FROM events WHERE uid = ?", (event["event"],)).fetchone():
                    already += 1
                    continue
                if collection not in numbers:
                    query = "SELECT sha256, id FROM pictures WHERE collection = ?"
                    numbers[collection] = dict(connection.execute(query, (collection,)).fetchall())
                missing += import_event(connection, collection, event, numbers[collection])
                events += 1
        return ImportReport(events, already, missing)

    # transactions about one collection

    @contextmanager
    def _reading(self, name: str) -> Iterator[tuple[sqlite3.Connection, EventLog]]:
        with self._database.reading() as connection:
            yield connection, EventLog(connection, _collection(connection, name))

    @contextmanager
    def _writing(self, name: str) -> Iterator[tuple[sqlite3.Connection, EventLog]]:
        with self._database.writing() as connection:
            yield connection, EventLog(connection, _collection(connection, name))


def name_value(name: str) -> str:
    """A name for a collection, a filter or a rule.

    Raises:
        StudioError: empty, longer than 80 characters, or with characters that cannot be seen.
    """
    if not isinstance(name, str) or not name.strip() or name != name.strip() or len(name) > MAX_NAME or not name.isprintable():
        raise StudioError(f"a name has 1 to {MAX_NAME} characters that can be seen, got {str(name)[:MAX_NAME]!r}: choose another")
    return name


def _named(connection: sqlite3.Connection, name: str) -> int | None:
    row = connection.execute("SELECT id FROM collections WHERE name = ?", (name,)).fetchone()
    return int(row[0]) if row else None


def _collection(connection: sqlite3.Connection, name: str) -> int:
    found = _named(connection, name)
    if found is None:
        names = [known for (known,) in connection.execute("SELECT name FROM collections ORDER BY name LIMIT 10")]
        known = f"choose one of {', '.join(names)}" if names else "there are none yet, collect pictures first"
        raise StudioError(f"there is no collection {str(name)[:MAX_NAME]!r}: {known}")
    return found


def _failures(connection: sqlite3.Connection, name: str) -> list[tuple[str, str]]:
    query = "SELECT name, reason FROM failures WHERE collection = ? ORDER BY rowid"
    return connection.execute(query, (_collection(connection, name),)).fetchall()


def _with_rights(record: str, rights: Sequence[str]) -> str:
    """A provenance record with the rights that were recorded later."""
    return as_text(json.loads(record) | {"training_allowed": rights[0], "permission": rights[1]})


def _facts(connection: sqlite3.Connection, name: str) -> CollectionFacts:
    collection = _collection(connection, name)
    log = EventLog(connection, collection)
    state, rule = log.state(), log.single("rule")
    kept = sum(decision.kept for decision in state.values())
    (created,) = connection.execute("SELECT created FROM collections WHERE id = ?", (collection,)).fetchone()
    (failed,) = connection.execute("SELECT count(*) FROM failures WHERE collection = ?", (collection,)).fetchone()
    cursors = connection.execute("SELECT source_key, position FROM cursors WHERE collection = ? ORDER BY source_key", (collection,))
    return CollectionFacts(
        name=name,
        pictures=len(state),
        kept=kept,
        dropped=len(state) - kept,
        failed=failed,
        frame=log.single("frame"),
        rule=rule and rule["rule"],
        filters={str(key): value["settings"] for key, value in log.standing("filter").items()},
        created=created,
        cursors={key: json.loads(position) for key, position in cursors},
    )
