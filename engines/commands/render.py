"""Draw a picture again from the recipe inside a PNG that Atelier made.

  python -m engines render found.png --out again.png
  python -m engines render swapped.png --input jacket.jpg --out again.png

With other weights of the same name at hand it says so and draws nothing, unless --present allows these weights.
"""

import argparse
from pathlib import Path

from engines.errors import StudioError
from engines.models.zoo import Zoo
from engines.production.rendering import other_weights, render, with_present_weights
from engines.recipe import read_recipe, save_with_recipe

HELP = "draw a picture again from its recipe"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("picture", type=Path, metavar="FILE.png", help="a PNG that Atelier made")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.png", help="where the new picture goes")
    parser.add_argument("--input", type=Path, metavar="FILE", help="the picture that was swapped, for a swap")
    parser.add_argument("--present", action="store_true", help="use the present weights where the recipe names others")


def run(arguments: argparse.Namespace) -> None:
    recipe = read_recipe(arguments.picture)
    if recipe is None:
        raise StudioError(f"{arguments.picture.name} holds no recipe: give a PNG as Atelier saved it")
    zoo = Zoo()
    changed = other_weights(zoo, recipe)
    if changed and not arguments.present:
        raise StudioError(
            f"{arguments.picture.name} was drawn with other weights of {', '.join(changed)}: add --present to draw it with those at hand"
        )
    picture = render(zoo, recipe, arguments.input)
    save_with_recipe(picture, arguments.out, with_present_weights(zoo, recipe) if changed else recipe)
