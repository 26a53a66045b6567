"""The curves of a run, as a picture for its card."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

from engines.errors import StudioError

TIMES = ("step", "seconds")
SMOOTHED = 15

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
    judged = _series([line for line in metrics if "seconds" not in line and "notice" not in line])
    if not steps or len(next(iter(steps.values()))) < 2:
        return None
    panels = [("losses and scores", steps, True)]
    return _drawn(panels + [(name, {name: points}, False) for name, points in judged.items()])


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
        lines = {run: series[name] for run, series in found.items() if len(series.get(name, ())) > 1}
        if lines:
            panels.append((name, lines, True))
    return _drawn(panels) if panels else None


def loss_series(metrics: Sequence[dict[str, Any]]) -> Series:
    """Loss → (step, value) of each report of a run."""
    return _series([line for line in metrics if "seconds" in line])


def _drawn(panels: Sequence[tuple[str, Series, bool]]) -> Image.Image:
    """Panels side by side: title, lines by name, and whether they are noisy."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise StudioError("curves need the package matplotlib: pip install -e '.[train]'") from error
    figure = Figure(figsize=(4.2 * len(panels), 3.2), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    for place, (title, lines, noisy) in enumerate(panels, start=1):
        axes = figure.add_subplot(1, len(panels), place)
        for name, points in lines.items():
            at, values = np.array(points).T
            (drawn,) = axes.plot(at, _smooth(values) if noisy else values, label=name, marker=None if noisy else "o", markersize=3)
            if noisy:
                axes.plot(at, values, color=drawn.get_color(), alpha=0.2, linewidth=0.7)
        axes.set_title(title, fontsize=10)
        axes.set_xlabel("step", fontsize=8)
        axes.tick_params(labelsize=8)
        axes.grid(alpha=0.25)
        if len(lines) > 1:
            axes.legend(fontsize=7)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return Image.open(buffer).convert("RGB")


def _series(lines: Sequence[dict[str, Any]]) -> Series:
    """Name → (step, value) of each line that has it; what a run that was resumed after a kill reported twice counts once."""
    latest = {line["step"]: line for line in lines}
    found: Series = {}
    for step in sorted(latest):
        for name, value in latest[step].items():
            if name not in TIMES:
                found.setdefault(name, []).append((step, value))
    return found


def _smooth(values: np.ndarray) -> np.ndarray:
    """Mean over each value and the ones before it, 15 at most."""
    total = np.cumsum(np.concatenate([[0.0], values]))
    ends = np.arange(1, len(values) + 1)
    begins = np.maximum(0, ends - SMOOTHED)
    return (total[ends] - total[begins]) / (ends - begins)
