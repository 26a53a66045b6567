"""Classes: garments of the classes one asks for, and every class beside every seed."""

import json
import secrets
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from engines import imaging
from engines.errors import StudioError
from engines.evaluation.report import REPORT_FILE
from engines.exploration.mixing import mix_recipe
from engines.exploration.sampling import sample_recipes
from engines.exploration.seeds import parse_seeds
from engines.exploration.truncation import USUAL_TRUNCATION
from engines.models.card import Card
from engines.models.zoo import Generator
from engines.paths import replacing
from engines.recipe import MAX_TILES, MAX_TRUNCATION, Drawn, Sample, Sheet, save_with_recipe
from studio import graphics, guards
from studio.components.bounded import Slider
from studio.components.delivery import Delivery
from studio.components.picture_grid import PictureGrid, Tiles, save_sprite
from studio.components.picture_viewer import PictureViewer
from studio.components.sheet_view import LabelledSheet, SheetView
from studio.panels.exploring import Shown, frame_of, show_picture
from studio.state import Services
from studio.turns import MODEL_QUEUE
from studio.wording import file_name, first_sample

PREFERRED_MODEL = "clothing"
MOST_PICTURES = 64
SHEET_SEEDS = 8
GRID_COLUMNS = 8
CHOSEN = "✓"
NO_OTHER = ("no other class", "")
INTRODUCTION = "Ask for a class, or several, and see them drawn from as many seeds as you like."
CHOOSE = "Choose a picture of the grid or of the sheet to see it large, to keep it, and to copy its seed."
SEEDS_INFO = "One (7), several (1, 2, 9) or a range (0-15)."
NO_SHEET = f"The sheet sets every class beside the first {SHEET_SEEDS} seeds: it shows what the seed decides, and what the class."
DRAWING_JS = "(...given) => (document.querySelector('#classes-sheet .sheet').dispatchEvent(new Event('begin')), given)"
DRAWN_JS = "() => document.querySelector('#classes-sheet .sheet').dispatchEvent(new Event('end'))"
NO_MODEL = "There is no model with classes here: put one into the models folder and open this tab again."


@dataclass(frozen=True)
class Look:
    """A start that one click gives: shown when its model, and its class, are at hand."""

    title: str
    model: str
    class_name: str
    seeds: str
    truncation: float


LOOKS = (
    Look("Dresses", "clothing", "dress", "0-15", 0.8),
    Look("Jeans and trousers", "clothing", "pants", "0-15", 0.8),
    Look("Skirts", "clothing", "skirt", "0-15", 0.8),
    Look("Denim", "materials", "denim", "0-15", 0.8),
    Look("Leather", "materials", "leather", "0-15", 0.8),
)


@dataclass(frozen=True)
class Fields:
    """What the fields of the page say, in the order in which they come; every one is checked where it is used."""

    model: str
    class_names: Sequence[str]
    seeds: str
    truncation: float
    other: str | None = ""
    share: float = 0.5


@dataclass(frozen=True)
class ClassesHandles:
    """The components that `studio.app` and tests may use."""

    model: gr.Dropdown
    class_names: gr.CheckboxGroup
    seeds: gr.Textbox
    truncation: gr.Slider
    other: gr.Dropdown
    share: gr.Slider
    run: gr.Button
    sheet_run: gr.Button
    looks: tuple[gr.Button, ...]
    grid: PictureGrid
    viewer: PictureViewer
    sheet: SheetView
    save: gr.Button
    save_sheet: gr.Button
    about: gr.Markdown
    delivery: Delivery
    drawn: gr.State
    shown: gr.State
    sheet_shown: gr.State

    @property
    def fields(self) -> list[Any]:
        """Those of `Fields`, in its order."""
        return [self.model, self.class_names, self.seeds, self.truncation, self.other, self.share]


def looks_at_hand(services: Services) -> tuple[Look, ...]:
    """The looks whose model is at hand and knows their class."""
    names = models_with_classes(services)
    return tuple(look for look in LOOKS if look.model in names and look.class_name in services.zoo.card(look.model).classes)


def models_with_classes(services: Services) -> list[str]:
    """Names of the generators that draw classes, the preferred one first."""
    names = [name for name in services.zoo.names("generator") if services.zoo.card(name).classes]
    return sorted(names, key=lambda name: (name != PREFERRED_MODEL, name))


def class_recipes(services: Services, model: object, class_names: object, seeds: object, truncation: object) -> list[Sample]:
    """The recipes of classes, one a seed, class by class, every value checked.

    Args:
        class_names: a list, or text with commas.

    Raises:
        StudioError: an unknown model or class, seeds that are none, more than `MOST_PICTURES` in all, or an impossible truncation.
    """
    generator = _generator(services, model)
    chosen, wanted = chosen_classes(generator, class_names), parse_seeds(seed_text(seeds), MOST_PICTURES)
    if len(chosen) * len(wanted) > MOST_PICTURES:
        asked = f"{len(chosen)} classes of {len(wanted)} seeds"
        raise StudioError(f"{asked} are {len(chosen) * len(wanted)} pictures, more than {MOST_PICTURES}: choose fewer of either")
    return [recipe for name in chosen for recipe in sample_recipes(generator, wanted, name, truncation)]


def _generator(services: Services, model: object) -> Generator:
    names = models_with_classes(services)
    if not names:
        raise StudioError(NO_MODEL)
    return services.zoo.generator(guards.one_of(model, names, "the model"))


def chosen_classes(generator: Generator, given: object) -> tuple[str, ...]:
    """Classes given by anybody, in the order of the card, each once.

    Raises:
        StudioError: none, or one that the model does not know.
    """
    known = generator.card.classes
    several = given if isinstance(given, list | tuple) else given.split(",") if isinstance(given, str) and given not in known else [given]
    if not several:
        raise StudioError(f"no class is chosen: choose one or several of {', '.join(known)}")
    wanted = {guards.one_of(name.strip() if isinstance(name, str) else name, known, "the class") for name in several}
    return tuple(name for name in known if name in wanted)


def fitting_seeds(seeds: object, classes: int) -> tuple[str, str]:
    """As many of the first seeds as so many classes can be drawn from, as text, and a sentence where some are left out.

    Raises:
        StudioError: as `class_recipes`.
    """
    wanted = parse_seeds(seed_text(seeds), MOST_PICTURES)
    fitting = wanted[: MOST_PICTURES // max(1, classes)]
    note = "" if len(fitting) == len(wanted) else f" At most {MOST_PICTURES} are drawn at once: these are the first {len(fitting)} seeds."
    return ",".join(map(str, fitting)), note


def blended_recipes(
    services: Services, model: object, class_names: object, other: object, share: object, seeds: object, truncation: object
) -> list[Drawn]:
    """The recipes of classes, one a seed, with a share of another class in each; of the classes alone where no other is named.

    Raises:
        StudioError: as `class_recipes`, or a share that is no number from 0 to 1.
    """
    first = class_recipes(services, model, class_names, seeds, truncation)
    if not other:
        return list(first)
    part = guards.finite_float(share, "the share", 0, 1)
    second = {recipe.seed: recipe for recipe in class_recipes(services, model, other, seeds, truncation)}
    return [mix_recipe([recipe, second[recipe.seed]], [1 - part, part]) for recipe in first]


def learned_from(card: Card, class_names: Sequence[str]) -> str:
    """From how many pictures of classes a model learned, as far as its card says; a sentence."""
    counts = card.class_pictures
    if not counts or not set(class_names) <= set(counts):
        return ""
    first, *rest = (
        f"{counts[name]:,} pictures of {name}" if not place else f"{counts[name]:,} of {name}" for place, name in enumerate(class_names)
    )
    return f"It learned from {', '.join([first, *rest])}; {sum(counts.values()):,} in all."


def recognised(services: Services, model: str, class_name: str) -> str:
    """How many pictures of a class a judge takes for it, as far as the model was measured; a sentence."""
    try:
        figures = json.loads((services.zoo.folder(model) / REPORT_FILE).read_text(encoding="utf-8"))["figures"]
        figure = next(one for one in figures if one["name"] == f"shows its class: {class_name}")
        return f"A judge of classes recognises {float(figure['value']):.0%} of them ({figure['note']})."
    except (OSError, ValueError, KeyError, TypeError, StopIteration):
        return "How many of them a judge would recognise has not been measured."


def sheet_recipe(services: Services, model: object, seeds: object, truncation: object) -> Sheet:
    """The recipe of a sheet: a row for each class, a column for each of the first `SHEET_SEEDS` seeds.

    Raises:
        StudioError: as `class_recipes`.
    """
    generator = _generator(services, model)
    classes = generator.card.classes
    chosen = list(dict.fromkeys(parse_seeds(seed_text(seeds), MOST_PICTURES)))[: min(SHEET_SEEDS, MAX_TILES // len(classes))]
    tiles = tuple(recipe for name in classes for recipe in sample_recipes(generator, chosen, name, truncation))
    return Sheet(len(chosen), tiles)


def seed_text(seeds: object) -> str:
    """What a text field or the API sent for seeds: text, or one whole number.

    Raises:
        StudioError: nothing, or something else, such as NaN.
    """
    if isinstance(seeds, str) and seeds.strip():
        return seeds
    if isinstance(seeds, int) and not isinstance(seeds, bool):
        return str(seeds)
    got = "nothing" if seeds is None or seeds == "" or isinstance(seeds, str) else str(seeds)[:40]
    raise StudioError(f"seeds are whole numbers such as 7, 1,2,9 or 0-15, got {got}: write them like this")


def write_pictures(pictures: Sequence[Image.Image], recipes: Sequence[Drawn], folder: Path) -> list[Path]:
    """Write each picture as a PNG with its recipe; returns the files in order."""
    files = []
    for picture, recipe in zip(pictures, recipes, strict=True):
        path = folder / (_file_name(recipe) if isinstance(recipe, Sample) else file_name(recipe, ".png"))
        save_with_recipe(picture, path, recipe)
        files.append(path)
    return files


def _file_name(recipe: Sample) -> str:
    psi = "" if recipe.truncation == 1 else f"psi{recipe.truncation:g}"
    return guards.file_name(recipe.model, recipe.class_name or "", f"seed-{recipe.seed:04d}", psi, suffix=".png")


def write_sheet(services: Services, recipe: Sheet, folder: Path) -> LabelledSheet:
    """Draw a sheet of classes and seeds and write it as one PNG with its recipe."""
    tiles = [tile for tile in recipe.tiles if isinstance(tile, Sample)]
    picture = imaging.sheet(services.draw(tiles), recipe.columns)
    rows = tuple(dict.fromkeys(tile.class_name or "" for tile in tiles))
    columns = tuple(str(tile.seed) for tile in tiles[: recipe.columns])
    named = graphics.fingerprint(recipe)[:6]  # a browser does not ask again for an address whose picture it has
    path = folder / guards.file_name(tiles[0].model, "classes-by-seeds", columns[0], columns[-1], named, suffix=".png")
    save_with_recipe(picture, path, recipe)
    return LabelledSheet(path, rows, columns, picture.size)


@dataclass(frozen=True)
class Grid:
    """What the grid shows: the recipe of each picture, under the key that the page sends back."""

    recipes: tuple[Drawn, ...] = ()
    key: str = ""


def draw_classes(services: Services, request: gr.Request, *values: Any) -> tuple[Tiles, Grid]:
    """The grid of classes, or of classes with a share of another, and the recipes behind it."""
    begun, folder, fields = time.perf_counter(), services.session_folder(request), Fields(*values)
    chosen, recipes, note = wished(services, fields)
    sprite = save_sprite(services.draw(recipes), GRID_COLUMNS, folder)
    samples = [sample for recipe in recipes if (sample := first_sample(recipe))]
    blend = f" with {fields.share:.0%} {fields.other}" if fields.other else ""
    labels = tuple(f"{sample.class_name}{blend}, seed {sample.seed}" for sample in samples)
    each = len(recipes) // len(chosen)
    heads = tuple((place * each, name) for place, name in enumerate(chosen)) if len(chosen) > 1 else ()
    many = "1 picture" if len(recipes) == 1 else f"{len(recipes)} pictures"
    what = f"the class {chosen[0]}" if len(chosen) == 1 and not blend else f"{', '.join(chosen)}{blend}"
    message = f"{many} of {what}, drawn by {fields.model} in {time.perf_counter() - begun:.1f} s.{note}"
    if not blend:
        message = f"{message} {learned_from(services.zoo.card(fields.model), chosen)}".strip()
        message += f" {recognised(services, fields.model, chosen[0])}" if len(chosen) == 1 else ""
    key = secrets.token_hex(4)
    tiles = Tiles(key, labels, sprite, GRID_COLUMNS, len(recipes), message, across=across(each) if heads else 0, heads=heads)
    return tiles, Grid(recipes, key)


def wished(services: Services, fields: Fields) -> tuple[Sequence[str], tuple[Drawn, ...], str]:
    """The classes that the fields ask for, the recipe of each picture, and a sentence where more were asked for than are drawn at once."""
    chosen = chosen_classes(_generator(services, fields.model), list(fields.class_names))
    fitting, note = fitting_seeds(fields.seeds, len(chosen))
    recipes = blended_recipes(services, fields.model, list(chosen), fields.other, fields.share, fitting, fields.truncation)
    return chosen, tuple(recipes), note


def draw_if_chosen(services: Services, drawn: Grid, request: gr.Request, *values: Any) -> tuple[Any, Any]:
    """`draw_classes`, unless the grid shows just that, or no class is chosen for a moment: one is let go before the next is taken."""
    fields = Fields(*values)
    if not fields.class_names or wished(services, fields)[1] == drawn.recipes:
        return gr.skip(), gr.skip()
    return draw_classes(services, request, *values)


def across(each: int) -> int:
    """Pictures in a row, so that every class begins a row where that can be: a divisor of its pictures, 4 to 8 of them."""
    if each <= GRID_COLUMNS:
        return each
    return next((columns for columns in range(GRID_COLUMNS, 3, -1) if each % columns == 0), GRID_COLUMNS)


# One picture


def pick(services: Services, drawn: Grid, event: gr.EventData, request: gr.Request) -> tuple[Any, Any]:
    """The picture that was chosen in the grid, large.

    Raises:
        StudioError: no place of the grid.
    """
    places = event._data.get("places")
    if event._data.get("key") != drawn.key or not isinstance(places, list):
        return gr.skip(), gr.skip()
    if not places or places[0] is None:
        return None, Shown()
    place = guards.finite_int(places[0], "a place in the grid", 0, len(drawn.recipes) - 1)
    return show_picture(services, drawn.recipes[place], services.session_folder(request), actions=())


def pick_of_sheet(services: Services, sheet: Sheet | None, event: gr.EventData, request: gr.Request) -> tuple[Any, Any]:
    """The picture that was chosen in the sheet, large.

    Raises:
        StudioError: no place of the sheet.
    """
    if sheet is None:
        return gr.skip(), gr.skip()
    place = guards.finite_int(event._data.get("place"), "a place in the sheet", 0, len(sheet.tiles) - 1)
    return show_picture(services, sheet.tiles[place], services.session_folder(request), actions=())


def save_shown(services: Services, shown: Shown, event: gr.EventData, request: gr.Request) -> Path:
    """The picture on show as PNG with its recipe.

    Raises:
        StudioError: none is on show, or another one came meanwhile.
    """
    recipe = shown.recipes[frame_of(shown, event)] if shown.recipes else None
    if not isinstance(recipe, Drawn):
        raise StudioError("there is nothing to save yet: choose a picture first")
    return write_pictures(services.draw([recipe]), [recipe], services.session_folder(request))[0]


# Sheets and files


def draw_sheet(
    services: Services, model: str, seeds: str, truncation: float, on_show: Sheet | None, request: gr.Request
) -> tuple[Any, Any]:
    """Every class beside every seed, and its recipe; nothing where the sheet on show is this very one."""
    recipe = sheet_recipe(services, model, seeds, truncation)
    if recipe == on_show:
        return gr.skip(), gr.skip()
    return write_sheet(services, recipe, services.session_folder(request)), recipe


def save_all(services: Services, drawn: Grid, request: gr.Request) -> Path:
    """The pictures of the grid as PNGs with their recipes, in one ZIP.

    Raises:
        StudioError: nothing was drawn yet.
    """
    if not drawn.recipes:
        raise StudioError("there is nothing to save yet: draw a class first")
    folder, first = services.session_folder(request), drawn.recipes[0]
    files = write_pictures(services.draw(drawn.recipes), drawn.recipes, folder)
    sample = first_sample(first)
    return zipped(files, folder / guards.file_name(first.model, (sample and sample.class_name) or "", "pictures", suffix=".zip"))


def save_sheet(services: Services, sheet: Sheet | None, request: gr.Request) -> Path:
    """The sheet that is on show, drawn again, for its file may have been swept away.

    Raises:
        StudioError: none was drawn yet.
    """
    if sheet is None:
        raise StudioError("there is nothing to save yet: draw the sheet first")
    return write_sheet(services, sheet, services.session_folder(request)).picture


def take_look(services: Services, look: Look) -> tuple[Any, ...]:
    """The fields of a look: model, class, seeds, truncation, no other class, and what the model is."""
    card = services.zoo.card(look.model)
    classes = gr.update(choices=list(card.classes), value=[look.class_name])
    return look.model, classes, look.seeds, look.truncation, other_field(card), about(card)


def chosen_model(services: Services, model: str) -> tuple[Any, ...]:
    """The classes of a model to choose from, those to blend with, and what it is."""
    card = services.zoo.card(guards.one_of(model, models_with_classes(services), "the model"))
    return gr.update(choices=list(card.classes), value=[card.classes[0]]), other_field(card), about(card)


def model_choices(services: Services) -> list[tuple[str, str]]:
    """Title and name of each generator that draws classes, the preferred one first."""
    return [(services.zoo.card(name).title, name) for name in models_with_classes(services)]


def offer_models(services: Services, model: str | None) -> tuple[Any, ...]:
    """The model field and what `chosen_model` gives: all models at hand to choose from, and another one where the chosen one is gone."""
    choices = model_choices(services)
    names = [name for _, name in choices]
    if model in names or not names:
        return gr.update(choices=choices), *(gr.skip(),) * 3
    return gr.update(choices=choices, value=names[0]), *chosen_model(services, names[0])


def other_field(card: Card) -> Any:
    """The classes to blend with, none of them chosen."""
    return gr.update(choices=[NO_OTHER, *((name, name) for name in card.classes)], value="")


def about(card: Card) -> str:
    """One paragraph: the model, from how many pictures of each class it learned, and what may be done with what it draws."""
    counted = f" *Learned from:* {card.counted_classes}." if card.class_pictures else ""
    return f"**{card.title}.** {card.summary}.{counted} *Rights:* {card.rights}"


def zipped(files: Sequence[Path], path: Path) -> Path:
    """Put files into a ZIP as they are: PNGs do not get smaller."""
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        for file in files:
            archive.write(file, file.name)
    return path


def classes(services: Services, model: str, class_name: str, seeds: str, truncation: float, request: gr.Request) -> list[str]:
    """Draw pictures of a class as PNG files that hold their recipes.

    Args:
        model: a generator with classes, such as "clothing".
        class_name: one of its classes, such as "dress", or several with commas.
        seeds: one ("7"), several ("1,2,9") or a range ("0-15"); at most 64 pictures in all.
        truncation: ψ, 0 the class at its plainest, 1 all of the variety.
    """
    recipes = class_recipes(services, model, class_name, seeds, truncation)
    return [str(path) for path in write_pictures(services.draw(recipes), recipes, services.session_folder(request))]


def build(services: Services) -> ClassesHandles:
    """Lay out the tab and wire its own events."""
    zoo = services.zoo
    names = models_with_classes(services)
    card = zoo.card(names[0]) if names else None
    known = list(card.classes) if card else []
    looks = looks_at_hand(services)
    gr.Markdown(INTRODUCTION, elem_classes="lead", label="Classes")
    with gr.Row(elem_classes="workbench"):
        with gr.Column(scale=0, min_width=300, elem_classes="controls"):
            model = gr.Dropdown(model_choices(services), value=names[0] if names else None, label="Model", elem_id="classes-model")
            class_names = gr.CheckboxGroup(known, value=known[:1], label="Classes, one or several", elem_id="classes-class")
            seeds = gr.Textbox("0-15", label="Seeds", info=SEEDS_INFO, max_lines=1, max_length=200, elem_id="classes-seeds")
            truncation = Slider(
                0,
                MAX_TRUNCATION,
                USUAL_TRUNCATION,
                step=0.05,
                label="Safe ↔ surprising",
                info="Truncation ψ: at 0 the class at its plainest, at 1 all that the model learned.",
                elem_id="classes-truncation",
                buttons=["reset"],
            )
            other = gr.Dropdown([NO_OTHER, *((name, name) for name in known)], value="", label="Blend with", elem_id="classes-other")
            share = Slider(0, 1, 0.5, step=0.05, label="How much of it", elem_id="classes-share")
            run = gr.Button("Draw", variant="primary", elem_id="classes-run")
            sheet_run = gr.Button("Sheet of all classes", elem_id="classes-sheet-run")
        with gr.Column(scale=6, min_width=320):
            with gr.Row(elem_classes="looks"):
                look_buttons = tuple(gr.Button(look.title, size="sm", elem_id=f"classes-look-{place}") for place, look in enumerate(looks))
            with gr.Row(elem_id="classes-pictures"):
                grid = PictureGrid(
                    label="Pictures of the classes",
                    marks=(CHOSEN,),
                    empty="Draw a class, or start from a look above.",
                    elem_id="classes-grid",
                )
                viewer = PictureViewer(label="Chosen", empty=CHOOSE, elem_id="classes-viewer")
            save = gr.Button("Save all as ZIP", size="sm", elem_id="classes-save", elem_classes="look")
            sheet = SheetView(label="Every class beside every seed", empty=NO_SHEET, elem_id="classes-sheet")
            save_sheet_button = gr.Button("Save the sheet", size="sm", elem_id="classes-save-sheet", elem_classes="look")
    what = gr.Markdown(about(card) if card else NO_MODEL, elem_classes="fine-print", elem_id="classes-about", label="Model and rights")
    handles = ClassesHandles(
        model, class_names, seeds, truncation, other, share, run, sheet_run, look_buttons, grid, viewer, sheet, save, save_sheet_button,
        what, Delivery(label="Saved pictures", elem_id="classes-delivery"), gr.State(Grid()), gr.State(Shown()), gr.State(None),
    )  # fmt: skip
    _wire(services, handles, looks)
    _offer_to_programs(services, names[0] if names else "")
    return handles


def _wire(services: Services, to: ClassesHandles, looks: Sequence[Look]) -> None:
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    drawing: dict[str, Any] = {**quiet, "concurrency_id": MODEL_QUEUE}
    grid: dict[str, Any] = {"fn": guards.sentences(draw_classes, services), "inputs": to.fields, "outputs": [to.grid, to.drawn], **drawing}
    gr.on([to.run.click, to.seeds.submit], **grid)
    gr.on(
        # not where a look fills in the truncation: it draws by itself
        [to.class_names.input, to.other.input, to.share.release, to.truncation.release, to.truncation.input],
        trigger_mode="always_last",
        **{**grid, "fn": guards.sentences(draw_if_chosen, services), "inputs": [to.drawn, *to.fields]},
    )
    of_model = [to.class_names, to.other, to.about]
    to.model.input(guards.sentences(chosen_model, services), to.model, of_model, queue=False, **quiet).success(**grid)
    of_look = [to.model, to.class_names, to.seeds, to.truncation, to.other, to.about]
    for button, look in zip(to.looks, looks, strict=True):
        button.click(guards.sentences(take_look, services, look), None, of_look, queue=False, **quiet).success(**grid)
    asked = to.sheet_run.click(
        guards.sentences(draw_sheet, services),
        [to.model, to.seeds, to.truncation, to.sheet_shown],
        [to.sheet, to.sheet_shown],
        show_progress_on=to.sheet,
        js=DRAWING_JS,
        **drawing,
    )
    asked.then(None, js=DRAWN_JS)
    asked.failure(None, js=DRAWN_JS)
    viewed = [to.viewer, to.shown]
    to.grid.pick(guards.sentences(pick, services), to.drawn, viewed, trigger_mode="always_last", **drawing)
    to.sheet.pick(guards.sentences(pick_of_sheet, services), to.sheet_shown, viewed, trigger_mode="always_last", **drawing)
    to.viewer.save(guards.sentences(save_shown, services), to.shown, to.delivery, **drawing)
    to.save.click(guards.sentences(save_all, services), to.drawn, to.delivery, **drawing)
    to.save_sheet.click(guards.sentences(save_sheet, services), to.sheet_shown, to.delivery, **drawing)


def draw_at_first_visit(services: Services, to: ClassesHandles, tab: gr.Tab) -> None:
    """Offer all models whenever the tab is opened, and let the grid fill itself the first time."""
    offering, fields = guards.sentences(offer_models, services), [to.model, to.class_names, to.other, to.about]
    tab.select(offering, to.model, fields, queue=False, api_visibility="private", show_progress="hidden")
    tab.select(
        guards.sentences(_draw_if_empty, services),
        [to.drawn, *to.fields],
        [to.grid, to.drawn],
        concurrency_id=MODEL_QUEUE,
        show_progress="hidden",
        api_visibility="private",
    )


def _draw_if_empty(services: Services, drawn: Grid, request: gr.Request, *values: Any) -> tuple[Any, Any]:
    if drawn.recipes or not Fields(*values).model:
        return gr.skip(), gr.skip()
    return draw_classes(services, request, *values)


def _offer_to_programs(services: Services, first: str) -> None:
    """The public endpoint; its fields are text, so that a wrong value gets our sentence."""
    with gr.Row(visible=False):
        model = gr.Textbox(first, label="Model")
        class_name = gr.Textbox("", label="Class")
        seeds = gr.Textbox("0-15", label="Seeds")
        truncation = gr.Number(1.0, label="Truncation")
        files, asked = gr.File(file_count="multiple", label="Pictures"), gr.Button("Classes")
    fields = [model, class_name, seeds, truncation]
    asked.click(guards.sentences(classes, services), fields, files, api_name="classes", api_visibility="public", concurrency_id=MODEL_QUEUE)
