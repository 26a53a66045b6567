"""Texture swap: a garment from leather to denim and back, with everything around it as it was."""

import os
import time
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from engines import imaging
from engines.errors import StudioError
from engines.models.card import Card
from engines.models.zoo import Zoo
from engines.paths import replacing
from engines.production.rendering import proven_recipe
from engines.recipe import AS_DRAWN, MAX_FEATHER, MAX_PERCENT, Look, Mask, Sample, file_hash, look_value, save_with_recipe
from engines.translation.batch import Outcome, Place, places_of, swap_each
from engines.translation.familiarity import read_familiar, unfamiliar
from engines.translation.garment_mask import drawn_mask, find_garment, weight_of
from engines.translation.swap import Swapped, swap_recipe
from engines.translation.washes import washes
from studio import graphics, guards
from studio.components.bounded import Slider
from studio.components.compare import Compare, Comparison
from studio.components.delivery import Delivery
from studio.components.mask_editor import SIDE as MASK_SIDE
from studio.components.mask_editor import MaskDrawing, MaskEditor, MaskView
from studio.components.picture_grid import PictureGrid, Tiles, save_sprite
from studio.components.picture_row import NamedPicture, PictureRow
from studio.components.uploaded_image import UploadedImage
from studio.state import Services
from studio.turns import MODEL_QUEUE

PREFERRED_MODEL = "leather-denim"
EXAMPLE_MODEL = "materials"
EXAMPLES_A_CLASS = 4
EXAMPLE_SEEDS = {"leather": (5, 26, 27, 4), "denim": (6, 10, 35, 23)}
"""What of the shipped weights to try: whole garments, of several kinds."""
EXAMPLE_TRUNCATION = 0.7
EXAMPLE_SIDE = 128
PREVIEW_SIDE = 1600
FAMILIAR_SIDE = 384
MANY_QUEUE = "many swaps"
MOST_FILES = 500
NOTED = 6
SHOWN = 5
"""How many components `swap_upload` fills."""
STOP_FILE = "stop-swapping"
ROWS = ("Original", "Generated", "Recovered")
GARMENT, WHOLE = "Only the garment", "The whole picture"
OWN_COLOUR = "As drawn"
INTRODUCTION = "Give a leather garment the texture of denim, or denim that of leather. Only the garment changes."
EXAMPLES_NOTE = "Or choose a garment drawn here and now:"
EMPTY = "Choose an example, or upload a picture of a garment. It appears here before and after, with a divider to move between them."
EMPTY_MASK = "The garment is found as soon as a picture is there. Paint over what was missed, erase what should stay."
NOTE = (
    "It is meant for garments, never for the person who wears them: what lies outside the mask stays as it was, bit for bit. "
    "*Recovered* is the way back: the nearer it comes to the original, the more of the garment was kept. The download has the size of your "
    "picture and carries its recipe, with the mask and the fingerprint of your picture."
)
MANY_NOTE = (
    "The settings above hold for every picture; each garment is found by itself. Stopped and started again, it goes on where it was."
)


@dataclass(frozen=True)
class Fields:
    """What the fields of the page say, in the order in which they come; every one is checked where it is used."""

    model: str
    strength: float = 100
    colour: float = 100
    texture: float = 100
    shading: float = 100
    wash: str = OWN_COLOUR
    where: str = GARMENT
    feather: float = Mask().feather

    @property
    def look(self) -> Look:
        """As `look_of` gives it."""
        return look_of(self.strength, self.colour, self.texture, self.shading, self.wash)

    def mask(self, drawing: MaskDrawing | None = None, key: str = "") -> Mask:
        """As `mask_of` gives it."""
        return mask_of(self.where, self.feather, drawing, key)


@dataclass(frozen=True)
class SwapHandles:
    """The components that `studio.app` and tests may use, and the recipes behind the examples."""

    picture: UploadedImage
    target: gr.Radio
    model: gr.Dropdown
    strength: gr.Slider
    wash: gr.Dropdown
    colour: gr.Slider
    texture: gr.Slider
    shading: gr.Slider
    where: gr.Radio
    feather: gr.Slider
    run: gr.Button
    examples: PictureGrid
    mask: MaskEditor
    result: Compare
    rows: PictureRow
    download: gr.DownloadButton
    keep: gr.Button
    line: gr.Markdown
    rights: gr.Markdown
    there: gr.State
    made: gr.State
    recipes: tuple[Sample, ...]

    @property
    def fields(self) -> list[Any]:
        """Those of `Fields`, in its order."""
        return [self.model, self.strength, self.colour, self.texture, self.shading, self.wash, self.where, self.feather]


@dataclass(frozen=True)
class ManyHandles:
    """The part of the tab that swaps many pictures at once."""

    files: gr.File
    folder: gr.Textbox | None
    run: gr.Button
    stop: gr.Button
    status: gr.Markdown
    delivery: Delivery


@dataclass(frozen=True)
class Wish:
    """What is asked of a swap; the result on show is not made twice for the same, and goes when another picture comes.

    Attributes:
        key: `picture_key` of the picture.
    """

    key: str
    target: str
    model: str
    look: Look
    mask: Mask


@dataclass(frozen=True)
class SwapResult:
    """A swap as files.

    Attributes:
        download: the generated picture at full size, its recipe inside.
        original, generated, recovered: the three rows as the page shows them, at most `PREVIEW_SIDE` pixels a side.
        size: width and height of these three.
        warning: what to doubt about the swap, or "".
    """

    download: Path
    original: Path
    generated: Path
    recovered: Path
    size: tuple[int, int]
    warning: str = ""


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
        for seed in EXAMPLE_SEEDS.get(name, range(EXAMPLES_A_CLASS))
    ]


def write_example(services: Services, recipe: Sample, folder: Path) -> Path:
    """Draw an example garment and write it as a PNG with its recipe."""
    path = folder / guards.file_name(recipe.model, recipe.class_name or "", recipe.seed, suffix=".png")
    save_with_recipe(services.draw([recipe])[0], path, recipe)
    return path


def look_of(strength: object, colour: object, texture: object, shading: object, wash: object) -> Look:
    """The look that the fields ask for.

    Raises:
        StudioError: an amount that is no number from 0 to 150, or an unknown wash.
    """
    percent = partial(guards.finite_float, low=0, high=MAX_PERCENT)
    named = wash if isinstance(wash, str) and wash != OWN_COLOUR else ""
    return look_value(
        Look(
            percent(strength, "the strength"),
            percent(colour, "the colour"),
            percent(texture, "the texture"),
            percent(shading, "the shading"),
            named,
        )
    )


def mask_of(where: object, feather: object, drawing: MaskDrawing | None, key: str) -> Mask:
    """The mask that the fields ask for: none, the garment that is found, or the one that was drawn on the very picture.

    Args:
        key: `picture_key` of the picture; a drawing for another one does not count.

    Raises:
        StudioError: an unknown choice, or an impossible feather.
    """
    if guards.one_of(where, (GARMENT, WHOLE), "what is swapped") == WHOLE:
        return Mask("none")
    width = guards.finite_float(feather, "the feather", 0, MAX_FEATHER)
    if drawing is None or drawing.inside is None or drawing.key != key:
        return Mask("auto", feather=width)
    return drawn_mask(drawing.inside, width)


def picture_key(path: Path) -> str:
    """A short name of a picture file by its bytes."""
    return file_hash(path)[:16]


def swap_picture(
    services: Services,
    picture: str | Path | None,
    target: object,
    model: object,
    folder: Path,
    look: Look = AS_DRAWN,
    mask: Mask = Mask("auto"),  # noqa: B008  (frozen)
) -> SwapResult:
    """Swap a picture file and write what comes out below `folder`.

    Raises:
        StudioError: no picture, one that cannot be opened, an unknown model or class, or an impossible look or mask.
    """
    name = guards.one_of(model, models_both_ways(services), "the model")
    translator = services.zoo.translator(name)
    chosen = guards.one_of(target, translator.card.classes, "the direction")
    if not picture:
        raise StudioError("there is no picture yet: upload one, or choose an example")
    path = Path(picture)
    original = imaging.safe_open(path)
    fingerprint = file_hash(path)
    recipe = swap_recipe(translator, chosen, fingerprint, proven_recipe(path, services.render), look, mask)
    swapped = services.swap(name, original, chosen, recipe.look, recipe.mask, PREVIEW_SIDE)
    download = folder / guards.file_name(path.stem[:60], chosen, graphics.fingerprint(recipe)[:8], suffix=".png")
    save_with_recipe(swapped.generated, download, recipe)
    return _written(swapped, download, _warning(services, name, original, chosen, recipe.mask))


def _warning(services: Services, model: str, picture: Image.Image, target: str, mask: Mask) -> str:
    """What to doubt about a swap: a picture unlike those that the model learned from; "" where nobody can say."""
    familiar = read_familiar(services.zoo.folder(model))
    if familiar is None:
        return ""
    source = next(name for name in services.zoo.card(model).classes if name != target)
    small = imaging.within(picture, FAMILIAR_SIDE)
    return unfamiliar(familiar, services.encoders.get(), small, weight_of(mask, small), source)


def _written(swapped: Swapped, download: Path, warning: str) -> SwapResult:
    """Write the three rows beside the download; where nothing is made smaller, the download is the generated one itself."""
    size = imaging.within(swapped.original, PREVIEW_SIDE).size
    files = {name: download.with_name(f"{download.stem}-{name}.png") for name in ("original", "generated", "recovered")}
    if size == swapped.original.size:
        files["generated"] = download
    for name, path in files.items():
        if path != download:
            imaging.save_png(imaging.within(getattr(swapped, name), PREVIEW_SIDE), path)
    return SwapResult(download, size=size, warning=warning, **files)


def show_mask(services: Services, picture: str | None, where: str, request: gr.Request) -> MaskView | None:
    """Find the garment of the picture on show, for the page to paint on; nothing where all is swapped or nothing is there."""
    if not picture or where == WHOLE:
        return None
    path, folder = Path(picture), services.session_folder(request)
    preview = imaging.within(imaging.safe_open(path), MASK_SIDE)
    found = find_garment(preview)
    key = picture_key(path)
    shown, mask = folder / f"mask-{key}-picture.png", folder / f"mask-{key}.png"
    imaging.save_png(preview, shown)
    opaque = np.full((*found.mask.shape, 4), 255, np.uint8)
    opaque[..., 3] = found.mask
    imaging.save_png(Image.fromarray(opaque, "RGBA"), mask)
    return MaskView(key, shown, mask, preview.size, found.doubt)


def show_examples(services: Services, recipes: Sequence[Sample], there: bool, request: gr.Request) -> tuple[Any, bool]:
    """The example garments, drawn when the tab is opened for the first time; and that they are there."""
    if there or not recipes:
        return gr.skip(), there
    labels = tuple(f"{recipe.class_name} {recipe.seed + 1}" for recipe in recipes)
    sheet = save_sprite(services.draw(recipes), EXAMPLES_A_CLASS, services.session_folder(request), side=EXAMPLE_SIDE)
    return Tiles("examples", labels, sheet, EXAMPLES_A_CLASS, len(recipes)), True


def swap_upload(
    services: Services,
    only_if_there: bool,
    picture: str | None,
    target: str,
    drawing: MaskDrawing | None,
    made: Wish | None,
    request: gr.Request,
    *values: Any,
) -> list[Any]:
    """Swap the picture on show: everything that the page shows of a result, and what it was made of.

    The picture is remembered for as long as the session, so that what is kept can be drawn again when another one was uploaded since.

    Args:
        only_if_there: do nothing without a picture, as after an amount was changed, where the button would say so; nor for what is on show.
        made: what is on show.
        values: those of `Fields`.
    """
    if only_if_there and not picture:
        return [gr.skip()] * SHOWN
    key, folder = picture_key(Path(picture)) if picture else "", services.session_folder(request)
    fields = Fields(*values)
    wish = Wish(key, target, fields.model, fields.look, fields.mask(drawing, key))
    if only_if_there and wish == made:
        return [gr.skip()] * SHOWN
    shown = _swapped(services, picture, wish, folder)
    graphics.remember(Path(str(picture)), folder)
    return shown


def swap_example(services: Services, recipes: Sequence[Sample], event: gr.EventData, request: gr.Request, *values: Any) -> list[Any]:
    """Draw the example that was chosen and swap it the other way, as the fields say.

    Returns:
        the picture, the direction, and what `swap_upload` gives.

    Raises:
        StudioError: the page named an example that does not exist, or a value of a field that cannot be.
    """
    places = event._data.get("places")
    place = places[0] if isinstance(places, list) and places else None
    if place is None:
        return [gr.skip()] * (2 + SHOWN)
    recipe = recipes[guards.finite_int(place, "the example", 0, len(recipes) - 1)]
    fields, folder = Fields(*values), services.session_folder(request)
    target = next(name for name in services.zoo.translator(fields.model).card.classes if name != recipe.class_name)
    look = replace(fields, wash=kept_wash(target, fields.wash)).look
    path = write_example(services, recipe, folder)
    wish = Wish(picture_key(path), target, fields.model, look, fields.mask())
    return [str(path), target, *_swapped(services, path, wish, folder)]


def clear_if_other(services: Services, picture: str | None, model: str, made: Wish | None) -> list[Any]:
    """What `swap_upload` fills, emptied where another picture is there than was swapped."""
    if made is None or (picture and picture_key(Path(picture)) == made.key):
        return [gr.skip()] * SHOWN
    return [None, None, gr.DownloadButton(value=None, interactive=False), described(services.zoo.card(model)), None]


def swap(
    services: Services,
    picture: str | None,
    target: str,
    model: str,
    strength: float,
    colour: float,
    texture: float,
    shading: float,
    wash: str,
    mask: str,
    request: gr.Request,
) -> str:
    """Swap the texture of a garment: a PNG of the picture's size with its recipe inside.

    Args:
        picture: a JPEG, PNG or WEBP file.
        target: what it becomes, such as "denim".
        model: a translator, such as "leather-denim".
        strength, colour, texture, shading: percent from 0 to 150.
        wash: a name such as "indigo", a colour such as "#1f3a5f", or nothing.
        mask: "auto" for the garment, "none" for the whole picture.
    """
    chosen = Mask(guards.one_of(mask, ("auto", "none"), "the mask"))
    look = look_of(strength, colour, texture, shading, wash)
    return str(swap_picture(services, picture, target, model, services.session_folder(request), look, chosen).download)


# Many at once


def swap_many(
    services: Services, files: list[str] | None, folder_name: str | None, target: str, request: gr.Request, *values: Any
) -> Iterator[tuple[str, Any]]:
    """Swap uploaded pictures, or those of a folder on this machine, one after another: a line on how far it is, and a ZIP at the end.

    Raises:
        StudioError: nothing to swap, a folder where none may be read, or an impossible value.
    """
    session, fields = services.session_folder(request), Fields(*values)
    stop = session / STOP_FILE
    stop.unlink(missing_ok=True)
    translator = services.zoo.translator(guards.one_of(fields.model, models_both_ways(services), "the model"))
    chosen = guards.one_of(target, translator.card.classes, "the direction")
    look, mask = fields.look, fields.mask()
    places, into = _many_places(services, files, folder_name, chosen, session)
    yield f"0 of {len(places)} pictures.", gr.skip()
    outcomes: list[Outcome] = []
    for outcome in swap_each(translator, places, chosen, look, mask, partial(proven_recipe, draw_again=services.render)):
        outcomes.append(outcome)
        services.session_folder(request)  # in use: it is not swept away meanwhile
        if not into:
            _keep([place.source for place in places[len(outcomes) :]])
        if stop.exists() and len(outcomes) < len(places):
            stop.unlink(missing_ok=True)
            yield _told(outcomes, len(places), into, stopped=True), gr.skip() if into else _zipped(outcomes, session, chosen)
            return
        if len(outcomes) < len(places):
            yield _told(outcomes, len(places), None), gr.skip()
    yield _told(outcomes, len(places), into), gr.skip() if into else _zipped(outcomes, session, chosen)


def _keep(uploads: Sequence[Path]) -> None:
    """Let uploads lie for another hour: Gradio removes those that nobody has touched."""
    for path in uploads:
        with suppress(OSError):
            os.utime(path)


def stop_many(services: Services, request: gr.Request) -> None:
    """Ask the session's running batch to stop after the picture it is at."""
    (services.session_folder(request) / STOP_FILE).touch()


def _many_places(
    services: Services, files: Sequence[str] | None, folder_name: str | None, target: str, session: Path
) -> tuple[list[Place], Path | None]:
    """What is swapped and where it goes; and the folder to name when it is one of this machine."""
    if isinstance(folder_name, str) and folder_name.strip():
        if not services.settings.local:
            raise StudioError("folders on the machine can be read only when Atelier runs on your own: upload the pictures instead")
        folder = Path(folder_name.strip()).expanduser()
        if not folder.is_dir():
            raise StudioError(f"{folder} is not a folder: name a folder with pictures in it")
        into = folder.resolve().with_name(f"{folder.resolve().name}-{target}")
        return places_of([folder], into), into
    paths = [guards.uploaded_file(path) for path in files or ()]
    if not 1 <= len(paths) <= MOST_FILES:
        raise StudioError(f"there are {len(paths)} pictures: upload 1 to {MOST_FILES}")
    out = session / f"swapped-to-{target}"
    return [Place(path, out / f"{name}.png") for path, name in zip(paths, _told_apart(paths), strict=True)], None


def _told_apart(paths: Sequence[Path]) -> list[str]:
    """Safe names of files without their suffix; those that come out alike, as names in other letters do, end with their bytes' hash."""
    names = [guards.file_name(path.stem, suffix="") for path in paths]
    many = Counter(name.casefold() for name in names)
    return [
        name if many[name.casefold()] == 1 else f"{name[:100]}-{picture_key(path)[:10]}" for path, name in zip(paths, names, strict=True)
    ]


def _told(outcomes: Sequence[Outcome], total: int, into: Path | None, stopped: bool = False) -> str:
    """How far a batch is, and what was left out."""
    counts = Counter(outcome.state for outcome in outcomes)
    done = counts["swapped"] + counts["already"]
    text = f"{done} of {total} pictures swapped"
    text += f", {counts['already']} of them before" if counts["already"] else ""
    failed = [outcome.reason for outcome in outcomes if outcome.state == "failed"]
    text += f", {len(failed)} left out." if failed else "."
    text += " Stopped, as you asked; start again to go on." if stopped else ""
    text += f" They lie in {into}." if into else ""
    more = [f"and {len(failed) - NOTED} more"] if len(failed) > NOTED else []
    return "\n".join([guards.plain(text), *("\n- " + guards.plain(reason) for reason in failed[:NOTED] + more)])


def _zipped(outcomes: Sequence[Outcome], session: Path, target: str) -> Any:
    """All swapped pictures of a batch in one ZIP."""
    made = list(dict.fromkeys(outcome.place.out for outcome in outcomes if outcome.state != "failed"))
    if not made:
        return gr.skip()
    path = session / f"swapped-to-{target}.zip"
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        for file in made:
            archive.write(file, file.name)
    return path


def _swapped(services: Services, picture: str | Path | None, wish: Wish, folder: Path) -> list[Any]:
    """Before and after, the three rows, the download, one line on what was done, and the wish that they are of."""
    begun, target = time.perf_counter(), wish.target
    result = swap_picture(services, picture, target, wish.model, folder, wish.look, wish.mask)
    other = next(name for name in services.zoo.card(wish.model).classes if name != target)
    notes = ("as it came", f"swapped to {target}", f"swapped back to {other}")
    files = (result.original, result.generated, result.recovered)
    rows = [NamedPicture(path, name, note, result.size) for path, name, note in zip(files, ROWS, notes, strict=True)]
    line = f"{other} → {target} by the model **{wish.model}** in {time.perf_counter() - begun:.1f} s."
    line += f"\n\n**Look twice:** {guards.plain(result.warning)}" if result.warning else ""
    before_and_after = Comparison(result.original, result.generated, "original", target, result.size)
    return [before_and_after, rows, gr.DownloadButton(value=str(result.download), interactive=True), line, wish]


# Layout


def build(services: Services) -> SwapHandles:
    """Lay out the tab and wire its own events."""
    models = models_both_ways(services)
    first = services.zoo.card(models[0]) if models else None
    ways = directions(first.classes) if first else []
    examples = example_recipes(services.zoo, first.classes if first else ())
    gr.Markdown(INTRODUCTION, elem_classes="lead", label="Texture swap")
    with gr.Row(elem_classes="workbench"):
        with gr.Column(scale=0, min_width=300, elem_classes="controls"):
            picture = UploadedImage(label="Your picture", height=230, elem_id="swap-picture")
            target = gr.Radio(ways, value=ways[0][1] if ways else None, label="Direction", elem_id="swap-direction")
            model = gr.Dropdown(models, value=models[0] if models else None, label="Model", visible=len(models) > 1, elem_id="swap-model")
            where = gr.Radio([GARMENT, WHOLE], value=GARMENT, label="What is swapped", elem_id="swap-where")
            strength = _amount("Strength", "strength", "0 gives your picture back, 100 is what the model drew.")
            wash = gr.Dropdown(
                wash_choices(ways[0][1] if ways else ""), value=OWN_COLOUR, label="Wash", allow_custom_value=True, elem_id="swap-wash",
                info="Choose one, or type a colour such as #7a3b2e.",
            )  # fmt: skip
            with gr.Accordion("Colour, texture, shading, edge", open=False, elem_id="swap-finer"):
                colour = _amount("Colour", "colour", "Hue and saturation.")
                texture = _amount("Texture", "texture", "The finest of it: weave, grain.")
                shading = _amount("Shading", "shading", "Light and dark; less keeps your folds.")
                feather = Slider(
                    0, MAX_FEATHER, Mask().feather, step=0.1, label="Feather", unit="percent", elem_id="swap-feather",
                    info="Softens the edge inwards, in percent of the longer side.",
                )  # fmt: skip
            run = gr.Button("Swap the texture", variant="primary", elem_id="swap-run")
            gr.Markdown(EXAMPLES_NOTE, elem_classes="fine-print", label="Examples", visible=bool(examples))
            grid = PictureGrid(label="Example garments", marks=("✓",), visible=bool(examples), elem_id="swap-examples")
        with gr.Column(scale=6, min_width=320):
            with gr.Row():
                with gr.Column(min_width=300):
                    mask = MaskEditor(label="Mask", empty=EMPTY_MASK, elem_id="swap-mask")
                with gr.Column(min_width=300):
                    result = Compare(label="Before and after", empty=EMPTY, elem_id="swap-compare")
            line = gr.Markdown(described(first), label="What was done", elem_id="swap-status", elem_classes="fine-print")
            rows = PictureRow(label="Original, generated, recovered", elem_id="swap-rows")
            with gr.Row(elem_classes="looks"):
                download = gr.DownloadButton("Download PNG", size="sm", interactive=False, elem_id="swap-download")
                keep = gr.Button("Keep", size="sm", elem_id="swap-keep")
    many = _build_many(services)
    rights = gr.Markdown(note_of(first), elem_classes="fine-print", elem_id="swap-note", label="What it does, and rights")
    there, made = gr.State(False), gr.State(None)
    handles = SwapHandles(
        picture, target, model, strength, wash, colour, texture, shading, where, feather, run, grid, mask, result, rows, download,
        keep, line, rights, there, made, tuple(examples),
    )  # fmt: skip
    _wire(services, handles)
    _wire_many(services, handles, many)
    _offer_to_programs(services, models[0] if models else "")
    return handles


def _amount(label: str, name: str, info: str) -> gr.Slider:
    return Slider(0, MAX_PERCENT, 100, step=1, label=label, info=info, unit="percent", elem_id=f"swap-{name}")


def _build_many(services: Services) -> ManyHandles:
    with gr.Accordion("Many pictures at once", open=False, elem_id="swap-many"):
        gr.Markdown(MANY_NOTE, elem_classes="fine-print", label="Many at once")
        files = gr.File(
            file_count="multiple", file_types=[".jpg", ".jpeg", ".png", ".webp"], label="Pictures", height=150, elem_id="swap-many-files"
        )
        folder = None
        if services.settings.local:
            folder = gr.Textbox(
                label="Or a folder here", placeholder="~/photographs", max_lines=1, max_length=1000, elem_id="swap-many-folder",
                info="The swaps go into a folder beside it.",
            )  # fmt: skip
        with gr.Row(elem_classes="side-by-side"):
            run = gr.Button("Swap them all", variant="primary", elem_id="swap-many-run")
            stop = gr.Button("Stop", elem_id="swap-many-stop", min_width=80)
        status = gr.Markdown("", elem_id="swap-many-status", elem_classes="fine-print", label="How far it is")
        return ManyHandles(files, folder, run, stop, status, Delivery(label="Swapped pictures", elem_id="swap-many-delivery"))


def wash_choices(target: str) -> list[str]:
    """The washes to choose from for a material, the network's own colour first."""
    return [OWN_COLOUR, *washes(target)]


def change_target(target: str, wash: str) -> Any:
    """The washes of another material; a colour stays, a wash only where the material has it too."""
    return gr.update(choices=wash_choices(target), value=kept_wash(target, wash))


def kept_wash(target: str, wash: str) -> str:
    """The wash as it goes on with another material."""
    return wash if wash in wash_choices(target) or str(wash).startswith("#") else OWN_COLOUR


def _wire(services: Services, to: SwapHandles) -> None:
    shown = [to.result, to.rows, to.download, to.line, to.made]
    asked = [to.picture, to.target, to.mask, to.made, *to.fields]
    drawing: dict[str, Any] = {"concurrency_id": MODEL_QUEUE, "api_visibility": "private", "show_progress_on": to.result}
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    to.run.click(guards.sentences(swap_upload, services, False), asked, shown, **drawing)
    let_go = [slider.release for slider in (to.strength, to.colour, to.texture, to.shading, to.feather)]
    gr.on(let_go, guards.sentences(swap_upload, services, True), asked, shown, trigger_mode="always_last", **drawing)
    to.examples.pick(guards.sentences(swap_example, services, to.recipes), to.fields, [to.picture, to.target, *shown], **drawing)
    masking: dict[str, Any] = {
        "fn": guards.sentences(show_mask, services),
        "inputs": [to.picture, to.where],
        "outputs": to.mask,
        "api_visibility": "private",
        "show_progress_on": to.mask,
    }
    cleared = to.picture.change(
        guards.sentences(clear_if_other, services),
        [to.picture, to.model, to.made],
        shown,
        queue=False,
        trigger_mode="always_last",
        **quiet,
    )
    cleared.success(**masking)
    to.where.change(trigger_mode="always_last", **masking)
    to.target.change(guards.sentences(change_target), [to.target, to.wash], to.wash, queue=False, **quiet)
    to.model.input(guards.sentences(change_model, services), to.model, [to.target, to.line], queue=False, **quiet)
    to.model.change(guards.sentences(rights_of, services), to.model, to.rights, queue=False, **quiet)


def _wire_many(services: Services, to: SwapHandles, many: ManyHandles) -> None:
    many.run.click(
        guards.sentences(swap_many, services),
        [many.files, many.folder or gr.State(None), to.target, *to.fields],
        [many.status, many.delivery],
        api_visibility="private",
        concurrency_id=MANY_QUEUE,
        show_progress="minimal",
        show_progress_on=many.status,
    )
    many.stop.click(guards.sentences(stop_many, services), None, None, queue=False, api_visibility="private", show_progress="hidden")


def _offer_to_programs(services: Services, first: str) -> None:
    """The public endpoint; but for the picture and amounts its fields are text, so that a wrong value gets our sentence."""
    with gr.Row(visible=False):
        picture = UploadedImage(label="Picture")
        target, model = gr.Textbox(label="Target"), gr.Textbox(first, label="Model")
        amounts = [gr.Number(100, label=name) for name in ("Strength", "Colour", "Texture", "Shading")]
        wash, mask = gr.Textbox("", label="Wash"), gr.Textbox("auto", label="Mask")
        file, asked = gr.File(label="Swapped"), gr.Button("Swap")
    fields = [picture, target, model, *amounts, wash, mask]
    asked.click(guards.sentences(swap, services), fields, file, api_name="swap", api_visibility="public", concurrency_id=MODEL_QUEUE)


def draw_at_first_visit(services: Services, to: SwapHandles, tab: gr.Tab) -> None:
    """Offer all models whenever the tab is opened, and let the examples be drawn the first time."""
    offering = guards.sentences(offer_models, services)
    tab.select(offering, to.model, [to.model, to.target, to.line], queue=False, api_visibility="private", show_progress="hidden")
    tab.select(
        guards.sentences(show_examples, services, to.recipes),
        to.there,
        [to.examples, to.there],
        concurrency_id=MODEL_QUEUE,
        show_progress="hidden",
        api_visibility="private",
    )


def models_both_ways(services: Services) -> list[str]:
    """Translators that know the way back, the preferred one first; those of one way are for the command line."""
    found = [name for name in services.zoo.names("translator") if len(services.zoo.card(name).classes) == 2]
    return sorted(found, key=lambda name: (name != PREFERRED_MODEL, name))


def model_field(services: Services, **changed: Any) -> Any:
    """The model field with all that are at hand now, which may be more than when the page was built; it is there for several alone."""
    names = models_both_ways(services)
    return gr.update(choices=names, visible=len(names) > 1, **changed)


def offer_models(services: Services, model: str | None) -> tuple[Any, ...]:
    """The model field and what `change_model` gives: all models at hand to choose from, and another one where the chosen one is gone."""
    names = models_both_ways(services)
    if model in names or not names:
        return model_field(services), gr.skip(), gr.skip()
    return model_field(services, value=names[0]), *change_model(services, names[0])


def change_model(services: Services, model: str) -> tuple[Any, str]:
    """The ways that a model goes, and what it is."""
    card = services.zoo.card(guards.one_of(model, models_both_ways(services), "the model"))
    ways = directions(card.classes)
    return gr.update(choices=ways, value=ways[0][1]), described(card)


def rights_of(services: Services, model: str) -> str:
    """The note below the tab for a model, however it was chosen."""
    return note_of(services.zoo.card(guards.one_of(model, models_both_ways(services), "the model")))


def note_of(card: Card | None) -> str:
    """What a swap does, and the rights of what is swapped by a model."""
    return f"{NOTE}\n\n*Rights:* {card.rights}" if card else NOTE


def described(card: Card | None) -> str:
    """What swaps here, before anything was swapped."""
    if card is None:
        return "There is no model here that swaps textures: put one into the models folder and open this tab again."
    return f"The next swap is by **{card.name}**. {card.summary}"
