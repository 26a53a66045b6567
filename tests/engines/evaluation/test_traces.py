import numpy as np
import pytest
from PIL import Image

from engines.errors import StudioError
from engines.evaluation.traces import as_jpeg, checkerboard, outside_change, psnr, structure_kept


def cloth(n: int, side: int = 128) -> np.ndarray:
    """Soft folds with grain, shape (n, 3, side, side)."""
    random = np.random.default_rng(0)
    pictures = []
    for _ in range(n):
        coarse = random.integers(60, 200, (9, 9, 3), dtype=np.uint8)
        fold = np.asarray(Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC)).astype(np.int16)
        pictures.append(np.clip(fold + random.integers(-9, 10, (side, side, 1)), 0, 255).astype(np.uint8))
    return np.stack(pictures).transpose(0, 3, 1, 2)


@pytest.mark.parametrize("period", [2, 4])
def test_a_checkerboard_stands_out_and_grain_does_not(period: int) -> None:
    clean = cloth(4)
    rows, columns = np.indices(clean.shape[-2:])
    board = 4 * np.where((rows // (period // 2) + columns // (period // 2)) % 2, 1, -1)
    drawn = np.clip(clean.astype(np.int16) + board, 0, 255).astype(np.uint8)
    assert 0.7 < checkerboard(clean) < 1.4
    assert checkerboard(drawn) > 5 * checkerboard(clean)


def test_a_board_in_a_part_of_the_picture_is_found_too() -> None:
    clean = cloth(4)
    drawn = clean.copy()
    drawn[:, :, 30:90:2, 30:90] += 8
    assert checkerboard(drawn) > 3 * checkerboard(clean)


def test_small_pictures_have_no_checkerboard_to_look_for() -> None:
    with pytest.raises(StudioError, match="at least 64 pixels, got 40 × 40"):
        checkerboard(cloth(1, 40))


def test_what_lies_outside_is_compared_pixel_by_pixel() -> None:
    before = cloth(2, 64)
    after, inside = before.copy(), np.zeros((2, 64, 64))
    inside[:, :, 32:] = 0.3
    after[:, :, :, 32:] = 0
    assert outside_change(before, after, inside) == (0, 1)
    after[0, 1, 5, 5] ^= 3
    change, same = outside_change(before, after, inside)
    assert change == pytest.approx(3 / (3 * 2 * 64 * 32))
    assert same == pytest.approx(1 - 1 / (2 * 64 * 32))
    with pytest.raises(StudioError, match="no background"):
        outside_change(before, after, np.ones_like(inside))


def test_structure_survives_a_new_colour_and_not_a_blank() -> None:
    before, inside = cloth(3), np.ones((3, 128, 128))
    darker = (before * 0.6).astype(np.uint8)
    assert structure_kept(before, before, inside) == pytest.approx(1)
    assert structure_kept(before, darker, inside) > 0.95
    assert structure_kept(before, np.full_like(before, 90), inside) == 0
    assert abs(structure_kept(before, np.roll(before, 1, axis=0), inside)) < 0.3
    with pytest.raises(StudioError, match="no picture has edges"):
        structure_kept(before, before, np.zeros_like(inside))


def test_psnr_is_that_of_an_error_worked_out_by_hand() -> None:
    before = np.full((2, 3, 8, 8), 100, dtype=np.uint8)
    after = before.copy()
    after[0] += 10
    assert psnr(before[:1], after[:1]) == pytest.approx(20 * np.log10(255 / 10))
    assert psnr(before[1:], after[1:]) == 100


def test_jpeg_changes_little_and_only_a_little() -> None:
    before = cloth(2)
    saved = as_jpeg(before)
    assert saved.shape == before.shape
    assert 28 < psnr(before, saved) < 60
