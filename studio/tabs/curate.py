"""Curate: pictures filtered by what they show, with the threshold on the histogram of their scores."""

import hashlib
import json
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from engines.curation import collection as collections
from engines.curation.collection import MAX_CELLS, Collection, Sources, key_of, prepare, thumbnail_sheet
from engines.curation.encoder import OPENAI_MODEL, SHIPPED_MODEL, Encoder, encode_prompts, prompt_value
from engines.curation.export import PARTS, export_zip
from engines.curation.scoring import cosine_scores, histogram, kept_mask, nearest_cut_first, score_pictures, threshold_value
from engines.curation.sources.archive import unpack_zip
from engines.curation.sources.drawn import drawn_collection
from engines.curation.sources.files import from_files, from_folder
from engines.errors import Cancelled, StudioError
from engines.exploration.sampling import sample_recipes
from engines.paths import replacing
from engines.progress import Progress
from engines.recipe import Recipe
from studio import guards
from studio.components.delivery import Delivery
from studio.components.score_grid import STEP, ScoreGrid, ScoreView, Side
from studio.state import Services

MODEL_QUEUE = "model"
DEMO = "Demo collection"
UPLOAD = "Your pictures"
FOLDER = "A folder here"
DEMO_COUNT = 240
DEMO_MODELS = ("cityscape", "clothing")
DEMO_TRUNCATION = 0.8
DEMO_PROMPT = "cityscape"
DEMO_ORIGIN = "the demo collection"
PROMPTS = ("cityscape", "t-shirt", "shoes", "dress")
STOP_FILE = "stop"
BINS = 48
KEPT_SHEETS = 12
NOTED = 3
INTRODUCTION = "Say what the pictures should show, and put the threshold where the right ones begin."
EMPTY = "Score the demo collection for “cityscape” with one click above, or bring your own pictures."
UPLOAD_INFO = "JPEG, PNG or WEBP pictures, or one ZIP of them"
RIGHTS_INFO = "Recorded in the manifest of what you export. Without it the manifest says “unknown”."
NO_FOLDER = "Folders on the machine itself can be read only when Atelier runs on your own."
NO_RIGHTS = "Rights for training are not recorded here: this studio is shared and nothing is trained on it."


@dataclass(frozen=True)
class Scored:
    """What a session looks at: where its collection and scores lie, what was asked, and the cut.

    Attributes:
        key: names this scoring; empty before the first.
        collection: folder of the collection; scores: file with each picture's score, float64.
        start: the cut at first, always within the slider's reach.
    """

    key: str = ""
    collection: str = ""
    scores: str = ""
    prompt: str = ""
    threshold: float = 0.0
    start: float = 0.0


@dataclass(frozen=True)
class CurateHandles:
    """The components that `studio.app` and tests may use."""

    source: gr.Radio
    files: gr.File
    folder: gr.Textbox | None
    rights: gr.Checkbox | None
    model: gr.Dropdown
    prompt: gr.Textbox
    run: gr.Button
    stop: gr.Button
    examples: tuple[gr.Button, ...]
    status: gr.Markdown
    grid: ScoreGrid
    part: gr.Radio
    export: gr.Button
    delivery: Delivery
    scored: gr.State


# Pictures


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


def demo_collection(services: Services, encoder: Encoder, progress: Progress) -> Collection:
    """The demo collection, drawn and looked at once for each encoder, then read from the studio's own cache."""
    weights = [services.zoo.card(name).weights_sha256 for name in demo_models(services)]
    named = hashlib.sha256(json.dumps([weights, DEMO_COUNT, DEMO_TRUNCATION]).encode()).hexdigest()[:16]
    folder = services.settings.home / "cache" / "demo" / named
    seen = hashlib.sha256(encoder.model_id.encode()).hexdigest()[:12]
    with services.once:
        sources = drawn_collection(folder / "pictures", DEMO_ORIGIN, lambda: demo_pictures(services))
        return prepare(sources, folder / f"seen-{seen}", encoder, progress)


def given_sources(
    services: Services,
    source: str,
    files: Sequence[str] | None,
    folder_name: str | None,
    rights: bool | None,
    session: Path,
    progress: Progress,
) -> Sources:
    """The pictures that a person chose: uploads (a ZIP among them is unpacked into the session's folder) or a local folder.

    Raises:
        StudioError: nothing chosen, a folder where none may be read, or an archive that cannot be taken.
        Cancelled: when `progress` says so.
    """
    settings = services.settings
    allowed = "yes" if rights is True and settings.local else "unknown"
    if source == FOLDER:
        if not settings.local:
            raise StudioError("folders on the machine can be read only when Atelier runs on your own: upload the pictures instead")
        if not isinstance(folder_name, str) or not folder_name.strip():
            raise StudioError("no folder was named: write its path, such as ~/photographs")
        return from_folder(Path(folder_name.strip()).expanduser(), allowed)
    paths = [guards.uploaded_file(path) for path in files or ()]
    if not paths:
        raise StudioError("there are no pictures: upload JPEG, PNG or WEBP pictures or a ZIP, or choose the demo collection")
    archives = [path for path in paths if path.suffix.lower() == ".zip"]
    if len(archives) > 1 or (archives and len(paths) > 1):
        raise StudioError(f"one ZIP or single pictures, got {len(paths)} files with {len(archives)} ZIP among them: upload one ZIP alone")
    if not archives:
        return from_files(paths, allowed)
    into = session / "unpacked" / hashlib.sha256(f"{archives[0]} {archives[0].stat().st_mtime_ns}".encode()).hexdigest()[:16]
    into.mkdir(parents=True, exist_ok=True)
    return unpack_zip(archives[0], into, settings.max_zip_bytes, allowed, progress)


# Handlers


def score(
    services: Services,
    source: str,
    files: list[str] | None,
    folder_name: str | None,
    rights: bool | None,
    model: str,
    prompt: str,
    request: gr.Request,
    progress: gr.Progress = gr.Progress(),  # noqa: B008  (Gradio finds it by its default)
) -> tuple[ScoreView, Scored, str]:
    """Score the chosen pictures; gives the view, what the session remembers, and one line about it."""
    begun = time.perf_counter()
    session = services.session_folder(request)
    chosen = guards.one_of(source, [DEMO, UPLOAD, FOLDER], "the source of pictures")
    wanted = prompt_value(prompt)
    encoder = services.encoders.get(guards.one_of(model, text_models(services), "the text-image model"))
    vector = encode_prompts(encoder, [wanted])[0]
    listen = _listening(session, progress)
    if chosen == DEMO:
        looked = demo_collection(services, encoder, listen)
    else:
        sources = given_sources(services, chosen, files, folder_name, rights, session, listen)
        looked = prepare(sources, session / "collections" / key_of(sources), encoder, listen)
    scores = cosine_scores(looked.vectors, vector)
    key = secrets.token_hex(8)
    stored = session / f"scores-{key}.npy"
    with replacing(stored) as temporary, temporary.open("wb") as handle:
        np.save(handle, scores)
    start = encoder.default_threshold
    scored = Scored(key, str(looked.folder), str(stored), wanted, start, start)
    return view(looked, scores, scored, session), scored, summary(looked, time.perf_counter() - begun)


def score_demo(
    services: Services,
    prompt: str,
    request: gr.Request,
    progress: gr.Progress = gr.Progress(),  # noqa: B008
) -> tuple[ScoreView, Scored, str, str, str, str]:
    """One click: the demo collection against a prompt; gives also the fields as they are then."""
    shown, scored, line = score(services, DEMO, None, None, False, SHIPPED_MODEL, prompt, request, progress)
    return shown, scored, line, DEMO, SHIPPED_MODEL, prompt


def _listening(session: Path, shown: gr.Progress) -> Progress:
    """Progress in the page that also hears the Stop button."""
    stop = session / STOP_FILE
    stop.unlink(missing_ok=True)

    def report(done: int, total: int, message: str = "") -> None:
        if stop.exists():
            stop.unlink(missing_ok=True)
            raise Cancelled
        shown((done, total), desc=message, unit="pictures")

    return report


def stop(services: Services, request: gr.Request) -> None:
    """Ask the session's running work to stop."""
    (services.session_folder(request) / STOP_FILE).touch()


def commit(services: Services, scored: Scored, event: gr.EventData, request: gr.Request) -> tuple[Any, Any]:
    """The threshold as the page left it, checked again, with the pictures around it."""
    data = getattr(event, "_data", None)
    data = data if isinstance(data, dict) else {}
    if not scored.key or data.get("key") != scored.key:
        return gr.skip(), gr.skip()
    session = services.session_folder(request)
    moved = replace(scored, threshold=threshold_value(data.get("threshold")))
    looked, scores = _remembered(moved)
    return view(looked, scores, moved, session), moved


def export(services: Services, scored: Scored, part: str, request: gr.Request) -> Path:
    """A ZIP with the kept, the dropped or all pictures and the manifest.

    Raises:
        StudioError: nothing was scored yet, or the part is empty.
    """
    chosen = guards.one_of(part, PARTS, "the part to export")
    looked, scores = _remembered(scored)
    session = services.session_folder(request)
    path = session / guards.file_name(scored.prompt, chosen, secrets.token_hex(3), suffix=".zip")
    export_zip(looked, scores, scored.prompt, scored.threshold, chosen, path)
    return path


def _remembered(scored: Scored) -> tuple[Collection, np.ndarray]:
    if not scored.key:
        raise StudioError("nothing was scored yet: score some pictures first")
    looked = collections.read(Path(scored.collection))
    if looked is None or not Path(scored.scores).is_file():
        raise StudioError("these scores are gone, because the studio keeps them for an hour: score the pictures again")
    return looked, np.load(scored.scores)


def view(looked: Collection, scores: np.ndarray, scored: Scored, session: Path) -> ScoreView:
    """Histogram, counts and the pictures on either side of the cut, with their thumbnails written into the session's folder."""
    bins = histogram(scores, BINS)
    cut = scored.threshold
    kept = kept_mask(scores, cut)
    order = nearest_cut_first(scores, cut)
    folder = session / f"view-{scored.key}"
    sides = [_side(looked, scores, order[kept[order] == wanted], folder) for wanted in (True, False)]
    _forget_old_sheets(folder)
    sorted_scores = session / f"scores-{scored.key}.json"
    if not sorted_scores.exists():
        with replacing(sorted_scores) as temporary:
            temporary.write_text(json.dumps(np.sort(scores).tolist()))
    low, high = min(float(bins.edges[0]), cut, scored.start), max(float(bins.edges[-1]), cut, scored.start)
    low, high = np.floor(low / STEP) * STEP, np.ceil(high / STEP) * STEP
    return ScoreView(
        key=scored.key,
        prompt=scored.prompt,
        model=looked.model_id,
        threshold=cut,
        low=round(float(low), 3),
        high=round(float(high), 3),
        counts=tuple(bins.counts.tolist()),
        edges=(float(bins.edges[0]), float(bins.edges[-1])),
        scores=sorted_scores,
        kept=sides[0],
        dropped=sides[1],
    )


def _side(looked: Collection, scores: np.ndarray, places: np.ndarray, folder: Path) -> Side:
    near = places[:MAX_CELLS].tolist()
    sheet = None
    if near:
        sheet = folder / f"{hashlib.sha256(json.dumps(near).encode()).hexdigest()[:16]}.webp"
        if sheet.exists():
            sheet.touch()
        else:
            thumbnail_sheet(looked, near, sheet)
    names = tuple(looked.sources.pictures[place].name for place in near)
    return Side(names, tuple(float(scores[place]) for place in near), sheet, len(places))


def _forget_old_sheets(folder: Path) -> None:
    """Keep the sheets of the last few cuts: the page may still be reading the one before."""
    sheets = sorted(folder.glob("*.webp"), key=lambda path: path.stat().st_mtime_ns)
    for sheet in sheets[:-KEPT_SHEETS]:
        sheet.unlink(missing_ok=True)


def summary(looked: Collection, seconds: float) -> str:
    """One line about a scoring, with the first few pictures that could not be read."""
    many = len(looked.vectors)
    text = f"{many:,} picture{'s' * (many != 1)} from {looked.sources.origin} scored in {seconds:.1f} s."
    failed = looked.sources.failed
    if failed:
        named = "; ".join(f"{name}: {reason}" for name, reason in failed[:NOTED])
        more = f"; and {len(failed) - NOTED} more" if len(failed) > NOTED else ""
        text += f" {len(failed)} left out: {named}{more}."
    return _plain(text)


def _plain(text: str) -> str:
    """Text for a Markdown field in which nothing is markup: names come from anybody."""
    marks = {"<": "‹", ">": "›", "*": "∗", "_": "\\_", "`": "'", "[": "(", "]": ")", "#": "\\#", "|": "/", "$": "＄", "\n": " "}
    return "".join(marks.get(letter, letter) for letter in text)


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
    wanted = prompt_value(prompt)
    cut = None if threshold is None else threshold_value(threshold)
    session = services.session_folder(request)
    sources = given_sources(services, UPLOAD, files, None, False, session, lambda done, total, message="": None)
    paths, names = [source.path for source in sources.pictures], [source.name for source in sources.pictures]
    scoring = score_pictures(services.encoders.get(), paths, wanted, cut, names=names).as_json()
    scoring["failed"] += [{"path": name, "reason": reason} for name, reason in sources.failed]
    return json.dumps(scoring, ensure_ascii=False)


def text_models(services: Services) -> list[str]:
    """The text-image models one can choose: ours, and OpenAI's where the person's own machine may download it."""
    ours = sorted(services.zoo.names("clip"), key=lambda name: (name != SHIPPED_MODEL, name)) or [SHIPPED_MODEL]
    return [*ours, OPENAI_MODEL] if services.settings.local else ours


def chosen_source(source: str) -> tuple[Any, ...]:
    """Which fields belong to a source: uploads, folder, rights."""
    return gr.update(visible=source == UPLOAD), gr.update(visible=source == FOLDER), gr.update(visible=source != DEMO)


def warm_up(services: Services) -> None:
    """Load the encoder and make the demo collection, so that the first click is quick."""
    encoder = services.encoders.get()
    encode_prompts(encoder, [DEMO_PROMPT])
    demo_collection(services, encoder, lambda done, total, message="": None)


# Layout


def build(services: Services) -> CurateHandles:
    """Lay out the tab and wire its own events."""
    local = services.settings.local
    models = text_models(services)
    gr.Markdown(INTRODUCTION, elem_classes="lead", label="Curate")
    with gr.Row(elem_classes="workbench"):
        with gr.Column(scale=0, min_width=300, elem_classes="controls"):
            source = gr.Radio([DEMO, UPLOAD, *([FOLDER] if local else [])], value=DEMO, label="Pictures", elem_id="curate-source")
            files = gr.File(
                file_count="multiple", file_types=[".jpg", ".jpeg", ".png", ".webp", ".zip"], label=UPLOAD_INFO, visible=False,
                elem_id="curate-files", height=150,
            )  # fmt: skip
            folder = rights = None
            if local:
                folder = gr.Textbox(
                    label="Folder", placeholder="~/photographs", max_lines=1, max_length=1000, visible=False, elem_id="curate-folder"
                )
                rights = gr.Checkbox(False, label="I may train on these", info=RIGHTS_INFO, visible=False, elem_id="curate-rights")
            else:
                gr.Markdown(
                    f"{NO_FOLDER} {NO_RIGHTS}", elem_classes="fine-print", elem_id="curate-not-here", label="What is not offered here"
                )
            prompt = gr.Textbox(
                DEMO_PROMPT,
                label="What should they show?",
                info="A word or a few, in English.",
                max_lines=1,
                max_length=300,
                elem_id="curate-prompt",
            )
            model = gr.Dropdown(
                models, value=models[0], label="Text-image model", visible=len(models) > 1, elem_id="curate-model",
                info="studio-clip is here at once; ViT-B-32 downloads 350 MB the first time.",
            )  # fmt: skip
            with gr.Row(elem_classes="side-by-side"):
                run = gr.Button("Score", variant="primary", elem_id="curate-run", scale=3)
                halt = gr.Button("Stop", elem_id="curate-stop", scale=1, min_width=80)
            part = gr.Radio(
                list(PARTS), value=PARTS[0], label="Export", info="A ZIP of the pictures with a manifest.", elem_id="curate-part"
            )
            leave = gr.Button("Export as ZIP", elem_id="curate-export")
        with gr.Column(scale=6, min_width=320):
            with gr.Row(elem_classes="looks"):
                examples = tuple(
                    gr.Button(f"Demo: {word}", size="sm", elem_id=f"curate-example-{place}") for place, word in enumerate(PROMPTS)
                )
            status = gr.Markdown("", elem_id="curate-status", elem_classes="fine-print", label="What was scored")
            grid = ScoreGrid(label="Scores", empty=EMPTY, elem_id="curate-grid")
    handles = CurateHandles(
        source, files, folder, rights, model, prompt, run, halt, examples, status, grid, part, leave,
        Delivery(label="Exported pictures", elem_id="curate-delivery"), gr.State(Scored(), time_to_live=3600),
    )  # fmt: skip
    _wire(services, handles)
    _offer_to_programs(services)
    return handles


def _wire(services: Services, to: CurateHandles) -> None:
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    scoring: dict[str, Any] = {
        "api_visibility": "private",
        "concurrency_id": MODEL_QUEUE,
        "show_progress": "full",
        "show_progress_on": to.grid,
    }
    shown = [to.grid, to.scored, to.status]
    absent = gr.State(None)
    fields = [to.source, to.files, to.folder or absent, to.rights or absent, to.model, to.prompt]
    gr.on([to.run.click, to.prompt.submit], guards.sentences(score, services), fields, shown, **scoring)
    for button, word in zip(to.examples, PROMPTS, strict=True):
        button.click(guards.sentences(score_demo, services, word), None, [*shown, to.source, to.model, to.prompt], **scoring)
    to.stop.click(guards.sentences(stop, services), None, None, queue=False, **quiet)
    to.grid.commit(guards.sentences(commit, services), to.scored, [to.grid, to.scored], queue=False, trigger_mode="always_last", **quiet)
    to.export.click(guards.sentences(export, services), [to.scored, to.part], to.delivery, **quiet)
    if to.folder is not None and to.rights is not None:
        to.source.change(guards.sentences(chosen_source), to.source, [to.files, to.folder, to.rights], queue=False, **quiet)
    else:
        to.source.change(guards.sentences(lambda source: chosen_source(source)[0]), to.source, to.files, queue=False, **quiet)


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
