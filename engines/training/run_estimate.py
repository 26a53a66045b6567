"""What a training will cost: time, disk and memory, from a few steps on this machine or from an earlier run with the same settings."""

import io
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import torch

from engines import compute
from engines.errors import StudioError
from engines.training.curves import clock_of
from engines.training.dataset import PictureSet
from engines.training.presets import usual_settings
from engines.training.runs import Run
from engines.training.trainer import Plan, Task

USUAL_STEPS = (1, 2, 3)
SELDOM_STEPS = (4, 16, 32)
"""Steps that also do what is done once in so many: path lengths, lazy penalties, a new pool."""
MEASURING_SECONDS = 600
LENGTHS = ("name", "summary", "pictures", "steps")
FEWEST_REPORTS = 3


@dataclass(frozen=True)
class Estimate:
    """What a training will cost.

    Attributes:
        steps: in the time that is given, or of the whole schedule where that is shorter; whole: of the whole schedule.
        step_seconds: for one step; look_seconds: for a sample sheet with its judgement; start_seconds: before the first step.
        disk: bytes of the run's folder and of the decoded pictures, at the most; None where unknown.
        memory: bytes that its process holds, at the most; None where unknown.
        source: where the figures are from, in words.
    """

    steps: int
    whole: int
    step_seconds: float
    look_seconds: float
    start_seconds: float
    disk: int | None
    memory: int | None
    source: str

    @property
    def seconds(self) -> float:
        """From the start to the end."""
        return self.start_seconds + self.steps * self.step_seconds + self.looks * self.look_seconds

    @property
    def looks(self) -> int:
        """How many sample sheets there will be."""
        return 2 + self.steps // Plan(1).look_every

    def sentence(self) -> str:
        """In words."""
        part = "the whole schedule" if self.steps >= self.whole else f"of {self.whole:,} in the schedule"
        needs = [f"{_size(self.disk)} of disk"] * (self.disk is not None) + [f"{_size(self.memory)} of memory"] * (self.memory is not None)
        room = f", {' and '.join(needs)}" if needs else ""
        return f"About {_time(self.seconds)} for {self.steps:,} steps, {part}, at {self.step_seconds:.2g} s a step{room}; {self.source}."


def _timed(task: Task, step: int) -> float:
    begin = time.monotonic()
    task.step(step)
    compute.synchronise()
    return time.monotonic() - begin


def _mean_step(seconds: Callable[[int], float]) -> float:
    """Seconds of a step on the average, what is done seldom counted by how seldom."""
    mean = before = sum(map(seconds, USUAL_STEPS)) / len(USUAL_STEPS)
    for every in SELDOM_STEPS:
        taken = seconds(every)
        mean += max(0.0, taken - before) / every
        before = max(before, taken)
    return mean


def measure(task: Task, pictures: PictureSet, plan: Plan, started: float) -> Estimate:
    """Take a few steps of a task, and one look at what it draws.

    Args:
        task: is trained a little by it.
        plan: with its minutes, and how many snapshots are kept.
        started: when the process began with it, by `time.monotonic`.
    """
    task.step(0)
    compute.synchronise()
    start_seconds = time.monotonic() - started
    step_seconds = _mean_step(lambda step: _timed(task, step))
    begin = time.monotonic()
    sheet = io.BytesIO()
    task.snapshot().save(sheet, format="PNG")
    task.judge()
    candidate = tensor_bytes(task.candidate())
    look_seconds = time.monotonic() - begin
    steps = affordable(plan.steps, plan.minutes, step_seconds, look_seconds, plan.look_every)
    disk = _disk(tensor_bytes(task.state()), candidate, len(sheet.getvalue()), steps, plan) + pictures.pixels.nbytes
    source = f"measured just now over {len(USUAL_STEPS) + len(SELDOM_STEPS)} steps and one look at held-out pictures"
    return Estimate(steps, plan.steps, step_seconds, look_seconds, start_seconds, disk, compute.peak_memory(), source)


def recorded(preset: Any, minutes: float | None, runs: Iterable[Run], keep: int = 0, pictures: int = 0) -> Estimate | None:
    """What the latest run with the same settings says, whatever its length; None where there is none.

    Args:
        keep: how many snapshots are kept; pictures: how many will be decoded.
    """
    wanted, found = _without_lengths(json.loads(json.dumps(asdict(preset)))), None
    usual = json.loads(json.dumps(usual_settings(preset)))
    for run in runs:
        try:
            same = _without_lengths(usual | run.config()["preset"]) == wanted
        except (StudioError, KeyError):
            continue
        clock = clock_of(run.metrics()) if same else []
        if len(clock) >= FEWEST_REPORTS and (found is None or run.metrics_file.stat().st_mtime > found[0]):
            found = (run.metrics_file.stat().st_mtime, run, clock)
    if found is None:
        return None
    _, run, clock = found
    (first, begun), (last, ended) = clock[0], clock[-1]
    pace = (ended - begun) / max(1, last - first)
    steps = affordable(preset.steps, minutes, pace, 0.0, 1)
    disk = _disk_like(run, steps, keep)
    if disk is not None:
        disk += pictures * preset.channels * preset.resolution**2
    source = f"as the run {run.folder.name} went, its looks at held-out pictures counted in"
    return Estimate(steps, preset.steps, pace, 0.0, begun, disk, run.status().get("memory"), source)


def _disk(latest: int, best: int, sheet: int, steps: int, plan: Plan) -> int:
    """Bytes of a run's folder at the most, from those of its latest checkpoint, its best snapshot and a sample sheet."""
    # Beside the latest checkpoint lies, for a moment, the one that takes its place.
    return 2 * latest + best + plan.keep * best // 2 + (2 + steps // plan.look_every) * sheet


def _disk_like(run: Run, steps: int, keep: int) -> int | None:
    """What a longer or shorter run like an earlier one would take; None where that was not saved."""
    if not run.checkpoint_file.exists():
        return None
    latest, sheets = run.checkpoint_file.stat().st_size, [path.stat().st_size for path in (run.folder / "samples").glob("step-*.png")]
    best = run.best_file.stat().st_size if run.best_file.exists() else latest
    return _disk(latest, best, max(sheets, default=0), steps, Plan(steps, keep=keep))


def affordable(steps: int, minutes: float | None, step_seconds: float, look_seconds: float, look_every: int) -> int:
    """How many steps of a schedule fit into some minutes of training."""
    if minutes is None:
        return steps
    return max(1, min(steps, int(60 * minutes / max(1e-9, step_seconds + look_seconds / look_every))))


def measure_apart(arguments: Sequence[str]) -> Estimate:
    """Measure in a process of its own, which gives its memory back.

    Args:
        arguments: of `python -m engines`, as they would start the training; reading its pictures counts where nobody read them before.

    Raises:
        StudioError: the training cannot begin so, or takes very long to; the sentence says why.
    """
    command = [sys.executable, "-m", "engines", *arguments, "--estimate", "--json"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=MEASURING_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise StudioError(f"a few steps took longer than {MEASURING_SECONDS // 60} minutes: choose a smaller preset or batch") from error
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        said = done.stderr.strip().splitlines()
        raise StudioError(said[-1].removeprefix("error: ") if said else f"measuring ended with {done.returncode}: try once more")
    return estimate_from(lines[-1])


def estimate_from(text: str) -> Estimate:
    """An estimate from its JSON."""
    found = json.loads(text)
    return Estimate(**{field.name: found[field.name] for field in fields(Estimate)})


def tensor_bytes(value: Any) -> int:
    """Bytes of all tensors in something."""
    if isinstance(value, torch.Tensor):
        return value.nbytes
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return sum(map(tensor_bytes, children))


def _without_lengths(preset: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in preset.items() if name not in LENGTHS}


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} seconds"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} minutes"
    return f"{minutes // 60} h {minutes % 60} min" if minutes < 2880 else f"{minutes / 1440:.1f} days"


def _size(count: int | None) -> str:
    number = float(count or 0)
    return f"{number / 2**30:.1f} GB" if number >= 2**30 else f"{max(1, round(number / 2**20))} MB"
