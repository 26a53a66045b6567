import numpy as np
import pytest

from engines.translation.colour_transfer import colours_of, transfer_colours


def surface(colour: tuple[int, int, int], spread: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return np.clip(np.array(colour) + random.integers(-spread, spread + 1, (48, 48, 1)), 0, 255).astype(np.uint8)


def test_a_garment_takes_over_mean_and_deviation_of_the_other_colours() -> None:
    blue, brown = surface((60, 80, 140), 20, 1), surface((110, 80, 60), 8, 2)
    weight = np.ones(blue.shape[:2], dtype=np.float32)
    wanted = colours_of(brown, weight)
    assert wanted is not None
    found = colours_of(transfer_colours(blue, weight, wanted), weight)
    assert found is not None
    assert found.mean == pytest.approx(wanted.mean, abs=0.7)
    assert found.deviation[0] == pytest.approx(wanted.deviation[0], rel=0.1)


def test_outside_the_mask_nothing_changes() -> None:
    blue = surface((60, 80, 140), 20, 1)
    weight = np.zeros(blue.shape[:2], dtype=np.float32)
    assert colours_of(blue, weight) is None
    wanted = colours_of(surface((110, 80, 60), 8, 2), np.ones_like(weight))
    assert wanted is not None
    assert np.array_equal(transfer_colours(blue, weight, wanted), blue)
    weight[10:30] = 1
    result = transfer_colours(blue, weight, wanted)
    assert np.array_equal(result[weight == 0], blue[weight == 0])
    assert not np.array_equal(result[weight == 1], blue[weight == 1])
