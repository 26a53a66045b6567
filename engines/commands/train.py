"""Train a model on your own pictures.

A picture's class is the name of the folder it lies in. The run folder holds settings, metrics, samples and the checkpoint
that --resume goes on from; `publish` turns it into a model.

  python -m engines train --list
  python -m engines train scenes-64 --data photographs --out runs/scenes --minutes 30
  python -m engines train garments-64 --data wardrobe --classes shirt,skirt --out runs/garments
"""

import argparse
import os
import signal
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from types import FrameType

from engines import compute
from engines.commands._values import positive_float
from engines.compute import Numerics
from engines.errors import Cancelled, StudioError
from engines.progress import Progress, TextProgress
from engines.training.dataset import load_pictures, parse_classes
from engines.training.presets import find_preset
from engines.training.runs import Run
from engines.training.trainer import Plan, Workers, train
from engines.translation.training import ALL_PRESETS, build_task

HELP = "train a model on a picture folder"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("preset", nargs="?", metavar="PRESET", help="which settings; --list shows them")
    parser.add_argument("--list", action="store_true", help="show the presets and stop")
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder with pictures; sub-folders are classes")
    parser.add_argument("--out", type=Path, metavar="RUN", help="folder for the run")
    parser.add_argument("--classes", metavar="A,B=NAME", help="take only these folders, FOLDER=CLASS gives a class another name")
    parser.add_argument("--minutes", type=positive_float, help="stop after so many minutes; resume later if you like")
    parser.add_argument("--resume", action="store_true", help="go on from where the run in --out stopped")
    parser.add_argument("--seed", type=int, default=0, help="of all randomness (default 0)")
    parser.add_argument("--precision", choices=["auto", *compute.PRECISIONS], default="auto", help="auto measures what is fastest")


def run(arguments: argparse.Namespace) -> None:
    if arguments.list:
        for preset in ALL_PRESETS.values():
            print(f"{preset.name:16} {preset.summary}")
        return
    if arguments.preset is None or arguments.data is None or arguments.out is None:
        raise StudioError("train needs PRESET, --data DIR and --out RUN (see train --list and train --help)")
    preset = find_preset(arguments.preset, ALL_PRESETS)
    folder = Run(arguments.out)
    _be_polite()
    workers = Workers(compute.accelerator())
    progress: Progress = TextProgress()
    classes = parse_classes(arguments.classes.split(",")) if arguments.classes else None
    pictures = load_pictures(arguments.data, preset.resolution, preset.framing, preset.channels, classes, progress)
    numerics = _numerics(arguments.precision, folder if arguments.resume else None)
    task = build_task(preset, pictures, arguments.seed, numerics, workers)
    config = {"format": 1, "preset": asdict(preset), "seed": arguments.seed, "data": pictures.digest, "classes": pictures.classes}
    config |= {"numerics": asdict(numerics), "processes": workers.processes}
    with folder.locked() if workers.leads else nullcontext():
        if workers.leads:
            folder.begin(config, arguments.resume)
        facts = {"data": pictures.digest, "pictures": len(pictures.part(False)), "held out": len(pictures.part(True))}
        plan = Plan(preset.steps, arguments.minutes, arguments.seed, facts)
        steps = train(task, folder, plan, workers, arguments.resume, progress)
    print(f"{folder.folder}: {steps} of {plan.steps} steps done")


def _be_polite() -> None:
    """Give way to whatever else the machine does, and end in good order when told to stop."""

    def stop(signum: int, frame: FrameType | None) -> None:
        raise Cancelled

    os.nice(10)
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def _numerics(precision: str, resumed: Run | None) -> Numerics:
    """What was asked for; a resumed run keeps what it was started with."""
    if resumed is not None:
        return Numerics(**resumed.config()["numerics"])
    if precision == "auto":
        return compute.fastest_training_numerics()
    return Numerics(precision)
