"""A film from one seed to another.

python -m engines interpolate cityscape --seeds 1,2 --frames 60 --out way.mp4
python -m engines interpolate clothing --seeds 3,8 --class skirt --frames 24 --out way.gif
"""

import argparse
from pathlib import Path

from engines.commands._values import seed_list
from engines.errors import StudioError
from engines.exploration.sampling import blend_recipes, draw
from engines.models.zoo import Zoo
from engines.production.video import SUFFIXES, save_film
from engines.progress import TextProgress
from engines.recipe import Sheet, to_json

HELP = "a film from one seed to another"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a generator; `models list` shows them")
    parser.add_argument("--seeds", type=seed_list, required=True, help="two seeds, such as 1,2")
    parser.add_argument("--frames", type=int, default=60, help="how many pictures (default 60)")
    parser.add_argument("--class", dest="class_name", metavar="NAME", help="for a model with classes")
    parser.add_argument("--truncation", type=float, default=1.0, help="ψ: 0 always the same safe picture, 1 all of the variety (default 1)")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="ends in .mp4 or .gif")


def run(arguments: argparse.Namespace) -> None:
    if arguments.out.suffix.lower() not in SUFFIXES:
        raise StudioError(f"a film is saved as .mp4 or .gif, got {arguments.out.name!r}: change the name")
    generator = Zoo().generator(arguments.model)
    recipes = blend_recipes(generator, arguments.seeds, arguments.frames, arguments.class_name, arguments.truncation)
    note = to_json(Sheet(len(recipes), (recipes[0], recipes[-1])))
    save_film(draw(generator, recipes, TextProgress()), arguments.out, note)
