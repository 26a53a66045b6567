from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageFilter

from engines.errors import StudioError
from engines.models.zoo import Zoo
from engines.recipe import Look, Mask
from engines.translation.garment_mask import drawn_mask
from engines.translation.swap import swap, swap_and_back, swap_recipe
from tests.engines.translation.garments import person

SIDE = 64


def picture(width: int, height: int) -> Image.Image:
    pixels = np.random.default_rng(3).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def soft(width: int, height: int, seed: int = 3) -> Image.Image:
    coarse = np.random.default_rng(seed).integers(60, 180, (5, 4, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


def half(width: int, height: int, **kwargs: object) -> Mask:
    inside = np.zeros((height, width), np.uint8)
    inside[:, : width // 2] = 255
    return drawn_mask(inside, **kwargs)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [(64, 64), (63, 61), (1, 1), (37, 1), (1, 50), (3, 300), (301, 1), (200, 131), (65, 64), (5, 2)])
@pytest.mark.parametrize("look", [Look(), Look(80, wash="indigo")])
def test_swap_keeps_the_size_of_any_picture(tiny_zoo: Zoo, size: tuple[int, int], look: Look) -> None:
    swapped = swap(tiny_zoo.translator("leather-denim"), picture(*size), "denim", look)
    assert swapped.size == size
    assert swapped.mode == "RGB"


def test_swapping_changes_the_picture_and_each_way_differently(tiny_zoo: Zoo) -> None:
    translator, original = tiny_zoo.translator("leather-denim"), picture(48, 40)
    denim, leather = swap(translator, original, "denim"), swap(translator, original, "leather")
    assert len({original.tobytes(), denim.tobytes(), leather.tobytes()}) == 3


def test_swapping_twice_gives_the_same_pixels(tiny_zoo: Zoo) -> None:
    translator, original = tiny_zoo.translator("leather-denim"), picture(101, 77)
    once, again = (swap(translator, original, "denim", Look(120, wash="black"), Mask("auto")) for _ in range(2))
    assert once.tobytes() == again.tobytes()


@pytest.mark.parametrize("size", [(48, 64), (150, 200)])
def test_strength_zero_gives_the_picture_back_exactly(tiny_zoo: Zoo, size: tuple[int, int]) -> None:
    translator, original = tiny_zoo.translator("leather-denim"), picture(*size)
    for look in (Look(strength=0), Look(strength=0, wash="indigo"), Look(colour=0, texture=0, shading=0)):
        for mask in (Mask(), half(*size)):
            assert swap(translator, original, "denim", look, mask).tobytes() == original.tobytes()


@pytest.mark.parametrize("size", [(60, 40), (400, 300)])
@pytest.mark.parametrize("feather", [0.0, 3.0])
def test_outside_the_mask_every_bit_stays(tiny_zoo: Zoo, size: tuple[int, int], feather: float) -> None:
    translator, original = tiny_zoo.translator("leather-denim"), picture(*size)
    for inverted in (False, True):
        mask = half(*size, feather=feather, inverted=inverted)
        before, after = np.asarray(original), np.asarray(swap(translator, original, "denim", Look(150, wash="ecru"), mask))
        outside = np.zeros(size[::-1], bool)
        outside[:, size[0] // 2 :] = True
        outside ^= inverted
        assert (before[outside] == after[outside]).all()
        assert (before[~outside] != after[~outside]).any(axis=-1).mean() > 0.5


def test_only_the_garment_of_a_person_is_swapped(tiny_zoo: Zoo) -> None:
    original, parts = person()
    before, after = np.asarray(original), np.asarray(swap(tiny_zoo.translator("leather-denim"), original, "denim", mask=Mask("auto")))
    changed = (before != after).any(axis=-1)
    assert changed[parts["jacket"]].mean() > 0.9
    assert changed[parts["face"]].mean() < 0.1
    assert changed[:, :20].sum() == 0


def test_what_lies_outside_the_mask_has_no_say_in_what_is_inside(tiny_zoo: Zoo) -> None:
    """The garment alone is shown to the network, so another room around it gives the same garment."""
    translator, inside = tiny_zoo.translator("leather-denim"), soft(50, 60)
    mask = np.zeros((80, 120), np.uint8)
    mask[10:70, 10:60] = 255
    results = []
    for ground in ("white", "darkgreen"):
        scene = Image.new("RGB", (120, 80), ground)
        scene.paste(inside, (10, 10))
        results.append(np.asarray(swap(translator, scene, "denim", mask=drawn_mask(mask, 0.0)))[10:70, 10:60])
    assert (results[0] == results[1]).all()


def test_strength_moves_smoothly_from_the_picture_to_the_swap_and_beyond(tiny_zoo: Zoo) -> None:
    translator, original = tiny_zoo.translator("leather-denim"), soft(48, 48)
    steps = [
        np.abs(np.asarray(swap(translator, original, "denim", Look(strength))).astype(int) - np.asarray(original)).mean()
        for strength in (0, 30, 60, 99.9, 100, 150)
    ]
    assert steps == sorted(steps)
    assert steps[0] == 0
    assert abs(steps[3] - steps[4]) < 1


def test_colour_shading_and_texture_are_separate_amounts(tiny_zoo: Zoo) -> None:
    from engines.translation.washes import to_lab

    translator, original = tiny_zoo.translator("leather-denim"), soft(48, 48)

    def moved(look: Look) -> np.ndarray:
        labs = [to_lab(np.asarray(image, np.float32) / 255) for image in (original, swap(translator, original, "denim", look))]
        return np.abs(labs[1] - labs[0]).mean(axis=(0, 1))

    colour, shading = moved(Look(texture=0, shading=0)), moved(Look(texture=0, colour=0))
    assert colour[0] < 1 < colour[1:].max()
    assert shading[1:].max() < 1 < shading[0]
    assert moved(Look(colour=0, shading=0)).max() < min(colour.max(), shading.max())


def test_a_large_picture_keeps_its_detail(tiny_zoo: Zoo) -> None:
    """The change is made at the working size; what is finer than that comes from the original."""

    def detail(image: Image.Image) -> np.ndarray:
        blurred = image.filter(ImageFilter.GaussianBlur(1))
        return (np.asarray(image, dtype=float) - np.asarray(blurred, dtype=float)).ravel()

    grey = np.random.default_rng(1).integers(108, 148, (6 * SIDE, 5 * SIDE, 1), dtype=np.uint8).repeat(3, axis=2)
    original = Image.fromarray(grey)
    swapped = swap(tiny_zoo.translator("leather-denim"), original, "denim", Look(texture=0))
    kept = (np.asarray(swapped) > 0) & (np.asarray(swapped) < 255)
    assert np.corrcoef(detail(original)[kept.ravel()], detail(swapped)[kept.ravel()])[0, 1] > 0.9


def test_a_large_even_garment_shows_no_seams_and_no_rim(tiny_zoo: Zoo) -> None:
    original = soft(1100, 900)
    inside = np.zeros((900, 1100), np.uint8)
    inside[100:800, 150:1000] = 255
    swapped = np.asarray(swap(tiny_zoo.translator("leather-denim"), original, "denim", Look(texture=0), drawn_mask(inside, 0.0))).astype(
        int
    )
    garment = swapped[100:800, 150:1000]
    assert max(np.abs(np.diff(garment, axis=axis)).max() for axis in (0, 1)) <= 4
    change = np.abs(swapped - np.asarray(original)).sum(axis=-1)[100:800, 150:1000]
    assert change[:3].mean() > 0.5 * change[10:40].mean()


def test_a_swap_does_not_depend_on_what_was_swapped_before(tiny_zoo: Zoo) -> None:
    translator, pictures = tiny_zoo.translator("leather-denim"), [soft(60, 40, 1), soft(200, 160, 2), soft(33, 90, 3)]
    one_way = [swap(translator, each, "denim", mask=Mask("auto")).tobytes() for each in pictures]
    back = [swap(translator, each, "denim", mask=Mask("auto")).tobytes() for each in reversed(pictures)]
    assert one_way == back[::-1]


def test_a_wash_gives_the_garment_its_colour(tiny_zoo: Zoo) -> None:
    translator, original = tiny_zoo.translator("leather-denim"), soft(60, 60)
    for wash, colour in (("#808000", (128, 128, 0)), ("oxblood", (0x57, 0x1F, 0x24))):
        washed = np.asarray(swap(translator, original, "leather", Look(wash=wash), half(60, 60, feather=0.0))).astype(float)
        assert np.abs(washed[:, :30].mean(axis=(0, 1)) - colour).max() < 24


def test_the_way_back_starts_from_the_generated_picture(tiny_zoo: Zoo) -> None:
    translator, original = tiny_zoo.translator("leather-denim"), picture(45, 64)
    swapped = swap_and_back(translator, original, "denim")
    assert swapped.original.tobytes() == original.tobytes()
    assert swapped.generated.tobytes() == swap(translator, original, "denim").tobytes()
    assert swapped.recovered.tobytes() == swap(translator, swapped.generated, "leather").tobytes()


def test_the_way_back_of_a_large_picture_may_be_drawn_smaller(tiny_zoo: Zoo) -> None:
    swapped = swap_and_back(tiny_zoo.translator("leather-denim"), soft(300, 200), "denim", mask=half(300, 200), back_side=150)
    assert swapped.generated.size == (300, 200)
    assert swapped.recovered.size == (150, 100)


def test_an_unknown_target_or_wash_or_amount_gets_a_sentence(tiny_zoo: Zoo) -> None:
    translator = tiny_zoo.translator("leather-denim")
    for target in ("silk", "", None):
        with pytest.raises(StudioError, match="denim, leather"):
            swap(translator, picture(8, 8), target)  # type: ignore[arg-type]
        with pytest.raises(StudioError, match="denim, leather"):
            swap_recipe(translator, target, "0" * 64)  # type: ignore[arg-type]
    for look, sentence in (
        (Look(151), "0 to 150"),
        (Look(colour=float("nan")), "colour"),
        (Look(wash="plaid"), "indigo"),
        (Look(wash="#12"), "wash"),
    ):
        with pytest.raises(StudioError, match=sentence):
            swap(translator, picture(8, 8), "denim", look)
        with pytest.raises(StudioError, match=sentence):
            swap_recipe(translator, "denim", "0" * 64, None, look)
    with pytest.raises(StudioError, match="feather"):
        swap_recipe(translator, "denim", "0" * 64, None, Look(), replace(half(8, 8), feather=9.0))
