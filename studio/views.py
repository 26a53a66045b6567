"""What the score grid asks while a person looks: scores and states of all pictures, thumbnails of a few, and everything about one.

A view holds the pictures of a collection in the order of their scores, as arrays. The page knows pictures by their position in that order
and a view by a key that nobody can guess; who holds the key may look and decide. Nothing here is trusted that comes from the page.
"""

import base64
import hashlib
import io
import json
import re
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from engines import imaging
from engines.curation.catalogue import Catalogue, Picture
from engines.curation.cut import Suggestion, suggest_cut
from engines.curation.decisions import RuleVerdict, Standing
from engines.curation.embeddings import EmbeddingStore
from engines.curation.embeddings import View as Looked
from engines.curation.encoder import Encoder, Encoders, encode_prompts, model_name
from engines.curation.framing import Frame
from engines.curation.preview import Cell, preview_sheet
from engines.curation.queue import choose_queue, estimate_curve
from engines.curation.rules import Rule, disagreements, judge
from engines.curation.scoring import METHODS
from engines.curation.thumbnails import Thumbnails
from engines.errors import StudioError
from engines.progress import Progress, silent

QUEUE_REASON = "borderline queue"
MAX_TILES = 256
MAX_DECIDED = 10_000
MAX_SHEET = 400
PREVIEW = 512
MAX_VIEWS = 500
MAX_LOOKED_AT = 12 * 10**6
"""Pictures of all views together, of about 20 bytes each."""
MAX_MATRIX = 3 * 2**30
SHOWN_GROUPS = 400
KEEP, DROP = 1, 2
FILTERED = 4
GONE = (
    "this view is gone, because the studio was started again, nothing was asked of it for an hour, or many others were opened since: open "
    "the collection again, or bring its pictures in once more"
)
_WINDOW = re.compile(r"[0-9a-f]{4,16}")


def window_name(window: object) -> str:
    """How a window of the page is called in the log of decisions.

    Raises:
        StudioError: the page sent something else than its number.
    """
    if not isinstance(window, str) or not _WINDOW.fullmatch(window):
        raise StudioError(f"a window has a number of 4 to 16 hexadecimal digits, got {str(window)[:40]!r}: load the page again")
    return f"window {window}"


@dataclass(frozen=True)
class View:
    """The pictures of a collection in ascending order of the rule's scores; those without a score come last, in order of arrival.

    Attributes:
        key: names this view to the page.
        ids: of the pictures, shape (n,), int64.
        scores: of the first of them, ascending, shape (scored,), float32.
        rule: what gave the scores, as the catalogue has it; None when nothing was scored.
        frame: in which pictures are scored and shown.
    """

    key: str
    catalogue: Catalogue
    collection: str
    store: EmbeddingStore
    thumbnails: Thumbnails
    ids: np.ndarray
    scores: np.ndarray
    rule: Rule | None
    frame: Frame | None

    @cached_property
    def _by_id(self) -> np.ndarray:
        return np.argsort(self.ids, kind="stable")

    @cached_property
    def suggestion(self) -> Suggestion:
        """A cut that the scores suggest, or why they suggest none."""
        return suggest_cut(self.scores.astype(np.float64))

    def positions_of(self, ids: Sequence[int] | np.ndarray) -> np.ndarray:
        """Positions of pictures by id, shape (k,); strangers are left out."""
        wanted = np.asarray(ids, np.int64)
        if not len(wanted) or not len(self.ids):
            return np.zeros(0, np.int64)
        slots = np.minimum(np.searchsorted(self.ids, wanted, sorter=self._by_id), len(self.ids) - 1)
        places = self._by_id[slots]
        return places[self.ids[places] == wanted]

    def checked(self, positions: object, most: int) -> list[int]:
        """Positions that the page asks for.

        Raises:
            StudioError: not a list of positions in this view, or too many.
        """
        fine = isinstance(positions, list) and all(type(one) is int and 0 <= one < len(self.ids) for one in positions)
        if not fine or not 1 <= len(positions) <= most:  # type: ignore[arg-type]
            raise StudioError(f"pictures are asked for by 1 to {most} positions below {len(self.ids)}, got {str(positions)[:40]}: reload")
        return list(positions)  # type: ignore[call-overload]

    def states(self, standing: Standing | None = None) -> np.ndarray:
        """What decides about each picture beside the rule: 1 kept by hand, 2 dropped by hand, + 4 dropped by a filter; (n,), uint8."""
        standing = standing or self.catalogue.standing(self.collection)
        by_arrival = np.select([standing.hand > 0, standing.hand < 0], [KEEP, DROP], 0).astype(np.uint8)
        by_arrival |= (standing.filtered * FILTERED).astype(np.uint8)
        return by_arrival[np.searchsorted(standing.ids, self.ids)]

    def pictures(self, positions: Sequence[int]) -> list[Picture]:
        """The pictures at some positions."""
        return self.catalogue.some_pictures(self.collection, self.ids[list(positions)].tolist())

    def score(self, position: int) -> float | None:
        """The score at a position, if there is one."""
        return round(float(self.scores[position]), 6) if position < len(self.scores) else None

    def arrived(self, values: np.ndarray) -> np.ndarray:
        """Values by position, shape (n,), put into the order of arrival."""
        return values[self._by_id]


class Views:
    """The views that windows look at, the last of them, and the vectors of the last collection."""

    def __init__(self, encoders: Encoders) -> None:
        self._views: OrderedDict[str, View] = OrderedDict()
        self._named: dict[str, str] = {}
        self._lock = threading.RLock()
        self._vectors: tuple[str, np.ndarray] | None = None
        self._encoders = encoders

    def get(self, key: object) -> View:
        """The view with a key.

        Raises:
            StudioError: there is none, or none any more.
        """
        with self._lock:
            if not isinstance(key, str) or key not in self._views:
                raise StudioError(GONE)
            self._views.move_to_end(key)
            return self._views[key]

    def forget_below(self, folder: Path) -> None:
        """Let go of the views of a session that is over."""
        with self._lock:
            gone = {key for key, view in self._views.items() if view.catalogue.folder.is_relative_to(folder)}
            for key in gone:
                del self._views[key]
            self._named = {name: key for name, key in self._named.items() if key not in gone}

    def look(self, catalogue: Catalogue, collection: str, store: EmbeddingStore, thumbnails: Thumbnails) -> tuple[View, Standing]:
        """A view of a collection as it stands now; the same as before when pictures and scores are the same.

        Raises:
            StudioError: there is no such collection.
        """
        standing = catalogue.standing(collection)
        frame = catalogue.frame(collection)
        scores = standing.scores
        entry = None if standing.verdict is None else standing.verdict.rule
        passes = None if entry is None else [{**one, "cut": None} for one in entry.get("passes", [])]
        listing = [str(catalogue.folder), collection, frame, passes, entry and entry.get("model_id")]
        digest = hashlib.sha256(json.dumps(listing, sort_keys=True).encode())
        digest.update(scores.tobytes())
        digest.update(standing.ids.tobytes())
        name = digest.hexdigest()
        with self._lock:
            known = self._views.get(self._named.get(name, ""))
            if known is not None:
                view = replace(known, rule=rule_in(entry))
                for cached in ("_by_id", "suggestion"):
                    if cached in known.__dict__:
                        view.__dict__[cached] = known.__dict__[cached]
            else:
                scored = np.isfinite(scores)
                order = np.flatnonzero(scored)
                order = order[np.argsort(scores[order], kind="stable")]
                ids = np.concatenate([standing.ids[order], standing.ids[~scored]])
                framed = Frame.from_json(frame) if frame else None
                view = View(secrets.token_hex(16), catalogue, collection, store, thumbnails, ids, scores[order], rule_in(entry), framed)
                self._named[name] = view.key
            self._views[view.key] = view
            self._views.move_to_end(view.key)
            while len(self._views) > 1 and (len(self._views) > MAX_VIEWS or self._looked_at() > MAX_LOOKED_AT):
                gone, _ = self._views.popitem(last=False)
                self._named = {one: key for one, key in self._named.items() if key != gone}
        return view, standing

    def _looked_at(self) -> int:
        return sum(len(view.ids) for view in self._views.values())

    def vectors(
        self,
        catalogue: Catalogue,
        collection: str,
        encoder: Encoder,
        store: EmbeddingStore,
        thumbnails: Thumbnails,
        progress: Progress = silent,
    ) -> tuple[np.ndarray, np.ndarray, tuple[tuple[int, str], ...]]:
        """Ids of a collection's pictures in order of arrival, their vectors, and (place, reason) of those that cannot be read.

        Each picture is looked at once for a model and a frame; the vectors of the last collection stay in memory.

        Raises:
            StudioError: no pictures, or none that can be read.
            Cancelled: when `progress` says so.
        """
        ids = catalogue.standing(collection).ids
        frame = catalogue.frame(collection)
        framed = Frame.from_json(frame) if frame else None
        name = hashlib.sha256(json.dumps([str(catalogue.folder), collection, encoder.model_id, frame]).encode() + ids.tobytes()).hexdigest()
        held = self._vectors
        if held is not None and held[0] == name:
            return ids, held[1], ()
        ids, files = catalogue.files(collection)
        with thumbnails.keeping([digest for digest, _ in files], framed) as seen:
            matrix, failed = store.vectors(files, encoder, framed, progress, seen=seen)
        if matrix.nbytes <= MAX_MATRIX:
            self._vectors = (name, matrix)
        return ids, matrix, failed

    def encoder_of(self, model_id: str) -> Encoder:
        """The encoder of a model id, loaded once.

        Raises:
            StudioError: it cannot be loaded, or is another version by now.
        """
        encoder = self._encoders.get(model_name(model_id))
        if encoder.model_id != model_id:
            raise StudioError(f"the scores come from {model_id}, and the model here is {encoder.model_id}: score the pictures again")
        return encoder


def rule_in(entry: Mapping[str, Any] | None) -> Rule | None:
    """The rule that the catalogue has, as far as it is one of prompts."""
    try:
        return None if entry is None else Rule.from_json(entry)
    except StudioError:
        return None


# What the page asks


def arrays(view: View) -> dict[str, Any]:
    """Scores and states of all pictures as base64 of float32 and uint8, little-endian."""
    standing = view.catalogue.standing(view.collection)
    return {
        "scores": _packed(view.scores.astype("<f4").tobytes()),
        "states": _packed(view.states(standing).tobytes()),
        "event": standing.event,
    }


def states(view: View) -> dict[str, Any]:
    """States of all pictures."""
    standing = view.catalogue.standing(view.collection)
    return {"states": _packed(view.states(standing).tobytes()), "event": standing.event}


def tiles(view: View, positions: object) -> dict[str, Any]:
    """Names and thumbnails of some pictures: one answer a window of the grid."""
    chosen = view.checked(positions, MAX_TILES)
    found = {picture.id: picture for picture in view.pictures(chosen)}
    pictures = [found[number] for number in view.ids[chosen].tolist()]
    contents = view.thumbnails.get([(picture.sha256, picture.path) for picture in pictures], view.frame)
    return {
        "positions": chosen,
        "names": [picture.provenance.name for picture in pictures],
        "lengths": [len(content) for content in contents],
        "pixels": _packed(b"".join(contents)),
    }


def details(view: View, position: object) -> dict[str, Any]:
    """Everything about one picture but its scores: where it is from, what decided, the whole of it and the frame."""
    (place,) = view.checked([position], 1)
    (picture,) = view.pictures([place])
    source = picture.provenance
    facts = {
        "Name": source.name,
        "Class": picture.label,
        "Size": f"{picture.width} × {picture.height}",
        "Source": source.source,
        "Author": source.author,
        "Licence": source.licence,
        "Training": {"yes": "allowed", "no": "not allowed", "unknown": "not known"}[source.training_allowed],
        "Permission": source.permission,
        "Page": source.page_url,
        "Collected": source.collected[:16].replace("T", " "),
    }
    return {
        "position": place,
        "name": source.name,
        "score": view.score(place),
        "facts": [[title, text] for title, text in facts.items() if text],
        "frame": view.frame.sentence() if view.frame else "",
        "why": why(view, picture.id),
        **_before_and_after(view, picture),
    }


def prompts(view: View, position: object, encoders: Views) -> dict[str, Any]:
    """The score of one picture for every prompt of the rule; asked for apart, because a model may have to be loaded first."""
    (place,) = view.checked([position], 1)
    (picture,) = view.pictures([place])
    return {"position": place, "prompts": _prompt_scores(view, picture, encoders)}


def why(view: View, number: int) -> list[str]:
    """What decides about a picture, the strongest first."""
    hand = view.catalogue.by_hand(view.collection).get(number)
    found = []
    if hand is not None:
        found.append(f"{'Kept' if hand[0] else 'Dropped'} by hand{f': {hand[1]}' if hand[1] else ''}")
    for name in view.catalogue.filters(view.collection):
        reason = view.catalogue.filter_reasons(view.collection, name).get(number)
        if reason is not None:
            found.append(f"Dropped by the filter {name}{f': {reason}' if reason else ''}")
    return found


def _before_and_after(view: View, picture: Picture) -> dict[str, Any]:
    try:
        opened = imaging.safe_open(picture.path)
    except StudioError as error:
        return {"before": "", "after": "", "broken": str(error)}
    after = _jpeg(view.frame.apply(opened)) if view.frame else ""
    return {"before": _jpeg(opened), "after": after}


def _jpeg(picture: Image.Image) -> str:
    shown = picture.copy()
    shown.thumbnail((PREVIEW, PREVIEW), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    shown.save(buffer, format="JPEG", quality=88)
    return _packed(buffer.getvalue())


def _prompt_scores(view: View, picture: Picture, views: Views) -> list[dict[str, Any]]:
    """The cosine with each prompt of the rule; empty when the model is not here any more."""
    if view.rule is None:
        return []
    prompts = [(text, kind) for one in view.rule.passes for texts, kind in ((one.positives, "+"), (one.negatives, "−")) for text in texts]
    try:
        encoder = views.encoder_of(view.rule.model_id)
    except StudioError:
        return []
    looked = Looked(encoder.model_id, view.frame.key() if view.frame else "")
    matrix, found = view.store.read(looked, [picture.sha256], encoder.dimensions)
    if not found[0]:
        return []
    cosines = encode_prompts(encoder, [text for text, _ in prompts]) @ matrix[0]
    return [{"prompt": text, "kind": kind, "score": round(float(one), 4)} for (text, kind), one in zip(prompts, cosines, strict=True)]


def decide(view: View, positions: object, decision: object, window: object, queued: object) -> dict[str, Any]:
    """Keep or drop pictures by hand, or clear that."""
    chosen = view.checked(positions, MAX_DECIDED)
    reason = QUEUE_REASON if queued is True else ""
    event = view.catalogue.decide(view.collection, view.ids[chosen].tolist(), str(decision), window_name(window), reason)
    return {"event": event}


def turn(view: View, back: object, window: object) -> dict[str, Any]:
    """Take back what this window did last, or do it again; says so when somebody else has touched it since."""
    actor = window_name(window)
    event = view.catalogue.undo(view.collection, actor) if back is not False else view.catalogue.redo(view.collection, actor)
    return {"what": f"{'Took back' if back is not False else 'Did again'}: {event.what}", **states(view)}


def fresh(view: View, event: object) -> dict[str, Any]:
    """Whether anything was decided after an event, and by whom."""
    last = view.catalogue.last_event(view.collection)
    if last == event:
        return {"event": last}
    recent = view.catalogue.latest(view.collection)
    return {"event": last, "actor": recent.actor if recent else "", "what": recent.what if recent else ""}


def queue(view: View, cut: object, seed: object) -> dict[str, Any]:
    """About forty pictures around the cut and some from both tails, in the order of showing."""
    if not len(view.scores):
        raise StudioError("there are no scores yet: score the pictures first")
    decided = view.positions_of(list(view.catalogue.by_hand(view.collection)))
    drawn = choose_queue(view.scores, cut_value(view, cut), decided.tolist(), seed=seed if type(seed) is int and seed >= 0 else 0)
    if not len(drawn.places):
        raise StudioError("a hand has decided about every picture here: nothing is left to judge")
    return {"positions": drawn.places.tolist()}


def estimate(view: View, cut: object) -> dict[str, Any]:
    """Precision and recall of every cut as far as the answers to queues tell; or how many answers there are, when they are too few."""
    at = cut_value(view, cut)
    told = view.catalogue.by_hand(view.collection)
    numbers = list(told)
    positions = view.positions_of(numbers)
    kept = {int(place): told[int(view.ids[place])] for place in positions.tolist() if place < len(view.scores)}
    answers = {place: right for place, (right, reason) in kept.items() if reason == QUEUE_REASON}
    known = {place: right for place, (right, reason) in kept.items() if reason != QUEUE_REASON}
    try:
        return {"curve": estimate_curve(view.scores, answers, at, known).as_json(), "answers": len(answers)}
    except StudioError as error:
        return {"curve": None, "answers": len(answers), "reason": str(error)}


def groups(view: View) -> dict[str, Any]:
    """The groups that the filter "duplicates" found: positions of the one that stays, then of its copies with the reason."""
    reasons = view.catalogue.filter_reasons(view.collection, "duplicates")
    by_original: dict[str, list[tuple[int, str]]] = {}
    for number, reason in reasons.items():
        how, _, original = reason.partition(" as ")
        by_original.setdefault(original, []).append((number, how))
    shown = dict(list(by_original.items())[:SHOWN_GROUPS])
    originals = view.catalogue.named(view.collection, list(shown), reasons)  # copies often have the name of what they copy
    found = []
    for original, copies in shown.items():
        first = view.positions_of([originals[original]]).tolist() if original in originals else []
        rest = view.positions_of([number for number, _ in copies]).tolist()
        notes = ["stays"] * len(first) + [how for _, how in copies]
        found.append({"positions": first + rest, "notes": notes[: len(first) + len(rest)]})
    return {"groups": found, "copies": len(reasons), "all": len(by_original)}


def disagreement(view: View, name: object, views: Views) -> dict[str, Any]:
    """The pictures that this rule and a saved one decide otherwise, the greatest disagreement first."""
    saved = view.catalogue.rules()
    if not isinstance(name, str) or name not in saved:
        raise StudioError("choose a saved rule to compare with: under Rules, “Compare with”")
    if view.rule is None:
        raise StudioError("there is no rule to compare: score the pictures first")
    other = Rule.from_json(saved[name])
    first, second = (
        judge(one, views.vectors(view.catalogue, view.collection, encoder, view.store, view.thumbnails)[1], encoder)
        for one, encoder in ((rule, views.encoder_of(rule.model_id)) for rule in (view.rule, other))
    )
    ids = view.catalogue.standing(view.collection).ids
    differing = disagreements(first, second)
    positions = view.positions_of(ids[[one.place for one in differing]]) if differing else np.zeros(0, np.int64)
    return {
        "positions": positions.tolist(),
        "notes": [f"{name} {'drops' if one.kept_by_first else 'keeps'} it" for one in differing],
        "other": other.sentence(),
    }


# What the page leaves


def cut_value(view: View, cut: object) -> float:
    """A cut that the page sends, rounded to 6 digits.

    Raises:
        StudioError: not a number in the range of the rule's method.
    """
    low, high = reach(view)
    number = isinstance(cut, int | float) and not isinstance(cut, bool) and np.isfinite(cut)
    if not number or not low <= cut <= high:  # type: ignore[operator]
        raise StudioError(f"the threshold is a number from {low:g} to {high:g}, got {str(cut)[:40]}: choose another")
    return round(float(cut), 6)  # type: ignore[arg-type]


def reach(view: View) -> tuple[float, float]:
    """The lowest and the highest cut."""
    method = view.rule.passes[0].method if view.rule and len(view.rule.passes) == 1 else "margin"
    return METHODS[method]


def move_cut(view: View, cut: object, actor: str) -> int:
    """Let the rule stand with another cut; returns the event's id.

    Of a rule of several passes the cut is how much better than its own cuts every pass must be.

    Raises:
        StudioError: an impossible cut, or there is no rule.
    """
    at = cut_value(view, cut)
    if view.rule is None or not len(view.scores):
        raise StudioError("there are no scores yet: score the pictures first")
    entry = dict(view.rule.as_json())
    scores = view.scores
    if len(view.rule.passes) == 1:
        rule = replace(view.rule, passes=(replace(view.rule.passes[0], cut=at),))
        entry = rule.as_json() | {"cut": at}
    else:
        shifted = tuple(replace(one, cut=round(one.cut + at, 6)) for one in view.rule.passes)
        entry = replace(view.rule, passes=shifted).as_json() | {"cut": 0.0}
        scores = (scores - np.float32(at)).astype(np.float32)
        at = 0.0
    scored = view.ids[: len(scores)]
    order = np.argsort(scored, kind="stable")
    verdict = RuleVerdict(scored[order], (scores >= np.float32(at))[order], scores[order], entry)
    return view.catalogue.set_verdict(view.collection, verdict, actor)


def sheet(view: View, positions: object, kept: object) -> Image.Image:
    """A sheet of some pictures with their scores, kept ones with a green edge and dropped ones with a red one."""
    chosen = view.checked(positions, MAX_SHEET)
    flags = kept if isinstance(kept, list) and len(kept) == len(chosen) else [True] * len(chosen)
    found = {picture.id: picture for picture in view.pictures(chosen)}
    cells = []
    for place, flag in zip(chosen, flags, strict=True):
        picture, score = found[int(view.ids[place])], view.score(place)
        caption = picture.provenance.name if score is None else f"{score:.3f}  {picture.provenance.name}"
        cells.append(Cell(picture.path, caption.encode("ascii", "replace").decode(), bool(flag)))
    return preview_sheet(cells)


def _packed(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
