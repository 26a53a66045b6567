"""The colour of a swapped garment: washes of denim, dyes of leather, or any colour."""

import cv2
import numpy as np

from engines.errors import StudioError

WASHES = {
    "denim": {"indigo": "#2c4263", "light blue": "#8aa6c4", "grey": "#7b7f86", "black": "#2b2c31", "ecru": "#dcd3bf"},
    "leather": {"black": "#282526", "brown": "#4f3326", "tan": "#a8713f", "oxblood": "#571f24", "cream": "#d8cbb5"},
}
CALM = 0.15
FLAT = 0.55
LIFT = 30.0
LIGHT = 82.0


def washes(target: str) -> tuple[str, ...]:
    """Names of the washes that a material has; those of all materials for one that has none of its own."""
    own = WASHES.get(target)
    return tuple(own if own is not None else dict.fromkeys(name for names in WASHES.values() for name in names))


def wash_colour(wash: str, target: str) -> str | None:
    """The colour "#rrggbb" of a wash of the material `target`; None for the empty wash, which leaves the network's own.

    Args:
        wash: a name, looked for in the material's own washes first, or "#rrggbb".

    Raises:
        StudioError: an unknown name.
    """
    if not wash or wash.startswith("#"):
        return wash or None
    for names in (WASHES.get(target, {}), *WASHES.values()):
        if wash in names:
            return names[wash]
    raise StudioError(f"there is no wash {wash!r}: choose one of {', '.join(washes(target))}, or a colour such as #1f3a5f")


def to_lab(pixels: np.ndarray) -> np.ndarray:
    """sRGB in [0, 1], float32, shape (h, w, 3) → CIELAB (L 0 to 100), float32, same shape."""
    return cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB)


def from_lab(lab: np.ndarray) -> np.ndarray:
    """CIELAB, float32, shape (h, w, 3) → sRGB, clipped to [0, 1]."""
    return np.clip(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), 0, 1)


def dye(centre: np.ndarray, colour: str) -> tuple[np.ndarray, np.ndarray]:
    """The gain and shift, shape (3,) each in CIELAB, that turn cloth of a mean colour into cloth of another.

    Folds and weave keep their contrast as far as the new colour has room for it: very dark and very light cloth is calmer, and
    cloth of little colour varies little in colour.

    Args:
        centre: mean colour of the cloth in CIELAB, shape (3,).
        colour: "#rrggbb".
    """
    rgb = np.array([[[int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]]], np.float32)
    wanted = to_lab(rgb)[0, 0]
    contrast = min((wanted[0] + LIFT) / (centre[0] + LIFT), (100 - wanted[0]) / (100 - LIGHT), 1.0)
    chroma = np.hypot(*wanted[1:]) / max(float(np.hypot(*centre[1:])), 1e-3)
    gain = np.array([max(contrast, FLAT), *[np.clip(chroma, CALM, 1.0)] * 2], np.float32)
    return gain, (wanted - gain * centre).astype(np.float32)
