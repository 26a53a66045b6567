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
from engines.recipe import Blend, Recipe, Sample, Sheet, Swap, file_hash, read_recipe
from engines.translation.swap import swap

TOLERANCE = 2  # of 255: as far as one machine's pixels may be from another's


def other_weights(zoo: Zoo, recipe: Recipe) -> list[str]:
    """Names of the models whose weights here are not those the recipe was drawn with."""
    if isinstance(recipe, Sheet):
        return sorted({name for tile in recipe.tiles for name in other_weights(zoo, tile)})
    changed = [] if zoo.card(recipe.model).weights_sha256 == recipe.weights else [recipe.model]
    if isinstance(recipe, Swap) and recipe.source is not None:
        changed += other_weights(zoo, recipe.source)
    return sorted(set(changed))


def with_present_weights(zoo: Zoo, recipe: Recipe) -> Recipe:
    """The same recipe for the weights at hand."""
    if isinstance(recipe, Sheet):
        return replace(recipe, tiles=tuple(with_present_weights(zoo, tile) for tile in recipe.tiles))
    card = zoo.card(recipe.model)
    updated = replace(recipe, weights=card.weights_sha256, rights=card.rights)
    if isinstance(updated, Swap) and updated.source is not None:
        return replace(updated, source=with_present_weights(zoo, updated.source))
    return updated


def render(zoo: Zoo, recipe: Recipe, input_file: Path | None = None) -> Image.Image:
    """Draw a recipe's picture with the weights at hand.

    Args:
        input_file: what went into a swap; not needed where the recipe knows how its input was drawn.

    Raises:
        StudioError: an unknown model or class, or a swap whose input is missing or another one.
    """
    return _render_all(zoo, [recipe], input_file)[0]


def proven_recipe(path: Path, draw_again: Callable[[Recipe], Image.Image]) -> Recipe | None:
    """The recipe inside a picture, when it draws that very picture, and None otherwise.

    A recipe can be copied into any picture, so what a swap keeps as its source is drawn and compared first. Sheets are no source, nor are
    swaps of swaps: recipes nest to a depth that everybody can read.

    Args:
        draw_again: from a recipe to its picture, such as `render` with a zoo.
    """
    try:
        recipe = read_recipe(path)
        origin = recipe.source if isinstance(recipe, Swap) else recipe
        if recipe is None or not isinstance(origin, Sample | Blend):
            return None
        drawn, given = draw_again(recipe), imaging.safe_open(path)
    except StudioError:
        return None
    if drawn.size != given.size:
        return None
    difference = np.abs(np.asarray(drawn, dtype=np.int16) - np.asarray(given, dtype=np.int16))
    return recipe if difference.max() <= TOLERANCE else None


def _render_all(zoo: Zoo, recipes: Sequence[Recipe], input_file: Path | None) -> list[Image.Image]:
    """Draw recipes, those of one generator together."""
    pictures: dict[int, Image.Image] = {}
    drawn: dict[str, list[int]] = {}
    for index, recipe in enumerate(recipes):
        if isinstance(recipe, Sample | Blend):
            drawn.setdefault(recipe.model, []).append(index)
        elif isinstance(recipe, Swap):
            pictures[index] = swap(
                zoo.translator(recipe.model), _swap_input(zoo, recipe, input_file), recipe.target, recipe.look, recipe.mask
            )
        else:
            pictures[index] = imaging.sheet(_render_all(zoo, recipe.tiles, input_file), recipe.columns)
    for model, indices in drawn.items():
        chosen = [recipe for index in indices if isinstance(recipe := recipes[index], Sample | Blend)]
        pictures.update(zip(indices, draw(zoo.generator(model), chosen), strict=True))
    return [pictures[index] for index in range(len(recipes))]


def _swap_input(zoo: Zoo, recipe: Swap, input_file: Path | None) -> Image.Image:
    if input_file is not None:
        found = file_hash(input_file)
        if found != recipe.input:
            raise StudioError(
                f"{input_file.name} is not the picture that was swapped (sha256 {found[:12]}…, the recipe says {recipe.input[:12]}…): "
                "give the original file"
            )
        return imaging.safe_open(input_file)
    if recipe.source is None:
        raise StudioError(f"this swap needs the picture that went in (sha256 {recipe.input[:12]}…): give it with --input FILE")
    return render(zoo, recipe.source)
