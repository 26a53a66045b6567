"""The tray answers with pictures drawn again, takes nothing on trust, and packs what opens again."""

import csv
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import pikepdf
import pytest
from PIL import Image

from engines import imaging
from engines.errors import StudioError
from engines.exploration.sampling import sample_recipes
from engines.finishing import Colourway, Mockup, Shape
from engines.models.zoo import Zoo
from engines.recipe import Picture, Recipe, Sample, after, from_json, read_recipe, to_json
from engines.translation.swap import swap_recipe
from studio import graphics
from studio.panels import tray
from studio.settings import Settings
from studio.state import Services
from studio.wording import OWN_PICTURE
from tests.pictures import photograph

UNKNOWN = '{"format": 1, "operation": "sample", "model": "%s", "weights": "' + "0" * 64 + '", "rights": "", "seed": %s, "truncation": 1}'


@pytest.fixture
def served(tiny_zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Services:
    settings = Settings(home=tmp_path)
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(settings.served))
    return Services(tiny_zoo, settings)


@pytest.fixture
def shirt(served: Services) -> Recipe:
    [recipe] = sample_recipes(served.zoo.generator("garments"), [7], "coat", 0.8)
    return after(after(recipe, Shape("circle")), Mockup(colour="sage"))


def event(**given: Any) -> gr.EventData:
    return gr.EventData(None, given)


def item(recipe: Recipe, **changed: Any) -> dict[str, Any]:
    picture = graphics.thumbnail(Image.new("RGB", (40, 40), "teal"))
    return {"recipe": to_json(recipe), "tags": ["summer"], "note": "for the front", "kept": "2026-01-01", "picture": picture} | changed


def test_a_look_shows_every_parent_up_to_the_seed(served: Services, shirt: Recipe, request_of_ann: gr.Request) -> None:
    looked = tray.look(served, event(recipe=to_json(shirt)), request_of_ann).looked
    assert looked is not None
    titles, node = [], looked.tree
    while True:
        titles.append(node.title)
        assert node.picture.startswith("data:image/webp")
        if not node.parents:
            break
        [node] = node.parents
    assert titles == ["t-shirt in sage", "Cut to a circle", "garments coat, seed 7"]
    assert (looked.home, from_json(looked.tree.recipe)) == ("desk", shirt)
    assert "use it as you like" in looked.rights


def test_a_swap_of_ones_own_picture_has_that_picture_above_it(served: Services, request_of_ann: gr.Request) -> None:
    recipe = swap_recipe(served.zoo.translator("leather-denim"), "denim", "a" * 64)
    looked = tray.look(served, event(recipe=to_json(recipe)), request_of_ann).looked
    assert looked is not None
    assert (looked.picture, [parent.title for parent in looked.tree.parents]) == ("", [OWN_PICTURE])
    assert "open that file" in looked.note


def test_older_weights_are_said_and_replaced(served: Services, request_of_ann: gr.Request) -> None:
    [recipe] = sample_recipes(served.zoo.generator("scenes"), [7])
    looked = tray.look(served, event(recipe=to_json(replace(recipe, weights="0" * 64))), request_of_ann).looked
    assert looked is not None
    assert "other weights of scenes" in looked.note
    assert from_json(looked.tree.recipe) == recipe
    assert looked.asked == to_json(replace(recipe, weights="0" * 64)), "the tray cannot tell which of its pictures this is"


def test_a_picture_drawn_by_other_weights_says_so_wherever_it_goes(served: Services, request_of_ann: gr.Request) -> None:
    [present] = sample_recipes(served.zoo.generator("scenes"), [7])
    old = replace(present, weights="0" * 64, rights="Rights of the weights of old.")
    assert read_recipe(tray.save_picture(served, event(recipe=to_json(old)), request_of_ann)) == present
    compared = tray.compare(served, event(recipes=[to_json(old), to_json(present)]), request_of_ann).compared
    assert compared is not None
    assert ("other weights of scenes" in compared.first.note, compared.second.note) == (True, "")
    assert {from_json(one.tree.recipe) for one in (compared.first, compared.second)} == {present}
    path, word = tray.pack(served, event(items=[item(old)], stripped=False), request_of_ann)
    assert "1 of them are drawn with other weights than at first" in word.said
    [row], [picture] = unpacked(path)
    assert (from_json(row["recipe"]), row["rights"]) == (present, present.rights)
    assert read_recipe(picture) == present


def test_one_picture_that_cannot_be_drawn_any_more_leaves_the_others_of_a_tray_whole(
    served: Services, shirt: Recipe, request_of_ann: gr.Request
) -> None:
    gone = Sample("nowhere", "0" * 64, "Rights of a model that went away.", 3)
    path, word = tray.pack(served, event(items=[item(gone), item(shirt)], stripped=False), request_of_ann)
    assert "1 of them cannot be drawn here any more (there is no model 'nowhere'" in word.said
    rows, pictures = unpacked(path)
    assert [row["rights"] for row in rows] == [gone.rights, graphics.rights_line(shirt)]
    assert imaging.safe_open(pictures[0]).size == (40, 40)
    assert read_recipe(pictures[0]) is None, "a small copy passes for the picture"
    assert imaging.safe_open(pictures[1]).tobytes() == served.render(shirt).tobytes()
    taken = tray.take(served, event(path=str(path)), request_of_ann)
    assert [from_json(one.recipe) for one in taken.keep] == [gone, shirt]
    assert "1 of them cannot be drawn here any more" in taken.said


def unpacked(path: Path) -> tuple[list[dict[str, str]], list[Path]]:
    """The table of a packed tray, and its pictures."""
    folder = path.with_name("unpacked")
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    rows = list(csv.DictReader(io.StringIO((folder / "tray.csv").read_text())))
    return rows, [folder / row["file"] for row in rows]


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "[]",
        "{}",
        "<script>alert(1)</script>",
        '{"format": 1, "operation": "sample"}',
        '{"format": 2}',
        '{"format": 1, "operation": "mockup", "step": {"side": 1e308}, "source": {"operation": "picture", "input": "x"}}',
        UNKNOWN % ("nowhere", "1"),
        UNKNOWN % ("scenes", "1e400"),
        '{"a":' * 5000,
        "x" * 600_000,
    ],
)
def test_a_strangers_recipe_is_refused_in_one_sentence(served: Services, request_of_ann: gr.Request, text: object) -> None:
    with pytest.raises(StudioError) as refused:
        tray.look(served, event(recipe=text), request_of_ann)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 400


def test_two_pictures_are_compared_by_what_differs(served: Services, shirt: Recipe, request_of_ann: gr.Request) -> None:
    [other] = sample_recipes(served.zoo.generator("garments"), [8], "coat", 0.8)
    second = after(after(other, Shape("circle")), Mockup(colour="sage"))
    compared = tray.compare(served, event(recipes=[to_json(shirt), to_json(second)]), request_of_ann).compared
    assert compared is not None
    assert compared.differences == (("source source seed", "7", "8"),)
    with pytest.raises(StudioError, match="choose two"):
        tray.compare(served, event(recipes=[to_json(shirt)]), request_of_ann)


def test_a_packed_tray_opens_again_with_tags_and_notes(served: Services, shirt: Recipe, request_of_ann: gr.Request) -> None:
    [sample] = sample_recipes(served.zoo.generator("scenes"), [1])
    path, word = tray.pack(served, event(items=[item(shirt), item(sample, tags=[], note="=1+1")], stripped=False), request_of_ann)
    assert word.said == "Packed 2 pictures."
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        assert [name.split("/")[0] for name in names] == ["pictures", "pictures", "tray.csv", "contact-sheet.pdf", "tray.json"]
        archive.extract(names[0], path.parent)
        rows = list(csv.DictReader(io.StringIO(archive.read("tray.csv").decode())))
        with pikepdf.open(io.BytesIO(archive.read("contact-sheet.pdf"))) as sheet:
            assert len(sheet.pages) == 1
    drawn = imaging.safe_open(path.parent / names[0])
    assert drawn.tobytes() == served.render(shirt).tobytes()
    assert [row["note"] for row in rows] == ["for the front", "'=1+1"]
    taken = tray.take(served, event(path=str(path)), request_of_ann)
    assert [from_json(one.recipe) for one in taken.keep] == [shirt, sample]
    assert [(one.tags, one.note) for one in taken.keep] == [(("summer",), "for the front"), ((), "=1+1")]


def test_a_stripped_tray_says_nothing_of_recipes(served: Services, shirt: Recipe, request_of_ann: gr.Request) -> None:
    path, _ = tray.pack(served, event(items=[item(shirt)], stripped=True), request_of_ann)
    with zipfile.ZipFile(path) as archive:
        assert "tray.json" not in archive.namelist()
        assert b"recipe" not in archive.read("tray.csv")
        [name] = [name for name in archive.namelist() if name.startswith("pictures/")]
        with Image.open(io.BytesIO(archive.read(name))) as picture:
            picture.load()
            assert picture.info == {}


def test_a_picture_that_cannot_be_drawn_is_packed_as_its_small_copy(served: Services, request_of_ann: gr.Request) -> None:
    own = after(Picture("b" * 64), Shape("circle"))
    path, word = tray.pack(served, event(items=[item(own)], stripped=False), request_of_ann)
    assert "1 of them begin with files of yours" in word.said
    [taken] = tray.take(served, event(path=str(path)), request_of_ann).keep
    assert taken.picture.startswith("data:image/webp")


@pytest.mark.parametrize(
    "changed",
    [{"tags": ["x" * 41]}, {"tags": "summer"}, {"note": 7}, {"note": "x" * 2001}, {"recipe": "{}"}, {"recipe": None}, {"picture": 1}],
)
def test_a_damaged_tray_is_refused_in_one_sentence(
    served: Services, shirt: Recipe, request_of_ann: gr.Request, changed: dict[str, Any]
) -> None:
    with pytest.raises(StudioError):
        tray.pack(served, event(items=[item(shirt) | changed]), request_of_ann)


@pytest.mark.parametrize("given", [None, "x", [7], [[]], [{}] * 201])
def test_what_is_no_tray_is_refused_in_one_sentence(served: Services, request_of_ann: gr.Request, given: object) -> None:
    with pytest.raises(StudioError):
        tray.pack(served, event(items=given), request_of_ann)


def test_only_an_uploaded_zip_of_a_tray_is_opened(served: Services, tmp_path: Path, request_of_ann: gr.Request) -> None:
    outside = tmp_path / "outside.zip"
    with zipfile.ZipFile(outside, "w") as archive:
        archive.writestr("tray.json", json.dumps({"format": 1, "items": []}))
    with pytest.raises(StudioError, match="was not uploaded here"):
        tray.take(served, event(path=str(outside)), request_of_ann)
    inside = served.session_folder(request_of_ann) / "inside.zip"
    inside.write_bytes(outside.read_bytes())
    assert tray.take(served, event(path=str(inside)), request_of_ann).keep == ()
    for name, content in {"no.zip": b"no zip", "other.zip": photograph(tmp_path / "p.png").read_bytes()}.items():
        (served.session_folder(request_of_ann) / name).write_bytes(content)
        with pytest.raises(StudioError, match="is no tray"):
            tray.take(served, event(path=str(served.session_folder(request_of_ann) / name)), request_of_ann)


def test_a_picture_goes_back_to_the_tab_it_came_from() -> None:
    sample = Sample("scenes", "0" * 64, "", 1)
    assert tray.home_of(sample) == "explore"
    assert tray.home_of(after(sample, Colourway(("#000000",), ("#ffffff",)))) == "desk"
    with pytest.raises(StudioError, match="one of explore, desk, swap"):
        tray.sent(event(to="trash", recipe=to_json(sample)))
