"""Pictures with their names on A4 pages, to be looked at together."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from engines import imaging
from engines.errors import StudioError
from engines.production.origin import Origin
from engines.production.pdf import Layer, Page, write_pdf

A4 = (210.0, 297.0)
DPI = 150
COLUMNS, ROWS = 4, 5
MARGIN, GAP, TEXT = 12.0, 5.0, 9.0


@dataclass(frozen=True)
class Named:
    """A picture with two lines of text below it; a line that is too long is cut."""

    picture: Image.Image
    title: str
    note: str = ""


def contact_pages(entries: Sequence[Named]) -> list[Image.Image]:
    """A4 pages of 4 × 5 pictures each, RGB, 150 dpi.

    Raises:
        StudioError: no pictures.
    """
    if not entries:
        raise StudioError("a contact sheet needs pictures: keep one first")
    return [_page(entries[start : start + COLUMNS * ROWS]) for start in range(0, len(entries), COLUMNS * ROWS)]


def _page(entries: Sequence[Named]) -> Image.Image:
    page = Image.new("RGB", (_pixels(A4[0]), _pixels(A4[1])), "white")
    pen, large, small = ImageDraw.Draw(page), _font(2.9), _font(2.4)
    width = (A4[0] - 2 * MARGIN - (COLUMNS - 1) * GAP) / COLUMNS
    height = (A4[1] - 2 * MARGIN - (ROWS - 1) * GAP) / ROWS - TEXT
    for place, entry in enumerate(entries):
        left = _pixels(MARGIN + place % COLUMNS * (width + GAP))
        top = _pixels(MARGIN + place // COLUMNS * (height + TEXT + GAP))
        box = (_pixels(width), _pixels(height))
        shown = _fitted(entry.picture, box)
        page.paste(shown, (left + (box[0] - shown.width) // 2, top + (box[1] - shown.height) // 2))
        below = top + box[1] + _pixels(1.2)
        pen.text((left, below), _cut(entry.title, large, box[0]), fill="#1d1b19", font=large)
        pen.text((left, below + _pixels(3.8)), _cut(entry.note, small, box[0]), fill="#625c54", font=small)
    return page


def save_contact_sheet(entries: Sequence[Named], path: Path, origin: Origin) -> None:
    """Write a contact sheet as PDF.

    Raises:
        StudioError: no pictures, or the folder cannot be written to.
    """
    pages = [Page(A4, 0.0, (Layer(np.asarray(page)),)) for page in contact_pages(entries)]
    write_pdf(path, pages, origin, path.stem)


def _fitted(picture: Image.Image, box: tuple[int, int]) -> Image.Image:
    scale = min(box[0] / picture.width, box[1] / picture.height)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return imaging.to_rgb(picture).resize(size, Image.Resampling.BICUBIC if scale > 1 else Image.Resampling.LANCZOS)


def _cut(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    plain = " ".join(text.split())
    if font.getlength(plain) <= width:
        return plain
    while plain and font.getlength(plain + "…") > width:
        plain = plain[:-1]
    return plain.rstrip() + "…"


def _font(millimetres: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(_pixels(millimetres))


def _pixels(millimetres: float) -> int:
    return round(millimetres / 25.4 * DPI)
