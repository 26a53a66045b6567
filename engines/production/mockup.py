"""A graphic on a garment: drawn cloth whose folds shade and bend the print."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image

from engines.errors import StudioError
from engines.finishing import Mockup
from engines.production.cloth import Frame, blurred, fold_heights, knit, lit, slopes, wrinkles
from engines.production.colour import HEX, from_linear, rgb, to_linear
from engines.production.garments import GARMENTS, LOOKS, Garment

COLOURS = {
    "white": "#f4f3ef", "natural": "#e6dcc6", "heather grey": "#b4b4b5", "charcoal": "#3d3f43", "black": "#1d1d1f", "navy": "#1f2a44",
    "royal blue": "#2450a4", "sky blue": "#a9c8e0", "bottle green": "#1f4534", "sage": "#a3b195", "red": "#b3202c", "burgundy": "#5a1a2b",
    "coral": "#e57a63", "mustard": "#d29d2c", "sand": "#cdb894", "brown": "#5b4334", "lilac": "#b9a7cf", "pink": "#e9b8c1",
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Where a print goes: its middle and the largest size it usually has, in millimetres on the garment."""

    across: float
    down: float
    width: float
    height: float


PLACES = {
    "t-shirt": {
        "chest": Place(0, 270, 280, 300),
        "centre": Place(0, 330, 300, 400),
        "left chest": Place(95, 190, 90, 90),
        "full": Place(0, 390, 380, 500),
    },
    "tote": {
        "chest": Place(0, 215, 260, 280),
        "centre": Place(0, 225, 280, 300),
        "left chest": Place(95, 110, 90, 90),
        "full": Place(0, 225, 340, 360),
    },
}
MIN_SIDE, MAX_SIDE = 200, 4096
KEPT_SIDE = 800


def mockup_value(given: Mockup) -> Mockup:
    """A mock-up given by anybody, checked.

    Raises:
        StudioError: an unknown garment, look, place or colour, or a number out of its range.
    """
    for name, known in (("garment", GARMENTS), ("look", LOOKS), ("place", PLACES.get(given.garment, ()))):
        if getattr(given, name) not in known:
            raise StudioError(f"there is no {name} {str(getattr(given, name))[:40]!r}: choose one of {', '.join(known)}")
    colour = str(given.colour).strip().lower()
    if colour not in COLOURS and not HEX.fullmatch(colour):
        raise StudioError(f"there is no garment colour {colour[:40]!r}: choose one of {', '.join(COLOURS)}, or a colour such as #1f3a5f")
    for name, low, high in (
        ("scale", 5, 200), ("across", -400, 400), ("down", -400, 400), ("rotation", -180, 180), ("folds", 0, 150),
        ("seed", 0, 2**31 - 1), ("side", MIN_SIDE, MAX_SIDE),
    ):  # fmt: skip
        value = getattr(given, name)
        whole = name in ("seed", "side")
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float) or not low <= value <= high:
            kind = "whole number" if whole else "number"
            raise StudioError(f"a mock-up's {name} is a {kind} from {low} to {high}, got {str(value)[:40]}: choose another")
    return Mockup(**{**given.__dict__, "colour": colour})


def print_size(graphic: tuple[int, int], mockup: Mockup) -> tuple[float, float]:
    """Width and height in millimetres that a graphic of some pixels has on the garment."""
    place = PLACES[mockup.garment][mockup.place]
    factor = min(place.width / graphic[0], place.height / graphic[1]) * mockup.scale / 100
    return graphic[0] * factor, graphic[1] * factor


def draw_mockup(graphic: Image.Image, mockup: Mockup) -> Image.Image:
    """Draw a garment with a graphic printed on it; the same values give the same picture.

    Args:
        graphic: RGB, or RGBA whose transparency lets the cloth show.

    Returns:
        An RGB picture, `mockup.side` pixels square.

    Raises:
        StudioError: as `mockup_value`.
    """
    mockup = mockup_value(mockup)
    sewing = _sewn if mockup.side <= KEPT_SIDE else _sewn.__wrapped__
    sewn = sewing(mockup.garment, mockup.look, mockup.folds, mockup.seed, mockup.side)
    dyed = to_linear(rgb(COLOURS.get(mockup.colour, mockup.colour)))
    stitches, frame = sewn.stitches, sewn.frame
    albedo = dyed * (1 + 0.045 * stitches[..., None])
    if mockup.colour.startswith("heather"):
        fleck = cv2.GaussianBlur(stitches, (0, 0), sigmaX=0.11 * frame.scale + 0.3, sigmaY=0.3)
        albedo = albedo * (1 + 0.13 * np.clip(fleck * 2, -1.5, 1.5))[..., None]
    ink, cover = _printed(graphic, mockup, sewn.garment, frame, sewn.folds)
    cover = cover * sewn.printable * 0.985
    albedo = albedo * (1 - cover[..., None]) + ink * (1 + 0.03 * stitches[..., None])  # the ink is premultiplied
    fuzz = 0.012 + 0.03 * float(1 - dyed.mean())
    front = 0.9 * albedo * sewn.diffuse[..., None] + (fuzz * sewn.sheen * (1 - 0.4 * cover))[..., None]
    picture = sewn.ground
    if sewn.inner is not None:
        picture = _over(picture, dyed * sewn.inner[..., None], _filled(sewn.garment.inside, frame))
    return Image.fromarray(from_linear(_over(picture, front, sewn.cloth)))


@dataclass(frozen=True)
class _Sewn:
    """A garment before it is dyed and printed; arrays of the picture's size.

    Attributes:
        cloth: how much of a pixel is garment; printable: how much of it takes the print.
        folds: heights in centimetres; diffuse, sheen: the light on them; stitches: the knit.
        ground: what is behind, in linear light; inner: the light on the cloth's inside, where it shows.
    """

    garment: Garment
    frame: Frame
    cloth: np.ndarray
    printable: np.ndarray
    folds: np.ndarray
    diffuse: np.ndarray
    sheen: np.ndarray
    stitches: np.ndarray
    ground: np.ndarray
    inner: np.ndarray | None


@lru_cache(maxsize=4)
def _sewn(name: str, look: str, strength: float, seed: int, side: int) -> _Sewn:
    """All of a mock-up that does not depend on graphic and colour: most of the work, kept while the graphic is moved about."""
    garment = GARMENTS[name](look, seed)
    frame = Frame(*garment.frame, side)
    body = _filled(garment.body, frame)
    cloth = np.maximum.reduce([body, *(_filled(part, frame) for part in garment.parts)])
    soft, folds = _heights(garment, frame.coarse(), strength, seed)
    full = (frame.pixels, frame.pixels)
    smooth = blurred(cv2.resize(soft, full, interpolation=cv2.INTER_CUBIC), frame, 0.16)
    diffuse, sheen = lit(smooth + _sewing(garment, frame, cloth, body), frame)
    folds = cv2.resize(folds, full, interpolation=cv2.INTER_CUBIC)
    printable = body * (1 - _bands(garment, frame))
    inner = _inner_light(garment, frame) if len(garment.inside) else None
    return _Sewn(garment, frame, cloth, printable, folds, diffuse, sheen, knit(frame, seed), _ground(frame, cloth, garment), inner)


def _heights(garment: Garment, coarse: Frame, percent: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The garment's height field with folds, and the folds alone, on the coarse frame."""
    cloth = np.maximum.reduce([_filled(outline, coarse) for outline in garment.volume])
    edge = cv2.distanceTransform((np.pad(cloth, 2) > 0.5).astype(np.uint8), cv2.DIST_L2, 5)[2:-2, 2:-2] / coarse.scale
    inwards = np.clip(edge / garment.roundness, 0, 1)
    round_body = garment.roundness * garment.fullness * np.sqrt(np.clip(1 - (1 - inwards) ** 2, 0, 1))
    round_body = blurred(round_body, coarse, 0.35 + 0.07 * garment.roundness)
    rough = 0.11 * wrinkles(coarse, seed + 1, 9.0, 2.2) + 0.05 * wrinkles(coarse, seed + 2, 4.0, 1.6, sharp=0.6)
    rough += 0.012 * wrinkles(coarse, seed + 3, 1.7, 1.2, sharp=0.4)
    strength = percent / 100
    folds = (1.9 * fold_heights(garment.folds, coarse) + 2.4 * garment.wrinkled * rough) * strength
    return (round_body + folds).astype(np.float32), folds.astype(np.float32)


def _sewing(garment: Garment, frame: Frame, cloth: np.ndarray, body: np.ndarray) -> np.ndarray:
    """Heights of seams, stitches and ribbing in centimetres."""
    heights = -0.05 * blurred(_stroke(garment.seams, frame, 0.16), frame, 0.07) + 0.03 * blurred(
        _stroke(garment.seams, frame, 0.7), frame, 0.2
    )
    heights -= 0.022 * blurred(_stroke(_dashes(garment.stitches, frame), frame, 0.09), frame, 0.03)
    heights -= 0.014 * blurred(_stroke(garment.stitches, frame, 0.35), frame, 0.12)
    bands = _bands(garment, frame)
    heights += 0.06 * blurred(bands, frame, 0.06)
    if any(ribbed for *_, ribbed in garment.bands):
        x, y = frame.positions()
        rib = np.sin(np.arctan2(y + 3.0, x * 1.25) * 150)
        heights += 0.006 * rib * bands
    return heights.astype(np.float32)


def _bands(garment: Garment, frame: Frame) -> np.ndarray:
    bands = np.zeros((frame.pixels, frame.pixels), dtype=np.float32)
    for line, width, ribbed in garment.bands:
        bands = np.maximum(bands, _stroke([line], frame, 2 * width if ribbed else width))
    return bands


def _printed(graphic: Image.Image, mockup: Mockup, garment: Garment, frame: Frame, folds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The print as the folded cloth shows it: linear colour times cover, shape (n, n, 3), and cover, shape (n, n)."""
    place = PLACES[mockup.garment][mockup.place]
    width, height = (size / 10 for size in print_size(graphic.size, mockup))
    fine = (max(2, round(width * frame.scale)), max(2, round(height * frame.scale)))
    # a graphic below the picture's own fineness is enlarged here, one above it reduced: remap alone would alias
    layer = np.asarray(_premultiplied(graphic, fine), dtype=np.float32)
    x, y = frame.positions()
    across, down = slopes(blurred(folds, frame, 0.35), frame)
    if garment.curve:
        x = garment.curve * np.arcsin(np.clip(x / garment.curve, -1, 1))
    x = x + 0.5 * across - (place.across + mockup.across) / 10
    y = y + 0.5 * down - (place.down + mockup.down) / 10
    angle = np.deg2rad(mockup.rotation)
    u = (x * np.cos(angle) + y * np.sin(angle)) / width + 0.5
    v = (-x * np.sin(angle) + y * np.cos(angle)) / height + 0.5
    to_x, to_y = (u * fine[0] - 0.5).astype(np.float32), (v * fine[1] - 0.5).astype(np.float32)
    found = cv2.remap(layer, to_x, to_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT, borderValue=(0, 0, 0, 0))
    found = np.clip(found, 0, 1)
    return found[..., :3], found[..., 3]


def _premultiplied(graphic: Image.Image, size: tuple[int, int]) -> np.ndarray:
    pixels = np.asarray(graphic.convert("RGBA"), dtype=np.float32) / 255
    layer = np.concatenate([to_linear(pixels[..., :3]) * pixels[..., 3:], pixels[..., 3:]], axis=2)
    smaller = size[0] < graphic.width
    return np.clip(cv2.resize(layer, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC), 0, 1)


def _inner_light(garment: Garment, frame: Frame) -> np.ndarray:
    """The light on the cloth's inside behind the neck: in the shadow of the front, with the back's collar above."""
    _, y = frame.positions()
    mask = _filled(garment.inside, frame)
    depth = np.clip(1 - blurred(mask, frame, 1.6), 0, 1)
    points = garment.inside[: len(garment.inside) // 3]
    collar = _stroke([points], frame, 4.2) * mask
    light = 0.40 + 0.12 * np.clip(1 - y / 10, 0, 1) - 0.25 * depth + 0.16 * collar
    tape = blurred(_stroke([points + np.array([0, 2.15])], frame, 0.22), frame, 0.05)
    return np.clip(light - 0.14 * tape, 0.04, 1)


def _ground(frame: Frame, cloth: np.ndarray, garment: Garment) -> np.ndarray:
    """Light paper with the garment's shadow."""
    x, y = frame.positions()
    falloff = 1.0 - 0.10 * np.hypot((x - frame.left) / frame.span - 0.35, (y - frame.top) / frame.span - 0.3)
    right, down, soft = garment.shadow
    shift = np.array([[1, 0, right * frame.scale], [0, 1, down * frame.scale]], dtype=np.float32)
    near = cv2.warpAffine(blurred(cloth, frame, soft), shift, cloth.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    wide = cv2.warpAffine(
        blurred(cloth, frame, soft * 2.6), 2 * shift - np.eye(2, 3, dtype=np.float32), cloth.shape[::-1], borderMode=cv2.BORDER_REPLICATE
    )
    paper = to_linear(rgb("#e9e7e3"))
    dark = 1 - 0.34 * near - 0.2 * wide
    return paper * (falloff * dark)[..., None]


def _filled(outline: np.ndarray, frame: Frame) -> np.ndarray:
    """How much of each pixel a closed outline covers, float32, shape (pixels, pixels)."""
    finer = Frame(frame.left, frame.top, frame.span, frame.pixels * (3 if frame.pixels <= 1600 else 2))
    mask = np.zeros((finer.pixels, finer.pixels), dtype=np.uint8)
    cv2.fillPoly(mask, [_fixed(outline, finer)], 255, cv2.LINE_8, 4)
    return cv2.resize(mask, (frame.pixels, frame.pixels), interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def _stroke(lines: list[np.ndarray] | tuple[np.ndarray, ...], frame: Frame, width: float) -> np.ndarray:
    """Lines of a width in centimetres as a mask, fainter where they are thinner than a pixel."""
    mask = np.zeros((frame.pixels, frame.pixels), dtype=np.uint8)
    pixels = width * frame.scale
    cv2.polylines(mask, [_fixed(line, frame) for line in lines], False, 255, max(1, round(pixels)), cv2.LINE_AA, 4)
    return mask.astype(np.float32) / 255 * min(1.0, pixels)


def _dashes(lines: tuple[np.ndarray, ...], frame: Frame) -> list[np.ndarray]:
    """Threads of 3 mm with 1 mm between."""
    found = []
    for line in lines:
        steps = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
        for start in np.arange(0, steps[-1] - 0.3, 0.4):
            at = np.array([start, start + 0.15, start + 0.3])
            found.append(np.stack([np.interp(at, steps, line[:, 0]), np.interp(at, steps, line[:, 1])], axis=1))
    return found


def _fixed(points: np.ndarray, frame: Frame) -> np.ndarray:
    return np.rint(frame.to_pixels(points) * 16).astype(np.int32)


def _over(below: np.ndarray, above: np.ndarray, cover: np.ndarray) -> np.ndarray:
    return below + (above - below) * cover[..., None]
