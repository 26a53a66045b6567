import numpy as np
import pytest

from engines.errors import StudioError
from engines.evaluation.features import lite2
from engines.evaluation.materials import (
    CROPS,
    Crop,
    fit_material_judge,
    garment_crops,
    garment_mask,
    ground_change,
    swap_rate,
    whole_garment,
)

SIDE = 128
SKIN = (220, 170, 140)
BLUE, BLACK = (50, 80, 130), (25, 22, 22)


def person(colour: tuple[int, int, int], seed: int = 0) -> np.ndarray:
    """A head, hands and a garment with some grain on a white ground, shape (3, 128, 128)."""
    picture = np.full((SIDE, SIDE, 3), 250, dtype=np.int16)
    picture[8:14, 52:76] = (60, 40, 30)  # hair
    picture[14:30, 54:74] = SKIN
    picture[32:110, 38:90] = colour
    picture[100:112, 30:38] = SKIN
    random = np.random.default_rng(seed)
    picture += random.integers(-6, 7, picture.shape[:2])[..., None].astype(np.int16)
    left = int(random.integers(-8, 9))
    return np.roll(np.clip(picture, 0, 255), left, axis=1).astype(np.uint8).transpose(2, 0, 1).copy()


def wardrobe(n: int) -> tuple[np.ndarray, np.ndarray]:
    pixels = np.stack([person((BLUE, BLACK)[index % 2], index) for index in range(n)])
    return pixels, np.arange(n) % 2


def test_the_mask_is_the_garment_without_ground_skin_and_head() -> None:
    picture = person(BLUE, 3)
    mask = garment_mask(picture)
    expected = (np.abs(picture.astype(int) - np.array(BLUE)[:, None, None]) <= 8).all(axis=0)
    assert mask[expected].mean() > 0.97
    assert mask[~expected].mean() < 0.01


def test_crops_are_garment_and_the_same_each_time() -> None:
    picture = person(BLACK, 1)
    crops = garment_crops(picture)
    assert CROPS // 2 <= len(crops) <= CROPS
    mask = garment_mask(picture)
    assert all(crop.of(mask[None]).mean() > 0.85 for crop in crops)
    assert crops == garment_crops(picture.copy())
    assert len(set(crops)) == len(crops)


def test_the_whole_garment_is_one_rectangle_around_it() -> None:
    picture = np.full((3, SIDE, SIDE), 255, dtype=np.uint8)
    picture[:, 40:100, 30:90] = np.array(BLUE, dtype=np.uint8)[:, None, None]
    (crop,) = whole_garment(picture)
    assert (crop.top, crop.left, crop.height, crop.width) == (40, 30, 60, 60)


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_picture_without_a_garment_is_still_judged_somewhere(value: int) -> None:
    picture = np.full((3, 40, 60), value, dtype=np.uint8)
    for crop in [*garment_crops(picture), *whole_garment(picture)]:
        assert crop.of(picture).size > 0


def test_materials_are_told_apart_and_a_swap_is_judged_where_its_original_was() -> None:
    pixels, labels = wardrobe(18)
    held_out = np.arange(18) >= 12
    judge = fit_material_judge(pixels, labels, held_out, lite2(), views=2)
    assert judge.held_out == 6
    assert judge.accuracy == 1
    originals = pixels[held_out & (labels == 0)]
    assert swap_rate(judge, originals, originals, target=1) == 0
    swapped = np.stack([person(BLACK, seed) for seed in range(12, 18, 2)])
    assert swap_rate(judge, originals, swapped, target=1) == 1
    only_ground = originals.copy()
    only_ground[originals >= 240] = 20
    assert swap_rate(judge, originals, only_ground, target=1) == 0


def test_whole_garments_tell_materials_as_well() -> None:
    pixels, labels = wardrobe(24)
    judge = fit_material_judge(pixels, labels, np.arange(24) >= 16, lite2(), whole_garment, views=1)
    assert judge.accuracy == 1
    originals = pixels[labels == 0][-4:]
    assert swap_rate(judge, originals, originals, target=1) == 0
    assert swap_rate(judge, originals, np.stack([person(BLACK, seed) for seed in range(16, 24, 2)]), target=1) == 1


def test_materials_need_colour_and_both_classes_on_both_sides() -> None:
    pixels, labels = wardrobe(24)
    with pytest.raises(StudioError, match="1 channel"):
        fit_material_judge(pixels[:, :1], labels, np.arange(24) >= 16, lite2())
    with pytest.raises(StudioError, match="both sides of the split"):
        fit_material_judge(pixels, labels, np.arange(24) == 0, lite2(), views=1)


def test_the_change_of_the_ground_counts_nearly_white_pixels_alone() -> None:
    original = np.full((1, 3, 4, 4), 250, dtype=np.uint8)
    original[..., 0] = 244
    swapped = original.copy()
    swapped[..., 0] = 0
    swapped[:, 0, :, 1:] = 244
    assert ground_change(original, swapped) == (pytest.approx(2.0), 12)
    with pytest.raises(StudioError, match="no picture has a nearly white pixel"):
        ground_change(original // 2, swapped)


def test_a_crop_cuts_rows_and_columns() -> None:
    picture = np.arange(2 * 5 * 6).reshape(2, 5, 6)
    assert np.array_equal(Crop(1, 2, 3, 4).of(picture), picture[:, 1:4, 2:6])
