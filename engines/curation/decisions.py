"""What was decided about a collection: values by aspect and subject, changes that can be turned round, and what they come to.

Five aspects are decided: "hand" and "rights" about single pictures (subject: the picture's id), "filter" (subject: its name), "rule" and
"frame" about the collection (subject: ""). A change says what stood before and what stands after; its inverse is the change turned round.
"""

import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engines.curation.schema import as_text

KEEP, DROP, CLEAR = "keep", "drop", "clear"
ASPECTS_OF_PICTURES = ("hand", "rights")

Subject = int | str
Values = dict[Subject, Any]
Groups = list[list[Any]]
Change = dict[str, dict[str, Groups]]


@dataclass(frozen=True)
class Decision:
    """Whether a picture is kept.

    Attributes:
        by: what decided: "hand", "filter", "rule" or "default".
        why: in words.
    """

    kept: bool
    by: str
    why: str


@dataclass(frozen=True)
class Event:
    """One entry of the log.

    Attributes:
        time: ISO time in UTC.
        kind: "decide", "filter", "remove filter", "rule", "frame", "rights", "undo" or "redo".
        what: in words.
        undone: whether it has been taken back since.
    """

    id: int
    time: str
    actor: str
    kind: str
    what: str
    undone: bool


@dataclass(frozen=True)
class RuleVerdict:
    """What a rule said about the pictures it has seen.

    Attributes:
        ids: the pictures, shape (n,), int64, ascending.
        kept: shape (n,), bool.
        scores: shape (n,), float32, NaN where there is none; None when the rule gave no scores.
        rule: as JSON.
    """

    ids: np.ndarray
    kept: np.ndarray
    scores: np.ndarray | None
    rule: Mapping[str, Any]

    def by_picture(self) -> dict[int, float]:
        """The score of each picture that has one."""
        if self.scores is None:
            return {}
        return {picture: score for picture, score in zip(self.ids.tolist(), self.scores.tolist(), strict=True) if score == score}


@dataclass(frozen=True)
class Standing:
    """What decides about the pictures of a collection, as arrays in order of arrival: quick for a million of them.

    Attributes:
        ids: shape (n,), int64, ascending.
        hand: 1 kept by hand, -1 dropped by hand, 0 neither, shape (n,), int8.
        filtered: whether a filter drops it, shape (n,), bool.
        verdict: what the present rule said, if there is one.
        event: the id of the last event; 0 before the first.
    """

    ids: np.ndarray
    hand: np.ndarray
    filtered: np.ndarray
    verdict: RuleVerdict | None
    event: int

    @property
    def ruled(self) -> np.ndarray:
        """What the rule alone makes of them: pictures that it has not seen are kept; shape (n,), bool."""
        kept = np.ones(len(self.ids), bool)
        if self.verdict is not None:
            places, known = places_of(self.ids, self.verdict.ids)
            kept[places[known]] = self.verdict.kept[known]
        return kept

    @property
    def scores(self) -> np.ndarray:
        """The rule's scores, shape (n,), float32; NaN where there is none."""
        scores = np.full(len(self.ids), np.nan, np.float32)
        if self.verdict is not None and self.verdict.scores is not None:
            places, known = places_of(self.ids, self.verdict.ids)
            scores[places[known]] = self.verdict.scores[known]
        return scores

    @property
    def kept(self) -> np.ndarray:
        """Whether they are kept, shape (n,), bool."""
        return np.where(self.hand != 0, self.hand > 0, ~self.filtered & self.ruled)


def places_of(ids: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where ids stand in an ascending array of them, and which of them do at all; shapes (k,), int64 and bool."""
    if not len(ids):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), bool)
    places = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return places, ids[places] == wanted


UNTOUCHED = Decision(True, "default", "nothing has decided about it")


def grouped(values: Mapping[Any, Any]) -> Groups:
    """Subjects gathered under equal values: [[value, [subject, …]], …]."""
    groups: dict[str, list[Any]] = {}
    for subject, value in values.items():
        groups.setdefault(as_text(value), [value, []])[1].append(subject)
    return list(groups.values())


def ungrouped(groups: Groups) -> Values:
    """The inverse of `grouped`."""
    return {subject: value for value, subjects in groups for subject in subjects}


def turned_round(change: Change) -> Change:
    """The change that takes another one back."""
    return {aspect: {"before": sides["after"], "after": sides["before"]} for aspect, sides in change.items()}


def undoable(log: Iterable[tuple[int, str, int | None]]) -> tuple[list[int], list[int]]:
    """What one actor can take back, and what can be done again, the next one last.

    Args:
        log: (event id, kind, event that it undoes or does again) of that actor, in order.
    """
    done: dict[int, None] = {}
    undone: dict[int, None] = {}
    for event, kind, of in log:
        if kind == "undo":
            if of in done:
                del done[of]
                undone[of] = None
        elif kind == "redo":
            if of in undone:
                del undone[of]
                done[of] = None
        else:
            done[event] = None
            undone.clear()
    return list(done), list(undone)


def layered(
    ids: Sequence[int],
    hand: Mapping[int, Sequence[str]],
    filters: Mapping[str, Mapping[int, str]],
    rule: RuleVerdict | None,
) -> dict[int, Decision]:
    """The decision about each picture: a hand beats a filter, a filter the rule; without any of them it is kept.

    Args:
        hand: (decision, actor, time, reason) by picture.
        filters: the reason by dropped picture, by name of the filter; of several that drop a picture the first by name is told.
    """
    state = dict.fromkeys(ids, UNTOUCHED)
    if rule is not None:
        cut = rule.rule.get("cut")
        limit = f", cut at {cut:g}" if isinstance(cut, int | float) else ""
        scores = [None] * len(rule.ids) if rule.scores is None else rule.scores.tolist()
        plain = {kept: Decision(kept, "rule", f"the rule {'keeps' if kept else 'drops'} it") for kept in (True, False)}
        for picture, kept, score in zip(rule.ids.tolist(), rule.kept.tolist(), scores, strict=True):
            if picture in state:
                known = score is not None and score == score
                state[picture] = Decision(kept, "rule", f"score {score:.3f}{limit}") if known else plain[kept]
    for name in sorted(filters, reverse=True):
        for picture, reason in filters[name].items():
            if picture in state:
                state[picture] = Decision(False, "filter", f"{name}: {reason}" if reason else name)
    made: dict[tuple[str, ...], Decision] = {}
    for picture, value in hand.items():
        if picture in state:
            key = tuple(value)
            if key not in made:
                decision, actor, _, reason = key
                made[key] = Decision(decision == KEEP, "hand", reason or f"{'kept' if decision == KEEP else 'dropped'} by {actor}")
            state[picture] = made[key]
    return state


def plain_content(values: np.ndarray | Mapping[int, str]) -> tuple[str, bytes]:
    """An array, or reasons by picture, as bytes, and the sha256 of these."""
    if isinstance(values, np.ndarray):
        content = values.astype(values.dtype.newbyteorder("<")).tobytes()
    else:
        content = as_text(grouped(values)).encode()
    return hashlib.sha256(content).hexdigest(), content


def packed(content: bytes) -> bytes:
    """Bytes, compressed."""
    return zlib.compress(content, 1)


def unpacked_array(content: bytes, dtype: str) -> np.ndarray:
    """An array from its packed content."""
    return np.frombuffer(zlib.decompress(content), np.dtype(dtype).newbyteorder("<")).astype(dtype)


def unpacked_reasons(content: bytes) -> dict[int, str]:
    """Reasons from their packed content."""
    return {int(subject): reason for subject, reason in ungrouped(json.loads(zlib.decompress(content))).items()}
