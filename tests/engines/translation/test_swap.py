import numpy as np
import pytest
from PIL import Image, ImageFilter

from engines.errors import StudioError
from engines.models.zoo import Zoo
from engines.translation.swap import swap, swap_and_back, swap_recipe

SIDE = 64


def picture(width: int, height: int) -> Image.Image:
    pixels = np.random.default_rng(3).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


@pytest.mark.parametrize("size", [(64, 64), (63, 61), (1, 1), (37, 1), (1, 50), (3, 300), (301, 1), (200, 131), (65, 64), (5, 2)])
def test_swap_keeps_the_size_of_any_picture(tiny_zoo: Zoo, size: tuple[int, int]) -> None:
    swapped = swap(tiny_zoo.translator("leather-denim"), picture(*size), "denim")
    assert swapped.size == size
    assert swapped.mode == "RGB"


def test_swapping_changes_the_picture_and_each_way_differently(tiny_zoo: Zoo) -> None:
    translator, original = tiny_zoo.translator("leather-denim"), picture(48, 40)
    denim, leather = swap(translator, original, "denim"), swap(translator, original, "leather")
    assert len({original.tobytes(), denim.tobytes(), leather.tobytes()}) == 3


def test_swapping_twice_gives_the_same_pixels(tiny_zoo: Zoo) -> None:
    translator, original = tiny_zoo.translator("leather-denim"), picture(101, 77)
    assert swap(translator, original, "denim").tobytes() == swap(translator, original, "denim").tobytes()


def test_a_large_picture_keeps_its_detail(tiny_zoo: Zoo) -> None:
    """The change is made at the working size; what is finer than that comes from the original."""

    def detail(image: Image.Image) -> np.ndarray:
        blurred = image.filter(ImageFilter.GaussianBlur(1))
        return (np.asarray(image, dtype=float) - np.asarray(blurred, dtype=float)).ravel()

    grey = np.random.default_rng(1).integers(108, 148, (6 * SIDE, 5 * SIDE, 1), dtype=np.uint8).repeat(3, axis=2)
    original = Image.fromarray(grey)
    swapped = swap(tiny_zoo.translator("leather-denim"), original, "denim")
    kept = (np.asarray(swapped) > 0) & (np.asarray(swapped) < 255)
    assert np.corrcoef(detail(original)[kept.ravel()], detail(swapped)[kept.ravel()])[0, 1] > 0.95


def test_the_way_back_starts_from_the_generated_picture(tiny_zoo: Zoo) -> None:
    translator, original = tiny_zoo.translator("leather-denim"), picture(45, 64)
    swapped = swap_and_back(translator, original, "denim")
    assert swapped.original.tobytes() == original.tobytes()
    assert swapped.generated.tobytes() == swap(translator, original, "denim").tobytes()
    assert swapped.recovered.size == original.size
    back = np.asarray(swap(translator, swapped.generated, "leather"), dtype=int)
    assert np.abs(back - np.asarray(swapped.recovered, dtype=int)).mean() < 4


def test_an_unknown_target_gets_a_sentence(tiny_zoo: Zoo) -> None:
    translator = tiny_zoo.translator("leather-denim")
    for target in ("silk", "", None):
        with pytest.raises(StudioError, match="denim, leather"):
            swap(translator, picture(8, 8), target)  # type: ignore[arg-type]
        with pytest.raises(StudioError, match="denim, leather"):
            swap_recipe(translator, target, "0" * 64)  # type: ignore[arg-type]
