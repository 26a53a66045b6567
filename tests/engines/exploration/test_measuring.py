"""Measuring what choosing promises."""

import numpy as np

from engines.curation.encoder import load_encoder
from engines.exploration.measuring import CHOSEN, measure_find, nearest_distance, ratio_with_error
from engines.models.zoo import Zoo


def test_the_distance_to_the_nearest_is_that_of_each_point_to_its_own_neighbour() -> None:
    assert nearest_distance(np.array([[0.0, 0.0], [3.0, 4.0], [3.0, 5.0]])) == (5 + 1 + 1) / 3


def test_the_error_of_a_ratio_is_that_of_a_sample_and_a_single_value_has_none() -> None:
    ratio, error = ratio_with_error(np.array([1.0, 2.0, 3.0, 4.0]), np.array([2.0, 2.0]))
    assert ratio == 1.25
    assert np.isclose(error or 0.0, np.sqrt(5 / 3) / 2 / 2)
    assert ratio_with_error(np.array([3.0]), np.array([2.0])) == (1.5, None)


def test_finding_is_measured_for_every_class_with_pictures_as_the_judge_learned_them(shipped_zoo: Zoo) -> None:
    generator, seen = shipped_zoo.generator("fashion-mnist"), []

    def judge(pixels: np.ndarray) -> np.ndarray:
        seen.append(pixels.shape)
        return np.arange(len(pixels)) % len(generator.card.classes)  # what was asked for, as classes come in turn

    figures = measure_find(generator, load_encoder("studio-clip", shipped_zoo), judge, 40)
    assert seen == [(40, 1, 28, 28)]
    shares = {figure.name: figure.value for figure in figures if "share of the top" in figure.name}
    assert list(shares) == [f"find “{name}”: share of the top {CHOSEN}" for name in generator.card.classes]
    times = [figure.value for figure in figures if figure.unit == "×"]
    assert np.allclose(times, np.array(list(shares.values())) / 0.1)
