"""Search for settings: train a preset with many, each for the same budget, and compare what held-out pictures say.

--over names a setting and its values, several times for several settings: values one by one, or a span to draw from, with :log evenly in
the logarithm. SETTING.KEY is a part of a setting that holds several, A+B two that go together. Every trial is an ordinary run, in
OUT/trial-01 and so on; the table is also in OUT/results.json and OUT/results.csv. Stopped or killed, a search goes on with --resume.

  python -m engines search scenes-64 --data photographs --over batch=24,48 --over rate=1e-4,4e-4 --grid --steps 200 --out searches/scenes
  python -m engines search quick --data photos --over rate=1e-4..1e-3:log --over batch=16..64 --random 12 --minutes 2 --out searches/quick
  python -m engines search textures-128 --data garments --classes denim,leather --over cycle=5,10 --grid --steps 500 --out searches/swap
  python -m engines search cityscape-run-1 --data photographs --over batch=10,16 --over discriminator_settings.output_size=1,5 \\
      --over "generator_settings.attention+discriminator_settings.attention=(),(32,)" --grid --steps 100 --out searches/attention
"""

import argparse
import shlex
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engines import compute
from engines.commands._bench import Bench
from engines.commands._options import add_training, positive_float, whole_number
from engines.commands.train import Politely
from engines.compute import Numerics
from engines.errors import Cancelled, StudioError
from engines.evaluation.features import lite2
from engines.progress import TextProgress
from engines.training.dataset import parse_classes
from engines.training.judging import FEWEST_PICTURES
from engines.training.presets import changed_preset, find_preset
from engines.training.search import (
    Row,
    Study,
    best_row,
    changes_between,
    parse_axis,
    plan_trials,
    search,
    search_facts,
    table,
    trial_preset,
)
from engines.training.trainer import Workers
from engines.translation.training import ALL_PRESETS, fastest_numerics

HELP = "train a preset with many settings and compare them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("preset", metavar="PRESET", help="which settings to begin with; `train --list` shows them")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder with pictures; sub-folders are classes")
    parser.add_argument("--out", type=Path, required=True, metavar="OUT", help="folder for the search")
    parser.add_argument("--over", action="append", required=True, metavar="NAME=A,B", help="values of a setting, or NAME=LOW..HIGH[:log]")
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument("--grid", action="store_true", help="try every combination")
    way.add_argument("--random", type=whole_number, metavar="N", help="try so many, drawn by chance")
    parser.add_argument("--steps", type=whole_number, help="of a trial: the fairer budget, and the same on any machine")
    parser.add_argument("--minutes", type=positive_float, help="stop each trial after so many")
    parser.add_argument("--resume", action="store_true", help="go on with the search in --out, as it was begun")
    add_training(parser, "all trials", "the draw and of every trial")


def run(arguments: argparse.Namespace) -> None:
    if arguments.steps is None and arguments.minutes is None:
        raise StudioError("a search needs a budget a trial: give --steps, or --minutes")
    plain = find_preset(arguments.preset, ALL_PRESETS)
    preset = changed_preset(plain, arguments.changes)
    axes = tuple(parse_axis(text, preset) for text in arguments.over)
    study = Study(preset, axes, None if arguments.grid else arguments.random, arguments.steps, arguments.minutes, arguments.seed)
    first = trial_preset(study, plan_trials(study)[0])
    if Workers(compute.accelerator()).processes > 1:
        raise StudioError("a search runs in one process: start it without torchrun")
    lite2()  # says what to install where there is no judge
    classes = parse_classes(arguments.classes.split(",")) if arguments.classes else None
    bench = Bench(arguments.data, classes, arguments.seed)
    pictures = bench.pictures(first)
    if len(pictures.part(held_out=True)) < FEWEST_PICTURES:
        held = len(pictures.part(held_out=True))
        raise StudioError(f"{arguments.data} has {held} held-out pictures, a search is judged by {FEWEST_PICTURES} or more: add pictures")
    progress = Politely(TextProgress())
    compute.keep_memory()
    if arguments.resume:
        bench.numerics = Numerics(**search_facts(arguments.out)["numerics"])
    elif arguments.precision == "auto" and not (arguments.out / "search.json").exists():
        bench.numerics = fastest_numerics(first, pictures, arguments.seed, Workers())
    else:
        bench.numerics = compute.of_precision("float32" if arguments.precision == "auto" else arguments.precision)
    facts = {"data": pictures.digest, "classes": pictures.classes, "manifests": bench.manifests, "numerics": asdict(bench.numerics)}
    try:
        rows = search(study, arguments.out, bench.prepare, facts, arguments.resume, arguments.save_every, progress)
    except Cancelled:
        print(f"{arguments.out}: stopped; the same command with --resume goes on")
        raise
    print(table(study, rows))
    best = best_row(rows)
    if best is not None:
        print(f"\n{_further(arguments, changes_between(plain, trial_preset(study, _own(study, best))), best)}")


def _own(study: Study, row: Row) -> dict[str, Any]:
    """The settings of a row as they were planned; read from a file, tuples are lists."""
    return plan_trials(study)[int(row.trial.rpartition("-")[2]) - 1]


def _further(arguments: argparse.Namespace, changes: list[str], best: Row) -> str:
    command = ["train", arguments.preset, *(part for change in changes for part in ("--set", change)), "--data", str(arguments.data)]
    command += ["--classes", arguments.classes] if arguments.classes else []
    command += ["--seed", str(arguments.seed)] if arguments.seed else []
    command += ["--resume", "--out", str(arguments.out / best.trial)]
    return f"train the best one further: python -m engines {shlex.join(command)}"
