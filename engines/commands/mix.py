"""What two to four pictures have in the middle, or the build of one with the finish of another.

python -m engines mix cityscape --seeds 1,2,3 --shares 0.5,0.3,0.2 --out drawn
python -m engines mix --from a.png --from b.png --out drawn
python -m engines mix cityscape --seeds 1,2 --layers --out drawn
"""

import argparse
from pathlib import Path

from engines.commands._drawn import drawn_recipe, save_drawn
from engines.commands._options import seed_list
from engines.errors import StudioError
from engines.exploration.mixing import layers_recipe, mix_recipe
from engines.exploration.sampling import sample_recipes
from engines.models.zoo import Zoo
from engines.recipe import Drawn

HELP = "mix two to four pictures"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", nargs="?", metavar="MODEL", help="a generator, for --seeds")
    parser.add_argument("--seeds", type=seed_list, default=[], help="such as 1,2 or 1,2,3")
    parser.add_argument("--from", dest="files", type=Path, action="append", default=[], metavar="FILE.png", help="a PNG that Atelier made")
    parser.add_argument("--class", dest="class_names", metavar="A,B", help="one class for all seeds, or one for each")
    parser.add_argument("--truncation", type=float, default=1.0, help="ψ of the seeds (default 1)")
    parser.add_argument("--shares", metavar="A,B", help="how much of each, 0 to 1, relative to their sum (default: equally much)")
    parser.add_argument("--layers", action="store_true", help="the build of the first with the finish of the second")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a PNG with its recipe is written here")


def run(arguments: argparse.Namespace) -> None:
    zoo = Zoo()
    parents: list[Drawn] = [drawn_recipe(zoo, file) for file in arguments.files]
    if arguments.seeds:
        if arguments.model is None:
            raise StudioError("seeds are those of a model: name it first, such as mix cityscape --seeds 1,2")
        names = arguments.class_names.split(",") if arguments.class_names else [None]
        if len(names) not in (1, len(arguments.seeds)):
            raise StudioError(f"{len(arguments.seeds)} seeds take one class or one each, got {len(names)}: write as many")
        for seed, name in zip(arguments.seeds, names * len(arguments.seeds), strict=False):
            parents += sample_recipes(zoo.generator(arguments.model), [seed], name, arguments.truncation)
    if arguments.layers:
        if len(parents) != 2:
            raise StudioError(f"--layers takes two pictures, got {len(parents)}: give as many")
        made: Drawn = layers_recipe(zoo.generator(parents[0].model), *parents)
    else:
        made = mix_recipe(parents, _shares(arguments.shares))
    save_drawn(zoo, [made], arguments.out)


def _shares(text: str | None) -> list[float]:
    try:
        return [float(part) for part in text.split(",")] if text else []
    except ValueError as error:
        raise StudioError(f"shares are numbers such as 0.5,0.5, got {str(text)[:40]!r}: write them like this") from error
