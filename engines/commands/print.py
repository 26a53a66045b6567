"""Make a file that a printer takes: a named size, bleed, the right resolution, and an honest word on how sharp it will be.

  python -m engines print graphic.png --size a4 --bleed 3 --fit fill --marks --out graphic.pdf
  python -m engines print graphic.png --size full-front --transparent white --mirrored --out transfer.png
  python -m engines print graphic.png --size tote --shape vignette --out bag.png
  python -m engines print graphic.png --size 12x16in --dpi 240 --paper white --out graphic.tif
  python -m engines print graphic.png --size chest --enlarge upscale-4 --out chest.png

The rights of the weights that drew the graphic, and its recipe, travel in the file.
"""

import argparse
from dataclasses import asdict, replace
from pathlib import Path

from engines import imaging
from engines.commands._graphics import opened_graphic
from engines.finishing import Clearing, Shape
from engines.models.zoo import Zoo
from engines.networks.upscaling import FACTOR
from engines.production.colour import colour_value
from engines.production.enlarging import LANCZOS
from engines.production.origin import origin
from engines.production.printing import FITS, SIZES, enlarged_by, print_job, save_print, verdict, within_mask
from engines.production.shapes import SHAPES
from engines.progress import TextProgress
from engines.recipe import after

HELP = "make a file for a printer: size, bleed, resolution"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("graphic", type=Path, metavar="FILE", help="a PNG, JPEG or WEBP picture")
    parser.add_argument("--size", required=True, metavar="SIZE", help=f"{', '.join(SIZES)}; or 280x330 (mm), 28x33cm, 12x16in")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="FILE.png, .pdf or .tif")
    parser.add_argument("--bleed", type=float, default=0.0, metavar="MM", help="printed beyond the cut on each side, 0 to 25 (default 0)")
    parser.add_argument("--dpi", type=int, default=300, help="pixels an inch of the file, 50 to 1200 (default 300)")
    parser.add_argument(
        "--fit", default="whole", metavar="HOW", help=f"{' or '.join(FITS)}: all of it inside, or the page full (default whole)"
    )
    parser.add_argument("--mirrored", action="store_true", help="for a transfer that is printed face down")
    parser.add_argument("--marks", action="store_true", help="cutting and registration marks around, in a PDF")
    parser.add_argument("--paper", default="", metavar="COLOUR", help="colour where the graphic leaves the page free (default transparent)")
    parser.add_argument("--transparent", metavar="COLOUR", help="take this background away, as far as it reaches in from the edge")
    parser.add_argument("--tolerance", type=float, default=6.0, help="how far from that colour is still background (default 6)")
    parser.add_argument("--shape", metavar="NAME", help=f"cut it to a shape: {', '.join(SHAPES)}")
    parser.add_argument("--softness", type=float, default=0.0, metavar="PERCENT", help="how far in the shape's edge fades (default 0)")
    parser.add_argument(
        "--enlarge",
        default=LANCZOS,
        metavar="MODEL",
        help=f"an upscaler that draws it {FACTOR} times larger first (default {LANCZOS} alone)",
    )
    parser.add_argument("--mask", type=Path, metavar="FILE", help="print only where this picture is white")


def run(arguments: argparse.Namespace) -> None:
    graphic = opened_graphic(arguments.graphic)
    paper = colour_value(arguments.paper) if arguments.paper else ""
    options = {name: getattr(arguments, name) for name in ("bleed", "dpi", "fit", "mirrored", "marks")}
    job = print_job(arguments.size, graphic.picture.size, paper=paper, **options)
    own, source = graphic.picture.size, graphic.recipe
    if arguments.enlarge != LANCZOS:
        graphic = graphic.enlarged(Zoo().upscaler(arguments.enlarge), FACTOR, TextProgress())
    ground = colour_value(arguments.transparent) if arguments.transparent else ""
    if ground:
        graphic = graphic.done(Clearing(ground, arguments.tolerance))
    if arguments.shape:
        graphic = graphic.done(Shape(arguments.shape, arguments.softness))
    masked = within_mask(graphic.picture, imaging.safe_open(arguments.mask)) if arguments.mask else graphic.picture
    settings = {
        **asdict(job),
        "transparent": ground,
        "shape": arguments.shape or "",
        "enlarge": arguments.enlarge,
        "mask": bool(arguments.mask),
    }
    made = origin(arguments.graphic, source, "print", settings, after(graphic.recipe, job))
    if arguments.mask:
        made = replace(made, made=None)  # a mask from a file is in no recipe
    page = save_print(masked, arguments.out, job, made)
    print(
        f"{arguments.out}: {job.width:g} × {job.height:g} mm + {job.bleed:g} mm bleed, {page.width} × {page.height} pixels at {job.dpi} dpi"
    )
    print(f"the graphic has {verdict(own, job)}")
    print(enlarged_by(own, job, FACTOR, "" if arguments.enlarge == LANCZOS else arguments.enlarge))
    print(f"rights: {made.rights}")
