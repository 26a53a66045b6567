import numpy as np
import pytest

from engines.errors import StudioError
from engines.evaluation.materials import garment_mask
from engines.evaluation.report import Figure
from engines.evaluation.translators import Swapping, Translate, evaluate_translator
from tests.engines.evaluation.test_generators import Set
from tests.engines.evaluation.test_materials import BLACK, BLUE, wardrobe

COLOURS = {"denim": BLUE, "leather": BLACK}


@pytest.fixture(scope="module")
def pairs() -> Set:
    pixels, labels = wardrobe(16)
    return Set(pixels, labels, ("denim", "leather"), np.arange(16) >= 12)


def recoloured(pixels: np.ndarray, target: str) -> np.ndarray:
    """The cloth of one colour becomes the other; nothing else changes."""
    other = next(name for name in COLOURS if name != target)
    change = np.array(COLOURS[target]) - np.array(COLOURS[other])
    cloth = (np.abs(pixels.astype(int) - np.array(COLOURS[other])[:, None, None]) <= 8).all(axis=1)
    return np.clip(pixels + cloth[:, None] * change[:, None, None], 0, 255).astype(np.uint8)


def untouched(pixels: np.ndarray, target: str) -> np.ndarray:
    return pixels


def swapping(swap: Translate, **others: Translate) -> Swapping:
    """A swap whose network draws the same."""

    def draw(shown: np.ndarray, target: str) -> np.ndarray:
        return swap(np.rint((shown + 1) * 127.5).astype(np.uint8), target).astype(np.float32) / 127.5 - 1

    return Swapping(swap, draw, lambda pixels: np.stack([garment_mask(picture) for picture in pixels]).astype(np.float32), others)


def figures_of(pairs: Set, ways: Swapping, classes: tuple[str, ...] | None = None) -> dict[str, Figure]:
    return {figure.name: figure for figure in evaluate_translator(pairs, classes or pairs.classes, ways).figures}


def test_a_perfect_swap_has_full_rates_an_untouched_ground_and_a_way_back(pairs: Set) -> None:
    found = evaluate_translator(pairs, pairs.classes, swapping(recoloured, doing_nothing=untouched))
    figures = {figure.name: figure for figure in found.figures}
    assert figures["judge's accuracy on real held-out pictures"].value == 1
    for way, other in (("denim → leather", "leather"), ("leather → denim", "denim")):
        assert figures[f"swap rate, {way}"].value == figures[f"real held-out {other} judged {other}"].value == 1
        assert figures[f"swap rate, {way}"].n == 2
        assert figures[f"control, {way}: originals judged {other}"].value == 0
        assert figures[f"swap rate, {way}, doing_nothing"].value == 0
        assert figures[f"way from untouched to real, {way}"].value > 0.8
        assert figures[f"way from untouched to real, {way}, doing_nothing"].value == pytest.approx(0, abs=1e-6)
        assert figures[f"outside the mask the same bit for bit, {way}"].value == pytest.approx(1, abs=0.01)
        assert figures[f"change of the white ground, {way}"].value == 0
        assert figures[f"structure kept inside, {way}"].value > 0.9
        assert figures[f"cycle L1, {way} and back"].value < 0.5
        assert figures[f"cycle PSNR, {way} and back"].value > 40
        assert 0.8 < figures[f"checkerboard, {way}"].value < 1.2
    assert sorted(found.sheets) == ["crops-denim", "crops-leather", "denim-to-leather", "leather-to-denim"]


def test_doing_nothing_swaps_nothing(pairs: Set) -> None:
    figures = figures_of(pairs, swapping(untouched))
    assert figures["swap rate, denim → leather"].value == figures["swap rate, leather → denim"].value == 0
    assert figures["way from untouched to real, denim → leather"].value == pytest.approx(0, abs=1e-6)
    assert figures["cycle PSNR, denim → leather and back"].value == 100


def test_a_translator_that_hides_its_original_does_not_find_back_through_jpeg(pairs: Set) -> None:
    def hides(shown: np.ndarray, target: str) -> np.ndarray:
        """One colour, with the original a thousandth as strong in it, and back."""
        return (shown - 0.3) * 1000 if np.abs(shown - 0.3).max() < 0.01 else (0.3 + shown / 1000).astype(np.float32)

    ways = swapping(untouched)
    figures = figures_of(pairs, Swapping(ways.swap, hides, ways.inside))
    for way in ("denim → leather and back", "leather → denim and back"):
        assert figures[f"cycle PSNR, {way}"].value > 40
        assert figures[f"cycle PSNR, {way}, 8 bits between"].value < 20
        assert figures[f"cycle PSNR, {way}, JPEG between"].value < 20


def test_one_way_is_measured_one_way(pairs: Set) -> None:
    figures = figures_of(pairs, swapping(recoloured), ("leather",))
    assert figures["swap rate, denim → leather"].value == 1
    assert not any("leather → denim" in name or "cycle" in name for name in figures)


def test_other_classes_are_said_in_a_sentence(pairs: Set) -> None:
    with pytest.raises(StudioError, match="the model swaps silk, wool, the pictures are denim, leather"):
        evaluate_translator(pairs, ("silk", "wool"), swapping(untouched))
