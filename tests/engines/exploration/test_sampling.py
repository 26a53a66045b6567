import itertools
import math

import pytest
from PIL import Image

from engines.errors import Cancelled, StudioError
from engines.exploration.sampling import draw, sample_recipes, way_recipes
from engines.models.zoo import Zoo
from tests.tiny import CHUNK, CLASSES, SIDE


def drawn(zoo: Zoo, seeds: list[int], model: str = "scenes", class_name: str | None = None, truncation: float = 1.0) -> list[Image.Image]:
    generator = zoo.generator(model)
    return list(draw(generator, sample_recipes(generator, seeds, class_name, truncation)))


def test_same_seed_gives_same_picture_in_any_batch(tiny_zoo: Zoo) -> None:
    alone = drawn(tiny_zoo, [7])[0].tobytes()
    for place, size in itertools.product(range(2 * CHUNK), (2 * CHUNK, 4 * CHUNK)):
        seeds = [100 + index for index in range(size)]
        seeds[place] = 7
        assert drawn(tiny_zoo, seeds)[place].tobytes() == alone, f"place {place} of {size}"


def test_same_seed_gives_same_picture_beside_other_classes(tiny_zoo: Zoo) -> None:
    generator = tiny_zoo.generator("garments")
    alone = {name: drawn(tiny_zoo, [3], "garments", name)[0].tobytes() for name in CLASSES}
    recipes = [recipe for name in CLASSES for recipe in sample_recipes(generator, [3, 4], name)]
    pictures = list(draw(generator, recipes))
    assert {name: pictures[2 * index].tobytes() for index, name in enumerate(CLASSES)} == alone
    assert len(set(alone.values())) == len(CLASSES)


def test_different_seeds_give_different_pictures(tiny_zoo: Zoo) -> None:
    pictures = drawn(tiny_zoo, list(range(16)))
    assert len({picture.tobytes() for picture in pictures}) == 16
    assert {(picture.size, picture.mode) for picture in pictures} == {((SIDE, SIDE), "RGB")}


def test_truncation_zero_gives_one_picture_a_class(tiny_zoo: Zoo) -> None:
    assert len({picture.tobytes() for picture in drawn(tiny_zoo, list(range(6)), truncation=0)}) == 1
    of_class = {name: {picture.tobytes() for picture in drawn(tiny_zoo, [1, 2, 3], "garments", name, 0)} for name in CLASSES}
    assert all(len(pictures) == 1 for pictures in of_class.values())
    assert len(set.union(*of_class.values())) == len(CLASSES)


def test_truncation_brings_pictures_nearer_to_each_other(tiny_zoo: Zoo) -> None:
    import numpy as np

    spread = [
        np.stack([np.asarray(picture, dtype=float) for picture in drawn(tiny_zoo, list(range(8)), truncation=psi)]).std(axis=0).mean()
        for psi in (0, 0.5, 1)
    ]
    assert spread == sorted(spread)
    assert spread[0] == 0


def test_a_blend_begins_and_ends_with_the_pictures_of_its_seeds(tiny_zoo: Zoo) -> None:
    generator = tiny_zoo.generator("scenes")
    frames = list(draw(generator, way_recipes(sample_recipes(generator, [1, 2]), 9)))
    first, last = drawn(tiny_zoo, [1, 2])
    assert frames[0].tobytes() == first.tobytes()
    assert frames[-1].tobytes() == last.tobytes()
    assert len({frame.tobytes() for frame in frames}) == 9


def test_a_frame_of_a_blend_is_the_same_alone(tiny_zoo: Zoo) -> None:
    generator = tiny_zoo.generator("scenes")
    recipes = way_recipes(sample_recipes(generator, [1, 2]), 7)
    frames = list(draw(generator, recipes))
    assert [next(draw(generator, [recipe])).tobytes() for recipe in recipes] == [frame.tobytes() for frame in frames]


@pytest.mark.parametrize("seed", [-1, 2**63, math.nan, math.inf, 1.5, True, "7", None])
def test_an_impossible_seed_gets_a_sentence(tiny_zoo: Zoo, seed: object) -> None:
    with pytest.raises(StudioError, match="a seed is a whole number"):
        sample_recipes(tiny_zoo.generator("scenes"), [seed])


@pytest.mark.parametrize("truncation", [-0.1, 2.1, math.nan, math.inf, "1", None])
def test_an_impossible_truncation_gets_a_sentence(tiny_zoo: Zoo, truncation: object) -> None:
    with pytest.raises(StudioError, match="truncation is a number"):
        sample_recipes(tiny_zoo.generator("scenes"), [1], None, truncation)


def test_a_class_that_is_unknown_missing_or_too_many_gets_a_sentence(tiny_zoo: Zoo) -> None:
    with pytest.raises(StudioError, match="coat, hat, shoes, got 'kimono'"):
        sample_recipes(tiny_zoo.generator("garments"), [1], "kimono")
    with pytest.raises(StudioError, match="got none"):
        sample_recipes(tiny_zoo.generator("garments"), [1])
    with pytest.raises(StudioError, match="no classes"):
        sample_recipes(tiny_zoo.generator("scenes"), [1], "hat")


def test_drawing_stops_when_progress_says_so(tiny_zoo: Zoo) -> None:
    def stop(done: int, total: int, message: str = "") -> None:
        raise Cancelled

    generator = tiny_zoo.generator("scenes")
    pictures = draw(generator, sample_recipes(generator, range(3 * CHUNK)), stop)
    assert len([next(pictures) for _ in range(CHUNK)]) == CHUNK
    with pytest.raises(Cancelled):
        next(pictures)
