"""Name the colours of a graphic, as the eye tells them apart.

python -m engines palette graphic.png
python -m engines palette graphic.png --colours 4 --sort lightness --json
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from engines import imaging
from engines.production.palette import MOST, ORDERS, extract_palette

HELP = "name the colours of a graphic"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("graphic", type=Path, metavar="FILE", help="a PNG, JPEG or WEBP picture")
    parser.add_argument("--colours", type=int, default=6, metavar="N", help=f"how many, 1 to {MOST} (default 6)")
    parser.add_argument("--sort", default="share", metavar="HOW", help=f"by {' or '.join(ORDERS)} (default share)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> None:
    swatches = extract_palette(imaging.safe_open(arguments.graphic, alpha=True), arguments.colours, arguments.sort)
    if arguments.json:
        print(json.dumps([asdict(swatch) for swatch in swatches], indent=1))
        return
    for swatch in swatches:
        print(f"{swatch.colour}  {swatch.share:6.1%}  {swatch.name}")
