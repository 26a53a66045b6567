"""Draw pictures from seeds: the same seed gives the same picture.

With --diverse so many are chosen, among --among of them, that differ most.

python -m engines sample cityscape --seeds 0-15 --out drawn
python -m engines sample clothing --seeds 7 --class dress --truncation 0.7 --out drawn
python -m engines sample cityscape --diverse 16 --out drawn
"""

import argparse
from pathlib import Path

from engines.commands._drawn import save_drawn
from engines.commands._options import seed_list
from engines.curation.encoder import SHIPPED_MODEL, load_encoder
from engines.errors import StudioError
from engines.exploration.choosing import AMONG_DIVERSE, candidate_recipes, diverse, gather
from engines.exploration.sampling import draw, sample_recipes
from engines.models.zoo import Zoo
from engines.progress import TextProgress
from engines.recipe import save_with_recipe

HELP = "draw pictures from seeds"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a generator; `models list` shows them")
    parser.add_argument("--seeds", type=seed_list, help="such as 7, 1,2,9 or 0-15")
    parser.add_argument("--diverse", type=int, metavar="COUNT", help="draw so many that differ most, in place of --seeds")
    parser.add_argument("--among", type=int, default=AMONG_DIVERSE, help=f"how many --diverse chooses among (default {AMONG_DIVERSE})")
    parser.add_argument("--class", dest="class_name", metavar="NAME", help="for a model with classes")
    parser.add_argument("--truncation", type=float, default=1.0, help="ψ: 0 always the same safe picture, 1 all of the variety (default 1)")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="one seed-0007.png a seed is written here")


def run(arguments: argparse.Namespace) -> None:
    zoo = Zoo()
    generator = zoo.generator(arguments.model)
    if (arguments.seeds is None) == (arguments.diverse is None):
        raise StudioError("either seeds or a number of diverse pictures is needed: give --seeds 0-15 or --diverse 16")
    if arguments.diverse is not None:
        candidates = candidate_recipes(generator, arguments.among, arguments.class_name, arguments.truncation)
        chosen = diverse(gather(generator, load_encoder(SHIPPED_MODEL, zoo), candidates, TextProgress()), arguments.diverse)
        save_drawn(zoo, chosen, arguments.out)
        return
    recipes = sample_recipes(generator, arguments.seeds, arguments.class_name, arguments.truncation)
    for recipe, picture in zip(recipes, draw(generator, recipes, TextProgress()), strict=True):
        save_with_recipe(picture, arguments.out / f"seed-{recipe.seed:04d}.png", recipe)
