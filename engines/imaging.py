"""The one way pictures are opened, checked, shaped and saved."""

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import ExifTags, Image, ImageOps, PngImagePlugin
from torch import Tensor

from engines.errors import StudioError
from engines.paths import replacing

FORMATS = ("JPEG", "PNG", "WEBP")
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
MAX_BYTES = 40 * 2**20
MAX_PIXELS = 64 * 10**6
MAX_TEXT = 256 * 2**10
WHITE = (255, 255, 255)

PngImagePlugin.MAX_TEXT_CHUNK = MAX_TEXT
PngImagePlugin.MAX_TEXT_MEMORY = 4 * MAX_TEXT


@dataclass(frozen=True)
class Header:
    """What a picture file says of itself before it is decoded: its format, and its width and height as shown (EXIF turned)."""

    format: str
    width: int
    height: int


def safe_open(path: Path | str, background: tuple[int, int, int] = WHITE, enough: int | None = None, alpha: bool = False) -> Image.Image:
    """Open a picture from anybody: size caps before decoding, JPEG, PNG or WEBP only, EXIF turned, first frame, RGB.

    Transparency is laid on `background`; 16-bit grey is scaled to 8 bits.

    Args:
        enough: a JPEG is decoded at a half, a quarter or an eighth of its size when its short side keeps at least this many pixels,
            which is much faster for large photographs; by default every picture is decoded whole.
        alpha: keep transparency: the picture is RGBA.

    Raises:
        StudioError: missing, too large, of another format, or damaged; the sentence names the file and the remedy.
    """
    path = Path(path)
    with _opened(path) as opened:
        try:
            if enough is not None:
                opened.draft(opened.mode, (enough, enough))
            opened.load()
        except Exception as error:
            raise StudioError(f"{path.name} is damaged and cannot be decoded: save it again or leave it out") from error
        return _turned(opened).convert("RGBA") if alpha and opened.has_transparency_data else _opaque(_turned(opened), background, alpha)


def _opaque(picture: Image.Image, background: tuple[int, int, int], alpha: bool) -> Image.Image:
    return to_rgb(picture, background).convert("RGBA") if alpha else to_rgb(picture, background)


def read_header(path: Path | str) -> Header:
    """Format and shown size of a picture file, under the same caps as `safe_open`, without decoding it.

    Raises:
        StudioError: missing, too large, or of another format.
    """
    with _opened(Path(path)) as opened:
        try:
            sideways = opened.getexif().get(ExifTags.Base.Orientation) in (5, 6, 7, 8)
        except Exception:  # as in _turned
            sideways = False
        width, height = opened.size[::-1] if sideways else opened.size
        return Header(str(opened.format), width, height)


def _opened(path: Path) -> Image.Image:
    """A picture file whose caps and format are checked and whose pixels are not read yet."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise StudioError(f"{path.name} cannot be read: {error.strerror or error}") from error
    if not path.is_file():
        raise StudioError(f"{path.name} is not a file: choose a JPEG, PNG or WEBP picture")
    if size > MAX_BYTES:
        raise StudioError(f"{path.name} has {size / 2**20:.0f} MB, more than the {MAX_BYTES // 2**20} MB allowed: save it smaller")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            opened = Image.open(path, formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise StudioError(f"{path.name} has more than {MAX_PIXELS // 10**6} megapixels: make it smaller") from error
    except Exception as error:
        raise StudioError(f"{path.name} is not a JPEG, PNG or WEBP picture: convert it to one of these") from error
    if opened.width * opened.height > MAX_PIXELS:
        opened.close()
        size_text = f"{opened.width} × {opened.height} pixels, more than the {MAX_PIXELS // 10**6} megapixels allowed"
        raise StudioError(f"{path.name} is {size_text}: make it smaller")
    return opened


def _turned(picture: Image.Image) -> Image.Image:
    """Apply the EXIF orientation; broken EXIF data leaves the picture as it is."""
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # EXIF comes from anybody, and Pillow's parser raises many kinds of error on it
        return picture.copy()


def to_rgb(picture: Image.Image, background: tuple[int, int, int] = WHITE) -> Image.Image:
    """Any mode to RGB: transparency laid on `background`, 16-bit and float grey scaled to 8 bits."""
    if picture.mode.startswith("I") or picture.mode == "F":
        values = np.asarray(picture, dtype=np.float64)
        values = values / 257 if picture.mode.startswith("I") else values * (255 if values.max(initial=0) <= 1 else 1)
        return Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8)).convert("RGB")
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        ground = Image.new("RGBA", layer.size, (*background, 255))
        return Image.alpha_composite(ground, layer).convert("RGB")
    return picture.convert("RGB")


def centre_rectangle(picture: Image.Image, size: int, aspect: float = 1.0) -> Image.Image:
    """The largest centred rectangle of an aspect ratio (width / height), resized with Lanczos to `size` × `size`."""
    width = max(1, min(picture.width, round(picture.height * aspect)))
    height = max(1, min(picture.height, round(picture.width / aspect)))
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    return picture.resize((size, size), Image.Resampling.LANCZOS, box=(left, top, left + width, top + height))


def centre_square(picture: Image.Image, size: int) -> Image.Image:
    """The largest centred square, resized with Lanczos to `size` × `size`."""
    return centre_rectangle(picture, size)


def letterbox(picture: Image.Image, size: int, background: tuple[int, int, int] = WHITE) -> Image.Image:
    """The whole picture, scaled to fit a `size` × `size` square and centred on `background`; a transparent one on nothing."""
    return ImageOps.pad(picture, (size, size), Image.Resampling.LANCZOS, color=_ground(picture, background))


def _ground(picture: Image.Image, colour: tuple[int, int, int]) -> tuple[int, ...]:
    return (*colour, 0) if picture.mode == "RGBA" else colour


def squeeze(picture: Image.Image, size: int) -> Image.Image:
    """The whole picture, resized to `size` × `size` whatever its aspect."""
    return picture.resize((size, size), Image.Resampling.LANCZOS)


def within(picture: Image.Image, side: int) -> Image.Image:
    """The whole picture with a longer side of at most `side` pixels; the picture itself when it has no more."""
    scale = side / max(picture.size)
    if scale >= 1:
        return picture
    return picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))), Image.Resampling.LANCZOS)


def padded_rectangle(picture: Image.Image, size: int, height: int, width: int) -> Image.Image:
    """The largest centred rectangle of an aspect, `height` × `width` pixels, in the middle of a white `size` × `size` square; of a
    transparent picture, of an empty one."""
    aspect = width / height
    across, down = max(1, min(picture.width, round(picture.height * aspect))), max(1, min(picture.height, round(picture.width / aspect)))
    left, top = (picture.width - across) // 2, (picture.height - down) // 2
    inner = picture.resize((width, height), Image.Resampling.LANCZOS, box=(left, top, left + across, top + down))
    canvas = Image.new(picture.mode, (size, size), _ground(picture, WHITE))
    canvas.paste(inner, ((size - width) // 2, (size - height) // 2))
    return canvas


def rectangle(framing: str) -> tuple[int, int] | None:
    """Height and width that a framing such as "rectangle 64x48" asks for; None for any other."""
    found = re.fullmatch(r"rectangle (\d{1,4})x(\d{1,4})", framing)
    return (int(found[1]), int(found[2])) if found else None


def framed(picture: Image.Image, size: int, framing: str) -> Image.Image:
    """A picture as a square of `size` pixels, by a key of `FRAMINGS` or a rectangle padded to a square.

    Raises:
        StudioError: another framing, or a rectangle that is larger than the square.
    """
    shape = rectangle(framing)
    if shape is None and framing in FRAMINGS:
        return FRAMINGS[framing](picture, size)
    if shape is None or not 0 < min(shape) <= max(shape) <= size:
        known = ", ".join(FRAMINGS)
        raise StudioError(f"framing {framing[:40]!r} is unknown: choose one of {known}, or rectangle HxW of at most {size} pixels")
    return padded_rectangle(picture, size, *shape)


FRAMINGS = {"centre square": centre_square, "letterbox": letterbox, "squeeze": squeeze}


def to_tensor(pictures: Sequence[Image.Image]) -> Tensor:
    """RGB pictures of one size → float32 tensor in [-1, 1], shape (n, 3, height, width)."""
    pixels = np.stack([np.asarray(picture) for picture in pictures])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float().div(127.5).sub(1).contiguous()


def to_pictures(tensor: Tensor) -> list[Image.Image]:
    """Tensor in [-1, 1], shape (n, 1, 3 or 4, height, width) → RGB pictures, or RGBA ones where there are four channels."""
    pixels = tensor.detach().float().cpu().clamp(-1, 1).add(1).mul(127.5).round().to(torch.uint8)
    pixels = (pixels.expand(-1, 3, -1, -1) if pixels.shape[1] == 1 else pixels).permute(0, 2, 3, 1)
    return [Image.fromarray(picture.numpy().copy()) for picture in pixels]


def sheet(pictures: Sequence[Image.Image], columns: int, gap: int = 2, background: tuple[int, int, int] = WHITE) -> Image.Image:
    """Pictures of one size side by side in rows of `columns`, `gap` pixels apart."""
    width, height = pictures[0].size
    rows = -(-len(pictures) // columns)
    canvas = Image.new("RGB", (columns * (width + gap) - gap, rows * (height + gap) - gap), background)
    for index, picture in enumerate(pictures):
        place = ((index % columns) * (width + gap), (index // columns) * (height + gap))
        canvas.paste(picture, place, picture if picture.mode == "RGBA" else None)
    return canvas


def save_png(
    picture: Image.Image,
    path: Path,
    text: dict[str, str] | None = None,
    dpi: tuple[int, int] | None = None,
    icc_profile: bytes | None = None,
) -> None:
    """Write a PNG that appears only when whole, with text chunks, and with its resolution and colour profile where they are given."""
    chunks = PngImagePlugin.PngInfo()
    for key, value in (text or {}).items():
        chunks.add_itxt(key, value)
    given: dict[str, Any] = {key: value for key, value in {"dpi": dpi, "icc_profile": icc_profile}.items() if value is not None}
    with replacing(path) as temporary:
        picture.save(temporary, format="PNG", pnginfo=chunks, **given)


def picture_files(folder: Path) -> list[Path]:
    """Picture files below a folder, sorted by path; hidden files and links that lead outside the folder are left out.

    Raises:
        StudioError: `folder` is not a folder.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise StudioError(f"{folder} is not a folder: name a folder with pictures in it")
    root = folder.resolve()
    found = []
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in SUFFIXES and not hidden and path.is_file() and path.resolve().is_relative_to(root):
            found.append(path)
    return found
