import cv2
import numpy as np

from engines.translation.detail import enlarged, local_fit, reduced, spread


def test_what_is_a_function_of_the_guide_is_enlarged_along_its_edges() -> None:
    guide = np.zeros((400, 400), np.float32)
    guide[:, 203:] = 100
    small = reduced(guide, (50, 50))
    fit = local_fit(small, (0.5 * small + 7)[..., None], np.ones_like(small), 4, 1.0)
    assert np.abs(fit.at(guide)[..., 0] - (0.5 * guide + 7)).max() < 1
    blurred = cv2.resize(0.5 * small + 7, (400, 400), interpolation=cv2.INTER_CUBIC)
    assert np.abs(blurred - (0.5 * guide + 7)).max() > 5


def test_nothing_from_where_there_is_no_weight_mixes_in() -> None:
    values, weight = np.full((40, 40, 1), 5, np.float32), np.zeros((40, 40), np.float32)
    weight[:, :20] = 1
    values[:, 20:] = 1000
    fit = local_fit(np.zeros((40, 40), np.float32), values, weight, 3, 1.0)
    assert np.abs(fit.at(np.zeros((40, 40), np.float32)) - 5).max() < 0.01
    assert np.abs(spread(values, weight, 1) - 5).max() < 0.01


def test_the_same_size_is_left_alone() -> None:
    values = np.random.default_rng(0).random((7, 9, 3), dtype=np.float32)
    assert enlarged(values, (7, 9)) is values
    assert reduced(values, (7, 9)) is values
    assert enlarged(values[..., :1], (14, 18)).shape == (14, 18, 1)
