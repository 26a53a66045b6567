"""Show a graphic as a fabric's repeat, and say how visible the seams are.

  python -m engines repeat graphic.png
  python -m engines repeat graphic.png --layout half-drop --out fabric.png

The seam is compared with the steps between neighbouring pixels inside the graphic: at 1 nobody finds it, from 2 it is seen as a grid.
"""

import argparse
from dataclasses import asdict
from pathlib import Path

from engines import imaging
from engines.commands._graphics import opened_graphic
from engines.errors import StudioError
from engines.finishing import Repeat
from engines.production.origin import origin
from engines.production.repeat import LAYOUTS, repeat_value, seam_verdict, seams

HELP = "show a graphic as a fabric's repeat, and how visible the seams are"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("graphic", type=Path, metavar="FILE", help="a PNG, JPEG or WEBP picture")
    parser.add_argument("--layout", default="straight", metavar="NAME", help=f"{', '.join(LAYOUTS)} (default straight)")
    parser.add_argument("--columns", type=int, default=3, metavar="N", help="repeats side by side, 1 to 8 (default 3)")
    parser.add_argument("--rows", type=int, default=3, metavar="N", help="repeats one below the other, 1 to 8 (default 3)")
    parser.add_argument("--out", type=Path, metavar="FILE.png", help="where the picture of the fabric goes")


def run(arguments: argparse.Namespace) -> None:
    if arguments.out and arguments.out.suffix.lower() != ".png":
        raise StudioError(f"a repeat is saved as PNG, got {arguments.out.name!r}: name it FILE.png")
    repeat = repeat_value(Repeat(arguments.layout, arguments.columns, arguments.rows))
    graphic = opened_graphic(arguments.graphic)
    print(f"{arguments.layout}: {seam_verdict(seams(graphic.picture, repeat.layout))}")
    if arguments.out:
        fabric = graphic.done(repeat)
        made = origin(arguments.graphic, graphic.recipe, "repeat", asdict(repeat), fabric.recipe)
        imaging.save_png(fabric.picture, arguments.out, made.chunks())
        print(f"{arguments.out}: {fabric.picture.width} × {fabric.picture.height} pixels")
