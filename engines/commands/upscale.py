"""Make a graphic larger, by the learned upscaler or by Lanczos.

  python -m engines upscale graphic.png --out large.png
  python -m engines upscale graphic.png --factor 6 --out large.png
  python -m engines upscale graphic.png --by lanczos --out large.png

The result carries the graphic's recipe and rights as the origin it was made from. What is transparent stays so.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from engines import imaging
from engines.errors import StudioError
from engines.models.zoo import Zoo
from engines.production.enlarging import MOST, enlarge
from engines.production.origin import origin
from engines.progress import TextProgress

HELP = "make a graphic larger"
LANCZOS = "lanczos"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("graphic", type=Path, metavar="FILE", help="a PNG, JPEG or WEBP picture")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the larger PNG")
    parser.add_argument("--factor", type=float, default=4.0, metavar="N", help=f"how many times as high and wide, up to {MOST} (default 4)")
    parser.add_argument("--by", metavar="MODEL", help=f"an upscaler's name, or {LANCZOS} (default: the upscaler at hand)")


def run(arguments: argparse.Namespace) -> None:
    zoo = Zoo()
    names = zoo.names("upscaler")
    if arguments.by is None and not names:
        raise StudioError(f"there is no upscaler here: say --by {LANCZOS}, or train one with the preset upscale-4")
    chosen = arguments.by or names[0]
    upscaler = None if chosen == LANCZOS else zoo.upscaler(chosen)
    made_from = origin(arguments.graphic, "upscale", {"factor": arguments.factor, "by": chosen})
    if upscaler is not None and upscaler.card.rights not in made_from.rights:
        made_from = replace(made_from, rights=f"{made_from.rights}; {upscaler.card.rights}")
    larger = enlarge(imaging.safe_open(arguments.graphic, alpha=True), arguments.factor, upscaler, TextProgress())
    imaging.save_png(larger, arguments.out, made_from.chunks())
    print(f"{arguments.out}: {larger.width} × {larger.height} pixels by {chosen}")
