"""What an upscaler is measured by, with features whose answer one can work out."""

import numpy as np
import pytest
from PIL import Image
from torch import Tensor

from engines.errors import StudioError
from engines.evaluation.features import FeatureSet
from engines.evaluation.upscalers import LEAST, evaluate_upscaler
from engines.training.dataset import PictureSet


def edges(pixels: Tensor) -> Tensor:
    """How rough each channel is: what an enlargement loses."""
    values = pixels.float()
    return values.diff(dim=-1).abs().mean(dim=(2, 3)) + values.mean(dim=(2, 3))


FEATURES = FeatureSet("roughness", "roughness of a test", edges, "distance")


@pytest.fixture(scope="module")
def noise() -> PictureSet:
    pixels = np.random.default_rng(0).integers(0, 256, (60, 3, 24, 24), dtype=np.uint8)
    return PictureSet(pixels, np.zeros(60, np.int64), ("noise",), np.arange(60) >= 20, (), "")


def test_one_that_brings_the_picture_back_is_at_no_distance_and_the_resamplings_are(noise: PictureSet) -> None:
    squares = {
        np.asarray(Image.fromarray(square).resize((4, 4), Image.Resampling.BOX)).tobytes(): Image.fromarray(square)
        for square in np.ascontiguousarray(noise.pixels[:, :, 4:20, 4:20].transpose(0, 2, 3, 1))
    }
    found = evaluate_upscaler(noise, 16, 4, lambda small: squares[np.asarray(small).tobytes()], FEATURES)
    values = {figure.name: figure.value for figure in found.figures}
    assert values["PSNR, the model"] > 70
    assert values["unlike the original, the model"] == 0
    for name in ("bicubic", "Lanczos"):
        assert values[f"PSNR, {name}"] < 15
        assert values[f"unlike the original, {name}"] > 0.5
        assert values[f"KID, {name}"] > values["KID, the model"]
    assert {figure.n for figure in found.figures} == {40}
    assert all(figure.note.startswith("by roughness") for figure in found.figures if "PSNR" not in figure.name)
    assert {figure.unit for figure in found.figures} == {"dB", ""}
    assert found.sheets["enlarged"].height == 3 * 18 - 2


def test_no_more_pictures_are_used_than_asked_for(noise: PictureSet) -> None:
    found = evaluate_upscaler(noise, 16, 4, lambda small: small.resize((16, 16)), FEATURES, most=31)
    assert {figure.n for figure in found.figures} == {31}


def test_too_few_held_out_pictures_are_refused_with_how_many(noise: PictureSet) -> None:
    few = PictureSet(noise.pixels, noise.labels, noise.classes, np.arange(60) >= 60 - LEAST + 1, (), "")
    with pytest.raises(StudioError, match=f"{LEAST} held-out pictures or more, got {LEAST - 1}"):
        evaluate_upscaler(few, 16, 4, lambda small: small, FEATURES)
