from pathlib import Path

import pytest

from engines.curation.folder_export import export_pictures
from engines.curation.selection import selection_of_folder
from engines.errors import Cancelled, StudioError
from engines.recipe import file_hash
from tests.engines.curation.chosen import selection
from tests.pictures import photograph, text_named_jpg


def test_a_folder_gives_its_pictures_with_the_sub_folder_as_class(tmp_path: Path) -> None:
    folder = tmp_path / "wardrobe"
    (folder / "coats").mkdir(parents=True)
    coat = photograph(folder / "coats" / "a.png")
    photograph(folder / "b.jpg", seed=1)
    text_named_jpg(folder / "poem.jpg")
    found = selection_of_folder(folder, "yes", "my own pictures")
    assert (found.collection, found.part, found.counts) == ("wardrobe", "all", {"pictures": 2, "kept": 2, "dropped": 0})
    assert [(one.name, one.label) for one in found.chosen] == [("b.jpg", ""), ("coats/a.png", "coats")]
    assert found.chosen[1].sha256 == file_hash(coat)
    assert {(one.provenance.training_allowed, one.provenance.permission) for one in found.chosen} == {("yes", "my own pictures")}
    assert [name for name, _ in found.failed] == ["poem.jpg"]


def test_an_export_that_is_taken_in_again_keeps_its_records_whatever_is_answered(tmp_path: Path) -> None:
    done = export_pictures(selection(tmp_path / "in", allowed="no"), tmp_path / "out", purpose="inspection")
    again = selection_of_folder(done.folder, "yes", "surely")
    assert [(one.provenance.source, one.provenance.training_allowed) for one in again.chosen] == [("pexels", "no")] * 3
    with pytest.raises(StudioError, match=r"3 of 3 pictures came without permission to train a model, pexels 3 \(no\)"):
        export_pictures(again, tmp_path / "laundered")
    assert not (tmp_path / "laundered").exists()


def test_an_answer_of_no_holds_for_pictures_that_came_with_permission(tmp_path: Path) -> None:
    done = export_pictures(selection(tmp_path / "in"), tmp_path / "out")
    assert {one.provenance.training_allowed for one in selection_of_folder(done.folder, "unknown").chosen} == {"yes"}
    assert {one.provenance.training_allowed for one in selection_of_folder(done.folder, "no").chosen} == {"no"}


def test_a_folder_without_readable_pictures_says_why(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="has no pictures"):
        selection_of_folder(tmp_path)
    text_named_jpg(tmp_path / "poem.jpg")
    with pytest.raises(StudioError, match=r"the first file left out: poem\.jpg"):
        selection_of_folder(tmp_path)
    with pytest.raises(StudioError, match="rights are"):
        selection_of_folder(tmp_path, "perhaps")


def test_reading_a_folder_can_be_cancelled(tmp_path: Path) -> None:
    photograph(tmp_path / "a.png")

    def stop(done: int, total: int, message: str = "") -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        selection_of_folder(tmp_path, progress=stop)
