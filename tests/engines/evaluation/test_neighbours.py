import numpy as np
import pytest

from engines.errors import StudioError
from engines.evaluation.neighbours import SHEET_SIDE, closest_pairs, copies, nearest, small_pixels


def pictures(n: int, seed: int) -> np.ndarray:
    """Soft coloured pictures of 40 px."""
    coarse = np.random.default_rng(seed).integers(0, 256, (n, 3, 5, 5), dtype=np.uint8)
    return coarse.repeat(8, axis=2).repeat(8, axis=3)


def both_ways(training: np.ndarray) -> list[np.ndarray]:
    return [small_pixels(training), small_pixels(np.ascontiguousarray(training[..., ::-1]))]


def test_a_generator_that_learned_by_heart_is_found_out_even_mirrored() -> None:
    training = pictures(60, 0)
    learned = np.clip(training[:30, ..., ::-1].astype(int) + 2, 0, 255).astype(np.uint8)
    found = copies(small_pixels(learned), small_pixels(pictures(40, 1)), both_ways(training))
    assert found.share == 1
    assert found.closeness < 0.1
    assert found.nearest.index.tolist() == list(range(30))


def test_new_pictures_are_as_near_as_held_out_ones() -> None:
    found = copies(small_pixels(pictures(200, 2)), small_pixels(pictures(200, 1)), both_ways(pictures(60, 0)))
    assert found.share < 0.05
    assert 0.9 < found.closeness < 1.1


def test_distances_are_root_mean_squares_in_255ths_and_exact_for_copies() -> None:
    training = pictures(5, 0) // 2
    found = nearest(small_pixels(training + 10), [small_pixels(training)])
    assert found.distance == pytest.approx(np.full(5, 10), abs=1e-3)
    assert nearest(small_pixels(training), [small_pixels(training)]).distance.max() == 0


def test_the_sheet_shows_each_drawn_picture_above_its_neighbour() -> None:
    training = pictures(5, 0)
    drawn = np.concatenate([pictures(1, 7), training[3:4]])
    sheet = closest_pairs(drawn, training, nearest(small_pixels(drawn), [small_pixels(training)]))
    assert sheet.size == (2 * SHEET_SIDE + 2, 2 * SHEET_SIDE + 2)
    first, below = (np.asarray(sheet.crop((0, top, SHEET_SIDE, top + SHEET_SIDE))) for top in (0, SHEET_SIDE + 2))
    assert np.array_equal(first, below)


def test_no_training_pictures_is_an_error() -> None:
    with pytest.raises(StudioError, match="no training pictures"):
        nearest(small_pixels(pictures(2, 0)), [])
