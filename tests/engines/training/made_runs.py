"""Runs as a training leaves them, written without one."""

from pathlib import Path

import numpy as np

from engines import imaging
from engines.evaluation.features import to_images
from engines.training.judging import DISTANCE, HELD_OUT, SCORE, TRAINING, VARIETY
from engines.training.runs import Run

SIDE, COLUMNS, ROWS = 8, 10, 6


def made_run(folder: Path, distances: dict[int, float], batch: int = 4, conditional: bool = False) -> Run:
    """A run of 40 steps that was judged at some steps; its sheets have a brightness of their own a step, its pictures one a place.

    Args:
        distances: step → distance; the Inception Score is a hundredth of the step.
    """
    run = Run(folder)
    classes = ["coat", "hat"] if conditional else ["all"]
    preset = {"name": "made", "summary": "", "batch": batch, "widths": [8], "start": SIDE, "conditional": conditional, "rate": 0.1}
    run.begin({"format": 1, "preset": {**preset, "pictures": 40 * batch}, "classes": classes}, resume=False)
    for step in range(1, 41):
        line = {"step": step, "seconds": 3.0 * step, "generator": 1 / step, "discriminator": 0.5, "real score": 0.1, "augmentation": 0.2}
        run.report(line)
        if step in distances:
            figures = {DISTANCE: distances[step], SCORE: step / 100, VARIETY: 0.5, TRAINING: 0.4, HELD_OUT: 0.1}
            run.report({"step": step, **figures})
            save_sheet(run, step, len(classes) if conditional else COLUMNS)
    run.rest(40, 40)
    return run


def save_sheet(run: Run, step: int, columns: int) -> None:
    """A sheet whose picture at a place is grey: the place, and the step added to it."""
    pixels = np.stack([np.full((3, SIDE, SIDE), place + step, dtype=np.uint8) for place in range(columns * ROWS)])
    path = run.folder / "samples" / f"step-{step:06d}.png"
    path.parent.mkdir(exist_ok=True)
    imaging.save_png(imaging.sheet(to_images(pixels), columns), path)
