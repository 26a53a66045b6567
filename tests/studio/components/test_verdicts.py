"""Pictures that stay or go, as the page gets them."""

from pathlib import Path

from studio.components.verdicts import Row, Sheet, Verdict, Verdicts


def test_rows_travel_as_plain_text_with_one_address_for_all_pictures(tmp_path: Path) -> None:
    picture = tmp_path / "sheet.webp"
    picture.write_bytes(b"")
    rows = (
        Row("two of a kind", (Verdict("a", "", True), Verdict("<b>", "near 0.98", False))),
        Row("cut", (Verdict("c", "as it is", None),)),
    )
    sent = Verdicts(label="Copies", empty="").postprocess(Sheet(rows, picture, 12))
    assert [row["title"] for row in sent["rows"]] == ["two of a kind", "cut"]
    assert sent["rows"][0]["pictures"] == [["a", "", True], ["<b>", "near 0.98", False]]
    assert sent["rows"][1]["pictures"][0][2] is None
    assert sent["picture"]["path"] == str(picture)
    assert sent["columns"] == 12


def test_without_pictures_there_is_the_quiet_line() -> None:
    made = Verdicts(label="Copies", empty="Look first.")
    assert made.postprocess(None) is None
    assert made.props["empty"] == "Look first."
    assert made.html_template == '<div class="verdicts"></div>'
