"""What can be measured about a picture without a model: names that a direction may be given in honesty."""

from collections.abc import Callable, Iterable

import numpy as np

from engines.evaluation.features import as_rgb

Attribute = Callable[[np.ndarray], np.ndarray]
"""RGB in [0, 1], shape (n, 3, h, w) → one number a picture, shape (n,)."""
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32).reshape(1, 3, 1, 1)
"""Weights of red, green and blue in the luma. Source: ITU-R BT.601, section 2.5.1."""


def _luma(rgb: np.ndarray) -> np.ndarray:
    return (rgb * LUMA).sum(axis=1)


def brightness(rgb: np.ndarray) -> np.ndarray:
    """Mean luma, 0 to 1."""
    return _luma(rgb).mean(axis=(1, 2))


def contrast(rgb: np.ndarray) -> np.ndarray:
    """Standard deviation of the luma, 0 to 0.5."""
    return _luma(rgb).std(axis=(1, 2))


def warmth(rgb: np.ndarray) -> np.ndarray:
    """How much more red than blue, -1 to 1."""
    return (rgb[:, 0] - rgb[:, 2]).mean(axis=(1, 2))


def colourfulness(rgb: np.ndarray) -> np.ndarray:
    """How far colours are from grey and from one another.

    Source: Hasler and Süsstrunk, "Measuring colourfulness in natural images", SPIE 5007 (2003).
    """
    first, second = rgb[:, 0] - rgb[:, 1], (rgb[:, 0] + rgb[:, 1]) / 2 - rgb[:, 2]
    spread = np.sqrt(first.var(axis=(1, 2)) + second.var(axis=(1, 2)))
    mean = np.sqrt(first.mean(axis=(1, 2)) ** 2 + second.mean(axis=(1, 2)) ** 2)
    return spread + 0.3 * mean


def detail(rgb: np.ndarray) -> np.ndarray:
    """Mean step of the luma from one pixel to the next, downwards and across together, 0 to 2."""
    luma = _luma(rgb)
    return np.abs(np.diff(luma, axis=1)).mean(axis=(1, 2)) + np.abs(np.diff(luma, axis=2)).mean(axis=(1, 2))


def light_above(rgb: np.ndarray) -> np.ndarray:
    """How much lighter the upper half is than the lower one, in mean luma, -1 to 1."""
    luma = _luma(rgb)
    half = luma.shape[1] // 2
    return luma[:, :half].mean(axis=(1, 2)) - luma[:, half:].mean(axis=(1, 2))


def light_middle(rgb: np.ndarray) -> np.ndarray:
    """How much lighter the middle, a quarter of the picture, is than the whole, in mean luma, -1 to 1."""
    luma = _luma(rgb)
    quarter = luma.shape[1] // 4
    middle = luma[:, quarter:-quarter, quarter:-quarter].mean(axis=(1, 2))
    return middle - luma.mean(axis=(1, 2))


ATTRIBUTES: dict[str, Attribute] = {
    "brightness": brightness,
    "contrast": contrast,
    "warmth": warmth,
    "colourfulness": colourfulness,
    "detail": detail,
    "light above": light_above,
    "light in the middle": light_middle,
}
NAMES = {
    "brightness": "Darker ↔ brighter",
    "contrast": "Flatter ↔ more contrast",
    "warmth": "Cooler ↔ warmer",
    "colourfulness": "Greyer ↔ more colourful",
    "detail": "Plainer ↔ busier",
    "light above": "Light below ↔ light above",
    "light in the middle": "Light at the edge ↔ in the middle",
}


def measure(pixels: np.ndarray, names: Iterable[str] = tuple(ATTRIBUTES)) -> dict[str, np.ndarray]:
    """Attributes of pictures, all by default: uint8, shape (n, channels, h, w) → name → shape (n,)."""
    rgb = as_rgb(pixels).astype(np.float32) / 255
    return {name: ATTRIBUTES[name](rgb) for name in names}
