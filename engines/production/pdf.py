"""PDF pages for a printer: pictures and spot colours at their physical size, with trim and bleed boxes and marks."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pikepdf
from PIL import ImageCms

from engines.paths import replacing
from engines.production.colour import rgb
from engines.production.origin import Origin

POINTS = 72 / 25.4
SLUG = 12.0
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@dataclass(frozen=True)
class Layer:
    """A picture on a page.

    Attributes:
        pixels: uint8, shape (h, w, 3) or (h, w, 4) for a picture; (h, w) for how much ink of one colour lies where, 255 being all.
        ink: name and "#rrggbb" of that colour; None for a picture.
    """

    pixels: np.ndarray
    ink: tuple[str, str] | None = None


@dataclass(frozen=True)
class Page:
    """One page.

    Attributes:
        trim: width and height in millimetres after cutting; `bleed`: what is printed beyond on each side.
        layers: they fill trim and bleed, one over the other.
        marks: cutting and registration marks in a margin around.
        label: a line of text in that margin.
    """

    trim: tuple[float, float]
    bleed: float
    layers: tuple[Layer, ...]
    marks: bool = False
    label: str = ""


def write_pdf(path: Path, pages: Sequence[Page], origin: Origin, title: str) -> None:
    """Write pages as a PDF that appears only when whole; its information holds the origin and the rights.

    Raises:
        StudioError: the folder cannot be written to.
    """
    document = pikepdf.new()
    profile = document.make_stream(SRGB, N=3, Alternate=pikepdf.Name.DeviceRGB)
    for page in pages:
        _add_page(document, page, pikepdf.Array([pikepdf.Name.ICCBased, profile]))
    with document.open_metadata(set_pikepdf_as_editor=False) as about:
        about["dc:title"] = title
        about["dc:rights"] = origin.rights
        about["dc:description"] = origin.text()
        about["pdf:Producer"] = about["xmp:CreatorTool"] = "Atelier"
    for key, value in {"Title": title, "Producer": "Atelier", "Copyright": origin.rights, "Origin": origin.text()}.items():
        document.docinfo[f"/{key}"] = value
    with replacing(path) as temporary:
        document.save(temporary, deterministic_id=True)


def _add_page(document: pikepdf.Pdf, page: Page, srgb: pikepdf.Array) -> None:
    margin = SLUG if page.marks else 0.0
    around = margin + page.bleed
    width, height = (side + 2 * around for side in page.trim)
    box = pikepdf.Array([0, 0, _points(width), _points(height)])
    images, inks, drawing = pikepdf.Dictionary(), pikepdf.Dictionary(), []
    full = (_points(width - 2 * margin), _points(height - 2 * margin), _points(margin))
    for index, layer in enumerate(page.layers):
        images[f"/Layer{index}"] = _image(document, layer, srgb)
        drawing.append(f"q {full[0]} 0 0 {full[1]} {full[2]} {full[2]} cm /Layer{index} Do Q")
    if page.marks:
        inks["/All"] = pikepdf.Array([pikepdf.Name.Separation, pikepdf.Name.All, pikepdf.Name.DeviceGray, _tint([1], [0])])
        drawing += _marks(width, height, around, margin)
    if page.label:
        font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
        plain = page.label.encode("ascii", "replace").decode().replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
        left = _points(around + 22 if page.marks else 2)
        drawing.append(f"BT /F 7 Tf 0 g {left} {_points(3)} Td ({plain}) Tj ET")
    fonts = pikepdf.Dictionary(F=document.make_indirect(font)) if page.label else pikepdf.Dictionary()
    added = pikepdf.Dictionary(
        Type=pikepdf.Name.Page,
        MediaBox=box,
        BleedBox=_box(margin, width, height),
        TrimBox=_box(around, width, height),
        Resources=pikepdf.Dictionary(XObject=images, ColorSpace=inks, Font=fonts),
        Contents=document.make_stream("\n".join(drawing).encode()),
    )
    document.pages.append(pikepdf.Page(document.make_indirect(added)))


def _image(document: pikepdf.Pdf, layer: Layer, srgb: pikepdf.Array) -> pikepdf.Object:
    """A picture, with its transparency as a soft mask; of an ink one full dot, with the film as the soft mask, so that inks add up."""
    if layer.ink:
        return _stream(document, np.full((1, 1), 255, np.uint8), _separation(layer.ink), layer.pixels)
    alpha = layer.pixels[..., 3] if layer.pixels.shape[2] == 4 else None
    return _stream(document, layer.pixels[..., :3], srgb, alpha)


def _stream(document: pikepdf.Pdf, pixels: np.ndarray, space: pikepdf.Object, alpha: np.ndarray | None = None) -> pikepdf.Object:
    stream = document.make_stream(
        np.ascontiguousarray(pixels).tobytes(),
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Image,
        Width=pixels.shape[1],
        Height=pixels.shape[0],
        BitsPerComponent=8,
        ColorSpace=space,
    )
    if alpha is not None:
        stream.SMask = _stream(document, alpha, pikepdf.Name.DeviceGray)
    return stream


def _separation(ink: tuple[str, str]) -> pikepdf.Array:
    name, colour = ink
    shown = [round(float(value), 4) for value in rgb(colour)]
    return pikepdf.Array(
        [pikepdf.Name.Separation, pikepdf.Name("/" + name.replace(" ", "_")), pikepdf.Name.DeviceRGB, _tint([1, 1, 1], shown)]
    )


def _tint(none: list[float], full: list[float]) -> pikepdf.Dictionary:
    return pikepdf.Dictionary(FunctionType=2, Domain=[0, 1], C0=pikepdf.Array(none), C1=pikepdf.Array(full), N=1)


def _marks(width: float, height: float, around: float, margin: float) -> list[str]:
    """Cutting marks at the corners and a cross with a circle at the middle of each side, on every plate."""
    lines = ["/All CS 1 SCN 0.25 w"]
    for x in (around, width - around):
        for low, high in ((1.5, margin - 2), (height - margin + 2, height - 1.5)):
            lines.append(f"{_points(x)} {_points(low)} m {_points(x)} {_points(high)} l S")
    for y in (around, height - around):
        for low, high in ((1.5, margin - 2), (width - margin + 2, width - 1.5)):
            lines.append(f"{_points(low)} {_points(y)} m {_points(high)} {_points(y)} l S")
    half = margin / 2
    for x, y in ((width / 2, half), (width / 2, height - half), (half, height / 2), (width - half, height / 2)):
        lines.append(f"{_points(x - 4)} {_points(y)} m {_points(x + 4)} {_points(y)} l S")
        lines.append(f"{_points(x)} {_points(y - 4)} m {_points(x)} {_points(y + 4)} l S")
        lines.append(_circle(_points(x), _points(y), _points(2.2)))
    return lines


def _circle(x: float, y: float, radius: float) -> str:
    k = 0.5523 * radius
    arcs = [
        f"{x + radius:.3f} {y:.3f} m {x + radius:.3f} {y + k:.3f} {x + k:.3f} {y + radius:.3f} {x:.3f} {y + radius:.3f} c",
        f"{x - k:.3f} {y + radius:.3f} {x - radius:.3f} {y + k:.3f} {x - radius:.3f} {y:.3f} c",
        f"{x - radius:.3f} {y - k:.3f} {x - k:.3f} {y - radius:.3f} {x:.3f} {y - radius:.3f} c",
        f"{x + k:.3f} {y - radius:.3f} {x + radius:.3f} {y - k:.3f} {x + radius:.3f} {y:.3f} c S",
    ]
    return " ".join(arcs)


def _box(inset: float, width: float, height: float) -> pikepdf.Array:
    return pikepdf.Array([_points(value) for value in (inset, inset, width - inset, height - inset)])


def _points(millimetres: float) -> float:
    return round(millimetres * POINTS, 3)
