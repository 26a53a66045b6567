import zipfile
from collections.abc import Iterator
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from engines import imaging
from engines.errors import StudioError
from engines.models.zoo import Zoo, publish
from engines.recipe import Look, Mask, Sample, Swap, file_hash, read_recipe
from engines.translation.garment_mask import read_drawn
from studio import app
from studio.components.mask_editor import MaskDrawing
from studio.panels import tray
from studio.settings import Settings
from studio.state import Services
from studio.tabs import swap
from tests import pictures
from tests.engines.translation.garments import person
from tests.tiny import publish_tiny_models

FIELDS: tuple[Any, ...] = astuple(swap.Fields("leather-denim"))


@pytest.fixture
def services(tiny_zoo: Zoo, tmp_path: Path) -> Services:
    return Services(tiny_zoo, Settings(home=tmp_path / "home"))


def test_a_translator_goes_both_ways() -> None:
    assert swap.directions(("denim", "leather")) == [("leather → denim", "denim"), ("denim → leather", "leather")]


def test_a_swap_writes_three_pictures_of_the_inputs_size_and_a_download_with_its_recipe(services: Services, tmp_path: Path) -> None:
    picture = pictures.photograph(tmp_path / "my jacket.jpg", 71, 53)
    result = swap.swap_picture(services, picture, "denim", "leather-denim", tmp_path)
    assert {imaging.safe_open(path).size for path in (result.original, result.generated, result.recovered)} == {(71, 53)}
    recipe = read_recipe(result.download)
    assert isinstance(recipe, Swap)
    assert (recipe.target, recipe.input, recipe.source) == ("denim", file_hash(picture), None)
    assert result.generated == result.download
    assert result.download.name.startswith("my-jacket-denim-")


def test_swaps_by_another_model_or_of_another_look_have_addresses_of_their_own(tmp_path: Path) -> None:
    zoo = publish_tiny_models(tmp_path / "models")
    pair = zoo.translator("leather-denim")
    publish(tmp_path / "models" / "wool-felt", pair.card, list(pair.networks[::-1]))
    services, picture = Services(zoo, Settings(home=tmp_path)), pictures.photograph(tmp_path / "jacket.jpg", 40, 30)
    asked: list[tuple[str, Look]] = [("leather-denim", Look()), ("wool-felt", Look()), ("leather-denim", Look(60))]
    made = [swap.swap_picture(services, picture, "denim", model, tmp_path, look).download.name for model, look in asked]
    assert len(set(made)) == 3, "a browser would show the one before"


def test_a_large_picture_is_shown_smaller_and_downloaded_whole(services: Services, tmp_path: Path) -> None:
    picture = pictures.photograph(tmp_path / "wall.png", swap.PREVIEW_SIDE + 200, 40)
    result = swap.swap_picture(services, picture, "leather", "leather-denim", tmp_path)
    assert imaging.safe_open(result.download).size == (swap.PREVIEW_SIDE + 200, 40)
    assert max(imaging.safe_open(result.generated).size) == swap.PREVIEW_SIDE
    assert result.size == imaging.safe_open(result.original).size == imaging.safe_open(result.recovered).size


def test_an_example_is_the_source_of_its_swap(services: Services, tmp_path: Path) -> None:
    card = services.zoo.card("garments")
    recipe = Sample(card.name, card.weights_sha256, card.rights, 3, 0.7, "coat")
    path = swap.write_example(services, recipe, tmp_path)
    assert read_recipe(path) == recipe
    swapped = read_recipe(swap.swap_picture(services, path, "denim", "leather-denim", tmp_path).download)
    assert isinstance(swapped, Swap)
    assert swapped.source == recipe


def test_without_the_model_of_materials_there_are_no_examples(services: Services) -> None:
    assert swap.example_recipes(services.zoo, ("denim", "leather")) == []


@pytest.mark.parametrize(
    ("picture", "target", "model", "sentence"),
    [
        (None, "denim", "leather-denim", "there is no picture yet"),
        ("", "denim", "leather-denim", "there is no picture yet"),
        ("fine.png", "silk", "leather-denim", "the direction is one of denim, leather"),
        ("fine.png", None, "leather-denim", "the direction is one of denim, leather"),
        ("fine.png", "denim", "scenes", "the model is one of leather-denim"),
        ("fine.png", "denim", "../secrets", "the model is one of leather-denim"),
        ("poem.jpg", "denim", "leather-denim", "not a JPEG, PNG or WEBP"),
        ("missing.png", "denim", "leather-denim", "cannot be read"),
    ],
)
def test_what_cannot_be_swapped_gets_a_sentence(
    services: Services, tmp_path: Path, picture: str | None, target: object, model: str, sentence: str
) -> None:
    pictures.photograph(tmp_path / "fine.png")
    pictures.text_named_jpg(tmp_path / "poem.jpg")
    with pytest.raises(StudioError, match=sentence):
        swap.swap_picture(services, tmp_path / picture if picture else picture, target, model, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_fields_become_a_look_and_a_mask() -> None:
    assert swap.look_of(80, 120, 0, 33.5, "indigo") == Look(80, 120, 0, 33.5, "indigo")
    assert swap.look_of(100, 100, 100, 100, swap.OWN_COLOUR) == Look()
    inside = np.full((4, 4), 255, np.uint8)
    assert swap.mask_of(swap.WHOLE, 1, MaskDrawing("a", inside), "a") == Mask("none")
    assert swap.mask_of(swap.GARMENT, 1, None, "a") == Mask("auto", feather=1)
    assert swap.mask_of(swap.GARMENT, 1, MaskDrawing("a"), "a") == Mask("auto", feather=1)
    assert swap.mask_of(swap.GARMENT, 1, MaskDrawing("another picture", inside), "a") == Mask("auto", feather=1)
    drawn = swap.mask_of(swap.GARMENT, 1, MaskDrawing("a", inside), "a")
    assert (read_drawn(drawn.drawn) == inside).all()


@pytest.mark.parametrize("amounts", [(151, 100, 100, 100), (100, float("nan"), 100, 100), (100, 100, "much", 100), (100, 100, 100, None)])
def test_an_impossible_amount_gets_a_sentence(amounts: tuple[object, ...]) -> None:
    with pytest.raises(StudioError, match="is a number from 0 to 150"):
        swap.look_of(*amounts, swap.OWN_COLOUR)
    with pytest.raises(StudioError, match="indigo"):
        swap.look_of(100, 100, 100, 100, "rgb(1, 2, 3)")
    with pytest.raises(StudioError, match="what is swapped"):
        swap.mask_of("everything", 1, None, "a")
    with pytest.raises(StudioError, match="feather"):
        swap.mask_of(swap.GARMENT, 100, None, "a")


def test_the_mask_on_show_is_a_preview_that_we_made(services: Services, request_of_ann: gr.Request, tmp_path: Path) -> None:
    picture, parts = person(1200, 1600)
    picture.save(tmp_path / "ann.png")
    view = swap.show_mask(services, str(tmp_path / "ann.png"), swap.GARMENT, request_of_ann)
    assert view is not None
    assert view.size == imaging.safe_open(view.picture).size == (768, 1024)
    assert view.key == swap.picture_key(tmp_path / "ann.png")
    with Image.open(view.mask) as mask:
        shown = np.asarray(mask.getchannel("A").resize((1200, 1600))) > 127
    assert (shown == parts["jacket"]).mean() > 0.97
    assert swap.show_mask(services, str(tmp_path / "ann.png"), swap.WHOLE, request_of_ann) is None
    assert swap.show_mask(services, None, swap.GARMENT, request_of_ann) is None


def test_what_was_painted_is_what_changes(services: Services, request_of_ann: gr.Request, tmp_path: Path) -> None:
    picture, _ = person(300, 400)
    path = tmp_path / "ann.png"
    picture.save(path)
    inside = np.zeros((400, 300), np.uint8)
    inside[200:300, 100:200] = 255
    drawing = MaskDrawing(swap.picture_key(path), inside)
    shown = swap.swap_upload(services, False, str(path), "denim", drawing, None, request_of_ann, *FIELDS[:-1], 0)
    after, before = (np.asarray(imaging.safe_open(file)) for file in (shown[0].after, path))
    changed = (after != before).any(axis=-1)
    assert changed[inside > 0].mean() > 0.9
    assert not changed[inside == 0].any()


def test_a_slider_without_a_picture_does_nothing_and_the_button_says_why(services: Services, request_of_ann: gr.Request) -> None:
    asked = (None, "denim", None, None, request_of_ann, *FIELDS)
    assert swap.swap_upload(services, True, *asked) == [gr.skip()] * swap.SHOWN
    with pytest.raises(StudioError, match="no picture yet"):
        swap.swap_upload(services, False, *asked)


def test_a_slider_that_was_let_go_where_it_was_swaps_nothing_again(services: Services, request_of_ann: gr.Request, tmp_path: Path) -> None:
    asked = (str(pictures.photograph(tmp_path / "a.png")), "denim", None)
    *_, made = swap.swap_upload(services, True, *asked, None, request_of_ann, *FIELDS)
    assert swap.swap_upload(services, True, *asked, made, request_of_ann, *FIELDS) == [gr.skip()] * swap.SHOWN
    *_, line, other = swap.swap_upload(services, True, *asked, made, request_of_ann, FIELDS[0], 60, *FIELDS[2:])
    assert "leather → denim" in line
    assert other.look == Look(60)
    assert "leather → denim" in swap.swap_upload(services, False, *asked, made, request_of_ann, *FIELDS)[3]


def test_a_swap_is_kept_and_drawn_again_when_another_picture_was_uploaded_since(
    services: Services, request_of_ann: gr.Request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(services.settings.served))
    first = pictures.photograph(tmp_path / "first.png")
    shown = swap.swap_upload(services, False, str(first), "denim", None, None, request_of_ann, *FIELDS)
    first.unlink()
    [kept] = app.keep_swap(services, str(shown[0].after)).keep
    again = tray.save_picture(services, gr.EventData(None, {"recipe": kept.recipe}), request_of_ann)
    assert imaging.safe_open(again).tobytes() == imaging.safe_open(shown[0].after).tobytes()


def test_what_is_shown_of_a_swap_goes_when_another_picture_comes(services: Services, request_of_ann: gr.Request, tmp_path: Path) -> None:
    first, second = (pictures.photograph(tmp_path / f"{name}.png", seed=name) for name in (1, 2))
    *_, made = swap.swap_upload(services, False, str(first), "denim", None, None, request_of_ann, *FIELDS)
    assert swap.clear_if_other(services, str(first), "leather-denim", made) == [gr.skip()] * swap.SHOWN
    assert swap.clear_if_other(services, str(second), "leather-denim", None) == [gr.skip()] * swap.SHOWN
    for picture in (str(second), None):
        result, rows, download, line, left = swap.clear_if_other(services, picture, "leather-denim", made)
        assert (result, rows, left) == (None, None, None)
        assert (download.value, download.interactive) == (None, False)
        assert line.startswith("The next swap is by")


def test_another_model_claims_nothing_of_the_swap_on_show(services: Services) -> None:
    assert swap.change_model(services, "leather-denim")[1].startswith("The next swap is by **leather-denim**.")


def test_an_example_is_swapped_as_the_fields_say(services: Services, request_of_ann: gr.Request) -> None:
    card = services.zoo.card("garments")
    recipes = [Sample(card.name, card.weights_sha256, card.rights, 3, 0.7, "coat")]
    chosen = gr.EventData(None, {"places": [0]})

    def swapped(wash: str) -> Swap:
        fields = swap.Fields("leather-denim", 60, shading=40, wash=wash, where=swap.WHOLE)
        shown = swap.swap_example(services, recipes, chosen, request_of_ann, *astuple(fields))
        found = read_recipe(shown[2].after)
        assert isinstance(found, Swap)
        assert swap.clear_if_other(services, shown[0], "leather-denim", shown[-1]) == [gr.skip()] * swap.SHOWN
        return found

    assert (swapped("indigo").look, swapped("indigo").mask) == (Look(60, shading=40, wash="indigo"), Mask("none"))
    assert swapped("oxblood").look == Look(60, shading=40), "a wash of the other material"


def test_the_rights_below_are_those_of_the_model_that_was_chosen(tmp_path: Path) -> None:
    zoo = publish_tiny_models(tmp_path / "models")
    pair = zoo.translator("leather-denim")
    publish(tmp_path / "models" / "wool-felt", replace(pair.card, rights="For wool alone."), list(pair.networks))
    services = Services(zoo, Settings(home=tmp_path / "home"))
    with gr.Blocks() as page:
        built = swap.build(services)
    assert pair.card.rights in str(built.rights.value)
    assert swap.rights_of(services, "wool-felt").endswith("*Rights:* For wool alone.")
    told = [one for one in page.fns.values() if (built.model._id, "change") in one.targets]
    assert [one.outputs for one in told] == [[built.rights]]


def many(services: Services, request: gr.Request, files: list[Path] | None, folder: str | None = None) -> Iterator[tuple[str, Any]]:
    paths = [str(path) for path in files or ()]
    return swap.swap_many(services, paths, folder, "denim", request, *FIELDS)


@pytest.fixture
def twenty(services: Services, request_of_ann: gr.Request, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Twenty uploads, two of them no pictures."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(services.settings.served))
    folder = services.session_folder(request_of_ann) / "uploads"
    folder.mkdir()
    files = [pictures.photograph(folder / f"{index:02}.png", 40, 30, seed=index) for index in range(18)]
    return [*files[:7], pictures.text_named_jpg(folder / "poem.jpg"), *files[7:], pictures.animated_gif(folder / "dance.gif")]


def test_twenty_pictures_of_which_two_are_bad_give_eighteen_and_two_sentences(
    services: Services, request_of_ann: gr.Request, twenty: list[Path]
) -> None:
    told = list(many(services, request_of_ann, twenty))
    assert len(told) == 21
    line, archive = told[-1]
    assert line.startswith("18 of 20 pictures swapped, 2 left out.")
    assert "poem.jpg" in line
    assert "dance.gif" in line
    with zipfile.ZipFile(archive) as opened:
        assert len(opened.namelist()) == 18


@pytest.mark.parametrize(("first", "second"), [("куртка", "пальто"), ("a+b", "a b"), ("Coat", "coat"), ("x" * 130, "x" * 140)])
def test_pictures_whose_names_come_out_alike_are_each_swapped_into_a_file_of_their_own(
    services: Services, request_of_ann: gr.Request, monkeypatch: pytest.MonkeyPatch, first: str, second: str
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(services.settings.served))
    folder = services.session_folder(request_of_ann)
    files = [pictures.photograph(folder / f"{name}.png", 40, 30, seed=place) for place, name in enumerate((first, second, "hat"))]
    line, archive = list(many(services, request_of_ann, [*files, files[0]]))[-1]
    assert line.startswith("4 of 4 pictures swapped")
    with zipfile.ZipFile(archive) as opened:
        names = opened.namelist()
        contents = {opened.read(name) for name in names}
    assert len({name.casefold() for name in names}) == len(names) == len(contents) == 3
    assert "hat.png" in names
    assert max(map(len, names)) <= 124


def test_a_stopped_batch_gives_what_is_done_and_goes_on_from_there(
    services: Services, request_of_ann: gr.Request, twenty: list[Path]
) -> None:
    told = []
    for line, archive in many(services, request_of_ann, twenty):
        told.append((line, archive))
        if len(told) == 4:
            swap.stop_many(services, request_of_ann)
    assert told[-1][0].startswith("4 of 20 pictures swapped. Stopped, as you asked")
    with zipfile.ZipFile(told[-1][1]) as opened:
        assert len(opened.namelist()) == 4
    line, archive = list(many(services, request_of_ann, twenty))[-1]
    assert "18 of 20 pictures swapped, 4 of them before, 2 left out." in line
    with zipfile.ZipFile(archive) as opened:
        assert len(opened.namelist()) == 18


def test_a_folder_here_is_swapped_into_a_folder_beside_it_and_only_on_ones_own_machine(
    services: Services, request_of_ann: gr.Request, tmp_path: Path
) -> None:
    (tmp_path / "coats").mkdir()
    pictures.photograph(tmp_path / "coats" / "a.png", 40, 30)
    line, _ = list(many(services, request_of_ann, None, str(tmp_path / "coats")))[-1]
    assert "1 of 1 pictures swapped" in line
    assert (tmp_path / "coats-denim" / "a.png").is_file()
    shared = Services(services.zoo, replace(services.settings, space=True))
    with pytest.raises(StudioError, match="upload the pictures instead"):
        list(many(shared, request_of_ann, None, str(tmp_path / "coats")))
    for files, folder, sentence in ((None, None, "there are 0 pictures"), (None, str(tmp_path / "nowhere"), "not a folder")):
        with pytest.raises(StudioError, match=sentence):
            list(many(services, request_of_ann, files, folder))


def test_washes_follow_the_direction_and_a_colour_stays() -> None:
    assert swap.change_target("leather", "indigo")["value"] == swap.OWN_COLOUR
    assert swap.change_target("leather", "black")["value"] == "black"
    assert swap.change_target("leather", "#123456")["value"] == "#123456"
    assert "oxblood" in swap.change_target("leather", "")["choices"]


def test_the_tab_builds_with_and_without_models(services: Services, tmp_path: Path) -> None:
    with gr.Blocks():
        built = swap.build(services)
        assert built.target.value == "denim"
        assert swap.build(Services(Zoo([]), Settings(home=tmp_path))).target.value is None


def test_a_model_that_goes_one_way_is_not_offered_in_the_page(tmp_path: Path) -> None:
    zoo = publish_tiny_models(tmp_path / "models")
    pair = zoo.translator("leather-denim")
    publish(tmp_path / "models" / "one-way", replace(pair.card, classes=("denim",)), pair.networks[:1])
    services = Services(zoo, Settings(home=tmp_path / "home"))
    assert "one-way" in zoo.names("translator")
    assert swap.models_both_ways(services) == ["leather-denim"]
    with pytest.raises(StudioError, match="one-way"):
        swap.change_model(services, "one-way")
