"""Neighbours of a picture, or the picture moved along directions.

python -m engines vary cityscape --seed 7 --count 8 --out drawn
python -m engines vary --from drawn/found.png --strongly --out drawn
python -m engines vary cityscape --seed 7 --move "Darker ↔ brighter=1.5" --out drawn
"""

import argparse
from pathlib import Path

from engines.commands._drawn import add_picture_arguments, parent_picture, save_drawn
from engines.errors import StudioError
from engines.exploration.directions import load_directions, steer_recipe
from engines.exploration.variation import SLIGHTLY, STRONGLY, vary_recipes
from engines.models.zoo import Zoo
from engines.recipe import Drawn

HELP = "draw neighbours of a picture, or move it along directions"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_picture_arguments(parser)
    strength = parser.add_mutually_exclusive_group()
    strength.add_argument("--strongly", action="store_true", help=f"strength {STRONGLY} in place of {SLIGHTLY}")
    strength.add_argument("--strength", type=float, help="0 the picture itself, 1 nothing of it")
    parser.add_argument("--count", type=int, default=8, help="how many neighbours (default 8)")
    parser.add_argument("--first", type=int, default=0, metavar="SEED", help="seed of the first neighbour (default 0)")
    parser.add_argument("--move", action="append", default=[], metavar="NAME=AMOUNT", help="along a direction, -5 to 5; may be repeated")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="PNGs with their recipes are written here")


def run(arguments: argparse.Namespace) -> None:
    zoo = Zoo()
    parent = parent_picture(zoo, arguments)
    recipes: list[Drawn] = []
    if arguments.move:
        known = {direction.name: direction for direction in load_directions(zoo.folder(parent.model), zoo.card(parent.model))}
        amounts = []
        for move in arguments.move:
            name, _, amount = move.rpartition("=")
            if name not in known:
                raise StudioError(f"there is no direction {name[:60]!r} of {parent.model}: choose one of {', '.join(known) or 'none'}")
            amounts.append((known[name], _number(amount)))
        recipes.append(steer_recipe(parent, amounts))
    else:
        if not 1 <= arguments.count <= 1000:
            raise StudioError(f"--count is 1 to 1000, got {arguments.count}: choose another number")
        strength = arguments.strength if arguments.strength is not None else STRONGLY if arguments.strongly else SLIGHTLY
        recipes += vary_recipes(parent, range(arguments.first, arguments.first + arguments.count), strength)
    save_drawn(zoo, recipes, arguments.out)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise StudioError(f"an amount is a number from -5 to 5, got {text[:40]!r}: write NAME=1.5") from error
