"""Cloth as a height field: folds, wrinkles and knit in centimetres, and the light that falls on them."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

LIGHT = np.array([-0.42, -0.60, 0.68], dtype=np.float32)
CELLS = 420
KNIT_PER_CM = 13.0


@dataclass(frozen=True)
class Frame:
    """What a picture shows: a square of `span` centimetres whose upper left corner is at (`left`, `top`), on `pixels` pixels a side."""

    left: float
    top: float
    span: float
    pixels: int

    @property
    def scale(self) -> float:
        """Pixels a centimetre."""
        return self.pixels / self.span

    def coarse(self) -> "Frame":
        """The same square with few enough pixels for what is smooth, the same at every size of the picture."""
        return Frame(self.left, self.top, self.span, CELLS)

    def positions(self) -> tuple[np.ndarray, np.ndarray]:
        """Centimetres of every pixel's middle, x and y, float32, shape (pixels, pixels) each."""
        steps = (np.arange(self.pixels, dtype=np.float32) + 0.5) / self.scale
        x, y = np.meshgrid(self.left + steps, self.top + steps)
        return x, y

    def to_pixels(self, points: np.ndarray) -> np.ndarray:
        """Points in centimetres, shape (n, 2), to fractional pixels."""
        return (points - np.array([self.left, self.top])) * self.scale - 0.5


@dataclass(frozen=True)
class Fold:
    """A ridge along a bent line of three points in centimetres, `height` and `width` in centimetres, steeper on its left by `skew`."""

    points: tuple[tuple[float, float], tuple[float, float], tuple[float, float]]
    height: float
    width: float
    skew: float = 2.0


def fold_heights(folds: Sequence[Fold], frame: Frame) -> np.ndarray:
    """The heights of all folds together in centimetres, float32, shape (pixels, pixels)."""
    x, y = frame.positions()
    heights = np.zeros_like(x)
    for fold in folds:
        line = _bent(fold.points, 18)
        reach = fold.width * max(1.0, fold.skew) * 2.6
        first = np.clip(np.floor(frame.to_pixels(line.min(0) - reach)), 0, frame.pixels).astype(int)
        last = np.clip(np.ceil(frame.to_pixels(line.max(0) + reach)), 0, frame.pixels).astype(int)
        if (last <= first).any():
            continue
        window = np.s_[first[1] : last[1], first[0] : last[0]]
        heights[window] += _ridge(fold, line, x[window], y[window])
    return heights


def _bent(points: Sequence[tuple[float, float]], count: int) -> np.ndarray:
    start, middle, end = np.asarray(points, dtype=np.float32)
    t = np.linspace(0, 1, count, dtype=np.float32)[:, None]
    return (1 - t) ** 2 * start + 2 * t * (1 - t) * middle + t**2 * end


def _ridge(fold: Fold, line: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    nearest = np.full(x.shape, np.inf, dtype=np.float32)
    side = np.ones(x.shape, dtype=np.float32)
    along = np.zeros(x.shape, dtype=np.float32)
    pieces = len(line) - 1
    for index in range(pieces):
        (ax, ay), (bx, by) = line[index], line[index + 1]
        dx, dy = bx - ax, by - ay
        t = np.clip(((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy + 1e-9), 0, 1)
        distance = (x - ax - t * dx) ** 2 + (y - ay - t * dy) ** 2
        closer = distance < nearest
        nearest = np.where(closer, distance, nearest)
        side = np.where(closer, np.sign((x - ax) * dy - (y - ay) * dx), side)
        along = np.where(closer, (index + t) / pieces, along)
    width = np.where(side > 0, fold.width, fold.width * fold.skew) * (0.7 + 0.6 * along)
    taper = np.clip(along / 0.12, 0, 1) * np.clip((1 - along) / 0.6, 0, 1)
    return fold.height * taper * np.exp(-nearest / (2 * width * width))


def wrinkles(frame: Frame, seed: int, size: float, stretch: float = 1.0, sharp: float = 0.0) -> np.ndarray:
    """Wrinkles without a direction of their own, about -1 to 1, float32, shape (pixels, pixels).

    Args:
        size: of a wrinkle in centimetres.
        stretch: how many times longer they are down than across.
        sharp: 0 for soft hills, 1 for creases.
    """
    random = np.random.default_rng(seed)
    bend = _hills(frame, random, size * 1.8, 1.0), _hills(frame, random, size * 1.8, 1.0)
    hills = _hills(frame, random, size, stretch)
    columns, rows = np.meshgrid(np.arange(frame.pixels, dtype=np.float32), np.arange(frame.pixels, dtype=np.float32))
    reach = size * frame.scale * 0.45
    bent = cv2.remap(hills, columns + bend[0] * reach, rows + bend[1] * reach, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    creased = 1 - 2 * np.sqrt(bent * bent + 0.02)
    return (1 - sharp) * bent + sharp * creased


def _hills(frame: Frame, random: np.random.Generator, size: float, stretch: float) -> np.ndarray:
    across, down = max(4, round(frame.span / size)), max(4, round(frame.span / size / stretch))
    coarse = random.standard_normal((down + 3, across + 3)).astype(np.float32) * 0.6
    return cv2.resize(coarse, (frame.pixels, frame.pixels), interpolation=cv2.INTER_CUBIC)


def slopes(heights: np.ndarray, frame: Frame) -> tuple[np.ndarray, np.ndarray]:
    """How steep a height field is across and down, in centimetres a centimetre."""
    across = cv2.Sobel(heights, cv2.CV_32F, 1, 0, ksize=3, scale=frame.scale / 8)
    down = cv2.Sobel(heights, cv2.CV_32F, 0, 1, ksize=3, scale=frame.scale / 8)
    return across, down


def blurred(field: np.ndarray, frame: Frame, centimetres: float) -> np.ndarray:
    """A field softened with a Gaussian of a width in centimetres."""
    sigma = centimetres * frame.scale
    if sigma < 0.3:
        return field
    shrink = max(1, int(sigma // 4))
    if shrink == 1:
        return cv2.GaussianBlur(field, (0, 0), sigma)
    small = cv2.resize(field, None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma / shrink)
    return cv2.resize(small, field.shape[::-1], interpolation=cv2.INTER_LINEAR)


def lit(heights: np.ndarray, frame: Frame) -> tuple[np.ndarray, np.ndarray]:
    """The light a height field reflects: diffuse, 1 where it lies flat, and a soft sheen from 0 on; shape (pixels, pixels) each."""
    across, down = slopes(heights, frame)
    length = np.sqrt(across * across + down * down + 1)
    towards = LIGHT / np.linalg.norm(LIGHT)
    facing = (-across * towards[0] - down * towards[1] + towards[2]) / length
    direct = np.clip((facing + 0.25) / (towards[2] + 0.25), 0, None)
    hollow = np.clip(blurred(heights, frame, 2.2) - heights, -0.25, 1.2)
    open_sky = 1 - 0.55 * hollow
    bright = np.where(direct > 1, 1 + 0.45 * (direct - 1), direct)  # film's shoulder: what faces the lamp keeps its detail
    diffuse = (0.30 * (0.5 + 0.5 / length) + 0.70 * bright) * open_sky
    half = towards + np.array([0, 0, 1])
    half /= np.linalg.norm(half)
    mirror = np.clip((-across * half[0] - down * half[1] + half[2]) / length, 0, 1)
    return diffuse.astype(np.float32), (mirror**14 * open_sky).astype(np.float32)


def knit(frame: Frame, seed: int) -> np.ndarray:
    """Jersey seen from the front, about -1 to 1: columns of stitches where a picture is fine enough for them, and a grain where not."""
    random = np.random.default_rng(seed)
    grain = random.standard_normal((frame.pixels, frame.pixels), dtype=np.float32)
    grain = cv2.GaussianBlur(grain, (0, 0), sigmaX=0.45, sigmaY=1.1) * 1.3
    pixels_a_stitch = frame.scale / KNIT_PER_CM
    if pixels_a_stitch < 2.5:
        return grain * 0.6
    x, y = frame.positions()
    column = x * KNIT_PER_CM * np.pi
    stitch = np.cos(2 * column) * 0.5 + 0.5 * np.sin(2 * np.pi * KNIT_PER_CM * 0.8 * y + 1.6 * np.abs(np.sin(column)))
    return 0.35 * grain + 0.5 * stitch.astype(np.float32)
