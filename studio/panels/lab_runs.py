"""The runs and searches that the Lab knows, and what it tells of one."""

import itertools
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engines.curation.manifest import read_manifest
from engines.errors import StudioError
from engines.paths import replacing
from engines.training.run_curves import compared_panels, panels
from engines.training.run_snapshots import (
    figures_by_step,
    grid_of,
    highest_score,
    lowest_distance,
    open_sheet,
    sheet_file,
    snapshots,
)
from engines.training.runs import Run, is_run, is_search
from engines.training.warm_start import kind_of
from studio.components.lab_curves import Charts
from studio.components.lab_snapshots import Album
from studio.components.lab_trials import Trials
from studio.guards import plain

NOT_YET = "Nothing has been measured yet: the first figures come with the first steps."
STATES = {
    "training": "Training",
    "starting": "Starting: it reads its pictures and makes ready",
    "stopped": "Stopped",
    "finished": "Finished",
    "died": "Ended without a word, as after a restart of the machine",
    "diverged": "Diverged: a number grew beyond all bounds, and would again after Resume",
    "failed": "Did not begin",
}
RESUMABLE = ("stopped", "died")
FROM_ITS_SAVE = "Resume goes on from its last save."
UNSAVED = "It ended before its first save, so that there is nothing to go on from: start it anew."
BY_COMMAND = "It goes on from the command line only: `search … --resume` where its search lacks it, else `train … --resume`."
WHICH = ("the newest", "of the lowest distance", "of the highest score")


def known_runs(home: Path) -> dict[str, Path]:
    """Runs by their names, the one that changed last first: those of the studio and of its searches, and of folders that were added."""
    places = [home / "runs", *sorted((home / "searches").glob("*/")), Path.cwd() / "runs", *added_folders(home)]
    found: dict[str, Path] = {}
    whole: set[Path] = set()
    for place in places:
        for folder in [place] if is_run(place) else sorted(place.glob("*/")):
            if is_run(folder) and folder.resolve() not in whole:
                found[_free(found, folder.name if place == home / "runs" else f"{folder.parent.name}/{folder.name}")] = folder
                whole.add(folder.resolve())
    return dict(sorted(found.items(), key=lambda entry: -_changed(entry[1])))


def _free(taken: Mapping[str, Path], name: str) -> str:
    """A name, with a number where it is taken."""
    numbered = (f"{name} ({number})" for number in itertools.count(2))
    return next(one for one in itertools.chain([name], numbered) if one not in taken)


def sources(known: Mapping[str, Path], kind: str) -> list[str]:
    """Those of the runs with whose weights a training of a kind can begin."""
    found = []
    for name, folder in known.items():
        with suppress(StudioError):
            if Run(folder).checkpoint_file.is_file() and kind_of(Run(folder).config()["preset"]) == kind:
                found.append(name)
    return found


def _changed(folder: Path) -> float:
    return max(_written(*(folder / name for name in ("config.json", "metrics.jsonl", "heartbeat.json", "lock", "log.txt"))))


def the_run(home: Path, name: object) -> Run:
    """A run by its name.

    Raises:
        StudioError: no name, or no run of that name any more.
    """
    if not name:
        raise StudioError("no run is chosen: start one, or choose one of the list")
    known = known_runs(home)
    if not isinstance(name, str) or name not in known:
        raise StudioError(f"there is no run {str(name)[:60]!r} any more: choose another one of the list")
    return Run(known[name])


def known_searches(home: Path) -> dict[str, Path]:
    """Searches by their names."""
    places = [home / "searches", Path.cwd() / "searches", *added_folders(home)]
    found: dict[str, Path] = {}
    whole: set[Path] = set()
    for place in places:
        for folder in [place] if is_search(place) else sorted(place.glob("*/")):
            if is_search(folder) and folder.resolve() not in whole:
                found[_free(found, folder.name)] = folder
                whole.add(folder.resolve())
    return found


def added_folders(home: Path) -> list[Path]:
    """Folders elsewhere whose runs are shown."""
    try:
        return [Path(one) for one in json.loads((home / "lab.json").read_text())["folders"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def add_folder(home: Path, text: str) -> Path:
    """Remember a folder with runs, or a run.

    Raises:
        StudioError: it is no folder, or holds no run and no search.
    """
    folder = whole_path(text, "the folder with runs")
    inside = [folder, *folder.glob("*/")]
    if not any(is_run(one) or is_search(one) for one in inside):
        raise StudioError(f"{folder} holds no run: name the folder that was given to `train --out`, or the one that it lies in")
    _remember(home, [*added_folders(home), folder])
    return folder


def remove_folder(home: Path, text: str | None) -> None:
    """Forget a folder that was added; nothing in it is touched.

    Raises:
        StudioError: it was not added.
    """
    kept = [folder for folder in added_folders(home) if str(folder) != text]
    if len(kept) == len(added_folders(home)):
        raise StudioError(f"{str(text or 'nothing')[:80]} is no folder that was added: choose one of the list")
    _remember(home, kept)


def _remember(home: Path, folders: list[Path]) -> None:
    with replacing(home / "lab.json") as temporary:
        temporary.write_text(json.dumps({"format": 1, "folders": list(dict.fromkeys(map(str, folders)))}) + "\n")


def whole_path(text: str, what: str) -> Path:
    """A folder of this machine that a person wrote.

    Raises:
        StudioError: nothing written, not a whole path, or no folder.
    """
    folder = Path((text or "").strip() or ".").expanduser()
    if not folder.is_absolute():
        raise StudioError(f"{what} {str(text)[:80]!r} has no place: write its whole path, such as ~/pictures/wardrobe")
    if not folder.is_dir():
        raise StudioError(f"{folder} is not a folder: check how it is written")
    return folder


# One run


def standing(run: Run) -> str:
    """How a run stands, as Markdown."""
    status = run.status()
    state = str(status["state"])
    parts = [f"**{STATES.get(state, state)}.**"]
    if "step" in status:
        parts.append(f"Step {status['step']:,} of {status['steps']:,}")
        if state == "training" and status.get("seconds a step"):
            left = (status["steps"] - status["step"]) * status["seconds a step"]
            parts[-1] += f", {status['seconds a step']:.3g} s a step; the whole schedule would take {_duration(left)} more"
        parts[-1] += "."
    lines = [" ".join(parts)]
    if status.get("notice"):
        lines.append(f"*{plain(str(status['notice'])[:400])}*")
    if state in RESUMABLE:
        lines.append(UNSAVED if not run.checkpoint_file.is_file() else FROM_ITS_SAVE if run.command_file.is_file() else BY_COMMAND)
    with suppress(StudioError):
        config, memory = run.config(), float(status.get("memory") or 0)
        facts = [f"preset {config['preset']['name']}", f"{len(config['classes'])} classes" if len(config["classes"]) > 1 else "one class"]
        lines.append(plain(", ".join([*facts, *[f"{memory / 2**30:.1f} GB of memory"] * bool(memory)])))
    return "\n\n".join([*lines, plain(str(run.folder))])


def resumable(run: Run) -> bool:
    """Whether Resume would go on with a run: it rests before its end, was saved, and knows how it was started."""
    return run.status()["state"] in RESUMABLE and run.checkpoint_file.is_file() and run.command_file.is_file()


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def charts(run: Run, axis: str) -> Charts:
    """The curves of one run; none while it has no settings yet."""
    return Charts(tuple(panels(run, axis)) if run.config_file.is_file() else (), axis, NOT_YET)


def album(run: Run, name: str) -> Album:
    """The snapshots of one run."""
    found = tuple(snapshots(run))
    figures = figures_by_step(run)
    try:
        grid = grid_of(run, open_sheet(run, found[-1].step)) if found else None
    except StudioError:
        grid = None
    return Album(name, found, grid, lowest_distance(figures), highest_score(figures))


def shown_stamp(run: Run) -> tuple[float, ...]:
    """Changes whenever curves or snapshots of a run do, or what is kept of these: when each of their files was written, in seconds, and who
    trains."""
    return *_written(run.metrics_file, run.marks_file, run.folder / "samples"), float(run.owner() or 0)


def life_stamp(run: Run) -> tuple[float, ...]:
    """Changes whenever a run begins, goes on or ends, otherwise as `shown_stamp`; a process that is killed writes nothing when it ends."""
    return *_written(run.heartbeat_file, run.lock_file), float(run.owner() or 0)


def search_stamp(folder: Path) -> tuple[float, ...]:
    """Changes whenever the table of a search does, or the search begins or ends."""
    run = Run(folder)
    return *_written(folder / "results.json", run.lock_file), float(run.owner() or 0)


def _written(*files: Path) -> tuple[float, ...]:
    return tuple(map(_time, files))


def _time(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # not there, or gone between two looks, as a lock is
        return 0.0


def chosen_step(run: Run, which: str) -> int | None:
    """The step of `WHICH` snapshot; the newest where the other was not measured; None without any."""
    figures = figures_by_step(run)
    steps = [snapshot.step for snapshot in snapshots(run)]
    asked: dict[str, Callable[[], int | None]] = {
        WHICH[1]: lambda: lowest_distance(figures),
        WHICH[2]: lambda: highest_score(figures),
    }
    found = asked[which]() if which in asked else None
    return found if found in steps else (steps[-1] if steps else None)


@dataclass(frozen=True)
class Sample:
    """The sample sheet that stands for a run: the run's name and folder, the step, when the sheet was written, and its figures in words."""

    name: str
    folder: Path
    step: int
    written: float
    note: str


def sample_of(name: str, run: Run, which: str) -> Sample | None:
    """The sheet of `WHICH` snapshot of a run; None where it has none."""
    step = chosen_step(run, which)
    if step is None:
        return None
    figures = "; ".join(f"{what} {value:.4g}" for what, value in list(figures_by_step(run).get(step, {}).items())[:2])
    return Sample(name, run.folder, step, _time(sheet_file(run, step)), f"step {step:,}{'; ' + figures if figures else ''}")


def compared(runs: dict[str, Run], axis: str) -> Charts:
    """The curves of several runs over each other."""
    return Charts(tuple(compared_panels(runs, axis)), axis, "Choose two runs or more to lay their curves over each other.")


def rights_of(run: Run) -> str:
    """What can be said of the rights of what a run draws: they are those of its pictures."""
    try:
        command = run.command()
        data = Path(command[command.index("--data") + 1])
        manifest = read_manifest(data / "manifest.json") if (data / "manifest.json").is_file() else None
    except (StudioError, ValueError, IndexError):
        data, manifest = None, None
    if manifest and data:
        return f"Inherits the rights of the {len(manifest['pictures']):,} pictures of the set {data.name}, listed in its ATTRIBUTION.csv."
    return "Inherits the rights of the pictures it learned from, which were not recorded: for yourself until they are known."


# One search


def trials(folder: Path) -> Trials:
    """A search as a table, the best trial first.

    Raises:
        StudioError: its results cannot be read.
    """
    try:
        asked = json.loads((folder / "search.json").read_text())
        file = folder / "results.json"
        found: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {"trials": [], "effects": {}, "best": None, "planned": 0}
        settings = tuple(asked["over"])
        rows = sorted(found["trials"], key=lambda row: float("inf") if row["score"] is None else row["score"])
        told = tuple(
            (
                row["trial"], tuple(_text(row["settings"][name]) for name in settings), row["score"], row["step"], row["seconds"],
                "" if row["state"] == "finished" else f"{row['state']}: {row['notice']}",
            )
            for row in rows
        )  # fmt: skip
        effects = tuple(
            (name, tuple((str(one["value"]), one["mean"], one["trials"]) for one in values)) for name, values in found["effects"].items()
        )
        line = f"{asked['preset']['name']}: {len(rows)} of {found['planned'] or 'its'} trials have been made"
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StudioError(f"{folder} has no results that can be read: go on with the same `search` and --resume") from error
    owner = Run(folder).owner()
    going = f"; process {owner} goes on searching." if owner else "."
    return Trials(line + going, settings, told, found["best"] or "", effects)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
