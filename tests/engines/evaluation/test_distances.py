import numpy as np
import pytest

from engines.errors import StudioError
from engines.evaluation.distances import frechet, inception_score, kid, kid_with_error, precision_recall


def cloud(n: int, shift: float = 0.0, seed: int = 0, scale: float = 1.0) -> np.ndarray:
    return (np.random.default_rng(seed).normal(shift, scale, (n, 8))).astype(np.float32)


def test_the_frechet_distance_of_gaussians_is_the_square_of_their_shift() -> None:
    assert frechet(cloud(4000, 0.5), cloud(4000, 0.0, seed=1)) == pytest.approx(8 * 0.25, abs=0.2)
    assert frechet(cloud(500), cloud(500)) == pytest.approx(0, abs=1e-6)


def test_kid_is_zero_on_average_between_equal_distributions_and_grows_with_their_distance() -> None:
    repeats = [kid(cloud(100, seed=seed), cloud(100, seed=seed + 100)) for seed in range(20)]
    assert abs(np.mean(repeats)) < 3 * np.std(repeats) / np.sqrt(len(repeats))
    near, far = (kid(cloud(100), cloud(100, shift, seed=1)) for shift in (0.5, 1.0))
    assert 0 < near < far


def test_kid_is_the_formula_of_the_paper() -> None:
    drawn, real = cloud(30).astype(float), cloud(30, 0.3, seed=1).astype(float)

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return (a @ b.T / 8 + 1) ** 3

    inside = [(kernel(part, part).sum() - np.trace(kernel(part, part))) / (30 * 29) for part in (drawn, real)]
    across = kernel(drawn, real)
    assert kid(drawn, real) == pytest.approx(sum(inside) - 2 * across.mean(), rel=1e-6)


def test_the_error_of_kid_tells_its_spread() -> None:
    found = [kid_with_error(cloud(120, seed=seed), cloud(120, 0.4, seed=seed + 50)) for seed in range(24)]
    spread = np.std([one.value for one in found])
    assert spread / 2 < np.mean([one.error for one in found]) < spread * 2


def test_the_same_features_give_the_same_number_twice() -> None:
    assert kid_with_error(cloud(320), cloud(300, 0.2, seed=1)) == kid_with_error(cloud(320), cloud(300, 0.2, seed=1))


def test_a_generator_that_draws_a_corner_has_precision_without_recall() -> None:
    real = cloud(400)
    precision, recall = precision_recall(cloud(400, scale=0.1, seed=1), real)
    assert precision > 0.95
    assert recall < 0.1
    assert min(precision_recall(cloud(400, seed=2), real)) > 0.6


def test_the_inception_score_counts_the_classes_drawn_evenly() -> None:
    logits = np.eye(5, dtype=np.float32)[np.arange(500) % 5] * 50
    assert inception_score(logits).value == pytest.approx(5, rel=0.05)
    assert inception_score(np.zeros((50, 5), np.float32)).value == pytest.approx(1)


def test_too_few_pictures_or_other_features_are_said_in_a_sentence() -> None:
    with pytest.raises(StudioError, match="at least 5 pictures on each side, got 4 and 50"):
        precision_recall(cloud(4), cloud(50))
    with pytest.raises(StudioError, match=r"got \(10, 8\) and \(10, 4\)"):
        kid(cloud(10), cloud(10)[:, :4])
    with pytest.raises(StudioError, match="got 3: draw more"):
        inception_score(np.zeros((3, 5), np.float32))
