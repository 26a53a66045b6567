"""Which material a garment is made of, judged by crops of the garment alone: no face, no skin, no background.

A swap is judged on the crops that were found in its original, so that a translator gains nothing by moving the crops.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engines import imaging
from engines.errors import StudioError
from engines.evaluation.features import SMALL_SIDE, FeatureSet, cached_features, compute_features, to_images, to_pixels
from engines.evaluation.probe import Probe, accuracy, fit_probe
from engines.progress import Progress, silent

CROPS = 6
SIDES = (4, 5, 6, 8)
PURE = 0.9
WHITE = 225
SMOOTH = 14
BRIGHT = 150
NEAR_WHITE = 245


@dataclass(frozen=True)
class Crop:
    """A rectangle of a picture: its upper left corner, height and width in pixels."""

    top: int
    left: int
    height: int
    width: int

    def of(self, picture: np.ndarray) -> np.ndarray:
        """The crop of a picture, shape (channels, h, w) → (channels, height, width)."""
        return picture[:, self.top : self.top + self.height, self.left : self.left + self.width]


FindCrops = Callable[[np.ndarray], list[Crop]]
"""Picture, uint8, shape (3, h, w) → at least one crop, the same ones for the same picture."""


def garment_mask(picture: np.ndarray) -> np.ndarray:
    """Where a picture shows a garment: neither the plain ground that reaches its border, nor white, nor skin, nor the head.

    Args:
        picture: uint8, shape (3, h, w).

    Returns:
        Shape (h, w), bool.
    """
    skin = skin_mask(picture)
    ground = ground_mask(picture)
    white = picture.min(axis=0) >= WHITE
    mask = ~(ground | white | skin)
    mask[: _chin(skin, ~(ground | white))] = False
    return mask


def ground_mask(picture: np.ndarray) -> np.ndarray:
    """The bright, smooth ground that is connected to the border, shape (h, w), bool: flooded from the border at half the resolution."""
    small = picture[:, ::2, ::2].astype(np.int16)
    bright = small.min(axis=0) >= BRIGHT
    down, right = np.diff(small, axis=1), np.diff(small, axis=2)
    step = np.zeros(small.shape[1:], dtype=np.int16)
    step[1:] = np.abs(down).max(axis=0)
    step[:, 1:] = np.maximum(step[:, 1:], np.abs(right).max(axis=0))
    passable = (bright & (step <= SMOOTH)) | (small.min(axis=0) >= WHITE)
    flooded = np.zeros_like(passable)
    flooded[0], flooded[-1], flooded[:, 0], flooded[:, -1] = passable[0], passable[-1], passable[:, 0], passable[:, -1]
    while True:
        grown = flooded.copy()
        grown[1:] |= flooded[:-1]
        grown[:-1] |= flooded[1:]
        grown[:, 1:] |= flooded[:, :-1]
        grown[:, :-1] |= flooded[:, 1:]
        grown &= passable
        if (grown == flooded).all():
            break
        flooded = grown
    height, width = picture.shape[1:]
    return flooded.repeat(2, axis=0).repeat(2, axis=1)[:height, :width]


def skin_mask(picture: np.ndarray) -> np.ndarray:
    """Pixels of the colour of skin, shape (h, w), bool. Source: Chai and Ngan, IEEE Trans. CSVT 9(4), 1999: bounds on Cb and Cr."""
    red, green, blue = picture.astype(np.float32)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    cb, cr = 128 + 0.564 * (blue - luma), 128 + 0.713 * (red - luma)
    return (cb >= 77) & (cb <= 127) & (cr >= 135) & (cr <= 173) & (luma > 50)


def _chin(skin: np.ndarray, figure: np.ndarray) -> int:
    """The row below a head: where the skin in the upper quarter of the figure thins out; 0 where there is no head."""
    rows = np.flatnonzero(figure.sum(axis=1) > 0.02 * figure.shape[1])
    if not len(rows):
        return 0
    top, tall = int(rows[0]), int(rows[-1] - rows[0] + 1)
    upper = slice(top, top + max(1, tall // 4))
    share = skin[upper].sum(axis=1) / np.maximum(figure[upper].sum(axis=1), 1)
    if skin[upper].sum() < 0.002 * figure.size or share.max(initial=0) < 0.25:
        return 0
    return top + int(np.flatnonzero(share >= 0.2)[-1]) + 1


def garment_crops(picture: np.ndarray, crops: int = CROPS) -> list[Crop]:
    """Squares of garment, the purest and largest first, overlapping by half at most.

    Sides are a quarter to an eighth of the picture's; where no square of a size is nearly all garment a smaller one is looked for. A
    picture without any is taken at the squares that have most of it, so that every picture is judged.

    Args:
        picture: uint8, shape (3, h, w).

    Returns:
        One to `crops` squares, the same ones for the same picture.
    """
    mask = garment_mask(picture)
    shorter = min(mask.shape)
    total = np.zeros((mask.shape[0] + 1, mask.shape[1] + 1))
    total[1:, 1:] = mask.cumsum(axis=0).cumsum(axis=1)
    chosen: list[Crop] = []
    fallback: list[tuple[float, Crop]] = []
    for parts in SIDES:
        side = max(8, shorter // parts)
        places = _squares(total, side)
        fallback += places[:crops]
        for purity, crop in places:
            if len(chosen) == crops or purity < PURE:
                break
            if all(_apart(crop, other) for other in chosen):
                chosen.append(crop)
        if len(chosen) >= crops // 2:
            return chosen
    return chosen or [max(fallback, key=lambda entry: entry[0])[1]]


def _squares(total: np.ndarray, side: int) -> list[tuple[float, Crop]]:
    """Squares of one size on a grid of an eighth of it with their share of garment, purest first; among equals the most central first."""
    height, width = total.shape[0] - 1, total.shape[1] - 1
    tops, lefts = np.arange(0, height - side + 1, max(1, side // 8)), np.arange(0, width - side + 1, max(1, side // 8))
    inside = total[tops[:, None] + side, lefts + side] - total[tops[:, None], lefts + side]
    inside = (inside - total[tops[:, None] + side, lefts] + total[tops[:, None], lefts]) / side**2
    away = np.hypot(tops[:, None] + side / 2 - height / 2, lefts + side / 2 - width / 2)
    order = np.lexsort((away.ravel(), -np.minimum(inside, PURE + 0.08).round(2).ravel()))[:400]
    rows, columns = np.unravel_index(order, inside.shape)
    return [(float(inside[r, c]), Crop(int(tops[r]), int(lefts[c]), side, side)) for r, c in zip(rows, columns, strict=True)]


def _apart(first: Crop, second: Crop) -> bool:
    least = max(first.height, second.height) / 2
    return abs(first.top - second.top) >= least or abs(first.left - second.left) >= least


def whole_garment(picture: np.ndarray) -> list[Crop]:
    """The rectangle around all that shows a garment; the whole picture where nothing does."""
    mask = garment_mask(picture)
    rows, columns = np.flatnonzero(mask.mean(axis=1) > 0.02), np.flatnonzero(mask.mean(axis=0) > 0.02)
    if not len(rows) or not len(columns):
        return [Crop(0, 0, *mask.shape)]
    return [Crop(int(rows[0]), int(columns[0]), int(rows[-1] - rows[0] + 1), int(columns[-1] - columns[0] + 1))]


@dataclass(frozen=True)
class MaterialJudge:
    """A linear judge on features of crops of garments.

    Attributes:
        features: what it sees with.
        find: where it looks; views: how many crops of a picture it takes, repeating some where there are fewer.
        probe: the fitted judge.
        accuracy: on real held-out pictures; held_out: how many these were.
    """

    features: FeatureSet
    find: FindCrops
    views: int
    probe: Probe
    accuracy: float
    held_out: int

    def crops(self, originals: np.ndarray) -> list[list[Crop]]:
        """Where to look at each original and at what was made of it: uint8, shape (n, 3, h, w)."""
        return [self.find(picture) for picture in originals]

    def describe(self, pictures: np.ndarray, crops: Sequence[Sequence[Crop]], progress: Progress = silent) -> np.ndarray:
        """Features of the crops of each picture, shape (n, views, d)."""
        return compute_features(self.features, cut(pictures, crops, self.views), progress).reshape(len(pictures), self.views, -1)

    def judge(self, described: np.ndarray) -> np.ndarray:
        """The likeliest class of each described picture, shape (n, views, d) → (n,), int64."""
        return self.probe.probabilities(described).argmax(axis=1)


def cut(pictures: np.ndarray, crops: Sequence[Sequence[Crop]], views: int) -> np.ndarray:
    """Exactly `views` crops a picture, squeezed to one size: uint8, shape (n, 3, h, w) → (n · views, 3, side, side)."""
    squares = [
        imaging.squeeze(to_images(places[view % len(places)].of(picture)[None])[0], SMALL_SIDE)
        for picture, places in zip(pictures, crops, strict=True)
        for view in range(views)
    ]
    return to_pixels(squares)


def fit_material_judge(
    pixels: np.ndarray,
    labels: np.ndarray,
    held_out: np.ndarray,
    features: FeatureSet,
    find: FindCrops = garment_crops,
    views: int = CROPS,
    progress: Progress = silent,
) -> MaterialJudge:
    """Learn to tell materials from the training pictures, and measure it on the held-out ones.

    Args:
        pixels: uint8, shape (n, 3, h, w); labels: shape (n,), int64; held_out: shape (n,), bool.
        features, find, views: as in `MaterialJudge`.

    Raises:
        StudioError: a side of the split lacks a class, or pictures are not RGB.
        Cancelled: when `progress` says so.
    """
    if pixels.shape[1] != 3:
        raise StudioError(f"materials are judged in colour, got pictures of {pixels.shape[1]} channel: give RGB pictures")
    classes = int(labels.max(initial=0)) + 1
    parts = []
    for part in (np.flatnonzero(~held_out), np.flatnonzero(held_out)):
        if len(np.unique(labels[part])) < classes:
            raise StudioError(f"both sides of the split need pictures of all {classes} classes, one with {len(part)} has not: add some")
        pictures = np.ascontiguousarray(pixels[part])
        seen = cached_features(features, cut(pictures, [find(picture) for picture in pictures], views), progress)
        parts.append((seen.reshape(len(part), views, -1), labels[part]))
    probe = fit_probe(*parts[0], classes)
    return MaterialJudge(features, find, views, probe, accuracy(probe.probabilities(parts[1][0]), parts[1][1]), len(parts[1][1]))


def swap_rate(judge: MaterialJudge, originals: np.ndarray, swapped: np.ndarray, target: int, progress: Progress = silent) -> float:
    """Share of swapped pictures judged to be of the target material, looked at where their originals show a garment.

    Args:
        originals, swapped: uint8, shape (n, 3, h, w); the originals themselves as `swapped` give the control.
        target: the class swapped to.
    """
    return float((judge.judge(judge.describe(swapped, judge.crops(originals), progress)) == target).mean())


def ground_change(originals: np.ndarray, swapped: np.ndarray) -> tuple[float, int]:
    """Mean absolute change, in 255ths, of the pixels that were nearly white (all channels at least `NEAR_WHITE`), and how many these are.

    Args:
        originals, swapped: uint8, shape (n, 3, h, w).

    Raises:
        StudioError: no pixel is nearly white.
    """
    white = (originals >= NEAR_WHITE).all(axis=1)
    if not white.any():
        raise StudioError("no picture has a nearly white pixel: the change of the ground cannot be measured on these")
    return float(np.abs(originals.astype(np.int16) - swapped).mean(axis=1)[white].mean()), int(white.sum())
