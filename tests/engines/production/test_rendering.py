from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines import imaging
from engines.errors import StudioError
from engines.exploration.sampling import draw, sample_recipes, way_recipes
from engines.finishing import Mockup, PrintJob
from engines.models.zoo import Zoo
from engines.production.enlarging import enlarge, enlarge_recipe
from engines.production.printing import lay_out
from engines.production.rendering import other_weights, proven_recipe, render
from engines.production.steps import opaque_if_whole
from engines.recipe import Recipe, Sample, Sheet, Swap, after, file_hash, from_json, read_recipe, save_with_recipe, to_json
from engines.translation.swap import swap, swap_recipe
from tests.tiny import CLASSES, publish_tiny_models, publish_tiny_upscaler


def saved(picture: Image.Image, path: Path, recipe: Recipe) -> Path:
    save_with_recipe(picture, path, recipe)
    return path


def a_sample(zoo: Zoo, path: Path, seed: int = 4, truncation: float = 0.7) -> Path:
    generator = zoo.generator("garments")
    [recipe] = sample_recipes(generator, [seed], "hat", truncation)
    return saved(next(draw(generator, [recipe])), path, recipe)


def test_a_saved_sample_renders_to_the_same_pixels(tiny_zoo: Zoo, tmp_path: Path) -> None:
    path = a_sample(tiny_zoo, tmp_path / "hat.png")
    recipe = read_recipe(path)
    assert recipe is not None
    assert render(tiny_zoo, recipe).tobytes() == imaging.safe_open(path).tobytes()


def test_a_saved_blend_renders_to_the_same_pixels(tiny_zoo: Zoo, tmp_path: Path) -> None:
    generator = tiny_zoo.generator("scenes")
    recipes = way_recipes(sample_recipes(generator, [1, 2], truncation=0.9), 5)
    for recipe, picture in zip(recipes, draw(generator, recipes), strict=True):
        found = read_recipe(saved(picture, tmp_path / "blend.png", recipe))
        assert found == recipe
        assert render(tiny_zoo, found).tobytes() == picture.tobytes()


def test_a_saved_sheet_of_all_classes_renders_to_the_same_pixels(tiny_zoo: Zoo, tmp_path: Path) -> None:
    generator = tiny_zoo.generator("garments")
    tiles = tuple(recipe for name in CLASSES for recipe in sample_recipes(generator, range(5), name))
    drawn = imaging.sheet(list(draw(generator, tiles)), 5)
    found = read_recipe(saved(drawn, tmp_path / "sheet.png", Sheet(5, tiles)))
    assert found is not None
    assert render(tiny_zoo, found).tobytes() == drawn.tobytes()


@pytest.mark.parametrize(("columns", "tiles"), [(400, 1), (1, 12)])
def test_a_sheet_larger_than_a_picture_that_can_be_opened_is_refused(
    tiny_zoo: Zoo, monkeypatch: pytest.MonkeyPatch, columns: int, tiles: int
) -> None:
    monkeypatch.setattr(imaging, "MAX_PIXELS", 300_000)
    [sample] = sample_recipes(tiny_zoo.generator("scenes"), [1])
    with pytest.raises(StudioError, match="this sheet has more than"):
        render(tiny_zoo, Sheet(columns, (after(sample, Mockup(side=200)),) * tiles))
    with pytest.raises(StudioError, match="this sheet has more than"):
        render(tiny_zoo, Sheet(400, (sample,)))
    assert render(tiny_zoo, Sheet(2, (after(sample, Mockup(side=200)), sample))).size == (402, 200)


def test_a_swap_of_a_photograph_renders_again_from_the_photograph(tiny_zoo: Zoo, tmp_path: Path) -> None:
    photograph = tmp_path / "photograph.png"
    Image.fromarray(np.random.default_rng(2).integers(0, 256, (50, 70, 3), dtype=np.uint8)).save(photograph)
    translator = tiny_zoo.translator("leather-denim")
    swapped = swap(translator, imaging.safe_open(photograph), "denim")
    found = read_recipe(saved(swapped, tmp_path / "swap.png", swap_recipe(translator, "denim", file_hash(photograph))))
    assert isinstance(found, Swap)
    assert render(tiny_zoo, found, photograph).tobytes() == swapped.tobytes()
    with pytest.raises(StudioError, match="needs the picture that went in"):
        render(tiny_zoo, found)
    with pytest.raises(StudioError, match="is not the picture that went in"):
        render(tiny_zoo, found, a_sample(tiny_zoo, tmp_path / "another.png"))


def test_a_swap_of_a_drawn_picture_renders_again_without_it(tiny_zoo: Zoo, tmp_path: Path) -> None:
    source = a_sample(tiny_zoo, tmp_path / "hat.png")
    translator = tiny_zoo.translator("leather-denim")
    swapped = swap(translator, imaging.safe_open(source), "leather")
    recipe = swap_recipe(translator, "leather", file_hash(source), proven_recipe(source, partial(render, tiny_zoo)))
    found = read_recipe(saved(swapped, tmp_path / "swap.png", recipe))
    source.unlink()
    assert found is not None
    assert render(tiny_zoo, found).tobytes() == swapped.tobytes()


def test_a_recipe_is_proven_only_by_the_picture_that_it_draws(tiny_zoo: Zoo, tmp_path: Path) -> None:
    source = a_sample(tiny_zoo, tmp_path / "hat.png")
    recipe = proven_recipe(source, partial(render, tiny_zoo))
    assert isinstance(recipe, Sample)
    painted = Image.new("RGB", imaging.safe_open(source).size, "crimson")
    assert proven_recipe(saved(painted, tmp_path / "painted.png", recipe), partial(render, tiny_zoo)) is None
    elsewhere = Sample("unheard-of", recipe.weights, recipe.rights, 1, 1.0)
    assert proven_recipe(saved(painted, tmp_path / "elsewhere.png", elsewhere), partial(render, tiny_zoo)) is None
    imaging.save_png(painted, tmp_path / "plain.png")
    assert proven_recipe(tmp_path / "plain.png", partial(render, tiny_zoo)) is None
    imaging.save_png(painted, tmp_path / "damaged.png", {"atelier": "{"})
    assert proven_recipe(tmp_path / "damaged.png", partial(render, tiny_zoo)) is None


def test_a_swap_of_a_swap_of_a_swap_still_has_a_recipe_that_can_be_read(tiny_zoo: Zoo, tmp_path: Path) -> None:
    translator, path = tiny_zoo.translator("leather-denim"), a_sample(tiny_zoo, tmp_path / "0.png")
    for turn, target in enumerate(("denim", "leather", "denim", "leather"), start=1):
        recipe = swap_recipe(translator, target, file_hash(path), proven_recipe(path, partial(render, tiny_zoo)))
        swapped = swap(translator, imaging.safe_open(path), target)
        previous, path = path, saved(swapped, tmp_path / f"{turn}.png", recipe)
        found = read_recipe(path)
        assert found is not None
        assert render(tiny_zoo, found, previous).tobytes() == swapped.tobytes()


def test_other_weights_of_the_same_name_are_named(tiny_zoo: Zoo, tmp_path: Path) -> None:
    recipe = read_recipe(a_sample(tiny_zoo, tmp_path / "hat.png"))
    assert isinstance(recipe, Sample)
    assert other_weights(tiny_zoo, recipe) == []
    older = Sample(recipe.model, "0" * 64, recipe.rights, recipe.seed, recipe.truncation, recipe.class_name)
    swapped = swap_recipe(tiny_zoo.translator("leather-denim"), "denim", "1" * 64, older)
    assert other_weights(tiny_zoo, older) == ["garments"]
    assert other_weights(tiny_zoo, Sheet(1, (recipe, older))) == ["garments"]
    assert other_weights(tiny_zoo, swapped) == ["garments"]
    another = publish_tiny_models(tmp_path / "models")
    assert render(another, older).size == (32, 32)


@pytest.mark.parametrize("model", ["unheard-of", "leather-denim", "../secrets"])
def test_a_recipe_of_a_model_that_draws_nothing_here_gets_a_sentence(tiny_zoo: Zoo, model: str) -> None:
    with pytest.raises(StudioError, match="choose one of"):
        render(tiny_zoo, Sample(model, "0" * 64, "", 1))


def test_a_recipe_survives_the_way_through_json(tiny_zoo: Zoo) -> None:
    generator = tiny_zoo.generator("garments")
    [sample] = sample_recipes(generator, [2**63 - 1], "shoes", 0.25)
    blend = way_recipes(sample_recipes(tiny_zoo.generator("scenes"), [0, 9]), 3)[1]
    swapped = swap_recipe(tiny_zoo.translator("leather-denim"), "denim", "a" * 64, sample)
    for recipe in (sample, blend, swapped, Sheet(2, (sample, sample))):
        assert from_json(to_json(recipe)) == recipe


def test_an_enlarged_picture_renders_to_the_same_pixels_whatever_is_made_of_it(tmp_path: Path) -> None:
    zoo = publish_tiny_upscaler(tmp_path / "models")
    given, upscaler = a_sample(zoo, tmp_path / "hat.png"), zoo.upscaler("larger")
    recipe = enlarge_recipe(read_recipe(given), upscaler)  # type: ignore[arg-type]
    larger = enlarge(imaging.safe_open(given), 4, upscaler)
    assert larger.size == (128, 128)
    found = read_recipe(saved(larger, tmp_path / "larger.png", recipe))
    assert found == recipe
    assert render(zoo, found).tobytes() == larger.tobytes()
    assert proven_recipe(tmp_path / "larger.png", partial(render, zoo)) == recipe
    page = after(recipe, PrintJob(30, 30, dpi=72))
    assert render(zoo, page).tobytes() == opaque_if_whole(lay_out(larger, PrintJob(30, 30, dpi=72))).tobytes()
    assert other_weights(zoo, replace(page, source=replace(recipe, weights="0" * 64))) == ["larger"]


def test_more_than_may_be_enlarged_is_refused_before_the_upscaler_draws(tmp_path: Path) -> None:
    zoo = publish_tiny_upscaler(tmp_path / "models")
    recipe = enlarge_recipe(read_recipe(a_sample(zoo, tmp_path / "hat.png")), zoo.upscaler("larger"))  # type: ignore[arg-type]
    assert render(zoo, recipe, most_enlarged=128 * 128).size == (128, 128)
    with pytest.raises(StudioError, match="32 × 32 pixels are too many to be enlarged here"):
        render(zoo, recipe, most_enlarged=128 * 128 - 1)
