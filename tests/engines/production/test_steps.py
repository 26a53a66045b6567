"""What the desk makes of a picture is drawn again bit for bit from its recipe, however many steps lie one upon the other."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from engines import imaging
from engines.errors import StudioError
from engines.exploration.sampling import draw, sample_recipes
from engines.finishing import Clearing, Colourway, Mockup, PrintJob, Repeat, Shape, Step
from engines.models.zoo import Zoo
from engines.production.palette import extract_palette
from engines.production.rendering import other_weights, proven_recipe, render, with_present_weights
from engines.production.steps import finished
from engines.recipe import (
    MAX_DEPTH,
    Finish,
    Picture,
    Recipe,
    Sheet,
    Vary,
    after,
    depth_of,
    file_hash,
    from_json,
    given_pictures,
    parents_of,
    read_recipe,
    rights_of,
    save_with_recipe,
    to_json,
)
from engines.translation.swap import swap, swap_recipe
from tests.pictures import photograph

STEPS: tuple[Step, ...] = (
    Clearing("#808080", 8.0),
    Shape("vignette"),
    Colourway(("#808080",), ("#204060",)),
    Repeat("brick", 2, 2),
    Mockup(side=220, colour="navy"),
    PrintJob(40.0, 50.0, bleed=2.0, dpi=72, mirrored=True),
)


def a_sample(zoo: Zoo, seed: int = 3) -> Recipe:
    return sample_recipes(zoo.generator("garments"), [seed], "hat", 0.8)[0]


def chain(recipe: Recipe, *steps: Step) -> Recipe:
    for step in steps:
        recipe = after(recipe, step)
    return recipe


@pytest.mark.parametrize("step", STEPS, ids=lambda step: type(step).__name__)
def test_every_step_is_saved_read_and_drawn_again_bit_for_bit(tiny_zoo: Zoo, tmp_path: Path, step: Step) -> None:
    recipe = after(a_sample(tiny_zoo), step)
    picture = render(tiny_zoo, recipe)
    save_with_recipe(picture, tmp_path / "made.png", recipe)
    found = read_recipe(tmp_path / "made.png")
    assert found == recipe
    again = render(tiny_zoo, found)
    assert (again.mode, again.tobytes()) == (picture.mode, picture.tobytes())
    assert proven_recipe(tmp_path / "made.png", partial(render, tiny_zoo)) == recipe


def test_all_steps_one_upon_the_other_are_drawn_as_one_by_one(tiny_zoo: Zoo) -> None:
    source = a_sample(tiny_zoo)
    steps = (STEPS[0], STEPS[2], STEPS[1], STEPS[4])
    picture = next(draw(tiny_zoo.generator("garments"), [source]))  # type: ignore[list-item]
    for step in steps:
        picture = finished(picture, step)
    whole = from_json(to_json(chain(source, *steps)))
    assert render(tiny_zoo, whole).tobytes() == picture.tobytes()
    assert [depth_of(whole), parents_of(parents_of(whole)[0])[0]] == [4, chain(source, steps[0], steps[1])]


def test_a_graphic_is_the_same_picture_from_its_recipe_and_from_its_file(tiny_zoo: Zoo, tmp_path: Path) -> None:
    source = a_sample(tiny_zoo)
    save_with_recipe(render(tiny_zoo, source), tmp_path / "graphic.png", source)
    for step in STEPS:
        from_file = finished(imaging.safe_open(tmp_path / "graphic.png", alpha=True), step)
        assert from_file.tobytes() == render(tiny_zoo, after(source, step)).tobytes()


def test_a_picture_from_elsewhere_is_drawn_again_from_its_file_alone(tiny_zoo: Zoo, tmp_path: Path) -> None:
    given = photograph(tmp_path / "given.png")
    recipe = from_json(to_json(chain(Picture(file_hash(given)), STEPS[1], STEPS[4])))
    picture = render(tiny_zoo, recipe, given)
    assert picture.tobytes() == finished(finished(imaging.safe_open(given, alpha=True), STEPS[1]), STEPS[4]).tobytes()
    assert (given_pictures(recipe), rights_of(recipe)) == ([file_hash(given)], [])
    with pytest.raises(StudioError, match="give it with --input"):
        render(tiny_zoo, recipe)
    with pytest.raises(StudioError, match="give the original file"):
        render(tiny_zoo, recipe, photograph(tmp_path / "other.png", seed=5))


def test_a_swap_of_a_shaped_picture_and_a_mockup_of_that_swap_are_drawn_again(tiny_zoo: Zoo) -> None:
    shaped = after(a_sample(tiny_zoo), Shape("circle"))
    translator = tiny_zoo.translator("leather-denim")
    swapped = swap_recipe(translator, "denim", "0" * 64, shaped)
    worn = after(swapped, Mockup(side=220))
    by_hand = swap(translator, imaging.to_rgb(render(tiny_zoo, shaped)), "denim")
    assert render(tiny_zoo, from_json(to_json(worn))).tobytes() == finished(by_hand, Mockup(side=220)).tobytes()
    assert rights_of(worn) == [swapped.rights]


def test_a_sheet_of_mockups_is_drawn_with_each_in_its_place(tiny_zoo: Zoo) -> None:
    tiles = tuple(after(a_sample(tiny_zoo, seed), Mockup(side=200)) for seed in (1, 2))
    sheet = render(tiny_zoo, Sheet(2, tiles))
    assert sheet.crop((202, 0, 402, 200)).tobytes() == render(tiny_zoo, tiles[1]).tobytes()


def test_other_weights_are_found_at_the_root_and_replaced_there(tiny_zoo: Zoo) -> None:
    old = chain(replace(a_sample(tiny_zoo), weights="0" * 64), STEPS[1], STEPS[4])  # type: ignore[call-arg]
    assert other_weights(tiny_zoo, old) == ["garments"]
    assert with_present_weights(tiny_zoo, old) == chain(a_sample(tiny_zoo), STEPS[1], STEPS[4])


def test_no_recipe_nests_without_end(tiny_zoo: Zoo) -> None:
    deepest = chain(a_sample(tiny_zoo), *[Shape()] * MAX_DEPTH)
    assert from_json(to_json(deepest)) == deepest
    with pytest.raises(StudioError, match="structure"):
        from_json(to_json(Finish("shape", Shape(), deepest)))
    with pytest.raises(StudioError, match=f"gone through {MAX_DEPTH} steps"):
        after(deepest, Shape())


def test_ways_to_draw_a_picture_count_for_nothing_where_operations_nest(tiny_zoo: Zoo, tmp_path: Path) -> None:
    varied = a_sample(tiny_zoo)
    for seed in range(MAX_DEPTH):
        varied = Vary(*[getattr(a_sample(tiny_zoo), name) for name in ("model", "weights", "rights")], varied, seed, 0.1)
    assert depth_of(after(varied, Shape())) == 1
    save_with_recipe(render(tiny_zoo, varied), tmp_path / "varied.png", varied)
    assert proven_recipe(tmp_path / "varied.png", partial(render, tiny_zoo)) == varied


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"step": {"side": 1e99}}, "damaged"),
        ({"step": {"side": 100000}}, "choose another"),
        ({"step": {"garment": "<script>alert(1)</script>"}}, "choose one of"),
        ({"step": {"colour": "javascript:alert(1)"}}, "choose one of"),
        ({"source": None}, "structure"),
        ({"source": {"operation": "picture"}}, "damaged"),
        ({"source": {"operation": "picture", "input": "../../etc/passwd"}}, "damaged"),
        ({"operation": "shell"}, "damaged"),
    ],
)
def test_a_recipe_from_a_stranger_is_refused_in_one_sentence(tiny_zoo: Zoo, changed: dict[str, object], sentence: str) -> None:
    fields = json.loads(to_json(after(a_sample(tiny_zoo), Mockup()))) | changed
    with pytest.raises(StudioError, match=sentence) as refused:
        render(tiny_zoo, from_json(json.dumps(fields)))
    assert "\n" not in str(refused.value)


def test_pictures_do_not_grow_without_end(tiny_zoo: Zoo) -> None:
    endless = chain(a_sample(tiny_zoo), *[Repeat("straight", 8, 8)] * 6)
    with pytest.raises(StudioError, match="show fewer repeats"):
        render(tiny_zoo, endless)


def test_the_palette_of_a_graphic_gives_a_colourway_that_is_a_recipe(tiny_zoo: Zoo) -> None:
    source = a_sample(tiny_zoo)
    old = tuple(swatch.colour for swatch in extract_palette(render(tiny_zoo, source), 3))
    made = render(tiny_zoo, Finish("colourway", Colourway(old, ("#101010", "#808080", "#f0f0f0")[: len(old)]), source))
    assert made.size == render(tiny_zoo, source).size
    assert isinstance(made, Image.Image)
