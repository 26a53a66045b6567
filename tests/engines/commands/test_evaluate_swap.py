"""`evaluate-swap` as a person meets it, on a small model and drawn garments."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.evaluation.report import headline, read_report
from engines.models.card import read_card
from engines.recipe import Mask
from engines.training.dataset import load_pictures
from engines.translation.measuring import swapping_of
from tests.engines.commands.command_line import Done, atelier
from tests.engines.evaluation.test_materials import wardrobe
from tests.tiny import publish_tiny_models


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("swapped")
    publish_tiny_models(folder / "models")
    return folder


@pytest.fixture(scope="module")
def garments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty garments of each class, of which the split holds some out."""
    folder = tmp_path_factory.mktemp("garments")
    pixels, labels = wardrobe(40)
    for index, (picture, label) in enumerate(zip(pixels, labels, strict=True)):
        path = folder / ("denim", "leather")[label] / f"{index}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(picture.transpose(1, 2, 0).copy()).save(path)
    return folder


@pytest.fixture(scope="module")
def measured(home: Path, garments: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Done, Path]:
    out = tmp_path_factory.mktemp("out")
    arguments = ("--data", garments, "--preset", "textures-128", "--out", out / "swap.json", "--sheet", out / "looks", "--card")
    return atelier("evaluate-swap", "leather-denim", *arguments, home=home), out


def test_a_swap_is_measured_both_ways_against_nothing_and_colour_transfer(measured: tuple[Done, Path], home: Path) -> None:
    done, out = measured
    assert done.returncode == 0, done.stderr
    report = read_report(out / "swap.json")
    assert report.command == "python -m engines evaluate-swap leather-denim --data DIR --preset textures-128 --out FILE"
    names = {figure.name for figure in report.figures}
    for way in ("denim → leather", "leather → denim"):
        assert {f"swap rate, {way}", f"swap rate, {way}, colour transfer", f"way from untouched to real, {way}"} <= names
        same = next(figure for figure in report.figures if figure.name == f"outside the mask the same bit for bit, {way}")
        assert same.value == 1
    assert read_card(home / "models" / "leather-denim").evaluation == headline(report)
    assert len(list((out / "looks").glob("*.png"))) == 4


def test_what_is_measured_is_what_a_person_gets(home: Path, garments: Path) -> None:
    from engines.models.zoo import Zoo
    from engines.translation.swap import swap

    translator = Zoo([home / "models"]).translator("leather-denim")
    pictures = load_pictures(garments, 128, "letterbox")
    swapped = swapping_of(translator, pictures).swap(np.ascontiguousarray(pictures.pixels[:2]), "leather")
    alone = swap(translator, Image.fromarray(pictures.pixels[1].transpose(1, 2, 0).copy()), "leather", mask=Mask("auto"))
    assert np.array_equal(swapped[1].transpose(1, 2, 0), np.asarray(alone))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("scenes", "--out", "OUT"), "scenes is a generator and swaps nothing: measure it with evaluate"),
        (("leather-denim",), "evaluate-swap writes its figures to --out FILE or with --card"),
        (("leather-denim", "--out", "OUT"), "names no preset"),
    ],
)
def test_mistakes_are_one_line(home: Path, garments: Path, tmp_path: Path, arguments: tuple[str, ...], sentence: str) -> None:
    places = {"OUT": tmp_path / "report.json"}
    done = atelier("evaluate-swap", "--data", garments, *(places.get(part, part) for part in arguments), home=home)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert not list(tmp_path.iterdir())
