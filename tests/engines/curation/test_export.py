import hashlib
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from engines.curation.collection import Collection, Source, Sources
from engines.curation.export import export_zip
from engines.errors import StudioError
from tests.pictures import photograph

SCORES = np.array([0.1, 0.3, 0.2])


@pytest.fixture
def collection(tmp_path: Path) -> Collection:
    files = [photograph(tmp_path / f"{index}.png", seed=index) for index in range(3)]
    names = ["coats/a.png", "../=cmd|' /C calc'.png", "été.png"]
    sources = Sources("a test", tuple(map(Source, files, names)), "yes", (("poem.jpg", "it is a poem"),))
    return Collection(tmp_path, sources, "studio-clip@0/float32", np.eye(3, dtype=np.float32))


@pytest.mark.parametrize(("part", "count"), [("kept", 2), ("dropped", 1), ("all", 3)])
def test_an_export_holds_the_pictures_as_they_came_and_a_manifest_of_why(
    collection: Collection, tmp_path: Path, part: str, count: int
) -> None:
    manifest = export_zip(collection, SCORES, "coats", 0.2, part, tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        stored = json.loads(archive.read("manifest.json"))
        assert stored == manifest
        assert stored["training_allowed"] == "yes"
        assert (stored["prompt"], stored["threshold"], stored["model"]) == ("coats", 0.2, "studio-clip@0/float32")
        assert stored["failed"] == [{"path": "poem.jpg", "reason": "it is a poem"}]
        assert len(stored["pictures"]) == count
        for picture in stored["pictures"]:
            assert hashlib.sha256(archive.read(picture["file"])).hexdigest() == picture["sha256"]
            assert picture["kept"] == (picture["score"] >= 0.2)
            assert picture["file"].startswith("kept/" if picture["kept"] else "dropped/")


def test_names_from_strangers_do_no_harm(collection: Collection, tmp_path: Path) -> None:
    export_zip(collection, SCORES, "coats", -1.0, "all", tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert not any(".." in name or name.startswith("/") for name in archive.namelist())
        archive.extractall(tmp_path / "unpacked")
    assert len(list((tmp_path / "unpacked" / "kept").iterdir())) == 3


def test_an_empty_part_and_a_picture_that_is_gone_leave_no_file(collection: Collection, tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="no picture is kept"):
        export_zip(collection, SCORES, "coats", 0.9, "kept", tmp_path / "out.zip")
    collection.sources.pictures[1].path.unlink()
    with pytest.raises(StudioError, match="is gone"):
        export_zip(collection, SCORES, "coats", 0.2, "all", tmp_path / "out.zip")
    with pytest.raises(StudioError, match="kept, dropped or all"):
        export_zip(collection, SCORES, "coats", 0.2, "some", tmp_path / "out.zip")
    assert not (tmp_path / "out.zip").exists()
