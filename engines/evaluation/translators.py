"""All figures of a translator: how often it swaps the material, how near to the real one, what it leaves alone, whether it finds back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from PIL import Image

from engines import imaging
from engines.errors import StudioError
from engines.evaluation.distances import SPLITS, inception_score, kid
from engines.evaluation.features import FeatureSet, compute_features, eight_bit, lite2, to_images
from engines.evaluation.generators import Clock, Findings, Pictures
from engines.evaluation.materials import NEAR_WHITE, Crop, MaterialJudge, cut, fit_material_judge, ground_change
from engines.evaluation.report import Figure
from engines.evaluation.traces import as_jpeg, checkerboard, outside_change, psnr, structure_kept
from engines.progress import Progress, silent

SHOWN = 8

Translate = Callable[[np.ndarray, str], np.ndarray]
"""Pictures, uint8, shape (n, 3, h, w), and the class to become → the swapped pictures, same shape, as they would be saved."""


@dataclass(frozen=True)
class Swapping:
    """A translator as functions.

    Attributes:
        swap: what a person gets.
        draw: the network alone: float32 in [-1, 1], shape (n, 3, h, w), and the class to become → the same form.
        inside: pictures, uint8, shape (n, 3, h, w) → how much of each pixel `swap` may change, shape (n, h, w).
        others: other ways to the same end, by name, which a swap has to be better than.
    """

    swap: Translate
    draw: Callable[[np.ndarray, str], np.ndarray]
    inside: Callable[[np.ndarray], np.ndarray]
    others: Mapping[str, Translate] = field(default_factory=dict)


@dataclass(frozen=True)
class _Way:
    """One direction: held-out originals of its source, and the features of crops of real garments of its target.

    Attributes:
        name: as in "denim → leather"; source, target: the classes; place: the target's index.
        originals: uint8, shape (n, 3, h, w); crops: where their garments are looked at.
        real, trained: features of held-out and of training garments of the target, a row a crop.
    """

    name: str
    source: str
    target: str
    place: int
    originals: np.ndarray
    crops: list[list[Crop]]
    real: np.ndarray
    trained: np.ndarray


def evaluate_translator(
    pictures: Pictures,
    classes: tuple[str, ...],
    swapping: Swapping,
    inception: FeatureSet | None = None,
    progress: Progress = silent,
) -> Findings:
    """Measure a translator on the held-out pictures of both classes.

    Args:
        pictures: RGB of two classes, framed as for training.
        classes: those that the translator draws: the pictures', or one of them.
        inception: Inception's features, for the Inception Score.

    Raises:
        StudioError: classes differ, or a part of the split lacks a class.
        Cancelled: when `progress` says so.
    """
    if not set(classes) <= set(pictures.classes) or len(pictures.classes) != 2:
        raise StudioError(
            f"the model swaps {', '.join(classes)}, the pictures are {', '.join(pictures.classes)}: choose folders and names with --classes"
        )
    clock = Clock()
    judge = fit_material_judge(pictures.pixels, pictures.labels, pictures.held_out, lite2(), progress=progress)
    clock.stage("judge")
    accuracy = "judge's accuracy on real held-out pictures"
    figures = [Figure(accuracy, judge.accuracy, "%", judge.held_out, headline=True, counted=True)]
    sheets: dict[str, Image.Image] = {}
    for target in reversed(range(2)):
        if pictures.classes[target] not in classes:
            continue
        way = _way(pictures, target, judge, progress)
        swapped = swapping.swap(way.originals, way.target)
        clock.stage("swapping")
        rows = [way.originals, swapped]
        figures += _materials(way, judge, swapped, swapping.others, progress)
        clock.stage("judging")
        figures += _left_alone(way, swapping, swapped)
        if inception is not None and len(swapped) >= SPLITS:
            figures += _inception(way, swapped, inception, progress)
        clock.stage("traces")
        if len(classes) == 2:
            returned, found = _back(way, swapping)
            figures += found
            rows.append(returned)
            clock.stage("swapping back")
        shown = [picture for part in rows for picture in to_images(part[:SHOWN])]
        sheets[f"{way.source}-to-{way.target}"] = imaging.sheet(shown, min(SHOWN, len(swapped)))
        sheets[f"crops-{way.source}"] = _crop_sheet(way.originals, swapped, way.crops)
    return Findings(tuple(figures), sheets, clock.seconds)


def _way(pictures: Pictures, target: int, judge: MaterialJudge, progress: Progress) -> _Way:
    source, held = 1 - target, pictures.held_out
    originals, real = (np.ascontiguousarray(pictures.pixels[held & (pictures.labels == place)]) for place in (source, target))
    trained = np.flatnonzero(~held & (pictures.labels == target))
    trained = np.sort(np.random.default_rng(0).choice(trained, min(len(trained), len(real)), replace=False))
    seen = [_described(judge, part, progress) for part in (real, np.ascontiguousarray(pictures.pixels[trained]))]
    names = pictures.classes
    way = f"{names[source]} → {names[target]}"
    return _Way(way, names[source], names[target], target, originals, judge.crops(originals), *seen)


def _described(judge: MaterialJudge, pixels: np.ndarray, progress: Progress) -> np.ndarray:
    return _rows(judge.describe(pixels, judge.crops(pixels), progress))


def _rows(described: np.ndarray) -> np.ndarray:
    """(n, views, d) → (n · views, d)."""
    return described.reshape(-1, described.shape[-1])


def _materials(way: _Way, judge: MaterialJudge, swapped: np.ndarray, others: Mapping[str, Translate], progress: Progress) -> list[Figure]:
    """How many garments change sides, and how near the crops come to real ones: untouched is the ceiling, real against real the floor."""
    n, views = len(way.originals), judge.views
    real = judge.judge(way.real.reshape(-1, views, way.real.shape[-1])) == way.place
    floor, note = kid(way.trained, way.real), f"against real {way.target}, {views} crops each"
    untouched = judge.describe(way.originals, way.crops, progress)
    ceiling = kid(_rows(untouched), way.real)
    seen = judge.describe(swapped, way.crops, progress)
    distance = kid(_rows(seen), way.real)
    figures = [
        _share(f"real held-out {way.target} judged {way.target}", float(real.mean()), len(real)),
        _share(f"swap rate, {way.name}", _rate(judge, seen, way.place), n),
        _share(f"control, {way.name}: originals judged {way.target}", _rate(judge, untouched, way.place), n),
        Figure(f"KID of garment crops, {way.name}", distance, "", n, note=note),
        Figure(f"KID of garment crops, originals of {way.name}", ceiling, "", n, note="the ceiling: nothing swapped"),
        Figure(f"KID of garment crops, real {way.target}", floor, "", len(real), note="the floor: training garments against held-out ones"),
        Figure(f"way from untouched to real, {way.name}", _way_done(ceiling, distance, floor), "%", n, headline=True, note="in KID"),
    ]
    for name, translate in others.items():
        seen = judge.describe(translate(way.originals, way.target), way.crops, progress)
        distance = kid(_rows(seen), way.real)
        figures += [
            _share(f"swap rate, {way.name}, {name}", _rate(judge, seen, way.place), n),
            Figure(f"KID of garment crops, {way.name}, {name}", distance, "", n),
            Figure(f"way from untouched to real, {way.name}, {name}", _way_done(ceiling, distance, floor), "%", n, headline=True),
        ]
    return figures


def _share(name: str, value: float, n: int) -> Figure:
    return Figure(name, value, "%", n, headline=True, counted=True)


def _rate(judge: MaterialJudge, described: np.ndarray, place: int) -> float:
    return float((judge.judge(described) == place).mean())


def _way_done(ceiling: float, distance: float, floor: float) -> float:
    """0 where nothing was gained over doing nothing, 1 where the crops are as near to real ones as other real ones."""
    return (ceiling - distance) / max(ceiling - floor, 1e-9)


def _left_alone(way: _Way, swapping: Swapping, swapped: np.ndarray) -> list[Figure]:
    n, inside = len(way.originals), swapping.inside(way.originals)
    alone = _eight_bit(swapping.draw(_signed(way.originals), way.target))
    figures = []
    if (inside == 0).any():
        _, same = outside_change(way.originals, swapped, inside)
        change, _ = outside_change(way.originals, alone, inside)
        figures += [
            Figure(f"outside the mask the same bit for bit, {way.name}", same, "%", n, headline=True),
            Figure(f"change outside the mask by the network alone, {way.name}", change, "/255", n),
        ]
    if (way.originals >= NEAR_WHITE).all(axis=1).any():
        ground, pixels = ground_change(way.originals, alone)
        note = f"by the network alone; {pixels:,} pixels of at least {NEAR_WHITE}"
        figures.append(Figure(f"change of the white ground, {way.name}", ground, "/255", n, note=note))
    kept = structure_kept(way.originals, swapped, inside)
    figures.append(Figure(f"structure kept inside, {way.name}", kept, "", n, headline=True, note="correlation of edges"))
    if min(way.originals.shape[-2:]) >= 64:
        pattern = checkerboard(swapped) / checkerboard(way.originals)
        figures.append(Figure(f"checkerboard, {way.name}", pattern, "× original", n, note="patterns of 2 and 4 pixels; 1 is none added"))
    return figures


def _back(way: _Way, swapping: Swapping) -> tuple[np.ndarray, list[Figure]]:
    """The way back from what was drawn, straight on, through 8 bits and through JPEG: where only the first leads back, signs are hidden."""
    n = len(way.originals)
    drawn = swapping.draw(_signed(way.originals), way.target)
    saved = _eight_bit(drawn)
    returned = [_eight_bit(swapping.draw(part, way.source)) for part in (drawn, _signed(saved), _signed(as_jpeg(saved)))]
    exact, eight, jpeg = (psnr(way.originals, part) for part in returned)
    cycle = float(np.abs(way.originals.astype(np.int16) - returned[1]).mean())
    way_and_back = f"{way.name} and back"
    return returned[1], [
        Figure(f"cycle L1, {way_and_back}", cycle, "/255", n, headline=True, note="the way back starts from 8-bit pictures"),
        Figure(f"cycle PSNR, {way_and_back}", exact, "dB", n, note="straight on"),
        Figure(f"cycle PSNR, {way_and_back}, 8 bits between", eight, "dB", n, headline=True),
        Figure(f"cycle PSNR, {way_and_back}, JPEG between", jpeg, "dB", n, note="quality 85; far below straight on hints at hidden signs"),
    ]


def _inception(way: _Way, swapped: np.ndarray, inception: FeatureSet, progress: Progress) -> list[Figure]:
    if inception.logits is None:
        return []
    score = inception_score(inception.logits(compute_features(inception, swapped, progress)))
    note = f"of the swapped pictures, {SPLITS} splits"
    return [Figure(f"Inception Score, {way.name}", score.value, "", len(swapped), score.error, note=note)]


def _signed(pixels: np.ndarray) -> np.ndarray:
    return pixels.astype(np.float32) / 127.5 - 1


def _eight_bit(pictures: np.ndarray) -> np.ndarray:
    return eight_bit(torch.from_numpy(pictures))


def _crop_sheet(originals: np.ndarray, swapped: np.ndarray, crops: list[list[Crop]], shown: int = 16) -> Image.Image:
    """Four crops a picture, each original above its swap."""
    rows = [to_images(cut(part[:shown], crops[:shown], 4)) for part in (originals, swapped)]
    columns = 16
    lines: list[Image.Image] = []
    for begin in range(0, len(rows[0]), columns):
        for row in rows:
            part = row[begin : begin + columns]
            lines += part + [Image.new("RGB", part[0].size, imaging.WHITE)] * (columns - len(part))
    return imaging.sheet(lines, columns)
