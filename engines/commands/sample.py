"""Draw pictures from seeds: the same seed gives the same picture.

python -m engines sample cityscape --seeds 0-15 --out drawn
python -m engines sample clothing --seeds 7 --class dress --truncation 0.7 --out drawn
"""

import argparse
from pathlib import Path

from engines.commands._values import seed_list
from engines.exploration.sampling import draw, sample_recipes
from engines.models.zoo import Zoo
from engines.progress import TextProgress
from engines.recipe import save_with_recipe

HELP = "draw pictures from seeds"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a generator; `models list` shows them")
    parser.add_argument("--seeds", type=seed_list, required=True, help="such as 7, 1,2,9 or 0-15")
    parser.add_argument("--class", dest="class_name", metavar="NAME", help="for a model with classes")
    parser.add_argument("--truncation", type=float, default=1.0, help="ψ: 0 always the same safe picture, 1 all of the variety (default 1)")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="one seed-0007.png a seed is written here")


def run(arguments: argparse.Namespace) -> None:
    generator = Zoo().generator(arguments.model)
    recipes = sample_recipes(generator, arguments.seeds, arguments.class_name, arguments.truncation)
    for recipe, picture in zip(recipes, draw(generator, recipes, TextProgress()), strict=True):
        save_with_recipe(picture, arguments.out / f"seed-{recipe.seed:04d}.png", recipe)
