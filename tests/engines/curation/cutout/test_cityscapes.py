import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.curation.cutout.cityscapes import PICTURE, coco_name, cut_scenes, find_scenes, label_ids, read_ids
from engines.curation.cutout.cut import GREEN, Cut, Style, compose
from engines.curation.cutout.detection import Confirmation, MaskDetector, overlap
from engines.errors import Cancelled, StudioError
from tests.engines.curation.cutout.conftest import CAR
from tests.engines.curation.cutout.streets import BODY, polygons_to_ids

SURE = Confirmation("car", 0.6)
FIRST, TWO, TRUCK_AS_CAR, HIDDEN = (
    f"cityscapes:{scene}#26000" for scene in ("aachen_000000_000001", "aachen_000000_000002", "bonn_000000_000001", "bonn_000000_000002")
)


def by_identity(cuts: object) -> dict[str, Cut]:
    return {cut.identity: cut for cut in cuts}  # type: ignore[attr-defined]


def polygons(tree: Path, name: str) -> Path:
    return next(tree.rglob(f"{name}_gtFine_polygons.json"))


def test_a_car_that_the_detector_confirms_is_cut_on_green_and_cropped_to_its_box(tree: Path, detector: MaskDetector) -> None:
    cut = by_identity(cut_scenes(tree, "car", detector, SURE))[FIRST]
    assert cut.reason == ""
    assert cut.box is not None
    assert overlap(cut.box, (20, 30, 53, 47)) > 0.6
    result = compose(cut, Style())
    pixels = np.asarray(result).reshape(-1, 3)
    assert result.size == (cut.box[2] - cut.box[0], cut.box[3] - cut.box[1])
    assert {tuple(map(int, colour)) for colour in np.unique(pixels, axis=0)} == {GREEN, BODY}
    assert (pixels == BODY).all(1).sum() > 300


def test_two_cars_none_and_too_little_confidence_are_turned_down_each_with_its_reason(tree: Path, detector: MaskDetector) -> None:
    cuts = by_identity(cut_scenes(tree, "car", detector, SURE))
    assert "several cars" in cuts[TWO].reason
    assert cuts[TRUCK_AS_CAR].reason.startswith("no car is seen")
    strict = by_identity(cut_scenes(tree, "car", detector, Confirmation("car", 0.9999)))
    assert "below 0.9999" in strict[FIRST].reason


def test_counting_every_class_names_the_other_object(tree: Path, detector: MaskDetector) -> None:
    cuts = by_identity(cut_scenes(tree, "car", detector, Confirmation("car", 0.6, any_class=True)))
    assert cuts[FIRST].reason == ""
    assert "another object is seen: truck" in cuts[TRUCK_AS_CAR].reason
    assert "several objects" in cuts[TWO].reason


@pytest.mark.parametrize(("crop", "size"), [("annotated", (33, 17)), ("none", (96, 96))])
def test_the_crop_can_follow_the_annotation_or_be_left_out(tree: Path, detector: MaskDetector, crop: str, size: tuple[int, int]) -> None:
    cut = by_identity(cut_scenes(tree, "car", detector, SURE, crop=crop))[FIRST]
    assert compose(cut, Style()).size == size


def test_small_objects_are_left_out_without_asking_the_detector(tree: Path) -> None:
    def never(picture: Image.Image) -> list[object]:
        raise AssertionError

    cuts = list(cut_scenes(tree, "car", never, SURE, least_side=90))  # type: ignore[arg-type]
    assert len(cuts) == 4
    assert all(cut.reason.startswith("too small") for cut in cuts)


def test_without_a_detector_every_instance_is_taken_as_annotated(tree: Path) -> None:
    cuts = by_identity(cut_scenes(tree, "car", crop="annotated"))
    assert sorted(cuts) == sorted([FIRST, TWO, TRUCK_AS_CAR, HIDDEN])
    assert not any(cut.reason for cut in cuts.values())
    with pytest.raises(StudioError, match="needs the detector"):
        list(cut_scenes(tree, "car"))


def test_what_a_later_polygon_covers_does_not_belong_to_the_object(tree: Path) -> None:
    hidden = by_identity(cut_scenes(tree, "car", crop="annotated"))[HIDDEN]
    assert hidden.box == (20, 30, 36, 47)


def test_instance_ids_and_polygons_give_the_same_objects(tree: Path) -> None:
    painted = by_identity(cut_scenes(tree, "car", crop="annotated"))
    for path in sorted(tree.rglob("*_polygons.json")):
        polygons_to_ids(path, read_ids(path))
    stored = by_identity(cut_scenes(tree, "car", crop="annotated"))
    assert list(painted) == list(stored)
    for identity, cut in painted.items():
        assert cut.mask is not None
        assert (cut.mask == stored[identity].mask).all()


def test_instances_are_numbered_by_class_in_the_order_of_the_file_and_groups_and_plates_are_none(tree: Path) -> None:
    path = polygons(tree, "aachen_000000_000001")

    def square(left: int, label: str, **more: object) -> dict[str, object]:
        return {"label": label, "polygon": [[left, 10], [left + 9, 10], [left + 9, 19], [left, 19]], **more}

    entries = [square(0, "car"), square(20, "truck"), square(40, "car"), square(60, "cargroup"), square(80, "car", deleted=1)]
    plate = {"label": "license plate", "polygon": [[2, 12], [5, 12], [5, 15], [2, 15]]}
    path.write_text(json.dumps({"imgHeight": 96, "imgWidth": 96, "objects": [*entries, plate]}))
    ids = read_ids(path)
    assert [int(ids[14, column]) for column in (4, 24, 44, 64, 84)] == [26000, 27000, 26001, 0, 0]


def test_a_person_is_a_person_or_a_rider_and_a_rider_is_confirmed_as_a_person() -> None:
    assert label_ids("person") == (24, 25)
    assert (label_ids("rider"), coco_name("rider"), coco_name("car")) == ((25,), "person", "car")
    with pytest.raises(StudioError, match="no single 'dog'"):
        label_ids("dog")


def test_a_missing_or_wrong_picture_and_a_damaged_annotation_cost_one_line_each(tree: Path) -> None:
    pictures = {path.stem.removesuffix(PICTURE): path for path in tree.rglob("*_leftImg8bit.png")}
    pictures["aachen_000000_000001"].unlink()
    Image.new("RGB", (50, 50)).save(pictures["aachen_000000_000002"])
    polygons(tree, "bonn_000000_000001").write_text(
        '{"imgHeight": 96, "imgWidth": 96, "objects": [{"label": "car", "polygon": [[1, NaN]]}]}'
    )
    cuts = list(cut_scenes(tree, "car", crop="annotated"))
    reasons = {cut.identity: cut.reason for cut in cuts}
    assert "is missing" in reasons["cityscapes:aachen_000000_000001#scene"]
    assert "differ in size" in reasons["cityscapes:aachen_000000_000002#scene"]
    assert "damaged" in reasons["cityscapes:bonn_000000_000001#scene"]
    assert reasons[HIDDEN] == ""


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"imgHeight": 1e9, "imgWidth": 1e9, "objects": []}', b'{"imgHeight": 9, "imgWidth": 9, "objects": 3}']
)
def test_annotations_of_strangers_never_do_worse_than_a_sentence(tmp_path: Path, content: bytes) -> None:
    for name in ("a_gtFine_polygons.json", "a_gtFine_instanceIds.png"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(StudioError, match="a_gtFine"):
            read_ids(tmp_path / name)


def test_a_folder_without_annotations_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="gtFine"):
        find_scenes(tmp_path)
    with pytest.raises(StudioError, match="not a folder"):
        find_scenes(tmp_path / "nowhere")


def test_scenes_carry_the_terms_of_cityscapes_and_the_persons_answer(tree: Path) -> None:
    cut = next(iter(cut_scenes(tree, "car", crop="annotated", training_allowed="yes", permission="a course")))
    record = cut.original.provenance
    assert (record.training_allowed, record.permission) == ("yes", "a course")
    assert "non-commercial" in record.licence
    assert cut.original.label == "car"


def test_done_objects_are_skipped_progress_counts_scenes_and_can_stop(tree: Path) -> None:
    seen: list[tuple[int, int]] = []
    cuts = list(
        cut_scenes(tree, "car", crop="annotated", skip={FIRST, HIDDEN}, progress=lambda done, total, _="": seen.append((done, total)))
    )
    assert [cut.identity for cut in cuts] == [TWO, TRUCK_AS_CAR]
    assert seen == [(done, 5) for done in range(6)]

    def stop(done: int, total: int, message: str = "") -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        list(cut_scenes(tree, "car", crop="annotated", progress=stop))


def test_the_detector_sees_the_instance_alone_on_green(tree: Path) -> None:
    shown: list[Image.Image] = []

    def watch(picture: Image.Image) -> list[object]:
        shown.append(picture)
        return []

    list(cut_scenes(tree, "car", watch, SURE))  # type: ignore[arg-type]
    assert shown[0].size == (96, 96)
    assert shown[0].getpixel((0, 0)) == GREEN
    assert shown[0].getpixel((CAR.left + 10, CAR.top + 10)) == BODY
