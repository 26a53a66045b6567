"""Shapes that a graphic is cut to, with a hard edge or one that fades."""

from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image

from engines.errors import StudioError
from engines.finishing import Shape
from engines.production.printing import within_mask
from engines.recipe import number_value

Outline = Callable[[np.ndarray, np.ndarray], np.ndarray]
FINER = 4
MASK_SIDE = 1024


def _polygon(corners: int, turn: float) -> Outline:
    """A regular polygon whose corners lie on the unit circle, one of them `turn` turns clockwise from the right."""

    def inside(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        angles = 2 * np.pi * (np.arange(corners) + 0.5) / corners + 2 * np.pi * turn
        reach = np.cos(np.pi / corners)
        return np.all([x * np.cos(angle) + y * np.sin(angle) <= reach for angle in angles], axis=0)

    return inside


def _rounded(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    corner = 0.3
    return np.hypot(np.maximum(np.abs(x) - 1 + corner, 0), np.maximum(np.abs(y) - 1 + corner, 0)) <= corner


def _arch(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (np.abs(x) <= 0.8) & (np.abs(y) <= 1) & ((y >= -0.2) | (np.hypot(x, y + 0.2) <= 0.8))


def _heart(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    across, up = x * 1.16, 0.12 - y * 1.2
    return (across**2 + up**2 - 1) ** 3 - across**2 * up**3 <= 0


SHAPES: dict[str, Outline] = {
    "circle": lambda x, y: np.hypot(x, y) <= 1,
    "rounded": _rounded,
    "diamond": lambda x, y: np.abs(x) + np.abs(y) <= 1,
    "hexagon": _polygon(6, 0.0),
    "arch": _arch,
    "heart": _heart,
    "vignette": lambda x, y: np.hypot(x, y) <= 1,
}
"""Name → what is inside, for x and y from -1 to 1 over the picture, y downwards; a circle in a picture that is not square is an oval."""
VIGNETTE_SOFTNESS = 60.0


def shape_value(given: Shape) -> Shape:
    """A shape given by anybody, checked; a vignette without a softness gets its own.

    Raises:
        StudioError: an unknown kind, or a number out of its range.
    """
    if given.kind not in SHAPES:
        raise StudioError(f"there is no shape {str(given.kind)[:40]!r}: choose one of {', '.join(SHAPES)}")
    softness = number_value(given.softness, "a shape's softness", 100)
    size = number_value(given.size, "a shape's size", 100, 10)
    return Shape(given.kind, VIGNETTE_SOFTNESS if given.kind == "vignette" and not softness else softness, size)


def shape_mask(size: tuple[int, int], shape: Shape) -> Image.Image:
    """The shape as a grey picture of some width and height, white inside.

    A soft edge fades inwards, so that nothing reaches beyond the shape.

    Raises:
        StudioError: as `shape_value`.
    """
    shape = shape_value(shape)
    scale = min(1.0, MASK_SIDE / max(size))
    width, height = (max(8, round(side * scale)) for side in size)
    finer = (width * FINER, height * FINER)
    x, y = np.meshgrid(*((2 * (np.arange(side, dtype=np.float32) + 0.5) / side - 1) * (100 / shape.size) for side in finer))
    inside = SHAPES[shape.kind](x, y).astype(np.uint8)
    reach = shape.softness / 100 * min(width, height) / 2 * FINER * shape.size / 100
    if reach > 1:
        away = cv2.distanceTransform(np.pad(inside, 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
        part = np.clip(away / reach, 0, 1)
        cover = part * part * (3 - 2 * part)
    else:
        cover = inside.astype(np.float32)
    grey = np.rint(cv2.resize(cover.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA) * 255).astype(np.uint8)
    return Image.fromarray(grey).resize(size, Image.Resampling.BICUBIC)


def cut_to_shape(graphic: Image.Image, shape: Shape) -> Image.Image:
    """The graphic inside the shape, RGBA, transparent outside."""
    return within_mask(graphic, shape_mask(graphic.size, shape))
