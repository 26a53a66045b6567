from dataclasses import dataclass

import numpy as np
import pytest
import torch

from engines.errors import StudioError
from engines.evaluation import generators
from engines.evaluation.distances import frechet
from engines.evaluation.features import FeatureSet, lite2
from engines.evaluation.generators import evaluate_generator

CLASSES = ("coat", "hat")
COLOURS = np.array([(180, 40, 40), (40, 40, 180)])


@dataclass(frozen=True)
class Set:
    """Real pictures as a picture set has them."""

    pixels: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    held_out: np.ndarray
    digest: str = "d" * 64


def coloured(labels: np.ndarray, seed: int) -> np.ndarray:
    """Pictures of their class's colour with soft spots, 16 px."""
    spots = np.random.default_rng(seed).normal(0, 50, (len(labels), 3, 4, 4)).repeat(4, axis=2).repeat(4, axis=3)
    return np.clip(COLOURS[labels][:, :, None, None] + spots, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def real() -> Set:
    labels = np.arange(40) % 2
    return Set(coloured(labels, 0), labels, CLASSES, np.arange(40) >= 28)


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generators, "A_CLASS", 12)


def test_a_generator_as_good_as_real_pictures_has_the_figures_of_real_pictures(real: Set) -> None:
    def draw(name: str | None, count: int) -> np.ndarray:
        return coloured(np.full(count, CLASSES.index(name or "")), 5 + CLASSES.index(name or ""))

    found = evaluate_generator(real, CLASSES, draw, lite2())
    figures = {figure.name: figure for figure in found.figures}
    assert len(figures) == len(found.figures)
    assert figures["shows its class, mean over classes"].value > 0.9
    assert figures["judge's accuracy on real held-out pictures"].n == 12
    assert figures["judge's accuracy on real held-out pictures, mean over classes"].headline
    assert figures["recall (lite2)"].interval is not None
    nearer = [figure for name, figure in figures.items() if name.startswith("nearer to a training picture")]
    assert [figure.headline for figure in nearer] == [True, True]
    assert figures["variety within a class, mean"].value == pytest.approx(1, abs=0.25)
    assert figures["nearer to a training picture than 99 % of held-out ones (lite2)"].value < 0.2
    assert all(np.isfinite(figure.value) and figure.n > 0 for figure in found.figures)
    assert "FID" not in " ".join(figures)
    again = evaluate_generator(real, CLASSES, draw, lite2())
    assert again.figures == found.figures


def test_a_generator_that_repeats_training_pictures_of_one_class_is_found_out(real: Set) -> None:
    def draw(name: str | None, count: int) -> np.ndarray:
        return np.repeat(real.pixels[:1], count, axis=0)

    figures = {figure.name: figure.value for figure in evaluate_generator(real, CLASSES, draw, lite2()).figures}
    assert figures["shows its class: coat"] == 1
    assert figures["shows its class: hat"] == 0
    assert figures["variety within a class, mean"] == pytest.approx(0, abs=1e-3)
    assert figures["nearer to a training picture than 99 % of held-out ones (lite2)"] == 1
    assert figures["KID (lite2)"] > figures["KID (lite2), real training pictures"]


def test_a_class_of_one_training_picture_has_no_variety_and_the_others_have_theirs() -> None:
    labels = np.append(np.arange(40) % 2, [2, 2])
    names = (*CLASSES, "rare")
    pixels = np.concatenate([coloured(labels[:40], 0), np.zeros((2, 3, 16, 16), dtype=np.uint8)])
    rare = Set(pixels, labels, names, np.append(np.arange(40) >= 28, [False, True]))

    def draw(name: str | None, count: int) -> np.ndarray:
        return coloured(np.full(count, names.index(name or "") % 2), 5)

    figures = {figure.name for figure in evaluate_generator(rare, names, draw, lite2()).figures}
    assert {one for one in figures if one.startswith("variety within")} == {
        "variety within a class, mean", "variety within a class, least", "variety within coat", "variety within hat"
    }  # fmt: skip


def test_without_classes_as_many_pictures_are_drawn_as_are_held_out(real: Set) -> None:
    asked: list[tuple[str | None, int]] = []

    def draw(name: str | None, count: int) -> np.ndarray:
        asked.append((name, count))
        return coloured(np.arange(count) % 2, 9)

    found = evaluate_generator(real, (), draw, lite2(), most=12)
    assert asked == [(None, 12)]
    assert not [figure for figure in found.figures if "class" in figure.name]


def test_other_classes_or_too_few_pictures_are_said_in_a_sentence(real: Set) -> None:
    def draw(name: str | None, count: int) -> np.ndarray:
        raise AssertionError("nothing may be drawn")

    with pytest.raises(StudioError, match="the model draws hat, the pictures are coat, hat"):
        evaluate_generator(real, ("hat",), draw, lite2())
    with pytest.raises(StudioError, match="40 pictures for training and 0 held out"):
        evaluate_generator(Set(real.pixels, real.labels, CLASSES, np.zeros(40, dtype=bool)), CLASSES, draw, lite2())


def test_distances_rest_on_the_features_asked_for(real: Set) -> None:
    def embed(pictures: torch.Tensor) -> torch.Tensor:
        return pictures.float().mean(dim=(2, 3))

    def draw(name: str | None, count: int) -> np.ndarray:
        return coloured(np.arange(count) % 2, 9)

    colours = FeatureSet("inception", "mean colour", embed, "FID", logits=lambda vectors: vectors)
    figures = {figure.name: figure for figure in evaluate_generator(real, (), draw, colours).figures}
    drawn, held_out = (pixels.mean(axis=(2, 3)).astype(np.float32) for pixels in (draw(None, 12), real.pixels[real.held_out]))
    assert figures["FID"].value == pytest.approx(frechet(drawn, held_out), rel=1e-3)
    assert figures["FID"].headline
    assert {"KID (inception)", "Inception Score"} <= set(figures)
