"""Colour transfer inside a mask: what a swap has to be better than."""

from dataclasses import dataclass

import numpy as np

from engines.translation.washes import from_lab, to_lab

LEAST = 1e-3


@dataclass(frozen=True)
class Colours:
    """Mean and deviation of lightness, green-red and blue-yellow (CIE Lab), shape (3,) each."""

    mean: np.ndarray
    deviation: np.ndarray


def colours_of(pixels: np.ndarray, weight: np.ndarray) -> Colours | None:
    """Colours of the garment of a picture: uint8, shape (h, w, 3), weight in [0, 1], shape (h, w); None where there is none."""
    inside = weight > 0.5
    if not inside.any():
        return None
    lab = to_lab(pixels.astype(np.float32) / 255)[inside]
    return Colours(lab.mean(axis=0), lab.std(axis=0))


def transfer_colours(pixels: np.ndarray, weight: np.ndarray, wanted: Colours) -> np.ndarray:
    """Give the garment of a picture the mean and deviation of other colours; uint8, shape (h, w, 3) → the same.

    Outside the weight, shape (h, w), the picture stays as it is.

    Source: Reinhard et al., "Color Transfer between Images", IEEE Computer Graphics and Applications 21(5), 2001, in CIE Lab.
    """
    present = colours_of(pixels, weight)
    if present is None:
        return pixels.copy()
    part = pixels.astype(np.float32) / 255
    lab = to_lab(part)
    scale = (wanted.deviation / np.maximum(present.deviation, LEAST)).astype(np.float32)
    new = from_lab(((lab - present.mean) * scale + wanted.mean).astype(np.float32))
    mixed = part + weight[..., None] * (new - part)
    result = (np.clip(mixed, 0, 1) * 255).round().astype(np.uint8)
    result[weight == 0] = pixels[weight == 0]
    return result
