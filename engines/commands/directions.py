"""Directions in which a model's pictures change in one way: find, list and name them.

  python -m engines directions cityscape                                       list them
  python -m engines directions cityscape --find ganspace,sefa,measured         find and measure them anew
  python -m engines directions cityscape --name "ganspace 3" "Taller houses"   call one by another name
  python -m engines vary cityscape --seed 7 --move "Darker ↔ brighter=1.5" --out drawn

What is found is kept below STUDIO_HOME; --ship keeps what holds for at least four of five seeds beside the model itself.
"""

import argparse

from engines.errors import StudioError
from engines.exploration.directions import (
    FILE,
    METHODS,
    SEEDS,
    Direction,
    find_directions,
    load_directions,
    own_file,
    renamed,
    save_directions,
    shipped_directions,
)
from engines.models.zoo import Zoo
from engines.progress import TextProgress

HELP = "find, list and name directions in which pictures change in one way"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a generator; `models list` shows them")
    parser.add_argument("--find", metavar="METHODS", help=f"find them by {', '.join(METHODS)}, separated by commas")
    parser.add_argument("--count", type=int, default=4, help="how many of GANSpace and of SeFa (default 4)")
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"pictures that each is measured with (default {SEEDS})")
    parser.add_argument("--ship", action="store_true", help="keep those that hold beside the model, under their attributes' names")
    parser.add_argument("--name", nargs=2, metavar=("OLD", "NEW"), help="call one by another name")


def run(arguments: argparse.Namespace) -> None:
    zoo = Zoo()
    card = zoo.card(arguments.model)
    if arguments.find:
        if not 1 <= arguments.count <= 64 or not 2 <= arguments.seeds <= 1000:
            raise StudioError(f"--count is 1 to 64 and --seeds 2 to 1000, got {arguments.count} and {arguments.seeds}: choose others")
        methods = [method.strip() for method in arguments.find.split(",")]
        generator = zoo.generator(arguments.model)
        found = find_directions(generator, methods, arguments.count, seeds=arguments.seeds, progress=TextProgress())
        if arguments.ship:
            save_directions(zoo.folder(arguments.model) / FILE, card, shipped_directions(found))
        else:
            save_directions(own_file(card.name), card, found)
        _show(found)
        return
    directions = load_directions(zoo.folder(arguments.model), card)
    if arguments.name:
        directions = renamed(directions, *arguments.name)
        save_directions(own_file(card.name), card, directions)
    if not directions:
        raise StudioError(f"no directions of {card.name} are known: find some with --find {','.join(METHODS)}")
    _show(directions)


def _show(directions: list[Direction]) -> None:
    wide = max((len(direction.name) for direction in directions), default=0)
    for direction in directions:
        holds = f"{direction.attribute} rises for {direction.monotone:.0%} of {direction.seeds} seeds" if direction.attribute else ""
        print(f"{direction.name:{wide}}  {direction.method:9} {holds}, by {direction.change:.1f} of its spread".rstrip(", "))
