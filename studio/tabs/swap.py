"""Texture swap: leather to denim and back, of any picture, with the way back beside it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from engines import imaging
from engines.errors import StudioError
from engines.models.card import Card
from engines.models.zoo import Zoo
from engines.production.rendering import proven_recipe
from engines.recipe import Sample, file_hash, save_with_recipe
from engines.translation.swap import Swapped, swap_recipe
from studio import guards
from studio.components.compare import Compare, Comparison
from studio.components.picture_grid import PictureGrid, Tiles, save_sprite
from studio.components.picture_row import NamedPicture, PictureRow
from studio.components.uploaded_image import UploadedImage
from studio.state import Services

PREFERRED_MODEL = "leather-denim"
EXAMPLE_MODEL = "materials"
EXAMPLES_A_CLASS = 4
EXAMPLE_TRUNCATION = 0.7
EXAMPLE_SIDE = 128
PREVIEW_SIDE = 1600
MODEL_QUEUE = "model"
ROWS = ("Original", "Generated", "Recovered")
INTRODUCTION = "Give a leather garment the texture of denim, or denim that of leather."
EXAMPLES_NOTE = "Or choose a garment drawn here and now:"
EMPTY = "Choose an example, or upload a picture of a garment. It appears here before and after, with a divider to move between them."
NOTE = (
    "It is meant for garments, never for the person who wears them. It does best on single garments on plain ground: it sees the whole "
    "picture, so skin, hair and backgrounds drift in colour, and faces smear. *Recovered* is the way back: the nearer it comes to the "
    "original, the more of the garment was kept. The download carries its recipe, with the fingerprint of your picture."
)


@dataclass(frozen=True)
class SwapHandles:
    """The components that `studio.app` and tests may use, and the recipes behind the examples."""

    picture: UploadedImage
    target: gr.Radio
    model: gr.Dropdown
    run: gr.Button
    examples: PictureGrid
    result: Compare
    rows: PictureRow
    download: gr.DownloadButton
    line: gr.Markdown
    there: gr.State
    recipes: tuple[Sample, ...]


@dataclass(frozen=True)
class SwapResult:
    """A swap as files.

    Attributes:
        download: the generated picture at full size, its recipe inside.
        original, generated, recovered: the three rows as the page shows them, at most `PREVIEW_SIDE` pixels a side.
        size: width and height of these three.
    """

    download: Path
    original: Path
    generated: Path
    recovered: Path
    size: tuple[int, int]


def directions(classes: Sequence[str]) -> list[tuple[str, str]]:
    """The ways a translator goes, as (label, target), the one to the first class first."""
    return [(f"{other} → {target}", target) for target in classes for other in classes if other != target]


def example_recipes(zoo: Zoo, classes: Sequence[str]) -> list[Sample]:
    """Garments to try, for the shipped generator to draw: a few of each class that it shares with the translator; none without it."""
    if EXAMPLE_MODEL not in zoo.names("generator"):
        return []
    card = zoo.card(EXAMPLE_MODEL)
    return [
        Sample(card.name, card.weights_sha256, card.rights, seed, EXAMPLE_TRUNCATION, name)
        for name in reversed(classes)
        if name in card.classes
        for seed in range(EXAMPLES_A_CLASS)
    ]


def write_example(services: Services, recipe: Sample, folder: Path) -> Path:
    """Draw an example garment and write it as a PNG with its recipe."""
    path = folder / guards.file_name(recipe.model, recipe.class_name or "", recipe.seed, suffix=".png")
    save_with_recipe(services.draw([recipe])[0], path, recipe)
    return path


def swap_picture(services: Services, picture: str | Path | None, target: object, model: object, folder: Path) -> SwapResult:
    """Swap a picture file and write what comes out below `folder`.

    Raises:
        StudioError: no picture, one that cannot be opened, or an unknown model or class.
    """
    name = guards.one_of(model, services.zoo.names("translator"), "the model")
    translator = services.zoo.translator(name)
    chosen = guards.one_of(target, translator.card.classes, "the direction")
    if not picture:
        raise StudioError("there is no picture yet: upload one, or choose an example")
    path = Path(picture)
    original = imaging.safe_open(path)
    fingerprint = file_hash(path)
    recipe = swap_recipe(translator, chosen, fingerprint, proven_recipe(path, services.render))
    swapped = services.swap(name, original, chosen)
    download = folder / guards.file_name(path.stem[:60], chosen, fingerprint[:8], suffix=".png")
    save_with_recipe(swapped.generated, download, recipe)
    return _written(swapped, download)


def _written(swapped: Swapped, download: Path) -> SwapResult:
    """Write the three rows beside the download; where nothing is made smaller, the download is the generated one itself."""
    size = _preview(swapped.original).size
    files = {name: download.with_name(f"{download.stem}-{name}.png") for name in ("original", "generated", "recovered")}
    if size == swapped.original.size:
        files["generated"] = download
    for name, path in files.items():
        if path != download:
            imaging.save_png(_preview(getattr(swapped, name)), path)
    return SwapResult(download, size=size, **files)


def _preview(picture: Image.Image) -> Image.Image:
    scale = PREVIEW_SIDE / max(picture.size)
    if scale >= 1:
        return picture
    return picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))), Image.Resampling.LANCZOS)


def show_examples(services: Services, recipes: Sequence[Sample], there: bool, request: gr.Request) -> tuple[Any, bool]:
    """The example garments, drawn when the tab is opened for the first time; and that they are there."""
    if there or not recipes:
        return gr.skip(), there
    labels = tuple(f"{recipe.class_name} {recipe.seed + 1}" for recipe in recipes)
    sheet = save_sprite(services.draw(recipes), EXAMPLES_A_CLASS, services.session_folder(request), side=EXAMPLE_SIDE)
    return Tiles("examples", labels, sheet, EXAMPLES_A_CLASS, len(recipes)), True


def swap_upload(services: Services, picture: str | None, target: str, model: str, request: gr.Request) -> list[Any]:
    """Swap the picture on show: everything that the page shows of a result."""
    begun = time.perf_counter()
    result = swap_picture(services, picture, target, model, services.session_folder(request))
    return _shown(services, result, target, model, time.perf_counter() - begun)


def swap_example(services: Services, recipes: Sequence[Sample], model: str, event: gr.EventData, request: gr.Request) -> list[Any]:
    """Draw the example that was chosen and swap it the other way: picture, direction and everything that the page shows of a result.

    Raises:
        StudioError: the page named an example that does not exist.
    """
    places = event._data.get("places")
    place = places[0] if isinstance(places, list) and places else None
    if place is None:
        return [gr.skip()] * 6
    recipe = recipes[guards.finite_int(place, "the example", 0, len(recipes) - 1)]
    target = next(name for name in services.zoo.translator(model).card.classes if name != recipe.class_name)
    begun, folder = time.perf_counter(), services.session_folder(request)
    path = write_example(services, recipe, folder)
    result = swap_picture(services, path, target, model, folder)
    return [str(path), target, *_shown(services, result, target, model, time.perf_counter() - begun)]


def swap(services: Services, picture: str | None, target: str, model: str, request: gr.Request) -> str:
    """Swap the texture of a garment: a PNG of the picture's size with its recipe inside.

    Args:
        picture: a JPEG, PNG or WEBP file.
        target: what it becomes, such as "denim".
        model: a translator, such as "leather-denim".
    """
    return str(swap_picture(services, picture, target, model, services.session_folder(request)).download)


def _shown(services: Services, result: SwapResult, target: str, model: str, seconds: float) -> list[Any]:
    """Before and after, the three rows, the download, and one line on what was done."""
    other = next(name for name in services.zoo.card(model).classes if name != target)
    notes = ("as it came", f"swapped to {target}", f"swapped back to {other}")
    files = (result.original, result.generated, result.recovered)
    rows = [NamedPicture(path, name, note, result.size) for path, name, note in zip(files, ROWS, notes, strict=True)]
    line = f"{other} → {target} by the model **{model}** in {seconds:.1f} s."
    before_and_after = Comparison(result.original, result.generated, "original", target, result.size)
    return [before_and_after, rows, gr.DownloadButton(value=str(result.download), interactive=True), line]


def build(services: Services) -> SwapHandles:
    """Lay out the tab and wire its own events."""
    models = sorted(services.zoo.names("translator"), key=lambda name: (name != PREFERRED_MODEL, name))
    first = services.zoo.card(models[0]) if models else None
    ways = directions(first.classes) if first else []
    examples = example_recipes(services.zoo, first.classes if first else ())
    gr.Markdown(INTRODUCTION, elem_classes="lead", label="Texture swap")
    with gr.Row(elem_classes="workbench"):
        with gr.Column(scale=0, min_width=300, elem_classes="controls"):
            picture = UploadedImage(label="Your picture", height=230, elem_id="swap-picture")
            target = gr.Radio(ways, value=ways[0][1] if ways else None, label="Direction", elem_id="swap-direction")
            model = gr.Dropdown(models, value=models[0] if models else None, label="Model", visible=len(models) > 1, elem_id="swap-model")
            run = gr.Button("Swap the texture", variant="primary", elem_id="swap-run")
            gr.Markdown(EXAMPLES_NOTE, elem_classes="fine-print", label="Examples", visible=bool(examples))
            grid = PictureGrid(label="Example garments", marks=("✓",), visible=bool(examples), elem_id="swap-examples")
        with gr.Column(scale=6, min_width=320):
            result = Compare(label="Before and after", empty=EMPTY, elem_id="swap-compare")
            line = gr.Markdown(described(first), label="What was done", elem_id="swap-status", elem_classes="fine-print")
            rows = PictureRow(label="Original, generated, recovered", elem_id="swap-rows")
            with gr.Row(elem_classes="looks"):
                download = gr.DownloadButton("Download PNG", size="sm", interactive=False, elem_id="swap-download")
    gr.Markdown(f"{NOTE}\n\n*Rights:* {first.rights}" if first else NOTE, elem_classes="fine-print", label="What it does, and rights")
    there = gr.State(False)
    handles = SwapHandles(
        picture, target, model, run, grid, result, rows, download, line, there, tuple(examples)
    )  # fmt: skip
    _wire(services, handles)
    _offer_to_programs(services, models[0] if models else "")
    return handles


def _wire(services: Services, to: SwapHandles) -> None:
    shown = [to.result, to.rows, to.download, to.line]
    asked = [to.picture, to.target, to.model]
    drawing: dict[str, Any] = {"concurrency_id": MODEL_QUEUE, "api_visibility": "private", "show_progress_on": to.result}
    to.run.click(guards.sentences(swap_upload, services), asked, shown, **drawing)
    to.examples.pick(guards.sentences(swap_example, services, to.recipes), to.model, [to.picture, to.target, *shown], **drawing)
    to.model.input(
        guards.sentences(change_model, services),
        to.model,
        [to.target, to.line],
        queue=False,
        api_visibility="private",
        show_progress="hidden",
    )


def _offer_to_programs(services: Services, first: str) -> None:
    """The public endpoint; but for the picture its fields are text, so that a wrong value gets our sentence."""
    with gr.Row(visible=False):
        picture = UploadedImage(label="Picture")
        target, model = gr.Textbox(label="Target"), gr.Textbox(first, label="Model")
        file, asked = gr.File(label="Swapped"), gr.Button("Swap")
    fields = [picture, target, model]
    asked.click(guards.sentences(swap, services), fields, file, api_name="swap", api_visibility="public", concurrency_id=MODEL_QUEUE)


def draw_at_first_visit(services: Services, to: SwapHandles, tab: gr.Tab) -> None:
    """Let the examples be drawn when their tab is opened for the first time."""
    tab.select(
        guards.sentences(show_examples, services, to.recipes),
        to.there,
        [to.examples, to.there],
        concurrency_id=MODEL_QUEUE,
        show_progress="hidden",
        api_visibility="private",
    )


def change_model(services: Services, model: str) -> tuple[Any, str]:
    """The ways that a model goes, and what it is."""
    card = services.zoo.card(guards.one_of(model, services.zoo.names("translator"), "the model"))
    ways = directions(card.classes)
    return gr.update(choices=ways, value=ways[0][1]), described(card)


def described(card: Card | None) -> str:
    """What swaps here, before anything was swapped."""
    if card is None:
        return "There is no model here that swaps textures: put one into the models folder and start Atelier again."
    return f"Swapped by **{card.name}**. {card.summary}"
