"""What Explore does with pictures: the grid that fills, the way through those chosen, and new ones made of them."""

import random
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from engines import imaging
from engines.curation.encoder import prompt_value
from engines.errors import StudioError
from engines.exploration.choosing import AMONG, AMONG_DIVERSE, candidate_recipes, diverse, find, gather
from engines.exploration.directions import Direction, load_directions, own_file, renamed, save_directions, steer_recipe
from engines.exploration.mixing import layers_recipe, mix_recipe
from engines.exploration.sampling import sample_recipes, way_recipes
from engines.exploration.truncation import retruncated
from engines.exploration.variation import SLIGHTLY, STRONGLY, vary_recipes
from engines.recipe import EASINGS, MAX_KEYFRAMES, MAX_MIXED, Diverse, Drawn, Find, Recipe, Steer, Way
from studio import guards
from studio.components.picture_grid import Tiles, save_sprite
from studio.components.picture_viewer import Strip
from studio.panels.stopping import listening
from studio.state import Services
from studio.wording import described, first_sample, seed_of, short

GRID = 16
GRID_COLUMNS = 4
STRIP_FRAMES = 32
STRIP_COLUMNS = 8
STRIP_SIDE = 320
MARKS = tuple(str(number) for number in range(1, MAX_KEYFRAMES + 1))
SLIDERS = 4
REACH = 3.0
FIND = "find"
CHOOSE = "Choose one to see it large; choose up to eight to walk through them, in the order of choosing."
STRENGTHS = {"slightly": SLIGHTLY, "strongly": STRONGLY}
VARYING = (("slightly", "Vary slightly"), ("strongly", "Vary strongly"))
FORMATS = ("png", "mp4", "gif", "frames", "sheet")
NEXT = Iterator[tuple[Any, Any, Any, Any]]
"""What fills the grid: tiles, the grid's state, the viewer's strip and its state, again and again."""


@dataclass(frozen=True)
class Grid:
    """What the grid shows: its recipes, under the key that the page sends back, what it showed before, what they are called, and the class
    that the fields named where the pictures may be of several."""

    key: str = ""
    recipes: tuple[Drawn, ...] = ()
    before: "Grid | None" = None
    what: str = "pictures"
    asked: str | None = None


@dataclass(frozen=True)
class Shown:
    """What the viewer shows: the recipe of each frame, under the key that the page sends back."""

    recipes: tuple[Recipe, ...] = ()
    key: str = field(default="", compare=False)


# The grid


def pictures_so_far(services: Services, recipes: Sequence[Drawn]) -> Iterator[list[Image.Image]]:
    """The pictures drawn so far, growing by one chunk of the model at a time."""
    chunk = max(1, int(services.zoo.card(recipes[0].model).render.get("chunk", 8)))
    pictures: list[Image.Image] = []
    for begin in range(0, len(recipes), chunk):
        pictures += services.draw(recipes[begin : begin + chunk])
        yield pictures


def fill(
    services: Services,
    recipes: Sequence[Drawn],
    before: Grid,
    folder: Path,
    what: str = "pictures",
    viewer: tuple[Any, Any] | None = None,
    asked: str | None = None,
) -> NEXT:
    """Fill the grid: its empty places at once, then the pictures as they come.

    Args:
        before: what "Back" returns to.
        what: the pictures are called in the line below.
        viewer: strip and state while it fills; without, the viewer is emptied.
        asked: as of `Grid`.
    """
    began = time.perf_counter()
    grid = Grid(secrets.token_hex(4), tuple(recipes), _short_memory(before), what, asked)
    labels = tuple(short(recipe) for recipe in recipes)
    shown = viewer or (None, Shown())
    yield Tiles(grid.key, labels, message="Drawing…"), grid, *shown
    for turn, pictures in enumerate(pictures_so_far(services, recipes), start=1):
        whole = len(pictures) == len(recipes)
        message = f"{len(recipes)} {what} in {time.perf_counter() - began:.1f} s. {CHOOSE}" if whole else "Drawing…"
        sprite = save_sprite(pictures, GRID_COLUMNS, folder)
        yield Tiles(grid.key, labels, sprite, GRID_COLUMNS, len(pictures), message, turn), grid, *shown


def _short_memory(grid: Grid, steps: int = 10) -> Grid | None:
    """A grid with no more than so many before it; none for an empty one."""
    if not grid.recipes or not steps:
        return None
    return Grid(grid.key, grid.recipes, _short_memory(grid.before, steps - 1) if grid.before else None, grid.what, grid.asked)


def go_back(services: Services, drawn: Grid, request: gr.Request) -> NEXT:
    """The pictures that the grid showed before.

    Raises:
        StudioError: there were none.
    """
    if drawn.before is None:
        raise StudioError("these are the first pictures: there is nothing to go back to")
    last = drawn.before
    yield from fill(services, last.recipes, last.before or Grid(), services.session_folder(request), last.what, asked=last.asked)


def at_another_truncation(services: Services, drawn: Grid, shown: Shown, truncation: float, request: gr.Request) -> NEXT:
    """The pictures of the grid, and those on show, drawn again at another ψ: neighbours stay neighbours, and a mix a mix."""
    recipes = tuple(retruncated(recipe, truncation) for recipe in drawn.recipes)
    if recipes == drawn.recipes:
        yield (gr.skip(),) * 4
        return
    folder, skipped = services.session_folder(request), (gr.skip(), gr.skip())
    were_chosen = any(isinstance(recipe, Find | Diverse) for recipe in drawn.recipes)
    what = f"pictures at ψ {truncation:g}{', chosen at another,' if were_chosen else ''}"
    yield from fill(services, recipes, drawn.before or Grid(), folder, what, skipped, drawn.asked)
    chosen = [retruncated(recipe, truncation) for recipe in chosen_of(shown)]
    if chosen:
        way = shown.recipes[0]
        loop, easing = (way.loop, way.easing) if isinstance(way, Way) else (False, EASINGS[0])
        yield *skipped, *show_chosen(services, chosen, loop, easing, folder)


def shuffle_rest(
    services: Services, drawn: Grid, shown: Shown, model: str, class_name: str | None, truncation: float, request: gr.Request
) -> NEXT:
    """Other seeds in place of all pictures but those that are chosen; of the model that drew them, whatever the fields say."""
    kept = set(chosen_of(shown))
    if drawn.recipes and drawn.recipes[0].model != model:
        first = first_sample(drawn.recipes[0])
        model, class_name = drawn.recipes[0].model, first.class_name if first else None
    seeds = random.sample(range(100_000), len(drawn.recipes) or GRID)
    asked = class_for(services, model, class_name)
    fresh = sample_recipes(services.zoo.generator(model), seeds, asked, truncation)
    recipes = [old if old in kept else new for old, new in zip(drawn.recipes or fresh, fresh, strict=True)]
    yield from fill(services, recipes, drawn, services.session_folder(request), viewer=(gr.skip(), gr.skip()), asked=asked)


def class_for(services: Services, model: str, class_name: object) -> str | None:
    """The class to draw: nothing for a model without classes, whatever an earlier model left in the field."""
    return str(class_name) if services.zoo.card(model).classes and class_name else None


def chosen_of(shown: Shown) -> tuple[Drawn, ...]:
    """The pictures that were chosen for what the viewer shows."""
    if not shown.recipes:
        return ()
    first = shown.recipes[0]
    if isinstance(first, Way) and len(shown.recipes) > 1:
        return first.parents
    return (first,) if isinstance(first, Drawn) else ()


def single(shown: Shown) -> Drawn | None:
    """The one picture that was chosen; none where several were, or none."""
    chosen = chosen_of(shown)
    return chosen[0] if len(chosen) == 1 else None


# The viewer


def show_picture(
    services: Services, recipe: Recipe, folder: Path, note: str = "", actions: tuple[tuple[str, str], ...] = VARYING
) -> tuple[Strip, Shown]:
    """One picture, large."""
    return show_drawn(services.render(recipe), recipe, folder, note or described(recipe), actions)


def show_drawn(
    picture: Image.Image, recipe: Recipe, folder: Path, caption: str, actions: tuple[tuple[str, str], ...] = VARYING
) -> tuple[Strip, Shown]:
    """A picture that was drawn from its recipe, large, with its seed to copy and what can be made of it."""
    sprite = save_sprite([imaging.within(picture, 4 * STRIP_SIDE)], 1, folder, side=2 * STRIP_SIDE)
    seed = seed_of(recipe)
    offered = actions if isinstance(recipe, Drawn) else ()
    strip = Strip(sprite, 1, 1, caption=caption, actions=offered, seed="" if seed is None else str(seed))
    return strip, Shown((recipe,), strip.key)


def show_way(services: Services, keyframes: Sequence[Drawn], loop: object, easing: object, folder: Path) -> tuple[Strip, Shown]:
    """The way through pictures, all frames in one sheet; what can be done with them is offered below."""
    recipes = way_recipes(keyframes, STRIP_FRAMES, loop is True, guards.one_of(easing, EASINGS, "the easing"))
    sprite = save_sprite(services.draw(recipes), STRIP_COLUMNS, folder, side=STRIP_SIDE)
    actions = list(VARYING)
    if len(keyframes) <= MAX_MIXED:
        actions.append(("mix", "Mix these"))
    if len(keyframes) == 2 and services.zoo.generator(keyframes[0].model).network.has_layers:
        actions.append(("layers", "Build of 1, finish of 2"))
    names = [short(keyframe) for keyframe in keyframes]
    end = names[0] if loop is True else names[-1]
    caption = f"From {' to '.join(names)}{' and back' if loop is True else ''} in {len(recipes)} steps"
    strip = Strip(sprite, len(recipes), STRIP_COLUMNS, names[0], end, caption, tuple(actions), FORMATS)
    return strip, Shown(tuple(recipes), strip.key)


def show_chosen(services: Services, chosen: Sequence[Drawn], loop: object, easing: object, folder: Path) -> tuple[Any, Shown]:
    """One picture, or the way through several; nothing where none is chosen."""
    if not chosen:
        return None, Shown()
    if len(chosen) == 1:
        return show_picture(services, chosen[0], folder)
    return show_way(services, chosen, loop, easing, folder)


def walk_again(services: Services, shown: Shown, loop: bool, easing: str, request: gr.Request) -> tuple[Any, Any]:
    """The same way as a loop or with another easing; nothing happens where no way is shown."""
    chosen = chosen_of(shown)
    if len(chosen) < 2:
        return gr.skip(), gr.skip()
    return show_way(services, chosen, loop, easing, services.session_folder(request))


def frame_of(shown: Shown, event: gr.EventData) -> int:
    """The frame that the page shows.

    Raises:
        StudioError: the page showed something else when it was asked, or no such frame.
    """
    if event._data.get("key") != shown.key:
        raise StudioError("another picture came meanwhile: look at it, and press once more")
    return guards.finite_int(event._data.get("frame"), "the frame", 0, len(shown.recipes) - 1)


def act(services: Services, drawn: Grid, shown: Shown, event: gr.EventData, request: gr.Request) -> NEXT:
    """What a button below the picture asks for: neighbours of the frame on show, or one picture made of those chosen.

    Raises:
        StudioError: an unknown action, nothing to act on, or as `frame_of`.
    """
    action = guards.one_of(event._data.get("action"), (*STRENGTHS, "mix", "layers"), "the action")
    folder, chosen = services.session_folder(request), chosen_of(shown)
    if not chosen:
        raise StudioError("there is nothing to make a picture of yet: choose one in the grid first")
    frame = shown.recipes[frame_of(shown, event)]
    if action in STRENGTHS:
        if not isinstance(frame, Drawn):
            raise StudioError("this picture was not drawn by a generator alone: choose one in the grid")
        first = random.randrange(1_000_000)
        recipes: list[Drawn] = [frame, *vary_recipes(frame, range(first, first + GRID - 1), STRENGTHS[action])]
        yield from fill(services, recipes, drawn, folder, "neighbours, the first the picture itself,", (gr.skip(), gr.skip()), drawn.asked)
        return
    if len(chosen) < 2:
        raise StudioError("a mix is made of two to four pictures: choose another one in the grid")
    made: Drawn = mix_recipe(chosen)
    if action == "layers":
        made = layers_recipe(services.zoo.generator(chosen[0].model), chosen[0], chosen[1])
    yield gr.skip(), gr.skip(), *show_picture(services, made, folder)


# Choosing among many


def find_words(
    services: Services,
    drawn: Grid,
    model: str,
    class_name: str | None,
    every_class: bool,
    truncation: float,
    words: str,
    request: gr.Request,
    progress: gr.Progress = gr.Progress(),  # noqa: B008  (Gradio finds it by its default)
) -> NEXT:
    """The sixteen pictures that fit words best."""
    if not (words or "").strip():
        raise StudioError("there are no words to find pictures by: write what they should show, such as narrow alley")
    generator, encoder = services.zoo.generator(model), services.encoders.get()
    chosen = None if every_class else class_for(services, model, class_name)
    prompt_value(words)
    wishes = candidate_recipes(generator, AMONG, chosen, truncation)
    seen = gather(generator, encoder, wishes, listening(services, request, FIND, progress))
    recipes = find(seen, encoder, words, GRID)
    asked = class_for(services, model, class_name)
    yield from fill(services, recipes, drawn, services.session_folder(request), f"that fit best among {AMONG}", asked=asked)


def most_different(
    services: Services,
    drawn: Grid,
    model: str,
    class_name: str | None,
    truncation: float,
    request: gr.Request,
    progress: gr.Progress = gr.Progress(),  # noqa: B008
) -> NEXT:
    """Sixteen pictures that differ as much as they can without being odd."""
    generator, encoder = services.zoo.generator(model), services.encoders.get()
    among = AMONG_DIVERSE if generator.card.classes else AMONG
    wishes = candidate_recipes(generator, among, class_for(services, model, class_name), truncation)
    seen = gather(generator, encoder, wishes, listening(services, request, FIND, progress))
    yield from fill(services, diverse(seen, GRID), drawn, services.session_folder(request), f"that differ most among {among}")


# Directions


def directions_of(services: Services, model: str) -> list[Direction]:
    """The directions that have sliders."""
    return load_directions(services.zoo.folder(model), services.zoo.card(model))[:SLIDERS]


def slider_updates(services: Services, model: str, shown: Recipe | None = None) -> list[Any]:
    """A slider for each direction of a model, where the picture on show was moved to, otherwise at 0; the others are hidden."""
    known = directions_of(services, model)
    amounts = moved_along(known, shown) if isinstance(shown, Steer) and shown.model == model else {}
    used = [gr.update(label=direction.name, value=amounts.get(direction.name, 0), visible=True) for direction in known]
    return used + [gr.update(value=0, visible=False)] * (SLIDERS - len(known))


def moved_along(known: Sequence[Direction], recipe: Steer) -> dict[str, float]:
    """How far a picture was moved along each direction that has a slider; nothing where it was moved otherwise, too, or further."""
    by_name = {direction.name: direction for direction in known}
    amounts = {move.name: move.amount for move in recipe.moves}
    if not amounts or not set(amounts) <= set(by_name) or max(map(abs, amounts.values())) > REACH:
        return {}
    same = steer_recipe(recipe.parent, [(by_name[name], amount) for name, amount in amounts.items()])
    return amounts if same.shift == recipe.shift else {}


def name_choices(services: Services, model: str) -> Any:
    """The names that may be changed."""
    names = [direction.name for direction in directions_of(services, model)]
    return gr.update(choices=names, value=names[0] if names else None)


def move(services: Services, shown: Shown, request: gr.Request, *values: Any) -> tuple[Any, Any]:
    """The picture on show moved as the sliders say, unless it shows just that; along what has no slider it stays where it is.

    Raises:
        StudioError: none or several pictures are on show.
    """
    recipe = single(shown)
    if recipe is None:
        raise StudioError("directions move one picture: choose one in the grid first")
    known = directions_of(services, recipe.model)
    base = recipe.parent if isinstance(recipe, Steer) and moved_along(known, recipe) else recipe
    amounts = [
        (direction, guards.finite_float(value, direction.name, -REACH, REACH))
        for direction, value in zip(known, values, strict=False)
        if value
    ]
    moved = steer_recipe(base, amounts) if amounts else base
    if moved == recipe:
        return gr.skip(), gr.skip()
    return show_picture(services, moved, services.session_folder(request))


def rename(services: Services, model: str, shown: Shown, old: str | None, new: str) -> tuple[Any, ...]:
    """Call a direction by another name, on one's own machine.

    Returns:
        the choices of names, the emptied field, and the sliders.
    """
    if not services.settings.local:
        raise StudioError("a shared studio keeps no names: rename directions on your own machine")
    card = services.zoo.card(model)
    named = renamed(load_directions(services.zoo.folder(model), card), str(old or ""), new)
    save_directions(own_file(card.name), card, named)
    return name_choices(services, model), "", *slider_updates(services, model, single(shown))
