"""Swap the texture of garments: leather to denim, or back.

  python -m engines swap jacket.jpg --to denim --out swapped
  python -m engines swap jacket.jpg --to denim --strength 80 --colour 60 --wash indigo --out swapped
  python -m engines swap photographs --to leather --mask none --out swapped

The garment is found by itself and all else stays as it is, bit for bit; --mask FILE takes a picture that is white where the garment is,
--mask none swaps everything. Writes one <stem>.png a picture, of the picture's size. Pictures that cannot be read are named on standard
error, the others are still done, and the exit code is then 2. Asked again, it goes on where it was stopped.
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
from engines.recipe import Look, Mask, look_value, mask_value
from engines.translation.batch import places_of, swap_each
from engines.translation.garment_mask import drawn_mask, read_mask
from engines.translation.washes import wash_colour

HELP = "swap the texture of garments"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pictures", nargs="+", type=Path, metavar="IN", help="JPEG, PNG or WEBP files, or folders of them")
    parser.add_argument("--model", default="leather-denim", help="a translator (default leather-denim)")
    parser.add_argument("--to", required=True, metavar="CLASS", help="what it becomes: denim or leather")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="one <stem>.png a picture is written here")
    for name, what in (
        ("strength", "of the whole change; 0 gives the picture back"),
        ("colour", "of the change in hue and saturation"),
        ("texture", "of the change in what is finest"),
        ("shading", "of the change in light and dark"),
    ):
        parser.add_argument(f"--{name}", type=float, default=100.0, metavar="0..150", help=f"percent {what} (default 100)")
    parser.add_argument(
        "--wash", default="", metavar="NAME|#HEX", help="indigo, light blue, grey, black, ecru; black, brown, tan, oxblood, cream"
    )
    parser.add_argument("--mask", default="auto", metavar="auto|none|FILE", help="where (default auto: the garment, found by itself)")
    parser.add_argument(
        "--feather", type=float, default=Mask().feather, metavar="0..5", help="percent of the longer side, inside the outline"
    )
    parser.add_argument("--invert", action="store_true", help="swap what lies outside the mask")


def run(arguments: argparse.Namespace) -> None:
    zoo = Zoo()
    translator = zoo.translator(arguments.model)
    translator.card.class_index(arguments.to)
    look = look_value(Look(arguments.strength, arguments.colour, arguments.texture, arguments.shading, arguments.wash))
    wash_colour(look.wash, arguments.to)
    mask = _mask(arguments)
    places = places_of(arguments.pictures, arguments.out)
    progress, outcomes = TextProgress(), []
    for outcome in swap_each(translator, places, arguments.to, look, mask, partial(proven_recipe, draw_again=partial(render, zoo))):
        outcomes.append(outcome)
        if outcome.state == "failed":
            print(f"left out: {outcome.reason}", file=sys.stderr)
        progress(len(outcomes), len(places), "swapping")
    counts = Counter(outcome.state for outcome in outcomes)
    if counts["already"]:
        print(f"{counts['already']} of {len(places)} were there already", file=sys.stderr)
    if counts["failed"]:
        raise StudioError(f"{counts['failed']} of {len(places)} pictures could not be swapped: the lines above say why")


def _mask(arguments: argparse.Namespace) -> Mask:
    """The mask that was asked for; one from a file travels in the recipes."""
    if arguments.mask in ("auto", "none"):
        return mask_value(Mask(arguments.mask, feather=arguments.feather, inverted=arguments.invert))
    return mask_value(drawn_mask(read_mask(imaging.safe_open(Path(arguments.mask))), arguments.feather, arguments.invert))
