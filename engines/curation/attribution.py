"""Who made the pictures and under which licence, as a table for people and spreadsheets."""

import csv
import io
import unicodedata
from collections.abc import Iterable

from engines.curation.provenance import Provenance

ATTRIBUTION_FILE = "ATTRIBUTION.csv"
COLUMNS = ("file", "title", "author", "author url", "licence", "licence url", "source page")
_FORMULA = ("=", "+", "-", "@")


def harmless(text: str) -> str:
    """A cell that no spreadsheet reads as a formula: on one line, and with a quote before what would start one.

    Full-width signs count as well: some spreadsheets read them like the narrow ones.
    """
    line = " ".join("".join(" " if unicodedata.category(letter) == "Cc" else letter for letter in text).split())
    return f"'{line}" if unicodedata.normalize("NFKC", line).startswith(_FORMULA) else line


def attribution_csv(rows: Iterable[tuple[str, Provenance]]) -> bytes:
    """One row a picture, given its file and its record: UTF-8 with the mark by which spreadsheets know it, every cell quoted."""
    text = io.StringIO()
    table = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    table.writerow(COLUMNS)
    for file, record in rows:
        cells = (file, record.name, record.author, record.author_url, record.licence, record.licence_url, record.page_url)
        table.writerow([harmless(cell) for cell in cells])
    return text.getvalue().encode("utf-8-sig", errors="replace")
