"""The snapshots of a run: its sample sheets, what was measured of them, what a person thinks of them, and one latent over time."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from engines import imaging
from engines.errors import StudioError
from engines.training.curves import judged_series
from engines.training.judging import DISTANCE, SCORE
from engines.training.runs import Mark, Run

GAP = 2
COLUMNS = 10
MOST_NOTE = 500
SWAPS = "swap rate"


@dataclass(frozen=True)
class Snapshot:
    """How far a run was at a step.

    Attributes:
        sheet: file with what it drew.
        figures: what was measured of it.
        mark: what a person thinks of it.
        networks: whether it can be made a model.
    """

    step: int
    sheet: Path
    figures: dict[str, float]
    mark: Mark
    networks: bool


@dataclass(frozen=True)
class Grid:
    """How a sample sheet is divided: the side of a picture in pixels, how many columns and rows; columns' names where they are classes."""

    side: int
    columns: int
    rows: int
    names: tuple[str, ...] = ()

    def box(self, place: int) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of a picture."""
        left, top = (place % self.columns) * (self.side + GAP), (place // self.columns) * (self.side + GAP)
        return left, top, left + self.side, top + self.side


def snapshots(run: Run) -> list[Snapshot]:
    """All snapshots with a sample sheet, in order."""
    marks, figures = run.marks(), figures_by_step(run)
    steps = sorted(int(path.stem[5:]) for path in (run.folder / "samples").glob("step-*.png") if path.stem[5:].isdigit())
    ready = set(run.kept_steps()) | _whole_steps(run, figures)
    return [Snapshot(step, sheet_file(run, step), figures.get(step, {}), marks.get(step, Mark()), step in ready) for step in steps]


def sheet_file(run: Run, step: int) -> Path:
    """Where the sample sheet of a step lies, if there is one."""
    return run.folder / "samples" / f"step-{step:06d}.png"


def figures_by_step(run: Run) -> dict[int, dict[str, float]]:
    """What held-out pictures said: step → name → value."""
    found: dict[int, dict[str, float]] = {}
    for name, points in judged_series(run.metrics()).items():
        for step, value in points:
            found.setdefault(int(step), {})[name] = value
    return found


def _whole_steps(run: Run, figures: dict[int, dict[str, float]]) -> set[int]:
    """Steps whose networks lie in the best and in the latest checkpoint."""
    nearest = lowest_distance(figures)
    status = run.status()
    found = {nearest} if nearest is not None and run.best_file.exists() else set()
    if status.get("state") in ("stopped", "finished") and run.checkpoint_file.exists():
        found.add(status["step"])
    return found


def lowest_distance(figures: dict[int, dict[str, float]]) -> int | None:
    """The step whose pictures were nearest to held-out ones, the first of equals; None where that was not measured."""
    return min((step for step in sorted(figures) if DISTANCE in figures[step]), key=lambda step: figures[step][DISTANCE], default=None)


def highest_score(figures: dict[int, dict[str, float]]) -> int | None:
    """The step with the highest Inception Score, or of a swap the highest mean swap rate; None where neither was measured."""

    def score(step: int) -> float:
        rates = [value for name, value in figures[step].items() if name.startswith(SWAPS)]
        return figures[step].get(SCORE, sum(rates) / len(rates) if rates else 0.0)

    scored = (step for step in sorted(figures) if any(name == SCORE or name.startswith(SWAPS) for name in figures[step]))
    return max(scored, key=score, default=None)


def grid_of(run: Run, sheet: Image.Image) -> Grid | None:
    """How a run's sample sheets are divided where each of their pictures is of one latent; None for a swap's."""
    config = run.config()
    preset, classes = config["preset"], tuple(config["classes"])
    if "widths" not in preset:
        return None
    side = preset.get("side") or preset["start"] * 2 ** (len(preset["widths"]) - 1)
    names = classes if preset["conditional"] else ()
    grid = Grid(side, len(names) or COLUMNS, (sheet.height + GAP) // (side + GAP), names)
    return grid if grid.columns * (side + GAP) - GAP == sheet.width else None


def one_latent(run: Run, place: int, steps: list[int]) -> list[Image.Image]:
    """What one latent drew at some steps.

    Args:
        place: of the latent in the sample sheets, row by row.

    Raises:
        StudioError: no such step or place, or a sheet cannot be read.
    """
    pictures = []
    for step in steps:
        sheet = open_sheet(run, step)
        grid = grid_of(run, sheet)
        if grid is None or not 0 <= place < grid.columns * grid.rows:
            raise StudioError(f"the sample sheet of step {step} has no picture {place}: choose one that it shows")
        pictures.append(sheet.crop(grid.box(place)))
    return pictures


def open_sheet(run: Run, step: int) -> Image.Image:
    """The sample sheet of a step.

    Raises:
        StudioError: there is none, or it cannot be read.
    """
    path = sheet_file(run, step)
    if not path.is_file():
        raise StudioError(f"{run.folder.name} has no sample sheet of step {step}: choose a step that has one")
    return imaging.safe_open(path)


def set_mark(run: Run, step: int, star: bool, note: str) -> Mark:
    """Write a star or a note beside a snapshot; a note is cut at 500 letters.

    Raises:
        StudioError: there is no such snapshot.
    """
    if not sheet_file(run, step).is_file():
        raise StudioError(f"{run.folder.name} has no snapshot of step {step}: choose one that it has")
    mark = Mark(star, " ".join(note.split())[:MOST_NOTE])
    run.mark(step, mark)
    return mark


def snapshot_facts(snapshot: Snapshot) -> dict[str, Any]:
    """A snapshot as JSON."""
    return {
        "step": snapshot.step,
        "figures": snapshot.figures,
        "star": snapshot.mark.star,
        "note": snapshot.mark.note,
        "networks": snapshot.networks,
    }
