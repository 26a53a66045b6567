"""All figures of a translator: how often it swaps the material, what it leaves alone, and whether it finds the way back."""

from collections.abc import Callable

import numpy as np
from PIL import Image

from engines import imaging
from engines.errors import StudioError
from engines.evaluation.distances import kid
from engines.evaluation.features import lite2, to_images
from engines.evaluation.generators import Clock, Findings, Pictures
from engines.evaluation.materials import Crop, cut, fit_material_judge, ground_change
from engines.evaluation.report import Figure
from engines.progress import Progress, silent

SHOWN = 8

Translate = Callable[[np.ndarray, str], np.ndarray]
"""Pictures, uint8, shape (n, 3, h, w), and the class to become → the swapped pictures, same shape, as they would be saved."""


def evaluate_translator(pictures: Pictures, classes: tuple[str, ...], translate: Translate, progress: Progress = silent) -> Findings:
    """Measure a translator on the held-out pictures of both classes.

    Args:
        pictures: RGB, framed as for training.
        classes: the two of the translator, the same as the pictures'.

    Raises:
        StudioError: classes differ, or a part of the split lacks a class.
        Cancelled: when `progress` says so.
    """
    if classes != pictures.classes:
        raise StudioError(
            f"the model swaps {', '.join(classes)}, the pictures are {', '.join(pictures.classes)}: choose folders and names with --classes"
        )
    clock = Clock()
    judge = fit_material_judge(pictures.pixels, pictures.labels, pictures.held_out, lite2(), progress=progress)
    clock.stage("judge")
    figures = [Figure("judge's accuracy on real held-out pictures", judge.accuracy, "%", judge.held_out, headline=True)]
    sheets: dict[str, Image.Image] = {}
    held = np.flatnonzero(pictures.held_out)
    originals = [np.ascontiguousarray(pictures.pixels[held[pictures.labels[held] == index]]) for index in range(len(classes))]
    for source, name in enumerate(classes):
        target = 1 - source
        way, other, n = f"{name} → {classes[target]}", classes[target], len(originals[source])
        swapped = translate(originals[source], other)
        clock.stage("swapping")
        back = translate(swapped, name)
        clock.stage("swapping back")
        crops = judge.crops(originals[source])
        seen, before = judge.describe(swapped, crops, progress), judge.describe(originals[source], crops, progress)
        real = judge.describe(originals[target], judge.crops(originals[target]), progress)
        vectors = [part.reshape(-1, part.shape[-1]) for part in (seen, before, real)]
        against = f"against real {other}, {judge.views} crops each"
        ground, pixels = ground_change(originals[source], swapped)
        cycle = float(np.abs(originals[source].astype(np.int16) - back).mean())
        figures += [
            Figure(f"swap rate, {way}", float((judge.judge(seen) == target).mean()), "%", n, headline=True),
            Figure(f"control, {way}: originals judged {other}", float((judge.judge(before) == target).mean()), "%", n, headline=True),
            Figure(f"change of the white ground, {way}", ground, "/255", n, headline=True, note=f"{pixels:,} pixels of at least 245"),
            Figure(f"cycle L1, {way} and back", cycle, "/255", n, headline=True, note="the way back starts from 8-bit pictures"),
            Figure(f"KID of garment crops, {way}", kid(vectors[0], vectors[2]), "", n, note=against),
            Figure(f"KID of garment crops, originals of {way}", kid(vectors[1], vectors[2]), "", n, note="the ceiling: nothing swapped"),
        ]
        clock.stage("judging")
        sheets[f"{name}-to-{other}"] = imaging.sheet(
            [picture for part in (originals[source], swapped, back) for picture in to_images(part[:SHOWN])], min(SHOWN, n)
        )
        sheets[f"crops-{name}"] = _crop_sheet(originals[source], swapped, crops)
    return Findings(tuple(figures), sheets, clock.seconds)


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
