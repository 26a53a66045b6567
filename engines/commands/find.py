"""The pictures that fit words best, among many that a model could draw.

python -m engines find cityscape "narrow alley" --out found
python -m engines find clothing "a red skirt" --among 1000 --count 8 --out found
"""

import argparse
from pathlib import Path

from engines.commands._drawn import save_drawn
from engines.curation.encoder import SHIPPED_MODEL, load_encoder
from engines.exploration.choosing import AMONG, candidate_recipes, find, gather
from engines.models.zoo import Zoo
from engines.progress import TextProgress

HELP = "find the pictures that fit words best"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a generator; `models list` shows them")
    parser.add_argument("words", metavar="WORDS", help="what the pictures should show")
    parser.add_argument("--among", type=int, default=AMONG, help=f"how many pictures are looked at (default {AMONG})")
    parser.add_argument("--count", type=int, default=16, help="how many are chosen (default 16)")
    parser.add_argument("--class", dest="class_name", metavar="NAME", help="only this class; without, all in turn")
    parser.add_argument("--truncation", type=float, default=1.0, help="ψ: 0 always the same safe picture, 1 all of the variety (default 1)")
    parser.add_argument("--clip", default=SHIPPED_MODEL, metavar="MODEL", help=f"who looks (default {SHIPPED_MODEL})")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="PNGs with their recipes are written here, the best first")


def run(arguments: argparse.Namespace) -> None:
    zoo = Zoo()
    generator, encoder = zoo.generator(arguments.model), load_encoder(arguments.clip, zoo)
    recipes = candidate_recipes(generator, arguments.among, arguments.class_name, arguments.truncation)
    found = find(gather(generator, encoder, recipes, TextProgress()), encoder, arguments.words, arguments.count)
    save_drawn(zoo, found, arguments.out)
