import json
import math
from pathlib import Path

import pytest

from engines import paths
from engines.errors import StudioError
from engines.evaluation.report import REPORT_FILE, Figure, Report, headline, read_report, with_headline, write_report
from engines.models.card import read_card, readme

FIGURES = (
    Figure("KID (lite2)", 0.01234, "", 315, error=0.002, headline=True, note="fewer than 1000 pictures"),
    Figure("recall (lite2)", 0.25, "%", 315, headline=True),
    Figure("cycle L1", 9.87, "/255", 50),
)

SHIPPED = pytest.mark.parametrize(
    "folder", sorted(path.parent for path in paths.SHIPPED_MODELS.glob("*/atelier.json")), ids=lambda path: path.name
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


@SHIPPED
def test_a_shipped_card_says_what_its_evaluation_found_and_nothing_else(folder: Path) -> None:
    card = read_card(folder)
    assert (folder / "README.md").read_text() == readme(card)
    found = read_report(folder / REPORT_FILE)
    assert found.weights_sha256 == card.weights_sha256
    assert found.model == card.name
    assert found.same_data or (found.same_data is None and card.kind == "clip")
    assert card.evaluation == headline(found)


def test_a_share_of_counted_pictures_has_wilsons_interval_and_an_error_is_never_dropped() -> None:
    share = Figure("recall", 0.5, "%", 100, counted=True)
    assert share.interval == pytest.approx((0.4038, 0.5962), abs=1e-4)
    assert share.text() == "50.0 % (95 % interval 40.4 to 59.6, n = 100)"
    none = Figure("copies", 0.0, "%", 100, counted=True).interval
    assert none == pytest.approx((0, 0.0370), abs=1e-4)
    assert Figure("bits", 0.5, "%", 100).interval is None
    assert Figure("score", 0.5, "%", 100, error=0.021).text() == "50.0 ± 2.1 % (n = 100)"


def test_a_report_on_pictures_that_a_card_does_not_name_says_that_nobody_knows() -> None:
    unknown = Report(**{**report().__dict__, "same_data": None})
    assert any("does not name the pictures" in line for line in unknown.lines())


def shipped(model: str) -> dict[str, float]:
    """What the evaluation of a shipped model found, by name."""
    return {figure.name: figure.value for figure in read_report(paths.SHIPPED_MODELS / model / REPORT_FILE).figures}


@pytest.mark.parametrize(
    ("model", "ours", "real", "share"),
    [
        ("cityscape", "recall (lite2)", "recall (lite2), real training pictures", 0.5),
        ("fashion-mnist", "shows its class, mean over classes", "judge's accuracy on real held-out pictures", 0.95),
        ("clothing", "shows its class, mean over classes", "judge's accuracy on real held-out pictures", 0.90),
        ("leather-denim", "swap rate, denim → leather", "real held-out leather judged leather", 0.8),
        ("leather-denim", "swap rate, leather → denim", "real held-out denim judged denim", 0.8),
    ],
)
def test_a_shipped_model_reaches_its_share_of_what_real_pictures_reach(model: str, ours: str, real: str, share: float) -> None:
    figures = shipped(model)
    assert figures[ours] >= share * figures[real] - 1e-9


@pytest.mark.parametrize(
    ("model", "name", "at_most"),
    [
        ("cityscape", "KID (lite2)", 0.05),
        ("leather-denim", "change of the white ground, denim → leather", 4.0),
        ("leather-denim", "change of the white ground, leather → denim", 4.0),
    ],
)
def test_a_shipped_model_stays_below_what_was_asked_of_it(model: str, name: str, at_most: float) -> None:
    assert shipped(model)[name] <= at_most


@pytest.mark.parametrize(
    ("prompt", "at_least"),
    [("cityscape", 0.99), ("shoes", 0.99), ("jeans", 0.99), ("t-shirt", 0.97), ("skyline", 0.95), ("footwear", 0.95), ("woods", 0.95)],
)
def test_the_shipped_text_image_model_tells_what_a_prompt_asks_for(prompt: str, at_least: float) -> None:
    assert shipped("studio-clip")[f"AUC “{prompt}”"] >= at_least


@SHIPPED
def test_a_shipped_card_shows_how_its_model_was_trained_and_on_what(folder: Path) -> None:
    card = read_card(folder)
    if card.kind != "clip":
        assert {"hardware", "minutes", "chosen by", "preset"} <= set(card.training)
        assert "curves.webp" in card.pictures
    if "began with" in card.training:
        assert {"runs in all", "pictures seen in all", "minutes in all"} <= set(card.training)
    assert all((folder / name).exists() for name in card.pictures)


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
