"""A contact sheet shows every picture with its name, on as many pages as it takes."""

from pathlib import Path

import numpy as np
import pikepdf
import pytest
from PIL import Image

from engines.errors import StudioError
from engines.production.contact_sheet import COLUMNS, ROWS, Named, contact_pages, save_contact_sheet
from engines.production.origin import Origin


def entries(count: int) -> list[Named]:
    return [Named(Image.new("RGBA", (40 + place, 60), "#c01020"), f"picture {place} " * 9, "a note") for place in range(count)]


def test_every_picture_is_on_a_page_and_no_name_runs_into_the_next() -> None:
    pages = contact_pages(entries(COLUMNS * ROWS + 1))
    assert [page.size for page in pages] == [(1240, 1754)] * 2
    red = (np.asarray(pages[0]).astype(int) - (192, 16, 32)).__abs__().max(axis=2) < 8
    between = red[100:200].any(axis=0)
    assert 8 <= np.abs(np.diff(between.astype(int))).sum() <= 2 * COLUMNS
    gaps = np.asarray(pages[0].convert("L"))[:, 300 : 300 + 20]
    assert gaps.shape == (1754, 20)


def test_it_is_a_pdf_of_a4_pages_with_the_rights(tmp_path: Path) -> None:
    save_contact_sheet(entries(3), tmp_path / "sheet.pdf", Origin("contact sheet", {}, "", "study only", None))
    with pikepdf.open(tmp_path / "sheet.pdf") as sheet:
        assert [round(float(side)) for side in sheet.pages[0].MediaBox] == [0, 0, 595, 842]
        assert str(sheet.docinfo["/Copyright"]) == "study only"


def test_no_pictures_get_a_sentence() -> None:
    with pytest.raises(StudioError, match="keep one first"):
        contact_pages([])
