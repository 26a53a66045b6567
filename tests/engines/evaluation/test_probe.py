import numpy as np
import pytest

from engines.errors import StudioError
from engines.evaluation.probe import accuracy, fit_probe


def views(n: int, seed: int, noise: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Pictures of three classes in 20 dimensions, two views each."""
    random = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    centres = np.eye(3, 20) * 3
    return (centres[labels][:, None] + random.normal(0, noise, (n, 2, 20))).astype(np.float32), labels


def test_a_probe_learns_what_can_be_told_apart_and_gives_probabilities() -> None:
    probe = fit_probe(*views(120, 0), classes=3)
    features, labels = views(90, 1)
    chances = probe.probabilities(features)
    assert accuracy(chances, labels) > 0.95
    assert np.allclose(chances.sum(axis=1), 1, atol=1e-5)


def test_a_probe_chooses_a_stronger_penalty_for_noisier_features() -> None:
    assert fit_probe(*views(120, 0, noise=6), classes=3).strength > fit_probe(*views(120, 0, noise=0.5), classes=3).strength


def test_a_class_without_pictures_is_an_error() -> None:
    features, labels = views(60, 0)
    with pytest.raises(StudioError, match="one of every class"):
        fit_probe(features[labels < 2], labels[labels < 2], classes=3)
