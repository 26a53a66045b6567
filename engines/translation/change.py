"""What a translator changes in a picture, taken apart into colour, shading and texture, and put into pictures of any size."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engines.recipe import Look
from engines.translation.detail import LocalFit, enlarged, local_fit, reduced, spread
from engines.translation.washes import dye, from_lab, to_lab, wash_colour

BROAD = 40
FLAT_LIGHTNESS = 3.0
CORE = 0.6
STRIP = 64

Draw = Callable[[np.ndarray], np.ndarray]
"""sRGB in [0, 1], float32, shape (h, w, 3) → what the network draws, same shape."""


@dataclass(frozen=True)
class Change:
    """The difference between a view and its translation, in CIELAB.

    Attributes:
        broad: colour and shading, each a function of the lightness around, so that they follow edges at any size.
        fine: what these leave over, the texture: float32, shape (h, w, 3) at the finest size that was drawn.
        cloth: CIELAB of the garment at the working size, shape (n, 3); lightness alone is its first column.
    """

    broad: LocalFit
    fine: np.ndarray
    cloth: np.ndarray
    cloth_change: np.ndarray


def observed_change(pixels: np.ndarray, weight: np.ndarray | None, draw: Draw, side: int, finer: int) -> Change:
    """Let a network draw a view, and see what it changed.

    Outside the garment the network is shown white, as in most of the pictures it learned from, and what it does there is not counted: at
    the outline the change inside is continued.

    Args:
        pixels: sRGB, float32 in [0, 1], shape (h, w, 3).
        weight: where the garment is, float32 in [0, 1], shape (h, w); None for everywhere.
        side: longer side in pixels at which colour, shading and coarse texture are drawn; smaller views are drawn as they are.
        finer: how many times larger finer texture is drawn, where the view has the pixels; 1 for not at all.
    """
    size = _working(pixels.shape, side)
    garment = pixels if weight is None else pixels * weight[..., None]
    lab, change, inside = _drawn(garment, weight, draw, size)
    whole = size == pixels.shape[:2]
    broad = local_fit(np.ascontiguousarray(lab[..., 0]), change, inside, max(1, round(side / BROAD)), FLAT_LIGHTNESS**2)
    fine = change - broad.at(np.ascontiguousarray(lab[..., 0]))
    core = inside > 0.5
    core = core if core.any() else np.ones_like(core)
    cloth, cloth_change = lab[core], (change - fine)[core]
    fine = fine if whole else spread(fine, inside, 0)
    larger = _working(pixels.shape, finer * side)
    if larger[0] * larger[1] > 1.5 * size[0] * size[1]:
        _, detailed, inside = _drawn(garment, weight, draw, larger)
        coarse = reduced(detailed * inside[..., None], size) / np.maximum(reduced(inside, size), 1e-3)[..., None]
        band = (detailed - enlarged(coarse, larger)) * (inside > 0.5)[..., None]
        fine = enlarged(fine, larger) + (band if larger == pixels.shape[:2] else spread(band, inside, 0))
    return Change(broad, fine, cloth, cloth_change)


def changed(pixels: np.ndarray, change: Change, look: Look, target: str) -> np.ndarray:
    """A view with as much of a change in it as a look takes: sRGB, float32 in [0, 1], shape (h, w, 3) → the same.

    Raises:
        StudioError: an unknown wash.
    """
    broad = np.array([look.shading, look.colour, look.colour], np.float32) / 100
    texture, strength = np.float32(look.texture / 100), np.float32(look.strength / 100)
    colour = wash_colour(look.wash, target)
    gain, shift = dye((change.cloth + broad * change.cloth_change).mean(axis=0), colour) if colour else (np.ones(3, np.float32), 0)
    shape = pixels.shape
    slope = enlarged(change.broad.slope * broad, shape)
    rest = enlarged(change.broad.offset * broad, change.fine.shape) + texture * change.fine
    rest = enlarged(rest, shape)
    result = np.empty_like(pixels)
    for top in range(0, shape[0], STRIP):
        rows = slice(top, top + STRIP)
        lab = to_lab(pixels[rows])
        new = (lab + slope[rows] * lab[..., :1] + rest[rows]) * gain + shift
        result[rows] = from_lab(lab + strength * (new - lab))
    return result


def _working(shape: tuple[int, ...], side: int) -> tuple[int, int]:
    """Height and width of a view whose longer side has at most `side` pixels."""
    scale = min(1.0, side / max(shape[:2]))
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def _drawn(garment: np.ndarray, weight: np.ndarray | None, draw: Draw, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """CIELAB of a garment on white at a size, its change, and where both count, shape (h, w), 0 or 1 but for a trace on the outline.

    Args:
        garment: sRGB of the view times its weight, shape (H, W, 3).
    """
    if weight is None:
        shown, inside = reduced(garment, size), np.ones(size, np.float32)
    else:
        covered = reduced(weight, size)
        shown = reduced(garment, size) + (1 - covered[..., None])
        inside = (covered > CORE).astype(np.float32)
        if not inside.any():  # a garment finer than a pixel of the working size
            inside = (covered / max(float(covered.max()), 1e-6)).astype(np.float32)
    lab = to_lab(np.ascontiguousarray(shown))
    return lab, to_lab(draw(shown)) - lab, inside
