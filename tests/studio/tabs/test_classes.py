import zipfile
from dataclasses import replace
from pathlib import Path

import gradio as gr
import pytest

from engines import imaging
from engines.errors import StudioError
from engines.models.zoo import Zoo
from engines.production.rendering import render
from engines.recipe import Mix, Sheet, read_recipe
from studio.components.picture_grid import Tiles
from studio.panels.exploring import Shown
from studio.settings import Settings
from studio.state import Services
from studio.tabs import classes
from tests.tiny import CLASSES, SIDE


@pytest.fixture
def services(tiny_zoo: Zoo, tmp_path: Path) -> Services:
    return Services(tiny_zoo, Settings(home=tmp_path / "home"))


def event(**said: object) -> gr.EventData:
    return gr.EventData(None, said)


def drawn_classes(services: Services, *values: object) -> tuple[Tiles, classes.Grid]:
    return classes.draw_classes(services, None, "garments", *values)  # type: ignore[arg-type]


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


def test_the_sheet_on_show_is_not_drawn_again(services: Services, request_of_ann: gr.Request) -> None:
    _, sheet = classes.draw_sheet(services, "garments", "4,9", 1.0, None, request_of_ann)
    assert classes.draw_sheet(services, "garments", "4,9", 1.0, sheet, request_of_ann) == (gr.skip(), gr.skip())
    other, _ = classes.draw_sheet(services, "garments", "4,10", 1.0, sheet, request_of_ann)
    assert other.columns == ("4", "10")


def test_a_sheet_at_another_truncation_has_an_address_of_its_own(services: Services, request_of_ann: gr.Request) -> None:
    shown, sheet = classes.draw_sheet(services, "garments", "4,9", 1.0, None, request_of_ann)
    other, _ = classes.draw_sheet(services, "garments", "4,9", 0.5, sheet, request_of_ann)
    assert other.picture.name != shown.picture.name, "a browser would show the sheet before"


def test_the_sheet_on_show_is_chosen_from_and_saved_after_its_file_was_swept_away(services: Services, request_of_ann: gr.Request) -> None:
    _, sheet = classes.draw_sheet(services, "garments", "4,9", 1.0, None, request_of_ann)
    assert isinstance(sheet, Sheet)
    services.forget(services.session_folder(request_of_ann))
    assert classes.pick_of_sheet(services, sheet, event(place=3), request_of_ann)[1].recipes == (sheet.tiles[3],)
    assert read_recipe(classes.save_sheet(services, sheet, request_of_ann)) == sheet


def test_a_sheet_takes_the_first_seeds_of_many(services: Services) -> None:
    assert classes.sheet_recipe(services, "garments", "0-63", 1.0).columns == classes.SHEET_SEEDS


@pytest.mark.parametrize(
    ("model", "class_name", "seeds", "truncation", "sentence"),
    [
        ("garments", "kimono", "1", 1.0, "the class is one of coat, hat, shoes, got 'kimono'"),
        ("garments", None, "1", 1.0, "the class is one of"),
        ("garments", [], "1", 1.0, "no class is chosen"),
        ("garments", "hat, kimono", "1", 1.0, "got 'kimono'"),
        ("garments", ["hat", None], "1", 1.0, "got 'None'"),
        ("garments", "hat, shoes", "0-32", 1.0, "2 classes of 33 seeds are 66 pictures, more than 64"),
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
        classes.save_sheet(services, None, None)  # type: ignore[arg-type]


def test_the_tab_builds_with_and_without_models(services: Services, tmp_path: Path) -> None:
    with gr.Blocks():
        assert classes.build(services).class_names.value == [CLASSES[0]]
        assert classes.build(Services(Zoo([]), Settings(home=tmp_path))).model.value is None


def test_without_a_model_every_wish_says_that_there_is_none(tmp_path: Path, request_of_ann: gr.Request) -> None:
    empty = Services(Zoo([]), Settings(home=tmp_path))
    with pytest.raises(StudioError, match="no model with classes here"):
        classes.draw_classes(empty, request_of_ann, None, [], "0-15", 1.0)
    with pytest.raises(StudioError, match="no model with classes here"):
        classes.draw_sheet(empty, None, "0-15", 1.0, None, request_of_ann)  # type: ignore[arg-type]


def test_a_look_that_fills_in_the_truncation_draws_once(services: Services) -> None:
    with gr.Blocks() as page:
        built = classes.build(services)
    heard = {name for one in page.fns.values() for target, name in one.targets if target == built.truncation._id}
    assert heard == {"release", "input"}


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


def test_several_classes_are_drawn_from_the_same_seeds_in_the_order_of_the_card(services: Services) -> None:
    recipes = classes.class_recipes(services, "garments", "shoes, coat", "4,9", 1.0)
    assert [(recipe.class_name, recipe.seed) for recipe in recipes] == [("coat", 4), ("coat", 9), ("shoes", 4), ("shoes", 9)]
    assert recipes == classes.class_recipes(services, "garments", ["coat", "shoes", "coat"], "4,9", 1.0)
    blended = classes.blended_recipes(services, "garments", ["shoes", "coat"], "hat", 0.5, "4,9", 1.0)
    mixed = [tuple(parent.class_name for parent in recipe.parents) for recipe in blended if isinstance(recipe, Mix)]  # type: ignore[union-attr]
    assert mixed == [("coat", "hat")] * 2 + [("shoes", "hat")] * 2


def test_a_grid_of_several_classes_shows_as_many_seeds_as_fit_and_says_so(services: Services) -> None:
    tiles, drawn = drawn_classes(services, ["coat", "hat", "shoes"], "0-63", 1.0)
    assert (tiles.ready, len(drawn.recipes)) == (63, 63)
    assert "these are the first 21 seeds" in tiles.message
    assert (tiles.across, tiles.heads) == (7, ((0, "coat"), (21, "hat"), (42, "shoes")))
    assert tiles.labels[21] == "hat, seed 0"
    assert [classes.across(each) for each in (1, 8, 12, 13, 16, 32)] == [1, 8, 6, 8, 8, 8]


def test_a_class_that_is_let_go_before_the_next_is_taken_leaves_the_grid_as_it_is(services: Services) -> None:
    assert "update" in str(classes.draw_if_chosen(services, classes.Grid(), None, "garments", [], "0-3", 1.0, "", 0.5)[0])  # type: ignore[arg-type]


def test_a_slider_that_was_let_go_where_it_was_draws_nothing_again(services: Services, request_of_ann: gr.Request) -> None:
    _, drawn = drawn_classes(services, ["coat"], "0-3", 1.0, "hat", 0.5)
    same = classes.draw_if_chosen(services, drawn, request_of_ann, "garments", ["coat"], "0-3", 1.0, "hat", 0.5)
    assert same == (gr.skip(), gr.skip())
    _, other = classes.draw_if_chosen(services, drawn, request_of_ann, "garments", ["coat"], "0-3", 1.0, "hat", 0.55)
    assert other.recipes != drawn.recipes


def test_what_a_class_learned_from_is_told_only_where_it_was_counted(services: Services) -> None:
    card = services.zoo.card("garments")
    assert classes.learned_from(card, ["coat"]) == ""
    counted = replace(card, class_pictures={"coat": 1200, "hat": 5, "shoes": 30})
    assert classes.learned_from(counted, ["coat"]) == "It learned from 1,200 pictures of coat; 1,235 in all."
    assert classes.learned_from(counted, ["hat", "shoes"]) == "It learned from 5 pictures of hat, 30 of shoes; 1,235 in all."
    assert "coat (1,200), hat (5), shoes (30)" in classes.about(counted)


def test_a_picture_of_the_grid_or_of_the_sheet_is_shown_with_its_seed(services: Services) -> None:
    _, drawn = drawn_classes(services, ["coat", "hat"], "4,9", 1.0)
    strip, shown = classes.pick(services, drawn, event(key=drawn.key, places=[3]), None)  # type: ignore[arg-type]
    assert (strip.seed, shown.recipes, strip.actions) == ("9", (drawn.recipes[3],), ())
    path = classes.save_shown(services, shown, event(key=strip.key, frame=0), None)  # type: ignore[arg-type]
    assert read_recipe(path) == drawn.recipes[3]
    with pytest.raises(StudioError, match="another picture came meanwhile"):
        classes.save_shown(services, shown, event(key="the one before", frame=0), None)  # type: ignore[arg-type]
    assert classes.pick(services, drawn, event(key=drawn.key, places=[None]), None) == (None, Shown())  # type: ignore[arg-type]
    with pytest.raises(StudioError, match="a place in the grid"):
        classes.pick(services, drawn, event(key=drawn.key, places=[99]), None)  # type: ignore[arg-type]
    shown, sheet = classes.draw_sheet(services, "garments", "4,9", 1.0, None, None)  # type: ignore[arg-type]
    _, of_sheet = classes.pick_of_sheet(services, sheet, event(place=3), None)  # type: ignore[arg-type]
    assert list(of_sheet.recipes) == classes.class_recipes(services, "garments", shown.rows[1], shown.columns[1], 1.0)
    with pytest.raises(StudioError, match="a place in the sheet"):
        classes.pick_of_sheet(services, sheet, event(place=-1), None)  # type: ignore[arg-type]


def test_a_blend_has_no_seed_of_its_own_to_copy(services: Services) -> None:
    _, drawn = drawn_classes(services, ["coat"], "4", 1.0, "hat", 0.5)
    strip, _ = classes.pick(services, drawn, event(key=drawn.key, places=[0]), None)  # type: ignore[arg-type]
    assert strip.seed == ""


def test_what_was_not_measured_is_not_claimed(services: Services) -> None:
    assert "has not been measured" in classes.recognised(services, "garments", "coat")
