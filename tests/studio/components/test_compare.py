from pathlib import Path

from PIL import Image

from studio.components.compare import TEMPLATE, Compare, Comparison
from studio.components.picture_row import NamedPicture, PictureRow
from studio.components.sheet_view import LabelledSheet, SheetView

COMPONENTS = Path(__file__).resolve().parents[3] / "studio" / "components"


def picture(path: Path) -> Path:
    Image.new("RGB", (8, 6)).save(path)
    return path


def test_a_comparison_reaches_the_page_as_plain_values(tmp_path: Path) -> None:
    before, after = picture(tmp_path / "a.png"), picture(tmp_path / "b.png")
    payload = Compare(label="Before and after", empty="Nothing yet").postprocess(Comparison(before, after, "leather", "denim", (8, 6)))
    assert payload is not None
    assert payload["before"]["path"] == str(before)
    assert payload["after"]["meta"] == {"_type": "gradio.FileData"}
    assert (payload["before_label"], payload["after_label"], payload["width"], payload["height"]) == ("leather", "denim", 8, 6)


def test_nothing_to_compare_and_nothing_taken_back() -> None:
    compare = Compare(label="Before and after", empty="Nothing yet")
    assert compare.postprocess(None) is None
    assert compare.preprocess({"before": {"path": "/etc/passwd"}}) is None


def test_names_never_reach_a_template(tmp_path: Path) -> None:
    hostile = "${alert(1)}<img onerror=alert(1)>{{constructor}}"
    compare = Compare(Comparison(picture(tmp_path / "a.png"), picture(tmp_path / "b.png"), hostile, hostile, (8, 6)), label="x", empty="y")
    assert compare.html_template == TEMPLATE
    for name in ("compare", "sheet_view", "picture_row"):
        script = (COMPONENTS / f"{name}.js").read_text()
        assert "innerHTML" not in script
        assert "insertAdjacentHTML" not in script
        assert "${" not in (COMPONENTS / f"{name}.css").read_text()


def test_a_sheet_and_a_row_reach_the_page_with_their_names(tmp_path: Path) -> None:
    path = picture(tmp_path / "sheet.png")
    sheet = SheetView(label="Sheet", empty="Nothing yet").postprocess(LabelledSheet(path, ("dress", "hat"), ("1", "2", "3"), (8, 6)))
    assert sheet is not None
    assert (sheet["rows"], sheet["columns"]) == (["dress", "hat"], ["1", "2", "3"])
    row = PictureRow(label="Row")
    assert [entry["name"] for entry in row.postprocess([NamedPicture(path, "Original", "as it came", (8, 6))])] == ["Original"]
    assert row.postprocess(None) == []
