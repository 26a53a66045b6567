"""The log of one collection: what stands, what is decided next, and taking it back, inside a transaction that somebody else holds."""

import json
import sqlite3
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from engines.curation.decisions import (
    ASPECTS_OF_PICTURES,
    KEEP,
    Change,
    Decision,
    Event,
    RuleVerdict,
    Standing,
    Values,
    grouped,
    layered,
    packed,
    places_of,
    plain_content,
    turned_round,
    undoable,
    ungrouped,
    unpacked_array,
    unpacked_reasons,
)
from engines.curation.provenance import now
from engines.curation.schema import as_text
from engines.errors import StudioError

MAX_ACTOR = 80
_AT_ONCE = 500
_MANY = 5000


class EventLog:
    """What was decided about one collection, as events and as it stands now.

    It lives as long as the transaction of its connection.
    """

    def __init__(self, connection: sqlite3.Connection, collection: int) -> None:
        self._connection, self.collection = connection, collection

    # what stands

    def standing(self, aspect: str) -> Values:
        """All values of an aspect, by subject."""
        read: dict[str, Any] = {}
        found: Values = {}
        query = "SELECT subject, value FROM decided WHERE collection = ? AND aspect = ?"
        for subject, text in self._connection.execute(query, (self.collection, aspect)):
            if text not in read:
                read[text] = json.loads(text)
            found[subject] = read[text]
        return found

    def standing_of(self, aspect: str, subjects: Iterable[Any]) -> Values:
        """Values of some subjects; None where there is none."""
        found: Values = dict.fromkeys(subjects)
        if len(found) > _MANY:
            standing = self.standing(aspect)
            return {subject: standing.get(subject) for subject in found}
        query = "SELECT subject, value FROM decided WHERE collection = ? AND aspect = ? AND subject IN ({})"
        for some in portions(list(found)):
            marks = ",".join("?" * len(some))
            for subject, text in self._connection.execute(query.format(marks), (self.collection, aspect, *some)):
                found[subject] = json.loads(text)
        return found

    def single(self, aspect: str) -> Any:
        """The value of an aspect of the whole collection: its rule or its frame; None where there is none."""
        return self.standing_of(aspect, [""])[""]

    def filters(self) -> dict[str, dict[int, str]]:
        """The reason by dropped picture, by name of the filter."""
        return {str(name): self.reasons(value["dropped"]) for name, value in self.standing("filter").items()}

    def rule_verdict(self) -> RuleVerdict | None:
        """What the present rule said, if there is one."""
        value = self.single("rule")
        return None if value is None else self.verdict_of(value)

    def state(self) -> dict[int, Decision]:
        """The decision about each picture, in order of arrival."""
        hand = {int(number): value for number, value in self.standing("hand").items()}
        return layered(self.ids(), hand, self.filters(), self.rule_verdict())

    def arrays(self) -> Standing:
        """What stands, as arrays in order of arrival."""
        ids = self.id_array()
        hand, filtered = np.zeros(len(ids), np.int8), np.zeros(len(ids), bool)
        decided = self.standing("hand")
        places, known = places_of(ids, np.fromiter(decided, np.int64, len(decided)))
        hand[places[known]] = np.array([1 if value[0] == KEEP else -1 for value in decided.values()], np.int8)[known]
        for reasons in self.filters().values():
            places, known = places_of(ids, np.fromiter(reasons, np.int64, len(reasons)))
            filtered[places[known]] = True
        return Standing(ids, hand, filtered, self.rule_verdict(), self.last())

    # pictures it is about

    def ids(self) -> list[int]:
        """The pictures of the collection in order of arrival."""
        rows = self._connection.execute("SELECT id FROM pictures WHERE collection = ? ORDER BY id", (self.collection,))
        return [number for (number,) in rows]

    def id_array(self) -> np.ndarray:
        """The pictures of the collection in order of arrival, shape (n,), int64, without an object for each."""
        query = "SELECT group_concat(id) FROM (SELECT id FROM pictures WHERE collection = ? ORDER BY id)"
        text = self._connection.execute(query, (self.collection,)).fetchone()[0]
        return np.sort(np.fromstring(text, np.int64, sep=",")) if text else np.zeros(0, np.int64)

    def check(self, ids: Sequence[int]) -> None:
        """See that pictures belong to the collection.

        Raises:
            StudioError: some do not.
        """
        here = sum(map(self._count, portions(ids))) if len(ids) <= _MANY else len(set(self.ids()).intersection(ids))
        if here != len(ids):
            raise StudioError(f"{len(ids) - here:,} of the {len(ids):,} pictures are not in this collection: choose among its own")

    def check_all(self, ids: np.ndarray) -> None:
        """See that many pictures belong to the collection.

        Pictures never leave a collection, so an array that was put beside the events was seen to before.

        Args:
            ids: shape (n,), int64.

        Raises:
            StudioError: some do not.
        """
        if self._holds(plain_content(ids)[0]):
            return
        strange = len(ids) - int(np.isin(ids, self.id_array()).sum())
        if strange:
            raise StudioError(f"{strange:,} of the {len(ids):,} pictures are not in this collection: choose among its own")

    def _count(self, ids: Sequence[int]) -> int:
        query = f"SELECT count(*) FROM pictures WHERE collection = ? AND id IN ({','.join('?' * len(ids))})"
        return int(self._connection.execute(query, (self.collection, *ids)).fetchone()[0])

    def last(self) -> int:
        """The id of the last event; 0 before the first."""
        query = "SELECT max(id) FROM events WHERE collection = ?"
        return int(self._connection.execute(query, (self.collection,)).fetchone()[0] or 0)

    # what is decided next

    def decide(self, actor: str, kind: str, what: str, after: Mapping[str, Mapping[Any, Any]]) -> int:
        """Let new values stand, as an event of its own; returns the event's id.

        Args:
            what: the event in words.
            after: the new value, None for none, by subject, by aspect.

        Raises:
            StudioError: it is not said who decides.
        """
        if not isinstance(actor, str) or not actor.strip() or len(actor) > MAX_ACTOR:
            raise StudioError(f"a decision needs who takes it, in 1 to {MAX_ACTOR} characters, got {str(actor)[:MAX_ACTOR]!r}: say who")
        return self.append(uuid.uuid4().hex, now(), actor, kind, None, what, self.apply(after))

    def apply(self, after: Mapping[str, Mapping[Any, Any]]) -> Change:
        """Let new values stand without an event; returns the change for it."""
        change: Change = {}
        for aspect, values in after.items():
            change[aspect] = {"before": grouped(self.standing_of(aspect, values)), "after": grouped(values)}
            self._put(aspect, values)
        return change

    def append(self, uid: str, time: str, actor: str, kind: str, of: int | None, what: str, change: Change) -> int:
        """Add an event; returns its id."""
        inserted = self._connection.execute(
            "INSERT INTO events (uid, collection, time, actor, kind, undoes, what, change) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (uid, self.collection, time, actor, kind, of, what, as_text(change)),
        )
        return int(inserted.lastrowid or 0)

    def _put(self, aspect: str, values: Mapping[Any, Any]) -> None:
        key = (self.collection, aspect)
        gone = [(*key, subject) for subject, value in values.items() if value is None]
        there = [(*key, subject, as_text(value)) for subject, value in values.items() if value is not None]
        self._connection.executemany("DELETE FROM decided WHERE collection = ? AND aspect = ? AND subject = ?", gone)
        self._connection.executemany("INSERT OR REPLACE INTO decided VALUES (?, ?, ?, ?)", there)

    # taking it back

    def stacks(self, actor: str) -> tuple[list[int], list[int]]:
        """Events that an actor can take back, and those that can be done again, the next one last."""
        query = "SELECT id, kind, undoes FROM events WHERE collection = ? AND actor = ? ORDER BY id"
        return undoable(self._connection.execute(query, (self.collection, actor)))

    def turn(self, actor: str, event: int, back: bool) -> Event:
        """Take an event back, or do it again.

        Raises:
            StudioError: something that it touched stands otherwise by now.
        """
        query = "SELECT id, time, actor, kind, what, change FROM events WHERE id = ?"
        number, at, who, kind, what, text = self._connection.execute(query, (event,)).fetchone()
        change: Change = json.loads(text)
        change = turned_round(change) if back else change
        for aspect, sides in change.items():
            expected = ungrouped(sides["before"])
            standing = self.standing_of(aspect, expected)
            touched = {subject for subject, value in expected.items() if as_text(value) != as_text(standing[subject])}
            if touched:
                about = f"{len(touched):,} of these pictures" if aspect in ASPECTS_OF_PICTURES else f"the {aspect}"
                other = self._who_touched(actor, event, aspect, touched)
                raise StudioError(f"{other} has decided about {about} since ({what}): decide anew instead")
        for aspect, sides in change.items():
            self._put(aspect, ungrouped(sides["after"]))
        turned, verb = ("undo", "took back") if back else ("redo", "did again")
        self.append(uuid.uuid4().hex, now(), actor, turned, event, f"{verb}: {what}", change)
        return Event(number, at, who, kind, what, back)

    def _who_touched(self, actor: str, event: int, aspect: str, subjects: set[Any]) -> str:
        """Who else decided about some subjects last."""
        query = "SELECT actor, change FROM events WHERE collection = ? AND id > ? AND actor <> ? ORDER BY id DESC"
        for other, text in self._connection.execute(query, (self.collection, event, actor)):
            if subjects & ungrouped(json.loads(text).get(aspect, {}).get("after", [])).keys():
                return str(other)
        return "somebody else"

    # arrays beside the events

    def keep(self, values: np.ndarray | Mapping[int, str]) -> str:
        """Put an array, or reasons by picture, beside the events, once; returns the name to find it by."""
        name, content = plain_content(values)
        if not self._holds(name):
            self._connection.execute("INSERT INTO arrays VALUES (?, ?, ?)", (self.collection, name, packed(content)))
        return name

    def keep_verdict(self, verdict: RuleVerdict) -> dict[str, Any]:
        """Put what a rule said beside the events; returns the value of a decision by that rule, without who and when."""
        return {
            "rule": dict(verdict.rule),
            "ids": self.keep(verdict.ids),
            "kept": self.keep(verdict.kept),
            "scores": None if verdict.scores is None else self.keep(verdict.scores),
        }

    def _holds(self, name: str) -> bool:
        query = "SELECT 1 FROM arrays WHERE collection = ? AND sha256 = ?"
        return self._connection.execute(query, (self.collection, name)).fetchone() is not None

    def verdict_of(self, value: Mapping[str, Any]) -> RuleVerdict:
        """What a rule said, from the value of a decision by it."""
        scores = None if value["scores"] is None else unpacked_array(self._content(value["scores"]), "float32")
        ids, kept = unpacked_array(self._content(value["ids"]), "int64"), unpacked_array(self._content(value["kept"]), "bool")
        return RuleVerdict(ids, kept, scores, value["rule"])

    def reasons(self, name: str) -> dict[int, str]:
        """Reasons by picture that were put beside the events."""
        return unpacked_reasons(self._content(name))

    def _content(self, name: str) -> bytes:
        query = "SELECT content FROM arrays WHERE collection = ? AND sha256 = ?"
        return self._connection.execute(query, (self.collection, name)).fetchone()[0]


def portions(subjects: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """As many at once as one SQL statement takes well."""
    for start in range(0, len(subjects), _AT_ONCE):
        yield subjects[start : start + _AT_ONCE]
