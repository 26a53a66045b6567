"""Mock-ups, print files and colours on the command line."""

import json
from pathlib import Path

import pytest
from PIL import Image

from tests.engines.commands.command_line import atelier
from tests.pictures import photograph


@pytest.fixture
def graphic(tmp_path: Path) -> Path:
    return photograph(tmp_path / "graphic.png")


def test_a_mockup_says_what_it_shows_and_how_large(graphic: Path, tmp_path: Path) -> None:
    done = atelier("mockup", graphic, "--side", 240, "--colour", "navy", "--out", tmp_path / "shirt.png", home=tmp_path)
    assert "90 × 120 pixels printed 225 × 300 mm; rights: unknown" in done.stdout
    with Image.open(tmp_path / "shirt.png") as shirt:
        shirt.load()
        assert shirt.size == (240, 240)
        assert json.loads(shirt.info["atelier-origin"])["settings"]["colour"] == "navy"
    wrong = atelier("mockup", graphic, "--place", "knee", "--out", tmp_path / "no.png", home=tmp_path)
    assert (wrong.returncode, "choose one of chest" in wrong.stderr) == (2, True)
    assert not (tmp_path / "no.png").exists()


def test_a_print_file_is_written_with_its_true_resolution(graphic: Path, tmp_path: Path) -> None:
    done = atelier("print", graphic, "--size", "a6", "--bleed", 3, "--dpi", 100, "--out", tmp_path / "out.tif", home=tmp_path)
    assert "105 × 148 mm + 3 mm bleed, 437 × 606 pixels at 100 dpi" in done.stdout
    assert "22 dpi of its own: soft" in done.stdout
    wrong = atelier("print", graphic, "--size", "a99", "--out", tmp_path / "no.pdf", home=tmp_path)
    assert (wrong.returncode, "12x16in" in wrong.stderr) == (2, True)


def test_colours_are_named_exchanged_and_separated(graphic: Path, tmp_path: Path) -> None:
    named = json.loads(atelier("palette", graphic, "--colours", 3, "--json", home=tmp_path).stdout)
    assert sum(swatch["share"] for swatch in named) == pytest.approx(1)
    atelier("colourways", graphic, "--to", "navy,white", "--to", "red,black", "--out", tmp_path / "ways", home=tmp_path)
    assert sorted(path.name for path in (tmp_path / "ways").iterdir()) == ["colourway-01.png", "colourway-02.png"]
    films = atelier("separations", graphic, "--size", "a6", "--dpi", 72, "--colours", 2, "--out", tmp_path / "films.pdf", home=tmp_path)
    assert "film 2: #" in films.stdout
    wrong = atelier("colourways", graphic, "--to", "navy,blurple", "--out", tmp_path / "no", home=tmp_path)
    assert (wrong.returncode, "'blurple' is no colour" in wrong.stderr) == (2, True)


def test_a_shape_and_a_repeat_are_named_on_the_command_line(graphic: Path, tmp_path: Path) -> None:
    atelier("print", graphic, "--size", "a6", "--dpi", 72, "--shape", "vignette", "--out", tmp_path / "soft.png", home=tmp_path)
    with Image.open(tmp_path / "soft.png") as soft:
        assert soft.getchannel("A").getpixel((5, 5)) == 0
    done = atelier("repeat", graphic, "--layout", "half-drop", "--columns", 2, "--out", tmp_path / "fabric.png", home=tmp_path)
    assert "half-drop: seam" in done.stdout
    assert "180 × 360 pixels" in done.stdout
    wrong = atelier("print", graphic, "--size", "a6", "--shape", "cloud", "--out", tmp_path / "no.png", home=tmp_path)
    assert (wrong.returncode, "choose one of circle" in wrong.stderr) == (2, True)


def test_what_the_commands_make_is_drawn_again_by_render_bit_for_bit(graphic: Path, tmp_path: Path) -> None:
    atelier("mockup", graphic, "--side", 240, "--rotation", 5, "--out", tmp_path / "mockup.png", home=tmp_path)
    atelier("colourways", graphic, "--to", "navy,white", "--out", tmp_path, home=tmp_path)
    atelier("print", graphic, "--size", "a6", "--dpi", 72, "--transparent", "white", "--out", tmp_path / "print.png", home=tmp_path)
    for name in ("mockup", "colourway-01", "print"):
        made = tmp_path / f"{name}.png"
        done = atelier("render", made, "--input", graphic, "--out", tmp_path / "again.png", home=tmp_path)
        assert done.returncode == 0, done.stderr
        with Image.open(made) as first, Image.open(tmp_path / "again.png") as second:
            assert first.convert("RGBA").tobytes() == second.convert("RGBA").tobytes()


def test_what_the_upscaler_drew_is_printed_and_drawn_again_bit_for_bit_with_its_rights(graphic: Path, tmp_path: Path) -> None:
    printing = ["print", graphic, "--size", "a6", "--dpi", 72, "--enlarge", "upscale-4", "--shape", "circle"]
    done = atelier(*printing, "--out", tmp_path / "print.png", home=tmp_path)
    assert "22 dpi of its own: soft" in done.stdout
    assert "Drawn 4 times larger by upscale-4, to 87 dpi" in done.stdout
    assert "Of the picture before it was enlarged: unknown.; Enlarged by upscale-4:" in done.stdout
    atelier("upscale", graphic, "--out", tmp_path / "large.png", home=tmp_path)
    for name in ("print", "large"):
        again = atelier("render", tmp_path / f"{name}.png", "--input", graphic, "--out", tmp_path / "again.png", home=tmp_path)
        assert again.returncode == 0, again.stderr
        with Image.open(tmp_path / f"{name}.png") as first, Image.open(tmp_path / "again.png") as second:
            assert first.convert("RGBA").tobytes() == second.convert("RGBA").tobytes()
    smooth = atelier(*printing[:5], 72, "--out", tmp_path / "smooth.png", home=tmp_path)
    assert "Enlarged by Lanczos: smooth" in smooth.stdout
    wrong = atelier(*printing[:-4], "--enlarge", "cityscape", "--out", tmp_path / "no.png", home=tmp_path)
    assert (wrong.returncode, "cityscape draws nothing larger" in wrong.stderr) == (2, True)
