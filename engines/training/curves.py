"""The curves of a run, grouped by what they say, and as a picture for its card."""

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from engines.errors import StudioError

TIMES = ("step", "seconds")
SMOOTHED = 15
ABREAST = 3
SPOKEN_OF_ELSEWHERE = ("variety of ", "critic on ")
LOSSES = "Losses"
TITLES = {
    "held-out KID": "Distance to held-out pictures",
    "Inception Score": "Inception Score",
    "held-out ": "Precision and recall",
    "variety": "Variety within a class",
    "critic on ": "What the critic says",
    "real score": "What the critic says",
    "fake score": "What the critic says",
    "augmentation": "Chance of augmentation",
    "swap rate": "Share that changes sides",
}
"""Beginning of a name → the title under which it is drawn; the first that fits."""


@dataclass(frozen=True)
class Curve:
    """One thing that was measured over a run.

    Attributes:
        name: what it is, or which run it is of.
        places: along the axis, ascending.
        values: as many.
        smooth: the mean of each value and those before it, 15 at most; empty for what is not noisy.
    """

    name: str
    places: tuple[float, ...]
    values: tuple[float, ...]
    smooth: tuple[float, ...] = ()


@dataclass(frozen=True)
class Panel:
    """Curves that are drawn over one axis."""

    title: str
    curves: tuple[Curve, ...]


Series = dict[str, list[tuple[float, float]]]
"""Name → (step, value) of each report."""


def draw_curves(metrics: Sequence[dict[str, Any]]) -> Image.Image | None:
    """Losses over the steps (a running mean over 15 reports, the reports themselves pale), and beside them what held-out pictures said.

    Args:
        metrics: of a run, as `Run.metrics` gives them.

    Returns:
        An RGB picture, or None where fewer than two steps were reported.

    Raises:
        StudioError: matplotlib is not installed.
    """
    steps = loss_series(metrics)
    if not steps or len(next(iter(steps.values()))) < 2:
        return None
    panels = [Panel("losses and scores", tuple(_curve(name, points, noisy=True) for name, points in steps.items()))]
    for name, points in judged_series(metrics).items():
        if not name.startswith(SPOKEN_OF_ELSEWHERE):
            panels.append(Panel(name, (_curve(name, points, noisy=False),)))
    return draw_panels(panels)


def compare_curves(runs: Mapping[str, Sequence[dict[str, Any]]], names: Sequence[str]) -> Image.Image | None:
    """A panel a loss with a line a run: metrics of runs by their names.

    Returns:
        An RGB picture, or None where no run reported any of the losses twice.

    Raises:
        StudioError: matplotlib is not installed.
    """
    found = {run: loss_series(metrics) for run, metrics in runs.items()}
    panels = []
    for name in names:
        lines = tuple(_curve(run, series[name], noisy=True) for run, series in found.items() if len(series.get(name, ())) > 1)
        if lines:
            panels.append(Panel(name, lines))
    return draw_panels(panels) if panels else None


def draw_panels(panels: Sequence[Panel], axis: str = "steps") -> Image.Image:
    """Panels as an RGB picture, three abreast at most.

    Args:
        axis: what the curves go over.

    Raises:
        StudioError: matplotlib is not installed, or there is nothing to draw.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise StudioError("curves need the package matplotlib: pip install -e '.[train]'") from error
    if not panels:
        raise StudioError("nothing has been measured yet, so there is no curve: wait for the first steps")
    across = min(len(panels), ABREAST)
    rows = -(-len(panels) // across)
    figure = Figure(figsize=(4.2 * across, 3.2 * rows), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    for place, panel in enumerate(panels, start=1):
        axes = figure.add_subplot(rows, across, place)
        for curve in panel.curves:
            shown = curve.smooth or curve.values
            marker = None if curve.smooth else "o"
            (drawn,) = axes.plot(curve.places, shown, label=curve.name, marker=marker, markersize=3)
            if curve.smooth:
                axes.plot(curve.places, curve.values, color=drawn.get_color(), alpha=0.2, linewidth=0.7)
        axes.set_title(panel.title, fontsize=10)
        axes.set_xlabel(axis, fontsize=8)
        axes.tick_params(labelsize=8)
        axes.grid(alpha=0.25)
        if len(panel.curves) > 1:
            axes.legend(fontsize=7)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return Image.open(buffer).convert("RGB")


def clock_of(metrics: Sequence[dict[str, Any]]) -> list[tuple[int, float]]:
    """(step, seconds of training) of each report of a run, ascending; what was reported twice, after a kill, counts once."""
    return sorted({line["step"]: line["seconds"] for line in metrics if "seconds" in line}.items())


def loss_series(metrics: Sequence[dict[str, Any]]) -> Series:
    """Loss → (step, value) of each report of a run."""
    return _series([line for line in metrics if "seconds" in line])


def judged_series(metrics: Sequence[dict[str, Any]]) -> Series:
    """What held-out pictures said of a run's snapshots: name → (step, value)."""
    return _series([line for line in metrics if "seconds" not in line and "notice" not in line])


def title_of(name: str) -> str:
    """Under which title something that was measured of snapshots is drawn: its own name where none is known."""
    return next((title for beginning, title in TITLES.items() if name.startswith(beginning)), name)


def running_mean(values: np.ndarray) -> np.ndarray:
    """Mean over each value and the ones before it, 15 at most: (n,) → (n,)."""
    total = np.cumsum(np.concatenate([[0.0], values]))
    ends = np.arange(1, len(values) + 1)
    begins = np.maximum(0, ends - SMOOTHED)
    return (total[ends] - total[begins]) / (ends - begins)


def _series(lines: Sequence[dict[str, Any]]) -> Series:
    """Name → (step, value) of each line that has it as a finite number; what a run that was resumed after a kill reported twice counts
    once."""
    latest = {line["step"]: line for line in lines}
    found: Series = {}
    for step in sorted(latest):
        for name, value in latest[step].items():
            if name not in TIMES and isinstance(value, int | float) and math.isfinite(value):
                found.setdefault(name, []).append((step, value))
    return found


def _curve(name: str, points: Sequence[tuple[float, float]], noisy: bool) -> Curve:
    steps, values = np.array(points, dtype=np.float64).T
    return Curve(name, tuple(steps.tolist()), tuple(values.tolist()), tuple(running_mean(values).tolist()) if noisy else ())
