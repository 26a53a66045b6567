"""A repeat shows what fabric would show, and its number tells a seam that is seen from one that is not."""

import numpy as np
import pytest
from PIL import Image

from engines.errors import StudioError
from engines.finishing import Repeat
from engines.production.repeat import LAYOUTS, Seams, seam_verdict, seams, tiled


def waves(periods: float, side: int = 96) -> Image.Image:
    """Soft waves both ways; with a whole number of periods they go on across the seam."""
    steps = np.arange(side) / side * 2 * np.pi * periods
    value = 128 + 60 * np.sin(steps)[None] + 60 * np.cos(steps)[:, None]
    return Image.fromarray(np.stack([value, value * 0.7, 255 - value], axis=2).clip(0, 255).astype(np.uint8))


def test_a_pattern_that_goes_on_has_no_seam_and_a_cut_one_has() -> None:
    whole, cut = seams(waves(3)), seams(waves(3.4))
    assert whole.worst < 1.25 < 2 < cut.worst
    assert "nobody" in seam_verdict(whole)
    assert "visible as a grid" in seam_verdict(cut)


def test_the_mirrored_layout_hides_the_seam_of_a_cut_pattern() -> None:
    assert seams(waves(3.4), "mirrored").worst < 1.25


def test_a_seam_at_one_corner_alone_is_found() -> None:
    pixels = np.asarray(waves(3)).copy()
    pixels[:12, -6:] = (255, 255, 0)
    assert seams(Image.fromarray(pixels)).worst > 2


def test_a_seam_is_named_by_its_side() -> None:
    ramp = np.broadcast_to(np.linspace(0, 255, 64)[None, :, None], (64, 64, 3)).astype(np.uint8)
    found = seams(Image.fromarray(ramp.copy()))
    assert found.across > 5 > 1 > found.down
    assert "between the columns" in seam_verdict(found)
    assert "between the rows" in seam_verdict(Seams(found.down, found.across))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_shows_each_pixel_of_the_graphic_as_often_as_it_is_repeated(layout: str) -> None:
    graphic = waves(2.3, 24)
    shown = np.asarray(tiled(graphic, Repeat(layout, 4, 2)))
    assert shown.shape == (48, 96, 3)
    colours, counts = np.unique(shown.reshape(-1, 3), axis=0, return_counts=True)
    own, once = np.unique(np.asarray(graphic).reshape(-1, 3), axis=0, return_counts=True)
    assert (colours == own).all()
    assert (counts == 8 * once).all()


def test_a_half_drop_moves_every_other_column_by_half_a_repeat() -> None:
    graphic = waves(2.3, 24)
    tile, shown = np.asarray(graphic), np.asarray(tiled(graphic, Repeat("half-drop", 2, 1)))
    assert (shown[:, :24] == tile).all()
    assert (shown[:12, 24:] == tile[12:]).all()


@pytest.mark.parametrize("wrong", [Repeat("spiral"), Repeat("brick", 0), Repeat("brick", 3, 9), Repeat("brick", True)])
def test_an_impossible_repeat_gets_a_sentence(wrong: Repeat) -> None:
    with pytest.raises(StudioError, match="choose"):
        tiled(waves(2, 16), wrong)


def test_a_repeat_too_large_to_draw_is_refused_before_it_is_drawn() -> None:
    with pytest.raises(StudioError, match="show fewer repeats"):
        tiled(Image.new("RGB", (3000, 3000)), Repeat("straight", 8, 8))
