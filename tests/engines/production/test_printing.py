"""Print files have the physical size that was asked for, and say how sharp they are and whose rights they carry."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pytest
from PIL import Image

from engines.errors import StudioError
from engines.finishing import PrintJob
from engines.production.origin import UNKNOWN_RIGHTS, UNPROVEN_RIGHTS, Origin, origin
from engines.production.printing import (
    SIZES,
    effective_dpi,
    enlarged_by,
    job_value,
    lay_out,
    print_job,
    save_print,
    size_value,
    verdict,
    within_mask,
    without_background,
)
from engines.recipe import Picture, Sample, file_hash, read_recipe, save_with_recipe

RECIPE = Sample("cityscape", "a" * 64, "research and education", 7)


def made_of(graphic: Path, operation: str, settings: dict[str, Any]) -> Origin:
    """The origin of what is made of a graphic whose recipe is believed."""
    return origin(graphic, read_recipe(graphic) or Picture(file_hash(graphic)), operation, settings)


@pytest.fixture
def graphic(tmp_path: Path) -> Path:
    """A picture of 120 × 160 pixels, red on the left and blue on the right, with a recipe."""
    picture = Image.new("RGB", (120, 160), "#d01020")
    picture.paste("#1030c0", (60, 0, 120, 160))
    save_with_recipe(picture, tmp_path / "graphic.png", RECIPE)
    return tmp_path / "graphic.png"


def test_sizes_have_names_or_units() -> None:
    assert size_value("A4") == (210, 297)
    assert size_value("12x16in") == pytest.approx((304.8, 406.4))
    assert size_value("28 × 33cm") == size_value("280x330") == (280, 330)
    assert (print_job("a4", (300, 200)).width, print_job("210x297", (300, 200)).width) == (297, 210)


def test_resolution_of_its_own_counts_the_graphics_pixels_and_not_the_files(graphic: Path) -> None:
    low, high = (print_job("254x254", (1000, 1000), dpi=dpi) for dpi in (100, 600))
    assert effective_dpi((1000, 1000), low) == effective_dpi((1000, 1000), high) == pytest.approx(100)
    assert effective_dpi((1000, 500), print_job("254x254", (1000, 500), fit="fill")) == pytest.approx(50)
    assert "soft; 150 dpi need 1500 × 1500 pixels, or a print of at most 169 × 169 mm" in verdict((1000, 1000), high)
    assert "good on cloth" in verdict((2000, 2000), high)
    assert "sharp" in verdict((3000, 3000), high)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_pictures_carry_size_resolution_origin_and_rights(graphic: Path, tmp_path: Path, suffix: str) -> None:
    made = made_of(graphic, "print", {"size": "a6"})
    job = print_job("a6", (120, 160), bleed=3, dpi=150)
    save_print(Image.open(graphic), tmp_path / f"out{suffix}", job, made)
    with Image.open(tmp_path / f"out{suffix}") as saved:
        saved.load()
        assert [side / 150 * 25.4 for side in saved.size] == pytest.approx([111, 154], abs=0.1)
        assert saved.info["dpi"] == pytest.approx((150, 150), abs=0.05)
        assert saved.info["icc_profile"]
        tags = getattr(saved, "tag_v2", {})
        text = saved.info["atelier-origin"] if suffix == ".png" else tags[270]
        rights = saved.info["Copyright"] if suffix == ".png" else tags[33432]
    assert json.loads(text)["source"]["seed"] == 7
    assert rights == "research and education"


def test_a_pdf_has_its_boxes_its_picture_origin_and_rights(graphic: Path, tmp_path: Path) -> None:
    made = made_of(graphic, "print", {"size": "a6"})
    save_print(Image.open(graphic), tmp_path / "out.pdf", print_job("a6", (120, 160), bleed=3, marks=True), made)
    with pikepdf.open(tmp_path / "out.pdf") as document:
        page = document.pages[0]
        trim, bleed, media = ([float(value) / 72 * 25.4 for value in page.obj[key]] for key in ("/TrimBox", "/BleedBox", "/MediaBox"))
        image = page.obj.Resources.XObject["/Layer0"]
        assert [trim[2] - trim[0], trim[3] - trim[1]] == pytest.approx([105, 148], abs=0.01)
        assert [bleed[2] - bleed[0], bleed[3] - bleed[1]] == pytest.approx([111, 154], abs=0.01)
        assert media[2] > bleed[2] + 5
        assert int(image.Width) == round(111 / 25.4 * 300)
        assert "/SMask" in image
        assert str(document.docinfo["/Copyright"]) == "research and education"
        assert json.loads(str(document.docinfo["/Origin"]))["source"]["model"] == "cityscape"
        with document.open_metadata() as about:
            assert "research and education" in str(about["dc:rights"])


def test_the_same_job_writes_the_same_pdf(graphic: Path, tmp_path: Path) -> None:
    made, job = made_of(graphic, "print", {}), print_job("100x100", (120, 160), dpi=72)
    for name in ("a", "b"):
        save_print(Image.open(graphic), tmp_path / name / "out.pdf", job, made)
    assert (tmp_path / "a" / "out.pdf").read_bytes() == (tmp_path / "b" / "out.pdf").read_bytes()


def test_whole_shows_all_and_fill_reaches_into_the_bleed(graphic: Path) -> None:
    picture = Image.open(graphic)
    whole = np.asarray(lay_out(picture, print_job("100x100", picture.size, bleed=5, dpi=72)))
    fill = np.asarray(lay_out(picture, print_job("100x100", picture.size, bleed=5, dpi=72, fit="fill")))
    assert whole[0, :, 3].max() == 0
    assert (whole[..., 3] > 0).mean() == pytest.approx(75 * 100 / 110**2, abs=0.02)
    assert fill[..., 3].min() == 255
    papered = lay_out(picture, print_job("100x100", picture.size, dpi=72, paper="#fffff0"))
    assert (papered.mode, papered.getpixel((1, 1))) == ("RGB", (255, 255, 240))


def test_a_transfer_is_mirrored(graphic: Path) -> None:
    picture = Image.open(graphic)
    plain, mirrored = (np.asarray(lay_out(picture, print_job("60x80", picture.size, dpi=72, mirrored=flag))) for flag in (False, True))
    assert (plain[:, ::-1] == mirrored).all()
    assert plain[50, 5, 0] > plain[50, 5, 2]


def test_a_background_goes_as_far_as_it_reaches_in_from_the_edge() -> None:
    picture = Image.new("RGB", (60, 60), "white")
    picture.paste("#203080", (15, 15, 45, 45))
    picture.paste("white", (25, 25, 35, 35))
    alpha = np.asarray(without_background(picture, "#ffffff"))[..., 3]
    assert (alpha[2, 2], alpha[20, 20], alpha[30, 30]) == (0, 255, 255)


def test_a_mask_decides_what_is_printed() -> None:
    mask = Image.new("L", (10, 10), 0)
    mask.paste(255, (5, 0, 10, 10))
    alpha = np.asarray(within_mask(Image.new("RGB", (40, 40), "red"), mask))[..., 3]
    assert (alpha[20, 5], alpha[20, 35]) == (0, 255)


def test_a_graphic_without_a_recipe_says_that_its_rights_are_unknown(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "plain.png")
    assert made_of(tmp_path / "plain.png", "print", {}).rights == UNKNOWN_RIGHTS


def test_a_recipe_that_nobody_drew_again_gives_a_picture_no_rights_and_is_told(graphic: Path) -> None:
    made = origin(graphic, Picture(file_hash(graphic)), "print", {})
    assert (made.rights, made.source) == (f"{UNPROVEN_RIGHTS}: {RECIPE.rights}", None)


@pytest.mark.parametrize(
    ("size", "options", "remedy"),
    [
        ("a9", {}, "choose one of a7"),
        ("5x5", {}, "10 mm to 2 m"),
        ("a4", {"bleed": 90}, "from 0 to 25"),
        ("a4", {"dpi": 10}, "from 50 to 1200"),
        ("a4", {"fit": "squash"}, "whole or fill"),
        ("2000x2000", {"dpi": 300}, "lower --dpi"),
    ],
)
def test_what_cannot_be_printed_is_refused_with_a_remedy(size: str, options: dict[str, object], remedy: str) -> None:
    with pytest.raises(StudioError, match=remedy):
        print_job(size, (100, 100), **options)


def test_a_print_file_has_a_known_suffix_and_marks_only_in_a_pdf(graphic: Path, tmp_path: Path) -> None:
    made = made_of(graphic, "print", {})
    with pytest.raises(StudioError, match=r"saved as \.png, \.pdf"):
        save_print(Image.open(graphic), tmp_path / "out.psd", print_job("a6", (120, 160)), made)
    with pytest.raises(StudioError, match=r"name it FILE\.pdf"):
        save_print(Image.open(graphic), tmp_path / "out.png", print_job("a6", (120, 160), marks=True), made)


def test_what_the_further_pixels_of_a_file_are_is_said_of_each_way() -> None:
    job = PrintJob(280, 280, dpi=300)
    assert enlarged_by((64, 64), job).startswith("Enlarged by Lanczos: smooth")
    assert "Drawn 4 times larger by upscale-4, to 23 dpi of likely edges" in enlarged_by((64, 64), job, 4, "upscale-4")
    assert enlarged_by((4000, 4000), job, 4, "upscale-4") == "It has pixels enough: nothing is enlarged"


def test_what_a_printer_asks_for_has_a_name() -> None:
    asked = {"a7", "a6", "a5", "a4", "a3", "a2", "a1", "chest", "left-chest", "pocket", "all-over", "square", "tote"}
    assert asked <= set(SIZES)
    assert print_job("chest", (64, 64)) == PrintJob(300, 300)
    for name in SIZES:
        assert job_value(print_job(name, (64, 64), dpi=300))
