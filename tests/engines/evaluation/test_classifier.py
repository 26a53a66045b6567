from pathlib import Path

import numpy as np
import pytest

from engines.errors import StudioError
from engines.evaluation import classifier
from engines.evaluation.classifier import train_class_judge
from engines.evaluation.features import lite2


def stripes(n: int, side: int = 16, channels: int = 1, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Stripes that lie or stand, with noise."""
    random = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    pattern = (np.arange(side) // 2 % 2 * 120 + 60).astype(np.float64)
    pictures = np.stack([np.broadcast_to(pattern[:, None] if label else pattern, (side, side)) for label in labels])
    noisy = pictures[:, None] + random.normal(0, 20, (n, channels, side, side))
    return np.clip(noisy, 0, 255).astype(np.uint8), labels


def test_few_pictures_are_judged_by_features_and_the_judge_is_measured_on_held_out_ones() -> None:
    pixels, labels = stripes(40, side=32, channels=3)
    held_out = np.arange(40) >= 30
    judge = train_class_judge(pixels, labels, held_out, 2, lite2())
    assert "lite2" in judge.recipe
    assert judge.held_out == 10
    assert judge.accuracy == np.mean(judge.judge(pixels[held_out]) == labels[held_out]) == 1


def test_many_small_pictures_are_judged_by_a_network_of_its_own_that_is_kept(studio_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classifier, "ENOUGH", 500)
    monkeypatch.setattr(classifier, "BATCH", 32)
    pixels, labels = stripes(700)
    held_out = np.arange(700) >= 600
    judge = train_class_judge(pixels, labels, held_out, 2, lite2())
    assert judge.network is not None
    assert judge.accuracy > 0.95
    kept = list((studio_home / "cache" / "judges").iterdir())
    monkeypatch.setattr(classifier, "_teach", None)
    again = train_class_judge(pixels, labels, held_out, 2, lite2())
    assert np.array_equal(again.judge(pixels[:50]), judge.judge(pixels[:50]))
    assert list((studio_home / "cache" / "judges").iterdir()) == kept


def test_a_judge_needs_every_class_and_something_held_out() -> None:
    pixels, labels = stripes(20)
    with pytest.raises(StudioError, match="class 2 has no training picture"):
        train_class_judge(pixels, labels, np.arange(20) > 15, 3, lite2())
    with pytest.raises(StudioError, match="no picture is held out"):
        train_class_judge(pixels, labels, np.zeros(20, dtype=bool), 2, lite2())
