import json
from pathlib import Path

import pytest

from engines.curation.folder_export import Exported, export_pictures
from engines.curation.manifest import manifest_hash, provenance_of_export, training_manifests
from engines.errors import StudioError
from tests.engines.curation.chosen import selection
from tests.pictures import photograph


@pytest.fixture
def exported(tmp_path: Path) -> Exported:
    """Three pictures of classes coats, hats and wardrobe that no model may learn from."""
    return export_pictures(selection(tmp_path / "in", allowed="no"), tmp_path / "out" / "set", purpose="inspection")


def answers(folder: Path) -> dict[str, str]:
    return {name: record.training_allowed for name, record in provenance_of_export(folder).items()}


def test_the_records_of_an_export_are_found_by_file(exported: Exported) -> None:
    assert set(answers(exported.folder)) == {entry["file"] for entry in exported.manifest["pictures"]}
    record = provenance_of_export(exported.folder)["coats/000000-0.png"]
    assert (record.source, record.identity, record.author, record.collected) == ("pexels", "0", "Ana", "2026-01-02T03:04:05Z")


def test_the_records_are_found_from_above_and_from_inside_the_export(exported: Exported) -> None:
    assert answers(exported.folder.parent)["set/coats/000000-0.png"] == "no"
    assert answers(exported.folder / "coats") == {"000000-0.png": "no"}


def test_a_picture_that_was_renamed_keeps_its_record(exported: Exported) -> None:
    (exported.folder / "coats" / "000000-0.png").rename(exported.folder / "mine.png")
    assert answers(exported.folder)["mine.png"] == "no"


def test_a_picture_that_was_put_beside_an_export_has_no_record(exported: Exported) -> None:
    photograph(exported.folder / "new.png", seed=9)
    assert "new.png" not in answers(exported.folder)


def test_a_zip_of_the_first_page_carries_the_one_answer_for_all_its_pictures(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    photograph(tmp_path / "kept" / "00000-a.png")
    entry = {"file": "kept/00000-a.png", "name": "a.png", "score": 0.3, "kept": True, "sha256": "ab" * 32}
    manifest = {"format": 1, "origin": "a test", "prompt": "coats", "training_allowed": "no", "pictures": [entry], "failed": []}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    assert list(answers(tmp_path).values()) == ["no"]


def test_a_manifest_of_something_else_is_passed_over(tmp_path: Path) -> None:
    photograph(tmp_path / "a.png")
    for other in ({"name": "a web page", "icons": []}, [1, 2], {"pictures": 3}, {"pictures": [{"src": "a.png"}]}):
        (tmp_path / "manifest.json").write_text(json.dumps(other))
        assert provenance_of_export(tmp_path) == {}
    (tmp_path / "manifest.json").write_text("// not even JSON")
    assert provenance_of_export(tmp_path) == {}


def test_a_damaged_manifest_stops_the_import_rather_than_lose_the_rights(exported: Exported) -> None:
    path = exported.folder / "manifest.json"
    whole = path.read_text()
    path.write_text(whole[:-20])
    with pytest.raises(StudioError, match="is damaged"):
        provenance_of_export(exported.folder)
    path.write_text(whole.replace('"format": 1', '"format": 7'))
    with pytest.raises(StudioError, match="format '7', this version reads 1"):
        provenance_of_export(exported.folder)
    path.write_text(whole.replace('"training_allowed": "no"', '"training_allowed": "perhaps"'))
    with pytest.raises(StudioError, match="rights are"):
        provenance_of_export(exported.folder)
    path.write_text("[" * 100_000)
    with pytest.raises(StudioError, match="is damaged"):
        provenance_of_export(exported.folder)


def test_a_manifest_speaks_for_no_file_outside_its_folder(exported: Exported, tmp_path: Path) -> None:
    photograph(tmp_path / "out" / "beside.png", seed=9)
    path = exported.folder / "manifest.json"
    path.write_text(path.read_text().replace("coats/000000-0.png", "../beside.png").replace('"no"', '"yes"'))
    assert "beside.png" not in answers(exported.folder.parent)


def test_training_is_refused_on_pictures_that_were_exported_to_look_at(exported: Exported) -> None:
    with pytest.raises(StudioError, match=r"3 of 3 pictures in .* came without permission to train, pexels 3 \(no\)"):
        training_manifests(exported.folder)
    with pytest.raises(StudioError, match="1 of 1"):
        training_manifests(exported.folder / "coats")
    with pytest.raises(StudioError, match="1 of 1"):
        training_manifests(exported.folder, {"hats": "hat"})


def test_training_records_the_hash_of_the_manifest(tmp_path: Path) -> None:
    done = export_pictures(selection(tmp_path / "in"), tmp_path / "out")
    assert done.manifest_hash == manifest_hash(done.folder)
    assert training_manifests(done.folder) == (done.manifest_hash,)
    assert training_manifests(done.folder, ["coats"]) == (done.manifest_hash,)
    assert training_manifests(done.folder / "coats") == (done.manifest_hash,)
    other = export_pictures(selection(tmp_path / "in", ("boots",)), tmp_path / "more" / "boots")
    done.folder.rename(tmp_path / "more" / "coats")
    assert training_manifests(tmp_path / "more") == tuple(sorted([done.manifest_hash, other.manifest_hash]))
    assert training_manifests(tmp_path / "in") == ()
    assert manifest_hash(tmp_path / "in") is None
