"""Garments of many shapes, drawn for the doctor: jackets and trousers of two materials, with and without people."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

SIDE = 160
COLOURS = {"denim": (62, 88, 134), "leather": (44, 30, 26)}
SKIN, HAIR = (222, 172, 142), (58, 40, 30)


def garment(material: str, seed: int, trousers: bool = False, face: bool = False) -> Image.Image:
    """A garment on white ground; its shape and place are those of the seed."""
    random = np.random.default_rng((seed, trousers))
    picture = Image.new("RGB", (SIDE, SIDE), (252, 252, 252))
    draw = ImageDraw.Draw(picture)
    colour = tuple(int(value) for value in np.clip(np.array(COLOURS[material]) + random.integers(-8, 9), 0, 255))
    middle, half = SIDE // 2 + int(random.integers(-14, 15)), int(random.integers(22, 36))
    top, bottom = int(random.integers(46, 58)), int(random.integers(104, 150))
    if trousers:
        gap = int(random.integers(3, 9))
        draw.rectangle((middle - half, top, middle + half, top + 26), fill=colour)
        draw.rectangle((middle - half, top, middle - gap, bottom), fill=colour)
        draw.rectangle((middle + gap, top, middle + half, bottom), fill=colour)
    else:
        draw.polygon([(middle - half, top), (middle + half, top), (middle + half - 6, bottom), (middle - half + 4, bottom)], fill=colour)
        for sign in (-1, 1):
            reach, drop = int(random.integers(16, 30)), int(random.integers(30, 66))
            shoulder = middle + sign * half
            draw.polygon([(shoulder, top), (shoulder + sign * reach, top + drop), (shoulder, top + 26)], fill=colour)
    dark = tuple(value * 2 // 3 for value in colour)
    for _ in range(int(random.integers(2, 6))):
        left, upper = middle + int(random.integers(-half, half - 8)), int(random.integers(top + 6, bottom - 8))
        draw.rectangle((left, upper, left + int(random.integers(4, 14)), upper + int(random.integers(2, 10))), fill=dark)
    if face:
        draw.ellipse((middle - 15, top - 42, middle + 15, top - 12), fill=HAIR)
        draw.ellipse((middle - 13, top - 36, middle + 13, top - 2), fill=SKIN)
    coarse = Image.fromarray(random.integers(20, 236, (9, 9), dtype=np.uint8)).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    folds = 0.2 + np.asarray(coarse, dtype=np.float32)[..., None] / 150
    pixels = np.asarray(picture).astype(np.float32)
    cloth = (pixels.max(axis=2, keepdims=True) < 150) & (np.abs(pixels - np.array(HAIR)).sum(axis=2, keepdims=True) > 0)
    grained = np.clip(pixels * folds + random.integers(-7, 8, (SIDE, SIDE, 1)), 0, 249)
    return Image.fromarray(np.where(cloth, grained, pixels).astype(np.uint8))


def save(picture: Image.Image, folder: Path, name: str, **options: Any) -> Path:
    """Save a picture in a folder that is made for it."""
    folder.mkdir(parents=True, exist_ok=True)
    picture.save(folder / name, **options)
    return folder / name
