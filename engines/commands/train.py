"""Train a model on your own pictures.

A picture's class is the name of the folder it lies in. The run folder holds settings, metrics, samples and the checkpoint that --resume
goes on from; `publish` turns it into a model, `runs` shows how it stands. Settings of a preset are changed one by one with --set. A folder
that `export` wrote for inspection is refused.

  python -m engines train --list
  python -m engines train scenes-64 --data photographs --out runs/scenes --minutes 30
  python -m engines train garments-64 --data wardrobe --classes shirt,skirt --out runs/garments --background
  python -m engines train scenes-stylegan2-ada --data photographs --set side=128 --out runs/style --minutes 600
  python -m engines train default --data photographs --minutes 60 --estimate
  python -m engines train garments-128 --data wardrobe --from runs/garments --set batch=24 --out runs/large
  python -m engines train scenes-64 --data photographs --from cityscape --out runs/mine

Several processes, on the CPU as well, share each batch between them:

  torchrun --nproc_per_node 2 -m engines train plain-64 --data photographs --out runs/plain
"""

import argparse
import json
import signal
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Any

from engines import compute
from engines.commands._options import add_training, positive_float, whole_number
from engines.compute import Numerics
from engines.curation.manifest import training_manifests
from engines.errors import Cancelled, StudioError
from engines.progress import Progress, TextProgress
from engines.training.background import start_in_background
from engines.training.dataset import PictureSet, load_pictures, parse_classes
from engines.training.presets import changed_preset, find_preset, usual_settings
from engines.training.run_estimate import measure
from engines.training.runs import Run
from engines.training.trainer import Plan, Workers, train
from engines.training.warm_start import begin_from
from engines.translation.doctor import read_cleaned
from engines.translation.training import ALL_PRESETS, build_task, fastest_numerics

HELP = "train a model on a picture folder"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("preset", nargs="?", metavar="PRESET", help="which settings; --list shows them")
    parser.add_argument("--list", action="store_true", help="show the presets and stop")
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder with pictures; sub-folders are classes")
    parser.add_argument("--out", type=Path, metavar="RUN", help="folder for the run")
    parser.add_argument("--minutes", type=positive_float, help="stop after so many minutes; resume later if you like")
    parser.add_argument("--resume", action="store_true", help="go on from where the run in --out stopped")
    parser.add_argument("--background", action="store_true", help="train in a process of its own, which writes RUN/log.txt, and return")
    parser.add_argument("--from", type=Path, dest="source", metavar="RUN", help="begin with the fitting weights of a run or a model")
    parser.add_argument("--keep", type=whole_number, default=0, metavar="N", help="keep the networks of N snapshots, for `publish --step`")
    parser.add_argument("--estimate", action="store_true", help="take a few steps, say what time, disk and memory it needs, and stop")
    parser.add_argument("--json", action="store_true", help="with --estimate: for machines")
    add_training(parser, "the preset", "all randomness")


def run(arguments: argparse.Namespace) -> None:
    if arguments.list:
        width = max(map(len, ALL_PRESETS))
        for preset in ALL_PRESETS.values():
            print(f"{preset.name:{width}} {preset.summary}")
        return
    started = time.monotonic()
    if arguments.preset is None or arguments.data is None or (arguments.out is None and not arguments.estimate):
        raise StudioError("train needs PRESET, --data DIR and --out RUN (see train --list and train --help)")
    preset = changed_preset(find_preset(arguments.preset, ALL_PRESETS), arguments.changes)
    folder = Run(arguments.out or Path())
    if arguments.background:
        print(f"{folder.folder}: process {start_in_background(folder)} trains; `runs {folder.folder}` shows how it stands")
        return
    workers = Workers(compute.accelerator())
    if workers.processes > 1 and workers.leads:
        print(f"training with {workers.processes} processes", flush=True)
    progress = Politely(TextProgress())
    compute.keep_memory()
    with folder.locked() if workers.leads and not arguments.estimate else nullcontext():
        _train(arguments, preset, folder, workers, progress, started)


def _train(arguments: argparse.Namespace, preset: Any, folder: Run, workers: Workers, progress: Progress, started: float) -> None:
    classes = parse_classes(arguments.classes.split(",")) if arguments.classes else None
    beginning = begin_from(arguments.source, preset) if arguments.source and not arguments.resume else None
    if not workers.leads:
        workers.wait()  # until the leading process has decoded the pictures
    manifests = training_manifests(arguments.data, classes)
    pictures = load_pictures(arguments.data, preset.resolution, preset.framing, preset.channels, classes, progress)
    if workers.leads:
        workers.wait()
    if arguments.resume:
        numerics = Numerics(**folder.config()["numerics"])
    elif arguments.precision == "auto":
        numerics = fastest_numerics(preset, pictures, arguments.seed, workers)
    else:
        numerics = compute.of_precision(arguments.precision)
    task = build_task(preset, pictures, arguments.seed, numerics, workers)
    if arguments.estimate:
        plan = Plan(preset.steps, arguments.minutes, arguments.seed, keep=arguments.keep)
        estimate = measure(task, pictures, plan, started)
        print(json.dumps(asdict(estimate)) if arguments.json else estimate.sentence())
        return
    config = run_settings(preset, pictures, manifests, arguments.seed, numerics, workers.processes)
    if arguments.resume:
        config["from"] = folder.config().get("from")
    elif beginning:
        task.begin(beginning)
        config["from"] = beginning.facts()
    if workers.leads:
        folder.begin(config, arguments.resume, usual_settings(preset))
        folder.note_command(command_of(arguments))
    facts = picture_facts(pictures, manifests, arguments.data)
    plan = Plan(preset.steps, arguments.minutes, arguments.seed, facts, save_every=arguments.save_every, keep=arguments.keep)
    steps = train(task, folder, plan, workers, arguments.resume, progress)
    if workers.leads:
        print(f"{folder.folder}: {steps} of {plan.steps} steps done")


def command_of(arguments: argparse.Namespace) -> list[str]:
    """The arguments that go on with a run once `--resume` is added to them, from whatever folder; how long is not among them."""
    command = ["train", arguments.preset, "--data", str(arguments.data.resolve()), "--out", str(arguments.out.resolve())]
    for change in arguments.changes:
        command += ["--set", change]
    options = {"--classes": arguments.classes, "--save-every": arguments.save_every, "--keep": arguments.keep, "--seed": arguments.seed}
    for name, value in options.items():
        command += [name, str(value)] if value else []
    return command


def run_settings(
    preset: Any, pictures: PictureSet, manifests: Sequence[str], seed: int, numerics: Numerics, processes: int
) -> dict[str, Any]:
    """What a run is begun with, and must be resumed with."""
    config = {"format": 1, "preset": asdict(preset), "seed": seed, "data": pictures.digest, "classes": pictures.classes}
    return config | {"numerics": asdict(numerics), "processes": processes} | ({"manifests": manifests} if manifests else {})


def picture_facts(pictures: PictureSet, manifests: Sequence[str], folder: Path) -> dict[str, Any]:
    """What a model was trained on, for its checkpoints."""
    counts = {"pictures": len(pictures.part(False)), "held out": len(pictures.part(True)), "classes": pictures.training_counts()}
    return {"data": pictures.digest, "manifests": list(manifests), **counts, "cleaned": read_cleaned(folder)}


class Politely:
    """Gives way to whatever else the machine does, and ends in good order when told to stop: between steps, not in one."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self._told = progress, False
        compute.give_way()
        signal.signal(signal.SIGTERM, self._tell)
        signal.signal(signal.SIGINT, self._tell)

    def _tell(self, signum: int, frame: FrameType | None) -> None:
        self._told = True
        if signum == signal.SIGINT:
            signal.signal(signum, signal.SIG_DFL)  # who presses Ctrl-C twice wants it to end at once; Stop only ever asks

    def __call__(self, done: int, total: int, message: str = "") -> None:
        self._progress(done, total, message)
        if self._told:
            raise Cancelled
