import json
from pathlib import Path

import pytest
from PIL import Image

from engines.errors import StudioError
from engines.translation.doctor import GOOD, LOOK, MEND, Examination, Finding, examine, read_cleaned, write_cleaned
from tests.engines.translation.drawn_garments import garment, save
from tests.pictures import text_named_jpg

EACH = 15
CHECKS = {
    "files",
    "copies",
    "copies across the split",
    "copies in both classes",
    "balance",
    "sizes",
    "people",
    "confound",
    "outline",
    "labels",
}


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Jackets and trousers of both materials, some with people, alike in all but the cloth."""
    folder = tmp_path_factory.mktemp("healthy")
    for index in range(2 * EACH):
        material = ("denim", "leather")[index % 2]
        save(garment(material, index, trousers=index % 4 < 2, face=index % 3 == 0), folder / material, f"{index}.png")
    return folder


@pytest.fixture(scope="module")
def ill(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Leather is jackets with faces, denim is trousers; and copies, a leak, a picture in both classes, one mislabelled, one broken."""
    folder = tmp_path_factory.mktemp("ill")
    for index in range(EACH):
        save(garment("leather", index, face=True), folder / "trainA", f"{index:02}.png")
        save(garment("denim", 100 + index, trousers=True), folder / "trainB", f"{index:02}.png")
    for index in range(10):
        save(garment("denim", 200 + index, trousers=True), folder / "trainB", f"more-{index:02}.png")
    small = garment("leather", 3, face=True).resize((120, 120), Image.Resampling.LANCZOS)
    save(small, folder / "trainA", "copy.jpg", quality=88)
    save(garment("denim", 105, trousers=True), folder / "testB", "leak.png")
    save(garment("leather", 7, face=True), folder / "trainB", "both.png")
    save(garment("leather", 300), folder / "trainB", "mislabelled.png")
    text_named_jpg(folder / "trainA" / "broken.jpg")
    return folder


ILL_CLASSES = {"trainA": "leather", "testA": "leather", "trainB": "denim", "testB": "denim"}


@pytest.fixture(scope="module")
def examined(healthy: Path, ill: Path) -> tuple[Examination, Examination]:
    return examine(healthy), examine(ill, ILL_CLASSES)


def by_check(examination: Examination) -> dict[str, Finding]:
    return {finding.check: finding for finding in examination.findings}


def test_folders_that_differ_in_cloth_alone_are_good(examined: tuple[Examination, Examination]) -> None:
    found = by_check(examined[0])
    for check in (
        "files",
        "copies",
        "copies across the split",
        "copies in both classes",
        "sizes",
        "people",
        "confound",
        "outline",
        "labels",
    ):
        assert found[check].verdict == GOOD, found[check]
        assert found[check].advice == ""
    assert found["confound"].figures["told apart"] < 0.7
    assert found["labels"].figures["told apart"] > 0.95
    assert not examined[0].drop
    assert found["balance"].verdict == LOOK  # few pictures


def test_planted_copies_and_leaks_are_found_with_their_files(examined: tuple[Examination, Examination]) -> None:
    found, drop = by_check(examined[1]), examined[1].drop
    assert found["files"].files == ("trainA/broken.jpg",)
    assert {"trainA/03.png", "trainA/copy.jpg"} <= set(found["copies"].files)
    assert set(found["copies across the split"].files) == {"trainB/05.png", "testB/leak.png"}
    assert set(found["copies in both classes"].files) == {"trainA/07.png", "trainB/both.png"}
    assert drop == {
        "trainA/copy.jpg": "copy of trainA/03.png",
        "testB/leak.png": "copy of trainB/05.png",
        "trainA/07.png": "in both classes",
        "trainB/both.png": "in both classes",
    }


def test_what_tells_the_classes_apart_besides_cloth_is_said(examined: tuple[Examination, Examination]) -> None:
    found = by_check(examined[1])
    for check in ("balance", "people", "confound", "outline"):
        assert found[check].verdict == MEND, found[check]
        assert found[check].advice
    assert found["people"].figures == {"denim": pytest.approx(0, abs=0.1), "leather": 1}
    assert found["confound"].figures["told apart"] > 0.95
    assert set(examined[1].sheets) == {"outside", "doubtful"}


def test_a_mislabelled_garment_is_doubtful(examined: tuple[Examination, Examination]) -> None:
    assert examined[1].doubtful.get("trainB/mislabelled.png") == "looks like leather"
    assert len(examined[1].doubtful) <= 3


def test_a_cleaned_folder_leaves_out_what_it_says(examined: tuple[Examination, Examination], ill: Path, tmp_path: Path) -> None:
    counts = write_cleaned(ill, tmp_path / "clean", examined[1])
    assert counts == {"copies": 2, "in both classes": 2}
    kept = {str(path.relative_to(tmp_path / "clean")) for path in (tmp_path / "clean").rglob("*.png")}
    assert not kept & set(examined[1].drop)
    assert len(kept) == len(examined[1].names) - 4
    assert json.loads((tmp_path / "clean" / "cleaned.json").read_text())["left out"] == examined[1].drop
    assert read_cleaned(tmp_path / "clean") == f"left out 2 copies, 2 in both classes; {len(kept)} pictures kept"
    assert read_cleaned(ill) == ""
    with pytest.raises(StudioError, match="exists already"):
        write_cleaned(ill, tmp_path / "clean", examined[1])


def test_other_than_two_classes_or_too_few_pictures_are_said(healthy: Path, tmp_path: Path) -> None:
    with pytest.raises(StudioError, match=r"a swap is between two classes, .* has denim: choose two"):
        examine(healthy, {"denim": "denim"})
    for name in ("silk", "wool"):
        save(garment("denim", 1), tmp_path / name, "1.png")
    with pytest.raises(StudioError, match="a class has 1 pictures, at least 10"):
        examine(tmp_path)
