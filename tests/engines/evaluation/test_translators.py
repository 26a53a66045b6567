import numpy as np
import pytest

from engines.errors import StudioError
from engines.evaluation.translators import evaluate_translator
from tests.engines.evaluation.test_generators import Set
from tests.engines.evaluation.test_materials import BLACK, BLUE, wardrobe

COLOURS = {"denim": BLUE, "leather": BLACK}


@pytest.fixture(scope="module")
def pairs() -> Set:
    pixels, labels = wardrobe(16)
    return Set(pixels, labels, ("denim", "leather"), np.arange(16) >= 12)


def test_a_perfect_swap_has_full_rates_an_untouched_ground_and_a_way_back(pairs: Set) -> None:
    def translate(pixels: np.ndarray, target: str) -> np.ndarray:
        other = next(name for name in COLOURS if name != target)
        change = np.array(COLOURS[target]) - np.array(COLOURS[other])
        cloth = (np.abs(pixels.astype(int) - np.array(COLOURS[other])[:, None, None]) <= 8).all(axis=1)
        return np.clip(pixels + cloth[:, None] * change[:, None, None], 0, 255).astype(np.uint8)

    found = evaluate_translator(pairs, pairs.classes, translate)
    figures = {figure.name: figure for figure in found.figures}
    assert figures["judge's accuracy on real held-out pictures"].value == 1
    for way, other in (("denim → leather", "leather"), ("leather → denim", "denim")):
        assert figures[f"swap rate, {way}"].value == 1
        assert figures[f"swap rate, {way}"].n == 2
        assert figures[f"control, {way}: originals judged {other}"].value == 0
        assert figures[f"change of the white ground, {way}"].value == 0
        assert figures[f"cycle L1, {way} and back"].value < 0.5
    assert sorted(found.sheets) == ["crops-denim", "crops-leather", "denim-to-leather", "leather-to-denim"]


def test_doing_nothing_swaps_nothing(pairs: Set) -> None:
    figures = {figure.name: figure.value for figure in evaluate_translator(pairs, pairs.classes, lambda pixels, target: pixels).figures}
    assert figures["swap rate, denim → leather"] == figures["swap rate, leather → denim"] == 0
    assert figures["cycle L1, denim → leather and back"] == 0


def test_other_classes_are_said_in_a_sentence(pairs: Set) -> None:
    with pytest.raises(StudioError, match="the model swaps silk, wool, the pictures are denim, leather"):
        evaluate_translator(pairs, ("silk", "wool"), lambda pixels, target: pixels)
