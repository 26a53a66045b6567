"""Mock-up and print: one graphic, made ready, on a garment, as a file for the printer, as films, as fabric."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image, ImageDraw

from engines import imaging
from engines.errors import StudioError
from engines.exploration.sampling import sample_recipes
from engines.finishing import Clearing, Colourway, Mockup, PrintJob, Repeat, Shape, Step
from engines.networks.upscaling import FACTOR
from engines.production.colour import colour_value, name_of
from engines.production.enlarging import LANCZOS, drawn_pixels, enlarge_recipe
from engines.production.garments import GARMENTS, LOOKS
from engines.production.mockup import COLOURS, PLACES, draw_mockup, mockup_value, print_size
from engines.production.origin import Origin
from engines.production.palette import extract_palette, matched_by_lightness
from engines.production.printing import (
    FITS,
    SIZES,
    SUFFIXES,
    effective_dpi,
    enlarged_by,
    lay_out,
    page_pixels,
    print_job,
    save_print,
    verdict,
)
from engines.production.repeat import LAYOUTS, seam_verdict, seams
from engines.production.repeat import MAX_PIXELS as MOST_REPEATED
from engines.production.separations import MOST_INKS, choose_inks, proof, save_separations, separate
from engines.production.shapes import SHAPES
from engines.recipe import Enlarge, Finish, Recipe, after, from_json, was_enlarged
from studio import graphics, guards, wording
from studio.components.bounded import Number, Slider
from studio.components.compare import Compare, Comparison
from studio.components.delivery import Delivery
from studio.components.picture_grid import save_sprite
from studio.components.picture_viewer import PictureViewer, Strip
from studio.components.swatches import Painted, Swatches
from studio.components.uploaded_image import UploadedImage
from studio.graphics import Graphic
from studio.state import MOST_ENLARGED, Services, refuse_large_pages
from studio.turns import MODEL_QUEUE

GRAPHIC, MOCKUP, PRINT, FILMS, FABRIC = "Graphic", "On a garment", "Print file", "Spot colours", "Fabric"
VIEWS = (MOCKUP, PRINT, FILMS, FABRIC, GRAPHIC)
WHOLE = "whole picture"
AS_IT_IS, BY_HAND = "As it is", "By hand"
WAYS = {
    "Ink and paper": ("#141414", "#f4f1ea", "#8a857c"),
    "Navy, coral, cream": ("#1f2a44", "#e57a63", "#f4ead8", "#8fa0b5"),
    "Forest, mustard": ("#10301f", "#a3b195", "#f4ead8", "#d29d2c"),
    "Plum, rose, sand": ("#3b1d3a", "#b3516d", "#e9b8c1", "#efe2cf"),
    "Indigo washes": ("#141c33", "#33507f", "#8ba7c9", "#e8eef4"),
    "Neon night": ("#0b0b12", "#ff2e88", "#24e0d4", "#f6f7a1"),
}
PALETTE = 5
PREVIEW = 640
SAVED_SIDE = 1600
DETAIL = 24
DETAIL_SIDE = 576
KINDS = ("PDF", "PNG", "TIFF")
SUFFIX_OF = {"PDF": ".pdf", "PNG": ".png", "TIFF": ".tif"}
FILM_DPI = 300
QUEUE = "desk"
EXAMPLE_SEED = 11
INTRODUCTION = "One graphic: on a garment, as a file for the printer, as spot colours, as fabric."
EMPTY = "Open a picture, or send one here from Explore or the tray."
SMOOTH = ("Lanczos, smooth", LANCZOS)
NO_DETAIL = "Where the learned upscaler draws, a detail is compared here."
NOTE = (
    "Every file says what it was made of, and carries the rights of the weights that drew it. Resolution written into a file adds no "
    "detail: what counts are the graphic's own pixels."
)


@dataclass(frozen=True)
class Desk:
    """What lies on the desk: a graphic, and the colours of it with those that take their place."""

    graphic: Graphic | None = None
    old: tuple[str, ...] = ()
    new: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wanted:
    """What the fields of the page say, in the order in which they come."""

    view: str = MOCKUP
    clear: bool = False
    ground: str = "white"
    tolerance: float = 6.0
    shape: str = WHOLE
    softness: float = 0.0
    garment: str = "t-shirt"
    look: str = "worn"
    colour: str = "white"
    place: str = "chest"
    scale: float = 100.0
    rotation: float = 0.0
    across: float = 0.0
    down: float = 0.0
    folds: float = 100.0
    seed: float = 0
    size: str = "standard-front"
    dpi: float = 300
    bleed: float = 0.0
    fit: str = "whole"
    mirrored: bool = False
    marks: bool = False
    paper: str = ""
    enlarge: str = LANCZOS
    kind: str = "PDF"
    inks: float = 3
    cloth: str = "white"
    trap: float = 0.2
    layout: str = "straight"


@dataclass(frozen=True)
class DeskHandles:
    """The components that `studio.app` and tests may use; `fields` are those of `Wanted`, in its order."""

    picture: UploadedImage
    fields: tuple[Any, ...]
    groups: tuple[Any, ...]
    way: gr.Dropdown
    swatches: Swatches
    viewer: PictureViewer
    line: gr.Markdown
    detail: Compare
    delivery: Delivery
    desk: gr.State

    @property
    def laid(self) -> list[Any]:
        """What `laid_out` fills when a picture is put on the desk: the desk, its colours, the view, and the fields."""
        return [self.desk, self.way, self.swatches, *self.groups, *self.fields]

    @property
    def shown(self) -> list[Any]:
        """What `show` fills."""
        return [self.viewer, self.line, self.detail]


# What lies on the desk


def enlarging(services: Services) -> list[tuple[str, str]]:
    """The ways to make a graphic larger: the text of a choice, and its value, a learned one first."""
    return [*((f"learned ×{FACTOR}, {name}", name) for name in services.zoo.names("upscaler")), SMOOTH]


def upscaler_of(wanted: Wanted, graphic: Graphic) -> str:
    """The upscaler that draws a graphic larger for print; "" where Lanczos is asked for, or where it has no work it could do.

    Raises:
        StudioError: a value of a field that cannot be.
    """
    if wanted.view != PRINT or wanted.enlarge == LANCZOS:
        return ""
    job = job_of(wanted, graphic.size)
    large = drawn_pixels(graphic.size, FACTOR) > MOST_ENLARGED
    return "" if large or was_enlarged(graphic.recipe) or effective_dpi(graphic.size, job) >= job.dpi else wanted.enlarge


def larger(services: Services, graphic: Graphic, upscaler: str, folder: Path) -> Graphic:
    """The graphic as an upscaler draws it, drawn once a session; itself where none is named, its files made again where they went.

    Raises:
        StudioError: no such upscaler, or a graphic that began with a file which is gone.
    """
    graphic = graphics.still_there(services, graphic, folder)
    if not upscaler:
        return graphic
    return graphics.from_recipe(services, enlarge_recipe(graphic.recipe, services.zoo.upscaler(upscaler)), folder, once=True)


def preparation(desk: Desk, wanted: Wanted) -> list[Step]:
    """What is done to the graphic before it is shown anywhere.

    Raises:
        StudioError: a value of a field that cannot be.
    """
    steps: list[Step] = []
    if wanted.clear:
        steps.append(Clearing(colour_value(wanted.ground), float(wanted.tolerance)))
    if desk.new and desk.new != desk.old:
        steps.append(Colourway(desk.old, desk.new))
    if wanted.shape != WHOLE:
        steps.append(Shape(wanted.shape, float(wanted.softness)))
    return steps


def mockup_of(wanted: Wanted, side: int) -> Mockup:
    """The garment that the fields describe.

    Raises:
        StudioError: a value of a field that cannot be.
    """
    place = wanted.place if wanted.place in PLACES.get(wanted.garment, ()) else "chest"
    scale, across, down, rotation, folds = (
        float(value) for value in (wanted.scale, wanted.across, wanted.down, wanted.rotation, wanted.folds)
    )
    seed = guards.finite_int(wanted.seed, "the seed of the folds", 0, 2**31 - 1)
    return mockup_value(Mockup(wanted.garment, wanted.look, wanted.colour, place, scale, across, down, rotation, folds, seed, side))


def job_of(wanted: Wanted, size: tuple[int, int]) -> PrintJob:
    """The page that the fields describe, for a graphic of a width and height in pixels.

    Raises:
        StudioError: a value of a field that cannot be.
    """
    dpi = guards.finite_int(wanted.dpi, "the resolution", 50, 1200)
    paper = colour_value(wanted.paper) if wanted.paper.strip() else ""
    marks = bool(wanted.marks) and wanted.kind == "PDF"
    bleed = guards.finite_float(wanted.bleed, "the bleed in millimetres", 0, 25)
    options = {"bleed": bleed, "dpi": dpi, "fit": wanted.fit, "mirrored": bool(wanted.mirrored), "marks": marks}
    return print_job(wanted.size, size, paper=paper, **options)


def repeat_of(wanted: Wanted, size: tuple[int, int]) -> Repeat:
    """The fabric that the fields describe, of a graphic of a width and height in pixels: 3 × 3 repeats, or fewer of a large one.

    Raises:
        StudioError: an unknown layout.
    """
    layout = guards.one_of(wanted.layout, tuple(LAYOUTS), "the layout")
    most = next((many for many in (3, 2) if size[0] * size[1] * many**2 <= MOST_REPEATED), 1)
    return Repeat(layout, most, most)


def colours_of(graphic: Graphic) -> tuple[Painted, ...]:
    """The graphic's own colours, each still itself; none where it is transparent everywhere."""
    try:
        palette = extract_palette(graphic.worked(), PALETTE)
    except StudioError:
        return ()
    return tuple(Painted(swatch.colour, swatch.name, swatch.share, swatch.colour) for swatch in palette)


def laid_out(graphic: Graphic, wanted: Wanted | None = None, way: Colourway | None = None) -> list[Any]:
    """A graphic put on the desk.

    Args:
        wanted: what the fields become; by default they stay.
        way: the colours that were exchanged.

    Returns:
        the desk, the colourway's name, the swatches, the visibility of the groups of fields, and the fields.
    """
    own = colours_of(graphic)
    if way is not None:
        shares = {one.old: one.share for one in own}
        pairs = [(colour_value(old), colour_value(new)) for old, new in zip(way.old, way.new, strict=True)]
        own = tuple(Painted(old, name_of(old), shares.get(old, 0.0), new) for old, new in pairs)
    desk = Desk(graphic, tuple(one.old for one in own), tuple(one.new for one in own))
    name = AS_IT_IS if desk.old == desk.new else BY_HAND
    if wanted is None:
        return [desk, name, own, *[gr.skip()] * len(VIEWS), *[gr.skip()] * len(fields(Wanted))]
    return [desk, name, own, *visible_groups(wanted.view), *astuple(wanted)]


def untouched() -> list[Any]:
    """The desk as it is."""
    return [gr.skip()] * (3 + len(VIEWS) + len(fields(Wanted)))


def open_picture(services: Services, path: str | None, request: gr.Request) -> list[Any]:
    """Put an uploaded picture on the desk."""
    if path is None:
        return untouched()
    return laid_out(graphics.from_upload(services, Path(path), services.session_folder(request)))


def restore(services: Services, recipe: Recipe, folder: Path) -> list[Any]:
    """Put a recipe on the desk as it was: what the desk did to the picture goes back into the fields; what no field says stays in it.

    Raises:
        StudioError: it cannot be drawn here.
    """
    wanted, way = Wanted(enlarge=enlarging(services)[0][1]), None
    step = recipe.step if isinstance(recipe, Finish) else None
    if isinstance(recipe, Finish) and isinstance(step, Mockup):
        values = {
            name: getattr(step, name) for name in ("garment", "look", "colour", "place", "scale", "rotation", "across", "down", "folds")
        }
        wanted, recipe = replace(wanted, view=MOCKUP, seed=mockup_value(step).seed, **values), recipe.source
    elif isinstance(recipe, Finish) and isinstance(step, PrintJob):
        size = next((name for name, size in SIZES.items() if set(size) == {step.width, step.height}), f"{step.width:g}x{step.height:g}mm")
        values = {name: getattr(step, name) for name in ("dpi", "bleed", "fit", "mirrored", "marks", "paper")}
        values |= {"enlarge": LANCZOS}
        wanted, recipe = replace(wanted, view=PRINT, size=size, kind="PDF" if step.marks else "PNG", **values), recipe.source
    elif isinstance(recipe, Finish) and isinstance(step, Repeat) and step.columns == step.rows <= Repeat().columns:
        wanted, recipe = replace(wanted, view=FABRIC, layout=step.layout), recipe.source
    elif step is not None:
        wanted = replace(wanted, view=GRAPHIC)
    if isinstance(recipe, Finish) and isinstance(recipe.step, Shape) and recipe.step.size == Shape().size:
        wanted, recipe = replace(wanted, shape=recipe.step.kind, softness=recipe.step.softness), recipe.source
    if isinstance(recipe, Finish) and isinstance(recipe.step, Colourway):
        way, recipe = recipe.step, recipe.source
    if isinstance(recipe, Finish) and isinstance(recipe.step, Clearing):
        wanted = replace(wanted, clear=True, ground=recipe.step.colour, tolerance=recipe.step.tolerance)
        recipe = recipe.source
    if isinstance(recipe, Enlarge) and recipe.factor == FACTOR and wanted.view == PRINT:
        wanted, recipe = replace(wanted, enlarge=recipe.model), recipe.source
    return laid_out(graphics.from_recipe(services, recipe, folder), wanted, way)


def choose_way(desk: Desk, name: str) -> tuple[Any, Any]:
    """The desk with the colours of a colourway, and its swatches; chosen by hand they stay."""
    if desk.graphic is None or name == BY_HAND:
        return gr.skip(), gr.skip()
    own = colours_of(desk.graphic) or tuple(Painted(colour, "", 0.0, colour) for colour in desk.old)
    old = tuple(one.old for one in own)
    new = old
    if name != AS_IT_IS and own:
        given = WAYS[guards.one_of(name, tuple(WAYS), "the colourway")]
        new = tuple(matched_by_lightness(old, [given[place % len(given)] for place in range(len(old))]))
    painted = tuple(replace(one, new=colour) for one, colour in zip(own, new, strict=True))
    return replace(desk, old=old, new=new), painted


def paint(desk: Desk, event: gr.EventData) -> tuple[Any, str]:
    """The desk with the colours chosen by hand."""
    given = event._data.get("colours")
    if not isinstance(given, list) or len(given) != len(desk.old):
        return gr.skip(), gr.skip()
    new = tuple(colour_value(str(one)) for one in given)
    return replace(desk, new=new), BY_HAND if new != desk.old else AS_IT_IS


def visible_groups(view: str) -> list[Any]:
    """The group of fields of a view, and none of the others."""
    return [gr.update(visible=name == view) for name in VIEWS]


# Showing


def show(services: Services, desk: Desk, request: gr.Request, *values: Any) -> tuple[Any, str, Any]:
    """What the fields ask for, small enough to follow them, what is to be known of it, and a detail of what was drawn larger."""
    wanted, folder = Wanted(*values), services.session_folder(request)
    if desk.graphic is None:
        return None, "", None
    upscaler = upscaler_of(wanted, desk.graphic)
    graphic = larger(services, desk.graphic, upscaler, folder)
    picture, line = preview(desk, wanted, graphic)
    sprite = save_sprite([graphics.on_checks(picture)], 1, folder, side=PREVIEW)
    caption = f"{wording.title(desk.graphic.recipe)}. {line}"
    rights = f"*Rights:* {guards.plain(graphics.rights_line(graphic.recipe))}"
    return Strip(sprite, 1, 1, caption=caption), rights, detail(desk, wanted, graphic, upscaler, folder) if upscaler else None


def detail(desk: Desk, wanted: Wanted, graphic: Graphic, upscaler: str, folder: Path) -> Comparison:
    """The liveliest part of the graphic as Lanczos draws it and as the upscaler does, both as large as they are prepared for print."""
    assert desk.graphic is not None
    learned = graphic.worked()
    smooth = desk.graphic.worked().resize(learned.size, Image.Resampling.LANCZOS)
    steps, side = preparation(desk, wanted), min(DETAIL * FACTOR, *learned.size)
    left, top = liveliest(learned, side)
    files = []
    for picture in (smooth, learned):
        shown = graphics.stepped(picture, graphic.recipe, steps)[0].crop((left, top, left + side, top + side))
        large = shown.resize((DETAIL_SIDE, DETAIL_SIDE), Image.Resampling.LANCZOS)
        files.append(save_sprite([graphics.on_checks(large)], 1, folder, side=DETAIL_SIDE))
    return Comparison(files[0], files[1], "Lanczos", upscaler, (DETAIL_SIDE, DETAIL_SIDE))


def liveliest(picture: Image.Image, side: int) -> tuple[int, int]:
    """Left and top of the square, among a few that cover a picture, in which light and dark differ most."""
    grey = np.asarray(picture.convert("L"), dtype=np.float32)
    corners = [
        (left, top)
        for top in range(0, picture.height - side + 1, max(1, side // 2))
        for left in range(0, picture.width - side + 1, max(1, side // 2))
    ]
    return max(corners, key=lambda corner: float(grey[corner[1] : corner[1] + side, corner[0] : corner[0] + side].std()))


def preview(desk: Desk, wanted: Wanted, larger: Graphic | None = None) -> tuple[Image.Image, str]:
    """The view that is asked for, at most about `PREVIEW` pixels, and a sentence on it.

    Args:
        larger: the graphic as an upscaler drew it, where it is printed from that.

    Raises:
        StudioError: a value of a field that cannot be.
    """
    assert desk.graphic is not None
    whole = desk.graphic.size
    lying = larger or desk.graphic
    graphic, _ = graphics.stepped(lying.worked(), lying.recipe, preparation(desk, wanted))
    if wanted.view == MOCKUP:
        mockup = mockup_of(wanted, PREVIEW)
        width, height = print_size(whole, mockup)
        sharp = verdict(whole, PrintJob(width, height))
        return draw_mockup(graphic, mockup), f"Printed {width:.0f} × {height:.0f} mm: {sharp}."
    if wanted.view == PRINT:
        job = job_of(wanted, whole)
        across, down = page_pixels(job)
        bleed = f" + {job.bleed:g} mm bleed" if job.bleed else ""
        said = f"{job.width:g} × {job.height:g} mm{bleed}, {across} × {down} pixels at {job.dpi} dpi. The graphic has "
        drawn_by = lying.recipe.model if isinstance(lying.recipe, Enlarge) and lying is not desk.graphic else ""
        how = enlarged_by(whole, job, FACTOR, drawn_by)
        too_large = drawn_pixels(whole, FACTOR) > MOST_ENLARGED and wanted.enlarge != LANCZOS and effective_dpi(whole, job) < job.dpi
        how += "; the graphic is too large for the upscaler here" if too_large else ""
        return page_preview(graphic, job), f"{said}{verdict(whole, job)}. {how}."
    if wanted.view == FILMS:
        job, inks, cloth = films_of(graphic, wanted)
        films = separate(graphic, inks, replace(job, dpi=_preview_dpi(job)), cloth, 0.0)
        said = "; ".join(f"{film.name} {film.colour}, {film.coverage:.0%}" for film in films)
        return proof(films, cloth or "#ffffff"), f"{len(films)} films: {said}."
    if wanted.view == FABRIC:
        repeat = repeat_of(wanted, whole)
        small = imaging.within(graphic, PREVIEW // repeat.columns)
        factor = max(1, round(PREVIEW / repeat.columns / max(small.size)))
        tile = small.resize((small.width * factor, small.height * factor), Image.Resampling.BICUBIC)
        said = f"{repeat.columns} × {repeat.rows} repeats: {seam_verdict(seams(graphic, repeat.layout))}."
        return graphics.stepped(tile, desk.graphic.recipe, [repeat])[0], said
    return graphic, f"{whole[0]} × {whole[1]} pixels."


def page_preview(graphic: Image.Image, job: PrintJob) -> Image.Image:
    """The page with its bleed, small, and a line where it is cut."""
    small = replace(job, dpi=_preview_dpi(job))
    page = graphics.on_checks(lay_out(graphic.convert("RGBA"), small))
    if job.bleed:
        inset = job.bleed / 25.4 * small.dpi
        box = (inset, inset, page.width - 1 - inset, page.height - 1 - inset)
        ImageDraw.Draw(page).rectangle(box, outline="#c2185b", width=max(1, page.width // 400))
    return page


def _preview_dpi(job: PrintJob) -> int:
    longest = max(job.width, job.height) + 2 * job.bleed
    return max(8, min(job.dpi, round(PREVIEW * 25.4 / longest)))


def films_of(graphic: Image.Image, wanted: Wanted) -> tuple[PrintJob, list[str], str]:
    """The page, the inks and the cloth's colour of separations.

    Raises:
        StudioError: a value of a field that cannot be.
    """
    job = print_job(wanted.size, graphic.size, dpi=FILM_DPI)
    cloth = colour_value(wanted.cloth) if wanted.cloth.strip() else ""
    count = guards.finite_int(wanted.inks, "the number of inks", 1, MOST_INKS)
    return job, list(choose_inks(graphic, count, cloth)), cloth


# Saving


def made(desk: Desk, wanted: Wanted, larger: Graphic | None = None) -> Recipe:
    """The recipe of what is shown.

    Args:
        larger: the graphic as an upscaler drew it, where it is printed from that.

    Raises:
        StudioError: nothing lies on the desk, or a value of a field that cannot be.
    """
    lying = larger or desk.graphic
    if desk.graphic is None or lying is None:
        raise StudioError("there is nothing on the desk yet: open a picture, or send one here")
    steps = preparation(desk, wanted)
    if wanted.view == MOCKUP:
        steps.append(mockup_of(wanted, SAVED_SIDE))
    elif wanted.view == PRINT:
        steps.append(job_of(wanted, desk.graphic.size))
    elif wanted.view == FABRIC:
        steps.append(repeat_of(wanted, desk.graphic.size))
    recipe = lying.recipe
    for step in steps:
        recipe = after(recipe, step)
    return recipe


def _larger(services: Services, desk: Desk, wanted: Wanted, folder: Path) -> Graphic | None:
    """The graphic as it is printed from."""
    return desk.graphic and larger(services, desk.graphic, upscaler_of(wanted, desk.graphic), folder)


def save(services: Services, desk: Desk, request: gr.Request, *values: Any) -> Path:
    """The file that is asked for: a PNG with its recipe, a print file, or films."""
    wanted, folder = Wanted(*values), services.session_folder(request)
    graphic = _larger(services, desk, wanted, folder)
    recipe = made(desk, wanted, graphic)
    if wanted.view == FILMS:
        assert graphic is not None
        shown, _ = graphics.stepped(graphic.worked(), graphic.recipe, preparation(desk, wanted))
        return save_films(services, shown, wanted, recipe, folder)
    if wanted.view == PRINT and isinstance(recipe, Finish) and isinstance(recipe.step, PrintJob):
        kind = guards.one_of(wanted.kind, KINDS, "the format")
        return save_page(graphics.drawn(services, recipe.source, folder), recipe, folder, SUFFIX_OF[kind])
    return graphics.saved(graphics.drawn(services, recipe, folder), recipe, folder)


def save_page(graphic: Image.Image, recipe: Finish, folder: Path, suffix: str) -> Path:
    """A print file of a graphic.

    Raises:
        StudioError: a page larger than the studio draws.
    """
    job = recipe.step
    if not isinstance(job, PrintJob):
        raise StudioError("this recipe is no page: choose a print")
    guards.one_of(suffix, SUFFIXES, "the format")
    refuse_large_pages(recipe)
    path = folder / guards.file_name("print", f"{job.width:g}x{job.height:g}mm", graphics.fingerprint(recipe)[:6], suffix=suffix)
    save_print(graphic, path, job, _origin("print", job, recipe))
    return path


def save_films(services: Services, shown: Image.Image, wanted: Wanted, recipe: Recipe, folder: Path) -> Path:
    """The films of a graphic, a PDF.

    Args:
        shown: the graphic as the page shows it, whose inks are those of the films.

    Raises:
        StudioError: a value of a field that cannot be, or films larger than the studio draws.
    """
    job, inks, cloth = films_of(shown, wanted)
    refuse_large_pages(after(recipe, job))
    films = separate(graphics.drawn(services, recipe, folder), inks, job, cloth, guards.finite_float(wanted.trap, "the trap", 0, 2))
    path = folder / guards.file_name("films", len(inks), graphics.fingerprint(recipe)[:6], suffix=".pdf")
    save_separations(films, path, job, _origin("separations", job, recipe, inks=inks, ground=cloth))
    return path


def _origin(operation: str, job: PrintJob, recipe: Recipe, **settings: Any) -> Origin:
    source = recipe.source if isinstance(recipe, Finish) and recipe.step == job else recipe
    return Origin(operation, {**vars(job), **settings}, graphics.fingerprint(source), graphics.rights_line(recipe), source, recipe)


def kept(services: Services, desk: Desk, folder: Path, *values: Any) -> tuple[Recipe, Image.Image]:
    """What is shown, for the tray: its recipe and a small picture.

    Raises:
        StudioError: nothing lies on the desk.
    """
    wanted = Wanted(*values)
    graphic = _larger(services, desk, wanted, folder)
    recipe = made(desk, wanted, graphic)
    return recipe, preview(desk, wanted if wanted.view != FILMS else replace(wanted, view=GRAPHIC), graphic)[0]


# For programs


def mockup(
    services: Services,
    picture: str,
    garment: str,
    look: str,
    colour: str,
    place: str,
    scale: float,
    rotation: float,
    side: float,
    request: gr.Request,
) -> str:
    """A graphic on a garment, as a PNG with its recipe.

    Args:
        picture: the graphic.
        garment: "t-shirt" or "tote"; look: "worn" or "flat".
        colour: a name such as "navy", or #rrggbb.
        place: "chest", "centre", "left chest" or "full".
        scale: percent of the place's own size, 5 to 200.
        rotation: degrees clockwise.
        side: pixels of the square picture, 200 to 4096.
    """
    folder = services.session_folder(request)
    graphic = _given(services, picture, folder)
    pixels = guards.finite_int(side, "the side", 200, 4096)
    size, turned = guards.finite_float(scale, "the scale", 5, 200), guards.finite_float(rotation, "the rotation", -180, 180)
    step = mockup_value(Mockup(garment, look, colour, place, scale=size, rotation=turned, side=pixels))
    shown, recipe = graphics.stepped(graphic.opened(), graphic.recipe, [step])
    return str(graphics.saved(shown, recipe, folder))


def print_file(
    services: Services,
    picture: str,
    size: str,
    dpi: float,
    bleed: float,
    fit: str,
    mirrored: bool,
    shape: str,
    kind: str,
    enlarge: str,
    request: gr.Request,
) -> str:
    """A file for a printer.

    Args:
        picture: the graphic.
        size: a name such as "a4" or "full-front", or "280x330", "12x16in".
        dpi: pixels an inch of the file, 50 to 1200.
        bleed: millimetres printed beyond the cut, 0 to 25.
        fit: "whole" or "fill".
        mirrored: for a transfer that is printed face down.
        shape: such as "vignette", or empty for the whole picture.
        kind: "PDF", "PNG" or "TIFF".
        enlarge: an upscaler that draws the graphic four times larger first, such as "upscale-4"; or "lanczos", or empty.
    """
    folder = services.session_folder(request)
    graphic = _given(services, picture, folder)
    wanted = Wanted(PRINT, shape=shape or WHOLE, size=size, dpi=dpi, bleed=bleed, fit=fit, mirrored=mirrored, kind=kind)
    job = job_of(wanted, graphic.size)
    refuse_large_pages(after(graphic.recipe, job))  # before an upscaler takes its time
    graphic = larger(services, graphic, "" if enlarge == LANCZOS else enlarge, folder)
    prepared, recipe = graphics.stepped(graphic.opened(), graphic.recipe, preparation(Desk(), wanted))
    page = after(recipe, job)
    return str(save_page(prepared, page, folder, SUFFIX_OF[guards.one_of(kind, KINDS, "the format")]))


def render(services: Services, recipe: str, picture: str | None, request: gr.Request) -> str:
    """Draw a picture again from its recipe, as a PNG that holds it.

    Args:
        recipe: JSON, as it lies in a PNG under "atelier".
        picture: the file that the recipe begins with, where it begins with one.
    """
    folder = services.session_folder(request)
    if picture:
        graphics.remember(Path(picture), folder)
    found, _ = graphics.present(services, from_json(recipe))
    return str(graphics.saved(graphics.drawn(services, found, folder), found, folder))


def _given(services: Services, picture: str | None, folder: Path) -> Graphic:
    if not picture:
        raise StudioError("no picture was given: upload one first")
    return graphics.from_upload(services, Path(picture), folder)


# Layout and wiring


def build(services: Services) -> DeskHandles:
    """Lay out the tab and wire its own events."""
    ways = enlarging(services)
    start = Wanted(enlarge=ways[0][1])
    gr.Markdown(INTRODUCTION, elem_classes="lead", label="Mock-up and print")
    with gr.Row(elem_classes="workbench"):
        with gr.Column(scale=0, min_width=320, elem_classes="controls"):
            view = gr.Radio(VIEWS, value=start.view, label="Show it", elem_id="desk-view")
            on_garment, garment_fields = _garment_fields(start)
            on_page, page_fields, compared = _page_fields(start, ways)
            on_film, film_fields = _film_fields(start)
            on_fabric = gr.Group(visible=False, elem_classes="plain-group")
            with on_fabric:
                layout = gr.Radio(list(LAYOUTS), value=start.layout, label="Repeat", elem_id="desk-layout")
            alone = gr.Group(visible=False)
        with gr.Column(scale=7, min_width=320, elem_classes="first-on-phone"):
            viewer = PictureViewer(label="On the desk", empty=EMPTY, elem_id="desk-viewer")
            line = gr.Markdown("", label="Rights", elem_id="desk-rights", elem_classes="fine-print")
        with gr.Column(scale=0, min_width=280, elem_classes="controls"):
            picture = UploadedImage(label="Your picture", height=150, elem_id="desk-picture")
            way = gr.Dropdown([AS_IT_IS, *WAYS, BY_HAND], value=AS_IT_IS, label="Colours", elem_id="desk-way")
            swatches = Swatches(label="Colours of the graphic, and what they become", elem_id="desk-swatches")
            shape = gr.Dropdown([WHOLE, *SHAPES], value=start.shape, label="Shape", elem_id="desk-shape")
            softness = Slider(
                0,
                100,
                start.softness,
                step=1,
                label="Soft edge",
                unit="percent",
                info="Percent of the shorter side.",
                elem_id="desk-softness",
            )
            clear = gr.Checkbox(start.clear, label="Take the background away", elem_id="desk-clear")
            ground = gr.Textbox(start.ground, label="Its colour", max_lines=1, max_length=40, elem_id="desk-ground")
            tolerance = _slider(0.5, 50, start.tolerance, "Tolerance", "tolerance", step=0.5)
    gr.Markdown(NOTE, elem_classes="fine-print", label="Note")
    delivery = Delivery(label="Saved file", elem_id="desk-delivery")
    all_fields = (view, clear, ground, tolerance, shape, softness, *garment_fields, *page_fields, *film_fields, layout)
    groups = (on_garment, on_page, on_film, on_fabric, alone)
    handles = DeskHandles(picture, all_fields, groups, way, swatches, viewer, line, compared, delivery, gr.State(Desk()))
    _wire(services, handles)
    _offer_to_programs(services)
    return handles


def _slider(
    low: float, high: float, value: float, label: str, name: str, step: float = 1, info: str | None = None, unit: str = ""
) -> gr.Slider:
    return Slider(low, high, value, step=step, label=label, info=info, unit=unit, elem_id=f"desk-{name}")


def _garment_fields(start: Wanted) -> tuple[Any, list[Any]]:
    group = gr.Group(elem_classes="plain-group")
    with group:
        garment = gr.Radio(list(GARMENTS), value=start.garment, label="Garment", elem_id="desk-garment")
        look = gr.Radio(list(LOOKS), value=start.look, label="Look", elem_id="desk-look")
        colour = gr.Dropdown(
            list(COLOURS),
            value=start.colour,
            label="Cloth",
            info="Choose one, or type #rrggbb.",
            allow_custom_value=True,
            elem_id="desk-colour",
        )
        place = gr.Dropdown(list(PLACES["t-shirt"]), value=start.place, label="Place", elem_id="desk-place")
        scale = _slider(5, 200, start.scale, "Size", "scale", info="Percent of the place's own.", unit="percent")
        rotation = _slider(-180, 180, start.rotation, "Rotation", "rotation", info="Degrees clockwise.", unit="degrees")
        with gr.Accordion("Move it, other folds", open=False, elem_id="desk-finer"):
            across = _slider(-400, 400, start.across, "To the right", "across", info="Millimetres.", unit="millimetres")
            down = _slider(-400, 400, start.down, "Down", "down", info="Millimetres.", unit="millimetres")
            folds = _slider(0, 150, start.folds, "Folds", "folds", info="Percent.", unit="percent")
            seed = Number(start.seed, label="Which folds", precision=0, minimum=0, elem_id="desk-seed")
    return group, [garment, look, colour, place, scale, rotation, across, down, folds, seed]


def _page_fields(start: Wanted, ways: list[tuple[str, str]]) -> tuple[Any, list[Any], Compare]:
    group = gr.Group(visible=False, elem_classes="plain-group")
    with group:
        size = gr.Dropdown(
            list(SIZES),
            value=start.size,
            label="Size",
            info="Or type 280x330, 28x33cm, 12x16in.",
            allow_custom_value=True,
            elem_id="desk-size",
        )
        bleed = _slider(0, 25, start.bleed, "Bleed", "bleed", step=0.5, info="Millimetres beyond the cut.", unit="millimetres")
        fit = gr.Radio(list(FITS), value=start.fit, label="Fit", elem_id="desk-fit")
        enlarge = gr.Radio(ways, value=start.enlarge, label="Enlarge by", elem_id="desk-enlarge")
        compared = Compare(label="A detail, by Lanczos and by the upscaler", empty=NO_DETAIL, elem_id="desk-detail")
        mirrored = gr.Checkbox(start.mirrored, label="Mirrored, for a transfer", elem_id="desk-mirrored")
        kind = gr.Radio(KINDS, value=start.kind, label="Format", elem_id="desk-kind")
        with gr.Accordion("Resolution, marks, paper", open=False, elem_id="desk-page-finer"):
            dpi = _slider(50, 1200, start.dpi, "Resolution of the file", "dpi", info="Pixels an inch.", unit="pixels an inch")
            marks = gr.Checkbox(start.marks, label="Cutting marks, in a PDF", elem_id="desk-marks")
            paper = gr.Textbox(
                start.paper,
                label="Paper",
                info="A colour where the graphic leaves it free.",
                max_lines=1,
                max_length=40,
                elem_id="desk-paper",
            )
    return group, [size, dpi, bleed, fit, mirrored, marks, paper, enlarge, kind], compared


def _film_fields(start: Wanted) -> tuple[Any, list[Any]]:
    group = gr.Group(visible=False, elem_classes="plain-group")
    with group:
        inks = _slider(1, MOST_INKS, start.inks, "Inks", "inks", info="The size is that of the print file.")
        cloth = gr.Textbox(start.cloth, label="Cloth", info="Its colour is left free.", max_lines=1, max_length=40, elem_id="desk-cloth")
        trap = _slider(0, 2, start.trap, "Trap", "trap", step=0.1, info="Millimetres under later inks.", unit="millimetres")
    return group, [inks, cloth, trap]


def _wire(services: Services, to: DeskHandles) -> None:
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    showing: dict[str, Any] = {
        "fn": guards.sentences(show, services),
        "inputs": [to.desk, *to.fields],
        "outputs": to.shown,
        "concurrency_id": QUEUE,
        "concurrency_limit": 2,
        **quiet,
    }
    view = to.fields[0]
    view.input(visible_groups, view, list(to.groups), queue=False, **quiet)
    gr.on(_changes(to.fields), trigger_mode="always_last", **showing)
    to.picture.upload(guards.sentences(open_picture, services), to.picture, to.laid, concurrency_id=MODEL_QUEUE, **quiet).success(**showing)
    to.way.input(guards.sentences(choose_way), [to.desk, to.way], [to.desk, to.swatches], queue=False, **quiet).success(**showing)
    painted = to.swatches.paint(guards.sentences(paint), to.desk, [to.desk, to.way], trigger_mode="always_last", queue=False, **quiet)
    painted.success(**showing)
    to.viewer.save(
        guards.sentences(save, services),
        [to.desk, *to.fields],
        to.delivery,
        concurrency_id=MODEL_QUEUE,
        api_visibility="private",
        show_progress="minimal",
        show_progress_on=to.viewer,
        trigger_mode="multiple",
    )


def _changes(of: Sequence[Any]) -> list[Any]:
    """The events in which a field's value was changed by a person."""
    events: list[Any] = []
    for field in of:
        if isinstance(field, gr.Slider):
            events += [field.input, field.change]
        elif isinstance(field, gr.Textbox):
            events += [field.submit, field.blur]
        else:
            events.append(field.input)
    return events


def show_again(services: Services, to: DeskHandles, after: Any) -> None:
    """Show the desk after an event that laid something on it."""
    after.success(
        guards.sentences(show, services),
        [to.desk, *to.fields],
        to.shown,
        concurrency_id=QUEUE,
        show_progress="hidden",
        api_visibility="private",
    )


def draw_at_first_visit(services: Services, to: DeskHandles, tab: gr.Tab) -> None:
    """Let a picture lie on the desk when the tab is opened for the first time with nothing on it."""
    event = tab.select(
        guards.sentences(example_if_empty, services),
        to.desk,
        to.laid,
        concurrency_id=MODEL_QUEUE,
        show_progress="hidden",
        api_visibility="private",
    )
    show_again(services, to, event)


def example_if_empty(services: Services, desk: Desk, request: gr.Request) -> list[Any]:
    """A picture of the first generator, unless something lies on the desk."""
    names = sorted(services.zoo.names("generator"), key=lambda name: (name != "cityscape", name))
    if desk.graphic is not None or not names:
        return untouched()
    generator = services.zoo.generator(names[0])
    classes = generator.card.classes
    [recipe] = sample_recipes(generator, [EXAMPLE_SEED], classes[0] if classes else None, 0.8)
    return laid_out(graphics.from_recipe(services, recipe, services.session_folder(request)))


def warm_up() -> None:
    """Sew the first garment, so that the first mock-up comes at once."""
    draw_mockup(Image.new("RGB", (8, 8)), mockup_of(Wanted(), PREVIEW))


def _offer_to_programs(services: Services) -> None:
    """The public endpoints; choices are text, so that a wrong value gets our sentence."""
    with gr.Row(visible=False):
        picture = UploadedImage(label="Picture")
        texts = [
            gr.Textbox(value, label=label)
            for value, label in (("t-shirt", "Garment"), ("worn", "Look"), ("white", "Colour"), ("chest", "Place"))
        ]
        scale, rotation, side = gr.Number(100, label="Scale"), gr.Number(0, label="Rotation"), gr.Number(1200, label="Side")
        size, fit = gr.Textbox("standard-front", label="Size"), gr.Textbox("whole", label="Fit")
        dpi, bleed = gr.Number(300, label="Resolution"), gr.Number(0, label="Bleed")
        mirrored, shape, kind = gr.Checkbox(False, label="Mirrored"), gr.Textbox("", label="Shape"), gr.Textbox("PDF", label="Format")
        enlarge = gr.Textbox(LANCZOS, label="Enlarge by")
        told, file = gr.Textbox("", label="Recipe"), gr.File(label="File")
        asked, printed, redrawn = gr.Button("Mock-up"), gr.Button("Print"), gr.Button("Render")
    offered: dict[str, Any] = {"api_visibility": "public", "concurrency_id": MODEL_QUEUE}
    asked.click(guards.sentences(mockup, services), [picture, *texts, scale, rotation, side], file, api_name="mockup", **offered)
    printed.click(
        guards.sentences(print_file, services),
        [picture, size, dpi, bleed, fit, mirrored, shape, kind, enlarge],
        file,
        api_name="print",
        **offered,
    )
    redrawn.click(guards.sentences(render, services), [told, picture], file, api_name="render", **offered)
