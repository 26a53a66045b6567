"""Explore: browse what a generator draws, find and choose pictures, and make new ones of them."""

import random
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from engines import imaging
from engines.curation.encoder import MAX_PROMPT
from engines.errors import StudioError
from engines.exploration.sampling import MAX_FRAMES, sample_recipes, way_recipes
from engines.exploration.truncation import USUAL_TRUNCATION
from engines.models.zoo import Zoo
from engines.paths import replacing
from engines.production.video import FRAME_RATE, save_film
from engines.recipe import MAX_TRUNCATION, Drawn, Recipe, Sample, Sheet, Steer, Swap, Way, read_recipe, save_with_recipe, to_json
from studio import graphics, guards
from studio.components.bounded import Slider
from studio.components.delivery import Delivery
from studio.components.picture_grid import PictureGrid
from studio.components.picture_viewer import PictureViewer
from studio.components.uploaded_image import UploadedImage
from studio.panels.exploring import (
    CHOOSE,
    FIND,
    FORMATS,
    GRID,
    GRID_COLUMNS,
    MARKS,
    NEXT,
    REACH,
    SLIDERS,
    STRIP_COLUMNS,
    Grid,
    Shown,
    act,
    at_another_truncation,
    chosen_of,
    class_for,
    directions_of,
    fill,
    find_words,
    frame_of,
    go_back,
    most_different,
    move,
    name_choices,
    rename,
    show_chosen,
    show_drawn,
    shuffle_rest,
    slider_updates,
    walk_again,
)
from studio.panels.stopping import ask_to_stop
from studio.panels.tray import light
from studio.state import Services
from studio.turns import MODEL_QUEUE
from studio.wording import described, file_name, first_sample

FILMS = {"mp4": (60, 24), "gif": (30, 12)}
MOST_FRAMES = 240
PACES = [("Even", "even"), ("Slow at each picture", "soft")]
EMPTY = "Draw sixteen pictures, or start from a look above."
INTRODUCTION = "Every seed is a picture. Draw sixteen, choose what you like, and vary, mix, move or walk from one to the next."
FIELDS = 7 + SLIDERS
"""How many fields `fields_for` fills."""
MOVING = "Each slider moves the picture on show; its name says what was measured to change along it."


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
    Look("Skirts of all kinds", "clothing", 5, 0.8, "skirt"),
)


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
    shuffle: gr.Button
    words: gr.Textbox
    every_class: gr.Checkbox
    find: gr.Button
    differ: gr.Button
    stop: gr.Button
    sliders: tuple[gr.Slider, ...]
    old_name: gr.Dropdown
    new_name: gr.Textbox
    rename: gr.Button
    loop: gr.Checkbox
    easing: gr.Radio
    back: gr.Button
    sheet: gr.Button
    opened: UploadedImage
    rights: gr.Markdown
    delivery: Delivery
    drawn: gr.State
    shown: gr.State

    @property
    def of_model(self) -> list[Any]:
        """What `change_model` fills when another model is chosen."""
        return [self.class_name, self.rights, self.every_class, self.old_name, *self.sliders]

    @property
    def fields(self) -> list[Any]:
        """What `fields_for` fills: model, class, truncation, seed, and what changes with a model."""
        return [self.model, self.class_name, self.truncation, self.seed, *self.of_model[1:]]


# What a model offers


def looks_at_hand(zoo: Zoo) -> tuple[Look, ...]:
    """The looks whose model is at hand and knows their class."""
    names = zoo.names("generator")
    return tuple(look for look in LOOKS if look.model in names and (not look.class_name or look.class_name in zoo.card(look.model).classes))


def model_choices(zoo: Zoo) -> list[tuple[str, str]]:
    """Title and name of each generator, the cityscape first."""
    names = sorted(zoo.names("generator"), key=lambda name: (name != "cityscape", name))
    return [(zoo.card(name).title, name) for name in names]


def model_field(zoo: Zoo, chosen: str) -> Any:
    """The model field with all models that are at hand now, which may be more than when the page was built."""
    return gr.update(choices=model_choices(zoo), value=chosen)


def offer_models(services: Services, model: str) -> list[Any]:
    """The model field and what `change_model` fills: all models at hand to choose from, and another one where the chosen one is gone."""
    choices = model_choices(services.zoo)
    names = [name for _, name in choices]
    if model in names or not names:
        return [gr.update(choices=choices), *[gr.skip()] * (4 + SLIDERS)]
    return [model_field(services.zoo, names[0]), *change_model(services, names[0])]


def rights_of(zoo: Zoo, model: str) -> str:
    """One paragraph: the model, and what may be done with what it draws."""
    card = zoo.card(model)
    return f"**{card.title}.** {card.summary}. *Rights:* {card.rights}"


def change_model(services: Services, model: str) -> tuple[Any, ...]:
    """The class field for a model, its rights, whether to look in every class, the names of its directions, and their sliders."""
    classes = services.zoo.card(model).classes
    several = gr.update(visible=bool(classes))
    return class_field(classes), rights_of(services.zoo, model), several, name_choices(services, model), *slider_updates(services, model)


def fields_for(services: Services, model: str, class_name: str | None, truncation: float, seed: int) -> tuple[Any, ...]:
    """Model, class, truncation and seed as fields; then what changes with a model, but for its class."""
    _, *rest = change_model(services, model)
    classes = class_field(services.zoo.card(model).classes, class_name)
    return model_field(services.zoo, model), classes, truncation, str(seed), *rest


def class_field(classes: Sequence[str], chosen: str | None = None) -> Any:
    """The class field: there only for a model that has classes."""
    value = chosen if chosen in classes else (classes[0] if classes else None)
    return gr.update(choices=list(classes), value=value, visible=bool(classes))


# Drawing


def draw_grid(
    services: Services, drawn: Grid, model: str, class_name: str | None, truncation: float, seed: str, request: gr.Request
) -> NEXT:
    """Draw 16 pictures from a first seed, or one of each of several: the empty places at once, then the pictures as they come."""
    recipes = grid_recipes(services, model, class_name, truncation, seed)
    yield from fill(services, recipes, drawn, services.session_folder(request))


def redraw_grid(
    services: Services, drawn: Grid, model: str, class_name: str | None, truncation: float, seed: str, request: gr.Request
) -> NEXT:
    """`draw_grid`, unless the grid shows just that: fields also change when a look or a surprise fills them in."""
    if drawn.recipes == grid_recipes(services, model, class_name, truncation, seed):
        yield gr.skip(), gr.skip(), gr.skip(), gr.skip()
    else:
        yield from draw_grid(services, drawn, model, class_name, truncation, seed, request)


def redraw_other(
    services: Services, drawn: Grid, model: str, class_name: str | None, truncation: float, seed: str, request: gr.Request
) -> NEXT:
    """`redraw_grid`, unless the grid shows this model and class: a page that shows its fields for the first time reports them as changed,
    on a slow machine after somebody has begun to search."""
    sample = first_sample(drawn.recipes[0]) if drawn.recipes else None
    if sample is not None and (sample.model, drawn.asked or sample.class_name) == (model, class_for(services, model, class_name)):
        yield gr.skip(), gr.skip(), gr.skip(), gr.skip()
    else:
        yield from redraw_grid(services, drawn, model, class_name, truncation, seed, request)


def turn_truncation(
    services: Services,
    drawn: Grid,
    shown: Shown,
    model: str,
    class_name: str | None,
    truncation: float,
    seed: str,
    request: gr.Request,
) -> NEXT:
    """What the grid and the viewer show, at another ψ; sixteen from the first seed where they show nothing of the model yet."""
    if drawn.recipes and drawn.recipes[0].model == model:
        yield from at_another_truncation(services, drawn, shown, truncation, request)
    else:
        yield from draw_grid(services, drawn, model, class_name, truncation, seed, request)


def fill_grid(
    services: Services, drawn: Grid, shown: Shown, model: str, class_name: str | None, truncation: float, seed: str, request: gr.Request
) -> NEXT:
    """Sixteen pictures where the grid shows none of the model; what was found, varied or shuffled stays, and what is shown large, too,
    unless another model drew it."""
    if drawn.recipes and drawn.recipes[0].model == model:
        yield (gr.skip(),) * 4
        return
    stays = shown.recipes and all(recipe.model == model for recipe in chosen_of(shown))
    for values in draw_grid(services, drawn, model, class_name, truncation, seed, request):
        yield (*values[:2], gr.skip(), gr.skip()) if stays else values


def grid_recipes(services: Services, model: str, class_name: str | None, truncation: float, seed: str) -> tuple[Sample, ...]:
    """The recipes of a grid, every field checked."""
    chosen = class_for(services, model, class_name)
    return tuple(sample_recipes(services.zoo.generator(model), guards.seeds(seed, GRID), chosen, truncation))


def surprise() -> tuple[str, float]:
    """A first seed and a truncation that nobody chose."""
    return str(random.randrange(100_000)), round(random.uniform(0.7, 1.1), 2)


def take_look(services: Services, look: Look) -> tuple[Any, ...]:
    """The fields of a look, as `fields_for` gives them."""
    return fields_for(services, look.model, look.class_name, look.truncation, look.seed)


def draw_one(services: Services, model: str) -> Image.Image:
    """One picture, the first class and seed 0."""
    card = services.zoo.card(model)
    recipes = sample_recipes(services.zoo.generator(model), [0], card.classes[0] if card.classes else None)
    return services.draw(recipes)[0]


# Looking


def chosen_places(drawn: Grid, key: object, places: object) -> list[Drawn] | None:
    """The recipes at the places chosen in the page, in the order of choosing, or None when the page shows an older drawing.

    Raises:
        StudioError: not places of the grid.
    """
    if key != drawn.key:
        return None
    if not isinstance(places, list) or len(places) > len(MARKS):
        raise StudioError(f"choose at most {len(MARKS)} pictures of the grid")
    found = [guards.finite_int(place, "a place in the grid", 0, len(drawn.recipes) - 1) for place in places if place is not None]
    return [drawn.recipes[place] for place in found]


def pick(services: Services, drawn: Grid, model: str, loop: bool, easing: str, event: gr.EventData, request: gr.Request) -> tuple[Any, ...]:
    """Show what was chosen in the grid.

    Returns:
        the viewer's strip, its state, and the sliders of directions.
    """
    chosen = chosen_places(drawn, event._data.get("key"), event._data.get("places"))
    if chosen is None:
        return (gr.skip(),) * (2 + SLIDERS)
    viewed = show_chosen(services, chosen, loop, easing, services.session_folder(request))
    return *viewed, *slider_updates(services, chosen[0].model if chosen else model, chosen[0] if len(chosen) == 1 else None)


def open_recipe(services: Services, path: str | None, request: gr.Request) -> tuple[Any, ...]:
    """Draw an uploaded picture again from the recipe inside it.

    Returns:
        the viewer's strip, its state, and the fields as the recipe has them, as `fields_for` gives them.
    """
    if path is None:
        return gr.skip(), gr.skip(), *(gr.skip(),) * FIELDS
    recipe = read_recipe(Path(path))
    if recipe is None:
        raise StudioError(f"{Path(path).name} holds no recipe: upload a PNG as Atelier saved it, not a copy made elsewhere")
    folder = services.session_folder(request)
    if isinstance(recipe, Swap) and recipe.source is None and not graphics.at_hand(recipe, folder):
        raise StudioError("this is a texture swap of a picture of yours: open that picture in the Texture swap tab to do it again")
    recipe, note = graphics.present(services, recipe)
    return show_recipe(services, recipe, folder, f"Drawn again from its recipe. {described(recipe)}. {note}".strip())


def show_recipe(services: Services, recipe: Recipe, folder: Path, caption: str) -> tuple[Any, ...]:
    """A picture in the viewer, whatever it was made of: the strip, its state, and the fields as its recipe has them."""
    viewed = show_drawn(graphics.on_checks(graphics.drawn(services, light(recipe), folder)), recipe, folder, caption)
    fields = fields_of(services, recipe)
    if isinstance(recipe, Steer):
        fields = *fields[:-SLIDERS], *slider_updates(services, recipe.model, recipe)
    return *viewed, *fields


def step_back(services: Services, drawn: Grid, request: gr.Request) -> Iterator[tuple[Any, ...]]:
    """`go_back`, with the fields as the pictures there have them: what is made next is of their model."""
    fields = fields_of(services, drawn.before.recipes[0]) if drawn.before else ()
    for values in go_back(services, drawn, request):
        yield *values, *fields
        fields = (gr.skip(),) * FIELDS


def fields_of(services: Services, recipe: Recipe) -> tuple[Any, ...]:
    """The fields, as `fields_for` gives them, of the seed that a recipe began with; unchanged where it began with none."""
    sample = None if isinstance(recipe, Swap) else first_sample(recipe)
    if sample is None:
        return (gr.skip(),) * FIELDS
    return fields_for(services, sample.model, sample.class_name, sample.truncation, sample.seed)


# Saving


def save_shown(services: Services, shown: Shown, event: gr.EventData, request: gr.Request) -> Path:
    """The file that a button under the viewer asks for."""
    frame = frame_of(shown, event) if shown.recipes else 0
    return save_file(services, shown, frame, event._data.get("format"), services.session_folder(request))


def save_file(services: Services, shown: Shown, frame: object, kind: object, folder: Path) -> Path:
    """One frame as PNG with its recipe, or the whole way as a film.

    Raises:
        StudioError: nothing is shown, no such frame or format.
    """
    if not shown.recipes:
        raise StudioError("there is nothing to save yet: choose a picture in the grid first")
    guards.one_of(kind, FORMATS, "the format")
    first = shown.recipes[0]
    if kind in FILMS:
        if not isinstance(first, Way) or len(shown.recipes) < 2:
            raise StudioError("a film goes from one picture to another: choose a second one in the grid")
        frames, rate = FILMS[str(kind)]
        legs = len(first.parents) - (0 if first.loop else 1)
        return film(services, first.parents, min(frames * legs, MOST_FRAMES), str(kind), folder, rate, first.loop, first.easing)
    if kind == "frames":
        return save_frames(services, shown, folder)
    if kind == "sheet":
        sheet = Sheet(STRIP_COLUMNS, shown.recipes)
        return save_picture(services.render(sheet), sheet, folder)
    recipe = shown.recipes[guards.finite_int(frame, "the frame", 0, len(shown.recipes) - 1)]
    return save_picture(graphics.drawn(services, recipe, folder), recipe, folder)


def save_frames(services: Services, shown: Shown, folder: Path) -> Path:
    """Every frame as a PNG with its recipe, in one ZIP."""
    recipes = [recipe for recipe in shown.recipes if isinstance(recipe, Drawn)]
    path = folder / file_name(recipes[0], ".zip")
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        for number, (recipe, picture) in enumerate(zip(recipes, services.draw(recipes), strict=True)):
            frame = folder / f"frame-{number:04d}.png"
            save_with_recipe(picture, frame, recipe)
            archive.write(frame, frame.name)
            frame.unlink()
    return path


def save_picture(picture: Image.Image, recipe: Recipe, folder: Path) -> Path:
    """A PNG with its recipe inside, named after it."""
    path = folder / file_name(recipe, ".png")
    save_with_recipe(picture, path, recipe)
    return path


def film(
    services: Services,
    keyframes: Sequence[Drawn],
    frames: int,
    kind: str,
    folder: Path,
    rate: int = FRAME_RATE,
    loop: bool = False,
    easing: str = "even",
) -> Path:
    """A film through pictures, `rate` frames a second, its first and last recipe in its comment."""
    recipes = way_recipes(keyframes, frames, loop, easing)
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
    chosen = guards.one_of(kind, tuple(FILMS), "the format")
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
            truncation = Slider(
                0,
                MAX_TRUNCATION,
                USUAL_TRUNCATION,
                step=0.05,
                label="Safe ↔ surprising",
                info="Truncation ψ, of all that is shown",
                elem_id="explore-truncation",
                buttons=["reset"],
            )
            seed = gr.Textbox("0", label="First seed", info="A whole number, or several: 1, 8, 30-37.", max_lines=1, elem_id="explore-seed")
            draw = gr.Button("Draw", variant="primary", size="md", elem_id="explore-draw")
            with gr.Row(elem_classes=["side-by-side"]):
                surprised = gr.Button("Surprise me", size="md", elem_id="explore-surprise", min_width=100)
                shuffle = gr.Button("Shuffle", size="md", elem_id="explore-shuffle", min_width=100)
            differ = gr.Button("Sixteen that differ", size="md", elem_id="explore-differ")
            words = gr.Textbox(
                "", label="Find by words", info="Such as: narrow alley.", max_lines=1, max_length=MAX_PROMPT, elem_id="explore-words"
            )
            every_class = gr.Checkbox(True, label="in every class", visible=bool(classes), elem_id="explore-every-class")
            with gr.Row(elem_classes=["side-by-side"]):
                seek = gr.Button("Find", size="md", elem_id="explore-find", min_width=100)
                stop = gr.Button("Stop", size="md", elem_id="explore-stop", min_width=100)
            with gr.Accordion("Move along directions", open=False, elem_id="explore-directions"):
                known = directions_of(services, first)
                sliders = tuple(
                    Slider(
                        -REACH,
                        REACH,
                        0,
                        step=0.1,
                        label=known[place].name if place < len(known) else f"Direction {place + 1}",
                        visible=place < len(known),
                        elem_id=f"explore-direction-{place}",
                    )
                    for place in range(SLIDERS)
                )
                gr.Markdown(MOVING, elem_classes="fine-print", label="How directions move")
                with gr.Accordion("Other names", open=False, visible=services.settings.local, elem_id="explore-names"):
                    names = [one.name for one in known]
                    renamed_one = gr.Dropdown(names, value=names[0] if names else None, label="Direction", elem_id="explore-old-name")
                    new_name = gr.Textbox("", label="New name", max_lines=1, max_length=60, elem_id="explore-new-name")
                    renaming = gr.Button("Rename", size="md", elem_id="explore-rename")
            with gr.Accordion("The way between pictures", open=False, elem_id="explore-way"):
                loop = gr.Checkbox(False, label="back to the first, without an end", elem_id="explore-loop")
                easing = gr.Radio(PACES, value="even", label="Pace", elem_id="explore-easing")
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
                    with gr.Row(elem_classes="looks"):
                        back = gr.Button("Back", size="sm", elem_id="explore-back")
                        sheet = gr.Button("Save all as one sheet", size="sm", elem_id="explore-sheet")
                with gr.Column(scale=5, min_width=320):
                    viewer = PictureViewer(label="Chosen", empty=CHOOSE, elem_id="explore-viewer")
    rights = gr.Markdown(rights_of(zoo, first), elem_classes="fine-print", elem_id="explore-rights", label="Rights")
    delivery = Delivery(label="Saved picture or film", elem_id="explore-delivery")
    drawn, shown = gr.State(Grid()), gr.State(Shown())
    handles = ExploreHandles(
        model, class_name, truncation, seed, draw, surprised, look_buttons, grid, viewer, shuffle, words, every_class, seek, differ,
        stop, sliders, renamed_one, new_name, renaming, loop, easing, back, sheet, opened, rights, delivery, drawn, shown,
    )  # fmt: skip
    _wire(services, handles, looks)
    _offer_to_programs(services, first)
    return handles


def _wire(services: Services, to: ExploreHandles, looks: Sequence[Look]) -> None:
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    drawing: dict[str, Any] = {**quiet, "concurrency_id": MODEL_QUEUE}
    recipe_fields = [to.model, to.class_name, to.truncation, to.seed]
    filled = [to.grid, to.drawn, to.viewer, to.shown]
    grid: dict[str, Any] = {"inputs": [to.drawn, *recipe_fields], "outputs": filled, **drawing}
    redraw = {**grid, "fn": guards.sentences(redraw_grid, services)}
    gr.on([to.draw.click, to.seed.submit], guards.sentences(draw_grid, services), **grid)
    other = {**grid, "fn": guards.sentences(redraw_other, services)}
    to.model.input(guards.sentences(change_model, services), to.model, to.of_model, queue=False, **quiet).success(**other)
    to.class_name.input(trigger_mode="always_last", **other)
    gr.on(
        [to.truncation.release, to.truncation.input],  # not where a look or a surprise fills it in: these draw by themselves
        guards.sentences(turn_truncation, services),
        inputs=[to.drawn, to.shown, *recipe_fields],
        outputs=filled,
        trigger_mode="always_last",
        **drawing,
    )
    to.surprise.click(surprise, None, [to.seed, to.truncation], queue=False, **quiet).success(**redraw)
    for button, look in zip(to.looks, looks, strict=True):
        button.click(guards.sentences(take_look, services, look), None, to.fields, queue=False, **quiet).success(**redraw)
    _wire_making(services, to, filled, drawing)
    viewed = [to.viewer, to.shown]
    to.opened.upload(guards.sentences(open_recipe, services), to.opened, [*viewed, *to.fields], **drawing)
    saving = {**drawing, "trigger_mode": "multiple", "show_progress": "minimal"}
    to.viewer.save(guards.sentences(save_shown, services), to.shown, to.delivery, show_progress_on=to.viewer, **saving)
    to.sheet.click(guards.sentences(save_sheet, services), to.drawn, to.delivery, show_progress_on=to.grid, **saving)


def _wire_making(services: Services, to: ExploreHandles, filled: list[Any], drawing: dict[str, Any]) -> None:
    """Choosing, and what is made of what was chosen."""
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    viewed, wish = [to.viewer, to.shown], [to.model, to.class_name, to.truncation]
    latest: dict[str, Any] = {**drawing, "trigger_mode": "always_last"}
    to.grid.pick(guards.sentences(pick, services), [to.drawn, to.model, to.loop, to.easing], [*viewed, *to.sliders], **latest)
    gr.on([to.loop.input, to.easing.input], guards.sentences(walk_again, services), [to.shown, to.loop, to.easing], viewed, **latest)
    to.viewer.act(guards.sentences(act, services), [to.drawn, to.shown], filled, **drawing)
    to.back.click(guards.sentences(step_back, services), to.drawn, [*filled, *to.fields], **drawing)
    to.shuffle.click(guards.sentences(shuffle_rest, services), [to.drawn, to.shown, *wish], filled, **drawing)
    seeking = {**drawing, "show_progress": "full", "show_progress_on": to.grid}
    gr.on(
        [to.find.click, to.words.submit],
        guards.sentences(find_words, services),
        [to.drawn, to.model, to.class_name, to.every_class, to.truncation, to.words],
        filled,
        **seeking,
    )
    to.differ.click(guards.sentences(most_different, services), [to.drawn, *wish], filled, **seeking)
    to.stop.click(guards.sentences(ask_to_stop, services, FIND), None, None, queue=False, **quiet)
    gr.on([slider.release for slider in to.sliders], guards.sentences(move, services), [to.shown, *to.sliders], viewed, **latest)
    to.rename.click(
        guards.sentences(rename, services),
        [to.model, to.shown, to.old_name, to.new_name],
        [to.old_name, to.new_name, *to.sliders],
        queue=False,
        **quiet,
    )


def draw_at_first_visit(services: Services, to: ExploreHandles, tab: gr.Tab) -> None:
    """Offer all models whenever the tab is opened, and let the grid fill itself the first time."""
    offering = guards.sentences(offer_models, services)
    tab.select(offering, to.model, [to.model, *to.of_model], queue=False, api_visibility="private", show_progress="hidden")
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
