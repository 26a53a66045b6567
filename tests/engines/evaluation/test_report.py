import json
import math
from pathlib import Path

import pytest

from engines import paths
from engines.errors import StudioError
from engines.evaluation.report import REPORT_FILE, Figure, Report, headline, read_report, with_headline, write_report
from engines.models.card import read_card

FIGURES = (
    Figure("KID (lite2)", 0.01234, "", 315, error=0.002, headline=True, note="fewer than 1000 pictures"),
    Figure("recall (lite2)", 0.25, "%", 315, headline=True),
    Figure("cycle L1", 9.87, "/255", 50),
)


def report(sha256: str = "a" * 64, figures: tuple[Figure, ...] = FIGURES) -> Report:
    return Report("tiny", "generator", sha256, "d" * 64, True, {"training": 9, "held out": 3}, "lite2/64/160", "evaluate tiny", figures)


def test_a_report_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_report(report(), tmp_path / "r.json")
    assert read_report(tmp_path / "r.json") == report()
    assert json.loads((tmp_path / "r.json").read_text())["format"] == 1


def test_the_headline_has_the_command_and_each_figure_with_unit_error_and_n() -> None:
    assert headline(report()) == {
        "command": "evaluate tiny",
        "KID (lite2)": "0.01234 ± 0.002 (n = 315)",
        "recall (lite2)": "25.0 % (n = 315)",
    }


def test_lines_name_every_figure_and_warn_when_the_pictures_are_others() -> None:
    lines = report().lines()
    assert any("cycle L1" in line and "9.87 /255 (n = 50)" in line for line in lines)
    other = Report(**{**report().__dict__, "same_data": False})
    assert any("may have been trained on" in line for line in other.lines())


def test_a_figure_that_is_no_number_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="recall of tiny is no finite number"):
        write_report(report(figures=(Figure("recall", math.nan, "%", 3),)), tmp_path / "r.json")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["", "[]", '{"format": 2}', '{"format": 1, "figures": [{"nam": 1}]}'])
def test_a_damaged_report_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(StudioError, match="evaluate the model again"):
        read_report(tmp_path / "r.json")


def test_figures_of_other_weights_stay_off_a_card() -> None:
    card = read_card(paths.SHIPPED_MODELS / "cityscape")
    with pytest.raises(StudioError, match="about other weights"):
        with_headline(card, report())
    assert with_headline(card, report(card.weights_sha256)).evaluation == headline(report())


@pytest.mark.parametrize("folder", sorted(path.parent for path in paths.SHIPPED_MODELS.glob("*/atelier.json")), ids=lambda path: path.name)
def test_a_shipped_card_says_what_its_evaluation_found_and_nothing_else(folder: Path) -> None:
    card = read_card(folder)
    page = (folder / "README.md").read_text()
    assert all(f"| {name} | {value} |" in page for name, value in card.evaluation.items())
    if not (folder / REPORT_FILE).exists():
        assert not card.evaluation or card.kind == "clip", f"{folder.name} has figures of no evaluation"
        return
    found = read_report(folder / REPORT_FILE)
    assert found.weights_sha256 == card.weights_sha256
    assert found.model == card.name
    assert found.same_data
    assert card.evaluation == headline(found)


def test_a_note_that_tells_more_than_its_figure_stands_on_the_card_too() -> None:
    silent, telling = (
        Figure("AUC", 0.5, "", 4, headline=True, note="by chance"),
        Figure("of “sea”", 0.9, "", 4, headline=True, note="well", telling=True),
    )
    assert headline(report(figures=(silent, telling))) == {
        "command": report().command,
        "AUC": "0.5 (n = 4)",
        "of “sea”": "0.9 (n = 4); well",
    }
