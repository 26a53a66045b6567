"""What a run has measured of itself, as panels of curves for a page, a picture or a program; several runs in one panel."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from engines.errors import StudioError
from engines.training.curves import LOSSES, Curve, Panel, clock_of, judged_series, loss_series, running_mean, title_of
from engines.training.judging import DISTANCE, HELD_OUT, PRECISION, RECALL, SCORE, TRAINING, VARIETY
from engines.training.runs import Run

AXES = ("steps", "pictures", "minutes")
MOST_POINTS = 240
ORDER = ("Distance", LOSSES, "What the critic", "Inception", "Precision", "Variety", "Chance")
COMPARED = (DISTANCE, SCORE, VARIETY, PRECISION, RECALL, "generator", "discriminator", TRAINING, HELD_OUT, "augmentation")


def panels(run: Run, axis: str = "steps") -> list[Panel]:
    """All that a run has measured of itself, grouped: distances, losses, what its critic says, and so on.

    Args:
        axis: "steps", "pictures" that were seen, or "minutes" of training.

    Raises:
        StudioError: another axis, or there is no run.
    """
    place = _Places(run, axis)
    found: dict[str, list[Curve]] = {}
    for name, points, noisy in _measured(place.metrics):
        title = title_of(name)
        found.setdefault(LOSSES if noisy and title == name else title, []).append(_curve(name, points, place, noisy))
    titles = sorted(found, key=lambda title: next((place for place, start in enumerate(ORDER) if title.startswith(start)), len(ORDER)))
    return [Panel(title, tuple(found[title])) for title in titles]


def compared_panels(runs: Mapping[str, Run], axis: str = "steps") -> list[Panel]:
    """A panel for each thing that any of the runs measured, a curve a run: distances and scores first, losses last.

    Raises:
        StudioError: another axis, or one is no run.
    """
    measured: dict[str, list[Curve]] = {}
    for run_name, run in runs.items():
        place = _Places(run, axis)
        for name, points, noisy in _measured(place.metrics):
            measured.setdefault(name, []).append(_curve(run_name, points, place, noisy))
    names = sorted(measured, key=lambda name: (COMPARED.index(name) if name in COMPARED else len(COMPARED), name))
    return [Panel(name, tuple(measured[name])) for name in names]


def _measured(metrics: Sequence[dict[str, Any]]) -> Iterator[tuple[str, list[tuple[float, float]], bool]]:
    """Name, points and whether they are noisy, of each loss and of all that held-out pictures said."""
    yield from ((name, points, True) for name, points in loss_series(metrics).items())
    yield from ((name, points, False) for name, points in judged_series(metrics).items())


class _Places:
    """Where a step lies on the axis of a run."""

    def __init__(self, run: Run, axis: str) -> None:
        if axis not in AXES:
            raise StudioError(f"curves go over {', '.join(AXES)}, got {axis!r}: choose one of these")
        self.metrics: Sequence[dict[str, Any]] = run.metrics()
        self._axis, self._batch = axis, run.config()["preset"]["batch"]
        self._clock = np.array(clock_of(self.metrics), dtype=np.float64).reshape(-1, 2)

    def __call__(self, steps: np.ndarray) -> np.ndarray:
        if self._axis == "pictures":
            return steps * self._batch
        if self._axis == "minutes":
            return np.interp(steps, *self._clock.T) / 60 if len(self._clock) else np.zeros_like(steps)
        return steps


def _curve(name: str, points: Sequence[tuple[float, float]], place: _Places, noisy: bool) -> Curve:
    steps, values = np.array(points, dtype=np.float64).T
    smooth = running_mean(values) if noisy else np.zeros(0)
    few = _spread_out(len(steps))
    whole = [tuple(float(f"{value:.6g}") for value in part) for part in (place(steps)[few], values[few], smooth[few] if noisy else smooth)]
    return Curve(name, *whole)


def _spread_out(count: int) -> np.ndarray:
    """Places of at most 240 points of so many, the first and the last among them."""
    if count <= MOST_POINTS:
        return np.arange(count)
    return np.unique(np.linspace(0, count - 1, MOST_POINTS).round().astype(np.int64))
