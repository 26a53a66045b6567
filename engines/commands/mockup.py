"""Show a graphic on a T-shirt or a bag: drawn cloth whose folds shade and bend the print.

  python -m engines mockup graphic.png --out shirt.png
  python -m engines mockup graphic.png --colour navy --look flat --place "left chest" --out shirt.png
  python -m engines mockup graphic.png --garment tote --colour natural --rotation -4 --out bag.png

Transparent parts of the graphic show the cloth. The PNG says which graphic it shows, how, and under which rights.
"""

import argparse
from dataclasses import asdict, fields
from pathlib import Path

from engines import imaging
from engines.commands._graphics import opened_graphic
from engines.errors import StudioError
from engines.finishing import Mockup
from engines.production.garments import GARMENTS, LOOKS
from engines.production.mockup import COLOURS, PLACES, mockup_value, print_size
from engines.production.origin import origin

HELP = "show a graphic on a T-shirt or a bag"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("graphic", type=Path, metavar="FILE", help="a PNG, JPEG or WEBP picture")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.png", help="where the picture goes")
    parser.add_argument("--garment", default="t-shirt", metavar="NAME", help=f"{' or '.join(GARMENTS)} (default t-shirt)")
    parser.add_argument("--look", default="worn", metavar="NAME", help=f"{' or '.join(LOOKS)} (default worn)")
    parser.add_argument("--colour", default="white", metavar="NAME", help=f"{', '.join(COLOURS)}, or #rrggbb (default white)")
    parser.add_argument("--place", default="chest", metavar="NAME", help=f"{', '.join(PLACES['t-shirt'])} (default chest)")
    parser.add_argument("--scale", type=float, default=100.0, metavar="PERCENT", help="of the place's own size (default 100)")
    parser.add_argument("--across", type=float, default=0.0, metavar="MM", help="further to the right in the picture (default 0)")
    parser.add_argument("--down", type=float, default=0.0, metavar="MM", help="further down (default 0)")
    parser.add_argument("--rotation", type=float, default=0.0, metavar="DEGREES", help="clockwise (default 0)")
    parser.add_argument("--folds", type=float, default=100.0, metavar="PERCENT", help="how strong folds are, 0 to 150 (default 100)")
    parser.add_argument("--seed", type=int, default=0, help="other folds (default 0)")
    parser.add_argument("--side", type=int, default=1200, metavar="PIXELS", help="of the square picture, 200 to 4096 (default 1200)")


def run(arguments: argparse.Namespace) -> None:
    if arguments.out.suffix.lower() != ".png":
        raise StudioError(f"a mock-up is saved as PNG, got {arguments.out.name!r}: name it FILE.png")
    mockup = mockup_value(Mockup(**{field.name: getattr(arguments, field.name) for field in fields(Mockup)}))
    graphic = opened_graphic(arguments.graphic)
    shown = graphic.done(mockup)
    made = origin(arguments.graphic, graphic.recipe, "mockup", asdict(mockup), shown.recipe)
    imaging.save_png(shown.picture, arguments.out, made.chunks())
    size = graphic.picture.size
    width, height = print_size(size, mockup)
    print(f"{arguments.out}: {size[0]} × {size[1]} pixels printed {width:.0f} × {height:.0f} mm; rights: {made.rights}")
