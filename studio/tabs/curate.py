"""Curate: collections filtered by what their pictures show, with the threshold on the histogram of their scores."""

import functools
import hashlib
import json
import logging
import os
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from engines import imaging
from engines.curation.catalogue import Catalogue
from engines.curation.cut import suggest_cut
from engines.curation.decisions import RuleVerdict
from engines.curation.embeddings import EmbeddingStore, View
from engines.curation.encoder import OPENAI_MODEL, SHIPPED_MODEL, Encoder, encode_prompts, model_name
from engines.curation.prompts import NEGATIVES, directions, prompt_list
from engines.curation.provenance import Failure, Fetched
from engines.curation.rules import Pass, Rule, judge
from engines.curation.scoring import method_scores, score_pictures, threshold_value
from engines.curation.sources.archive import zip_pictures
from engines.curation.sources.drawn import drawn_pictures
from engines.errors import StudioError
from engines.exploration.sampling import sample_recipes
from engines.progress import Progress, silent
from engines.recipe import Recipe
from studio import guards, views
from studio.collections import Desk, open_catalogue, open_store, open_thumbnails
from studio.components.delivery import Delivery
from studio.components.score_grid import ScoreGrid, ScoreView
from studio.panels import collect, cutouts, export, filters
from studio.panels.looking import empty_with_collection
from studio.panels.stopping import ask_to_stop, listening
from studio.state import Services
from studio.turns import MODEL_QUEUE

log = logging.getLogger(__name__)

DEMO = "Demo collection"
DEMO_COUNT = 240
DEMO_MODELS = ("cityscape", "clothing")
DEMO_TRUNCATION = 0.8
DEMO_PROMPT = "cityscape"
DEMO_PERMISSION = "drawn here by the studio's own generators"
PROMPTS = ("cityscape", "t-shirt", "shoes", "dress")
METHODS = {"Best for these prompts": "auto", "Likeness": "cosine", "Margin over the unwanted": "margin", "Probability": "softmax"}
AXES = {"cosine": "cosine with the prompts", "margin": "margin over the unwanted", "softmax": "probability"}
STARTS = {"margin": 0.0, "softmax": 0.5}
WORK = "score"
NOTED = 3
MAX_FIELD = 4000
MAX_ARCHIVE_MEMBERS = 50_000
MAX_UNPACKED = 4
NO_COMPARISON = ""
EMPTY = (
    "Say what the pictures should show, and put the threshold where the right ones begin. Score the demo collection for “cityscape” with "
    "one click, open a collection, or bring your own pictures in."
)
NOT_SCORED = "Not scored yet: write what the pictures should show, and press Score."
NOT_HERE = "Folders, searches, keys and training are offered only when Atelier runs on your own machine."
OWN_RULE = "The pictures were last decided by a rule that is none of prompts; its scores are shown."


@dataclass(frozen=True)
class Asked:
    """What the prompt fields show, so that they are only written to when the rule is another one."""

    collection: str = ""
    rule: str = ""


@dataclass(frozen=True)
class CurateHandles:
    """The components that `studio.app` and tests may use."""

    desk: gr.State
    scored: gr.State
    collection: gr.Dropdown
    examples: tuple[gr.Button, ...]
    positives: gr.Textbox
    negatives: gr.Textbox
    presets: tuple[gr.Button, ...]
    method: gr.Dropdown
    model: gr.Dropdown
    run: gr.Button
    stop: gr.Button
    rule_name: gr.Textbox
    save: gr.Button
    saved: gr.Dropdown
    use: gr.Button
    forget: gr.Button
    compare: gr.Dropdown
    status: gr.Markdown
    grid: ScoreGrid
    delivery: Delivery
    asked: gr.State


# The demo collection


def demo_pictures(services: Services) -> Iterator[tuple[str, Image.Image, Recipe]]:
    """The demo collection: cityscapes and garments of every class, in turn, as (name, picture, recipe).

    Raises:
        StudioError: none of the generators is at hand.
    """
    present = demo_models(services)
    columns: list[list[tuple[str, Image.Image, Recipe]]] = []
    for place, name in enumerate(present):
        generator = services.zoo.generator(name)
        classes: Sequence[str | None] = generator.card.classes or (None,)
        count = DEMO_COUNT // len(present) + (place < DEMO_COUNT % len(present))
        shares = [count // len(classes) + (kind < count % len(classes)) for kind in range(len(classes))]
        recipes = [
            recipe
            for class_name, share in zip(classes, shares, strict=True)
            for recipe in sample_recipes(generator, range(share), class_name, DEMO_TRUNCATION)
        ]
        names = ["-".join(filter(None, (name, recipe.class_name, f"{recipe.seed:04}"))) for recipe in recipes]
        columns.append(list(zip(names, services.draw(recipes), recipes, strict=True)))
    for row in range(max(map(len, columns))):
        yield from (column[row] for column in columns if row < len(column))


def demo_models(services: Services) -> list[str]:
    """The generators that draw the demo collection, of those at hand.

    Raises:
        StudioError: none of them is.
    """
    generators = services.zoo.names("generator")
    present = [name for name in DEMO_MODELS if name in generators] or generators[:2]
    if not present:
        raise StudioError("there is no generator here to draw the demo collection: bring your own pictures")
    return present


def demo_files(services: Services) -> list[Fetched]:
    """The demo collection's pictures, drawn once and then read from the studio's own cache."""
    weights = [services.zoo.card(name).weights_sha256 for name in demo_models(services)]
    named = hashlib.sha256(json.dumps([weights, DEMO_COUNT, DEMO_TRUNCATION]).encode()).hexdigest()[:16]
    folder = services.settings.home / "cache" / "demo" / named / "pictures"
    with services.once:
        return drawn_pictures(folder, DEMO_PERMISSION, lambda: demo_pictures(services))


def demo_store(services: Services) -> EmbeddingStore:
    """Vectors of the demo collection, which are nobody's secret."""
    return EmbeddingStore(services.settings.home / "embeddings")


def _lend_vectors(services: Services, catalogue: Catalogue, encoder: Encoder, store: EmbeddingStore) -> None:
    """Give a session's own store the vectors of the demo collection that were computed before."""
    shared = demo_store(services)
    if shared.folder == store.folder:
        return
    view = View(encoder.model_id)
    digests = [digest for digest, _ in catalogue.files(DEMO)[1]]
    missing = [digests[place] for place in store.missing(view, digests)]
    if missing:
        matrix, found = shared.read(view, missing, encoder.dimensions)
        known = np.flatnonzero(found)
        if len(known):
            store.write(view, [missing[place] for place in known], matrix[known])


# Handlers: what is looked at


def arrive(services: Services, desk: Desk, event: gr.EventData, request: gr.Request) -> Desk:
    """A window opens: it gets its name, and the collection that it had before."""
    told, catalogue = _told(event), open_catalogue(services, request)
    there = catalogue.names()
    collection = next((name for name in (desk.collection, told.get("collection")) if name in there), "")
    desk = replace(desk, actor=views.window_name(told.get("window")), collection=collection).touched()
    return replace(desk, model=_model_of(services, catalogue, desk))


def open_collection(services: Services, desk: Desk, name: str | None, request: gr.Request) -> Any:
    """Put a collection on the desk."""
    if not name or name == desk.collection:
        return gr.skip()
    catalogue = open_catalogue(services, request)
    desk = desk.opened(guards.one_of(name, catalogue.names(), "the collection"))
    return replace(desk, model=_model_of(services, catalogue, desk))


def _model_of(services: Services, catalogue: Catalogue, desk: Desk) -> str:
    """The text-image model that scored the open collection, as far as it is offered; the one before where none of these did."""
    return offered(services, _rule_of(catalogue, desk.collection) if desk.collection in catalogue.names() else None) or desk.model


def _rule_of(catalogue: Catalogue, collection: str) -> Rule | None:
    """The rule of prompts that decides about a collection, if one does."""
    verdict = catalogue.standing(collection).verdict
    return views.rule_in(verdict.rule) if verdict else None


def offered(services: Services, rule: Rule | None) -> str:
    """The name under which the model of a rule is offered; "" where it is not."""
    name = model_name(rule.model_id) if rule else ""
    return name if name in text_models(services) else ""


def look(services: Services, desk: Desk, compare: str | None, asked: Asked, request: gr.Request) -> tuple[Any, ...]:
    """The desk's collection as it stands: the grid's value, the collections, the prompts and what scored them, the saved rules."""
    catalogue = open_catalogue(services, request)
    names = catalogue.names()
    rules = list(catalogue.rules())
    choices = gr.update(choices=names, value=desk.collection if desk.collection in names else None)
    compared = compare if compare in rules else NO_COMPARISON
    saved = (gr.update(choices=rules), gr.update(choices=[("none", NO_COMPARISON), *rules], value=compared))
    if desk.collection not in names:
        return None, choices, *[gr.skip()] * 4, *saved, Asked()
    shown, standing = services.views.look(catalogue, desk.collection, open_store(services, request), open_thumbnails(services, request))
    entry = standing.verdict.rule if standing.verdict else None
    at = float(entry.get("cut", 0.0)) if entry else 0.0
    suggestion = shown.suggestion
    low, high = views.reach(shown)
    answers = sum(reason == views.QUEUE_REASON for _, reason in catalogue.by_hand(desk.collection).values())
    value = ScoreView(
        key=shown.key,
        collection=desk.collection,
        cut=min(max(at, low), high),
        reach=(low, high),
        axis=_axis(shown.rule),
        about=about(shown.rule, entry is not None),
        suggested=suggestion.cut if shown.rule and len(shown.rule.passes) == 1 else None,
        reason=f"{suggestion.reason}." if suggestion.cut is not None else f"No cut is suggested: {suggestion.reason}.",
        compare=compared,
        answers=answers,
        event=standing.event,
        version=desk.version,
        total=len(standing.ids),
        kept=int(standing.kept.sum()),
    )
    now = Asked(desk.collection, "" if shown.rule is None else _question(shown.rule))
    if now == asked or shown.rule is None:
        return value, choices, *[gr.skip()] * 4, *saved, now
    last = shown.rule.passes[-1]
    natural = "margin" if last.negatives else "cosine"
    fields = ("\n".join(last.positives), "\n".join(last.negatives), "auto" if last.method == natural else last.method)
    return value, choices, *fields, offered(services, shown.rule) or gr.skip(), *saved, now


def _question(rule: Rule) -> str:
    return json.dumps([[one.positives, one.negatives, one.method] for one in rule.passes] + [rule.model_id])


def _axis(rule: Rule | None) -> str:
    if rule is None:
        return "score"
    return AXES[rule.passes[0].method] if len(rule.passes) == 1 else "how much better than its cuts"


def about(rule: Rule | None, decided: bool) -> str:
    """The rule and the model in a sentence or two."""
    if rule is None:
        return OWN_RULE if decided else NOT_SCORED
    asked = ", then ".join(
        f"“{', '.join(one.positives)}”" + (f" and not “{', '.join(one.negatives)}”" if one.negatives else "") for one in rule.passes
    )
    named = f"Rule “{rule.name}”: " if rule.name else ""
    return f"{named}{asked}, scored by {rule.model_id}. A threshold belongs to this model and these prompts."


def touched(services: Services, desk: Desk, event: gr.EventData) -> Desk:
    """Something was decided in the page: have it read anew."""
    return _taken_up(services, desk, _told(event).get("key")).touched()


def commit(services: Services, desk: Desk, event: gr.EventData) -> Any:
    """The threshold as the page left it, checked again and written into the catalogue."""
    told = _told(event)
    view, window = services.views.get(told.get("key")), views.window_name(told.get("window"))
    desk = _taken_up(services, desk, view.key)
    if view.collection != desk.collection:
        return gr.skip()
    standing = _rule_of(view.catalogue, view.collection)
    if view.rule is None or (standing is not None and _question(standing) == _question(view.rule)):
        views.move_cut(view, told.get("cut"), window)
    return replace(desk, actor=window).touched()  # where prompts were scored meanwhile, they are shown and the threshold is theirs


def _taken_up(services: Services, desk: Desk, key: object) -> Desk:
    """The desk; with the collection of the view in the page where the server has forgotten it, as it does of who was quiet longest.

    Raises:
        StudioError: the view is gone, too.
    """
    return desk if desk.collection else replace(desk, collection=services.views.get(key).collection)


def sheet(services: Services, event: gr.EventData, request: gr.Request) -> Path:
    """The pictures on show as one PNG."""
    told = _told(event)
    drawn = views.sheet(services.views.get(told.get("key")), told.get("positions"), told.get("kept"))
    path = services.session_folder(request) / guards.file_name("sheet", str(told.get("title"))[:40], secrets.token_hex(3), suffix=".png")
    imaging.save_png(drawn, path)
    return path


def _told(event: gr.EventData) -> dict[str, Any]:
    told = getattr(event, "_data", None)
    return told if isinstance(told, dict) else {}


# Handlers: prompts and rules


def lines(text: object) -> list[str]:
    """Prompts from a field, one a line.

    Raises:
        StudioError: too much text.
    """
    if not isinstance(text, str) or len(text) > MAX_FIELD:
        raise StudioError(f"the prompts have at most {MAX_FIELD} characters together: write fewer")
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def asked_pass(positives: object, negatives: object, method: object) -> Pass:
    """What the fields ask, without a cut.

    Raises:
        StudioError: no prompt, or an impossible one.
    """
    wanted, unwanted = lines(positives), lines(negatives)
    if not wanted:
        raise StudioError("the prompt is empty: write what the pictures should show, such as cityscape")
    chosen = guards.one_of(method, list(METHODS.values()), "the method")
    if chosen == "auto":
        chosen = "margin" if unwanted else "cosine"
    return Pass(prompt_list(wanted), prompt_list(unwanted) if unwanted else (), chosen)


def score(
    services: Services,
    desk: Desk,
    positives: str,
    negatives: str,
    method: str,
    model: str,
    request: gr.Request,
    progress: gr.Progress = gr.Progress(),  # noqa: B008  (Gradio finds it by its default)
) -> tuple[str, str]:
    """Score the open collection; the rule is written into the catalogue, and so is its cut.

    Returns:
        A name for this scoring, upon which the page reads anew whatever it shows by then; and what came of it.
    """
    listen = listening(services, request, WORK, progress)
    return _scored(services, desk, positives, negatives, method, model, request, listen)


def rescore(
    services: Services, desk: Desk, positives: str, negatives: str, method: str, model: str, request: gr.Request
) -> tuple[Any, Any]:
    """Score again when the prompts of a collection that was scored before have changed.

    Passing through a field changes nothing, nor does another model alone: that takes the button.
    """
    if not desk.collection or not lines(positives):
        return gr.skip(), gr.skip()
    catalogue = open_catalogue(services, request)
    rule = _rule_of(catalogue, desk.collection)
    if rule is None or len(rule.passes) != 1:
        return gr.skip(), gr.skip()
    if replace(rule.passes[0], cut=0.0) == asked_pass(positives, negatives, method):
        return gr.skip(), gr.skip()
    return _scored(services, desk, positives, negatives, method, model, request, silent)


def _scored(
    services: Services, desk: Desk, positives: str, negatives: str, method: str, model: str, request: gr.Request, listen: Progress
) -> tuple[str, str]:
    asked = asked_pass(positives, negatives, method)
    encoder = services.encoders.get(guards.one_of(model, text_models(services), "the text-image model"))
    directions(encoder, asked.positives, asked.negatives)
    return _judged(services, desk, Rule("", encoder.model_id, (asked,)), encoder, request, listen, find_cut=True)


def _judged(
    services: Services, desk: Desk, rule: Rule, encoder: Encoder, request: gr.Request, listen: Progress, find_cut: bool
) -> tuple[str, str]:
    """Apply a rule to the open collection and let it stand."""
    begun = time.perf_counter()
    catalogue, collection = open_catalogue(services, request), desk.required()
    store, thumbnails = open_store(services, request), open_thumbnails(services, request)
    if collection == DEMO:
        _lend_vectors(services, catalogue, encoder, store)
    ids, matrix, failed = services.views.vectors(catalogue, collection, encoder, store, thumbnails, listen)
    remark = ""
    if find_cut:
        only = rule.passes[0]
        scores = method_scores(matrix, directions(encoder, only.positives, only.negatives), only.method)
        at, remark = first_cut(catalogue, collection, rule, scores, encoder)
        rule = replace(rule, passes=(replace(only, cut=at),))
    judgement = judge(rule, matrix, encoder)
    standing, cut = judgement.standing
    known = np.isfinite(standing)
    entry = rule.as_json() | {"cut": cut}
    verdict = RuleVerdict(ids[known], judgement.kept[known], standing[known].astype(np.float32), entry)
    catalogue.set_verdict(collection, verdict, desk.actor)
    lost = [(int(ids[place]), why) for place, why in failed]
    return secrets.token_hex(4), summary(catalogue, collection, int(known.sum()), lost, time.perf_counter() - begun) + remark


def read_anew(services: Services, desk: Desk, request: gr.Request) -> Desk:
    """The desk as it is when a scoring has ended, to be read anew; another collection may lie on it than the one that was scored."""
    return replace(desk, model=_model_of(services, open_catalogue(services, request), desk)).touched()


def first_cut(catalogue: Catalogue, collection: str, rule: Rule, scores: np.ndarray, encoder: Encoder) -> tuple[float, str]:
    """Where to cut at first: where the same question was cut before, else where the scores suggest, else at the usual start."""
    standing = _rule_of(catalogue, collection)
    if standing is not None and _question(standing) == _question(rule):
        return standing.passes[0].cut, ""
    suggestion = suggest_cut(scores)
    if suggestion.cut is not None:
        return suggestion.cut, " The cut is the suggested one."
    method = rule.passes[0].method
    return STARTS.get(method, encoder.default_threshold), " The cut is the model's usual start: move it."


def summary(catalogue: Catalogue, collection: str, many: int, failed: Sequence[tuple[int, str]], seconds: float) -> str:
    """One line about a scoring, with the first few pictures that could not be read, given as (id, reason)."""
    text = f"{many:,} picture{'s' * (many != 1)} of {collection} scored in {seconds:.1f} s."
    if failed:
        few = catalogue.some_pictures(collection, [number for number, _ in failed[:NOTED]])
        names = [picture.provenance.name for picture in few]
        named = "; ".join(f"{name}: {reason}" for name, (_, reason) in zip(names, failed, strict=False))
        more = f"; and {len(failed) - NOTED} more" if len(failed) > NOTED else ""
        text += f" {len(failed)} left as they are: {named}{more}."
    return guards.plain(text)


def open_demo(
    services: Services,
    prompt: str,
    desk: Desk,
    request: gr.Request,
    progress: gr.Progress = gr.Progress(),  # noqa: B008
) -> Iterator[tuple[Any, Any, Any]]:
    """One click: the demo collection is opened, and scored against a prompt; gives the desk first, then what `score` gives."""
    catalogue = open_catalogue(services, request)
    if catalogue.ensure(DEMO) or not catalogue.facts(DEMO).pictures:
        catalogue.add(DEMO, demo_files(services))
    desk = desk.opened(DEMO)
    yield desk, gr.skip(), gr.skip()
    listen = listening(services, request, WORK, progress)
    yield gr.skip(), *_scored(services, desk, prompt, "", "auto", SHIPPED_MODEL, request, listen)


def add_preset(name: str, negatives: str) -> str:
    """The unwanted things of a preset, put below those that are there."""
    return "\n".join(dict.fromkeys([*lines(negatives), *NEGATIVES[name]]))


def save_rule(services: Services, desk: Desk, name: str, request: gr.Request) -> tuple[Desk, str, str]:
    """Keep the present rule under a name."""
    catalogue = open_catalogue(services, request)
    rule = _rule_of(catalogue, desk.required())
    if rule is None:
        raise StudioError("there is no rule to save: score the pictures first")
    named = " ".join(str(name).split())
    catalogue.save_rule(named, replace(rule, name=named).as_json())
    return desk.touched(), "", guards.plain(f"Saved: {named}, {rule.sentence()}.")


def use_rule(
    services: Services,
    desk: Desk,
    name: str | None,
    request: gr.Request,
    progress: gr.Progress = gr.Progress(),  # noqa: B008
) -> tuple[str, str]:
    """Let a saved rule decide about the open collection; gives what `score` gives."""
    saved = open_catalogue(services, request).rules()
    rule = Rule.from_json(saved[guards.one_of(name, list(saved), "the saved rule")])
    encoder = services.views.encoder_of(rule.model_id)
    listen = listening(services, request, WORK, progress)
    return _judged(services, desk, rule, encoder, request, listen, find_cut=False)


def forget_rule(services: Services, desk: Desk, name: str | None, request: gr.Request) -> tuple[Desk, Any, str]:
    """Delete a saved rule; what it decided stays."""
    catalogue = open_catalogue(services, request)
    chosen = guards.one_of(name, list(catalogue.rules()), "the saved rule")
    catalogue.delete_rule(chosen)
    return desk.touched(), gr.update(value=None), guards.plain(f"Deleted the rule {chosen}; what it decided stays.")


def text_models(services: Services) -> list[str]:
    """The text-image models one can choose: ours, and OpenAI's where the person's own machine may download it."""
    ours = sorted(services.zoo.names("clip"), key=lambda name: (name != SHIPPED_MODEL, name)) or [SHIPPED_MODEL]
    return [*ours, OPENAI_MODEL] if services.settings.local else ours


def warm_up(services: Services) -> None:
    """Load the encoder, and draw and look at the demo collection, so that the first click is quick."""
    encoder = services.encoders.get()
    encode_prompts(encoder, [DEMO_PROMPT])
    paths = [Path(one.content) for one in demo_files(services) if isinstance(one.content, Path)]
    demo_store(services).vectors([(hashlib.sha256(path.read_bytes()).hexdigest(), path) for path in paths], encoder)


# What programs ask


def score_files(services: Services, files: list[str] | None, prompt: str, threshold: float | None, request: gr.Request) -> str:
    """Score picture files, or one ZIP of them, against a prompt.

    Args:
        files: JPEG, PNG or WEBP pictures.
        prompt: what they should show, in English.
        threshold: pictures that score at least as much are kept; the model's start value when left out.

    Returns:
        JSON as text, of the form that the command line writes: {model, prompt, threshold, scores: [{path, score, kept}], failed: [{path,
        reason}]}, a path being the file's name. Gradio's client would take an object with a path for a file to download.
    """
    cut = None if threshold is None else threshold_value(threshold)
    with tempfile.TemporaryDirectory(dir=services.session_folder(request), ignore_cleanup_errors=True) as unpacked:
        found, failed = given_pictures(services, files, Path(unpacked))
        scoring = score_pictures(services.encoders.get(), [path for path, _ in found], prompt, cut, names=[name for _, name in found])
    told = scoring.as_json()
    told["failed"] += [{"path": name, "reason": reason} for name, reason in failed]
    return json.dumps(told, ensure_ascii=False)


def given_pictures(services: Services, files: Sequence[str] | None, into: Path) -> tuple[list[tuple[Path, str]], list[tuple[str, str]]]:
    """Uploaded pictures, or those of one uploaded ZIP, as (file, name); and (name, reason) of what cannot be taken.

    Args:
        into: an empty folder for what is in a ZIP.

    Raises:
        StudioError: nothing was given, or an archive that cannot be taken.
    """
    paths = [guards.uploaded_file(path) for path in files or ()]
    if not paths:
        raise StudioError("there are no pictures: upload JPEG, PNG or WEBP pictures or a ZIP")
    archives = [path for path in paths if path.suffix.lower() == ".zip"]
    if len(archives) > 1 or (archives and len(paths) > 1):
        raise StudioError(f"one ZIP or single pictures, got {len(paths)} files with {len(archives)} ZIP among them: upload one ZIP alone")
    if not archives:
        return [(path, path.name) for path in paths], []
    cap = services.settings.max_zip_bytes
    if archives[0].stat().st_size > cap:
        raise StudioError(f"{archives[0].name[:80]} has more than the {cap // 2**20} MB allowed: split it")
    found: list[tuple[Path, str]] = []
    failed: list[tuple[str, str]] = []
    for item in zip_pictures(archives[0], most_members=MAX_ARCHIVE_MEMBERS, most_unpacked=MAX_UNPACKED * cap):
        if isinstance(item, Failure):
            failed.append((item.name, item.reason))
        elif isinstance(item.content, bytes):
            path = into / f"{len(found):06}{Path(item.provenance.name).suffix.lower()}"
            path.write_bytes(item.content)
            found.append((path, item.provenance.name))
    return found, failed


# What the grid asks


def answering(services: Services, function: Callable[..., dict[str, Any]], *fields: str, more: Sequence[Any] = ()) -> Callable[..., Any]:
    """A function that the page may call: it finds the view by its key, hands on some fields, and tells errors as sentences."""

    @functools.wraps(function)
    def answer(question: Any) -> dict[str, Any]:
        asked = question if isinstance(question, dict) else {}
        try:
            view = services.views.get(asked.get("key"))
            if not services.settings.local:
                os.utime(view.catalogue.folder.parent)
            return function(view, *[asked.get(name) for name in fields], *more)
        except (StudioError, FileNotFoundError) as error:
            text = views.GONE if isinstance(error, FileNotFoundError) else str(error)
            return {"error": text[:1].upper() + text[1:] + ".", "gone": text == views.GONE}
        except Exception:
            log.exception("unexpected error in %s", function.__name__)
            return {"error": f"{guards.UNEXPECTED}."}

    del answer.__wrapped__  # Gradio would read the signature of what is wrapped
    answer.__annotations__ = {}
    return answer


def answers(services: Services) -> list[Callable[..., Any]]:
    """Everything that the grid asks while a person looks."""
    return [
        answering(services, views.arrays),
        answering(services, views.states),
        answering(services, views.tiles, "positions"),
        answering(services, views.details, "position"),
        answering(services, views.prompts, "position", more=(services.views,)),
        answering(services, views.decide, "positions", "decision", "window", "queued"),
        answering(services, views.turn, "back", "window"),
        answering(services, views.fresh, "event"),
        answering(services, views.queue, "cut", "seed"),
        answering(services, views.estimate, "cut"),
        answering(services, views.groups),
        answering(services, views.disagreement, "name", more=(services.views,)),
    ]


# Layout


def build(services: Services) -> CurateHandles:
    """Lay out the tab and wire its own events."""
    models = text_models(services)
    desk, scored, asked = gr.State(Desk()), gr.State(""), gr.State(Asked())
    with gr.Row(elem_classes="workbench"):
        with gr.Column(scale=0, min_width=300, elem_classes="controls"):
            collection = gr.Dropdown([], value=None, label="Collection", elem_id="curate-collection")
            with gr.Row(elem_classes="looks"):
                examples = tuple(
                    gr.Button(f"Demo: {word}", size="sm", elem_id=f"curate-example-{place}") for place, word in enumerate(PROMPTS)
                )
            with gr.Accordion("Prompts", open=True, elem_id="curate-prompts"):
                positives = gr.Textbox(
                    DEMO_PROMPT,
                    label="What should they show?",
                    info="In English; several lines are one thing in several words.",
                    lines=2,
                    max_lines=6,
                    max_length=MAX_FIELD,
                    elem_id="curate-prompt",
                )
                negatives = gr.Textbox(
                    "",
                    label="And what should they not?",
                    info="One thing a line.",
                    lines=2,
                    max_lines=8,
                    max_length=MAX_FIELD,
                    elem_id="curate-negatives",
                )
                with gr.Row(elem_classes="looks"):
                    presets = tuple(
                        gr.Button(f"+ {title}", size="sm", elem_id=f"curate-preset-{name}")
                        for name, title in (("text", "text"), ("collage", "collage"), ("people", "people"), ("drawing", "drawing"))
                    )
                with gr.Row(elem_classes="side-by-side"):
                    run = gr.Button("Score", variant="primary", elem_id="curate-run", scale=3)
                    halt = gr.Button("Stop", elem_id="curate-stop", scale=1, min_width=80)
                status = gr.Markdown("", elem_id="curate-status", elem_classes="fine-print", label="What was scored")
                method = gr.Dropdown(list(METHODS.items()), value="auto", label="Scored by", elem_id="curate-method")
                model = gr.Dropdown(
                    models, value=models[0], label="Text-image model", visible=len(models) > 1, elem_id="curate-model",
                    info="studio-clip is here at once; ViT-B-32 downloads 350 MB the first time.",
                )  # fmt: skip
            with gr.Accordion("Rules", open=False, elem_id="curate-rules"):
                rule_name = gr.Textbox(label="Save the present rule as", max_lines=1, max_length=80, elem_id="curate-rule-name")
                save = gr.Button("Save rule", elem_id="curate-rule-save")
                saved = gr.Dropdown([], value=None, label="Saved rules", elem_id="curate-rule-saved")
                with gr.Row(elem_classes="side-by-side"):
                    use = gr.Button("Use rule", elem_id="curate-rule-use", min_width=80)
                    forget = gr.Button("Delete", elem_id="curate-rule-delete", min_width=80)
                compare = gr.Dropdown([("none", NO_COMPARISON)], value=NO_COMPARISON, label="Compare with", elem_id="curate-rule-compare")
            if not services.settings.local:
                gr.Markdown(NOT_HERE, elem_classes="fine-print", elem_id="curate-not-here", label="What is not offered here")
        with gr.Column(scale=6, min_width=320), gr.Tabs(elem_id="curate-tabs"):
            with gr.Tab("Pictures", id="curate-pictures", elem_id="curate-tab-pictures"):
                grid = ScoreGrid(label="Scores", empty=EMPTY, answers=answers(services), elem_id="curate-grid")
            with gr.Tab("Bring pictures in", id="curate-collect", elem_id="curate-tab-collect"):
                collect.build(services, desk)
            with gr.Tab("Filters", id="curate-filters", elem_id="curate-tab-filters"):
                found = filters.build(services, desk)
            with gr.Tab("Cut-outs", id="curate-cutouts", elem_id="curate-tab-cutouts"):
                cut = cutouts.build(services, desk)
            with gr.Tab("Export and train", id="curate-export", elem_id="curate-tab-export"):
                export.build(services, desk)
    empty_with_collection(desk, [*found.of_collection, cut.cuts])
    handles = CurateHandles(
        desk, scored, collection, examples, positives, negatives, presets, method, model, run, halt, rule_name, save, saved, use, forget,
        compare, status, grid, Delivery(label="Sheets", elem_id="curate-delivery"), asked,
    )  # fmt: skip
    _wire(services, handles)
    _offer_to_programs(services)
    return handles


def _wire(services: Services, to: CurateHandles) -> None:
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    last: dict[str, Any] = {**quiet, "trigger_mode": "always_last"}
    # A state that changes past the queue tells nobody: only what only shows things may go past it.
    onto_desk: dict[str, Any] = {**last, "concurrency_limit": 8}
    scoring: dict[str, Any] = {
        "api_visibility": "private",
        "concurrency_id": MODEL_QUEUE,
        "show_progress": "full",
        "show_progress_on": to.status,
    }
    told = [to.scored, to.status]
    fields = [to.desk, to.positives, to.negatives, to.method, to.model]
    shown = [to.grid, to.collection, to.positives, to.negatives, to.method, to.model, to.saved, to.compare, to.asked]
    gr.on(
        [to.desk.change, to.compare.change], guards.sentences(look, services), [to.desk, to.compare, to.asked], shown, queue=False, **last
    )
    to.grid.arrive(guards.sentences(arrive, services), to.desk, to.desk, **onto_desk)
    to.grid.commit(guards.sentences(commit, services), to.desk, to.desk, **onto_desk)
    to.grid.decided(guards.sentences(touched, services), to.desk, to.desk, **onto_desk)
    to.grid.refresh(guards.sentences(touched, services), to.desk, to.desk, **onto_desk)
    to.grid.sheet(guards.sentences(sheet, services), None, to.delivery, **quiet)
    to.collection.input(guards.sentences(open_collection, services), [to.desk, to.collection], to.desk, **onto_desk)
    to.scored.change(guards.sentences(read_anew, services), to.desk, to.desk, **onto_desk)
    to.run.click(guards.sentences(score, services), fields, told, **scoring)
    again = {**quiet, "concurrency_id": MODEL_QUEUE, "trigger_mode": "always_last"}
    gr.on(
        [to.positives.blur, to.negatives.blur, to.positives.submit, to.negatives.submit, to.method.input],
        guards.sentences(rescore, services),
        fields,
        told,
        **again,
    )
    for button in to.presets:
        name = str(button.elem_id).removeprefix("curate-preset-")
        added = button.click(guards.sentences(add_preset, name), to.negatives, to.negatives, queue=False, **quiet)
        added.then(guards.sentences(rescore, services), fields, told, **again)
    for button, word in zip(to.examples, PROMPTS, strict=True):
        button.click(guards.sentences(open_demo, services, word), to.desk, [to.desk, *told], **scoring)
    to.stop.click(guards.sentences(ask_to_stop, services, WORK), None, None, queue=False, **quiet)
    gr.on(
        [to.save.click, to.rule_name.submit],
        guards.sentences(save_rule, services),
        [to.desk, to.rule_name],
        [to.desk, to.rule_name, to.status],
        **quiet,
    )
    to.use.click(guards.sentences(use_rule, services), [to.desk, to.saved], told, **scoring)
    to.forget.click(guards.sentences(forget_rule, services), [to.desk, to.saved], [to.desk, to.saved, to.status], **quiet)


def _offer_to_programs(services: Services) -> None:
    """The public endpoint, with fields of its own."""
    with gr.Row(visible=False):
        files, prompt = gr.File(file_count="multiple", label="Files"), gr.Textbox(label="Prompt")
        threshold, answer, asked = gr.Number(None, label="Threshold"), gr.Textbox(label="Scores"), gr.Button("Score files")
    asked.click(
        guards.sentences(score_files, services),
        [files, prompt, threshold],
        answer,
        api_name="score",
        api_visibility="public",
        concurrency_id=MODEL_QUEUE,
    )
