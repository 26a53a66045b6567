"""`doctor` as a person meets it."""

import json
from pathlib import Path

import pytest

from tests.engines.commands.command_line import atelier
from tests.engines.translation.drawn_garments import garment, save


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pairs")
    for index in range(12):
        for name, material in (("trainA", "leather"), ("trainB", "denim")):
            save(garment(material, index, trousers=name == "trainB"), folder / name, f"{index}.png")
    save(garment("denim", 4, trousers=True), folder / "trainB", "copy.png")
    return folder


def test_findings_come_with_advice_and_a_cleaned_folder(pairs: Path, tmp_path: Path) -> None:
    places = ("--out", tmp_path / "doctor.json", "--sheet", tmp_path / "looks", "--clean", tmp_path / "clean")
    done = atelier("doctor", pairs, "--classes", "trainA=leather,trainB=denim", *places)
    assert done.returncode == 0, done.stderr
    assert "13 of denim, 12 of leather" in done.stdout
    assert "1 pictures are copies of others" in done.stdout
    assert "left out 1 copies" in done.stdout
    report = json.loads((tmp_path / "doctor.json").read_text())
    assert report["format"] == 1
    assert list(report["drop"].values()) in (["copy of trainB/4.png"], ["copy of trainB/copy.png"])
    assert {path.name for path in (tmp_path / "looks").iterdir()} == {"outside.png", "doubtful.png"}
    assert len(list((tmp_path / "clean").rglob("*.png"))) == 24


def test_mistakes_are_said_before_anything_is_read(pairs: Path, tmp_path: Path) -> None:
    done = atelier("doctor", pairs, "--doubtful")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "give both" in done.stderr
    done = atelier("doctor", pairs, "--clean", tmp_path)
    assert done.returncode == 2
    assert "exists already" in done.stderr
