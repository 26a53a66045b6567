"""The command that says of a model how many pictures of each class it learned from."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from engines.models.card import read_card
from engines.models.zoo import Zoo, write_card
from engines.training.dataset import load_pictures
from tests.engines.commands.command_line import atelier
from tests.pictures import photograph
from tests.tiny import CLASSES


@pytest.fixture
def wardrobe(tmp_path: Path) -> Path:
    for place, (name, count) in enumerate(zip(CLASSES, (9, 5, 3), strict=True)):
        folder = tmp_path / "wardrobe" / name
        folder.mkdir(parents=True)
        for number in range(count):
            photograph(folder / f"{number}.png", 20, 20, seed=100 * place + number)
    return tmp_path / "wardrobe"


@pytest.fixture
def home(tiny_zoo: Zoo, wardrobe: Path, tmp_path: Path) -> Path:
    """A folder with a model that learned from the wardrobe."""
    folder = tmp_path / "home" / "models" / "garments"
    shutil.copytree(tiny_zoo.folder("garments"), folder)
    write_card(folder, replace(read_card(folder), training={"data (sha256)": load_pictures(wardrobe, 16, "letterbox").digest}))
    return tmp_path / "home"


def test_the_pictures_that_a_model_learned_from_are_counted_without_those_held_out(home: Path, wardrobe: Path) -> None:
    done = atelier("models", "count", "garments", "--data", wardrobe, home=home)
    assert done.returncode == 0, done.stderr
    pictures = load_pictures(wardrobe, 16, "letterbox")
    counts = read_card(home / "models" / "garments").class_pictures
    assert counts == {name: sum(pictures.labels[pictures.part(False)] == place) for place, name in enumerate(CLASSES)}
    assert sum(counts.values()) == len(pictures.part(held_out=False)) < 17
    assert f"coat ({counts['coat']})" in (home / "models" / "garments" / "README.md").read_text()


def test_other_pictures_than_those_learned_from_are_refused_and_the_card_stays(home: Path, wardrobe: Path) -> None:
    photograph(wardrobe / "coat" / "new.png", 20, 20, seed=999)
    done = atelier("models", "count", "garments", "--data", wardrobe, home=home)
    assert done.returncode == 2
    assert "did not learn from these 18 pictures" in done.stderr
    assert read_card(home / "models" / "garments").class_pictures == {}


def test_a_model_without_classes_has_nothing_to_count(wardrobe: Path, tmp_path: Path) -> None:
    done = atelier("models", "count", "cityscape", "--data", wardrobe, home=tmp_path / "other")
    assert done.returncode == 2
    assert "cityscape has no classes" in done.stderr
