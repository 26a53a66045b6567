"""Sheets of pictures with a line under each, to look at before a filter is trusted."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from engines import imaging
from engines.errors import StudioError

CELL, CAPTION, EDGE = 128, 16, 4
KEPT, DROPPED = (46, 125, 50), (198, 40, 40)
MAX_CELLS = 400


@dataclass(frozen=True)
class Cell:
    """One picture of a sheet: its file, the line under it, and whether it stays (a green edge) or goes (a red one)."""

    path: Path
    caption: str
    kept: bool


def preview_sheet(cells: Sequence[Cell | None], columns: int = 8) -> Image.Image:
    """Whole pictures in rows of `columns`; None leaves a gap, and a picture that cannot be opened shows as an empty cell.

    Raises:
        StudioError: no cells, or more than 400.
    """
    if not 1 <= len(cells) <= MAX_CELLS:
        raise StudioError(f"a sheet holds 1 to {MAX_CELLS} pictures, got {len(cells)}: ask for fewer")
    return imaging.sheet([_drawn(cell) for cell in cells], columns, gap=6)


def thumbnails(pictures: Sequence[Path | Image.Image], columns: int, side: int) -> Image.Image:
    """Whole pictures as squares without gaps or captions, in rows of `columns`; one that cannot be opened is white.

    Raises:
        StudioError: no pictures, or more than 400.
    """
    if not 1 <= len(pictures) <= MAX_CELLS:
        raise StudioError(f"a sheet holds 1 to {MAX_CELLS} pictures, got {len(pictures)}: ask for fewer")
    return imaging.sheet([_square(one, side) for one in pictures], columns, gap=0)


def _square(picture: Path | Image.Image, side: int) -> Image.Image:
    try:
        opened = imaging.safe_open(picture, enough=side) if isinstance(picture, Path) else picture
    except StudioError:
        return Image.new("RGB", (side, side), imaging.WHITE)
    return imaging.letterbox(opened, side)


def _drawn(cell: Cell | None) -> Image.Image:
    side = CELL + 2 * EDGE
    if cell is None:
        return Image.new("RGB", (side, side + CAPTION), imaging.WHITE)
    drawn = Image.new("RGB", (side, side + CAPTION), KEPT if cell.kept else DROPPED)
    try:
        drawn.paste(imaging.letterbox(imaging.safe_open(cell.path), CELL), (EDGE, EDGE))
    except StudioError:
        drawn.paste(imaging.WHITE, (EDGE, EDGE, EDGE + CELL, EDGE + CELL))
    ImageDraw.Draw(drawn).text((EDGE, side - 1), cell.caption[:24], fill=imaging.WHITE, font=ImageFont.load_default(11))
    return drawn
