import numpy as np
import pytest

from engines.errors import StudioError
from engines.evaluation import diversity
from engines.evaluation.diversity import mean_distance, relative_diversity


def test_variety_is_one_for_equal_spread_whatever_the_numbers_and_zero_for_one_picture() -> None:
    random = np.random.default_rng(0)
    real, few = random.normal(size=(200, 16)), random.normal(size=(40, 16))
    assert relative_diversity(few, real) == pytest.approx(1, abs=0.05)
    assert relative_diversity(few / 2, real) == pytest.approx(0.5, abs=0.03)
    assert relative_diversity(np.repeat(few[:1], 20, axis=0), real) == pytest.approx(0, abs=1e-6)


def test_the_mean_distance_is_the_same_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    points = np.random.default_rng(0).normal(size=(50, 4))
    apart = np.linalg.norm(points[:, None] - points[None], axis=-1).sum() / (50 * 49)
    monkeypatch.setattr(diversity, "ROWS", 7)
    assert mean_distance(points) == pytest.approx(apart)


def test_the_mean_distance_leaves_a_picture_and_itself_out() -> None:
    assert mean_distance(np.array([[0.0, 0.0], [3.0, 4.0]])) == pytest.approx(5)
    with pytest.raises(StudioError, match="at least two pictures, got 1"):
        mean_distance(np.zeros((1, 4)))
