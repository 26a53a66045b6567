import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from engines.curation.catalogue import Catalogue
from engines.curation.cutout.cut import Cut, Style, compose
from engines.curation.cutout.delivery import into_collection
from engines.curation.cutout.detection import Confirmation, MaskDetector, overlap
from engines.curation.cutout.whole import (
    Annotated,
    cut_objects,
    cut_plain,
    originals_of_collection,
    originals_of_folder,
    stanford_annotations,
)
from engines.curation.provenance import Provenance
from engines.curation.sources.files import folder_pictures
from engines.errors import StudioError
from tests.engines.curation.cutout.conftest import CAR, SECOND, TRUCK
from tests.engines.curation.cutout.streets import Vehicle, street
from tests.pictures import text_named_jpg

RULE = Confirmation("car", 0.6)
ABOVE = Vehicle("car", 20, 8, 32)


@pytest.fixture
def cars(tmp_path: Path) -> Path:
    """Stanford Cars' layout: one car, two cars of which the lower one is annotated, a truck, and a poem."""
    folder = tmp_path / "stanford_cars" / "cars_train"
    folder.mkdir(parents=True)
    (folder.parent / "devkit").mkdir()
    street([CAR]).save(folder / "00001.jpg", quality=95)
    street([ABOVE, SECOND]).save(folder / "00002.jpg", quality=95)
    street([TRUCK]).save(folder / "00003.jpg", quality=95)
    text_named_jpg(folder / "00004.jpg")
    edges = ("bbox_x1", "bbox_y1", "bbox_x2", "bbox_y2")
    rows = [((21, 31, 53, 47), 1, "00001.jpg"), ((51, 61, 87, 79), 2, "00002.jpg"), ((31, 31, 53, 63), 2, "00003.jpg")]
    dtype = [*((edge, object) for edge in edges), ("class", object), ("fname", object)]
    annotations = np.array([(*box, label, name) for box, label, name in rows], dtype=dtype)
    savemat(folder.parent / "devkit" / "cars_train_annos.mat", {"annotations": annotations})
    savemat(folder.parent / "devkit" / "cars_meta.mat", {"class_names": np.array(["Ada One", "Bel A/C"], dtype=object)})
    return folder


def test_stanfords_annotations_give_box_and_class_by_file(cars: Path) -> None:
    found = stanford_annotations(cars)
    assert found["00001.jpg"] == Annotated((20, 30, 53, 47), "Ada One")
    assert found["00002.jpg"].label == "Bel A-C"
    assert stanford_annotations(cars.parent) == {}


def test_a_damaged_annotation_is_a_sentence(cars: Path) -> None:
    (cars.parent / "devkit" / "cars_train_annos.mat").write_bytes(b"nothing")
    with pytest.raises(StudioError, match="cars_train_annos"):
        stanford_annotations(cars)


def test_the_annotated_object_of_each_picture_is_cut_along_the_detectors_mask(cars: Path, detector: MaskDetector) -> None:
    cuts = list(cut_objects(originals_of_folder(cars), detector, RULE, stanford_annotations(cars)))
    first, second, truck, poem = cuts
    assert [cut.original.label for cut in cuts[:2]] == ["Ada One", "Bel A-C"]
    assert first.reason == second.reason == ""
    assert second.box is not None
    assert overlap(second.box, (50, 60, 87, 79)) > 0.6
    assert compose(second, Style((1, 2, 3))).size == (second.box[2] - second.box[0], second.box[3] - second.box[1])
    assert second.mask is not None
    assert second.mask[:50].mean() < 0.01
    assert truck.reason
    assert "not a JPEG" in poem.reason


def test_a_folder_without_annotations_takes_the_most_confident_object_uncropped_when_asked(cars: Path, detector: MaskDetector) -> None:
    cut = next(iter(cut_objects(originals_of_folder(cars), detector, RULE, crop=False)))
    assert compose(cut, Style()).size == (96, 96)
    small = next(iter(cut_objects(originals_of_folder(cars), detector, RULE, least_side=90)))
    assert small.reason.startswith("too small")


@pytest.fixture
def garments(tmp_path: Path) -> Path:
    for place, name in enumerate(("shirt/1.png", "shirt/2.png", "shoe/1.png")):
        path = tmp_path / "garments" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = Image.new("RGB", (80, 80), (230, 230, 230))
        picture.paste((180, 30, 20 + place), (20, 25, 60, 65))
        picture.save(path)
    Image.new("RGB", (80, 80), "white").save(tmp_path / "garments" / "empty.png")
    return tmp_path / "garments"


@pytest.mark.parametrize("crop", [True, False])
def test_plain_backgrounds_give_an_object_a_picture_with_the_folder_as_class(garments: Path, crop: bool) -> None:
    cuts = list(cut_plain(originals_of_folder(garments), crop=crop))
    assert [(cut.original.label, bool(cut.reason)) for cut in cuts] == [("", True), ("shirt", False), ("shirt", False), ("shoe", False)]
    width, height = compose(cuts[1], Style()).size
    assert (width, height) == ((80, 80) if not crop else (width, height))
    assert not crop or max(abs(width - 40), abs(height - 40)) <= 2
    assert cuts[1].identity == "folder:garments/shirt/1.png#object"


def test_done_pictures_are_not_opened_again(garments: Path) -> None:
    skip = {f"folder:garments/{name}#object" for name in ("empty.png", "shirt/1.png", "shoe/1.png")}
    assert [cut.name for cut in cut_plain(originals_of_folder(garments), skip=skip)] == ["shirt/2.png#object"]


def test_rights_come_from_the_answer_or_from_an_exports_manifest_and_no_holds_for_all(garments: Path) -> None:
    record = Provenance("pexels", "77", "77.jpg", author="Ada", training_allowed="yes", permission="letter")
    (garments / "manifest.json").write_text(
        json.dumps({"format": 1, "pictures": [{"file": "shirt/1.png", "provenance": record.as_json()}]})
    )
    found = {original.path.name + original.label: original.provenance for original in originals_of_folder(garments)}
    assert found["1.pngshirt"] == record
    assert found["1.pngshoe"].training_allowed == "unknown"
    assert {original.provenance.training_allowed for original in originals_of_folder(garments, "no")} == {"no"}
    with pytest.raises(StudioError, match="rights"):
        originals_of_folder(garments, "maybe")


def test_a_folder_without_pictures_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="no pictures"):
        originals_of_folder(tmp_path)


def test_originals_of_one_name_are_told_apart(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path / "catalogue")
    catalogue.ensure("wardrobe")
    for place in range(2):
        folder = tmp_path / f"{place}"
        folder.mkdir()
        picture = Image.new("RGB", (80, 80), (230, 230, 230))
        picture.paste((180, 30, 90 * place), (20, 25, 60, 65))
        picture.save(folder / "0001.png")
        catalogue.add("wardrobe", folder_pictures(folder))
    cuts = list(cut_plain(originals_of_collection(catalogue, "wardrobe")))
    assert len({cut.identity for cut in cuts}) == 2
    assert {cut.name for cut in cuts} == {"0001.png#object"}

    def cutting(done: set[str]) -> Iterator[Cut]:
        return cut_plain(originals_of_collection(catalogue, "wardrobe"), skip=done)

    report, again = (into_collection(catalogue, "cut", cutting, Style(), {}) for _ in range(2))
    assert report.made == 2
    assert (again.made, again.already) == (0, 2)
    first = next(one.id for one in catalogue.pictures("wardrobe"))
    catalogue.decide("wardrobe", [first], "drop", "anna")
    assert [one.identity for one in cutting(set())] == [sorted(cut.identity for cut in cuts)[1]]


def test_pictures_of_an_export_that_had_one_name_are_told_apart(garments: Path) -> None:
    record = Provenance("folder", "0001.jpg", "0001.jpg", author="Ada")
    entries = [{"file": name, "provenance": record.as_json()} for name in ("shirt/1.png", "shirt/2.png")]
    (garments / "manifest.json").write_text(json.dumps({"format": 1, "pictures": entries}))
    cuts = [cut for cut in cut_plain(originals_of_folder(garments)) if cut.original.provenance.author == "Ada"]
    assert [cut.identity for cut in cuts] == ["folder:0001.jpg#object", "folder:garments/shirt/2.png#object"]
