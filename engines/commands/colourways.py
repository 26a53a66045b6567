"""Draw a graphic in other colours: one picture for each palette given.

  python -m engines colourways graphic.png --to navy,coral,#f4ead8 --to black,sage,white --out ways

The graphic's own palette of as many colours is found first; light colours become light ones and dark ones dark, or with --in-order the
most frequent becomes the first named.
"""

import argparse
from pathlib import Path

from engines import imaging
from engines.commands._graphics import opened_graphic
from engines.errors import StudioError
from engines.finishing import Colourway
from engines.production.colour import colour_value
from engines.production.origin import origin
from engines.production.palette import MOST, extract_palette, matched_by_lightness

HELP = "draw a graphic in other colours"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("graphic", type=Path, metavar="FILE", help="a PNG, JPEG or WEBP picture")
    parser.add_argument(
        "--to", action="append", required=True, metavar="COLOURS", help=f"2 to {MOST} names or #rrggbb, with commas; repeatable"
    )
    parser.add_argument("--in-order", action="store_true", help="the most frequent colour becomes the first named")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="one colourway-01.png a palette is written here")


def run(arguments: argparse.Namespace) -> None:
    palettes = [[colour_value(name) for name in given.split(",")] for given in arguments.to]
    if not all(2 <= len(palette) <= MOST for palette in palettes):
        raise StudioError(f"a colourway has 2 to {MOST} colours, got {arguments.to[0][:60]!r}: name them with commas between")
    graphic = opened_graphic(arguments.graphic)
    for index, palette in enumerate(palettes, 1):
        old = [swatch.colour for swatch in extract_palette(graphic.picture, len(palette))]
        if len(old) < len(palette):
            raise StudioError(f"{arguments.graphic.name} has only {len(old)} colours, {len(palette)} were named: name as many")
        new = palette if arguments.in_order else matched_by_lightness(old, palette)
        path = arguments.out / f"colourway-{index:02d}.png"
        drawn = graphic.done(Colourway(tuple(old), tuple(new)))
        made = origin(arguments.graphic, graphic.recipe, "colourway", {"old": old, "new": new}, drawn.recipe)
        imaging.save_png(drawn.picture, path, made.chunks())
        print(f"{path}: {', '.join(f'{a} → {b}' for a, b in zip(old, new, strict=True))}")
