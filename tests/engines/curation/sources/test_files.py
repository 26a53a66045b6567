"""Pictures that somebody gives."""

import sys
import unicodedata
from pathlib import Path

import pytest

from engines.curation.catalogue import Catalogue
from engines.curation.collecting import take_in
from engines.curation.provenance import SAID_ON_IMPORT
from engines.curation.sources.files import file_pictures, folder_pictures
from engines.errors import StudioError
from tests.pictures import photograph


def test_a_picture_is_called_by_its_path_and_belongs_to_the_sub_folder_it_lies_in(tmp_path: Path) -> None:
    (tmp_path / "all" / "night").mkdir(parents=True)
    photograph(tmp_path / "top.jpg")
    photograph(tmp_path / "all" / "night" / "a.png")
    found = folder_pictures(tmp_path, "yes")
    assert [(item.provenance.name, item.label, item.content) for item in found] == [
        ("all/night/a.png", "night", tmp_path / "all" / "night" / "a.png"),
        ("top.jpg", "", tmp_path / "top.jpg"),
    ]
    assert found[0].provenance.permission == SAID_ON_IMPORT


def test_rights_are_one_of_three_answers(tmp_path: Path) -> None:
    photograph(tmp_path / "top.jpg")
    assert file_pictures([tmp_path / "top.jpg"])[0].provenance.training_allowed == "unknown"
    for give in (lambda: folder_pictures(tmp_path, "perhaps"), lambda: file_pictures([tmp_path / "top.jpg"], "perhaps")):
        with pytest.raises(StudioError, match="rights are yes, no or unknown, got 'perhaps'"):
            give()


def test_links_that_lead_away_are_left_out_and_no_folder_is_a_sentence(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in" / "deep", tmp_path / "out"
    inside.mkdir(parents=True)
    outside.mkdir()
    photograph(inside / "a.png")
    (tmp_path / "in" / "link.png").symlink_to(photograph(outside / "secret.png"))
    assert [item.provenance.name for item in folder_pictures(tmp_path / "in")] == ["deep/a.png"]
    with pytest.raises(StudioError, match="not a folder"):
        folder_pictures(tmp_path / "nowhere")


def test_a_name_that_is_no_unicode_keeps_no_picture_out(tmp_path: Path) -> None:
    """Elsewhere than on Linux every name is Unicode: there, one with letters of its own comes in as it is."""
    letter, shown = ("\udce9", "\N{REPLACEMENT CHARACTER}") if sys.platform == "linux" else ("é", "é")
    folder = tmp_path / f"caf{letter}"
    folder.mkdir()
    photograph(tmp_path / "a.png").rename(folder / f"{letter}.png")
    catalogue = Catalogue(tmp_path / "catalogue")
    report = take_in(catalogue, "old disk", folder_pictures(tmp_path))
    assert (report.added, report.failed) == (1, ())
    (picture,) = catalogue.pictures("old disk")
    assert (unicodedata.normalize("NFC", picture.provenance.name), picture.label[:3]) == (f"caf{shown}/{shown}.png", "caf")


@pytest.mark.parametrize(
    ("name", "shown"),
    [("caf\udce9.png", "caf\N{REPLACEMENT CHARACTER}.png"), ("\ud83d", "\N{REPLACEMENT CHARACTER}"), ("été 🧥", "été 🧥")],
)
def test_names_are_text_that_can_be_written_down(name: str, shown: str) -> None:
    (found,) = file_pictures([Path(name)])
    assert found.provenance.name == shown
