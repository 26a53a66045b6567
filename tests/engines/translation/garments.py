"""Garments drawn on grounds, for tests that need a picture with a garment in it and know where it is."""

import numpy as np
from PIL import Image, ImageDraw

JACKET = (58, 60, 66)
SKIN = (222, 168, 140)
HAIR = (70, 40, 20)


def person(
    width: int = 180, height: int = 240, ground: tuple[int, int, int] = (236, 236, 234)
) -> tuple[Image.Image, dict[str, np.ndarray]]:
    """A person in a jacket on a plain ground, and where jacket, face, hair and hands are, bool, shape (height, width)."""
    at = lambda *shares: [round(share * side) for share, side in zip(shares, (width, height) * 2, strict=False)]  # noqa: E731
    shapes: dict[str, list[tuple[str, list[int]]]] = {
        "hair": [("ellipse", at(0.38, 0.03, 0.62, 0.24))],
        "face": [("ellipse", at(0.42, 0.08, 0.58, 0.29))],
        "jacket": [
            ("rectangle", at(0.25, 0.31, 0.75, 0.9)),
            ("rectangle", at(0.16, 0.33, 0.26, 0.72)),
            ("rectangle", at(0.74, 0.33, 0.84, 0.72)),
        ],
        "hands": [("rectangle", at(0.17, 0.725, 0.25, 0.78)), ("rectangle", at(0.75, 0.725, 0.83, 0.78))],
    }
    colours = {"jacket": JACKET, "hands": SKIN, "hair": HAIR, "face": SKIN}
    canvas, parts = Image.new("RGB", (width, height), ground), {}
    for name in ("hair", "face", "jacket", "hands"):
        layer = Image.new("1", (width, height))
        for shape, box in shapes[name]:
            getattr(ImageDraw.Draw(layer), shape)(box, fill=1)
        canvas.paste(Image.new("RGB", (width, height), colours[name]), mask=layer)
        parts[name] = np.asarray(layer)
    parts["hair"] = parts["hair"] & ~parts["face"]
    noise = np.random.default_rng(0).normal(0, 3, (height, width, 1))
    cloth = np.random.default_rng(1).normal(0, 8, (height, width, 1)) * parts["jacket"][..., None]
    return Image.fromarray(np.clip(np.asarray(canvas) + noise + cloth, 0, 255).astype(np.uint8)), parts


def overlap(mask: np.ndarray, part: np.ndarray) -> float:
    """Share of a part, bool, that lies inside a mask, uint8."""
    return float((mask[part] > 127).mean())
