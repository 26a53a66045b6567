from pathlib import Path

import pytest

from engines import paths
from engines.errors import StudioError


def test_a_file_appears_only_when_whole(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "note.txt"
    with paths.replacing(target) as temporary:
        temporary.write_text("half")
        assert not target.exists()
    assert target.read_text() == "half"


def test_a_failed_write_leaves_the_old_file_and_no_rest(tmp_path: Path) -> None:
    target = tmp_path / "note.txt"
    target.write_text("old")
    with pytest.raises(TypeError), paths.replacing(target) as temporary:
        temporary.write_text(None)  # type: ignore[arg-type]
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["note.txt"]


def test_a_folder_appears_whole_and_never_replaces_another(tmp_path: Path) -> None:
    target = tmp_path / "model"
    with paths.replacing_folder(target) as temporary:
        (temporary / "card").write_text("1")
        assert not target.exists()
    with pytest.raises(StudioError, match="exists already"), paths.replacing_folder(target):
        pass
    assert (target / "card").read_text() == "1"


def test_a_failed_folder_leaves_no_rest(tmp_path: Path) -> None:
    with pytest.raises(TypeError), paths.replacing_folder(tmp_path / "model") as temporary:
        (temporary / "card").write_text(None)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_home_that_cannot_be_made_names_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(StudioError, match="set STUDIO_HOME"):
        paths.studio_home()
    assert paths.model_folders() == [paths.SHIPPED_MODELS]
