"""Distinct pictures drawn cheaply, and what goes wrong with pictures."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont


def scene(seed: int, width: int = 96, height: int = 96) -> Image.Image:
    """Soft ground, a dozen sharp shapes, fine grain: as different from another seed's as two photographs."""
    random = np.random.default_rng(seed)
    ground = Image.fromarray(random.integers(30, 226, (4, 4, 3), dtype=np.uint8)).resize((width, height), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(ground)
    for _ in range(12):
        x, y = random.integers(0, width), random.integers(0, height)
        w, h = random.integers(6, width // 2), random.integers(6, height // 2)
        shape = draw.ellipse if random.random() < 0.5 else draw.rectangle
        shape((int(x), int(y), int(x + w), int(y + h)), fill=tuple(random.integers(0, 256, 3).tolist()))
    grain = random.normal(0, 6, (height, width, 1))
    return Image.fromarray(np.clip(np.asarray(ground) + grain, 0, 255).astype(np.uint8))


def page(size: int = 400, letters: int = 20) -> Image.Image:
    """A page of print."""
    drawn = Image.new("RGB", (size, size), (250, 248, 240))
    draw = ImageDraw.Draw(drawn)
    for line in range(10, size - letters, int(letters * 1.5)):
        draw.text((10, line), "every designer waits for new fabric from the mill", fill=(20, 20, 30), font=ImageFont.load_default(letters))
    return drawn
