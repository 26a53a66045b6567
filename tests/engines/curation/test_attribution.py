import csv
import io

import pytest

from engines.curation.attribution import COLUMNS, attribution_csv, harmless
from engines.curation.provenance import Provenance


def rows(table: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(table.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@sum", "\t=1+1", "\r=1+1", "\n=1+1", "  =1+1", "\x00=1+1", "＝1+1", "＋1", "－1", "＠sum", "\ufeff=1"]
)
def test_no_cell_starts_a_formula(text: str) -> None:
    cell = harmless(text)
    assert cell[:1] not in "=+-@\t\r\n＝＋－＠"
    assert "\n" not in cell
    assert "\r" not in cell


def test_ordinary_words_stay_as_they_are() -> None:
    for text in ("Ana Müller", "夜景", "https://example.org/a-b?c=d", "3 cats", ""):
        assert harmless(text) == text


def test_every_picture_has_a_row_with_author_and_licence() -> None:
    record = Provenance("openverse", "7", 'a "quoted", name\nof two lines', "https://p", "https://f", "Żó", "https://a", "CC0", "https://l")
    table = attribution_csv([("coats/0.jpg", record), ("coats/1.jpg", Provenance("folder", "b", "=cmd|' /C calc'!A0"))])
    assert rows(table) == [
        list(COLUMNS),
        ["coats/0.jpg", 'a "quoted", name of two lines', "Żó", "https://a", "CC0", "https://l", "https://p"],
        ["coats/1.jpg", "'=cmd|' /C calc'!A0", "", "", "", "", ""],
    ]


def test_spreadsheets_are_told_that_the_table_is_utf_8() -> None:
    assert attribution_csv([]).startswith(b"\xef\xbb\xbf")
