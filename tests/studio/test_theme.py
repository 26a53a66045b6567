import re
from itertools import product

import pytest

from studio import theme
from studio.theme import DARK, LIGHT, Palette

MODES = pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
TEXT, SHAPE = 4.5, 3.0


def luminance(colour: str) -> float:
    """Relative luminance of "#rrggbb" as WCAG 2 defines it."""
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast of two colours, 1 to 21."""
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def test_the_measure_is_the_one_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@MODES
def test_text_is_readable_on_every_ground(palette: Palette) -> None:
    for text, ground in product(
        (palette.ink, palette.quiet, palette.accent, palette.alarm), (palette.paper, palette.surface, palette.tint)
    ):
        assert contrast(text, ground) >= TEXT, f"{text} on {ground}"


@MODES
def test_buttons_and_marks_are_readable(palette: Palette) -> None:
    assert contrast(palette.on_button, palette.button) >= TEXT
    assert contrast(palette.on_button, palette.button_hover) >= TEXT
    assert contrast(palette.on_accent, palette.accent) >= TEXT


@MODES
def test_fields_and_focus_can_be_seen(palette: Palette) -> None:
    for ground in (palette.paper, palette.surface):
        assert contrast(palette.edge, ground) >= SHAPE
        assert contrast(palette.accent, ground) >= SHAPE


def test_gradio_gets_these_colours_in_both_modes() -> None:
    made = theme.theme()
    for suffix, palette in (("", LIGHT), ("_dark", DARK)):
        assert getattr(made, f"button_primary_background_fill{suffix}") == palette.button
        assert getattr(made, f"button_primary_text_color{suffix}") == palette.on_button
        assert getattr(made, f"body_text_color_subdued{suffix}") == palette.quiet
        assert getattr(made, f"input_placeholder_color{suffix}") == palette.quiet
        assert getattr(made, f"block_info_text_color{suffix}") == palette.quiet


def test_the_page_fetches_no_fonts_or_styles_from_elsewhere() -> None:
    assert not re.findall(r"https?:|@import|url\(", theme.css())
    assert not theme.theme()._stylesheets


def test_the_styles_respect_focus_and_reduced_motion() -> None:
    text = theme.css()
    assert ":focus-visible" in text
    assert "prefers-reduced-motion" in text
