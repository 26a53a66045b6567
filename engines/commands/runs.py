"""Show how training runs stand, or stop one.

A run that is told to stop finishes its step and saves; `train --resume` goes on from there.

  python -m engines runs runs
  python -m engines runs runs/scenes --json
  python -m engines runs runs/scenes --stop
"""

import argparse
import json
from pathlib import Path

from engines.errors import StudioError
from engines.training.background import stop
from engines.training.runs import Run

HELP = "show how training runs stand, or stop one"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", help="a run, or a folder of runs")
    parser.add_argument("--stop", action="store_true", help="have the run save and end")
    parser.add_argument("--json", action="store_true", help="for machines")


def run(arguments: argparse.Namespace) -> None:
    if arguments.stop:
        stop(Run(arguments.folder))
    folders = [arguments.folder] if (arguments.folder / "config.json").exists() else sorted(arguments.folder.glob("*/"))
    found = {str(folder): Run(folder).status() for folder in folders if (folder / "config.json").exists()}
    if not found:
        raise StudioError(f"{arguments.folder} holds no run: start one with `train`")
    if arguments.json:
        print(json.dumps(found, indent=1))
        return
    for name, status in found.items():
        far = f"{status['step']} of {status['steps']} steps" if "step" in status else "no step yet"
        pace = f", {status['seconds a step']:g} s a step" if status.get("state") == "training" and "seconds a step" in status else ""
        print(f"{name}: {status['state']}, {far}{pace}{'; ' + status['notice'] if 'notice' in status else ''}")
