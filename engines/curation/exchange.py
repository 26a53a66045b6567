"""A collection's log on its way to other catalogues and back: JSON lines that mean the same elsewhere, pictures by their sha256."""

import json
import math
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from engines.curation.decisions import ASPECTS_OF_PICTURES, RuleVerdict, Values, turned_round, ungrouped
from engines.curation.event_log import EventLog
from engines.curation.schema import as_text
from engines.errors import StudioError

FORMAT = 1
HEAD = {"format": FORMAT, "kind": "decisions"}
_FIELDS = ("collection", "event", "time", "actor", "kind", "what")


def exported_events(connection: sqlite3.Connection, collection: int, name: str) -> Iterator[dict[str, Any]]:
    """The events of a collection, one JSON object each, with arrays written out; undo and redo name the event they are about."""
    log = EventLog(connection, collection)
    hashes = dict(connection.execute("SELECT id, sha256 FROM pictures WHERE collection = ?", (collection,)).fetchall())
    uids = dict(connection.execute("SELECT id, uid FROM events WHERE collection = ?", (collection,)).fetchall())
    query = "SELECT id, time, actor, kind, undoes, what, change FROM events WHERE collection = ? ORDER BY id"
    for event, at, actor, kind, of, what, text in connection.execute(query, (collection,)):
        line = {"collection": name, "event": uids[event], "time": at, "actor": actor, "kind": kind, "what": what}
        if of is not None:
            yield line | {"of": uids[of]}
            continue
        after = {}
        for aspect, sides in json.loads(text).items():
            names = hashes if aspect in ASPECTS_OF_PICTURES else {}
            after[aspect] = [[_outward(log, hashes, aspect, value), [names.get(one, one) for one in who]] for value, who in sides["after"]]
        yield line | {"after": after}


def _outward(log: EventLog, hashes: Mapping[int, str], aspect: str, value: Any) -> Any:
    """A value with the arrays that it names written out."""
    if value is None or aspect not in ("filter", "rule"):
        return value
    if aspect == "filter":
        return value | {"dropped": {hashes[number]: reason for number, reason in log.reasons(value["dropped"]).items()}}
    verdict = log.verdict_of(value)
    seen = [hashes[number] for number in verdict.ids.tolist()]
    kept = [sha256 for sha256, keep in zip(seen, verdict.kept.tolist(), strict=True) if keep]
    scores = None if verdict.scores is None else [None if math.isnan(score) else score for score in verdict.scores.tolist()]
    return {key: value[key] for key in ("rule", "actor", "time")} | {"seen": seen, "kept": kept, "scores": scores}


def exported_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The events in a file of exported ones, each checked for the fields that all have.

    Raises:
        StudioError: it cannot be read, is something else, of another format, or cut off.
    """
    try:
        with Path(path).open(encoding="utf-8") as source:
            head = json.loads(source.readline())
            if head != HEAD:
                raise ValueError
            for text in source:
                line = json.loads(text)
                if not isinstance(line, dict) or not all(isinstance(line.get(key), str) for key in _FIELDS):
                    raise ValueError
                yield line
    except OSError as error:
        raise StudioError(f"{path} cannot be read ({error.strerror or error}): name a file of exported decisions") from error
    except ValueError as error:
        raise StudioError(f"{path} holds no decisions of format {FORMAT}, or is cut off: export them again") from error


def import_event(connection: sqlite3.Connection, collection: int, line: Mapping[str, Any], numbers: Mapping[str, int]) -> int:
    """Take one event over, upon what stands; returns how many of its decisions are about pictures that are not here.

    Args:
        line: as `exported_lines` gives it.
        numbers: the ids of the collection's pictures by sha256.

    Raises:
        StudioError: it is about an event that is not here, or cannot be understood.
    """
    log = EventLog(connection, collection)
    try:
        of, after, missing = _inward(connection, collection, log, line, numbers)
        change = log.apply(after)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StudioError(f"event {line['event'][:40]!r} cannot be understood: export the decisions again") from error
    log.append(line["event"], line["time"], line["actor"], line["kind"], of, line["what"], change)
    return missing


def _inward(
    connection: sqlite3.Connection, collection: int, log: EventLog, line: Mapping[str, Any], numbers: Mapping[str, int]
) -> tuple[int | None, dict[str, Values], int]:
    """The event that it is about, the new values by aspect and subject, and how many pictures are missing."""
    if "of" in line:
        row = connection.execute("SELECT id, change FROM events WHERE uid = ? AND collection = ?", (line["of"], collection)).fetchone()
        if row is None:
            raise StudioError(f"event {line['event'][:40]!r} takes back one that is not there: export the decisions again, all of them")
        change = json.loads(row[1])
        change = turned_round(change) if line["kind"] == "undo" else change
        return row[0], {aspect: _still_there(log, aspect, sides) for aspect, sides in change.items()}, 0
    missing = 0
    after: dict[str, Values] = {}
    for aspect, groups in line["after"].items():
        values = ungrouped(groups)
        if aspect in ASPECTS_OF_PICTURES:
            missing += sum(sha256 not in numbers for sha256 in values)
            after[aspect] = {numbers[str(sha256)]: value for sha256, value in values.items() if sha256 in numbers}
        elif aspect == "filter":
            after[aspect] = {name: value and _filter_inward(log, value, numbers) for name, value in values.items()}
        elif aspect == "rule":
            after[aspect] = {name: value and _rule_inward(log, value, numbers) for name, value in values.items()}
        elif aspect == "frame":
            after[aspect] = values
        else:
            raise KeyError(aspect)
    return None, after, missing


def _still_there(log: EventLog, aspect: str, sides: Mapping[str, Any]) -> Values:
    """What a change brings, where what it expects still stands."""
    expected, values = ungrouped(sides["before"]), ungrouped(sides["after"])
    standing = log.standing_of(aspect, expected)
    return {subject: values[subject] for subject, value in expected.items() if as_text(standing[subject]) == as_text(value)}


def _filter_inward(log: EventLog, value: Mapping[str, Any], numbers: Mapping[str, int]) -> dict[str, Any]:
    reasons = {numbers[sha256]: str(reason) for sha256, reason in value["dropped"].items() if sha256 in numbers}
    return {"settings": value["settings"], "dropped": log.keep(reasons), "actor": value["actor"], "time": value["time"]}


def _rule_inward(log: EventLog, value: Mapping[str, Any], numbers: Mapping[str, int]) -> dict[str, Any]:
    scores = [None] * len(value["seen"]) if value["scores"] is None else [math.nan if one is None else one for one in value["scores"]]
    pairs = {numbers[sha256]: score for sha256, score in zip(value["seen"], scores, strict=True) if sha256 in numbers}
    ids = np.array(sorted(pairs), np.int64)
    kept = np.isin(ids, np.array([numbers[sha256] for sha256 in value["kept"] if sha256 in numbers], np.int64))
    array = None if value["scores"] is None else np.array([pairs[number] for number in ids.tolist()], dtype=np.float32)
    return log.keep_verdict(RuleVerdict(ids, kept, array, value["rule"])) | {"actor": value["actor"], "time": value["time"]}
