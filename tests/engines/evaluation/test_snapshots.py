import numpy as np
import pytest
import torch

from engines.evaluation.snapshots import held_out_distance, reference_features, snapshot_material_judge, snapshot_swap_rate
from tests.engines.evaluation.test_generators import CLASSES, Set, coloured
from tests.engines.evaluation.test_materials import BLACK, person, wardrobe


def tensor(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(pixels).float() / 127.5 - 1


def test_a_better_snapshot_is_nearer_and_the_number_is_the_same_each_time() -> None:
    labels = np.arange(60) % 2
    real = Set(coloured(labels, 0), labels, CLASSES, np.arange(60) >= 40)
    reference = reference_features(real, n=24)
    good = held_out_distance(reference, lambda count: tensor(coloured(np.arange(count) % 2, 3)), 24)
    bad = held_out_distance(reference, lambda count: tensor(coloured(np.zeros(count, int), 3) // 2), 24)
    assert good < bad
    assert good == held_out_distance(reference, lambda count: tensor(coloured(np.arange(count) % 2, 3)), 24)


def test_the_reference_is_of_the_part_asked_for_and_balanced_on_request() -> None:
    labels = np.array([0] * 30 + [1] * 10)
    shade = np.where(labels, 250, 5)[:, None, None, None] * np.ones((1, 3, 8, 8))
    real = Set(shade.astype(np.uint8), labels, CLASSES, np.arange(40) % 5 == 0)
    assert len(reference_features(real, held_out=True)) == 8
    balanced = reference_features(real, balanced=True)
    assert len(balanced) == 16
    assert len(np.unique(balanced.round(2), axis=0)) == 2
    assert np.isclose(balanced - balanced[0], 0, atol=1e-3).all(axis=1).mean() == pytest.approx(0.5)


def test_swaps_are_rated_by_whole_garments_for_snapshots() -> None:
    pixels, labels = wardrobe(24)
    judge = snapshot_material_judge(Set(pixels, labels, ("denim", "leather"), np.arange(24) >= 16))
    assert judge.views == 1
    assert judge.accuracy == 1
    originals = tensor(pixels[labels == 0][-4:])
    swapped = tensor(np.stack([person(BLACK, seed) for seed in range(16, 24, 2)]))
    assert snapshot_swap_rate(judge, originals, originals, target=1) == 0
    assert snapshot_swap_rate(judge, originals, swapped, target=1) == 1
