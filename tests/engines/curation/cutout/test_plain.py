import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from engines.curation.cutout.plain import METHODS, PlainRule, plain_mask
from engines.errors import StudioError

SHIRT = [(60, 40), (140, 40), (180, 80), (160, 100), (140, 85), (140, 180), (60, 180), (60, 85), (40, 100), (20, 80)]


def shirt(ground: np.ndarray, colour: tuple[int, int, int] = (170, 40, 50)) -> tuple[Image.Image, np.ndarray]:
    """A shirt of one colour with a light print on a ground of 200 × 200, slightly soft as photographs are; and its true mask."""
    picture = Image.fromarray(ground)
    ImageDraw.Draw(picture).polygon(SHIRT, fill=colour)
    ImageDraw.Draw(picture).ellipse((85, 80, 115, 110), fill=(235, 235, 225))
    truth = Image.new("1", (200, 200))
    ImageDraw.Draw(truth).polygon(SHIRT, fill=1)
    return picture.filter(ImageFilter.GaussianBlur(0.7)), np.asarray(truth)


def noisy(level: tuple[int, int, int], noise: float = 4.0) -> np.ndarray:
    random = np.random.default_rng(0)
    return np.clip(np.array(level) + random.normal(0, noise, (200, 200, 3)), 0, 255).astype(np.uint8)


def iou(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / (one | other).sum())


@pytest.mark.parametrize("method", METHODS)
def test_an_object_before_a_plain_background_is_found_with_its_print(method: str) -> None:
    picture, truth = shirt(noisy((225, 225, 230)))
    mask, reason = plain_mask(picture, PlainRule(method))
    assert reason == ""
    assert iou(mask, truth) > 0.95
    assert mask[95, 100]


@pytest.mark.parametrize("method", METHODS)
def test_a_soft_shadow_across_the_background_stays_background(method: str) -> None:
    ground = noisy((220, 220, 220), 2) * np.linspace(1, 0.8, 200)[:, None, None]
    picture, truth = shirt(ground.astype(np.uint8))
    mask, reason = plain_mask(picture, PlainRule(method))
    assert (reason, iou(mask, truth) > 0.93) == ("", True)


def test_an_object_that_runs_off_one_side_is_not_taken_for_background() -> None:
    picture = Image.fromarray(noisy((240, 240, 240)))
    ImageDraw.Draw(picture).rectangle((60, 30, 140, 200), fill=(30, 40, 90))
    mask, reason = plain_mask(picture, PlainRule())
    assert reason == ""
    assert mask[190, 100]
    assert not mask[190, 20]


def test_what_comes_in_from_the_edge_beside_a_free_object_is_left_out() -> None:
    picture, truth = shirt(noisy((225, 225, 230)))
    ImageDraw.Draw(picture).rectangle((80, 190, 130, 200), fill=(40, 90, 40))
    mask, _ = plain_mask(picture, PlainRule())
    assert iou(mask, truth) > 0.95


def test_the_mask_has_the_size_of_the_picture_and_is_the_same_every_time() -> None:
    picture, truth = shirt(noisy((225, 225, 230)))
    large = picture.resize((600, 800))
    mask, _ = plain_mask(large, PlainRule(detail=256))
    again, _ = plain_mask(large, PlainRule(detail=256))
    assert mask.shape == (800, 600)
    assert (mask == again).all()
    assert iou(mask, np.asarray(Image.fromarray(truth).resize((600, 800)))) > 0.93


def patchwork() -> np.ndarray:
    random = np.random.default_rng(1)
    return np.kron(random.integers(0, 256, (20, 20, 3)), np.ones((10, 10, 1))).astype(np.uint8)


def stripes() -> np.ndarray:
    return np.where((np.arange(200) // 8 % 2 == 0)[None, :, None], noisy((250, 250, 250)), noisy((90, 90, 90)))


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (Image.fromarray(noisy((220, 220, 220))), "no object stands out"),
        (shirt(patchwork())[0], "not plain"),
        (shirt(stripes())[0], "busy"),
    ],
)
def test_a_picture_without_object_or_without_plain_background_is_turned_down_with_a_reason(picture: Image.Image, reason: str) -> None:
    assert reason in plain_mask(picture, PlainRule())[1]


def test_an_object_that_fills_the_picture_or_its_border_is_turned_down_when_the_rule_says_so() -> None:
    picture, _ = shirt(noisy((225, 225, 230)))
    assert "fills the picture" in plain_mask(picture, PlainRule(most=0.3))[1]
    running_off = picture.crop((30, 0, 170, 200))
    assert plain_mask(running_off, PlainRule())[1] == ""
    assert "runs off" in plain_mask(running_off, PlainRule(most_border=0.02))[1]


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (2000, 9)])
def test_pictures_of_any_shape_give_a_mask_of_their_size(size: tuple[int, int]) -> None:
    assert plain_mask(Image.new("RGB", size, "white"), PlainRule())[0].shape == size[::-1]


@pytest.mark.parametrize("settings", [{"method": "magic"}, {"tolerance": 0.0}, {"tolerance": float("nan")}, {"detail": 8}, {"most": 2.0}])
def test_impossible_rules_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(StudioError):
        PlainRule(**settings)  # type: ignore[arg-type]
