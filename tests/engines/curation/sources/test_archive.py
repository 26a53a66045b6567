import zipfile
from pathlib import Path

import pytest

from engines.curation.provenance import Failure, Fetched
from engines.curation.sources.archive import unpack_zip, zip_pictures
from engines.errors import StudioError
from tests.pictures import climbing_zip, empty_zip, photograph

CAP = 20 * 2**20


def packed(path: Path, members: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", how) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.fixture
def picture(tmp_path: Path) -> bytes:
    return photograph(tmp_path / "source.png").read_bytes()


@pytest.fixture
def into(tmp_path: Path) -> Path:
    (tmp_path / "a" / "b").mkdir(parents=True)
    return tmp_path / "a" / "b"


def test_pictures_come_out_under_names_of_our_own_and_keep_theirs_to_show(tmp_path: Path, into: Path, picture: bytes) -> None:
    names = ["coats/red.png", "coats/été 🧥.PNG", "readme.txt", "__MACOSX/._red.png", ".hidden.png"]
    found = unpack_zip(packed(tmp_path / "in.zip", dict.fromkeys(names, picture)), into, CAP, "yes")
    assert [source.name for source in found.pictures] == ["coats/red.png", "coats/été 🧥.PNG"]
    assert all(source.path.parent == into and source.path.read_bytes() == picture for source in found.pictures)
    assert found.training_allowed == "yes"
    assert found.failed == ()


def test_a_member_that_climbs_out_is_reported_and_written_nowhere(tmp_path: Path, into: Path, picture: bytes) -> None:
    names = ["../../climbed.png", "/tmp/climbed.png", "..\\climbed.png", "C:/climbed.png", "good.png"]
    found = unpack_zip(packed(tmp_path / "in.zip", dict.fromkeys(names, picture)), into, CAP)
    assert [source.name for source in found.pictures] == ["good.png"]
    assert len(found.failed) == 4
    assert not list(tmp_path.rglob("climbed*"))
    with pytest.raises(StudioError, match="outside the archive"):
        unpack_zip(climbing_zip(tmp_path / "climb.zip", tmp_path / "source.png"), into, CAP)


def test_a_link_is_not_followed(tmp_path: Path, into: Path, picture: bytes) -> None:
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        link = zipfile.ZipInfo("link.png")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/hostname")
        archive.writestr("good.png", picture)
    found = unpack_zip(tmp_path / "in.zip", into, CAP)
    assert found.failed == (("link.png", "it is a link"),)


def test_a_bomb_is_refused_before_it_swells(tmp_path: Path, into: Path, picture: bytes) -> None:
    found = unpack_zip(packed(tmp_path / "in.zip", {"bomb.png": bytes(30 * 2**20), "good.png": picture}), into, CAP)
    assert [source.name for source in found.pictures] == ["good.png"]
    assert "swells" in found.failed[0][1]
    many = packed(tmp_path / "many.zip", {f"{i}.png": picture + bytes(2**20) for i in range(9)})
    with pytest.raises(StudioError, match="unpacks to more"):
        unpack_zip(many, into, many.stat().st_size)


def test_an_empty_a_damaged_and_a_false_zip_are_one_sentence_each(tmp_path: Path, into: Path) -> None:
    (tmp_path / "false.zip").write_text("not a zip")
    for path in (empty_zip(tmp_path / "empty.zip"), tmp_path / "false.zip", packed(tmp_path / "notes.zip", {"notes.txt": b"x"})):
        with pytest.raises(StudioError, match=path.name):
            unpack_zip(path, into, CAP)


def test_a_zip_above_the_cap_is_refused(tmp_path: Path, into: Path, picture: bytes) -> None:
    with pytest.raises(StudioError, match="split it"):
        unpack_zip(packed(tmp_path / "in.zip", {"a.png": picture}), into, 10)


def test_ones_own_zip_gives_its_pictures_with_class_and_answer_and_says_what_it_leaves_out(tmp_path: Path, picture: bytes) -> None:
    path = packed(
        tmp_path / "in.zip", {"coats/red.png": picture, "top.png": picture, "../../climbed.png": picture, "coats/notes.doc": b"x"}
    )
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("swells.png", bytes(30 * 2**20), zipfile.ZIP_DEFLATED)
    found = list(zip_pictures(path, "yes", "my own"))
    taken = {item.provenance.identity: item for item in found if isinstance(item, Fetched)}
    assert {name: (item.label, item.content) for name, item in taken.items()} == {
        "coats/red.png": ("coats", picture),
        "top.png": ("", picture),
    }
    assert {(item.provenance.training_allowed, item.provenance.permission) for item in taken.values()} == {("yes", "my own")}
    failed = {item.name: item.reason for item in found if isinstance(item, Failure)}
    assert failed == {
        "../../climbed.png": "its name points outside the archive",
        "coats/notes.doc": "it is not a JPEG, PNG or WEBP picture",
        "swells.png": "it swells more than any picture does",
    }
    assert not list(tmp_path.rglob("climbed*"))


def test_a_damaged_member_is_one_failure_and_a_damaged_manifest_stops_it(tmp_path: Path, picture: bytes) -> None:
    path = packed(tmp_path / "in.zip", {"a.png": picture, "b.png": picture}, zipfile.ZIP_STORED)
    content = path.read_bytes()
    path.write_bytes(content.replace(picture[-40:], bytes(40), 1))
    assert [type(item) for item in zip_pictures(path)] == [Failure, Fetched]
    torn = packed(tmp_path / "torn.zip", {"a.png": picture, "manifest.json": b'{"format": 1, "pict'})
    with pytest.raises(StudioError, match="what may be done with the pictures"):
        list(zip_pictures(torn))
