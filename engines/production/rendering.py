"""Any recipe to its picture: the one place that draws again what a PNG says of itself."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from engines import imaging
from engines.errors import StudioError
from engines.exploration.sampling import draw
from engines.models.zoo import Zoo
from engines.production.enlarging import drawn_pixels, enlarge
from engines.production.steps import finished, opaque_if_whole
from engines.recipe import (
    MAX_DEPTH,
    Drawn,
    Enlarge,
    Finish,
    OfWeights,
    Picture,
    Recipe,
    Sheet,
    Swap,
    depth_of,
    file_hash,
    given_pictures,
    parents_of,
    read_recipe,
)
from engines.translation.swap import swap

TOLERANCE = 2  # of 255: as far as one machine's pixels may be from another's


def other_weights(zoo: Zoo, recipe: Recipe) -> list[str]:
    """Names of the models whose weights here are not those the recipe was drawn with."""
    changed = {name for parent in parents_of(recipe) for name in other_weights(zoo, parent)}
    if isinstance(recipe, OfWeights) and zoo.card(recipe.model).weights_sha256 != recipe.weights:
        changed.add(recipe.model)
    return sorted(changed)


def with_present_weights(zoo: Zoo, recipe: Recipe) -> Recipe:
    """The same recipe for the weights at hand."""
    changed: dict[str, object] = {}
    for name in ("source", "parent"):
        part = getattr(recipe, name, None)
        if part is not None:
            changed[name] = with_present_weights(zoo, part)
    for name in ("tiles", "parents"):
        if hasattr(recipe, name):
            changed[name] = tuple(with_present_weights(zoo, part) for part in getattr(recipe, name))
    if isinstance(recipe, OfWeights):
        card = zoo.card(recipe.model)
        changed |= {"weights": card.weights_sha256, "rights": card.rights}
    return replace(recipe, **changed)  # type: ignore[arg-type]


def render(zoo: Zoo, recipe: Recipe, input_file: Path | None = None, most_enlarged: int | None = None) -> Image.Image:
    """Draw a recipe's picture with the weights at hand.

    Args:
        input_file: what went into a swap; not needed where the recipe knows how its input was drawn.
        most_enlarged: how many pixels an upscaler may draw; None for as many as memory holds.

    Raises:
        StudioError: an unknown model or class, a swap whose input is missing or another one, more to enlarge than allowed, or too large a
            sheet.
    """
    return _render_all(zoo, [recipe], input_file, most_enlarged)[0]


def proven_recipe(path: Path, draw_again: Callable[[Recipe], Image.Image]) -> Recipe | None:
    """The recipe inside a picture, when it draws that very picture, and None otherwise.

    A recipe can be copied into any picture, so what another recipe takes as its source is drawn and compared first. Sheets are no source,
    nor is what has gone through so many operations that one more could not be read again.

    Args:
        draw_again: from a recipe to its picture, such as `render` with a zoo.
    """
    try:
        recipe = read_recipe(path)
        if recipe is None or isinstance(recipe, Sheet | Picture) or given_pictures(recipe) or depth_of(recipe) > MAX_DEPTH - 2:
            return None
        drawn, given = draw_again(recipe), opaque_if_whole(imaging.safe_open(path, alpha=True))
    except StudioError:
        return None
    if (drawn.size, drawn.mode) != (given.size, given.mode):
        return None
    difference = np.abs(np.asarray(drawn, dtype=np.int16) - np.asarray(given, dtype=np.int16))
    return recipe if difference.max() <= TOLERANCE else None


def _render_all(zoo: Zoo, recipes: Sequence[Recipe], input_file: Path | None, most_enlarged: int | None) -> list[Image.Image]:
    """Draw recipes, those of one generator together."""

    def before(recipe: Recipe) -> Image.Image:
        return render(zoo, recipe, input_file, most_enlarged)

    pictures: dict[int, Image.Image] = {}
    drawn: dict[str, list[int]] = {}
    for index, recipe in enumerate(recipes):
        if isinstance(recipe, Swap):
            pictures[index] = swap(
                zoo.translator(recipe.model), _swap_input(before, recipe, input_file), recipe.target, recipe.look, recipe.mask
            )
        elif isinstance(recipe, Sheet):
            pictures[index] = _sheet(zoo, recipe, input_file, most_enlarged)
        elif isinstance(recipe, Finish):
            pictures[index] = finished(before(recipe.source), recipe.step)
        elif isinstance(recipe, Enlarge):
            given = before(recipe.source)
            if most_enlarged is not None and drawn_pixels(given.size, recipe.factor) > most_enlarged:
                raise StudioError(
                    f"{given.width} × {given.height} pixels are too many to be enlarged here: use `python -m engines upscale`, or Lanczos"
                )
            pictures[index] = opaque_if_whole(enlarge(given, recipe.factor, zoo.upscaler(recipe.model)))
        elif isinstance(recipe, Picture):
            pictures[index] = opaque_if_whole(imaging.safe_open(_given(recipe.input, input_file, "this picture begins with"), alpha=True))
        else:
            drawn.setdefault(recipe.model, []).append(index)
    for model, indices in drawn.items():
        chosen = [recipe for index in indices if isinstance(recipe := recipes[index], Drawn)]
        pictures.update(zip(indices, draw(zoo.generator(model), chosen), strict=True))
    return [pictures[index] for index in range(len(recipes))]


def _sheet(zoo: Zoo, recipe: Sheet, input_file: Path | None, most_enlarged: int | None) -> Image.Image:
    """The pictures of a sheet side by side; samples, which are small, are drawn together, all others one by one.

    Raises:
        StudioError: its pictures, or the sheet with them, have more pixels than a picture that can be opened.
    """
    if all(isinstance(tile, Drawn) for tile in recipe.tiles):
        tiles = _render_all(zoo, recipe.tiles, input_file, most_enlarged)
    else:
        tiles = []
        for tile in recipe.tiles:
            tiles.append(render(zoo, tile, input_file, most_enlarged))
            _refuse_large_sheet(sum(one.width * one.height for one in tiles))
    width, height = tiles[0].size
    _refuse_large_sheet(width * recipe.columns * height * -(-len(tiles) // recipe.columns))
    return imaging.sheet(tiles, recipe.columns)


def _refuse_large_sheet(pixels: int) -> None:
    if pixels > imaging.MAX_PIXELS:
        raise StudioError(
            f"this sheet has more than the {imaging.MAX_PIXELS // 10**6} megapixels of a picture: draw its pictures one by one"
        )


def _swap_input(before: Callable[[Recipe], Image.Image], recipe: Swap, input_file: Path | None) -> Image.Image:
    nested = recipe.source is not None and input_file is not None and file_hash(input_file) in given_pictures(recipe.source)
    if recipe.source is not None and (input_file is None or nested):
        return imaging.to_rgb(before(recipe.source))
    return imaging.safe_open(_given(recipe.input, input_file, "this swap needs"))


def _given(wanted: str, input_file: Path | None, what: str) -> Path:
    """The file from elsewhere that a recipe names, proven by its sha256."""
    if input_file is None:
        raise StudioError(f"{what} the picture that went in (sha256 {wanted[:12]}…): give it with --input FILE")
    found = file_hash(input_file)
    if found != wanted:
        raise StudioError(
            f"{input_file.name} is not the picture that went in (sha256 {found[:12]}…, the recipe says {wanted[:12]}…): "
            "give the original file"
        )
    return input_file
