"""The colours of a graphic: found, named, and put in the place of one another."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from engines.errors import StudioError
from engines.production.colour import colour_value, from_oklab, hex_of, name_of, rgb, to_oklab

MOST = 16
SAMPLED = 220
ROUNDS = 20
SOFT = 0.05
ORDERS = ("share", "lightness")


@dataclass(frozen=True)
class Swatch:
    """A colour "#rrggbb", the CSS name that looks most like it, and the share of the graphic that it stands for, 0 to 1."""

    colour: str
    name: str
    share: float


def extract_palette(graphic: Image.Image, count: int, order: str = "share") -> tuple[Swatch, ...]:
    """The `count` colours that stand best for a graphic, as the eye tells colours apart; transparent parts do not count.

    Args:
        order: "share", the most frequent first, or "lightness", the lightest first.

    Returns:
        Fewer swatches where the graphic has fewer colours.

    Raises:
        StudioError: a count outside 1 to 16, an unknown order, or a graphic without an opaque pixel.
    """
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MOST:
        raise StudioError(f"a palette has 1 to {MOST} colours, got {str(count)[:40]}: choose another number")
    if order not in ORDERS:
        raise StudioError(f"a palette is sorted by {' or '.join(ORDERS)}, got {order[:40]!r}: choose one of these")
    small = graphic.convert("RGBA")
    if max(small.size) > SAMPLED:
        scale = SAMPLED / max(small.size)
        small = small.resize((max(1, round(small.width * scale)), max(1, round(small.height * scale))), Image.Resampling.NEAREST)
    pixels = np.asarray(small).reshape(-1, 4)
    opaque = pixels[pixels[:, 3] >= 128][:, :3]
    if not len(opaque):
        raise StudioError("this graphic is transparent everywhere: give one with something on it")
    colours, counts = np.unique(opaque, axis=0, return_counts=True)
    places = to_oklab(colours.astype(np.float32) / 255)
    centres, nearest = _clusters(places, counts.astype(np.float64), min(count, len(colours)))
    shares = np.bincount(nearest, weights=counts, minlength=len(centres)) / counts.sum()
    swatches = [_swatch(centre, share) for centre, share in zip(centres, shares, strict=True) if share > 0]
    return tuple(sorted(swatches, key=(lambda found: -found.share) if order == "share" else _darkness))


def recolour(graphic: Image.Image, old: Sequence[str], new: Sequence[str]) -> Image.Image:
    """A colourway: each of the graphic's colours becomes another; shades around a colour move along with it.

    Args:
        old, new: as many colours "#rrggbb" each, the first for the first.

    Returns:
        RGBA with the transparency of the graphic.

    Raises:
        StudioError: not as many new colours as old ones.
    """
    old, new = [colour_value(one) for one in old], [colour_value(one) for one in new]
    if len(old) != len(new) or not old:
        raise StudioError(f"{len(new)} colours cannot take the place of {len(old)}: give as many as there are")
    pixels = np.asarray(graphic.convert("RGBA"))
    flat = pixels[..., :3].reshape(-1, 3)
    codes = flat.astype(np.int32) @ np.array([65536, 256, 1], dtype=np.int32)
    distinct, where = np.unique(codes, return_inverse=True)
    colours = np.stack([distinct >> 16, distinct >> 8 & 255, distinct & 255], axis=1).astype(np.float32) / 255
    places = to_oklab(colours)
    moved = np.zeros_like(places)
    before, after = _places(old), _places(new)
    for start in range(0, len(places), 65536):  # a photograph has a million colours: not all distances at once
        part = places[start : start + 65536]
        away = ((part[:, None] - before[None]) ** 2).sum(axis=2)
        weights = np.exp(-(away - away.min(axis=1, keepdims=True)) / (2 * SOFT**2))
        weights /= weights.sum(axis=1, keepdims=True)
        moved[start : start + 65536] = part + weights @ (after - before)
    painted = np.rint(from_oklab(moved) * 255).astype(np.uint8)[where.reshape(-1)].reshape(pixels[..., :3].shape)
    return Image.fromarray(np.concatenate([painted, pixels[..., 3:]], axis=2))


def matched_by_lightness(old: Sequence[str], new: Sequence[str]) -> list[str]:
    """New colours in the order of the old ones, so that light stays light and dark stays dark."""
    lightness = _places(old)[:, 0]
    lightest_first = sorted(new, key=lambda colour: -float(to_oklab(rgb(colour))[0]))
    ranks = np.argsort(np.argsort(-lightness, kind="stable"), kind="stable")
    return [lightest_first[rank] for rank in ranks]


def _clusters(places: np.ndarray, counts: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Weighted k-means from starting points that are frequent and far from one another; no chance in it."""
    centres = places[[int(np.argmax(counts))]]
    distances = ((places - centres[0]) ** 2).sum(axis=1)
    while len(centres) < count:
        furthest = places[[int(np.argmax(distances * np.sqrt(counts)))]]
        centres = np.concatenate([centres, furthest])
        distances = np.minimum(distances, ((places - furthest) ** 2).sum(axis=1))
    nearest = _nearest(places, centres)
    for _ in range(ROUNDS):
        sums = np.stack([np.bincount(nearest, weights=counts * places[:, axis], minlength=count) for axis in range(3)], axis=1)
        totals = np.bincount(nearest, weights=counts, minlength=count)[:, None]
        centres = np.where(totals > 0, sums / np.maximum(totals, 1e-9), centres).astype(np.float32)
        again = _nearest(places, centres)
        if (again == nearest).all():
            break
        nearest = again
    return centres, nearest


def _nearest(places: np.ndarray, centres: np.ndarray) -> np.ndarray:
    return np.stack([((places - centre) ** 2).sum(axis=1) for centre in centres]).argmin(axis=0)


def _swatch(place: np.ndarray, share: float) -> Swatch:
    colour = hex_of(from_oklab(place))
    return Swatch(colour, name_of(colour), float(share))


def _places(colours: Sequence[str]) -> np.ndarray:
    return to_oklab(np.stack([rgb(colour) for colour in colours]))


def _darkness(swatch: Swatch) -> float:
    return -float(to_oklab(rgb(swatch.colour))[0])
