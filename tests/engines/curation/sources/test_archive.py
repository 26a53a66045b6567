import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from engines.curation.provenance import Failure, Fetched, Provenance
from engines.curation.sources.archive import zip_pictures
from engines.errors import StudioError
from tests.pictures import climbing_zip, empty_zip, photograph


def packed(path: Path, members: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", how) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.fixture
def picture(tmp_path: Path) -> bytes:
    return photograph(tmp_path / "source.png").read_bytes()


def taken(path: Path, **caps: int) -> tuple[dict[str, bytes | Path], dict[str, str]]:
    """What a ZIP gives: contents by name, and reasons by name."""
    items = list(zip_pictures(path, **caps))  # type: ignore[arg-type]
    found = {item.provenance.name: item.content for item in items if isinstance(item, Fetched)}
    return found, {item.name: item.reason for item in items if isinstance(item, Failure)}


def test_pictures_keep_their_names_to_show_and_what_lies_beside_them_is_passed_over(tmp_path: Path, picture: bytes) -> None:
    names = ["coats/red.png", "coats/été 🧥.PNG", "readme.txt", "__MACOSX/._red.png", ".hidden.png"]
    found, failed = taken(packed(tmp_path / "in.zip", dict.fromkeys(names, picture)))
    assert found == {"coats/red.png": picture, "coats/été 🧥.PNG": picture}
    assert failed == {}


def test_a_member_that_climbs_out_is_reported_and_written_nowhere(tmp_path: Path, picture: bytes) -> None:
    names = ["../../climbed.png", "/tmp/climbed.png", "..\\climbed.png", "C:/climbed.png", "good.png"]
    found, failed = taken(packed(tmp_path / "in.zip", dict.fromkeys(names, picture)))
    assert list(found) == ["good.png"]
    assert len(failed) == 4
    assert not list(tmp_path.rglob("climbed*"))
    with pytest.raises(StudioError, match="no picture that can be taken"):
        taken(climbing_zip(tmp_path / "climb.zip", tmp_path / "source.png"))


def test_a_link_is_not_followed(tmp_path: Path, picture: bytes) -> None:
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        link = zipfile.ZipInfo("link.png")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/hostname")
        archive.writestr("good.png", picture)
    assert taken(tmp_path / "in.zip")[1] == {"link.png": "it is a link"}


def test_a_bomb_is_refused_before_it_swells(tmp_path: Path, picture: bytes) -> None:
    found, failed = taken(packed(tmp_path / "in.zip", {"bomb.png": bytes(30 * 2**20), "good.png": picture}))
    assert list(found) == ["good.png"]
    assert "swells" in failed["bomb.png"]
    many = packed(tmp_path / "many.zip", {f"{i}.png": picture + bytes(2**20) for i in range(9)})
    with pytest.raises(StudioError, match="unpacks to more"):
        taken(many, most_unpacked=4 * 2**20)
    with pytest.raises(StudioError, match="holds 9 files"):
        taken(many, most_members=8)


def test_an_empty_a_damaged_and_a_false_zip_are_one_sentence_each(tmp_path: Path) -> None:
    (tmp_path / "false.zip").write_text("not a zip")
    for path in (empty_zip(tmp_path / "empty.zip"), tmp_path / "false.zip", packed(tmp_path / "notes.zip", {"notes.txt": b"x"})):
        with pytest.raises(StudioError, match=path.name):
            taken(path)


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


def test_a_manifest_that_swells_is_refused_unread(tmp_path: Path, picture: bytes) -> None:
    """Half a megabyte that becomes far more than any manifest of so small an archive, and one of so many bytes as no small archive has."""
    swelling = packed(tmp_path / "swelling.zip", {"a.png": picture, "manifest.json": b"[" + b"{}," * 10**6 + b"{}]"})
    random = bytes(np.random.default_rng(0).integers(32, 127, 3 * 2**20, dtype=np.uint8))
    large = packed(tmp_path / "large.zip", {"a.png": picture, "set/manifest.json": random})
    for path in (swelling, large):
        with pytest.raises(StudioError, match=r"manifest\.json is larger than the manifest of an export"):
            taken(path, most_unpacked=32 * 2**20)


def test_the_records_of_an_export_packed_on_windows_are_found(tmp_path: Path, picture: bytes) -> None:
    record = Provenance("pexels", "77", "77.jpg", training_allowed="no")
    manifest = json.dumps({"format": 1, "pictures": [{"file": "a.png", "provenance": record.as_json()}]}).encode()
    path = packed(tmp_path / "in.zip", {"set\\a.png": picture, "set\\manifest.json": manifest})
    (item,) = zip_pictures(path, "yes")
    assert isinstance(item, Fetched)
    assert item.provenance == record


def test_strange_names_and_damage_are_told_and_the_rest_is_taken(tmp_path: Path, picture: bytes) -> None:
    path = packed(tmp_path / "in.zip", {".": b"x", "good.png": picture})
    assert list(taken(path)[0]) == ["good.png"]
    squeezed = packed(tmp_path / "lzma.zip", {"a.png": picture, "b.png": picture[:200]}, zipfile.ZIP_LZMA)
    content = bytearray(squeezed.read_bytes())
    content[60:90] = b"\xff" * 30
    squeezed.write_bytes(content)
    assert taken(squeezed)[1]["a.png"] == "it is damaged"
