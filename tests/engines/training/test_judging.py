from dataclasses import replace

import numpy as np
import pytest

from engines.training.dataset import PictureSet
from engines.training.judging import PRECISION, RECALL, SCORE, judge_generator, spread


@pytest.fixture(scope="module")
def pictures() -> PictureSet:
    """60 pictures of coloured squares at random places, half of them held out."""
    pixels = squares(60, seed=0)
    return PictureSet(pixels, np.zeros(60, dtype=np.int64), ("square",), np.arange(60) % 2 == 0, (), "")


def squares(count: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    pixels = np.full((count, 3, 32, 32), 240, dtype=np.uint8)
    for picture in pixels:
        top, left, side = random.integers(0, 16), random.integers(0, 16), random.integers(8, 16)
        picture[:, top : top + side, left : left + side] = random.integers(0, 200, (3, 1, 1))
    return pixels


def test_pictures_of_the_same_kind_are_nearer_than_noise(pictures: PictureSet) -> None:
    alike = judge_generator(pictures, lambda labels: squares(len(labels), seed=7), pictures.classes)
    noise = judge_generator(
        pictures, lambda labels: np.random.default_rng(1).integers(0, 256, (len(labels), 3, 32, 32), dtype=np.uint8), pictures.classes
    )
    assert alike is not None
    assert noise is not None
    assert alike.score == alike.figures["held-out KID × 1000"]
    assert alike.score < 50 < noise.score
    assert alike.notices == ()


def test_one_picture_for_every_latent_is_noticed(pictures: PictureSet) -> None:
    verdict = judge_generator(pictures, lambda labels: np.repeat(squares(1, seed=3), len(labels), axis=0), pictures.classes)
    assert verdict is not None
    assert verdict.figures["variety"] < 0.01
    assert "too much alike" in verdict.notices[0]


def test_precision_recall_and_the_score_of_classes_go_into_the_figures(pictures: PictureSet) -> None:
    alike = judge_generator(pictures, lambda labels: squares(len(labels), seed=7), pictures.classes)
    one = judge_generator(pictures, lambda labels: np.repeat(squares(1, seed=3), len(labels), axis=0), pictures.classes)
    assert alike is not None
    assert one is not None
    assert alike.figures[RECALL] > 0.5 > one.figures[RECALL]
    assert alike.figures[PRECISION] > 0.5
    assert alike.figures[SCORE] > one.figures[SCORE] >= 1 - 1e-4


def test_a_class_whose_held_out_pictures_are_copies_has_no_variety_to_compare_with(pictures: PictureSet) -> None:
    pixels = pictures.pixels.copy()
    labels = np.zeros(60, dtype=np.int64)
    labels[[0, 2]] = 1
    pixels[2] = pixels[0]
    twins = replace(pictures, pixels=pixels, labels=labels, classes=("square", "twin"))
    verdict = judge_generator(twins, lambda labels: squares(len(labels), seed=7), twins.classes)
    assert verdict is not None
    assert "variety of square" in verdict.figures
    assert "variety of twin" not in verdict.figures


def test_the_variety_within_each_class_is_told_by_its_name(pictures: PictureSet) -> None:
    two = replace(pictures, labels=np.arange(60) // 2 % 2, classes=("circle", "square"))
    drawn = squares(30, seed=7)

    def draw(labels: np.ndarray) -> np.ndarray:
        return np.where((labels == 0)[:, None, None, None], drawn[:1], drawn[: len(labels)])

    verdict = judge_generator(two, draw, two.classes)
    assert verdict is not None
    assert verdict.figures["variety of circle"] < 0.01 < 0.5 < verdict.figures["variety of square"]


def test_a_generator_without_classes_that_draws_one_kind_of_several_is_noticed(pictures: PictureSet) -> None:
    random = np.random.default_rng(1)

    def faint(count: int, grey: int) -> np.ndarray:
        return (grey + random.integers(0, 3, (count, 3, 32, 32))).astype(np.uint8)

    pixels = np.where(np.arange(60)[:, None, None, None] // 2 % 2 == 0, faint(60, 20), squares(60, seed=9))
    two = replace(pictures, pixels=pixels, labels=np.arange(60) // 2 % 2, classes=("faint", "square"))
    verdict = judge_generator(two, lambda labels: faint(len(labels), 20), ())
    assert verdict is not None
    assert verdict.figures["variety"] < 0.5
    assert "variety of faint" not in verdict.figures


def test_too_few_held_out_pictures_cannot_tell(pictures: PictureSet) -> None:
    few = PictureSet(pictures.pixels, pictures.labels, pictures.classes, np.arange(60) < 5, (), "")
    assert judge_generator(few, lambda labels: squares(len(labels), seed=7), ()) is None


def test_spread_counts_pairs_within_a_class_only() -> None:
    features = np.array([[0.0], [2.0], [100.0], [103.0], [500.0]])
    assert spread(features, np.array([0, 0, 1, 1, 2])) == pytest.approx(2.5)
    assert np.isnan(spread(features[:2], np.array([0, 1])))
