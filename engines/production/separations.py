"""Spot colours for screen printing: one film an ink, with trapping, at physical size."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from engines.errors import StudioError
from engines.production.colour import name_of, rgb, to_oklab
from engines.production.origin import Origin
from engines.production.palette import extract_palette
from engines.production.pdf import Layer, Page, write_pdf
from engines.production.printing import PrintJob, lay_out

MOST_INKS = 8
GROUND_NEAR = 0.06
_STEPS = 32


@dataclass(frozen=True)
class Film:
    """An ink, "#rrggbb" and its name, and where it is printed: bool, shape (h, w)."""

    colour: str
    name: str
    printed: np.ndarray

    @property
    def coverage(self) -> float:
        """Share of the page that is printed."""
        return float(self.printed.mean())


def choose_inks(graphic: Image.Image, count: int, ground: str = "") -> tuple[str, ...]:
    """The `count` inks that stand best for a graphic, the lightest first; none for what has the colour of the cloth.

    Raises:
        StudioError: a count outside 1 to 8.
    """
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MOST_INKS:
        raise StudioError(f"a graphic is separated into 1 to {MOST_INKS} inks, got {str(count)[:40]}: choose another number")
    found = [swatch.colour for swatch in extract_palette(graphic, count + bool(ground), "lightness")]
    if ground and len(found) > 1:
        away = np.linalg.norm(to_oklab(np.stack([rgb(colour) for colour in found])) - to_oklab(rgb(ground)), axis=1)
        # where the cloth's colour does not occur in the graphic, its least frequent colour is not given up for it
        found = [colour for colour, far in zip(found, away, strict=True) if far > GROUND_NEAR][: count + 1]
        if len(found) > count:
            found = [swatch.colour for swatch in extract_palette(graphic, count, "lightness")]
    return tuple(found)


def separate(graphic: Image.Image, inks: Sequence[str], job: PrintJob, ground: str = "", trap: float = 0.0) -> tuple[Film, ...]:
    """One film an ink: each point of the page is printed with the ink that looks most like it, or left free.

    Args:
        inks: "#rrggbb", printed in this order; each but the last spreads under its neighbours that are printed later.
        ground: the cloth's colour "#rrggbb": what looks most like it is left free; "" leaves only transparent parts free.
        trap: millimetres that an ink spreads under the later ones, 0 to 2, so that no cloth shows where the screens are off.

    Raises:
        StudioError: no inks or more than 8, or a trap out of its range.
    """
    if not 1 <= len(inks) <= MOST_INKS:
        raise StudioError(f"a graphic is separated into 1 to {MOST_INKS} inks, got {len(inks)}: choose another number")
    if not 0 <= trap <= 2:
        raise StudioError(f"a trap is 0 to 2 mm, got {str(trap)[:40]}: choose another")
    labels = _page_labels(graphic, [*inks, ground] if ground else list(inks), len(inks), job)
    radius = round(trap / 25.4 * job.dpi)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    films = []
    for index, colour in enumerate(inks):
        own = labels == index
        if radius:
            later = (labels > index) & (labels < len(inks))
            own = own | (cv2.dilate(own.astype(np.uint8), kernel).astype(bool) & later)
        films.append(Film(colour, name_of(colour), own))
    return tuple(films)


def proof(films: Sequence[Film], ground: str) -> Image.Image:
    """How the films look one over the other on cloth of a colour "#rrggbb"; inks are opaque."""
    picture = np.empty((*films[0].printed.shape, 3), dtype=np.uint8)
    picture[:] = np.rint(rgb(ground) * 255)
    for film in films:
        picture[film.printed] = np.rint(rgb(film.colour) * 255)
    return Image.fromarray(picture)


def save_separations(films: Sequence[Film], path: Path, job: PrintJob, origin: Origin) -> None:
    """Write a PDF: a page with all inks as spot colours, then a page in black for each film, all with registration marks.

    Raises:
        StudioError: another suffix than .pdf, or the folder cannot be written to.
    """
    if path.suffix.lower() != ".pdf":
        raise StudioError(f"separations are saved as PDF, got {path.name!r}: name it FILE.pdf")
    trim = (job.width, job.height)
    covers = [film.printed.astype(np.uint8) * 255 for film in films]
    names = [f"Spot {index + 1} {film.name}" for index, film in enumerate(films)]
    inks = tuple(Layer(cover, (name, film.colour)) for cover, name, film in zip(covers, names, films, strict=True))
    pages = [Page(trim, job.bleed, inks, True, f"all {len(films)} inks")]
    for cover, name, film in zip(covers, names, films, strict=True):
        label = f"{name} {film.colour}, film of {len(films)}, {film.coverage:.0%} of the page"
        pages.append(Page(trim, job.bleed, (Layer(cover, ("Black", "#000000")),), True, label))
    write_pdf(path, pages, origin, path.stem)


def _page_labels(graphic: Image.Image, colours: Sequence[str], free: int, job: PrintJob) -> np.ndarray:
    """The page's ink indices, `free` where there is none.

    The graphic's own pixels are labelled and the labels enlarged: enlarging the colours first would draw a rim of a third ink between two.
    """
    pixels = np.asarray(graphic.convert("RGBA"))
    own = np.where(pixels[..., 3] >= 128, _labels(pixels[..., :3], colours), free)
    best, labels = None, None
    for label in range(free):
        layer = np.zeros_like(pixels)
        layer[..., 3] = np.where(own == label, 255, 0)
        cover = np.asarray(lay_out(Image.fromarray(layer), replace(job, paper="")))[..., 3]
        if best is None or labels is None:
            best, labels, total = cover.copy(), np.zeros(cover.shape, dtype=np.uint8), cover.astype(np.int16)
            continue
        labels[cover > best] = label
        best, total = np.maximum(best, cover), total + cover
    assert labels is not None
    labels[total < 128] = free
    return labels


def _labels(pixels: np.ndarray, colours: Sequence[str]) -> np.ndarray:
    """The index of the most similar colour for every pixel, by a table of 32 steps a channel."""
    steps = (np.arange(_STEPS, dtype=np.float32) + 0.5) / _STEPS
    table = to_oklab(np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3))
    distances = np.stack([((table - to_oklab(rgb(colour))) ** 2).sum(axis=1) for colour in colours])
    nearest = distances.argmin(axis=0).astype(np.uint8)
    shift = pixels.astype(np.int32) * _STEPS // 256
    return nearest[(shift[..., 0] * _STEPS + shift[..., 1]) * _STEPS + shift[..., 2]]
