"""What came of training every system for the same time: rows, a table, sheets."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from PIL import Image

from engines import imaging
from engines.errors import StudioError
from engines.paths import replacing
from engines.training.curves import clock_of
from engines.training.judging import DISTANCE, VARIETY
from engines.training.run_snapshots import GAP, Grid
from engines.training.runs import Run, latest_notice
from engines.training.trainer import REPORT_EVERY

ROW_FILE = "result.json"
SHEET_SIDE = 64
SHEET_PICTURES = 12


@dataclass(frozen=True)
class SystemRow:
    """One system after its time.

    Attributes:
        preset: its name; system: its number in the reports, which its summary begins with; pictures: what it was trained on, in words.
        parameters: of each network.
        steps: taken; batch: pictures a step; seconds: of a step, in the middle; size: of the pictures in pixels.
        budget: for how long, in which precision, with which seed.
        figures: what held-out pictures say.
        remark: what a person should know, empty if all is well: it diverged, it draws everything alike, it could not be judged.
    """

    preset: str
    system: str
    pictures: str
    parameters: dict[str, int]
    steps: int
    batch: int
    seconds: float
    size: int
    budget: str
    figures: dict[str, float] = field(default_factory=dict)
    remark: str = ""


def read_row(run: Run) -> SystemRow | None:
    """The row beside a run, or None where it was not finished."""
    path = run.folder / ROW_FILE
    if not path.is_file():
        return None
    try:
        return SystemRow(**json.loads(path.read_text()))
    except (ValueError, TypeError) as error:
        raise StudioError(f"{path} is no row of a table ({error}): delete it, and the system is trained again") from error


def write_row(run: Run, row: SystemRow) -> None:
    """Put a row beside its run."""
    with replacing(run.folder / ROW_FILE) as temporary:
        temporary.write_text(json.dumps(asdict(row), indent=1))


def row_of(run: Run, preset: Any, system: str, pictures: str, parameters: Mapping[str, int], budget: str, failure: str = "") -> SystemRow:
    """What the metrics of a run amount to.

    Args:
        system, pictures, parameters, budget: as of the row.
        failure: the sentence in which training ended, if it ended badly.
    """
    lines = run.metrics()
    judged = [line for line in lines if DISTANCE in line]
    figures = {name: value for name, value in (judged[-1] if judged else {}).items() if name != "step" and isinstance(value, int | float)}
    reached = run.reached()
    clock = [(step, seconds) for step, seconds in clock_of(lines) if step % REPORT_EVERY == 0] or [reached]
    remark = failure or latest_notice(lines) or ("" if judged else "held-out pictures could not be compared with")
    return SystemRow(
        preset.name,
        system,
        pictures,
        dict(parameters),
        reached[0],
        preset.batch,
        step_seconds(clock),
        preset.resolution,
        budget,
        figures,
        remark,
    )


def step_seconds(clock: Sequence[tuple[int, float]]) -> float:
    """Seconds of a step from (step, seconds since the start) pairs in their order: the median between two of them, or the mean of all
    steps where there is one pair only."""
    spans = [(late - early) / (last - first) for (first, early), (last, late) in pairwise(clock) if last > first]
    if spans:
        return round(sorted(spans)[len(spans) // 2], 3)
    return round(clock[0][1] / clock[0][0], 3) if clock and clock[0][0] else 0.0


def sheet_of(snapshot: Image.Image, size: int) -> Image.Image:
    """The first pictures of a snapshot grid in one row, small enough for a page.

    Args:
        snapshot: RGB, squares of `size` pixels, two pixels apart.
    """
    grid = Grid(size, (snapshot.width + GAP) // (size + GAP), (snapshot.height + GAP) // (size + GAP))
    places = range(min(SHEET_PICTURES, grid.columns * grid.rows))
    small = [snapshot.crop(grid.box(place)).resize((SHEET_SIDE, SHEET_SIDE), Image.Resampling.LANCZOS) for place in places]
    return imaging.sheet(small, len(small))


def as_markdown(rows: Sequence[SystemRow], command: str, numerics: str, sheets: str) -> str:
    """The table as people read it, one system a row, with its sheet below its name.

    Args:
        command: gives the rows again; numerics: precision and device; sheets: folder of the sheets as the page names it.
    """
    head = [
        f"`{command}` printed this table; {numerics}.",
        "",
        "KID × 10³ (`lite2`, lower is nearer) is to held-out pictures, as variety within a class (1: as varied as real ones) is. "
        "A few minutes show that a system trains, not how good it becomes.",
        "",
        "| system | preset | trained on | parameters | steps × pictures | seconds a step | KID × 10³ | variety |",
        "|---|---|---|---|---|---|---|---|",
    ]
    body = []
    for row in rows:
        counts = ", ".join(f"{role} {count:,}" for role, count in row.parameters.items())
        cells = [row.system, f"`{row.preset}`, {row.size} px", row.pictures, counts, f"{row.steps:,} × {row.batch}", f"{row.seconds:.3g}"]
        cells += [_number(row.figures.get(DISTANCE), 1), _number(row.figures.get(VARIETY), 2)]
        body.append("| " + " | ".join(cells) + " |")
    pictures = []
    for row in rows:
        remark = f" {row.remark[0].upper()}{row.remark[1:]}." if row.remark else ""
        pictures += [f"**{row.system}, `{row.preset}`.**{remark}", "", f"![{row.preset}]({sheets}/{row.preset}.webp)", ""]
    return "\n".join([*head, *body, "", "The first pictures of each one's fixed latents, none picked:", "", *pictures]).rstrip() + "\n"


def _number(value: float | None, digits: int) -> str:
    return "not measured" if value is None else f"{value:.{digits}f}"


def write_sheet(snapshot: Image.Image, size: int, path: Path) -> None:
    """Save the sheet of a system."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary:
        sheet_of(snapshot, size).save(temporary, "WEBP", quality=85)
