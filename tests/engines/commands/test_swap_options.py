"""The swap command with amounts, washes and masks, on a small model in a home of its own."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines import imaging
from engines.recipe import Look, Swap, read_recipe
from tests import pictures
from tests.engines.commands.command_line import Done, atelier
from tests.engines.translation.garments import person
from tests.tiny import publish_tiny_models


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A STUDIO_HOME whose models are tiny ones."""
    folder = tmp_path_factory.mktemp("own")
    publish_tiny_models(folder / "models")
    return folder


@pytest.fixture
def ann(tmp_path: Path) -> Path:
    """A person in a jacket before a plain ground."""
    path = tmp_path / "ann.png"
    person()[0].save(path)
    return path


def swap(home: Path, out: Path, *arguments: object) -> Done:
    return atelier("swap", *arguments, "--to", "denim", "--out", out, home=home)


def pixels(path: Path) -> np.ndarray:
    return np.asarray(imaging.safe_open(path))


def test_strength_zero_gives_the_picture_back_and_the_garment_alone_changes_otherwise(home: Path, ann: Path, tmp_path: Path) -> None:
    assert swap(home, tmp_path / "none", ann, "--strength", 0).returncode == 0
    assert (pixels(tmp_path / "none" / "ann.png") == pixels(ann)).all()
    assert swap(home, tmp_path / "full", ann).returncode == 0
    changed = (pixels(tmp_path / "full" / "ann.png") != pixels(ann)).any(axis=-1)
    parts = person()[1]
    assert changed[parts["jacket"]].mean() > 0.9
    assert changed[parts["face"]].mean() < 0.1


def test_a_mask_from_a_file_travels_in_the_recipe_and_renders_again(home: Path, ann: Path, tmp_path: Path) -> None:
    mask = Image.new("L", (180, 240))
    mask.paste(255, (60, 100, 120, 200))
    mask.save(tmp_path / "mask.png")
    options = ["--mask", tmp_path / "mask.png", "--wash", "#7A3B2E", "--colour", 120, "--texture", 50, "--shading", 80, "--feather", 0]
    assert swap(home, tmp_path / "out", ann, *options).returncode == 0
    made = tmp_path / "out" / "ann.png"
    changed = (pixels(made) != pixels(ann)).any(axis=-1)
    assert changed[100:200, 60:120].mean() > 0.9
    changed[100:200, 60:120] = False
    assert not changed.any()
    recipe = read_recipe(made)
    assert isinstance(recipe, Swap)
    assert recipe.look == Look(100, 120, 50, 80, "#7a3b2e")
    again = atelier("render", made, "--input", ann, "--out", tmp_path / "again.png", home=home)
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "again.png").read_bytes() == made.read_bytes()
    swap(home, tmp_path / "around", ann, "--mask", tmp_path / "mask.png", "--invert", "--feather", 0)
    around = (pixels(tmp_path / "around" / "ann.png") != pixels(ann)).any(axis=-1)
    assert not around[100:200, 60:120].any()
    assert around.mean() > 0.5


def test_a_folder_asked_for_again_is_not_done_again(home: Path, tmp_path: Path) -> None:
    for index in range(3):
        (tmp_path / "in" / "coats").mkdir(parents=True, exist_ok=True)
        pictures.photograph(tmp_path / "in" / "coats" / f"{index}.png", 40, 30, seed=index)
    pictures.text_named_jpg(tmp_path / "in" / "poem.jpg")
    first = swap(home, tmp_path / "out", tmp_path / "in")
    assert first.returncode == 2
    assert "poem.jpg is not a JPEG" in first.stderr
    assert sorted(path.name for path in (tmp_path / "out" / "coats").iterdir()) == ["0.png", "1.png", "2.png"]
    assert "3 of 4 were there already" in swap(home, tmp_path / "out", tmp_path / "in").stderr


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--strength", "151"], "strength is a number from 0 to 150"),
        (["--colour", "nan"], "colour is a number"),
        (["--wash", "plaid"], "there is no wash 'plaid': choose one of indigo"),
        (["--wash", "#12"], "such as #1f3a5f"),
        (["--mask", "nowhere.png"], "nowhere.png cannot be read"),
        (["--feather", "7"], "feather is a number from 0 to 5"),
        (["--strength", "much"], "invalid float value"),
    ],
)
def test_an_impossible_option_is_one_sentence_and_nothing_is_written(
    home: Path, ann: Path, tmp_path: Path, options: list[str], sentence: str
) -> None:
    done = swap(home, tmp_path / "out", ann, *options)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert not (tmp_path / "out").exists()
