import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.curation.catalogue import Catalogue
from tests.engines.commands.command_line import atelier
from tests.engines.curation.cutout.conftest import CAR, tree  # noqa: F401


@pytest.fixture
def garments(tmp_path: Path) -> Path:
    """Two garments on grey and a blank picture."""
    for name in ("shirt/1.png", "shoe/1.png"):
        (tmp_path / "garments" / name).parent.mkdir(parents=True)
        picture = Image.new("RGB", (80, 80), (230, 230, 230))
        picture.paste((180, 30, 20 * len(name)), (20, 25, 60, 65))
        picture.save(tmp_path / "garments" / name)
    Image.new("RGB", (80, 80), "white").save(tmp_path / "garments" / "blank.png")
    return tmp_path / "garments"


def test_garments_are_cut_into_a_folder_once_and_the_report_says_what_was_left_out(garments: Path, tmp_path: Path) -> None:
    command = ("cutout", "plain", garments, "--background", "transparent", "--rights", "yes", "--out", tmp_path / "cut")
    done = atelier(*command)
    assert (done.returncode, done.stdout) == (0, "")
    assert "2 cut out, 0 already there, 1 left out" in done.stderr
    assert "1 no object stands out" in done.stderr
    assert Image.open(tmp_path / "cut" / "shirt" / "1.png").mode == "RGBA"
    pictures = json.loads((tmp_path / "cut" / "manifest.json").read_text())["pictures"]
    assert {one["provenance"]["training_allowed"] for one in pictures} == {"yes"}
    again = atelier(*command)
    assert "0 cut out, 2 already there, 1 left out" in again.stderr


def test_street_scenes_are_cut_without_a_detector_when_unconfirmed(tree: Path, tmp_path: Path) -> None:  # noqa: F811
    done = atelier("cutout", "cityscapes", tree, "--unconfirmed", "--background", "#010203", "--out", tmp_path / "cars")
    assert done.returncode == 0
    pixels = np.asarray(Image.open(tmp_path / "cars" / "car" / "aachen_000000_000001-26000.png"))
    assert pixels.shape == (CAR.size // 2 + 1, CAR.size + 1, 3)
    assert tuple(pixels[0, 0]) == (1, 2, 3)
    assert len(list((tmp_path / "cars" / "car").iterdir())) == 4


def test_cut_outs_go_into_a_collection_and_from_there_on(garments: Path, tmp_path: Path) -> None:
    done = atelier("cutout", "plain", garments, "--into", "cut", "--rights", "yes", home=tmp_path / "home")
    assert done.returncode == 0
    catalogue = Catalogue(tmp_path / "home" / "catalogue")
    assert [(one.label, one.provenance.training_allowed) for one in catalogue.pictures("cut")] == [("shirt", "yes"), ("shoe", "yes")]
    catalogue.close()
    again = atelier("cutout", "plain", "cut", "--collection", "--method", "flood", "--out", tmp_path / "twice", home=tmp_path / "home")
    assert again.returncode == 2  # the cut-outs fill their crops
    assert "nothing was cut out of cut" in again.stderr


def test_a_preview_writes_one_picture_and_nothing_else(garments: Path, tmp_path: Path) -> None:
    done = atelier("cutout", "plain", garments, "--preview", tmp_path / "look.png")
    assert done.returncode == 0
    assert Image.open(tmp_path / "look.png").size == (3 * 196 - 4, 3 * 196 - 4)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["garments", "look.png"]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["plain", "GARMENTS", "--background", "grass", "--out", "OUT"], "background"),
        (["plain", "GARMENTS", "--feather", "99", "--out", "OUT"], "feather"),
        (["plain", "GARMENTS", "--min-side", "-1", "--out", "OUT"], "--min-side"),
        (["plain", "GARMENTS", "--tolerance", "nan", "--out", "OUT"], "tolerance"),
        (["plain", "GARMENTS", "--min-side", "500", "--out", "OUT"], "nothing was cut out"),
        (["plain", "GARMENTS"], "one of the arguments"),
        (["plain", "nowhere", "--out", "OUT"], "not a folder"),
        (["cityscapes", "GARMENTS", "--out", "OUT"], "gtFine"),
        (["cityscapes", "GARMENTS", "--class", "dog", "--out", "OUT"], "no single 'dog'"),
        (["cityscapes", "GARMENTS", "--confidence", "2", "--out", "OUT"], "confidence"),
        (["objects", "GARMENTS", "--weights", "nowhere.pth", "--out", "OUT"], "nowhere.pth is not a file"),
    ],
)
def test_a_mistake_is_one_clear_line(garments: Path, tmp_path: Path, options: list[str], reason: str) -> None:
    places = {"GARMENTS": str(garments), "OUT": str(tmp_path / "out")}
    done = atelier("cutout", *(places.get(option, option) for option in options))
    assert done.returncode == 2
    assert reason in done.stderr
    assert done.stderr.strip().splitlines()[-1].startswith("error: ")
