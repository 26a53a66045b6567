from pathlib import Path

import pytest

from engines.curation.preview import CAPTION, CELL, DROPPED, EDGE, KEPT, Cell, preview_sheet
from engines.errors import StudioError
from tests.engines.curation.drawn import scene
from tests.pictures import text_named_jpg


def test_a_sheet_shows_what_stays_and_what_goes_even_a_broken_file(tmp_path: Path) -> None:
    scene(0).save(tmp_path / "a.png")
    cells = [Cell(tmp_path / "a.png", "kept", True), Cell(text_named_jpg(tmp_path / "b.jpg"), "broken", False), None]
    sheet = preview_sheet(cells, columns=2)
    side = CELL + 2 * EDGE
    assert sheet.size == (2 * side + 6, 2 * (side + CAPTION) + 6)
    assert sheet.getpixel((0, 0)) == KEPT
    assert sheet.getpixel((side + 6, 0)) == DROPPED
    assert sheet.getpixel((side + 6 + EDGE, EDGE)) == sheet.getpixel((0, side + CAPTION + 6)) == (255, 255, 255)


def test_an_empty_and_an_endless_sheet_are_mistakes() -> None:
    for cells in ([], [None] * 401):
        with pytest.raises(StudioError, match="1 to 400"):
            preview_sheet(cells)
