"""Mock-ups show the graphic that was given, where it was asked for, on cloth with folds."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from engines.errors import StudioError
from engines.production.mockup import COLOURS, PLACES, Mockup, draw_mockup, print_size

SMALL = Mockup(side=300)
RED = Image.new("RGB", (60, 60), "#e00000")
NOTHING = Image.new("RGBA", (60, 60), (0, 0, 0, 0))


def pixels(graphic: Image.Image, mockup: Mockup) -> np.ndarray:
    return np.asarray(draw_mockup(graphic, mockup), dtype=np.float32)


def printed(mockup: Mockup) -> np.ndarray:
    """Where the picture changes when the graphic is printed."""
    return np.abs(pixels(RED, mockup) - pixels(NOTHING, mockup)).max(axis=2) > 30


def middle(mask: np.ndarray) -> tuple[float, float]:
    rows, columns = np.nonzero(mask)
    return float(columns.mean()), float(rows.mean())


def test_same_values_give_the_same_picture() -> None:
    assert (pixels(RED, SMALL) == pixels(RED, SMALL)).all()


@pytest.mark.parametrize(("garment", "look"), [("t-shirt", "worn"), ("t-shirt", "flat"), ("tote", "worn"), ("tote", "flat")])
def test_every_garment_shows_a_red_graphic_in_red_and_nothing_of_a_transparent_one(garment: str, look: str) -> None:
    mockup = replace(SMALL, garment=garment, look=look, colour="black")
    red, bare, where = pixels(RED, mockup), pixels(NOTHING, mockup), printed(mockup)
    assert where.sum() > 500
    assert (red[where][:, 0] > 2 * red[where][:, 1]).mean() > 0.98
    assert bare[where].max() < 110


def test_the_print_has_its_size_in_millimetres_on_the_flat_shirt() -> None:
    mockup = replace(SMALL, look="flat", folds=0.0)
    width = print_size(RED.size, mockup)[0]
    rows = printed(mockup).sum(axis=1)
    assert rows.max() / (300 / 920) == pytest.approx(width, rel=0.04)


def test_the_print_goes_where_it_is_asked_for() -> None:
    here = middle(printed(replace(SMALL, look="flat")))
    there = middle(printed(replace(SMALL, look="flat", across=60.0, down=120.0)))
    assert there[0] - here[0] == pytest.approx(60 * 300 / 920, abs=1.5)
    assert there[1] - here[1] == pytest.approx(120 * 300 / 920, abs=1.5)
    assert printed(replace(SMALL, scale=50.0)).sum() == pytest.approx(printed(SMALL).sum() / 4, rel=0.12)
    assert middle(printed(replace(SMALL, place="left chest")))[0] > 160


def test_a_turned_graphic_is_turned_clockwise() -> None:
    bar = Image.new("RGBA", (80, 80), (0, 0, 0, 0))
    bar.paste((224, 0, 0, 255), (35, 0, 45, 40))
    turned = replace(SMALL, look="flat", folds=0.0, rotation=90.0)
    changed = np.abs(pixels(bar, turned) - pixels(NOTHING, turned)).max(axis=2) > 30
    assert middle(changed)[0] > 160


def test_folds_shade_and_bend_the_print() -> None:
    lines = Image.new("RGB", (60, 60), "white")
    for row in range(0, 60, 6):
        lines.paste("black", (0, row, 60, row + 2))
    smooth, folded = pixels(lines, replace(SMALL, folds=0.0)), pixels(lines, SMALL)
    inside = np.s_[90:150, 120:180]
    assert np.abs(smooth[inside] - folded[inside]).mean() > 3
    assert np.abs(pixels(RED, SMALL) - pixels(RED, replace(SMALL, seed=7))).max() > 20


def test_cloth_shows_its_colour() -> None:
    for name in ("navy", "mustard", "sage"):
        belly = pixels(NOTHING, replace(SMALL, colour=name, look="flat"))[180:200, 140:160].mean(axis=(0, 1))
        wanted = np.array([int(COLOURS[name][index : index + 2], 16) for index in (1, 3, 5)])
        assert np.abs(belly - wanted).max() < 40, name


def test_the_shape_is_the_same_at_every_size() -> None:
    small = np.asarray(draw_mockup(RED, SMALL).convert("L"), dtype=np.float32)
    large = draw_mockup(RED, replace(SMALL, side=900)).convert("L").resize((300, 300), Image.Resampling.BOX)
    assert np.abs(small - np.asarray(large, dtype=np.float32)).mean() < 4


@pytest.mark.parametrize(
    ("change", "remedy"),
    [
        ({"garment": "hat"}, "choose one of t-shirt, tote"),
        ({"colour": "blurple"}, "or a colour such as #1f3a5f"),
        ({"place": "knee"}, "left chest"),
        ({"scale": float("nan")}, "from 5 to 200"),
        ({"side": 10**6}, "from 200 to 4096"),
        ({"seed": -1}, "whole number from 0"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_remedy(change: dict[str, object], remedy: str) -> None:
    with pytest.raises(StudioError, match=remedy):
        draw_mockup(RED, replace(SMALL, **change))  # type: ignore[arg-type]


def test_every_garment_has_the_same_places() -> None:
    assert {frozenset(places) for places in PLACES.values()} == {frozenset(PLACES["t-shirt"])}
