"""Make a graphic larger, by the learned upscaler or by Lanczos.

  python -m engines upscale graphic.png --out large.png
  python -m engines upscale graphic.png --factor 6 --out large.png
  python -m engines upscale graphic.png --by lanczos --out large.png

The result carries the rights of the graphic and of the upscaler, and its own recipe, from which `render` draws it again; one by Lanczos
carries the graphic's. What is transparent stays so.
"""

import argparse
from pathlib import Path

from engines import imaging
from engines.commands._graphics import opened_graphic
from engines.errors import StudioError
from engines.models.zoo import Zoo
from engines.production.enlarging import LANCZOS, MOST, enlarge
from engines.production.origin import origin
from engines.progress import TextProgress

HELP = "make a graphic larger"


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
    settings = {"factor": arguments.factor, "by": chosen}
    graphic = opened_graphic(arguments.graphic)
    if chosen == LANCZOS:
        larger = enlarge(graphic.picture, arguments.factor, None)
        made_from = origin(arguments.graphic, graphic.recipe, "upscale", settings)
    else:
        made = graphic.enlarged(zoo.upscaler(chosen), arguments.factor, TextProgress())
        larger, made_from = made.picture, origin(arguments.graphic, graphic.recipe, "upscale", settings, made.recipe)
    imaging.save_png(larger, arguments.out, made_from.chunks())
    print(f"{arguments.out}: {larger.width} × {larger.height} pixels by {chosen}")
