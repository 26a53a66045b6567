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


def name_of(colour: str) -> str:
    """The CSS name that looks most like a colour "#rrggbb"."""
    names, places = _named()
    return names[int(np.argmin(((places - to_oklab(rgb(colour))) ** 2).sum(axis=1)))]


@cache
def _named() -> tuple[list[str], np.ndarray]:
    known = [name for name in ImageColor.colormap if "grey" not in name]
    return known, to_oklab(np.stack([rgb(colour_value(name)) for name in known]))
