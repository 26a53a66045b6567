"""Colours as people name them, as light, and as the eye tells them apart."""

import re
from functools import cache

import numpy as np
from PIL import ImageColor

from engines.errors import StudioError

HEX = re.compile(r"#[0-9a-f]{6}")
_TO_CONES = np.array(
    [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566], [0.0883024619, 0.2817188376, 0.6299787005]]
)
_TO_LAB = np.array(
    [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099], [0.0259040371, 0.7827717662, -0.8086757660]]
)


def colour_value(given: str) -> str:
    """A colour given by anybody as "#rrggbb", from that, "#rgb" or a CSS name.

    Raises:
        StudioError: neither.
    """
    text = str(given).strip().lower()
    try:
        if not text.startswith("#") and text not in ImageColor.colormap:
            raise ValueError(text)
        red, green, blue = ImageColor.getrgb(text)[:3]
    except ValueError as error:
        raise StudioError(f"{text[:40]!r} is no colour: give a CSS name such as navy, or #rrggbb such as #1f3a5f") from error
    return f"#{red:02x}{green:02x}{blue:02x}"


def rgb(colour: str) -> np.ndarray:
    """Colour "#rrggbb" to sRGB in [0, 1], float32, shape (3,)."""
    return np.array([int(colour[index : index + 2], 16) for index in (1, 3, 5)], dtype=np.float32) / 255


def hex_of(pixel: np.ndarray) -> str:
    """sRGB in [0, 1], shape (3,), to "#rrggbb"."""
    red, green, blue = (round(float(value) * 255) for value in np.clip(pixel, 0, 1))
    return f"#{red:02x}{green:02x}{blue:02x}"


def to_linear(srgb: np.ndarray) -> np.ndarray:
    """sRGB in [0, 1] to linear light, float32, same shape."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4).astype(np.float32)


def from_linear(linear: np.ndarray) -> np.ndarray:
    """Linear light to sRGB in 8 bits, same shape."""
    return _levels()[(np.clip(linear, 0, 1) * 8191 + 0.5).astype(np.int32)]


@cache
def _levels() -> np.ndarray:
    table = np.linspace(0, 1, 8192)
    return np.rint(np.where(table <= 0.0031308, table * 12.92, 1.055 * table ** (1 / 2.4) - 0.055) * 255).astype(np.uint8)


def to_oklab(srgb: np.ndarray) -> np.ndarray:
    """sRGB in [0, 1], shape (..., 3), to OKLab, float32: lightness 0 to 1, and green-red and blue-yellow.

    Source: Ottosson, "A perceptual color space for image processing", 2020.
    """
    cones = np.cbrt(np.clip(to_linear(srgb) @ _TO_CONES.T.astype(np.float32), 0, None))
    return (cones @ _TO_LAB.T.astype(np.float32)).astype(np.float32)


def from_oklab(lab: np.ndarray) -> np.ndarray:
    """OKLab, shape (..., 3), to sRGB, clipped to [0, 1], float32."""
    cones = (lab @ np.linalg.inv(_TO_LAB).T) ** 3
    linear = np.clip(cones @ np.linalg.inv(_TO_CONES).T, 0, 1)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055).astype(np.float32)


NAMED = {
    "black": "#000000 #1b1b1b",
    "dark grey": "#3c3c3c #525252",
    "grey": "#707070 #8c8c8c",
    "light grey": "#adadad #c8c8c8 #dddddd",
    "white": "#ffffff #f6f6f6",
    "dark red": "#5a0f14 #8b0000",
    "red": "#c8102e #ff0000 #e03c31",
    "coral": "#ff7f50 #fa8072",
    "orange": "#ff8c00 #ffa500 #d2691e",
    "brown": "#4b2e20 #6f4628 #8b5a2b #96705b",
    "tan": "#c19a6b #d2b48c",
    "beige": "#e8dcc4 #f5f0dc",
    "yellow": "#ffff00 #ffd700 #f5e27a",
    "mustard": "#c9a227 #b8860b",
    "olive": "#556b2f #808000 #4a4a20",
    "light green": "#90ee90 #b5d8a8",
    "green": "#008000 #00c000 #00ff00 #5a9e5a",
    "dark green": "#003300 #1f4d2b",
    "teal": "#008080 #2f7373",
    "turquoise": "#40e0d0 #00ffff",
    "light blue": "#add8e6 #87ceeb #a9bfe0",
    "blue": "#0000ff #1e63d0 #4682b4 #4a78c8",
    "navy": "#000080 #14204a #1f3a5f",
    "purple": "#800080 #6a3d9a #4b2a63",
    "lilac": "#c8a2c8 #b497d6",
    "magenta": "#ff00ff #c71585",
    "pink": "#ffc0cb #ff69b4 #e8a0b0",
}
"""Plain names, and colours that each of them is good for: what has a tint that is hardly seen is grey, not the name of the tint."""


def name_of(colour: str) -> str:
    """The plain name that fits a colour "#rrggbb" best, as the eye tells colours apart."""
    names, places = _named()
    return names[int(np.argmin(((places - to_oklab(rgb(colour))) ** 2).sum(axis=1)))]


@cache
def _named() -> tuple[list[str], np.ndarray]:
    known = [(name, colour) for name, colours in NAMED.items() for colour in colours.split()]
    return [name for name, _ in known], to_oklab(np.stack([rgb(colour) for _, colour in known]))
