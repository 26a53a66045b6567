"""The Cut-outs panel: a preview first, then a collection of its own."""

from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from engines.curation.cutout.cut import mask_box
from engines.curation.cutout.detection import Detection, MaskDetector
from engines.errors import Cancelled, StudioError
from studio.collections import Desk, open_catalogue
from studio.panels.cutouts import DETECTED, CutRule, cut_out, preview_cuts
from studio.panels.looking import SIDE, Remembered
from studio.state import Services
from tests.studio.panels.conftest import Taking, garment, names_of, silent


class QuickDetector(MaskDetector):
    """Sees a car of confidence 0.8 where a picture is darker than its wall; the real network is tested with the engine."""

    def __init__(self) -> None:
        self.categories, self.identity = ("background", "car"), "quick"

    def __call__(self, picture: Image.Image) -> list[Detection]:
        mask = np.asarray(picture.convert("L")) < 200
        box = mask_box(mask)
        return [Detection("car", 0.8, box, mask)] if box else []


@pytest.fixture
def garments(tmp_path: Path) -> Path:
    """Two garments before a plain background, and an empty wall."""
    folder = tmp_path / "garments"
    folder.mkdir()
    (folder / "blue.png").write_bytes(garment())
    (folder / "red.png").write_bytes(garment(colour=(150, 40, 40)))
    Image.new("RGB", (160, 160), (228, 226, 222)).save(folder / "wall.png")
    return folder


def test_a_preview_shows_each_picture_beside_its_cut_out_or_the_reason_and_adds_nothing(
    services: Services, request_of_ann: gr.Request, garments: Path, take: Taking
) -> None:
    desk = take(garments, into="garments")
    sheet, told = preview_cuts(services, Remembered(), desk, CutRule(), request_of_ann, silent)
    assert told.line == "2 of 3 pictures of garments would give a cut-out."
    assert sheet is not None
    assert [len(row.pictures) for row in sheet.rows] == [2, 2, 1]
    assert sheet.rows[2].title.startswith("wall.png: no object stands out")
    shown = Image.open(sheet.picture).convert("RGB")
    assert shown.size == (5 * SIDE, SIDE)
    cell = np.asarray(shown.crop((SIDE, 0, 2 * SIDE, SIDE)), dtype=int)
    green = (cell[..., 1] > 200) & (cell[..., 0] < 120) & (cell[..., 2] < 120)
    assert 0.1 < green.mean() < 0.9
    assert [facts.name for facts in open_catalogue(services, request_of_ann).collections()] == ["garments"]


def test_cut_outs_make_a_collection_with_the_rights_of_their_originals_and_go_on_where_they_stopped(
    services: Services, request_of_ann: gr.Request, garments: Path, take: Taking
) -> None:
    desk = take(garments, into="garments")
    cut, told = cut_out(services, Remembered(), desk, CutRule(), "", request_of_ann, silent)
    assert cut.collection == "garments cut out"
    assert told.line == "garments cut out: 2 cut out, 0 already there, 1 left out."
    assert names_of(services, request_of_ann, "garments cut out") == ["blue.png#object", "red.png#object"]
    made = open_catalogue(services, request_of_ann).pictures("garments cut out")
    assert {one.provenance.training_allowed for one in made} == {"yes"}
    _, again = cut_out(services, Remembered(), desk, CutRule(), "", request_of_ann, silent)
    assert "0 cut out, 2 already there" in again.line


def test_what_was_dropped_is_not_cut_out(services: Services, request_of_ann: gr.Request, garments: Path, take: Taking) -> None:
    desk, catalogue = take(garments, into="garments"), open_catalogue(services, request_of_ann)
    first = catalogue.pictures("garments")[0]
    catalogue.decide("garments", [first.id], "drop", desk.actor)
    cut_out(services, Remembered(), desk, CutRule(), "cut", request_of_ann, silent)
    assert names_of(services, request_of_ann, "cut") == ["red.png#object"]


def test_the_confidence_decides_which_objects_are_taken(
    services: Services, request_of_ann: gr.Request, garments: Path, take: Taking
) -> None:
    desk, detectors = take(garments, into="garments"), Remembered(1)
    detectors.get(("None", 0), QuickDetector)
    sheet, told = preview_cuts(services, detectors, desk, CutRule(DETECTED, "car", 0.5), request_of_ann, silent)
    assert told.line == "2 of 3 pictures of garments would give a cut-out."
    assert sheet is not None
    _, told = preview_cuts(services, detectors, desk, CutRule(DETECTED, "car", 0.9), request_of_ann, silent)
    assert told.line == "0 of 3 pictures of garments would give a cut-out."


def test_a_stopped_cut_keeps_what_was_cut(services: Services, request_of_ann: gr.Request, garments: Path, take: Taking) -> None:
    desk = take(garments, into="garments")

    def stop_at(limit: int) -> object:
        def progress(done: int, total: int, message: str = "") -> None:
            if done >= limit:
                raise Cancelled

        return progress

    with pytest.raises(Cancelled):
        cut_out(services, Remembered(), desk, CutRule(), "cut", request_of_ann, stop_at(0))  # type: ignore[arg-type]
    assert [facts.name for facts in open_catalogue(services, request_of_ann).collections()] == ["garments"]
    stopped, told = cut_out(services, Remembered(), desk, CutRule(), "cut", request_of_ann, stop_at(2))  # type: ignore[arg-type]
    assert stopped.collection == "cut"
    assert "stay" in told.line


def test_where_nothing_can_be_cut_no_empty_collection_stays(
    services: Services, request_of_ann: gr.Request, garments: Path, take: Taking
) -> None:
    (garments / "blue.png").unlink()
    (garments / "red.png").unlink()
    desk = take(garments, into="walls")
    with pytest.raises(StudioError, match="nothing could be cut out of walls, such as"):
        cut_out(services, Remembered(), desk, CutRule(), "cut", request_of_ann, silent)
    assert [facts.name for facts in open_catalogue(services, request_of_ann).collections()] == ["walls"]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (CutRule(way="magic"), "the way to cut is one of"),
        (CutRule(border=float("nan")), "the share of the border is a number"),
        (CutRule(background="plaid"), "the background is a colour"),
        (CutRule(way=DETECTED, thing="soul"), "the thing to cut out is one of"),
        (CutRule(way=DETECTED, confidence=float("inf")), "the confidence is a number"),
        (CutRule(way=DETECTED, weights="/nowhere/w.pth"), "is not a file"),
    ],
)
def test_impossible_settings_get_a_sentence(
    services: Services, request_of_ann: gr.Request, garments: Path, take: Taking, rule: CutRule, said: str
) -> None:
    with pytest.raises(StudioError, match=said):
        preview_cuts(services, Remembered(), take(garments, into="garments"), rule, request_of_ann, silent)


def test_a_shared_studio_loads_no_detector_and_no_weights_of_strangers(
    services: Services, shared: Services, request_of_ann: gr.Request, garments: Path, take: Taking
) -> None:
    from studio.panels.collect import FILES, Asked, collect

    upload = services.settings.home / "served" / "blue.png"
    upload.parent.mkdir(exist_ok=True)
    upload.write_bytes(garment())
    desk, _ = collect(shared, Desk(), Asked(FILES, [str(upload)], into="mine"), request_of_ann, silent)
    with pytest.raises(StudioError, match="only in Atelier on your own machine"):
        preview_cuts(shared, Remembered(), desk, CutRule(DETECTED, "car", weights="/etc/passwd"), request_of_ann, silent)


def test_cut_outs_do_not_go_back_among_their_originals(
    services: Services, request_of_ann: gr.Request, garments: Path, take: Taking
) -> None:
    with pytest.raises(StudioError, match="a collection of their own"):
        cut_out(services, Remembered(), take(garments, into="garments"), CutRule(), "garments", request_of_ann, silent)
