import itertools
import math
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from engines.errors import StudioError
from engines.exploration.directions import Direction, own_file, save_directions, steer_recipe
from engines.exploration.sampling import draw, sample_recipes
from engines.finishing import Mockup, PrintJob, Shape
from engines.models.zoo import Zoo
from engines.production.rendering import render
from engines.recipe import (
    MAX_SEED,
    Blend,
    Layers,
    Mix,
    Picture,
    Recipe,
    Sample,
    Sheet,
    Steer,
    Vary,
    after,
    file_hash,
    read_recipe,
    save_with_recipe,
    shift_text,
    to_json,
)
from engines.translation.swap import swap_recipe
from studio import app, graphics
from studio.components.picture_grid import Tiles
from studio.panels import exploring
from studio.panels.exploring import Grid, Shown
from studio.state import Services
from studio.tabs import explore
from studio.wording import file_name
from tests.pictures import photograph


def pixels(path: Path | str) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def drawn_grid(services: Services, request: gr.Request, seed: str = "0", model: str = "scenes") -> tuple[Tiles, Grid]:
    *_, (tiles, drawn, _, _) = explore.draw_grid(services, Grid(), model, None, 1.0, seed, request)
    return tiles, drawn


def picked(services: Services, drawn: Grid, places: list[object], request: gr.Request) -> tuple[Any, ...]:
    return explore.pick(services, drawn, "scenes", False, "even", event(key=drawn.key, places=places), request)


def event(**data: object) -> gr.EventData:
    return gr.EventData(None, data)


def asked(shown: Shown, frame: int = 0, **data: object) -> gr.EventData:
    return event(key=shown.key, frame=frame, **data)


def test_the_grid_shows_its_places_at_once_and_then_fills(services: Services, request_of_ann: gr.Request) -> None:
    steps = list(explore.draw_grid(services, Grid(), "scenes", None, 1.0, "5", request_of_ann))
    ready = [tiles.ready for tiles, *_ in steps]
    assert ready == [0, 4, 8, 12, 16]
    assert steps[0][0].labels[0] == "Seed 5"
    assert steps[-1][0].message.startswith("16 pictures in ")


def test_the_grid_is_not_drawn_again_for_what_it_shows(services: Services, request_of_ann: gr.Request) -> None:
    _, drawn = drawn_grid(services, request_of_ann, "5")
    assert len(list(explore.redraw_grid(services, drawn, "scenes", None, 1.0, "5", request_of_ann))) == 1
    assert len(list(explore.redraw_grid(services, drawn, "scenes", None, 1.0, "6", request_of_ann))) > 1


def test_fields_that_report_what_they_were_at_first_do_not_draw_over_what_was_found(services: Services, request_of_ann: gr.Request) -> None:
    _, drawn = drawn_grid(services, request_of_ann, "5")
    for class_name in (None, ""):
        [step] = explore.redraw_other(services, drawn, "scenes", class_name, 1.0, "99", request_of_ann)
        assert {str(value) for value in step} == {str(gr.skip())}
    *_, (_, hats, _, _) = explore.redraw_other(services, drawn, "garments", "hat", 1.0, "0", request_of_ann)
    assert {(recipe.model, recipe.class_name) for recipe in hats.recipes} == {("garments", "hat")}
    *_, (_, coats, _, _) = explore.redraw_other(services, hats, "garments", "coat", 1.0, "0", request_of_ann)
    assert {recipe.class_name for recipe in coats.recipes} == {"coat"}
    found = replace(coats, recipes=(*coats.recipes[:1], *hats.recipes[1:]), asked="hat")  # in every class, the first of them a coat
    assert len(list(explore.redraw_other(services, found, "garments", "hat", 1.0, "0", request_of_ann))) == 1
    *_, (_, only, _, _) = explore.redraw_other(services, found, "garments", "coat", 1.0, "0", request_of_ann)
    assert {recipe.class_name for recipe in only.recipes} == {"coat"}


def test_coming_back_to_the_tab_keeps_what_was_found_there_unless_another_model_was_chosen(
    services: Services, request_of_ann: gr.Request
) -> None:
    _, drawn = drawn_grid(services, request_of_ann, "5")
    [step] = explore.fill_grid(services, drawn, Shown(), "scenes", None, 1.0, "99", request_of_ann)
    assert {str(value) for value in step} == {str(gr.skip())}
    assert len(list(explore.fill_grid(services, Grid(), Shown(), "scenes", None, 1.0, "0", request_of_ann))) == 5
    *_, (_, other, _, _) = explore.fill_grid(services, drawn, Shown(), "garments", "hat", 1.0, "0", request_of_ann)
    assert {recipe.model for recipe in other.recipes} == {"garments"}
    for shown, viewed in ((Shown(drawn.recipes[:1]), (None, Shown())), (Shown(other.recipes[:1]), (gr.skip(), gr.skip()))):
        *_, step = explore.fill_grid(services, drawn, shown, "garments", "hat", 1.0, "0", request_of_ann)
        assert step[2:] == viewed, "what another model drew is not moved along the directions of this one"


def test_neighbours_stay_neighbours_at_another_truncation_and_the_picture_on_show_goes_with_them(
    services: Services, request_of_ann: gr.Request
) -> None:
    _, drawn = drawn_grid(services, request_of_ann, "5")
    _, shown, *_ = picked(services, drawn, [2], request_of_ann)
    *_, (_, varied, _, _) = exploring.act(services, drawn, shown, asked(shown, action="slightly"), request_of_ann)
    ways = list(explore.turn_truncation(services, varied, shown, "scenes", None, 0.5, "5", request_of_ann))
    turned = ways[-2][1]
    assert [recipe.seed for recipe in turned.recipes if isinstance(recipe, Vary)] == [
        recipe.seed for recipe in varied.recipes if isinstance(recipe, Vary)
    ]
    assert {recipe.parent.truncation for recipe in turned.recipes if isinstance(recipe, Vary)} == {0.5}  # type: ignore[union-attr]
    assert ways[-1][3].recipes == (turned.recipes[0],)
    assert "16 pictures at ψ 0.5" in ways[-2][0].message
    assert turned.before == varied.before, "Back leads to what was varied, not to another ψ"
    assert len(list(explore.turn_truncation(services, turned, shown, "scenes", None, 0.5, "5", request_of_ann))) == 1
    other = list(explore.turn_truncation(services, turned, shown, "garments", "hat", 0.5, "5", request_of_ann))
    assert {recipe.model for recipe in other[-1][1].recipes} == {"garments"}


def test_gradio_sends_each_step_of_the_grid_whole(services: Services, request_of_ann: gr.Request) -> None:
    kinds = [type(tiles.payload()) for tiles, *_ in explore.draw_grid(services, Grid(), "scenes", None, 1.0, "5", request_of_ann)]
    assert all(before is not after for before, after in itertools.pairwise(kinds))


def test_the_studio_draws_the_same_picture_as_the_engines_alone(services: Services, request_of_ann: gr.Request, tiny_zoo: Zoo) -> None:
    files = explore.sample(services, "scenes", "3", 16, 0.7, "", request_of_ann)
    alone = next(draw(tiny_zoo.generator("scenes"), sample_recipes(tiny_zoo.generator("scenes"), [9], None, 0.7)))
    assert np.array_equal(pixels(files[6]), np.asarray(alone))


def test_different_seeds_give_different_pictures_and_psi_0_gives_one(services: Services, request_of_ann: gr.Request) -> None:
    wild = explore.sample(services, "scenes", "0-7", 1, 1.0, "", request_of_ann)
    safe = explore.sample(services, "scenes", "0-7", 1, 0.0, "", request_of_ann)
    assert len({pixels(path).tobytes() for path in wild}) == 8
    assert len({pixels(path).tobytes() for path in safe}) == 1


def test_every_saved_picture_draws_itself_again(services: Services, request_of_ann: gr.Request, tmp_path: Path) -> None:
    _, drawn = drawn_grid(services, request_of_ann)
    _, shown, *_ = picked(services, drawn, [1, 6], request_of_ann)
    saved = [
        explore.save_file(services, shown, 11, "png", tmp_path),
        explore.save_sheet(services, drawn, request_of_ann),
        Path(explore.sample(services, "garments", str(MAX_SEED), 1, 0.5, "hat", request_of_ann)[0]),
    ]
    for path in saved:
        recipe = read_recipe(path)
        assert recipe is not None
        assert np.array_equal(pixels(path), np.asarray(render(services.zoo, recipe)))


def test_one_choice_shows_a_picture_several_show_the_way_through_them(services: Services, request_of_ann: gr.Request) -> None:
    _, drawn = drawn_grid(services, request_of_ann)
    strip, shown, *sliders = picked(services, drawn, [3, None], request_of_ann)
    assert (strip.frames, len(shown.recipes), len(sliders)) == (1, 1, exploring.SLIDERS)
    strip, shown, *_ = picked(services, drawn, [3, 0, 8], request_of_ann)
    assert (strip.frames, strip.caption) == (32, "From Seed 3 to Seed 0 to Seed 8 in 32 steps")
    assert [recipe.seed for recipe in exploring.chosen_of(shown) if isinstance(recipe, Sample)] == [3, 0, 8]
    strip, shown, *_ = picked(services, drawn, [None, None], request_of_ann)
    assert (strip, shown) == (None, Shown())


def test_a_choice_in_an_older_grid_changes_nothing(services: Services, request_of_ann: gr.Request) -> None:
    _, drawn = drawn_grid(services, request_of_ann)
    assert explore.chosen_places(drawn, "older", [0, 1]) is None


@pytest.mark.parametrize("places", [[99], [-1], [math.nan], ["1"], [True], "01", None, [0] * 9])
def test_an_impossible_choice_gets_a_sentence(services: Services, request_of_ann: gr.Request, places: object) -> None:
    _, drawn = drawn_grid(services, request_of_ann)
    with pytest.raises(StudioError):
        explore.chosen_places(drawn, drawn.key, places)


def test_the_way_begins_and_ends_at_the_chosen_pictures(services: Services, request_of_ann: gr.Request, tmp_path: Path) -> None:
    _, drawn = drawn_grid(services, request_of_ann)
    _, shown, *_ = picked(services, drawn, [2, 9], request_of_ann)
    ends = [pixels(explore.save_file(services, shown, frame, "png", tmp_path)) for frame in (0, 31)]
    alone = [pixels(path) for path in explore.sample(services, "scenes", "2,9", 1, 1.0, "", request_of_ann)]
    assert all(np.array_equal(end, picture) for end, picture in zip(ends, alone, strict=True))


def test_a_way_can_be_a_loop_and_slow_at_its_pictures(services: Services, request_of_ann: gr.Request) -> None:
    _, drawn = drawn_grid(services, request_of_ann)
    _, shown, *_ = picked(services, drawn, [2, 9, 4], request_of_ann)
    strip, again = exploring.walk_again(services, shown, True, "soft", request_of_ann)
    assert strip.caption.endswith("and back in 32 steps")
    assert exploring.chosen_of(again) == exploring.chosen_of(shown)
    assert exploring.walk_again(services, Shown(), True, "soft", request_of_ann) == (gr.skip(), gr.skip())


@pytest.mark.parametrize("kind", ["frames", "sheet"])
def test_a_way_is_saved_as_frames_and_as_a_contact_sheet(services: Services, request_of_ann: gr.Request, tmp_path: Path, kind: str) -> None:
    _, drawn = drawn_grid(services, request_of_ann)
    _, shown, *_ = picked(services, drawn, [2, 9], request_of_ann)
    path = explore.save_file(services, shown, 0, kind, tmp_path)
    if kind == "frames":
        with zipfile.ZipFile(path) as archive:
            assert len(archive.namelist()) == 32
            archive.extract("frame-0031.png", tmp_path)
        path = tmp_path / "frame-0031.png"
    recipe = read_recipe(path)
    assert recipe is not None
    assert np.array_equal(pixels(path), np.asarray(render(services.zoo, recipe)))


@pytest.mark.parametrize("action", ["slightly", "strongly"])
def test_variations_fill_the_grid_around_the_frame_on_show(services: Services, request_of_ann: gr.Request, action: str) -> None:
    _, drawn = drawn_grid(services, request_of_ann)
    _, shown, *_ = picked(services, drawn, [2, 9], request_of_ann)
    *_, (tiles, varied, strip, _) = exploring.act(services, drawn, shown, asked(shown, 10, action=action), request_of_ann)
    assert varied.recipes[0] == shown.recipes[10]
    assert all(isinstance(recipe, Vary) and recipe.parent == shown.recipes[10] for recipe in varied.recipes[1:])
    assert (tiles.ready, strip) == (16, gr.skip())
    *_, (_, back, _, _) = exploring.go_back(services, varied, request_of_ann)
    assert back.recipes == drawn.recipes


def test_back_says_again_what_the_pictures_were(services: Services, request_of_ann: gr.Request, tmp_path: Path) -> None:
    _, drawn = drawn_grid(services, request_of_ann)
    *_, (_, found, _, _) = exploring.fill(services, drawn.recipes, drawn, tmp_path, "that fit best among 99")
    *_, (_, other, _, _) = exploring.fill(services, drawn.recipes, found, tmp_path)
    *_, (tiles, back, _, _) = exploring.go_back(services, other, request_of_ann)
    assert tiles.message.startswith("16 that fit best among 99 in")
    *_, (tiles, _, _, _) = exploring.go_back(services, back, request_of_ann)
    assert tiles.message.startswith("16 pictures in")


@pytest.mark.parametrize(("action", "kind"), [("mix", Mix), ("layers", Layers)])
def test_one_picture_is_made_of_two(services: Services, request_of_ann: gr.Request, action: str, kind: type) -> None:
    _, drawn = drawn_grid(services, request_of_ann)
    _, shown, *_ = picked(services, drawn, [2, 9], request_of_ann)
    ((_, _, strip, made),) = exploring.act(services, drawn, shown, asked(shown, action=action), request_of_ann)
    assert isinstance(made.recipes[0], kind)
    assert [name for name, _ in strip.actions] == ["slightly", "strongly"]


@pytest.mark.parametrize("data", [{"action": "explode"}, {"action": "mix"}, {"action": "slightly", "frame": 99}, {}])
def test_an_impossible_action_gets_a_sentence(services: Services, request_of_ann: gr.Request, data: dict[str, object]) -> None:
    _, drawn = drawn_grid(services, request_of_ann)
    _, shown, *_ = picked(services, drawn, [2], request_of_ann)
    for state in (shown, Shown()):
        with pytest.raises(StudioError):
            list(exploring.act(services, drawn, state, event(key=state.key, **data), request_of_ann))


def test_what_is_asked_of_a_picture_that_went_meanwhile_is_not_done_to_the_next(services: Services, request_of_ann: gr.Request) -> None:
    _, drawn = drawn_grid(services, request_of_ann)
    strip, before, *_ = picked(services, drawn, [2], request_of_ann)
    assert strip.payload()["key"] == before.key
    _, shown, *_ = picked(services, drawn, [9], request_of_ann)
    late = asked(before, action="slightly", format="png")
    for ask in (
        lambda: list(exploring.act(services, drawn, shown, late, request_of_ann)),
        lambda: explore.save_shown(services, shown, late, request_of_ann),
        lambda: app.keep_shown(services, shown, late, request_of_ann),
    ):
        with pytest.raises(StudioError, match="another picture came meanwhile"):
            ask()
    assert read_recipe(explore.save_shown(services, shown, asked(shown, format="png"), request_of_ann)) == drawn.recipes[9]
    assert app.keep_shown(services, shown, asked(shown), request_of_ann).keep


def test_chosen_pictures_stay_when_the_rest_is_shuffled(services: Services, request_of_ann: gr.Request) -> None:
    _, drawn = drawn_grid(services, request_of_ann)
    _, shown, *_ = picked(services, drawn, [2, 9], request_of_ann)
    *_, (_, shuffled, strip, _) = exploring.shuffle_rest(services, drawn, shown, "scenes", None, 1.0, request_of_ann)
    same = [place for place in range(16) if shuffled.recipes[place] == drawn.recipes[place]]
    assert (same, strip) == ([2, 9], gr.skip())


def test_shuffling_leaves_as_many_pictures_as_there_were_and_the_chosen_one_where_it_is(
    services: Services, request_of_ann: gr.Request
) -> None:
    _, drawn = drawn_grid(services, request_of_ann, "0-29")
    _, shown, *_ = picked(services, drawn, [20], request_of_ann)
    *_, (_, shuffled, _, _) = exploring.shuffle_rest(services, drawn, shown, "scenes", None, 1.0, request_of_ann)
    assert len(set(shuffled.recipes)) == 30
    assert [place for place in range(30) if shuffled.recipes[place] == drawn.recipes[place]] == [20]


def test_pictures_of_another_model_than_the_fields_say_are_shuffled_among_themselves(
    services: Services, request_of_ann: gr.Request
) -> None:
    garments = tuple(sample_recipes(services.zoo.generator("garments"), range(16), "hat", 0.7))
    *_, (_, shuffled, _, _) = exploring.shuffle_rest(
        services, Grid("k", garments), Shown(garments[2:3]), "scenes", None, 0.7, request_of_ann
    )
    assert {(recipe.model, recipe.class_name) for recipe in shuffled.recipes if isinstance(recipe, Sample)} == {("garments", "hat")}
    assert [place for place in range(16) if shuffled.recipes[place] == garments[place]] == [2]


def test_the_way_back_brings_the_fields_of_the_pictures_there(services: Services, request_of_ann: gr.Request) -> None:
    garments = Grid("k", tuple(sample_recipes(services.zoo.generator("garments"), range(5, 21), "hat", 0.6)))
    scenes = Grid("l", tuple(sample_recipes(services.zoo.generator("scenes"), range(16))), garments)
    first, *later = explore.step_back(services, scenes, request_of_ann)
    _, back, _, _, model, classes, truncation, seed, *rest = first
    assert back.recipes == garments.recipes
    assert (model["value"], classes["value"], truncation, seed) == ("garments", "hat", 0.6, "5")
    assert len(rest) == explore.FIELDS - 4
    assert all(len(step) == len(first) and set(map(str, step[4:])) == {str(gr.skip())} for step in later)
    with pytest.raises(StudioError, match="nothing to go back to"):
        list(explore.step_back(services, garments, request_of_ann))


def test_a_picture_is_moved_along_a_direction_and_back(services: Services, request_of_ann: gr.Request) -> None:
    card = services.zoo.card("scenes")
    save_directions(own_file("scenes"), card, [Direction("Up", "sefa", 0, shift_text([0.5] * 16))])
    try:
        _, drawn = drawn_grid(services, request_of_ann)
        _, shown, *sliders = picked(services, drawn, [2], request_of_ann)
        assert [slider["visible"] for slider in sliders] == [True] + [False] * (exploring.SLIDERS - 1)
        _, moved = exploring.move(services, shown, request_of_ann, 1.5, 0, 0)
        assert isinstance(moved.recipes[0], Steer)
        _, further = exploring.move(services, moved, request_of_ann, 2.5, 0, 0)
        assert isinstance(further.recipes[0], Steer)
        assert further.recipes[0].parent == shown.recipes[0]
        assert exploring.move(services, further, request_of_ann, 2.5, 0, 0) == (gr.skip(), gr.skip()), "it is on show"
        assert exploring.move(services, further, request_of_ann, 0, 0, 0)[1] == shown
        assert exploring.rename(services, "scenes", moved, "Up", "Taller")[2]["label"] == "Taller"
        shared = Services(services.zoo, replace(services.settings, host="0.0.0.0"))
        with pytest.raises(StudioError, match="a shared studio keeps no names"):
            exploring.rename(shared, "scenes", moved, "Taller", "Shorter")
        for values in ((9.0,), (math.nan,), ("1",)):
            with pytest.raises(StudioError):
                exploring.move(services, shown, request_of_ann, *values)
    finally:
        own_file("scenes").unlink()
    with pytest.raises(StudioError, match="choose one"):
        exploring.move(services, Shown(), request_of_ann, 1.0)


def test_the_sliders_stand_where_the_picture_on_show_was_moved_to(services: Services, request_of_ann: gr.Request) -> None:
    known = [Direction(name, "sefa", place, shift_text([0.5 + place] * 16)) for place, name in enumerate(("Up", "Bright"))]
    save_directions(own_file("scenes"), services.zoo.card("scenes"), known)
    try:
        _, drawn = drawn_grid(services, request_of_ann)
        _, shown, *_ = picked(services, drawn, [2], request_of_ann)
        _, moved = exploring.move(services, shown, request_of_ann, 1.5, 0)
        [steered] = exploring.chosen_of(moved)
        sent = app.send(services, event(to="explore", recipe=to_json(steered)), request_of_ann)
        first, second = sent[4 + explore.FIELDS - exploring.SLIDERS :][:2]
        assert (first["value"], second["value"]) == (1.5, 0)
        assert picked(services, Grid("k", (steered,)), [0], request_of_ann)[2]["value"] == 1.5
        _, both = exploring.move(services, moved, request_of_ann, 1.5, 0.5)
        assert [(move.name, move.amount) for move in both.recipes[0].moves] == [("Up", 1.5), ("Bright", 0.5)]  # type: ignore[union-attr]
        [_, _, first, second, *_] = exploring.rename(services, "scenes", moved, "Bright", "Light")
        assert (first["value"], second["label"], second["value"]) == (1.5, "Light", 0)
    finally:
        own_file("scenes").unlink()


def test_a_picture_that_was_moved_along_what_has_no_slider_is_moved_on_from_there(services: Services, request_of_ann: gr.Request) -> None:
    up, other = (Direction(name, "sefa", 0, shift_text([0.5] * 16)) for name in ("Up", "Unheard of"))
    again = Direction("Up", "sefa", 0, shift_text([0.7] * 16))
    save_directions(own_file("scenes"), services.zoo.card("scenes"), [up])
    try:
        [sample] = sample_recipes(services.zoo.generator("scenes"), [4])
        for foreign in (steer_recipe(sample, [(other, 2.0)]), steer_recipe(sample, [(again, 2.0)]), steer_recipe(sample, [(up, 4.0)])):
            assert exploring.slider_updates(services, "scenes", foreign)[0]["value"] == 0
            _, moved = exploring.move(services, Shown((foreign,)), request_of_ann, 1.0)
            assert moved.recipes[0].parent == foreign  # type: ignore[union-attr]
    finally:
        own_file("scenes").unlink()


@pytest.mark.parametrize("kind", ["mp4", "gif"])
def test_a_film_is_saved_from_the_way(services: Services, request_of_ann: gr.Request, tmp_path: Path, kind: str) -> None:
    film = Path(explore.interpolate(services, "garments", "1", "2", 8, 1.0, "coat", kind, request_of_ann))
    assert film.suffix == f".{kind}"
    assert film.stat().st_size > 1000
    if kind == "gif":
        with Image.open(film) as frames:
            assert frames.n_frames == 8  # type: ignore[attr-defined]


def test_a_film_needs_two_pictures(services: Services, request_of_ann: gr.Request, tmp_path: Path) -> None:
    _, drawn = drawn_grid(services, request_of_ann)
    with pytest.raises(StudioError, match="choose a second one"):
        explore.save_file(services, Shown(drawn.recipes[:1]), 0, "mp4", tmp_path)
    with pytest.raises(StudioError, match="nothing to save yet"):
        explore.save_file(services, Shown(), 0, "png", tmp_path)


@pytest.mark.parametrize("kind", ["exe", "../x", None, 3])
def test_a_film_has_a_known_format(services: Services, request_of_ann: gr.Request, kind: object) -> None:
    with pytest.raises(StudioError, match="the format is one of mp4, gif"):
        explore.interpolate(services, "scenes", "1", "2", 8, 1.0, "", kind, request_of_ann)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("model", "seeds", "count", "truncation", "class_name", "sentence"),
    [
        ("nowhere", "0", 1, 1.0, "", "there is no model 'nowhere'"),
        ("../scenes", "0", 1, 1.0, "", "there is no model"),
        ("leather-denim", "0", 1, 1.0, "", "draws nothing by itself"),
        ("scenes", "nan", 1, 1.0, "", "a seed is a whole number"),
        ("scenes", "0", math.nan, 1.0, "", "the number of pictures is a whole number"),
        ("scenes", "0", 65, 1.0, "", "the number of pictures is a whole number from 1 to 64"),
        ("scenes", "0", 1, math.nan, "", "truncation is a number from 0 to 2"),
        ("scenes", "0", 1, 1.0, "hat", "has no classes"),
        ("garments", "0", 1, 1.0, "", "choose one of these classes"),
        ("garments", "0", 1, 1.0, "crown", "choose one of these classes"),
    ],
)
def test_a_wrong_wish_gets_a_sentence(
    services: Services, request_of_ann: gr.Request, model: str, seeds: str, count: float, truncation: float, class_name: str, sentence: str
) -> None:
    with pytest.raises(StudioError, match=sentence):
        explore.sample(services, model, seeds, count, truncation, class_name, request_of_ann)


def test_a_class_left_from_another_model_is_not_asked_for(services: Services) -> None:
    assert explore.class_for(services, "scenes", "hat") is None
    assert explore.class_for(services, "garments", "hat") == "hat"


def test_a_saved_picture_opens_again_with_its_fields(services: Services, request_of_ann: gr.Request) -> None:
    path = explore.sample(services, "garments", "41", 1, 0.6, "shoes", request_of_ann)[0]
    strip, shown, model, classes, truncation, seed, *_ = explore.open_recipe(services, path, request_of_ann)
    assert strip.caption.startswith("Drawn again from its recipe")
    assert (model["value"], classes["value"], truncation, seed) == ("garments", "shoes", 0.6, "41")
    assert isinstance(shown.recipes[0], Sample)


def test_a_picture_drawn_with_other_weights_says_so(services: Services, request_of_ann: gr.Request, tmp_path: Path) -> None:
    card = services.zoo.card("scenes")
    recipe = Sample("scenes", "0" * 64, card.rights, 4)
    save_with_recipe(Image.new("RGB", (32, 32)), tmp_path / "old.png", recipe)
    strip, shown, *_ = explore.open_recipe(services, str(tmp_path / "old.png"), request_of_ann)
    assert "Drawn with other weights of scenes than at first" in strip.caption
    assert shown.recipes[0].weights == card.weights_sha256  # type: ignore[union-attr]


def test_what_was_made_of_a_file_that_was_given_in_this_session_opens_and_is_saved_again(
    services: Services, request_of_ann: gr.Request, tmp_path: Path
) -> None:
    folder, own = services.session_folder(request_of_ann), photograph(tmp_path / "own.png")
    given = file_hash(own)
    mockup = after(after(Picture(given), Shape("heart")), Mockup(side=300))
    swapped = swap_recipe(services.zoo.translator("leather-denim"), "denim", given)
    for recipe in (mockup, swapped):
        save_with_recipe(Image.new("RGB", (8, 8)), tmp_path / "kept.png", recipe)
        with pytest.raises(StudioError, match="of yours"):
            explore.open_recipe(services, str(tmp_path / "kept.png"), gr.Request(session_hash="bob"))
        graphics.remember(own, folder)
        strip, shown, *_ = explore.open_recipe(services, str(tmp_path / "kept.png"), request_of_ann)
        assert (strip.frames, shown.recipes) == (1, (recipe,))
        saved = explore.save_file(services, shown, 0, "png", folder)
        assert read_recipe(saved) == recipe
        assert saved.stat().st_size > 1000


def test_a_page_is_shown_no_larger_than_it_is_looked_at(services: Services, request_of_ann: gr.Request, tmp_path: Path) -> None:
    [sample] = sample_recipes(services.zoo.generator("scenes"), [4])
    page = after(sample, PrintJob(280, 330))
    save_with_recipe(Image.new("RGB", (8, 8)), tmp_path / "page.png", page)
    strip, shown, *_ = explore.open_recipe(services, str(tmp_path / "page.png"), request_of_ann)
    assert shown.recipes == (page,)
    with Image.open(strip.sheet) as sheet:
        assert max(sheet.size) <= 4 * exploring.STRIP_SIDE
    large, _ = exploring.show_drawn(Image.new("RGB", (3000, 2000)), sample, tmp_path, "")
    with Image.open(large.sheet) as sheet:
        assert sheet.size == (1280, 853)


def test_a_picture_without_a_recipe_gets_a_sentence(services: Services, request_of_ann: gr.Request, tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "holiday.png")
    with pytest.raises(StudioError, match=r"holiday\.png holds no recipe"):
        explore.open_recipe(services, str(tmp_path / "holiday.png"), request_of_ann)


@pytest.mark.parametrize("suffix", [".png", ".mp4"])
def test_downloads_are_named_after_what_they_show(suffix: str) -> None:
    sample = Sample("cityscape", "0" * 64, "", 7, 0.7)
    way = Blend("clothing", "0" * 64, "", (3, 8), 0.25, 1.0, "skirt")
    recipes: list[Recipe] = [sample, way, Sheet(4, (sample,) * 16)]
    names = [file_name(recipe, suffix) for recipe in recipes]
    assert names[0] == f"cityscape-seed-7-psi-0.7{suffix}"
    assert names[1].startswith("clothing-skirt-way-3-8")
    assert len(set(names)) == 3


def test_looks_are_offered_only_where_their_model_is_at_hand(services: Services) -> None:
    assert explore.looks_at_hand(services.zoo) == ()


def test_names_are_offered_to_be_changed_only_where_they_are_kept(services: Services) -> None:
    for home in (services, Services(services.zoo, replace(services.settings, host="0.0.0.0"))):
        with gr.Blocks() as page:
            explore.build(home)
        [names] = [one for one in page.blocks.values() if getattr(one, "elem_id", "") == "explore-names"]
        assert names.visible is home.settings.local


def test_surprises_are_valid_seeds_within_the_sensible_range() -> None:
    for seed, truncation in (explore.surprise() for _ in range(50)):
        assert 0 <= int(seed) < 100_000
        assert 0.7 <= truncation <= 1.1


@pytest.mark.parametrize("words", ["", "  ", None])
def test_finding_without_words_asks_for_words(services: Services, request_of_ann: gr.Request, words: str) -> None:
    with pytest.raises(StudioError, match="no words to find"):
        next(exploring.find_words(services, Grid(), "scenes", None, False, 1.0, words, request_of_ann))


def test_what_a_model_draws_and_its_rights_are_two_sentences(services: Services) -> None:
    card = services.zoo.card("scenes")
    assert explore.rights_of(services.zoo, "scenes") == f"**{card.title}.** {card.summary}. *Rights:* {card.rights}"
