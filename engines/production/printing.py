"""A graphic as a file for a printer: its physical size, its bleed, and how sharp it really will be."""

import math
import re
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, TiffImagePlugin

from engines import imaging
from engines.errors import StudioError
from engines.finishing import PrintJob
from engines.paths import replacing
from engines.production.colour import colour_value, rgb, to_oklab
from engines.production.origin import Origin
from engines.production.pdf import SRGB, Layer, Page, write_pdf
from engines.recipe import number_value

SIZES = {
    "a7": (74, 105), "a6": (105, 148), "a5": (148, 210), "a4": (210, 297), "a3": (297, 420), "a3+": (329, 483), "a2": (420, 594),
    "a1": (594, 841), "pocket": (90, 90), "left-chest": (100, 100), "chest": (300, 300), "youth-front": (230, 280),
    "standard-front": (280, 330), "full-front": (305, 406), "oversize-front": (380, 500), "all-over": (700, 900), "tote": (280, 300),
    "sleeve": (80, 120), "square": (200, 200),
}  # fmt: skip
SUFFIXES = (".png", ".pdf", ".tif", ".tiff")
FITS = ("whole", "fill")
SHARP, GOOD = 300, 150
MAX_SIDE = 2000.0
MAX_PIXELS = 150 * 10**6
_UNITS = {"mm": 1.0, "cm": 10.0, "in": 25.4}
_CUSTOM = re.compile(r"(\d{1,4}(?:\.\d{1,3})?)\s*[x×]\s*(\d{1,4}(?:\.\d{1,3})?)\s*(mm|cm|in)?")


def print_job(size: str, graphic: tuple[int, int], **options: object) -> PrintJob:
    """A job from a size given by anybody, turned to landscape for a landscape graphic where the size has a name, all values checked.

    Args:
        size: a key of `SIZES`, or such as "280x330", "28x33cm" or "12x16in".
        graphic: width and height in pixels.

    Raises:
        StudioError: an unknown size or fit, or a number out of its range.
    """
    width, height = size_value(size)
    if size.strip().lower() in SIZES and (graphic[0] > graphic[1]) != (width > height) and graphic[0] != graphic[1]:
        width, height = height, width
    job = PrintJob(width, height, **options)  # type: ignore[arg-type]
    return job_value(job)


def job_value(job: PrintJob) -> PrintJob:
    """A job given by anybody, checked.

    Raises:
        StudioError: an unknown fit, a paper that is no colour, a number out of its range, or too many pixels.
    """
    for name, low, high in (("bleed", 0, 25), ("dpi", 50, 1200), ("width", 10, MAX_SIDE), ("height", 10, MAX_SIDE)):
        number_value(getattr(job, name), f"a print's {name}", high, low)
    if job.fit not in FITS:
        raise StudioError(f"a graphic is fitted {' or '.join(FITS)}, got {str(job.fit)[:40]!r}: choose one of these")
    across, down = page_pixels(job)
    if across * down > MAX_PIXELS:
        raise StudioError(
            f"{across} × {down} pixels are more than {MAX_PIXELS // 10**6} megapixels: lower --dpi, now {job.dpi}, or the size"
        )
    return replace(job, paper=colour_value(job.paper) if job.paper else "")


def size_value(size: str) -> tuple[float, float]:
    """Width and height in millimetres of a size given by anybody.

    Raises:
        StudioError: neither a name nor two lengths from 10 mm to 2 m.
    """
    text = str(size).strip().lower()
    if text in SIZES:
        width, height = SIZES[text]
        return float(width), float(height)
    found = _CUSTOM.fullmatch(text)
    sides = [float(found[index]) * _UNITS[found[3] or "mm"] for index in (1, 2)] if found else []
    if not sides or not 10 <= min(sides) <= max(sides) <= MAX_SIDE:
        known = ", ".join(SIZES)
        raise StudioError(f"there is no size {text[:40]!r}: choose one of {known}, or 10 mm to 2 m such as 280x330, 28x33cm or 12x16in")
    return sides[0], sides[1]


def page_pixels(job: PrintJob) -> tuple[int, int]:
    """Pixels of the page with its bleed."""
    width, height = (round((side + 2 * job.bleed) / 25.4 * job.dpi) for side in (job.width, job.height))
    return width, height


def printed_size(graphic: tuple[int, int], job: PrintJob) -> tuple[float, float]:
    """Millimetres that the whole graphic covers; more than the page where it fills and is cropped."""
    room = (job.width, job.height) if job.fit == "whole" else (job.width + 2 * job.bleed, job.height + 2 * job.bleed)
    choose = min if job.fit == "whole" else max
    scale = choose(room[0] / graphic[0], room[1] / graphic[1])
    return graphic[0] * scale, graphic[1] * scale


def effective_dpi(graphic: tuple[int, int], job: PrintJob) -> float:
    """The graphic's own pixels an inch on paper: what no resolution written into a file can raise."""
    return graphic[0] / (printed_size(graphic, job)[0] / 25.4)


def verdict(graphic: tuple[int, int], job: PrintJob) -> str:
    """One sentence on how sharp the print will be, and what to do."""
    found = effective_dpi(graphic, job)
    if found >= SHARP:
        return f"{found:.0f} dpi of its own: sharp at reading distance"
    needed = tuple(math.ceil(side * GOOD / found) for side in graphic)
    if found >= GOOD:
        return f"{found:.0f} dpi of its own: good on cloth and at arm's length, soft when read closely"
    width, height = (side * found / GOOD for side in printed_size(graphic, job))
    enough = f"{needed[0]} × {needed[1]} pixels, or a print of at most {width:.0f} × {height:.0f} mm"
    return f"{found:.0f} dpi of its own: soft; {GOOD} dpi need {enough}"


def enlarged_by(graphic: tuple[int, int], job: PrintJob, factor: float = 1.0, name: str = "") -> str:
    """One sentence on what the file's further pixels are, beside the graphic's own.

    Args:
        factor, name: how much larger an upscaler drew the graphic first, and its name; none for Lanczos alone.
    """
    own = effective_dpi(graphic, job)
    if own >= job.dpi:
        return "It has pixels enough: nothing is enlarged"
    if not name:
        return "Enlarged by Lanczos: smooth, without any detail of its own"
    drawn = own * factor
    return f"Drawn {factor:g} times larger by {name}, to {drawn:.0f} dpi of likely edges and grain, not known ones; the rest by Lanczos"


def lay_out(graphic: Image.Image, job: PrintJob) -> Image.Image:
    """The page with its bleed: RGBA, or RGB where the job names a paper colour."""
    page = Image.new("RGBA", page_pixels(job), (0, 0, 0, 0))
    width, height = (max(1, round(side / 25.4 * job.dpi)) for side in printed_size(graphic.size, job))
    if job.fit == "fill":
        width, height = max(width, page.width), max(height, page.height)
    layer = graphic.convert("RGBA").resize((width, height), Image.Resampling.LANCZOS)
    page.paste(layer, ((page.width - width) // 2, (page.height - height) // 2))
    if job.mirrored:
        page = page.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if not job.paper:
        return page
    red, green, blue = (round(float(value) * 255) for value in rgb(job.paper))
    return imaging.to_rgb(page, (red, green, blue))


def save_print(graphic: Image.Image, path: Path, job: PrintJob, origin: Origin) -> Image.Image:
    """Write the print file, PNG, TIFF or PDF by its suffix, with size, resolution, sRGB profile, origin and rights in it.

    Returns:
        The page as laid out.

    Raises:
        StudioError: another suffix, marks in a file that has no room for them, or the folder cannot be written to.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise StudioError(f"a print file is saved as {', '.join(SUFFIXES)}, got {path.name!r}: change the name")
    if job.marks and suffix != ".pdf":
        raise StudioError(f"marks stand in a PDF's margin, got {path.name!r}: name it FILE.pdf or leave out the marks")
    page = lay_out(graphic, job)
    if suffix == ".pdf":
        write_pdf(path, [Page((job.width, job.height), job.bleed, (Layer(np.asarray(page)),), job.marks)], origin, path.stem)
    elif suffix == ".png":
        imaging.save_png(page, path, origin.chunks(), dpi=(job.dpi, job.dpi), icc_profile=SRGB)
    else:
        tags = TiffImagePlugin.ImageFileDirectory_v2()
        tags[270], tags[305], tags[33432] = origin.text(), "Atelier", origin.rights.encode("ascii", "replace").decode()
        with replacing(path) as temporary:
            page.save(temporary, format="TIFF", compression="tiff_adobe_deflate", dpi=(job.dpi, job.dpi), tiffinfo=tags, icc_profile=SRGB)
    return page


def without_background(graphic: Image.Image, colour: str, tolerance: float = 6.0) -> Image.Image:
    """The graphic with its background transparent: what has the colour and hangs together with the edge of the picture.

    Args:
        colour: "#rrggbb".
        tolerance: how far from it is still background, in hundredths of OKLab; up to twice that is half transparent.

    Returns:
        RGBA; the half transparent edge has lost the background's colour.

    Raises:
        StudioError: no colour, or a tolerance that is not above 0 and at most 50.
    """
    if isinstance(tolerance, bool) or not isinstance(tolerance, int | float) or not 0 < tolerance <= 50:
        raise StudioError(f"a background's tolerance is a number above 0 and at most 50, got {str(tolerance)[:40]}: choose another")
    pixels = np.asarray(graphic.convert("RGBA"), dtype=np.float32) / 255
    ground = rgb(colour_value(colour))
    distance = np.linalg.norm(to_oklab(pixels[..., :3]) - to_oklab(ground), axis=2) * 100
    near = np.pad((distance < 2 * tolerance) | (pixels[..., 3] == 0), 1, constant_values=True).astype(np.uint8)
    _, parts = cv2.connectedComponents(near, connectivity=4)
    outside = (parts == parts[0, 0])[1:-1, 1:-1]
    kept = np.where(outside, np.clip(distance / tolerance - 1, 0, 1), 1)
    clean = np.clip((pixels[..., :3] - (1 - kept[..., None]) * ground) / np.maximum(kept[..., None], 1e-3), 0, 1)
    both = np.concatenate([clean, (kept * pixels[..., 3])[..., None]], axis=2)
    return Image.fromarray(np.rint(both * 255).astype(np.uint8))


def within_mask(graphic: Image.Image, mask: Image.Image) -> Image.Image:
    """The graphic where the mask is white, transparent where it is black; the mask is fitted to the graphic."""
    fitted = mask.convert("L").resize(graphic.size, Image.Resampling.LANCZOS)
    layer = graphic.convert("RGBA")
    alpha = np.asarray(layer.getchannel("A"), dtype=np.float32) * np.asarray(fitted, dtype=np.float32) / 255
    layer.putalpha(Image.fromarray(np.rint(alpha).astype(np.uint8)))
    return layer
