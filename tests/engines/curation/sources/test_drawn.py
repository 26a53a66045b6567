from pathlib import Path

from engines.curation.sources.drawn import drawn_pictures
from engines.exploration.sampling import draw, sample_recipes
from engines.models.zoo import Zoo
from engines.recipe import read_recipe


def test_drawings_are_made_once_and_keep_their_recipes(tiny_zoo: Zoo, tmp_path: Path) -> None:
    generator = tiny_zoo.generator("scenes")
    recipes = sample_recipes(generator, [3, 5])
    made = []

    def pictures():  # type: ignore[no-untyped-def]
        for recipe, picture in zip(recipes, draw(generator, recipes), strict=True):
            made.append(recipe)
            yield f"scene-{recipe.seed}", picture, recipe

    first = drawn_pictures(tmp_path, "drawn here", pictures)
    second = drawn_pictures(tmp_path, "drawn here", pictures)
    assert made == recipes
    assert [one.content for one in first] == [one.content for one in second]
    assert {(one.provenance.training_allowed, one.provenance.permission) for one in first} == {("yes", "drawn here")}
    assert [read_recipe(Path(str(one.content))) for one in second] == recipes
