"""A graphic's colours are found, named, exchanged and separated."""

from pathlib import Path

import numpy as np
import pikepdf
import pytest
from PIL import Image

from engines.errors import StudioError
from engines.production.colour import colour_value, from_oklab, name_of, to_oklab
from engines.production.origin import Origin
from engines.production.palette import extract_palette, matched_by_lightness, recolour
from engines.production.printing import print_job
from engines.production.separations import choose_inks, proof, save_separations, separate


def stripes(*colours: str, side: int = 60) -> Image.Image:
    """Upright stripes, each half as wide as the one before, the last two alike."""
    picture, left, width = Image.new("RGB", (side, side), colours[-1]), 0, side // 2
    for colour in colours[:-1]:
        picture.paste(colour, (left, 0, left + width, side))
        left, width = left + width, width // 2
    return picture


def test_a_palette_holds_the_colours_by_their_share_with_names() -> None:
    found = extract_palette(stripes("navy", "coral", "white"), 3)
    assert [swatch.name for swatch in found[:1]] == ["navy"]
    assert {swatch.name for swatch in found} == {"navy", "coral", "white"}
    assert [swatch.share for swatch in found] == pytest.approx([0.5, 0.25, 0.25])
    assert [swatch.name for swatch in extract_palette(stripes("navy", "coral", "white"), 3, "lightness")] == ["white", "coral", "navy"]
    assert len(extract_palette(Image.new("RGB", (9, 9), "red"), 5)) == 1


def test_transparent_parts_have_no_colour() -> None:
    picture = Image.new("RGBA", (20, 20), (0, 255, 0, 0))
    picture.paste((200, 0, 0, 255), (0, 0, 4, 4))
    assert [swatch.colour for swatch in extract_palette(picture, 4)] == ["#c80000"]
    with pytest.raises(StudioError, match="transparent everywhere"):
        extract_palette(Image.new("RGBA", (4, 4)), 2)


def test_colours_come_back_from_oklab_and_have_names() -> None:
    pixels = np.random.default_rng(0).random((50, 3), dtype=np.float32)
    assert np.abs(from_oklab(to_oklab(pixels)) - pixels).max() < 0.002
    assert (colour_value("Navy"), colour_value("#abc"), name_of("#fefefe")) == ("#000080", "#aabbcc", "white")
    with pytest.raises(StudioError, match="CSS name"):
        colour_value("rgb(1,2")


@pytest.mark.parametrize(
    ("name", "colours"),
    [
        ("black", "#000000 #211c1d #0c0f1a #1c1c22"),
        ("dark grey", "#474344 #2f3a3a #404040"),
        ("grey", "#72716d #808080 #8a7f80"),
        ("light grey", "#a2a09e #dbddd9 #c0c0c0"),
        ("white", "#ffffff #f8f8ff #fafafa"),
        ("brown", "#5c4033 #8b4513"),
        ("navy", "#191970 #000080"),
        ("red", "#ff0000 #dc143c"),
        ("green", "#228b22"),
        ("blue", "#4169e1"),
        ("pink", "#ffb6c1"),
    ],
)
def test_a_colour_has_the_plain_name_that_the_eye_gives_it(name: str, colours: str) -> None:
    assert {colour: name_of(colour) for colour in colours.split()} == dict.fromkeys(colours.split(), name)


def test_a_colourway_exchanges_colours_and_keeps_transparency_and_shades() -> None:
    picture = stripes("#203080", "#f0c0a0").convert("RGBA")
    picture.putpixel((0, 0), (0, 0, 0, 0))
    picture.putpixel((1, 0), (0x30, 0x40, 0x90, 255))
    way = np.asarray(recolour(picture, ["#203080", "#f0c0a0"], ["#702020", "#e0e8d0"]))
    assert np.abs(way[30, 10, :3].astype(int) - (0x70, 0x20, 0x20)).max() <= 1
    assert np.abs(way[30, 50, :3].astype(int) - (0xE0, 0xE8, 0xD0)).max() <= 1
    assert way[0, 0, 3] == 0
    assert way[0, 1, 0] > way[30, 10, 0]


def test_light_colours_become_light_ones() -> None:
    assert matched_by_lightness(["#000040", "#ffffff", "#888888"], ["#eeeeaa", "#102010", "#cc4444"]) == ["#102010", "#eeeeaa", "#cc4444"]


def test_films_add_up_to_the_graphic_and_leave_the_cloth_free() -> None:
    picture = stripes("navy", "coral", "white")
    inks = choose_inks(picture, 2, "#ffffff")
    assert [name_of(ink) for ink in inks] == ["coral", "navy"]
    films = separate(picture, inks, print_job("60x60", picture.size, dpi=100), "#ffffff")
    total = np.stack([film.printed for film in films]).sum(axis=0)
    assert total.max() == 1
    assert [film.coverage for film in films] == pytest.approx([0.25, 0.5], abs=0.02)
    assert np.asarray(proof(films, "#ffffff"))[50, -3].tolist() == [255, 255, 255]


def test_cloth_that_the_graphic_does_not_have_costs_no_ink() -> None:
    assert [name_of(ink) for ink in choose_inks(stripes("navy", "coral", "white"), 3, "#00a000")] == ["white", "coral", "navy"]


def test_a_trap_spreads_an_ink_under_the_later_one_only() -> None:
    picture = stripes("navy", "coral", "white")
    job = print_job("60x60", picture.size, dpi=254)
    coral, navy = separate(picture, ["#ff7f50", "#000080"], job, "#ffffff", trap=0.5)
    bare_coral, bare_navy = separate(picture, ["#ff7f50", "#000080"], job, "#ffffff")
    assert (navy.printed == bare_navy.printed).all()
    assert (coral.printed & navy.printed)[300].sum() == 5
    assert not (coral.printed & ~bare_coral.printed & ~navy.printed).any()


def test_the_films_pdf_has_a_page_of_spot_colours_and_a_page_a_film(tmp_path: Path) -> None:
    picture = stripes("navy", "coral", "white")
    job = print_job("60x60", picture.size, dpi=72)
    films = separate(picture, ["#ff7f50", "#000080"], job, "#ffffff")
    save_separations(films, tmp_path / "films.pdf", job, Origin("separations", {}, "0" * 64, "CC0", None))
    with pikepdf.open(tmp_path / "films.pdf") as document:
        assert len(document.pages) == 3
        first = document.pages[0].obj.Resources
        assert [str(first.XObject[f"/Layer{index}"].ColorSpace[1]) for index in (0, 1)] == ["/Spot_1_coral", "/Spot_2_navy"]
        assert str(first.ColorSpace["/All"][1]) == "/All"
        assert b"Spot 2 navy #000080" in document.pages[2].Contents.read_bytes()
        assert str(document.docinfo["/Copyright"]) == "CC0"


def test_no_third_ink_is_printed_between_two() -> None:
    picture = Image.new("RGB", (40, 40), "white")
    picture.paste("#404040", (20, 0, 40, 40))
    grey = separate(picture, ["#ffffff", "#a0a0a0", "#404040"], print_job("60x60", picture.size, dpi=200))[1]
    assert grey.coverage == 0


def test_what_cannot_be_separated_is_refused_with_a_remedy() -> None:
    picture = stripes("navy", "white")
    job = print_job("60x60", picture.size, dpi=72)
    with pytest.raises(StudioError, match="1 to 8 inks"):
        choose_inks(picture, 9)
    with pytest.raises(StudioError, match="0 to 2 mm"):
        separate(picture, ["#000080"], job, trap=5)
    with pytest.raises(StudioError, match="1 to 16 colours"):
        extract_palette(picture, 0)
    with pytest.raises(StudioError, match="as many"):
        recolour(picture, ["#000000"], [])
