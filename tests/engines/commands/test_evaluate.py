"""`evaluate` as a person meets it, on small models in a home of its own."""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from engines.commands._evaluated import framed_pictures
from engines.evaluation.report import headline, read_report
from engines.models.card import read_card
from engines.models.zoo import Zoo
from engines.progress import silent
from tests.engines.commands.command_line import Done, atelier
from tests.pictures import photograph
from tests.tiny import publish_tiny_models


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A STUDIO_HOME whose models are tiny ones."""
    folder = tmp_path_factory.mktemp("evaluated")
    publish_tiny_models(folder / "models")
    return folder


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seventy pictures of one class, of which the split holds some out."""
    folder = tmp_path_factory.mktemp("real") / "street"
    folder.mkdir()
    for index in range(70):
        photograph(folder / f"{index}.png", 40, 40, seed=index)
    return folder.parent


@pytest.fixture(scope="module")
def evaluated(home: Path, photographs: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Done, Path]:
    """What `evaluate` printed, and the folder it wrote to."""
    out = tmp_path_factory.mktemp("out")
    arguments = ("--data", photographs, "--preset", "scenes-64", "--out", out / "report.json", "--sheet", out / "looks", "--card")
    return atelier("evaluate", "scenes", *arguments, home=home), out


def test_figures_come_out_as_lines_and_as_json(evaluated: tuple[Done, Path]) -> None:
    done, out = evaluated
    assert done.returncode == 0, done.stderr
    report = json.loads((out / "report.json").read_text())
    assert report["format"] == 1
    assert report["command"] == "python -m engines evaluate scenes --data DIR --preset scenes-64 --out FILE"
    assert report["pictures"]["training"] + report["pictures"]["held out"] == 70
    for figure in report["figures"]:
        assert figure["n"] > 0
        assert figure["name"] in done.stdout
    assert not report["same_data"]
    assert "may have been trained on" in done.stdout
    assert "FID" not in done.stdout


def test_the_chief_figures_stand_on_the_card_and_its_page(evaluated: tuple[Done, Path], home: Path) -> None:
    folder = home / "models" / "scenes"
    found = read_report(folder / "evaluation.json")
    assert read_card(folder).evaluation == headline(found)
    assert f"| KID (lite2) | {headline(found)['KID (lite2)']} |" in (folder / "README.md").read_text()


def test_a_sheet_shows_the_pictures_nearest_to_training_pictures(evaluated: tuple[Done, Path]) -> None:
    with Image.open(evaluated[1] / "looks" / "scenes-closest.png") as sheet:
        assert sheet.width > 96


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["scenes", "--data", "DATA"], "give one of them"),
        (["scenes", "--data", "DATA", "--out", "OUT"], "names no preset"),
        (["scenes", "--data", "DATA", "--out", "OUT", "--preset", "huge"], "there is no preset 'huge'"),
        (["scenes", "--data", "DATA", "--out", "OUT", "--preset", "scenes-64", "--inception", "x"], "is for --features inception"),
        (["scenes", "--data", "DATA", "--out", "OUT", "--preset", "scenes-64", "--most", "2"], "--most is at least 10, got 2"),
        (
            ["garments", "--data", "DATA", "--out", "OUT", "--preset", "garments-64"],
            "draws coat, hat, shoes, the pictures are street",
        ),
        (["leather-denim", "--data", "DATA", "--out", "OUT", "--features", "clip"], "--features does nothing for a translator"),
        (["leather-denim", "--data", "DATA", "--out", "OUT", "--most", "20"], "--most does nothing for a translator"),
        (["nothing", "--data", "DATA", "--out", "OUT"], "there is no model 'nothing'"),
    ],
)
def test_a_mistake_is_one_sentence_and_writes_nothing(
    home: Path, photographs: Path, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    places = {"DATA": str(photographs), "OUT": str(tmp_path / "report.json")}
    done = atelier("evaluate", *(places.get(argument, argument) for argument in arguments), home=home)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stdout == ""
    assert not list(tmp_path.iterdir())


def test_real_pictures_are_framed_as_the_run_framed_them_and_not_as_its_preset_does(home: Path, photographs: Path) -> None:
    card = Zoo([home / "models"]).card("scenes")
    asked = argparse.Namespace(data=photographs, classes=None, preset=None)
    known = replace(card, training={"preset": "default", "framing": "rectangle 24x16"})
    assert framed_pictures(asked, known, 16, silent).pixels.shape[-2:] == (24, 16)
    assert framed_pictures(asked, replace(card, training={"preset": "default"}), 16, silent).pixels.shape[-2:] == (16, 16)
