"""Reduce a graphic to spot colours for screen printing: a PDF with one film an ink.

  python -m engines separations graphic.png --colours 3 --size full-front --out films.pdf
  python -m engines separations graphic.png --inks white,coral,navy --ground black --trap 0.3 --size a4 --out films.pdf

The first page shows all inks as spot colours, one page a film follows in black, each with registration marks.
"""

import argparse
from dataclasses import asdict
from pathlib import Path

from engines.commands._graphics import opened_graphic
from engines.errors import StudioError
from engines.production.colour import colour_value
from engines.production.origin import origin
from engines.production.printing import print_job, verdict
from engines.production.separations import MOST_INKS, choose_inks, save_separations, separate

HELP = "reduce a graphic to spot colours, one film an ink"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("graphic", type=Path, metavar="FILE", help="a PNG, JPEG or WEBP picture")
    parser.add_argument("--size", required=True, metavar="SIZE", help="as for print: a4, full-front, 280x330, 12x16in, …")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.pdf", help="where the films go")
    parser.add_argument("--colours", type=int, default=3, metavar="N", help=f"inks chosen from the graphic, 1 to {MOST_INKS} (default 3)")
    parser.add_argument("--inks", metavar="COLOURS", help="these inks instead, with commas, in the order of printing")
    parser.add_argument("--ground", metavar="COLOUR", help="colour of the cloth: where the graphic has it, nothing is printed")
    parser.add_argument("--trap", type=float, default=0.2, metavar="MM", help="how far inks spread under later ones, 0 to 2 (default 0.2)")
    parser.add_argument("--dpi", type=int, default=300, help="of the films (default 300)")


def run(arguments: argparse.Namespace) -> None:
    if arguments.out.suffix.lower() != ".pdf":
        raise StudioError(f"separations are saved as PDF, got {arguments.out.name!r}: name it FILE.pdf")
    opened = opened_graphic(arguments.graphic)
    graphic = opened.picture
    job = print_job(arguments.size, graphic.size, dpi=arguments.dpi)
    ground = colour_value(arguments.ground) if arguments.ground else ""
    named = [colour_value(name) for name in arguments.inks.split(",")] if arguments.inks else []
    inks = named or list(choose_inks(graphic, arguments.colours, ground))
    films = separate(graphic, inks, job, ground, arguments.trap)
    settings = {**asdict(job), "inks": inks, "ground": ground, "trap": arguments.trap}
    save_separations(films, arguments.out, job, origin(arguments.graphic, opened.recipe, "separations", settings))
    for index, film in enumerate(films, 1):
        print(f"film {index}: {film.colour} {film.name}, {film.coverage:.0%} of the page")
    print(f"{arguments.out}: {job.width:g} × {job.height:g} mm; the graphic has {verdict(graphic.size, job)}")
