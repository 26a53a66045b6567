import numpy as np
import pytest

from engines.errors import StudioError
from engines.translation.washes import WASHES, dye, from_lab, to_lab, wash_colour, washes


def test_every_wash_has_a_colour_and_black_leather_is_not_black_denim() -> None:
    for target in WASHES:
        for name in washes(target):
            assert wash_colour(name, target) == WASHES[target][name]
    assert wash_colour("black", "denim") != wash_colour("black", "leather")
    assert set(washes("silk")) == {name for names in WASHES.values() for name in names}


def test_a_wash_of_another_material_and_any_hex_colour_will_do() -> None:
    assert wash_colour("oxblood", "denim") == WASHES["leather"]["oxblood"]
    assert wash_colour("#1f3a5f", "denim") == "#1f3a5f"
    assert wash_colour("", "denim") is None
    with pytest.raises(StudioError, match="indigo"):
        wash_colour("plaid", "denim")


@pytest.mark.parametrize("colour", ["#2c4263", "#dcd3bf", "#201e1f", "#ff0000", "#ffffff"])
def test_dyed_cloth_has_the_colour_and_keeps_its_folds(colour: str) -> None:
    cloth = np.random.default_rng(0).normal((40, 2, -15), (8, 2, 3), (500, 3)).astype(np.float32)
    gain, shift = dye(cloth.mean(axis=0), colour)
    dyed = cloth * gain + shift
    wanted = to_lab(np.array([[[int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]]], np.float32))[0, 0]
    assert np.allclose(dyed.mean(axis=0), wanted, atol=0.1)
    assert np.corrcoef(dyed[:, 0], cloth[:, 0])[0, 1] > 0.99
    assert dyed[:, 0].std() >= 0.5 * cloth[:, 0].std()


def test_colours_survive_the_way_through_lab() -> None:
    pixels = np.random.default_rng(0).random((20, 20, 3), dtype=np.float32)
    assert np.abs(from_lab(to_lab(pixels)) - pixels).max() < 1 / 255
