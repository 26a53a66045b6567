"""A graphic as one repeat of a fabric: laid side by side, and how visible the seams are."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from engines.errors import StudioError
from engines.finishing import Repeat
from engines.production.colour import to_oklab

MAX_PIXELS = 40 * 10**6
MEASURED = 512
BANDS = 8


def _straight(tile: np.ndarray, column: int, row: int) -> np.ndarray:
    return tile


def _half_drop(tile: np.ndarray, column: int, row: int) -> np.ndarray:
    return np.roll(tile, tile.shape[0] // 2, axis=0) if column % 2 else tile


def _brick(tile: np.ndarray, column: int, row: int) -> np.ndarray:
    return np.roll(tile, tile.shape[1] // 2, axis=1) if row % 2 else tile


def _mirrored(tile: np.ndarray, column: int, row: int) -> np.ndarray:
    across = tile[:, ::-1] if column % 2 else tile
    return across[::-1] if row % 2 else across


LAYOUTS = {"straight": _straight, "half-drop": _half_drop, "brick": _brick, "mirrored": _mirrored}
"""Name → the tile that stands in a column and a row; half-drop and brick wrap around, as printed fabric does."""


@dataclass(frozen=True)
class Seams:
    """How visible the seams of a repeat are.

    Attributes:
        across, down: the colour step at the seam between columns and between rows, as a multiple of the steps between neighbouring
            pixels inside the graphic: 1 is a seam that nobody can find.
    """

    across: float
    down: float

    @property
    def worst(self) -> float:
        return max(self.across, self.down)


def repeat_value(given: Repeat) -> Repeat:
    """A repeat given by anybody, checked.

    Raises:
        StudioError: an unknown layout, or other than 1 to 8 columns and rows.
    """
    if given.layout not in LAYOUTS:
        raise StudioError(f"there is no layout {str(given.layout)[:40]!r}: choose one of {', '.join(LAYOUTS)}")
    for name in ("columns", "rows"):
        value = getattr(given, name)
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 8:
            raise StudioError(f"a repeat's {name} are a whole number from 1 to 8, got {str(value)[:40]}: choose another")
    return given


def tiled(graphic: Image.Image, repeat: Repeat) -> Image.Image:
    """The graphic again and again, RGB or RGBA as it came.

    Raises:
        StudioError: as `repeat_value`, or more pixels than 40 million.
    """
    repeat = repeat_value(repeat)
    if graphic.width * graphic.height * repeat.columns * repeat.rows > MAX_PIXELS:
        size = f"{graphic.width * repeat.columns} × {graphic.height * repeat.rows} pixels"
        raise StudioError(f"{size} are more than {MAX_PIXELS // 10**6} megapixels: show fewer repeats")
    tile = np.asarray(graphic)
    place = LAYOUTS[repeat.layout]
    rows = [np.concatenate([place(tile, column, row) for column in range(repeat.columns)], axis=1) for row in range(repeat.rows)]
    return Image.fromarray(np.ascontiguousarray(np.concatenate(rows)))


def seams(graphic: Image.Image, layout: str = "straight") -> Seams:
    """How visible the seams are when the graphic is repeated.

    The colour step at a seam, in OKLab, is compared with the strongest steps of the graphic's own structure: the 95th percentile of all
    places inside.

    Raises:
        StudioError: as `repeat_value`, or a graphic of a single row or column.
    """
    if min(graphic.size) < 4:
        raise StudioError(f"a repeat has at least 4 × 4 pixels, got {graphic.width} × {graphic.height}: give a larger graphic")
    scale = min(1.0, MEASURED / max(graphic.size))
    small = graphic.convert("RGBA")
    if scale < 1:
        small = small.resize((max(4, round(small.width * scale)), max(4, round(small.height * scale))), Image.Resampling.BOX)
    pair = tiled(small, Repeat(layout, 2, 2))
    layer = np.asarray(pair, dtype=np.float32) / 255
    seen = to_oklab(layer[..., :3] * layer[..., 3:] + 1 - layer[..., 3:])
    return Seams(_step(seen, small.width), _step(seen.transpose(1, 0, 2), small.height))


def _step(seen: np.ndarray, side: int) -> float:
    """The colour step over the column where the second tile begins, as a multiple of the tile's own.

    A seam shows where it is bad, not on average: the worst of a few bands counts.
    """
    steps = np.linalg.norm(np.diff(seen, axis=1), axis=2)
    bands = [band.mean(axis=0) for band in np.array_split(steps, BANDS) if len(band)]
    return float(max(band[side - 1] / (np.percentile(np.delete(band, side - 1), 95) + 2e-3) for band in bands))


def seam_verdict(found: Seams) -> str:
    """One sentence on whether the repeat can be printed as fabric."""
    worst = found.worst
    where = "between the columns" if found.across >= found.down else "between the rows"
    if worst <= 1.25:
        return f"seam {worst:.1f} × the graphic's own steps: nobody will find it"
    if worst <= 2:
        return f"seam {worst:.1f} × the graphic's own steps, {where}: faint, look at it from afar"
    return f"seam {worst:.1f} × the graphic's own steps, {where}: visible as a grid; the mirrored layout hides it"
