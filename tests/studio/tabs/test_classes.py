import zipfile
from pathlib import Path

import gradio as gr
import pytest

from engines import imaging
from engines.errors import StudioError
from engines.models.zoo import Zoo
from engines.production.rendering import render
from engines.recipe import Mix, read_recipe
from studio.settings import Settings
from studio.state import Services
from studio.tabs import classes
from tests.tiny import CLASSES, SIDE


@pytest.fixture
def services(tiny_zoo: Zoo, tmp_path: Path) -> Services:
    return Services(tiny_zoo, Settings(home=tmp_path / "home"))


def test_only_generators_with_classes_are_offered(services: Services) -> None:
    assert classes.models_with_classes(services) == ["garments"]


def test_each_seed_is_one_file_that_renders_to_its_pixels(services: Services, tmp_path: Path) -> None:
    recipes = classes.class_recipes(services, "garments", "hat", "7, 1-2", 0.6)
    files = classes.write_pictures(services.draw(recipes), recipes, tmp_path)
    assert [path.name for path in files] == [f"garments-hat-seed-{seed:04d}-psi0.6.png" for seed in (7, 1, 2)]
    for path in files:
        recipe = read_recipe(path)
        assert recipe is not None
        assert render(services.zoo, recipe).tobytes() == imaging.safe_open(path).tobytes()
    with zipfile.ZipFile(classes.zipped(files, tmp_path / "all.zip")) as archive:
        assert archive.namelist() == [path.name for path in files]
        assert archive.read(files[0].name) == files[0].read_bytes()


def test_a_sheet_has_a_row_a_class_and_a_column_a_seed(services: Services, tmp_path: Path) -> None:
    recipe = classes.sheet_recipe(services, "garments", "4,9,4,11", 1.0)
    sheet = classes.write_sheet(services, recipe, tmp_path)
    assert (sheet.rows, sheet.columns) == (CLASSES, ("4", "9", "11"))
    assert sheet.size == (3 * (SIDE + 2) - 2, len(CLASSES) * (SIDE + 2) - 2)
    assert read_recipe(sheet.picture) == recipe
    assert render(services.zoo, recipe).tobytes() == imaging.safe_open(sheet.picture).tobytes()


def test_a_sheet_takes_the_first_seeds_of_many(services: Services) -> None:
    assert classes.sheet_recipe(services, "garments", "0-63", 1.0).columns == classes.SHEET_SEEDS


@pytest.mark.parametrize(
    ("model", "class_name", "seeds", "truncation", "sentence"),
    [
        ("garments", "kimono", "1", 1.0, "the class is one of coat, hat, shoes, got 'kimono'"),
        ("garments", None, "1", 1.0, "the class is one of"),
        ("scenes", "hat", "1", 1.0, "the model is one of garments"),
        ("../secrets", "hat", "1", 1.0, "the model is one of garments"),
        ("garments", "hat", "", 1.0, "got nothing"),
        ("garments", "hat", "   ", 1.0, "got nothing"),
        ("garments", "hat", None, 1.0, "got nothing"),
        ("garments", "hat", float("nan"), 1.0, "got nan"),
        ("garments", "hat", "NaN", 1.0, "got 'NaN'"),
        ("garments", "hat", True, 1.0, "got True"),
        ("garments", "hat", "0-64", 1.0, "at most 64 seeds"),
        ("garments", "hat", "1", float("nan"), "truncation is a number"),
        ("garments", "hat", "1", None, "truncation is a number"),
    ],
)
def test_what_cannot_be_drawn_gets_a_sentence(
    services: Services, model: object, class_name: object, seeds: object, truncation: object, sentence: str
) -> None:
    with pytest.raises(StudioError, match=sentence):
        classes.class_recipes(services, model, class_name, seeds, truncation)


def test_nothing_drawn_is_nothing_to_save(services: Services) -> None:
    with pytest.raises(StudioError, match="draw a class first"):
        classes.save_all(services, classes.Grid(), None)  # type: ignore[arg-type]
    with pytest.raises(StudioError, match="draw the sheet first"):
        classes.save_sheet("")


def test_the_tab_builds_with_and_without_models(services: Services, tmp_path: Path) -> None:
    with gr.Blocks():
        assert classes.build(services).class_name.value == CLASSES[0]
        assert classes.build(Services(Zoo([]), Settings(home=tmp_path))).model.value is None


def test_two_classes_are_blended_seed_by_seed(services: Services, tmp_path: Path) -> None:
    recipes = classes.blended_recipes(services, "garments", "coat", "hat", 0.25, "1-3", 0.8)
    assert [recipe.shares for recipe in recipes if isinstance(recipe, Mix)] == [(0.75, 0.25)] * 3
    files = classes.write_pictures(services.draw(recipes), recipes, tmp_path)
    assert len(set(files)) == 3
    for path in files:
        recipe = read_recipe(path)
        assert recipe is not None
        assert render(services.zoo, recipe).tobytes() == imaging.safe_open(path).tobytes()
    assert classes.blended_recipes(services, "garments", "coat", "", 0.5, "1", 1.0) == classes.class_recipes(
        services, "garments", "coat", "1", 1.0
    )
    for other, share in (("kimono", 0.5), ("hat", 7), ("hat", float("nan"))):
        with pytest.raises(StudioError):
            classes.blended_recipes(services, "garments", "coat", other, share, "1", 1.0)


def test_what_was_not_measured_is_not_claimed(services: Services) -> None:
    assert "has not been measured" in classes.recognised(services, "garments", "coat")
