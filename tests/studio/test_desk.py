"""The desk shows what its fields say, saves just that, and takes it up again from the recipe."""

import re
from dataclasses import astuple, replace
from pathlib import Path

import gradio as gr
import pikepdf
import pytest
from PIL import Image

from engines import imaging
from engines.errors import StudioError
from engines.exploration.sampling import sample_recipes
from engines.finishing import Colourway, Mockup, PrintJob, Repeat, Shape
from engines.production.rendering import render
from engines.recipe import Enlarge, Finish, after, read_recipe, to_json
from studio import graphics
from studio.settings import Settings
from studio.state import Services
from studio.tabs import desk
from studio.tabs.desk import FABRIC, FILMS, GRAPHIC, MOCKUP, PRINT, VIEWS, Desk, Wanted
from tests.pictures import photograph
from tests.tiny import publish_tiny_upscaler


@pytest.fixture
def folder(services: Services, request_of_ann: gr.Request) -> Path:
    return services.session_folder(request_of_ann)


@pytest.fixture
def lying(services: Services, folder: Path) -> Desk:
    [recipe] = sample_recipes(services.zoo.generator("garments"), [5], "hat", 0.8)
    return desk.laid_out(graphics.from_recipe(services, recipe, folder))[0]


WANTED = {
    MOCKUP: Wanted(MOCKUP, colour="navy", rotation=-4, scale=70, shape="circle"),
    PRINT: Wanted(PRINT, size="a6", dpi=72, bleed=3, kind="PNG", clear=True, ground="#808080"),
    FABRIC: Wanted(FABRIC, layout="half-drop"),
    GRAPHIC: Wanted(GRAPHIC, shape="heart", softness=20),
}


@pytest.mark.parametrize("view", WANTED)
def test_what_is_saved_is_drawn_again_bit_for_bit_and_restored_into_the_fields(
    services: Services, lying: Desk, folder: Path, request_of_ann: gr.Request, view: str
) -> None:
    wanted = WANTED[view]
    way = replace(lying, new=lying.new[::-1])
    path = desk.save(services, way, request_of_ann, *astuple(wanted))
    recipe = read_recipe(path)
    assert recipe is not None
    assert render(services.zoo, recipe).convert("RGBA").tobytes() == imaging.safe_open(path, alpha=True).convert("RGBA").tobytes()
    again, name, swatches, *rest = desk.restore(services, recipe, folder)
    assert again.graphic.recipe == lying.graphic.recipe
    assert (again.new, name, tuple(one.new for one in swatches)) == (way.new, desk.BY_HAND, way.new)
    fields = Wanted(*rest[len(VIEWS) :])
    assert desk.made(again, fields) == recipe
    assert [group["visible"] for group in rest[: len(VIEWS)]] == [one == view for one in VIEWS]


@pytest.mark.parametrize("step", [Shape("circle", size=60), Repeat("brick", 5, 2)])
def test_a_step_that_no_field_says_stays_in_the_picture_that_is_restored(
    services: Services, lying: Desk, folder: Path, step: Shape | Repeat
) -> None:
    assert lying.graphic is not None
    recipe = after(lying.graphic.recipe, step)
    again, _, _, *rest = desk.restore(services, recipe, folder)
    assert desk.made(again, Wanted(*rest[len(VIEWS) :])) == recipe


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_says_in_a_sentence_what_is_to_be_known(lying: Desk, view: str) -> None:
    picture, line = desk.preview(lying, Wanted(view))
    assert max(picture.size) <= 700
    said = {MOCKUP: "Printed 280 × 280 mm: 3 dpi", PRINT: "280 × 330 mm, 3307 × 3898 pixels at 300 dpi", FILMS: "films: ", FABRIC: "seam"}
    assert said.get(view, "32 × 32 pixels.") in line


def test_films_are_a_page_of_all_inks_and_one_for_each(services: Services, lying: Desk, request_of_ann: gr.Request) -> None:
    path = desk.save(services, lying, request_of_ann, *astuple(Wanted(FILMS, size="a6", inks=2, cloth="")))
    with pikepdf.open(path) as films:
        assert len(films.pages) == 3
        assert "use it as you like" in str(films.docinfo["/Copyright"])


def test_a_print_is_drawn_by_the_upscaler_and_taken_up_again_from_its_recipe(tmp_path: Path, request_of_ann: gr.Request) -> None:
    services = Services(publish_tiny_upscaler(tmp_path / "models"), Settings(home=tmp_path))
    folder = services.session_folder(request_of_ann)
    [sample] = sample_recipes(services.zoo.generator("garments"), [5], "hat", 0.8)
    lying = desk.laid_out(graphics.from_recipe(services, sample, folder))[0]
    learned, smooth = (Wanted(PRINT, size="a6", dpi=72, kind="PNG", shape="circle", enlarge=way) for way in ("larger", "lanczos"))
    strip, rights, detail = desk.show(services, lying, request_of_ann, *astuple(learned))
    assert "8 dpi of its own: soft" in strip.caption
    assert "Drawn 4 times larger by larger, to 31 dpi" in strip.caption
    assert "Enlarged by larger: " in rights
    assert (detail.before_label, detail.after_label) == ("Lanczos", "larger")
    assert imaging.safe_open(detail.before).tobytes() != imaging.safe_open(detail.after).tobytes()
    path, other = (desk.save(services, lying, request_of_ann, *astuple(wanted)) for wanted in (learned, smooth))
    recipe = read_recipe(path)
    assert imaging.safe_open(path).tobytes() != imaging.safe_open(other).tobytes()
    assert render(services.zoo, recipe).tobytes() == imaging.safe_open(path, alpha=True).tobytes()  # type: ignore[arg-type]
    assert isinstance(recipe.source.source, Enlarge)  # type: ignore[union-attr]  # the shape is cut from what was enlarged
    again, _, _, *rest = desk.restore(services, recipe, folder)  # type: ignore[arg-type]
    assert (again.graphic.recipe, Wanted(*rest[len(VIEWS) :]).enlarge) == (sample, "larger")
    assert Wanted(*desk.restore(services, read_recipe(other), folder)[-len(rest[len(VIEWS) :]) :]).enlarge == "lanczos"  # type: ignore[arg-type]
    assert desk.show(services, lying, request_of_ann, *astuple(smooth))[2] is None
    assert Wanted(*desk.restore(services, sample, folder)[-len(rest[len(VIEWS) :]) :]).enlarge == "larger", "what is new on the desk"
    assert [value for _, value in desk.enlarging(services)] == ["larger", "lanczos"]


def test_the_upscaler_draws_nothing_where_there_are_pixels_enough_or_too_many(lying: Desk, tmp_path: Path) -> None:
    wanted = Wanted(PRINT, size="a6", dpi=300, enlarge="larger")
    graphic = lying.graphic
    assert graphic is not None
    assert desk.upscaler_of(wanted, graphic) == "larger"
    assert desk.upscaler_of(wanted, replace(graphic, size=(2000, 2000))) == ""
    assert desk.upscaler_of(wanted, replace(graphic, size=(600, 600))) == ""
    assert "too large for the upscaler here" in desk.preview(replace(lying, graphic=replace(graphic, size=(600, 600))), wanted)[1]
    assert desk.upscaler_of(replace(wanted, view=MOCKUP), graphic) == ""


@pytest.mark.parametrize("kind", ["PDF", "TIFF"])
def test_a_print_file_carries_the_rights_in_every_format(services: Services, lying: Desk, request_of_ann: gr.Request, kind: str) -> None:
    path = desk.save(services, lying, request_of_ann, *astuple(Wanted(PRINT, size="a6", dpi=72, kind=kind, marks=True)))
    if kind == "PDF":
        with pikepdf.open(path) as page:
            assert "use it as you like" in str(page.docinfo["/Copyright"])
    else:
        with Image.open(path) as page:
            assert "use it as you like" in page.tag_v2[33432]  # type: ignore[attr-defined]


def test_a_colourway_is_chosen_by_name_or_painted_by_hand(lying: Desk) -> None:
    changed, swatches = desk.choose_way(lying, "Ink and paper")
    assert changed.old == lying.old
    assert set(changed.new) <= set(desk.WAYS["Ink and paper"])
    assert [one.new for one in swatches] == list(changed.new)
    back, _ = desk.choose_way(changed, desk.AS_IT_IS)
    assert back.new == back.old
    painted, name = desk.paint(lying, gr.EventData(None, {"colours": ["#123456"] * len(lying.old)}))
    assert (painted.new, name) == (("#123456",) * len(lying.old), desk.BY_HAND)
    with pytest.raises(StudioError, match="is no colour"):
        desk.paint(lying, gr.EventData(None, {"colours": ["url(javascript:alert(1))"] * len(lying.old)}))


@pytest.mark.parametrize(
    "wrong",
    [
        Wanted(MOCKUP, scale=float("nan")),
        Wanted(MOCKUP, seed=1.5),
        Wanted(MOCKUP, colour="<b>navy</b>"),
        Wanted(PRINT, size="a99"),
        Wanted(PRINT, dpi=1e9),
        Wanted(PRINT, paper="chalk"),
        Wanted(FILMS, inks=99),
        Wanted(FABRIC, layout="spiral"),
        Wanted(GRAPHIC, clear=True, ground="nothing"),
        Wanted(GRAPHIC, shape="cloud"),
    ],
)
def test_a_field_that_cannot_be_gets_a_sentence(lying: Desk, wrong: Wanted) -> None:
    with pytest.raises(StudioError) as refused:
        desk.preview(lying, wrong)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("view", VIEWS)
def test_what_lies_on_the_desk_is_drawn_again_when_its_files_were_swept_away(
    services: Services, lying: Desk, folder: Path, request_of_ann: gr.Request, view: str
) -> None:
    wanted = astuple(Wanted(view, size="a6"))
    before, _, _ = desk.show(services, lying, request_of_ann, *wanted)
    for again in (desk.show, desk.save, lambda services, lying, request, *fields: desk.kept(services, lying, folder, *fields)):
        services.forget(folder)
        folder.mkdir(parents=True)
        assert again(services, lying, request_of_ann, *wanted)
    assert desk.show(services, lying, request_of_ann, *wanted)[0].caption == before.caption
    services.forget(folder)
    changed, swatches = desk.choose_way(lying, "Ink and paper")
    assert [one.new for one in swatches] == list(changed.new)
    assert set(changed.new) <= set(desk.WAYS["Ink and paper"])


def test_a_picture_of_ones_own_that_was_swept_away_is_asked_for_again(
    services: Services, folder: Path, request_of_ann: gr.Request, tmp_path: Path
) -> None:
    own = Desk(graphics.from_upload(services, photograph(tmp_path / "own.png"), folder))
    services.forget(folder)
    with pytest.raises(StudioError, match="open that file under Mock-up and print"):
        desk.show(services, own, request_of_ann, *astuple(Wanted()))


def test_an_empty_desk_shows_nothing_and_saves_nothing(services: Services, request_of_ann: gr.Request) -> None:
    assert desk.show(services, Desk(), request_of_ann, *astuple(Wanted())) == (None, "", None)
    with pytest.raises(StudioError, match="nothing on the desk"):
        desk.save(services, Desk(), request_of_ann, *astuple(Wanted()))


def test_the_first_visit_lays_a_picture_on_an_empty_desk_alone(services: Services, lying: Desk, request_of_ann: gr.Request) -> None:
    first = desk.example_if_empty(services, Desk(), request_of_ann)
    assert first[0].graphic is not None
    assert desk.example_if_empty(services, lying, request_of_ann) == desk.untouched()


def test_a_large_graphic_is_repeated_less_often_so_that_its_fabric_can_be_saved(lying: Desk) -> None:
    graphic, wanted = lying.graphic, Wanted(FABRIC, layout="brick")
    assert graphic is not None
    for size, many in (((2000, 2000), 3), ((2400, 2400), 2), ((4000, 3000), 1)):
        large = replace(lying, graphic=replace(graphic, size=size))
        recipe = desk.made(large, wanted)
        assert isinstance(recipe, Finish)
        assert recipe.step == Repeat("brick", many, many)
        assert f"{many} × {many} repeats" in desk.preview(large, wanted)[1]


def test_films_are_of_the_inks_that_were_shown_and_no_larger_than_the_studio_draws(
    services: Services, lying: Desk, folder: Path, request_of_ann: gr.Request
) -> None:
    other = imaging.safe_open(photograph(folder / "other.png")).resize((32, 32))
    imaging.save_png(other, lying.graphic.small)  # type: ignore[union-attr]
    wanted = Wanted(FILMS, size="a6", inks=2, cloth="")
    _, line = desk.preview(lying, wanted)
    shown = re.findall("#[0-9a-f]{6}", line)
    assert len(shown) == 2
    with pikepdf.open(desk.save(services, lying, request_of_ann, *astuple(wanted))) as films:
        told = str(films.docinfo["/Origin"])
    assert all(ink in told for ink in shown)
    with pytest.raises(StudioError, match="megapixels"):
        desk.save(services, lying, request_of_ann, *astuple(replace(wanted, size="1000x1000mm")))


def test_a_page_that_is_too_large_is_refused_before_an_upscaler_draws_for_it(
    tmp_path: Path, request_of_ann: gr.Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = Services(publish_tiny_upscaler(tmp_path / "models"), Settings(home=tmp_path))
    monkeypatch.setattr(desk, "larger", lambda *asked: pytest.fail("the upscaler was asked"))
    page = ("1000x1000mm", 300, 0, "whole", False, "", "PNG", "larger")
    with pytest.raises(StudioError, match="megapixels"):
        desk.print_file(services, str(photograph(tmp_path / "own.png")), *page, request_of_ann)


def test_a_recipe_of_other_weights_is_drawn_and_named_after_those_at_hand(
    services: Services, lying: Desk, request_of_ann: gr.Request
) -> None:
    sample = lying.graphic.recipe  # type: ignore[union-attr]
    path = Path(desk.render(services, to_json(replace(sample, weights="0" * 64)), None, request_of_ann))  # type: ignore[call-arg]
    assert read_recipe(path) == sample


def test_colours_that_were_exchanged_come_back_with_their_names_and_shares(services: Services, lying: Desk, folder: Path) -> None:
    own = desk.colours_of(lying.graphic)  # type: ignore[arg-type]
    way = Colourway((*lying.old[:2], "#00ff00"), ("#111111", "#222222", "#333333"))
    swatches = desk.restore(services, after(lying.graphic.recipe, way), folder)[2]  # type: ignore[union-attr]
    assert [(one.name, one.share) for one in swatches[:2]] == [(one.name, one.share) for one in own[:2]]
    assert (swatches[2].name, swatches[2].share) == ("green", 0.0)
    assert all(one.name and one.share for one in swatches[:2])
    with pytest.raises(StudioError, match="is no colour"):
        desk.laid_out(lying.graphic, way=Colourway(("url(//elsewhere)",), ("#111111",)))  # type: ignore[arg-type]


def test_the_steps_of_the_desk_come_in_one_order(lying: Desk) -> None:
    wanted = Wanted(MOCKUP, clear=True, shape="circle")
    recipe, order = desk.made(replace(lying, new=lying.new[::-1]), wanted), []
    while isinstance(recipe, Finish):
        order.append(type(recipe.step))
        recipe = recipe.source
    assert order[:3] == [Mockup, Shape, Colourway]
    assert not {PrintJob, Repeat} & set(order)
