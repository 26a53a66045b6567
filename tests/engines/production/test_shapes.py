"""A shape keeps the middle and lets go of the corners, with a hard or a fading edge."""

import numpy as np
import pytest
from PIL import Image

from engines.errors import StudioError
from engines.finishing import Shape
from engines.production.shapes import SHAPES, cut_to_shape, shape_mask

RED = Image.new("RGB", (120, 90), "#c01020")


def cover(shape: Shape, size: tuple[int, int] = (120, 90)) -> np.ndarray:
    return np.asarray(shape_mask(size, shape), dtype=np.float32) / 255


@pytest.mark.parametrize("kind", SHAPES)
def test_every_shape_shows_the_middle_and_hides_the_corners(kind: str) -> None:
    mask = cover(Shape(kind))
    assert mask[45, 60] > 0.99
    assert max(mask[0, 0], mask[0, -1]) < 0.01
    assert 0.2 < mask.mean() < 0.99
    assert np.abs(mask - mask[:, ::-1]).max() < 0.05, "it leans to one side"


def test_a_vignette_fades_and_a_circle_does_not() -> None:
    def between(mask: np.ndarray) -> float:
        return float(((mask > 0.05) & (mask < 0.95)).mean())

    assert between(cover(Shape("vignette"))) > 0.25
    assert between(cover(Shape("circle"))) < 0.05
    assert between(cover(Shape("circle", softness=40))) > 0.15


def test_a_smaller_shape_covers_less_of_the_picture() -> None:
    assert cover(Shape("circle", size=50)).sum() == pytest.approx(cover(Shape("circle")).sum() / 4, rel=0.05)


def test_what_was_transparent_stays_so_inside_the_shape() -> None:
    half = RED.convert("RGBA")
    half.paste((0, 0, 0, 0), (0, 0, 60, 90))
    alpha = np.asarray(cut_to_shape(half, Shape("circle")).getchannel("A"))
    assert alpha[45, 30] == 0
    assert alpha[45, 90] == 255
    assert alpha[2, 117] == 0


@pytest.mark.parametrize(
    "wrong", [Shape("star-ship"), Shape("circle", softness=float("nan")), Shape("circle", size=5), Shape("heart", 101)]
)
def test_an_impossible_shape_gets_a_sentence(wrong: Shape) -> None:
    with pytest.raises(StudioError, match="choose"):
        shape_mask((50, 50), wrong)
