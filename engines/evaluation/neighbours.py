"""Whether a generator copies: how near each drawn picture is to its nearest training picture, mirror images counted.

Near means nothing by itself, so held-out real pictures are the measure: a generator that has learned by heart draws many pictures that
are nearer to a training picture than real pictures ever are.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image

from engines import imaging
from engines.errors import StudioError
from engines.evaluation.features import as_rgb, to_images

QUANTILE = 0.01
PIXEL_SIDE = 32
BLOCK = 4096
SHOWN = 24
SHEET_SIDE = 96


@dataclass(frozen=True)
class Nearest:
    """The nearest training picture of each picture.

    Attributes:
        distance: shape (n,).
        index: place among the training pictures, shape (n,).
    """

    distance: np.ndarray
    index: np.ndarray


@dataclass(frozen=True)
class Copies:
    """How drawn pictures lie to the training pictures, compared with held-out real ones.

    Attributes:
        share: of drawn pictures nearer to a training picture than the nearest 1 % of held-out pictures are; about 0.01 is as real ones.
        closeness: median nearest distance of drawn pictures divided by that of held-out ones; far below 1 means copying.
        limit: the distance of that 1 % quantile.
        nearest: of each drawn picture.
    """

    share: float
    closeness: float
    limit: float
    nearest: Nearest


def unit_vectors(features: np.ndarray) -> np.ndarray:
    """Features scaled to length 1, so that squared distances are twice the cosine distance: (n, d) → (n, d)."""
    return features / np.maximum(np.linalg.norm(features, axis=-1, keepdims=True), 1e-12)


def small_pixels(pixels: np.ndarray) -> np.ndarray:
    """Pictures as vectors of at most 32 × 32 pixels; distances between them are root mean squares in 255ths.

    Args:
        pixels: uint8, shape (n, channels, h, w).

    Returns:
        Shape (n, channels · side²), float32.
    """
    side = min(PIXEL_SIDE, pixels.shape[-1])
    parts = []
    for begin in range(0, len(pixels), BLOCK):
        block = torch.from_numpy(np.ascontiguousarray(pixels[begin : begin + BLOCK])).float()
        if side != block.shape[-1]:
            block = torch.nn.functional.interpolate(block, size=(side, side), mode="bilinear", antialias=True, align_corners=False)
        parts.append(block.flatten(1) / block[0].numel() ** 0.5)
    return torch.cat(parts).numpy()


def nearest(vectors: np.ndarray, training: Sequence[np.ndarray]) -> Nearest:
    """The nearest training picture by Euclidean distance.

    Args:
        vectors: shape (n, d).
        training: views of the training pictures (as they are, mirrored), shape (m, d) each.

    Raises:
        StudioError: no training pictures.
    """
    if not training or not len(training[0]):
        raise StudioError("there are no training pictures to compare with: give the pictures the model was trained on")
    queries = torch.from_numpy(np.ascontiguousarray(vectors, dtype=np.float32))
    best = torch.full((len(queries),), torch.inf)
    index = torch.zeros(len(queries), dtype=torch.int64)
    lengths = queries.square().sum(dim=1, keepdim=True)
    for view in training:
        for begin in range(0, len(view), BLOCK):
            block = torch.from_numpy(np.ascontiguousarray(view[begin : begin + BLOCK], dtype=np.float32))
            squared = lengths + block.square().sum(dim=1) - 2 * queries @ block.T
            value, place = squared.min(dim=1)
            nearer = value < best
            best[nearer], index[nearer] = value[nearer], place[nearer] + begin
    # The expansion of the square loses digits exactly where it matters: the winners are measured again.
    chosen = index.numpy()
    distances = np.stack([np.linalg.norm(vectors - view[chosen], axis=1) for view in training])
    return Nearest(distances.min(axis=0), chosen)


def copies(drawn: np.ndarray, held_out: np.ndarray, training: Sequence[np.ndarray]) -> Copies:
    """Compare drawn pictures with held-out ones by their distance to the training pictures: vectors as in `nearest`."""
    found, real = nearest(drawn, training), nearest(held_out, training)
    limit = float(np.quantile(real.distance, QUANTILE))
    closeness = float(np.median(found.distance) / max(float(np.median(real.distance)), 1e-12))
    return Copies(float((found.distance < limit).mean()), closeness, limit, found)


def closest_pairs(drawn: np.ndarray, training: np.ndarray, found: Nearest, shown: int = SHOWN) -> Image.Image:
    """A sheet of the drawn pictures nearest to a training picture, each above that picture, nearest first.

    Args:
        drawn, training: uint8, shapes (n, channels, h, w) and (m, channels, h, w).
    """
    order = np.argsort(found.distance, kind="stable")[:shown]
    columns = min(8, len(order))
    rows: list[Image.Image] = []
    for begin in range(0, len(order), columns):
        part = order[begin : begin + columns]
        for pixels in (drawn[part], training[found.index[part]]):
            row = [picture.resize((SHEET_SIDE, SHEET_SIDE), Image.Resampling.LANCZOS) for picture in to_images(as_rgb(pixels))]
            rows += row + [Image.new("RGB", (SHEET_SIDE, SHEET_SIDE), imaging.WHITE)] * (columns - len(row))
    return imaging.sheet(rows, columns)
