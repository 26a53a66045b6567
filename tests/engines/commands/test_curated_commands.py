"""`duplicates`, `quality` and `frame`: on a folder, and on a collection of the catalogue."""

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image, ImageFilter

from engines import imaging
from engines.curation.catalogue import Catalogue
from engines.curation.framing import Frame
from engines.curation.manifest import provenance_of_export, training_manifests
from engines.curation.provenance import Fetched, Provenance
from engines.errors import StudioError
from tests.engines.commands.command_line import atelier
from tests.engines.curation.drawn import scene
from tests.pictures import text_named_jpg


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three scenes, a turned copy, a blurred one, one too small, and a poem that calls itself a picture."""
    root = tmp_path_factory.mktemp("pictures")
    (root / "deep").mkdir()
    for seed in range(3):
        scene(seed, 120, 80).save(root / f"{seed}.png")
    scene(0, 120, 80).rotate(90, expand=True).save(root / "deep" / "turned.jpg", quality=90)
    scene(7, 120, 80).filter(ImageFilter.GaussianBlur(3)).save(root / "misty.png")
    scene(8, 40, 30).save(root / "stamp.png")
    text_named_jpg(root / "poem.jpg")
    return root


@pytest.fixture
def home(folder: Path, tmp_path: Path) -> Path:
    """A STUDIO_HOME with the pictures that can be read in the collection "streets"."""
    home = tmp_path / "home"
    catalogue = Catalogue(home / "catalogue")
    catalogue.create("streets")
    names = sorted(str(path.relative_to(folder)) for path in imaging.picture_files(folder) if path.name != "poem.jpg")
    catalogue.add("streets", [Fetched(folder / name, Provenance("folder", name, name)) for name in names])
    catalogue.close()
    return home


def dropped_names(home: Path) -> set[str]:
    catalogue = Catalogue(home / "catalogue")
    names = {one.id: one.provenance.name for one in catalogue.pictures("streets")}
    found = {names[number] for number, decision in catalogue.state("streets").items() if not decision.kept}
    catalogue.close()
    return found


def test_duplicates_of_a_folder_are_reported_and_shown_and_nothing_is_deleted(folder: Path, tmp_path: Path) -> None:
    before = sorted(folder.rglob("*"))
    done = atelier("duplicates", folder, "--out", tmp_path / "found.json", "--sheet", tmp_path / "found.png")
    assert done.returncode == 0, done.stderr
    assert "1 copies in 1 groups (1 near)" in done.stdout
    found = json.loads((tmp_path / "found.json").read_text())
    assert (found["format"], found["pictures"]) == (1, 6)
    (group,) = found["groups"]
    assert {group["kept"], group["copies"][0]["name"]} == {"0.png", "deep/turned.jpg"}
    assert [one["name"] for one in found["failed"]] == ["poem.jpg"]
    assert imaging.safe_open(tmp_path / "found.png").width > 1000
    assert sorted(folder.rglob("*")) == before


def test_duplicates_of_a_collection_are_dropped_when_asked_and_taken_back(home: Path) -> None:
    assert atelier("duplicates", "--collection", "streets", home=home).returncode == 0
    assert dropped_names(home) == set()
    assert atelier("duplicates", "--collection", "streets", "--apply", home=home).returncode == 0
    assert len(dropped_names(home) & {"0.png", "deep/turned.jpg"}) == 1
    assert atelier("catalogue", "undo", "streets", home=home).returncode == 0
    assert dropped_names(home) == set()


def test_quality_of_a_folder_names_each_defect(folder: Path, tmp_path: Path) -> None:
    done = atelier("quality", folder, "--json", "--sheet", tmp_path / "found.png")
    assert done.returncode == 0, done.stderr
    filters = json.loads(done.stdout)["filters"]
    found = {name: [one["name"] for one in filters[name]["dropped"]] for name in filters if filters[name]["dropped"]}
    assert found.pop("corrupt") == ["poem.jpg"]
    assert found.pop("tiny") == ["stamp.png"]
    assert "misty.png" in {*found.pop("blurred", []), *found.pop("soft", [])}
    assert not found
    assert (tmp_path / "found.png").is_file()


def test_quality_filters_of_a_collection_have_moved_limits_and_are_one_decision_each(home: Path) -> None:
    done = atelier("quality", "--collection", "streets", "--only", "tiny", "--limit", "tiny=81", "--apply", home=home)
    assert done.returncode == 0, done.stderr
    assert dropped_names(home) == {"0.png", "1.png", "2.png", "deep/turned.jpg", "misty.png", "stamp.png"}
    again = atelier("quality", "--collection", "streets", "--only", "tiny", "--apply", home=home)
    assert "found 1 tiny" in again.stdout
    assert dropped_names(home) == {"stamp.png"}


def test_a_frame_of_a_collection_is_frozen_with_the_median_aspect(home: Path) -> None:
    done = atelier("frame", "--collection", "streets", "--size", "64", home=home)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("centre rectangle 1.50:1, squeezed to 64 × 64: 6 pictures; 2 are smaller and are enlarged")
    frame = Catalogue(home / "catalogue").facts("streets").frame
    assert frame is not None
    assert Frame.from_json(frame) == Frame("centre rectangle", 64, 1.5)


def test_framed_copies_are_exactly_what_the_frame_shows(folder: Path, tmp_path: Path) -> None:
    done = atelier("frame", folder, "--out", tmp_path / "framed", "--kind", "pad", "--size", "50", "--colour", "#33ff33", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["enlarged"] == ["stamp.png"]
    assert [one["name"] for one in answer["failed"]] == ["poem.jpg"]
    frame = Frame.from_json(answer["frame"])
    for name in ("0.png", "deep/turned.jpg"):
        expected = frame.apply(imaging.safe_open(folder / name))
        assert imaging.safe_open(tmp_path / "framed" / f"{name}.png").tobytes() == expected.tobytes()
    assert atelier("frame", folder, "--out", tmp_path / "framed").returncode == 2
    assert not (tmp_path / "framed" / "manifest.json").exists()


def test_framed_copies_keep_what_is_recorded_of_their_originals(folder: Path, tmp_path: Path) -> None:
    record = Provenance("pexels", "77", "77.jpg", training_allowed="no")
    export = shutil.copytree(folder, tmp_path / "export")
    (export / "manifest.json").write_text(json.dumps({"format": 1, "pictures": [{"file": "0.png", "provenance": record.as_json()}]}))
    assert atelier("frame", export, "--out", tmp_path / "framed").returncode == 0
    assert provenance_of_export(tmp_path / "framed") == {"0.png.png": record}
    with pytest.raises(StudioError, match="permission"):
        training_manifests(tmp_path / "framed", None)
    refused = atelier("frame", "--collection", "streets", "--out", tmp_path / "copies", home=tmp_path)
    assert refused.returncode == 2
    assert "export streets --framed" in refused.stderr


@pytest.mark.parametrize(
    "command",
    [
        ["duplicates"],
        ["duplicates", "DIR", "--collection", "streets"],
        ["duplicates", "DIR", "--apply"],
        ["duplicates", "DIR", "--likeness", "2"],
        ["quality", "DIR", "--only", "ugly"],
        ["quality", "DIR", "--limit", "tiny"],
        ["quality", "DIR", "--limit", "tiny=nan"],
        ["quality", "--collection", "nowhere"],
        ["frame", "DIR"],
        ["frame", "DIR", "--out", "OUT", "--size", "2000"],
        ["frame", "DIR", "--out", "OUT", "--kind", "oval"],
        ["frame", "DIR", "--out", "OUT", "--colour", "reddish"],
        ["frame", "DIR", "--out", "OUT", "--aspect", "0"],
    ],
)
def test_a_mistake_is_one_line_and_writes_nothing(folder: Path, tmp_path: Path, command: list[str]) -> None:
    out = tmp_path / "out"
    named = {"DIR": str(folder), "OUT": str(out)}
    done = atelier(*[named.get(part, part) for part in command], home=tmp_path / "home")
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.strip().splitlines()) == 1
    assert not out.exists()


def test_a_folder_of_broken_files_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    text_named_jpg(tmp_path / "broken" / "poem.jpg")
    for command in (["duplicates"], ["quality"], ["frame", "--out", tmp_path / "out"]):
        done = atelier(command[0], tmp_path / "broken", *command[1:])
        assert (done.returncode, "poem.jpg" in done.stderr) == (2, True)
    assert not (tmp_path / "out").exists()


def test_a_turned_photograph_is_framed_as_it_is_shown(tmp_path: Path) -> None:
    (tmp_path / "photographs").mkdir()
    exif = Image.Exif()
    exif[0x0112] = 6
    scene(1, 120, 80).save(tmp_path / "photographs" / "a.jpg", exif=exif)
    done = atelier("frame", tmp_path / "photographs", "--out", tmp_path / "out", "--size", "32", "--json")
    assert json.loads(done.stdout)["frame"]["aspect"] == 0.6667
