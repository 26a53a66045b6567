import numpy as np
import pytest
from PIL import Image

from engines.errors import StudioError
from engines.recipe import MAX_DRAWN, Mask
from engines.translation.garment_mask import drawn_mask, feathered, find_garment, fitted, read_drawn, weight_of
from tests.engines.translation.garments import overlap, person


def test_the_garment_is_found_without_face_hair_and_hands() -> None:
    picture, parts = person()
    found = find_garment(picture)
    assert found.doubt == ""
    assert overlap(found.mask, parts["jacket"]) > 0.95
    for name in ("face", "hair", "hands"):
        assert overlap(found.mask, parts[name]) < 0.1, name
    ground = ~(parts["jacket"] | parts["face"] | parts["hair"] | parts["hands"])
    assert overlap(found.mask, ground) < 0.01


def test_the_same_picture_has_the_same_mask_every_time() -> None:
    picture, _ = person()
    assert (find_garment(picture).mask == find_garment(picture).mask).all()


def test_the_outline_of_a_large_picture_is_as_fine_as_the_picture() -> None:
    picture, parts = person(1200, 1600)
    found = find_garment(picture).mask > 127
    wrong = found ^ parts["jacket"]
    near = np.asarray(Image.fromarray(parts["jacket"]).convert("L").resize((1200, 1600)))
    assert found.shape == near.shape
    assert wrong[560:1100, 260:940].mean() < 0.02


def test_a_busy_room_is_doubted_in_a_sentence() -> None:
    room = Image.fromarray(np.random.default_rng(0).integers(0, 256, (20, 16, 3), dtype=np.uint8)).resize(
        (160, 200), Image.Resampling.NEAREST
    )
    assert "check the mask" in find_garment(room).doubt


def test_a_garment_that_runs_off_the_picture_on_all_sides_is_found() -> None:
    pixels = np.full((200, 160, 3), 40, np.uint8)
    pixels[:60, :60] = (190, 196, 200)
    pixels[150:, 120:] = (190, 196, 200)
    pixels = np.clip(pixels + np.random.default_rng(0).normal(0, 7, pixels.shape), 0, 255).astype(np.uint8)
    found = find_garment(Image.fromarray(pixels))
    assert "check the mask" in found.doubt
    assert (found.mask[70:140, 20:140] > 127).mean() > 0.9
    assert (found.mask[:50, :50] > 127).mean() < 0.2


@pytest.mark.parametrize("size", [(1, 1), (1, 60), (60, 1), (7, 5), (16, 16)])
def test_any_size_has_a_mask_of_its_size(size: tuple[int, int]) -> None:
    assert find_garment(Image.new("RGB", size, "navy")).mask.shape == size[::-1]


def test_a_feather_lies_inside_the_mask() -> None:
    mask = np.zeros((60, 80), np.uint8)
    mask[15:45, 20:60] = 255
    weight = feathered(mask, 6)
    assert (weight[mask == 0] == 0).all()
    assert weight[30, 40] == 1
    assert 0 < weight[30, 21] < weight[30, 23] < 1
    assert (feathered(mask, 0) == mask / 255).all()


def test_a_mask_is_drawn_inverted_and_the_whole_picture_has_none() -> None:
    picture = Image.new("RGB", (40, 30), "gray")
    inside = np.zeros((30, 40), np.uint8)
    inside[:, :10] = 255
    weight, inverted = (weight_of(drawn_mask(inside, 0.0, turned), picture) for turned in (False, True))
    assert weight is not None
    assert inverted is not None
    assert ((weight == 1) == (inside == 255)).all()
    assert (inverted == 1 - weight).all()
    assert weight_of(Mask("none"), picture) is None
    with pytest.raises(StudioError, match="nothing is inside the mask"):
        weight_of(drawn_mask(np.zeros((30, 40), np.uint8)), picture)


def test_a_smaller_mask_follows_the_edges_of_its_picture() -> None:
    picture = Image.new("RGB", (400, 400), "white")
    picture.paste((20, 20, 60), (101, 101, 299, 299))
    small = np.zeros((50, 50), np.uint8)
    small[13:37, 13:37] = 255
    inside = fitted(small, picture) > 127
    assert inside[105:295, 105:295].all()
    assert not inside[:90].any()
    sharp = np.asarray(picture.convert("L")) < 128
    assert (inside ^ sharp).mean() < 0.01


def test_a_mask_travels_in_a_recipe_whatever_is_on_it() -> None:
    noise = np.random.default_rng(0).integers(0, 2, (1500, 1500), dtype=np.uint8) * 255
    mask = drawn_mask(noise)
    assert len(mask.drawn) <= MAX_DRAWN
    assert read_drawn(mask.drawn).ndim == 2
    plain = np.zeros((300, 200), np.uint8)
    plain[100:200, 50:150] = 255
    assert (read_drawn(drawn_mask(plain).drawn) == plain).all()


@pytest.mark.parametrize("text", ["", "AAAA", "no base64!", "iVBORw0KGgo="])
def test_a_damaged_mask_gets_a_sentence(text: str) -> None:
    with pytest.raises(StudioError, match="damaged or too large"):
        read_drawn(text)
