"""One object on its way out of a picture: what is cut, how it is laid down, and a sheet to judge it by."""

import io
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageColor, ImageDraw, ImageFilter, ImageFont, ImageOps

from engines import imaging
from engines.curation.provenance import Failure, Fetched, Provenance
from engines.errors import StudioError

GREEN = (51, 255, 51)
MAX_FEATHER = 32
MAT = (128, 128, 128)
RED = (200, 30, 30)

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Original:
    """A picture that holds objects: its file, its record and its class."""

    path: Path
    provenance: Provenance
    label: str = ""


@dataclass(frozen=True)
class Cut:
    """One object of one picture: cut out, or turned down with a reason.

    Attributes:
        original: the picture it is in.
        instance: which object of the picture: "26003", or "object" where there is only one.
        reason: why it is not used; "" when it is.
        picture: the whole picture, RGB; None when it could not be read.
        mask: bool, shape (height, width) of the picture; None when there is none.
        box: left, top, right, bottom of the crop in pixels, right and bottom excluded; None means uncropped.
    """

    original: Original
    instance: str
    reason: str = ""
    picture: Image.Image | None = None
    mask: np.ndarray | None = None
    box: Box | None = None

    @property
    def identity(self) -> str:
        """The object's own id: the original's source and id, and the instance."""
        return identity_of(self.original, self.instance)

    @property
    def name(self) -> str:
        """What people see."""
        return f"{self.original.provenance.name}#{self.instance}"


@dataclass(frozen=True)
class Style:
    """How an object is laid down.

    Attributes:
        background: RGB, or None for a transparent one.
        feather: pixels in which the edge fades, inwards from the outline, so that nothing of the old background stays; 0 is hard.
    """

    background: tuple[int, int, int] | None = GREEN
    feather: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.feather <= MAX_FEATHER:
            raise StudioError(f"the feather is 0 to {MAX_FEATHER} pixels, got {self.feather:g}: 1 softens the edge, 0 keeps it hard")

    def as_json(self) -> dict[str, object]:
        return {"background": list(self.background) if self.background else "transparent", "feather": self.feather}


def parse_background(text: str) -> tuple[int, int, int] | None:
    """`"#33ff33"`, `"white"` or `"51,255,51"` → RGB; `"transparent"` → None.

    Raises:
        StudioError: it is none of these.
    """
    if text.strip().lower() == "transparent":
        return None
    numbers = text.strip().strip("()").split(",")
    try:
        colour = tuple(int(number) for number in numbers) if len(numbers) == 3 else ImageColor.getrgb(text.strip())
    except ValueError:
        colour = ()
    if len(colour) != 3 or not all(0 <= level <= 255 for level in colour):
        raise StudioError(f"the background is a colour such as #33ff33 or 51,255,51, or transparent; got {text[:40]!r}: write it like that")
    return colour


def identity_of(original: Original, instance: str) -> str:
    """The id that an object of a picture gets in a collection."""
    return f"{original.provenance.source}:{original.provenance.identity}#{instance}"


def mask_box(mask: np.ndarray) -> Box | None:
    """The smallest box around a mask, shape (height, width); None when it is empty."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not rows.size:
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def too_small(box: Box, least_side: int) -> str:
    """Why a box is too small for use, or ""."""
    width, height = box[2] - box[0], box[3] - box[1]
    return f"too small: {width} × {height} pixels" if min(width, height) < max(1, least_side) else ""


def compose(cut: Cut, style: Style) -> Image.Image:
    """Lay the object on its background and crop it: RGB, or RGBA for a transparent one.

    What lies outside the outline is gone from an RGBA picture too, not only invisible.
    """
    assert cut.picture is not None
    assert cut.mask is not None
    picture, mask = cut.picture, Image.fromarray(cut.mask)
    if cut.box:
        picture, mask = picture.crop(cut.box), mask.crop(cut.box)
    alpha = _faded(mask.convert("L"), style.feather)
    if style.background:
        return Image.composite(picture, Image.new("RGB", picture.size, style.background), alpha)
    cleared = Image.composite(picture, Image.new("RGB", picture.size), alpha.point(lambda level: 255 if level else 0))
    cleared.putalpha(alpha)
    return cleared


def _faded(mask: Image.Image, feather: float) -> Image.Image:
    """Opacity that falls from 1 to 0 within `feather` pixels inside the outline; the frame counts as inside."""
    if not feather:
        return mask
    margin = round(3 * feather)
    levels = np.pad(np.asarray(mask), margin, mode="edge")
    blurred = np.asarray(Image.fromarray(levels).filter(ImageFilter.GaussianBlur(feather)), dtype=np.float32)
    inwards = np.clip(2 * blurred - 255, 0, 255).round().astype(np.uint8)
    return Image.fromarray(np.where(levels > 0, inwards, 0).astype(np.uint8)[margin:-margin, margin:-margin])


def fetched(cut: Cut, style: Style) -> Fetched | Failure:
    """A cut-out as a collection takes it, with the rights of its original; or why there is none."""
    if cut.reason:
        return Failure(cut.identity, cut.reason)
    buffer = io.BytesIO()
    compose(cut, style).save(buffer, format="PNG")
    return Fetched(buffer.getvalue(), record(cut), cut.original.label)


def record(cut: Cut) -> Provenance:
    """The cut-out's record: its original's author, licence and rights."""
    return replace(cut.original.provenance, source="cutout", identity=cut.identity, name=cut.name)


def preview_sheet(cuts: Sequence[Cut], style: Style, cell: int = 192) -> Image.Image:
    """A row a picture: the original around the object, the mask, and the cut-out or why there is none.

    Raises:
        StudioError: there is nothing to show.
    """
    if not cuts:
        raise StudioError("there is no object to preview: choose another folder or class")
    cells: list[Image.Image] = []
    for cut in cuts:
        cells += [ImageOps.pad(picture, (cell, cell), Image.Resampling.LANCZOS, color=MAT) for picture in _row(cut, style, cell)]
    return imaging.sheet(cells, columns=3, gap=4, background=MAT)


def _row(cut: Cut, style: Style, cell: int) -> list[Image.Image]:
    if cut.picture is None:
        empty = Image.new("RGB", (cell, cell), MAT)
        return [empty, empty, _with_reason(empty, cut.reason)]
    around = _around(cut)
    seen = cut.picture.crop(around)
    mask = np.zeros(cut.picture.size[::-1], bool) if cut.mask is None else cut.mask
    shape = Image.fromarray(mask).crop(around).convert("RGB")
    if cut.reason:
        return [seen, shape, _with_reason(ImageOps.pad(seen, (cell, cell), color=MAT), cut.reason)]
    result = compose(cut, style)
    return [seen, shape, imaging.to_rgb(result, MAT)]


def _around(cut: Cut) -> Box:
    """The object with a quarter of its size around it, inside the picture."""
    assert cut.picture is not None
    width, height = cut.picture.size
    box = (mask_box(cut.mask) if cut.mask is not None else None) or (0, 0, width, height)
    across, down = (box[2] - box[0]) // 4, (box[3] - box[1]) // 4
    return max(0, box[0] - across), max(0, box[1] - down), min(width, box[2] + across), min(height, box[3] + down)


def _with_reason(picture: Image.Image, reason: str) -> Image.Image:
    dimmed = Image.blend(picture.convert("L").convert("RGB"), Image.new("RGB", picture.size, imaging.WHITE), 0.6)
    size = max(10, picture.width // 14)
    text = textwrap.fill(reason, max(8, round(1.7 * picture.width / size)))
    ImageDraw.Draw(dimmed).multiline_text((6, 6), text, fill=RED, font=ImageFont.load_default(size))
    return dimmed
