"""What the commands that make pictures of pictures share: where their parents come from, and where they go."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from engines.errors import StudioError
from engines.exploration.sampling import draw, sample_recipes
from engines.models.zoo import Zoo
from engines.production.rendering import other_weights
from engines.progress import TextProgress
from engines.recipe import Drawn, read_recipe, save_with_recipe


def add_picture_arguments(parser: argparse.ArgumentParser) -> None:
    """One picture: a seed of a model, or a PNG that Atelier made."""
    parser.add_argument("model", nargs="?", metavar="MODEL", help="a generator, for --seed")
    parser.add_argument("--seed", type=int, help="the picture of this seed")
    parser.add_argument("--from", dest="file", type=Path, metavar="FILE.png", help="a PNG that Atelier made")
    parser.add_argument("--class", dest="class_name", metavar="NAME", help="for a model with classes")
    parser.add_argument("--truncation", type=float, default=1.0, help="ψ: 0 always the same safe picture, 1 all of the variety (default 1)")


def parent_picture(zoo: Zoo, arguments: argparse.Namespace) -> Drawn:
    """The recipe that `add_picture_arguments` asks for.

    Raises:
        StudioError: none or two are given, or it cannot be drawn here.
    """
    if (arguments.file is None) == (arguments.seed is None) or (arguments.seed is not None and arguments.model is None):
        raise StudioError("one picture is needed: MODEL --seed 7, or --from FILE.png")
    if arguments.file is not None:
        return drawn_recipe(zoo, arguments.file)
    return sample_recipes(zoo.generator(arguments.model), [arguments.seed], arguments.class_name, arguments.truncation)[0]


def drawn_recipe(zoo: Zoo, file: Path) -> Drawn:
    """The recipe inside a PNG, of something that one generator draws with the weights at hand.

    Raises:
        StudioError: no recipe, one of something else, or other weights.
    """
    recipe = read_recipe(file)
    if not isinstance(recipe, Drawn):
        raise StudioError(f"{file.name} holds no recipe of a picture that a generator drew: give a PNG as Atelier drew it")
    changed = other_weights(zoo, recipe)
    if changed:
        raise StudioError(f"{file.name} was drawn with other weights of {', '.join(changed)}: draw it anew with render --present first")
    return recipe


def save_drawn(zoo: Zoo, recipes: Sequence[Drawn], out: Path) -> None:
    """Draw and write pictures as OPERATION-0000.png in order, each with its recipe."""
    pictures = draw(zoo.generator(recipes[0].model), recipes, TextProgress())
    for number, (recipe, picture) in enumerate(zip(recipes, pictures, strict=True)):
        save_with_recipe(picture, out / f"{recipe.operation}-{number:04d}.png", recipe)
