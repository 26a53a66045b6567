"""The Filters panel: what would fall is shown first, and only what was shown is dropped."""

import math
from pathlib import Path

import gradio as gr
import pytest
from PIL import Image

from engines.errors import StudioError
from studio.collections import Desk, open_catalogue
from studio.panels.filters import Found, apply, build, find_copies, find_faults, limits_value, remove, standing
from studio.panels.looking import COLUMNS, SIDE, Remembered
from studio.state import Services
from tests.studio.panels.conftest import Taking, kept_names

FAULTS = ["tiny", "blurred"]


def test_copies_are_shown_in_groups_before_anything_is_dropped(
    services: Services, request_of_ann: gr.Request, wardrobe: Path, take: Taking
) -> None:
    desk = take(wardrobe)
    sheet, told, found = find_copies(services, Remembered(), desk, 0.94, False, request_of_ann)
    assert told.line == "1 copies in 1 groups would go, of 8 pictures."
    assert sheet is not None
    assert [(one.name, one.stays) for one in sheet.rows[0].pictures] == [("hats/scene-0.jpg", True), ("again.jpg", False)]
    assert Image.open(sheet.picture).size == (2 * SIDE, SIDE)
    assert len(kept_names(services, request_of_ann, desk.collection)) == 8
    assert found.collection == "wardrobe"


def test_what_was_shown_is_dropped_and_comes_back_when_the_filter_is_taken_away(
    services: Services, request_of_ann: gr.Request, wardrobe: Path, take: Taking
) -> None:
    desk = take(wardrobe)
    *_, found = find_copies(services, Remembered(), desk, 0.94, False, request_of_ann)
    after, told = apply(services, desk, found, request_of_ann)
    assert after.version == desk.version + 1
    assert told.line.startswith("Dropped: duplicates 1; 7 of 8 pictures are kept")
    assert "again.jpg" not in kept_names(services, request_of_ann, "wardrobe")
    assert standing(services, after, request_of_ann)["choices"] == ["duplicates"]
    again, told = remove(services, after, "duplicates", request_of_ann)
    assert told.line == "duplicates was taken away; 8 of 8 pictures are kept."
    assert standing(services, again, request_of_ann)["choices"] == []


def test_undo_of_the_window_takes_a_dropped_group_back(
    services: Services, request_of_ann: gr.Request, wardrobe: Path, take: Taking
) -> None:
    desk = take(wardrobe)
    *_, found = find_copies(services, Remembered(), desk, 0.94, False, request_of_ann)
    apply(services, desk, found, request_of_ann)
    open_catalogue(services, request_of_ann).undo("wardrobe", desk.actor)
    assert len(kept_names(services, request_of_ann, "wardrobe")) == 8


def test_another_limit_needs_no_second_look_at_the_pictures(
    services: Services, request_of_ann: gr.Request, wardrobe: Path, take: Taking
) -> None:
    desk, looks = take(wardrobe), Remembered()
    find_copies(services, looks, desk, 0.94, False, request_of_ann)
    for path in (services.settings.home / "catalogue" / "pictures").rglob("*.jpg"):
        path.write_bytes(b"gone")
    _, told, _ = find_copies(services, looks, desk, 1.0, False, request_of_ann)
    assert told.line == "No picture of 8 is there twice."


def test_faults_are_shown_with_the_pictures_nearest_each_limit(
    services: Services, request_of_ann: gr.Request, wardrobe: Path, take: Taking
) -> None:
    desk = take(wardrobe)
    sheet, told, found = find_faults(services, Remembered(), desk, FAULTS, "blurred=1", request_of_ann)
    assert told.line == "1 of 8 pictures would go."
    assert told.facts == (("tiny", "1"),)
    assert sheet is not None
    assert sheet.rows[0].title == "tiny: 1 would go, below 64"
    assert [one.stays for one in sheet.rows[0].pictures] == [False] + [True] * 6
    assert sheet.columns == min(COLUMNS, 7)
    _, told = apply(services, desk, found, request_of_ann)
    assert told.line.startswith("Dropped: tiny 1;")
    assert "tiny.png" not in kept_names(services, request_of_ann, "wardrobe")


def test_a_filter_that_finds_nothing_any_more_is_taken_away(
    services: Services, request_of_ann: gr.Request, wardrobe: Path, take: Taking
) -> None:
    desk, measures = take(wardrobe), Remembered()
    *_, found = find_faults(services, measures, desk, ["tiny"], "", request_of_ann)
    apply(services, desk, found, request_of_ann)
    *_, nothing = find_faults(services, measures, desk, ["tiny"], "tiny=10", request_of_ann)
    _, told = apply(services, desk, nothing, request_of_ann)
    assert told.line == "There was nothing to drop."
    assert len(kept_names(services, request_of_ann, "wardrobe")) == 8


def test_what_was_found_in_one_collection_is_not_dropped_from_another(
    services: Services, request_of_ann: gr.Request, wardrobe: Path, take: Taking
) -> None:
    desk = take(wardrobe)
    *_, found = find_copies(services, Remembered(), desk, 0.94, False, request_of_ann)
    other = take(wardrobe, into="other")
    with pytest.raises(StudioError, match="nothing was looked for in other yet"):
        apply(services, other, found, request_of_ann)
    with pytest.raises(StudioError, match="look first"):
        apply(services, desk, Found(), request_of_ann)


def test_previews_of_a_shared_studio_lie_in_the_sessions_own_folder(
    shared: Services, services: Services, request_of_ann: gr.Request, wardrobe: Path, take: Taking
) -> None:
    sheet, *_ = find_copies(services, Remembered(), take(wardrobe), 0.94, False, request_of_ann)
    assert sheet is not None
    assert sheet.picture.is_relative_to(services.session_folder(request_of_ann))
    with pytest.raises(StudioError, match="no collection 'wardrobe'"):
        find_copies(shared, Remembered(), Desk(collection="wardrobe"), 0.94, False, gr.Request(session_hash="bob"))


def test_only_the_last_looks_are_remembered() -> None:
    kept, made = Remembered(2), []

    def make(name: str) -> str:
        made.append(name)
        return name

    for name in ("a", "b", "a", "c", "a", "b"):
        assert kept.get((name,), lambda name=name: make(name)) == name  # type: ignore[misc]
    assert made == ["a", "b", "c", "b"]


@pytest.mark.parametrize(("text", "limits"), [("", {}), (" tiny=128 , soft=0.5", {"tiny": 128.0, "soft": 0.5})])
def test_limits_are_written_as_on_the_command_line(text: str, limits: dict[str, float]) -> None:
    assert limits_value(text) == limits


@pytest.mark.parametrize("text", ["tiny", "tiny=big", "tiny=nan", "tiny=inf", "huge=3", "=3"])
def test_impossible_limits_are_refused(text: str) -> None:
    with pytest.raises(StudioError):
        limits_value(text)


@pytest.mark.parametrize("likeness", [float("nan"), 0, -1, 1.5, None, "0.9", True])
def test_an_impossible_likeness_is_refused(
    services: Services, request_of_ann: gr.Request, wardrobe: Path, take: Taking, likeness: object
) -> None:
    with pytest.raises(StudioError, match="the likeness is a cosine"):
        find_copies(services, Remembered(), take(wardrobe), likeness, False, request_of_ann)  # type: ignore[arg-type]


def test_no_collection_no_fault_and_no_filter_get_a_sentence(
    services: Services, request_of_ann: gr.Request, wardrobe: Path, take: Taking
) -> None:
    with pytest.raises(StudioError, match="no collection is open"):
        find_copies(services, Remembered(), Desk(), 0.94, False, request_of_ann)
    desk = take(wardrobe)
    with pytest.raises(StudioError, match="no fault is chosen"):
        find_faults(services, Remembered(), desk, [], "", request_of_ann)
    with pytest.raises(StudioError, match="a fault is one of"):
        find_faults(services, Remembered(), desk, ["ugly"], "", request_of_ann)
    with pytest.raises(StudioError, match="no filter is chosen"):
        remove(services, desk, None, request_of_ann)
    with pytest.raises(StudioError, match="has no filter 'a'"):
        remove(services, desk, "a", request_of_ann)


def test_what_was_found_can_be_dropped_for_as_long_as_it_is_shown(services: Services) -> None:
    with gr.Blocks() as page:
        build(services, gr.State(Desk()))
    states = [block for block in page.blocks.values() if isinstance(block, gr.State)]
    assert {state.time_to_live for state in states} == {math.inf}


def test_every_field_of_the_panel_has_a_label_and_a_name_of_its_own(services: Services) -> None:
    with gr.Blocks() as page:
        build(services, gr.State(Desk()))
    fields = [one for one in page.blocks.values() if hasattr(one, "label") and not isinstance(one, gr.State)]
    assert all(one.label or isinstance(one, gr.Button) for one in fields)
    names = [one.elem_id for one in page.blocks.values() if getattr(one, "elem_id", None)]
    assert len(names) == len(set(names))
