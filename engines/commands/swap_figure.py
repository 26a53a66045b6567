"""Draw the figure of a swap from its runs: three rows both ways, and the curves of the runs beside one another.

Each RUN gives RUN-rows.png with original, generated and recovered pictures of both classes, held out and drawn by lot. curves.png compares
the total, cycle, generator and critic losses of all runs, and a table says where they ended.

  python -m engines train report-resnet-6 --data pairs --classes trainA=leather,trainB=denim --out runs/resnet-6
  python -m engines train report-resnet-9 --data pairs --classes trainA=leather,trainB=denim --out runs/resnet-9
  python -m engines swap-figure runs/resnet-6 runs/resnet-9 --data pairs --classes trainA=leather,trainB=denim --out figure
"""

import argparse
from pathlib import Path

from engines import imaging
from engines.errors import StudioError
from engines.progress import TextProgress
from engines.training.curves import compare_curves
from engines.training.dataset import load_pictures, parse_classes
from engines.training.runs import Run
from engines.translation.figures import LOSSES, final_losses, three_rows, trained_pair

HELP = "draw the rows and curves of swaps in training"
COLUMNS = (1, 16)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="folder of a run that trains a swap")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder with the pictures it was trained from")
    parser.add_argument("--classes", metavar="A,B=NAME", help="as in training")
    parser.add_argument("--columns", type=int, default=6, metavar="N", help="pictures a row (default 6)")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the figures")


def run(arguments: argparse.Namespace) -> None:
    least, most = COLUMNS
    if not least <= arguments.columns <= most:
        raise StudioError(f"--columns is {least} to {most}, got {arguments.columns}: choose another")
    runs = {folder.resolve().name: Run(folder) for folder in arguments.runs}
    if len(runs) < len(arguments.runs):
        raise StudioError("two runs have the same name: rename the folder of one")
    classes = parse_classes(arguments.classes.split(",")) if arguments.classes else None
    lines = [f"{'':20}" + "".join(f"{name:>12}" for name in LOSSES)]
    for name, folder in runs.items():
        pair = trained_pair(folder)
        preset = pair.preset
        pictures = load_pictures(arguments.data, preset["resolution"], preset["framing"], preset["channels"], classes, TextProgress())
        title = f"{name}: {preset['name']}, step {pair.step}"
        imaging.save_png(three_rows(pair, pictures, arguments.columns, title), arguments.out / f"{name}-rows.png")
        ends = final_losses(folder)
        lines.append(f"{name:20}" + "".join(f"{ends[loss]:12.3f}" if loss in ends else f"{'':12}" for loss in LOSSES))
    curves = compare_curves({name: folder.metrics() for name, folder in runs.items()}, LOSSES)
    if curves is not None:
        imaging.save_png(curves, arguments.out / "curves.png")
    print("\n".join(lines))
