"""Show how training runs stand, what they have measured, or stop one.

A run that is told to stop finishes its step and saves; `train --resume` goes on from there. `runs show` says what held-out pictures said of
a run's snapshots and what you marked; --curves draws all that it measured, of several runs side by side.

  python -m engines runs runs
  python -m engines runs runs/scenes --stop
  python -m engines runs show runs/scenes
  python -m engines runs show runs/scenes runs/wider --curves scenes.png --over minutes
  python -m engines runs show runs/scenes --json
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engines.errors import StudioError
from engines.paths import replacing
from engines.training.background import stop
from engines.training.curves import draw_panels
from engines.training.run_curves import AXES, compared_panels, panels
from engines.training.run_snapshots import figures_by_step, highest_score, lowest_distance, snapshot_facts, snapshots
from engines.training.runs import Run, is_run

HELP = "show how training runs stand and what they measured, or stop one"
SHOW = "show"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folders", type=Path, nargs="+", metavar="DIR", help="a run, or a folder of runs; after `show`, runs")
    parser.add_argument("--stop", action="store_true", help="have the run save and end")
    parser.add_argument("--curves", type=Path, metavar="FILE.png", help="with show: draw what the runs have measured")
    parser.add_argument("--over", choices=AXES, default=AXES[0], help="with show: what the curves go over (default steps)")
    parser.add_argument("--json", action="store_true", help="for machines")


def run(arguments: argparse.Namespace) -> None:
    first, *others = arguments.folders
    if first == Path(SHOW) and others:
        show(others, arguments)
        return
    if arguments.curves:
        raise StudioError(f"--curves needs runs to draw: write `runs show RUN --curves {arguments.curves}`")
    if arguments.stop:
        for folder in arguments.folders:
            stop(Run(folder))
    found = {str(folder): Run(folder).status() for place in arguments.folders for folder in runs_in(place)}
    if not found:
        raise StudioError(f"{', '.join(map(str, arguments.folders))} holds no run: start one with `train`")
    if arguments.json:
        print(json.dumps(found, indent=1))
        return
    for name, status in found.items():
        print(f"{name}: {standing(status)}")


def runs_in(folder: Path) -> list[Path]:
    """The folder where it is a run, else all runs in it."""
    return [folder] if is_run(folder) else [one for one in sorted(folder.glob("*/")) if is_run(one)]


def standing(status: dict[str, Any]) -> str:
    """How a run stands, in words."""
    far = f"{status['step']} of {status['steps']} steps" if "step" in status else "no step yet"
    pace = f", {status['seconds a step']:g} s a step" if status.get("state") == "training" and "seconds a step" in status else ""
    return f"{status['state']}, {far}{pace}{'; ' + status['notice'] if 'notice' in status else ''}"


def show(folders: list[Path], arguments: argparse.Namespace) -> None:
    """What runs have measured: in words, as JSON, or drawn."""
    runs = {str(folder): Run(folder) for folder in folders}
    for one in runs.values():
        one.config()
    if arguments.curves:
        drawn = compared_panels(runs, arguments.over) if len(runs) > 1 else panels(next(iter(runs.values())), arguments.over)
        picture = draw_panels(drawn, arguments.over)
        with replacing(arguments.curves) as temporary:
            picture.save(temporary)
    if arguments.json:
        print(json.dumps({name: facts(one, arguments.over) for name, one in runs.items()}, indent=1, ensure_ascii=False))
        return
    for name, one in runs.items():
        print(f"{name}: {standing(one.status())}")
        figures = figures_by_step(one)
        for word, step in (("lowest distance", lowest_distance(figures)), ("highest score", highest_score(figures))):
            if step is not None:
                print(f"  {word}: step {step}, {', '.join(f'{what} {value:g}' for what, value in figures[step].items())}")
        for snapshot in snapshots(one):
            if snapshot.mark.star or snapshot.mark.note:
                print(f"  {'*' if snapshot.mark.star else ' '} step {snapshot.step}: {snapshot.mark.note or 'marked'}")
    if arguments.curves:
        print(arguments.curves)


def facts(run: Run, axis: str) -> dict[str, Any]:
    """All about a run as JSON."""
    figures = figures_by_step(run)
    return {
        "status": run.status(),
        "panels": [asdict(panel) for panel in panels(run, axis)],
        "snapshots": [snapshot_facts(snapshot) for snapshot in snapshots(run)],
        "lowest distance": lowest_distance(figures),
        "highest score": highest_score(figures),
    }
