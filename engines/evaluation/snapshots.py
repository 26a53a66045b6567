"""Cheap judges for choosing among the snapshots of a training run, every few hundred steps.

They are not those that the report uses where that can be helped: a generator's snapshots can be compared with training pictures, which
leaves the held-out ones untouched, and a translator's are judged on whole garments, where the report looks at crops.
"""

from collections.abc import Callable

import numpy as np
from torch import Tensor

from engines.errors import StudioError
from engines.evaluation.distances import kid
from engines.evaluation.features import FeatureSet, cached_features, compute_features, eight_bit, lite2
from engines.evaluation.generators import Pictures
from engines.evaluation.materials import MaterialJudge, fit_material_judge, swap_rate, whole_garment
from engines.progress import Progress, silent

SNAPSHOT_PICTURES = 300


def reference_features(
    pictures: Pictures,
    held_out: bool = False,
    n: int = SNAPSHOT_PICTURES,
    balanced: bool = False,
    features: FeatureSet | None = None,
    progress: Progress = silent,
) -> np.ndarray:
    """Features of at most `n` real pictures of one part of the split, chosen by lot once and for all; cached.

    Args:
        held_out: compare with held-out pictures, or with training pictures, which leaves the held-out ones to the report.
        balanced: as many of each class, for a generator that draws every class equally often.
        features: Lite2 unless another set is given.

    Raises:
        StudioError: the part is empty.
    """
    part = np.flatnonzero(np.asarray(pictures.held_out) == held_out)
    random = np.random.default_rng(2)
    if balanced:
        members = [part[pictures.labels[part] == label] for label in range(len(pictures.classes))]
        each = min(n // len(members), *(len(group) for group in members)) if len(members) > 1 else n
        part = np.concatenate([random.permutation(group)[:each] for group in members])
    if not len(part):
        raise StudioError("there is no real picture to compare with: add pictures")
    chosen = np.sort(random.permutation(part)[:n])
    return cached_features(features or lite2(), np.ascontiguousarray(pictures.pixels[chosen]), progress)


def held_out_distance(
    real: np.ndarray, draw: Callable[[int], Tensor], n: int = SNAPSHOT_PICTURES, features: FeatureSet | None = None
) -> float:
    """KID of `n` drawn pictures against real ones, which it is up to the caller to have held out.

    Args:
        real: from `reference_features`.
        draw: count → pictures in [-1, 1], shape (count, channels, h, w), from latents that stay the same from snapshot to snapshot.
        features: those of `real`; Lite2 unless another set is given.
    """
    return kid(compute_features(features or lite2(), eight_bit(draw(n))), real)


def snapshot_material_judge(pictures: Pictures, progress: Progress = silent) -> MaterialJudge:
    """A judge of materials that looks at the whole garment where the report's looks at crops; its accuracy stands in it.

    Raises:
        StudioError: a side of the split lacks a class, or pictures are not RGB.
    """
    return fit_material_judge(pictures.pixels, pictures.labels, pictures.held_out, lite2(), whole_garment, 1, progress)


def snapshot_swap_rate(judge: MaterialJudge, originals: Tensor, swapped: Tensor, target: int) -> float:
    """Share of swapped pictures judged to be of the target material: pictures in [-1, 1], shape (n, 3, h, w) twice."""
    return swap_rate(judge, eight_bit(originals), eight_bit(swapped), target)
