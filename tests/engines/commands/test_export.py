import json
from pathlib import Path

import pytest

from engines.curation.catalogue import Catalogue
from engines.curation.framing import Frame
from engines.curation.provenance import Fetched, Provenance
from engines.imaging import safe_open
from tests.engines.commands.command_line import atelier
from tests.pictures import photograph


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose catalogue has "wardrobe": three coats, one of them dropped, and a hat that no model may learn from."""
    items = []
    for index, (label, allowed) in enumerate([("coats", "yes"), ("coats", "yes"), ("coats", "yes"), ("hats", "no")]):
        path = photograph(tmp_path / f"{index}.png", seed=index)
        items.append(Fetched(path.read_bytes(), Provenance("folder", path.name, path.name, training_allowed=allowed), label))
    catalogue = Catalogue(tmp_path / "home" / "catalogue")
    catalogue.create("wardrobe")
    catalogue.add("wardrobe", items)
    catalogue.decide("wardrobe", [catalogue.pictures("wardrobe")[0].id], "drop", "a curator", "too dark")
    catalogue.close()
    return tmp_path / "home"


def test_export_writes_what_is_kept_and_says_how_much(home: Path, tmp_path: Path) -> None:
    done = atelier("export", "wardrobe", "--out", tmp_path / "set", "--skip-unlicensed", home=home)
    assert (done.returncode, done.stdout.partition(";")[0]) == (
        0,
        f"{tmp_path / 'set'}: 2 pictures, 1 left out without permission to train",
    )
    assert sorted(path.name for path in (tmp_path / "set" / "coats").iterdir()) == ["000000-1.png", "000001-2.png"]
    manifest = json.loads((tmp_path / "set" / "manifest.json").read_text())
    assert manifest["counts"] == {"pictures": 4, "kept": 3, "dropped": 1, "exported": 2, "left_out": 1}


def test_dropped_pictures_leave_with_the_reason(home: Path, tmp_path: Path) -> None:
    done = atelier("export", "wardrobe", "--out", tmp_path / "set", "--part", "dropped", "--json", home=home)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    manifest = json.loads((tmp_path / "set" / "manifest.json").read_text())
    assert (answer["folder"], answer["counts"]["exported"], answer["classes"]) == (str(tmp_path / "set"), 1, {"coats": 1})
    assert len(answer["manifest"]) == 64
    assert "too dark" in manifest["pictures"][0]["why"]


def test_framed_pictures_have_the_frames_size_or_another(home: Path, tmp_path: Path) -> None:
    options = ("export", "wardrobe", "--skip-unlicensed", "--framed")
    refused = atelier(*options, "--out", tmp_path / "none", home=home)
    assert (refused.returncode, "has no frame yet" in refused.stderr) == (2, True)
    catalogue = Catalogue(home / "catalogue")
    catalogue.set_frame("wardrobe", Frame("centre rectangle", 48, 0.75).as_json(), "a curator")
    catalogue.close()
    for size, more in ((48, ()), (32, ("--size", 32))):
        done = atelier(*options, *more, "--as", "imagefolder", "--encoding", "webp", "--out", tmp_path / str(size), home=home)
        assert done.returncode == 0, done.stderr
        pictures = sorted((tmp_path / str(size) / "pictures").glob("*.webp"))
        assert [safe_open(path).size for path in pictures] == [(size, size)] * 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "1 of 3 pictures came without permission to train a model, folder 1 (no)"),
        (["--size", "32"], "add --framed"),
        (["--framed", "--size", "0"], ""),
        (["--part", "some"], "invalid choice"),
        (["--as", "heap"], "invalid choice"),
    ],
)
def test_a_refused_export_is_one_line_and_writes_nothing(home: Path, tmp_path: Path, options: list[str], words: str) -> None:
    done = atelier("export", "wardrobe", "--out", tmp_path / "set", *options, home=home)
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "set").exists()


def test_an_unknown_collection_is_named(home: Path, tmp_path: Path) -> None:
    done = atelier("export", "wardrob", "--out", tmp_path / "set", home=home)
    assert done.returncode == 2
    assert "wardrob" in done.stderr
