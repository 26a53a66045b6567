"""Explore: browse what a generator draws, choose two pictures, and walk from one to the other."""

import random
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from engines import imaging
from engines.errors import StudioError
from engines.exploration.sampling import MAX_FRAMES, sample_recipes, way_recipes
from engines.models.zoo import Zoo
from engines.production.rendering import other_weights, with_present_weights
from engines.production.video import FRAME_RATE, save_film
from engines.recipe import MAX_TRUNCATION, Drawn, Recipe, Sample, Sheet, Swap, Way, read_recipe, save_with_recipe, to_json
from studio import guards
from studio.components.delivery import Delivery
from studio.components.picture_grid import PictureGrid, Tiles, save_sprite
from studio.components.picture_viewer import PictureViewer, Strip
from studio.components.uploaded_image import UploadedImage
from studio.state import Services
from studio.wording import described, file_name, first_sample

GRID = 16
GRID_COLUMNS = 4
STRIP_FRAMES = 32
STRIP_COLUMNS = 8
STRIP_SIDE = 320
FILMS = {"mp4": (60, 24), "gif": (30, 12)}
FORMATS = tuple(FILMS)
TRUNCATION = 0.8
MARKS = ("A", "B")
CHOOSE = "Choose one picture in the grid to see it large, and a second one to walk from the first to it."
EMPTY = "Draw sixteen pictures, or start from a look above."
INTRODUCTION = "Every seed is a picture. Draw sixteen, choose two, and walk from one to the other."
MODEL_QUEUE = "model"


@dataclass(frozen=True)
class Look:
    """A start that one click gives: shown when its model, and its class, are at hand."""

    title: str
    model: str
    seed: int
    truncation: float
    class_name: str | None = None


LOOKS = (
    Look("Calm streets", "cityscape", 11, 0.6),
    Look("Bold skyline", "cityscape", 204, 1.0),
    Look("Quiet leather", "materials", 5, 0.7, "leather"),
    Look("Washed denim", "materials", 40, 0.9, "denim"),
    Look("Long dresses", "clothing", 7, 0.7, "dress"),
    Look("Shirts", "clothing", 64, 0.8, "shirt"),
)


@dataclass(frozen=True)
class Grid:
    """What the grid shows: the recipes of its pictures, under the key that the page sends back."""

    key: str = ""
    recipes: tuple[Sample, ...] = ()


@dataclass(frozen=True)
class Shown:
    """What the viewer shows: the recipe of each frame."""

    recipes: tuple[Recipe, ...] = ()


@dataclass(frozen=True)
class ExploreHandles:
    """The components that `studio.app` and tests may use."""

    model: gr.Dropdown
    class_name: gr.Dropdown
    truncation: gr.Slider
    seed: gr.Textbox
    draw: gr.Button
    surprise: gr.Button
    looks: tuple[gr.Button, ...]
    grid: PictureGrid
    viewer: PictureViewer
    seed_a: gr.Textbox
    seed_b: gr.Textbox
    walk: gr.Button
    sheet: gr.Button
    opened: UploadedImage
    rights: gr.Markdown
    delivery: Delivery
    drawn: gr.State
    shown: gr.State


# What a model offers


def looks_at_hand(zoo: Zoo) -> tuple[Look, ...]:
    """The looks whose model is at hand and knows their class."""
    names = zoo.names("generator")
    return tuple(look for look in LOOKS if look.model in names and (not look.class_name or look.class_name in zoo.card(look.model).classes))


def model_choices(zoo: Zoo) -> list[tuple[str, str]]:
    """Title and name of each generator, the cityscape first."""
    names = sorted(zoo.names("generator"), key=lambda name: (name != "cityscape", name))
    return [(zoo.card(name).title, name) for name in names]


def rights_of(zoo: Zoo, model: str) -> str:
    """One paragraph: the model, and what may be done with what it draws."""
    card = zoo.card(model)
    return f"**{card.title}.** {card.summary} *Rights:* {card.rights}"


def chosen_model(services: Services, model: str) -> tuple[Any, str]:
    """The class field for a model, and its rights."""
    classes = services.zoo.card(model).classes
    return class_field(classes), rights_of(services.zoo, model)


def class_field(classes: Sequence[str], chosen: str | None = None) -> Any:
    """The class field: there only for a model that has classes."""
    value = chosen if chosen in classes else (classes[0] if classes else None)
    return gr.update(choices=list(classes), value=value, visible=bool(classes))


def class_for(zoo: Zoo, model: str, class_name: object) -> str | None:
    """The class to draw: nothing for a model without classes, whatever an earlier model left in the field."""
    return str(class_name) if zoo.card(model).classes and class_name else None


# Drawing


def grid_pictures(services: Services, recipes: Sequence[Sample]) -> Iterator[list[Image.Image]]:
    """The pictures drawn so far, growing by one chunk of the model at a time."""
    chunk = max(1, int(services.zoo.card(recipes[0].model).render.get("chunk", 8)))
    pictures: list[Image.Image] = []
    for begin in range(0, len(recipes), chunk):
        pictures += services.draw(recipes[begin : begin + chunk])
        yield pictures


def draw_grid(
    services: Services, model: str, class_name: str | None, truncation: float, seed: str, request: gr.Request
) -> Iterator[tuple[Any, ...]]:
    """Draw 16 pictures from a first seed: the empty places at once, then the pictures as they come.

    Yields:
        tiles, what is drawn, and the viewer and its state, which are emptied.
    """
    began = time.perf_counter()
    recipes = grid_recipes(services, model, class_name, truncation, seed)
    drawn = Grid(secrets.token_hex(4), recipes)
    labels = tuple(f"Seed {recipe.seed}" for recipe in recipes)
    folder = services.session_folder(request)
    yield Tiles(drawn.key, labels, message="Drawing…"), drawn, None, Shown()
    for turn, pictures in enumerate(grid_pictures(services, recipes), start=1):
        whole = len(pictures) == len(recipes)
        message = f"{len(recipes)} pictures in {time.perf_counter() - began:.1f} s. {CHOOSE}" if whole else "Drawing…"
        sprite = save_sprite(pictures, GRID_COLUMNS, folder)
        yield Tiles(drawn.key, labels, sprite, GRID_COLUMNS, len(pictures), message, turn), drawn, None, Shown()


def redraw_grid(
    services: Services, drawn: Grid, model: str, class_name: str | None, truncation: float, seed: str, request: gr.Request
) -> Iterator[tuple[Any, ...]]:
    """`draw_grid`, unless the grid shows just that: fields also change when a look or a surprise fills them in."""
    if drawn.recipes == grid_recipes(services, model, class_name, truncation, seed):
        yield (gr.skip(),) * 4
    else:
        yield from draw_grid(services, model, class_name, truncation, seed, request)


def fill_grid(
    services: Services, drawn: Grid, shown: Shown, model: str, class_name: str | None, truncation: float, seed: str, request: gr.Request
) -> Iterator[tuple[Any, ...]]:
    """`redraw_grid`; what the viewer shows already, such as a picture sent from the tray, stays there."""
    for values in redraw_grid(services, drawn, model, class_name, truncation, seed, request):
        yield (*values[:2], gr.skip(), gr.skip()) if shown.recipes else values


def grid_recipes(services: Services, model: str, class_name: str | None, truncation: float, seed: str) -> tuple[Sample, ...]:
    """The recipes of a grid, every field checked."""
    chosen = class_for(services.zoo, model, class_name)
    return tuple(sample_recipes(services.zoo.generator(model), guards.seeds(seed, GRID), chosen, truncation))


def surprise() -> tuple[str, float]:
    """A first seed and a truncation that nobody chose."""
    return str(random.randrange(100_000)), round(random.uniform(0.7, 1.1), 2)


def take_look(services: Services, look: Look) -> tuple[Any, ...]:
    """The fields of a look: model, class, truncation, seed and rights."""
    classes = services.zoo.card(look.model).classes
    return look.model, class_field(classes, look.class_name), look.truncation, str(look.seed), rights_of(services.zoo, look.model)


def draw_one(services: Services, model: str) -> Image.Image:
    """One picture, the first class and seed 0."""
    card = services.zoo.card(model)
    recipes = sample_recipes(services.zoo.generator(model), [0], card.classes[0] if card.classes else None)
    return services.draw(recipes)[0]


# Looking


def chosen_places(drawn: Grid, key: object, places: object) -> list[Sample] | None:
    """The recipes at the places chosen in the page, or None when the page shows an older drawing.

    Raises:
        StudioError: not places of the grid.
    """
    if key != drawn.key:
        return None
    if not isinstance(places, list) or len(places) > len(MARKS):
        raise StudioError("choose at most two pictures of the grid")
    found = [guards.finite_int(place, "a place in the grid", 0, len(drawn.recipes) - 1) for place in places if place is not None]
    return [drawn.recipes[place] for place in found]


def pick(services: Services, drawn: Grid, event: gr.EventData, request: gr.Request) -> tuple[Any, ...]:
    """Show what was chosen in the grid.

    Returns:
        the viewer's strip, its state, and the seeds of A and B.
    """
    recipes = chosen_places(drawn, event._data.get("key"), event._data.get("places"))
    if recipes is None:
        return gr.skip(), gr.skip(), gr.skip(), gr.skip()
    if not recipes:
        return None, Shown(), "", ""
    folder = services.session_folder(request)
    if len(recipes) == 1:
        return *show_picture(services, recipes[0], folder), str(recipes[0].seed), ""
    first, second = recipes
    pair = (first.seed, second.seed)
    strip = show_way(services, first.model, first.class_name, first.truncation, pair, folder)
    return *strip, str(pair[0]), str(pair[1])


def show_picture(services: Services, recipe: Recipe, folder: Path, note: str = "") -> tuple[Strip, Shown]:
    """One picture, large."""
    picture = services.render(recipe)
    sprite = save_sprite([picture], 1, folder, side=2 * STRIP_SIDE)
    return Strip(sprite, 1, 1, caption=note or described(recipe)), Shown((recipe,))


def show_way(
    services: Services, model: str, class_name: str | None, truncation: float, pair: tuple[int, int], folder: Path
) -> tuple[Strip, Shown]:
    """The way from one seed to another, all frames in one sheet."""
    recipes = way_recipes(sample_recipes(services.zoo.generator(model), pair, class_name, truncation), STRIP_FRAMES)
    sprite = save_sprite(services.draw(recipes), STRIP_COLUMNS, folder, side=STRIP_SIDE)
    start, end = f"A, seed {pair[0]}", f"B, seed {pair[1]}"
    strip = Strip(sprite, len(recipes), STRIP_COLUMNS, start, end, f"From seed {pair[0]} to seed {pair[1]} in {len(recipes)} steps")
    return strip, Shown(tuple(recipes))


def walk(
    services: Services, model: str, class_name: str | None, truncation: float, seed_a: str, seed_b: str, request: gr.Request
) -> tuple[Strip, Shown]:
    """The way between two seeds that were typed."""
    if not seed_a or not seed_b:
        raise StudioError("a walk needs two seeds: choose two pictures in the grid, or type both seeds")
    pair = (guards.seed(seed_a), guards.seed(seed_b))
    return show_way(services, model, class_for(services.zoo, model, class_name), truncation, pair, services.session_folder(request))


def open_recipe(services: Services, path: str | None, request: gr.Request) -> tuple[Any, ...]:
    """Draw an uploaded picture again from the recipe inside it.

    Returns:
        the viewer's strip, its state, and the fields as the recipe has them: model, class, truncation, seed, rights.
    """
    if path is None:
        return (gr.skip(),) * 7
    recipe = read_recipe(Path(path))
    if recipe is None:
        raise StudioError(f"{Path(path).name} holds no recipe: upload a PNG as Atelier saved it, not a copy made elsewhere")
    if isinstance(recipe, Swap) and recipe.source is None:
        raise StudioError("this is a texture swap of a picture of yours: open that picture in the Texture swap tab to do it again")
    note = f"Drawn again from its recipe. {described(recipe)}"
    changed = other_weights(services.zoo, recipe)
    if changed:
        note += f". The weights of {', '.join(changed)} here are others than those it was first drawn with, so it may look different"
        recipe = with_present_weights(services.zoo, recipe)
    viewed = show_picture(services, recipe, services.session_folder(request), note)
    return *viewed, *fields_of(services.zoo, recipe)


def fields_of(zoo: Zoo, recipe: Recipe) -> tuple[Any, ...]:
    """Model, class, truncation, seed and rights of the seed that a recipe began with; unchanged where it began with none."""
    sample = None if isinstance(recipe, Swap) else first_sample(recipe)
    if sample is None:
        return (gr.skip(),) * 5
    classes = zoo.card(sample.model).classes
    return sample.model, class_field(classes, sample.class_name), sample.truncation, str(sample.seed), rights_of(zoo, sample.model)


# Saving


def save_shown(services: Services, shown: Shown, event: gr.EventData, request: gr.Request) -> Path:
    """The file that a button under the viewer asks for."""
    return save_file(services, shown, event._data.get("frame"), event._data.get("format"), services.session_folder(request))


def save_file(services: Services, shown: Shown, frame: object, kind: object, folder: Path) -> Path:
    """One frame as PNG with its recipe, or the whole way as a film.

    Raises:
        StudioError: nothing is shown, no such frame or format.
    """
    if not shown.recipes:
        raise StudioError("there is nothing to save yet: choose a picture in the grid first")
    guards.one_of(kind, ("png", *FORMATS), "the format")
    first = shown.recipes[0]
    if kind in FORMATS:
        if not isinstance(first, Way):
            raise StudioError("a film goes from one picture to another: choose a second one in the grid")
        frames, rate = FILMS[str(kind)]
        return film(services, first.parents, frames, str(kind), folder, rate)
    recipe = shown.recipes[guards.finite_int(frame, "the frame", 0, len(shown.recipes) - 1)]
    return save_picture(services.render(recipe), recipe, folder)


def save_picture(picture: Image.Image, recipe: Recipe, folder: Path) -> Path:
    """A PNG with its recipe inside, named after it."""
    path = folder / file_name(recipe, ".png")
    save_with_recipe(picture, path, recipe)
    return path


def film(services: Services, keyframes: Sequence[Drawn], frames: int, kind: str, folder: Path, rate: int = FRAME_RATE) -> Path:
    """A film through pictures, `rate` frames a second, its first and last recipe in its comment."""
    recipes = way_recipes(keyframes, frames)
    path = folder / file_name(recipes[0], f".{kind}")
    save_film(services.draw(recipes), path, to_json(Sheet(len(recipes), (recipes[0], recipes[-1]))), rate)
    return path


def save_sheet(services: Services, drawn: Grid, request: gr.Request) -> Path:
    """The whole grid as one PNG with its recipe."""
    if not drawn.recipes:
        raise StudioError("there is nothing to save yet: draw pictures first")
    recipe = Sheet(GRID_COLUMNS, drawn.recipes)
    pictures = services.draw(drawn.recipes)
    return save_picture(imaging.sheet(pictures, GRID_COLUMNS), recipe, services.session_folder(request))


# For programs


def sample(services: Services, model: str, seeds: str, count: float, truncation: float, class_name: str, request: gr.Request) -> list[str]:
    """Draw pictures as PNG files that hold their recipes.

    Args:
        model: a generator, such as "cityscape".
        seeds: a first seed ("7", then `count` in a row), a list ("1,2,9") or a range ("0-15").
        count: how many, at most 64; for a first seed only.
        truncation: ψ, 0 always the same safe picture, 1 all of the variety.
        class_name: for a model with classes, otherwise empty.
    """
    generator = services.zoo.generator(model)
    recipes = sample_recipes(generator, guards.seeds(seeds, count), class_name or None, truncation)
    folder = services.session_folder(request)
    pictures = services.draw(recipes)
    return [str(save_picture(picture, recipe, folder)) for picture, recipe in zip(pictures, recipes, strict=True)]


def interpolate(
    services: Services,
    model: str,
    seed_a: str,
    seed_b: str,
    frames: float,
    truncation: float,
    class_name: str,
    kind: str,
    request: gr.Request,
) -> str:
    """A film from one seed to another.

    Args:
        model: a generator, such as "cityscape".
        seed_a, seed_b: first and last seed.
        frames: 2 to 600; 24 are a second.
        truncation: ψ, 0 to 2.
        class_name: for a model with classes, otherwise empty.
        kind: "mp4" or "gif".
    """
    pair = (guards.seed(seed_a), guards.seed(seed_b))
    many = guards.finite_int(frames, "the number of frames", 2, MAX_FRAMES)
    chosen = guards.one_of(kind, FORMATS, "the format")
    ends = sample_recipes(services.zoo.generator(model), pair, class_name or None, truncation)
    return str(film(services, ends, many, chosen, services.session_folder(request)))


# Layout and wiring


def build(services: Services) -> ExploreHandles:
    """Lay out the tab and wire its events."""
    zoo = services.zoo
    choices = model_choices(zoo)
    if not choices:
        raise StudioError("there is no generator at hand: fetch the models first, or set STUDIO_HOME to a folder that has them")
    first = choices[0][1]
    classes = zoo.card(first).classes
    looks = looks_at_hand(zoo)
    gr.Markdown(INTRODUCTION, elem_classes="lead", label="Explore")
    with gr.Row(elem_classes="workbench"):
        with gr.Column(scale=0, min_width=260, elem_classes="controls"):
            model = gr.Dropdown(choices, value=first, label="Model", elem_id="explore-model")
            class_name = gr.Dropdown(
                list(classes), value=classes[0] if classes else None, label="Class", visible=bool(classes), elem_id="explore-class"
            )
            truncation = gr.Slider(
                0,
                MAX_TRUNCATION,
                TRUNCATION,
                step=0.05,
                label="Safe ↔ surprising",
                info="Truncation ψ",
                elem_id="explore-truncation",
                buttons=["reset"],
            )
            seed = gr.Textbox("0", label="First seed", info="A whole number, or several: 1, 8, 30-37.", max_lines=1, elem_id="explore-seed")
            draw = gr.Button("Draw 16", variant="primary", size="md", elem_id="explore-draw")
            surprised = gr.Button("Surprise me", size="md", elem_id="explore-surprise")
            with gr.Accordion("Open a picture made here", open=False, elem_id="explore-open"):
                gr.Markdown(
                    "A PNG saved from Atelier knows how it was drawn. Drop it here and it is drawn again.", elem_classes="fine-print"
                )
                opened = UploadedImage(label="Picture with a recipe", height=170, elem_id="explore-recipe")
        with gr.Column(scale=11, min_width=320):
            with gr.Row(elem_classes="looks"):
                look_buttons = tuple(gr.Button(look.title, size="sm", elem_id=f"explore-look-{place}") for place, look in enumerate(looks))
            with gr.Row():
                with gr.Column(scale=6, min_width=320):
                    grid = PictureGrid(label="Pictures", marks=MARKS, empty=EMPTY, elem_id="explore-grid")
                    sheet = gr.Button("Save all as one sheet", size="md", elem_id="explore-sheet", elem_classes="own-width")
                with gr.Column(scale=5, min_width=320):
                    viewer = PictureViewer(label="Chosen", empty=CHOOSE, elem_id="explore-viewer")
                    with gr.Row(elem_classes=["controls", "side-by-side"]):
                        seed_a = gr.Textbox("", label="Seed A", max_lines=1, min_width=90, elem_id="explore-seed-a")
                        seed_b = gr.Textbox("", label="Seed B", max_lines=1, min_width=90, elem_id="explore-seed-b")
                        walked = gr.Button("Walk from A to B", size="md", elem_id="explore-walk", min_width=140)
    rights = gr.Markdown(rights_of(zoo, first), elem_classes="fine-print", elem_id="explore-rights", label="Rights")
    delivery = Delivery(label="Saved picture or film", elem_id="explore-delivery")
    drawn, shown = gr.State(Grid()), gr.State(Shown())
    handles = ExploreHandles(
        model, class_name, truncation, seed, draw, surprised, look_buttons, grid, viewer, seed_a, seed_b, walked, sheet, opened, rights,
        delivery, drawn, shown,
    )  # fmt: skip
    _wire(services, handles, looks)
    _offer_to_programs(services, first)
    return handles


def _wire(services: Services, to: ExploreHandles, looks: Sequence[Look]) -> None:
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    drawing: dict[str, Any] = {**quiet, "concurrency_id": MODEL_QUEUE}
    recipe_fields = [to.model, to.class_name, to.truncation, to.seed]
    grid: dict[str, Any] = {
        "fn": guards.sentences(draw_grid, services),
        "inputs": recipe_fields,
        "outputs": [to.grid, to.drawn, to.viewer, to.shown],
        **drawing,
    }
    redraw = {**grid, "fn": guards.sentences(redraw_grid, services), "inputs": [to.drawn, *recipe_fields]}
    gr.on([to.draw.click, to.seed.submit], **grid)
    to.model.input(guards.sentences(chosen_model, services), to.model, [to.class_name, to.rights], queue=False, **quiet).then(**redraw)
    to.class_name.input(trigger_mode="always_last", **redraw)
    gr.on([to.truncation.release, to.truncation.change], trigger_mode="always_last", **redraw)
    to.surprise.click(surprise, None, [to.seed, to.truncation], queue=False, **quiet).then(**redraw)
    for button, look in zip(to.looks, looks, strict=True):
        outputs = [*recipe_fields, to.rights]
        button.click(guards.sentences(take_look, services, look), None, outputs, queue=False, **quiet).then(**redraw)
    viewed = [to.viewer, to.shown]
    to.grid.pick(guards.sentences(pick, services), to.drawn, [*viewed, to.seed_a, to.seed_b], trigger_mode="always_last", **drawing)
    gr.on(
        [to.walk.click, to.seed_b.submit],
        guards.sentences(walk, services),
        [to.model, to.class_name, to.truncation, to.seed_a, to.seed_b],
        viewed,
        **drawing,
    )
    to.opened.upload(guards.sentences(open_recipe, services), to.opened, [*viewed, *recipe_fields, to.rights], **drawing)
    saving = {**drawing, "trigger_mode": "multiple", "show_progress": "minimal"}
    to.viewer.save(guards.sentences(save_shown, services), to.shown, to.delivery, show_progress_on=to.viewer, **saving)
    to.sheet.click(guards.sentences(save_sheet, services), to.drawn, to.delivery, show_progress_on=to.grid, **saving)


def draw_at_first_visit(services: Services, to: ExploreHandles, tab: gr.Tab) -> None:
    """Let the grid fill itself when its tab is opened for the first time."""
    tab.select(
        guards.sentences(fill_grid, services),
        [to.drawn, to.shown, to.model, to.class_name, to.truncation, to.seed],
        [to.grid, to.drawn, to.viewer, to.shown],
        concurrency_id=MODEL_QUEUE,
        show_progress="hidden",
        api_visibility="private",
    )


def _offer_to_programs(services: Services, first: str) -> None:
    """The two public endpoints; their fields are text, so that a wrong value gets our sentence."""
    with gr.Row(visible=False):
        model = gr.Textbox(first, label="Model")
        seeds = gr.Textbox("0", label="Seeds")
        count = gr.Number(GRID, label="Count")
        truncation = gr.Number(1.0, label="Truncation")
        class_name = gr.Textbox("", label="Class")
        files = gr.File(file_count="multiple", label="Pictures")
        seed_a, seed_b = gr.Textbox("1", label="Seed A"), gr.Textbox("2", label="Seed B")
        frames = gr.Number(FILMS["mp4"][0], label="Frames")
        kind = gr.Textbox("mp4", label="Format")
        file = gr.File(label="Film")
        asked, filmed = gr.Button("Sample"), gr.Button("Interpolate")
    offered: dict[str, Any] = {"api_visibility": "public", "concurrency_id": MODEL_QUEUE}
    asked.click(guards.sentences(sample, services), [model, seeds, count, truncation, class_name], files, api_name="sample", **offered)
    filmed.click(
        guards.sentences(interpolate, services),
        [model, seed_a, seed_b, frames, truncation, class_name, kind],
        file,
        api_name="interpolate",
        **offered,
    )
