"""Collecting on the command line, from one's own files."""

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from engines.curation.catalogue import Catalogue
from engines.curation.provenance import SAID_ON_IMPORT
from tests.engines.commands.command_line import atelier
from tests.pictures import photograph, text_named_jpg
from tests.web_sources import PictureServer, Status


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four pictures in two classes and one that is none."""
    for index, label in enumerate(("day", "day", "night", "night")):
        (tmp_path / "in" / label).mkdir(parents=True, exist_ok=True)
        photograph(tmp_path / "in" / label / f"{index}.jpg", seed=index)
    text_named_jpg(tmp_path / "in" / "poem.jpg")
    return tmp_path / "in"


def test_a_folder_becomes_a_collection_and_the_same_command_goes_on(folder: Path, tmp_path: Path) -> None:
    arguments = ("collect", "folder", folder, "--into", "skylines", "--rights", "yes")
    done = atelier(*arguments, home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "skylines: 4 added, 0 already there, 1 left out; 4 pictures\n"
    assert "left out: poem.jpg: it is not a JPEG, PNG or WEBP picture" in done.stderr
    found = Catalogue(tmp_path / "catalogue").pictures("skylines")
    assert [(picture.label, picture.provenance.identity) for picture in found][:2] == [("day", "day/0.jpg"), ("day", "day/1.jpg")]
    assert {(one.provenance.training_allowed, one.provenance.permission) for one in found} == {("yes", SAID_ON_IMPORT)}
    assert found[0].provenance.collected.endswith("+00:00")
    photograph(folder / "night" / "new.png", seed=9)
    again = json.loads(atelier(*arguments, "--json", home=tmp_path).stdout)
    assert (again["added"], again["already"], again["pictures"], [one["name"] for one in again["failed"]]) == (1, 4, 5, ["poem.jpg"])


def test_a_zip_and_files_go_into_the_same_collection_without_doubles(folder: Path, tmp_path: Path) -> None:
    packed = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", folder))
    into = ("--into", "skylines", "--rights", "unknown", "--json")
    from_zip = json.loads(atelier("collect", "zip", packed, *into, home=tmp_path).stdout)
    assert (from_zip["added"], len(from_zip["failed"])) == (4, 1)
    more = photograph(tmp_path / "more.webp", seed=20)
    from_files = json.loads(atelier("collect", "files", folder / "day" / "0.jpg", more, "--label", "x", *into, home=tmp_path).stdout)
    assert (from_files["added"], from_files["already"]) == (1, 1)
    found = Catalogue(tmp_path / "catalogue").pictures("skylines")
    assert [(picture.provenance.source, picture.label) for picture in found[-2:]] == [("zip", "night"), ("files", "x")]


def test_an_export_taken_in_again_keeps_its_records_from_a_folder_and_from_a_zip(folder: Path, tmp_path: Path) -> None:
    record = {"source": "pexels", "identity": "7", "name": "Skyline", "author": "Ada", "training_allowed": "no"}
    (folder / "manifest.json").write_text(json.dumps({"format": 1, "pictures": [{"file": "day/0.jpg", "provenance": record}]}))
    packed = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", folder))
    for kind, path in (("folder", folder), ("zip", packed)):
        atelier("collect", kind, path, "--into", kind, "--rights", "yes", home=tmp_path / kind)
        first, second, *_ = Catalogue(tmp_path / kind / "catalogue").pictures(kind)
        assert (first.provenance.author, first.provenance.training_allowed) == ("Ada", "no")
        assert (second.provenance.source, second.provenance.training_allowed) == (kind, "yes")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["folder", "missing", "--into", "a", "--rights", "yes"], "is not a folder"),
        (["folder", "EMPTY", "--into", "a", "--rights", "yes"], "has no pictures"),
        (["folder", "EMPTY", "--into", "a"], "--rights"),
        (["folder", "EMPTY", "--into", "a", "--rights", "maybe"], "maybe"),
        (["folder", "EMPTY", "--into", " ", "--rights", "yes"], "a name has 1 to 80"),
        (["files", "missing.jpg", "--into", "a", "--rights", "no"], "missing.jpg could not be taken in: it cannot be read"),
        (["zip", "missing.zip", "--into", "a", "--rights", "no"], "cannot be read"),
        (["zip", "NOTES", "--into", "a", "--rights", "no"], "holds no picture"),
        (["pexels", "--query", "city", "--into", "a", "--pages", "4-2"], "4-2"),
        (["pexels", "--query", "city", "--into", "a", "--key-file", "missing"], "key file"),
        (["pexels", "--query", "city", "--into", "a"], "PEXELS_API_KEY"),
        (["pexels", "--query", "city", "--into", "a", "--base", "http://example.com"], "is not an http address of this machine"),
        (["openverse", "--query", "city", "--into", "a", "--licence", "all-mine"], "all-mine"),
        ([], "folder|files|zip|pexels|openverse"),
    ],
)
def test_a_mistake_is_one_clear_line_and_leaves_no_collection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], sentence: str
) -> None:
    monkeypatch.delenv("PEXELS_API_KEY", raising=False)
    (tmp_path / "empty").mkdir()
    with zipfile.ZipFile(tmp_path / "notes.zip", "w") as archive:
        archive.writestr("notes.txt", "no picture")
    places = {"EMPTY": str(tmp_path / "empty"), "NOTES": str(tmp_path / "notes.zip")}
    done = atelier("collect", *(places.get(text, text) for text in arguments), home=tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("error: ")
    assert sentence in done.stderr
    assert Catalogue(tmp_path / "catalogue").collections() == []


def test_a_search_goes_on_page_by_page_and_keeps_no_key(picture_server: PictureServer, tmp_path: Path) -> None:
    key = tmp_path / "pexels.key"
    key.write_text(f"{picture_server.key}\n")
    search = ("collect", "pexels", "--query", "cityscape", "--into", "skylines", "--per-page", 4, "--key-file", key, "--json")
    search += ("--base", picture_server.base, "--label", "city")
    first = atelier(*search, "--pages", "1-2", home=tmp_path)
    assert first.returncode == 0, first.stderr
    assert json.loads(first.stdout)["added"] == 8
    asked = len(picture_server.asked)
    assert json.loads(atelier(*search, "--pages", "1-2", home=tmp_path).stdout)["added"] == 0
    assert len(picture_server.asked) == asked
    assert json.loads(atelier(*search, "--pages", "2-3", home=tmp_path).stdout)["added"] == 4
    catalogue = Catalogue(tmp_path / "catalogue")
    found = catalogue.pictures("skylines")
    assert {(one.provenance.source, one.provenance.training_allowed, one.label) for one in found} == {("pexels", "no", "city")}
    assert [position["done"] for position in catalogue.facts("skylines").cursors.values()] == [[[1, 3]]]
    catalogue.close()
    written = [path.read_bytes() for path in (tmp_path / "catalogue").rglob("*") if path.is_file()]
    assert written
    assert not any(picture_server.key.encode() in content for content in written)


def test_a_search_that_breaks_off_keeps_its_pages_and_pictures(picture_server: PictureServer, tmp_path: Path) -> None:
    search = ("collect", "openverse", "--query", "cityscape", "--into", "skylines", "--per-page", 4, "--base", picture_server.base)
    assert atelier(*search, "--pages", "1", home=tmp_path).returncode == 0
    picture_server.pages_next(Status(401))
    broken = atelier(*search, home=tmp_path)
    assert broken.returncode == 2
    catalogue = Catalogue(tmp_path / "catalogue")
    assert len(catalogue.pictures("skylines")) == 4
    assert catalogue.pictures("skylines")[0].provenance.training_allowed == "yes"
    assert atelier(*search, home=tmp_path).returncode == 0
    assert len(catalogue.pictures("skylines")) == 12
