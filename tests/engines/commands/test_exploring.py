"""The commands that explore: the same pixels as the engines give, and a sentence for what cannot be."""

from pathlib import Path

import pytest

from engines import imaging
from engines.commands import main
from engines.models.zoo import Zoo
from engines.production.rendering import render
from engines.recipe import Drawn, Layers, Mix, Steer, Vary, Way, read_recipe


@pytest.fixture(autouse=True)
def _tiny_models(tiny_zoo: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    for command in ("sample", "vary", "mix", "find", "directions", "interpolate"):
        monkeypatch.setattr(f"engines.commands.{command}.Zoo", lambda: tiny_zoo)


def made(folder: Path) -> list[Drawn]:
    """The recipes of the pictures in a folder, each of which must draw its pixels again."""
    recipes = []
    for path in sorted(folder.glob("*.png")):
        recipe = read_recipe(path)
        assert isinstance(recipe, Drawn)
        recipes.append(recipe)
    return recipes


def proven(zoo: Zoo, folder: Path) -> list[Drawn]:
    recipes = made(folder)
    for path, recipe in zip(sorted(folder.glob("*.png")), recipes, strict=True):
        assert render(zoo, recipe).tobytes() == imaging.safe_open(path).tobytes()
    return recipes


def test_vary_and_vary_again(tiny_zoo: Zoo, tmp_path: Path) -> None:
    assert main(["vary", "scenes", "--seed", "7", "--count", "3", "--out", str(tmp_path / "a")]) == 0
    first = proven(tiny_zoo, tmp_path / "a")
    assert [recipe.seed for recipe in first if isinstance(recipe, Vary)] == [0, 1, 2]
    assert main(["vary", "--from", str(tmp_path / "a" / "vary-0001.png"), "--strongly", "--count", "1", "--out", str(tmp_path / "b")]) == 0
    (again,) = proven(tiny_zoo, tmp_path / "b")
    assert isinstance(again, Vary)
    assert again.parent == first[1]


def test_mix_and_layers(tiny_zoo: Zoo, tmp_path: Path) -> None:
    assert main(["mix", "garments", "--seeds", "1,2", "--class", "coat,hat", "--shares", "0.8,0.2", "--out", str(tmp_path / "a")]) == 0
    assert isinstance(proven(tiny_zoo, tmp_path / "a")[0], Mix)
    file = str(tmp_path / "a" / "mix-0000.png")
    assert main(["mix", "garments", "--from", file, "--seeds", "3", "--class", "hat", "--layers", "--out", str(tmp_path / "b")]) == 0
    assert isinstance(proven(tiny_zoo, tmp_path / "b")[0], Layers)


def test_find_and_diverse(tiny_zoo: Zoo, shipped_zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from engines.curation.encoder import load_encoder

    encoder = load_encoder("studio-clip", shipped_zoo)
    for command in ("sample", "find"):
        monkeypatch.setattr(f"engines.commands.{command}.load_encoder", lambda *_: encoder)
    assert main(["find", "scenes", "a city", "--among", "12", "--count", "2", "--out", str(tmp_path / "a")]) == 0
    assert [recipe.operation for recipe in proven(tiny_zoo, tmp_path / "a")] == ["find"] * 2
    assert main(["sample", "scenes", "--diverse", "3", "--among", "12", "--out", str(tmp_path / "b")]) == 0
    assert [recipe.operation for recipe in proven(tiny_zoo, tmp_path / "b")] == ["diverse"] * 3


def test_directions_are_found_named_and_moved_along(tiny_zoo: Zoo, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["directions", "scenes", "--find", "sefa", "--count", "1", "--seeds", "4"]) == 0
    assert main(["directions", "scenes", "--name", "sefa 1", "Taller houses"]) == 0
    assert "Taller houses" in capsys.readouterr().out
    assert main(["vary", "scenes", "--seed", "1", "--move", "Taller houses=1.5", "--out", str(tmp_path)]) == 0
    (moved,) = proven(tiny_zoo, tmp_path)
    assert isinstance(moved, Steer)
    assert (moved.moves[0].name, moved.moves[0].amount) == ("Taller houses", 1.5)


def test_a_way_through_three_pictures_is_saved_as_frames_and_as_a_contact_sheet(tiny_zoo: Zoo, tmp_path: Path) -> None:
    wish = ["interpolate", "scenes", "--seeds", "1,2,3", "--frames", "6", "--loop", "--easing", "soft"]
    assert main([*wish, "--out", str(tmp_path / "frames")]) == 0
    assert [recipe.loop for recipe in proven(tiny_zoo, tmp_path / "frames") if isinstance(recipe, Way)] == [True] * 6
    assert main([*wish, "--out", str(tmp_path / "sheet.png")]) == 0
    recipe = read_recipe(tmp_path / "sheet.png")
    assert recipe is not None
    assert render(tiny_zoo, recipe).tobytes() == imaging.safe_open(tmp_path / "sheet.png").tobytes()


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        (["vary", "scenes"], "one picture is needed"),
        (["vary", "--seed", "1"], "one picture is needed"),
        (["vary", "scenes", "--seed", "-1"], "a seed is a whole number"),
        (["vary", "scenes", "--seed", "1", "--strength", "2"], "strength is a number from 0 to 1"),
        (["vary", "scenes", "--seed", "1", "--move", "up=1"], "no direction 'up'"),
        (["mix", "--seeds", "1,2"], "name it first"),
        (["mix", "scenes", "--seeds", "1"], "2 to 4 pictures"),
        (["mix", "scenes", "--seeds", "1,2", "--shares", "1,x"], "shares are numbers"),
        (["mix", "scenes", "--seeds", "1,2,3", "--layers"], "two pictures"),
        (["sample", "scenes"], "either seeds"),
    ],
)
def test_a_mistake_is_one_line(wish: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*wish, "--out", str(tmp_path / "out")]) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
