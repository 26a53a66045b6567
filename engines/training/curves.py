"""The curves of a run, as a picture for its card."""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from engines.errors import StudioError

TIMES = ("step", "seconds")
SMOOTHED = 15


def draw_curves(metrics: Sequence[dict[str, Any]]) -> Image.Image | None:
    """Losses over the steps (a running mean over 15 reports, the reports themselves pale), and beside them what held-out pictures said.

    Args:
        metrics: of a run, as `Run.metrics` gives them.

    Returns:
        An RGB picture, or None where fewer than two steps were reported.

    Raises:
        StudioError: matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise StudioError("curves need the package matplotlib: pip install -e '.[train]'") from error
    steps = _series([line for line in metrics if "seconds" in line])
    judged = _series([line for line in metrics if "seconds" not in line and "notice" not in line])
    if not steps or len(next(iter(steps.values()))) < 2:
        return None
    panels = [("losses and scores", steps, True)]
    panels += [(name, {name: points}, False) for name, points in judged.items()]
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


def _series(lines: Sequence[dict[str, Any]]) -> dict[str, list[tuple[float, float]]]:
    """Name → (step, value) of each line that has it; what a run that was resumed after a kill reported twice counts once."""
    latest = {line["step"]: line for line in lines}
    found: dict[str, list[tuple[float, float]]] = {}
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
