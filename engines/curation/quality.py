"""What is wrong with a picture: measures that are taken once, and filters over them whose limits can be moved."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from engines import imaging
from engines.curation.reading import read_each
from engines.errors import StudioError
from engines.progress import Progress, silent

SMALL, LARGE = 64, 512
SMALL_SPAN, LARGE_SPAN = 5, 9
CORRUPT = "corrupt"
SUFFIXES = {"JPEG": (".jpg", ".jpeg"), "PNG": (".png",), "WEBP": (".webp",)}
ENDINGS = {ending for endings in SUFFIXES.values() for ending in endings} | {".gif", ".bmp", ".heic", ".avif"}
"""Of names of picture files; what else follows a dot belongs to a title."""

# How alike ink, heights and base lines of a line of letters are, how unlike its widths and fillings; letters in a line, in a picture.
_INK, _HEIGHTS, _BASELINE, _WIDTHS, _FILLS, _FULLEST, _LETTERS, _FULL = 0.1, 0.3, 0.08, 0.15, 0.04, 0.8, 6, 10


@dataclass(frozen=True)
class Measures:
    """What was measured of a picture.

    Attributes:
        width, height: as shown.
        blur: how little a blur of 5 pixels takes away at 64 pixels, 0 (all) to 1 (nothing); see `blur_effect`.
        softness: the same with 9 pixels at up to 512 pixels: fabric-level sharpness, which 64 pixels do not show.
        brightest, darkest: 99th and 5th percentile of brightness, 0 to 1.
        spread: standard deviation of brightness at 64 pixels, in levels of 255.
        text: share of the picture under lines of letters, 0 to 1; None where it was not asked for.
        format: "JPEG", "PNG" or "WEBP".
        suffix: the ending of its name.
    """

    width: int
    height: int
    blur: float
    softness: float
    brightest: float
    darkest: float
    spread: float
    text: float | None
    format: str
    suffix: str


@dataclass(frozen=True)
class Filter:
    """A reason to drop pictures.

    Attributes:
        name: how it is called, and the name of its decision in a catalogue.
        value: what is compared, or None when it does not apply to a picture.
        limit: the shipped limit; beyond it a picture is dropped.
        above: whether values above the limit are dropped, or those below.
        reason: says why, with `{value}` and `{limit}`.
        shipped: whether it is used unless another choice is made.
    """

    name: str
    value: Callable[[Measures], float | None]
    limit: float
    above: bool
    reason: str
    shipped: bool = True

    def drops(self, value: float | None, limit: float) -> bool:
        """Whether a picture of this value is dropped."""
        return value is not None and (value > limit if self.above else value < limit)


def _wrong_name(measures: Measures) -> float | None:
    return float(measures.suffix not in SUFFIXES[measures.format]) if measures.suffix in ENDINGS else None


def _aspect(measures: Measures) -> float:
    return max(measures.width / measures.height, measures.height / measures.width)


FILTERS = {
    one.name: one
    for one in (
        Filter("tiny", lambda m: min(m.width, m.height), 64, False, "tiny: {value:.0f} pixels on its short side, at least {limit:g}"),
        Filter("odd aspect", _aspect, 3.0, True, "odd aspect: {value:.1f} times as long as wide, at most {limit:g}"),
        Filter("uniform", lambda m: m.spread, 4.0, False, "almost uniform: brightness varies by {value:.1f} levels, at least {limit:g}"),
        Filter("dark", lambda m: m.brightest, 0.3, False, "dark: its bright parts reach {value:.2f}, at least {limit:g}"),
        Filter("overexposed", lambda m: m.darkest, 0.95, True, "overexposed: its dark parts are at {value:.2f}, at most {limit:g}", False),
        Filter("blurred", lambda m: m.blur, 0.55, True, "blurred: {value:.2f} at 64 pixels, at most {limit:g}"),
        Filter("soft", lambda m: m.softness, 0.44, True, "soft: {value:.2f} at full size, at most {limit:g}"),
        Filter("text", lambda m: m.text, 0.08, True, "full of text: letters cover {value:.0%}, at most {limit:.0%}"),
        Filter("wrong name", _wrong_name, 0.5, True, "wrong name: its ending is not that of its content"),
    )
}
SHIPPED = tuple(name for name, one in FILTERS.items() if one.shipped)


def blur_effect(grey: np.ndarray, span: int) -> float:
    """How much of the steps between neighbours is left after a blur, along the blurrier direction: near 1 for what was blurred already.

    Relative to the picture's own steps, so that contrast and content matter little.

    Args:
        grey: brightness, shape (height, width), float32, at least 2 × 2.
        span: length of the blur in pixels, odd.

    Source: Crété-Roffet et al., "The blur effect: perception and estimation with a new no-reference perceptual blur metric", 2007.
    """
    worst = 0.0
    for lines in (grey, grey.T):
        padded = np.pad(lines, ((0, 0), (span // 2, span // 2)), mode="edge")
        blurred = sum(padded[:, shift : shift + lines.shape[1]] for shift in range(span)) / np.float32(span)
        steps, left = np.abs(np.diff(lines, axis=1)), np.abs(np.diff(blurred, axis=1))
        total = float(steps.sum())
        lost = float(np.maximum(steps - left, 0).sum())
        worst = max(worst, (total - lost) / total if total else 0.0)
    return worst


def text_cover(picture: Image.Image) -> float:
    """Share of a picture that lies under lines of letters, 0 to 1.

    Letters are spots that stand out from their surroundings; a line is six or more of them side by side on one base line, of like height
    and ink but of differing width and shape. Bricks, windows and leaves fail one of these. Handwriting and letters below 5 pixels of a
    picture reduced to 512 are not seen, and fewer than ten letters are none: a label is not a picture full of text.
    """
    pixels = _grey(picture, LARGE, Image.Resampling.LANCZOS)
    covered = np.zeros(pixels.shape, dtype=bool)
    letters = 0
    for kind, step in ((cv2.THRESH_BINARY_INV, 20), (cv2.THRESH_BINARY, -20)):
        spots = cv2.adaptiveThreshold(pixels, 255, cv2.ADAPTIVE_THRESH_MEAN_C, kind, 31, step)
        spots_found, labels, facts, _ = cv2.connectedComponentsWithStats(spots, connectivity=8)
        ink = np.bincount(labels.ravel(), pixels.ravel(), spots_found) / np.maximum(facts[:, cv2.CC_STAT_AREA], 1)
        boxes = np.column_stack([facts, ink])[1:].astype(np.float64)
        for count, left, top, right, bottom in _lines(boxes, pixels):
            letters += count
            covered[top:bottom, left:right] = True
    return float(covered.mean()) if letters >= _FULL else 0.0


def _lines(boxes: np.ndarray, pixels: np.ndarray) -> list[tuple[int, int, int, int, int]]:
    """(letters, left, top, right, bottom) of each line of letters among spots given as (left, top, width, height, area, ink)."""
    _, _, width, height, area, _ = boxes.T
    like_letters = (height >= 5) & (height <= pixels.shape[0] / 4) & (width <= 2.2 * height) & (width >= 0.1 * height)
    boxes = boxes[like_letters & (area >= 6) & (area < 0.95 * width * height)]
    if not _LETTERS <= len(boxes) <= 4000:
        return []
    boxes = boxes[np.argsort(boxes[:, 0], kind="stable")]
    left, top, width, height, area, ink = boxes.T
    right, bottom = left + width, top + height
    following = _next_letters(left, top, right, bottom)
    used = np.zeros(len(boxes), dtype=bool)
    found = []
    for start in range(len(boxes)):
        chain = []
        place = start
        while place >= 0 and not used[place]:
            used[place] = True
            chain.append(place)
            place = int(following[place])
        if len(chain) < _LETTERS:
            continue
        line = int(left[chain].min()), int(top[chain].min()), int(right[chain].max()), int(bottom[chain].max())
        tall = height[chain].mean()
        fills = area[chain] / (width[chain] * height[chain])
        around = np.quantile(pixels[line[1] : line[3], line[0] : line[2]], (0.05, 0.95))
        bases = bottom[chain] / tall
        letters = (width[chain] / tall).std() >= _WIDTHS and fills.std() >= _FILLS and fills.mean() <= _FULLEST
        one_hand = ink[chain].std() <= _INK * (around[1] - around[0]) and height[chain].std() <= _HEIGHTS * tall
        if letters and one_hand and np.median(np.abs(bases - np.median(bases))) <= _BASELINE:
            found.append((len(chain), *line))
    return found


def _next_letters(left: np.ndarray, top: np.ndarray, right: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """For each box, sorted by its left edge, the nearest one to its right on the same line, or -1."""
    following = np.full(len(left), -1)
    height = bottom - top
    for place in range(len(left) - 1):
        later = slice(place + 1, place + 1 + int(np.searchsorted(left[place + 1 :], right[place] + 2 * height[place])))
        taller, smaller = np.maximum(height[place], height[later]), np.minimum(height[place], height[later])
        gap = left[later] - right[place]
        overlap = np.minimum(bottom[place], bottom[later]) - np.maximum(top[place], top[later])
        level = (np.abs(bottom[later] - bottom[place]) < 0.25 * taller) | (np.abs(top[later] - top[place]) < 0.15 * taller)
        near = (gap > -0.3 * taller) & (gap < 0.9 * taller) & (left[later] > left[place])
        suits = near & (overlap > 0.5 * smaller) & (taller < 2 * smaller) & level
        if suits.any():
            following[place] = place + 1 + int(np.where(suits, gap, np.inf).argmin())
    return following


def _grey(picture: Image.Image, side: int, filter: Image.Resampling = Image.Resampling.BOX) -> np.ndarray:
    """Brightness, uint8, reduced so that the longest side has at most `side` pixels and the shortest at least 2."""
    grey = picture.convert("L")
    factor = min(1.0, side / max(grey.size))
    size = max(2, round(grey.width * factor)), max(2, round(grey.height * factor))
    return np.asarray(grey if size == grey.size else grey.resize(size, filter))


def measure(path: Path, name: str | None = None, text: bool = True) -> Measures:
    """Take all measures of a picture file.

    Args:
        name: what it was called where it came from; by default its file's name.
        text: whether to look for text, which takes half of the time.

    Raises:
        StudioError: it cannot be opened: the filter "corrupt".
    """
    kind = imaging.read_header(path).format
    picture = imaging.safe_open(path)
    small = _grey(picture, SMALL)
    large = _grey(picture, LARGE)
    darkest, brightest = np.quantile(large, (0.05, 0.99)) / 255
    return Measures(
        width=picture.width,
        height=picture.height,
        blur=blur_effect(small.astype(np.float32), SMALL_SPAN),
        softness=blur_effect(large.astype(np.float32), LARGE_SPAN),
        brightest=float(brightest),
        darkest=float(darkest),
        spread=float(small.std()),
        text=text_cover(picture) if text else None,
        format=kind,
        suffix=Path(name or path.name).suffix.lower(),
    )


def measure_all(
    paths: Mapping[int, Path], names: Mapping[int, str] | None = None, text: bool = True, progress: Progress = silent
) -> tuple[dict[int, Measures], dict[int, str]]:
    """Measures of picture files, and the reason for each that cannot be opened, both by id.

    Args:
        names: what the pictures were called where they came from, by id.

    Raises:
        StudioError: no pictures, or none that can be opened.
        Cancelled: when `progress` says so.
    """
    measured: dict[int, Measures] = {}
    corrupt: dict[int, str] = {}
    called = names or {}
    outcomes = read_each(list(paths), lambda number: measure(paths[number], called.get(number), text), progress, "measuring pictures")
    for number, found in zip(paths, outcomes, strict=True):
        if isinstance(found, StudioError):
            corrupt[number] = str(found)
        else:
            measured[number] = found
    if not measured:
        reason = f"; the first of {len(paths)} says: {next(iter(corrupt.values()))}" if corrupt else ""
        raise StudioError(f"there are no pictures that can be read: choose JPEG, PNG or WEBP pictures{reason}")
    return measured, corrupt


def filter_value(name: str, limit: object = None) -> tuple[Filter, float]:
    """A filter by name with its limit, by default the shipped one.

    Raises:
        StudioError: no such filter, or a limit that is no number.
    """
    if name not in FILTERS:
        raise StudioError(f"there is no quality filter {str(name)[:40]!r}: choose from {', '.join(FILTERS)}")
    chosen = FILTERS[name]
    if limit is None:
        return chosen, chosen.limit
    if not isinstance(limit, int | float) or isinstance(limit, bool) or not math.isfinite(limit):
        raise StudioError(f"the limit of {name!r} is a number such as {chosen.limit:g}, got {str(limit)[:40]}: choose another")
    return chosen, float(limit)


def dropped(measured: Mapping[int, Measures], name: str, limit: float | None = None) -> dict[int, str]:
    """What a filter drops, with the reason, by id: what a catalogue's filter of that name takes.

    Raises:
        StudioError: no such filter, or a limit that is no number.
    """
    chosen, edge = filter_value(name, limit)
    values = {number: chosen.value(one) for number, one in measured.items()}
    return {number: chosen.reason.format(value=value, limit=edge) for number, value in values.items() if chosen.drops(value, edge)}


def around_limit(measured: Mapping[int, Measures], name: str, limit: float | None = None, count: int = 16) -> tuple[list[int], list[int]]:
    """Pictures to look at before a filter is trusted: the last ones that it drops and the first that it keeps, nearest the limit first.

    Args:
        count: how many of each at most.
    """
    chosen, edge = filter_value(name, limit)
    values = {number: value for number, one in measured.items() if (value := chosen.value(one)) is not None}
    nearest = sorted(values, key=lambda number: (abs(values[number] - edge), number))
    out = [number for number in nearest if chosen.drops(values[number], edge)]
    kept = [number for number in nearest if not chosen.drops(values[number], edge)]
    return out[:count], kept[:count]
