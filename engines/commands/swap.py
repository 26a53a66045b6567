"""Swap the texture of garments: leather to denim, or back.

  python -m engines swap jacket.jpg --to denim --out swapped
  python -m engines swap *.jpg --to leather --out swapped

Writes exactly one <stem>.png a picture, of the picture's size. Pictures that cannot be read are named on standard error, the
others are still done, and the exit code is then 2.
"""

import argparse
import sys
from collections import Counter
from functools import partial
from pathlib import Path

from engines import imaging
from engines.errors import StudioError
from engines.models.zoo import Zoo
from engines.production.rendering import proven_recipe, render
from engines.progress import TextProgress
from engines.recipe import file_hash, save_with_recipe
from engines.translation.swap import swap, swap_recipe

HELP = "swap the texture of garments"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pictures", nargs="+", type=Path, metavar="IN", help="JPEG, PNG or WEBP files")
    parser.add_argument("--model", default="leather-denim", help="a translator (default leather-denim)")
    parser.add_argument("--to", required=True, metavar="CLASS", help="what it becomes: denim or leather")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="one <stem>.png a picture is written here")


def run(arguments: argparse.Namespace) -> None:
    zoo = Zoo()
    translator = zoo.translator(arguments.model)
    translator.card.class_index(arguments.to)
    doubled = [stem for stem, count in Counter(path.stem for path in arguments.pictures).items() if count > 1]
    if doubled:
        raise StudioError(f"several pictures are called {doubled[0]!r} and would overwrite each other: rename one, or swap them apart")
    progress, failed = TextProgress(), 0
    for index, path in enumerate(arguments.pictures):
        try:
            picture = imaging.safe_open(path)
            recipe = swap_recipe(translator, arguments.to, file_hash(path), proven_recipe(path, partial(render, zoo)))
            save_with_recipe(swap(translator, picture, arguments.to), arguments.out / f"{path.stem}.png", recipe)
        except StudioError as error:
            failed += 1
            print(f"left out: {error}", file=sys.stderr)
        progress(index + 1, len(arguments.pictures), "swapping")
    if failed:
        raise StudioError(f"{failed} of {len(arguments.pictures)} pictures could not be swapped: the lines above say why")
