"""How the studio looks: paper and ink, one accent, pictures first; light and dark."""

import re
from dataclasses import dataclass
from pathlib import Path

from gradio.themes import Base, Color, Size

STYLES = Path(__file__).with_name("studio.css")
SCRIPT = Path(__file__).with_name("studio.js")
SANS = ("Avenir Next", "Avenir", "Inter", "Segoe UI", "Cantarell", "Noto Sans", "DejaVu Sans", "system-ui", "sans-serif")
MONO = ("ui-monospace", "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", "monospace")


@dataclass(frozen=True)
class Palette:
    """The colours of one mode.

    Attributes:
        paper: behind everything; surface: of panels and fields; tint: of quiet buttons and empty places.
        line: borders; edge: borders of fields, visible at 3:1.
        ink: text; quiet: subdued text.
        accent: links, marks and the filled part of sliders; on_accent: text upon it.
        button, on_button: the primary button; button_hover: under the pointer.
        alarm: error text.
    """

    paper: str
    surface: str
    tint: str
    line: str
    edge: str
    ink: str
    quiet: str
    accent: str
    on_accent: str
    button: str
    on_button: str
    button_hover: str
    alarm: str


LIGHT = Palette(
    paper="#f7f5f1",
    surface="#fffefb",
    tint="#efebe4",
    line="#e2ddd4",
    edge="#8c857b",
    ink="#1d1b19",
    quiet="#625c54",
    accent="#8f2d3f",
    on_accent="#ffffff",
    button="#1d1b19",
    on_button="#fbf9f5",
    button_hover="#3a3632",
    alarm="#9b1c1c",
)
DARK = Palette(
    paper="#141312",
    surface="#1c1a18",
    tint="#272421",
    line="#34302c",
    edge="#7f776d",
    ink="#f1ece4",
    quiet="#b3aa9e",
    accent="#e79aa6",
    on_accent="#1d1113",
    button="#f1ece4",
    on_button="#191715",
    button_hover="#d8d1c6",
    alarm="#ff9d94",
)

STONE = Color(
    "#faf8f5", "#f2efe9", "#e4dfd7", "#cec7bc", "#a9a196", "#857d72", "#625c54", "#48433d", "#2b2825", "#1d1b19", "#141312", "stone"
)
MADDER = Color(
    "#fbf1f2", "#f6dfe2", "#efc3c9", "#e79aa6", "#d26a7b", "#b34357", "#9c3548", "#8f2d3f", "#6e2432", "#521c27", "#33120f", "madder"
)
SOFT = Size("2px", "4px", "6px", "8px", "10px", "12px", "16px", name="radius_soft")


def theme() -> Base:
    """The studio's theme: our palettes on Gradio's plainest one; system fonts only, so that nothing is fetched."""
    base = Base(primary_hue=MADDER, secondary_hue=STONE, neutral_hue=STONE, radius_size=SOFT, font=SANS, font_mono=MONO)
    values: dict[str, str] = {}
    for suffix, palette in (("", LIGHT), ("_dark", DARK)):
        values.update({name + suffix: value for name, value in _colours(palette).items()})
    return base.set(**values, **_shapes())


def _colours(palette: Palette) -> dict[str, str]:
    """Gradio's variables for one palette."""
    button = {
        "button_primary_background_fill": palette.button,
        "button_primary_background_fill_hover": palette.button_hover,
        "button_primary_border_color": palette.button,
        "button_primary_text_color": palette.on_button,
        "button_primary_text_color_hover": palette.on_button,
        "button_secondary_background_fill": palette.surface,
        "button_secondary_background_fill_hover": palette.tint,
        "button_secondary_border_color": palette.edge,
        "button_secondary_border_color_hover": palette.ink,
        "button_secondary_text_color": palette.ink,
        "button_secondary_text_color_hover": palette.ink,
        "button_cancel_background_fill": palette.surface,
        "button_cancel_background_fill_hover": palette.tint,
        "button_cancel_border_color": palette.alarm,
        "button_cancel_text_color": palette.alarm,
        "button_cancel_text_color_hover": palette.alarm,
    }
    fields = {
        "input_background_fill": palette.surface,
        "input_background_fill_focus": palette.surface,
        "input_background_fill_hover": palette.surface,
        "input_border_color": palette.edge,
        "input_border_color_focus": palette.ink,
        "input_border_color_hover": palette.ink,
        "input_placeholder_color": palette.quiet,
        "checkbox_background_color": palette.surface,
        "checkbox_background_color_hover": palette.tint,
        "checkbox_background_color_focus": palette.surface,
        "checkbox_background_color_selected": palette.accent,
        "checkbox_border_color": palette.edge,
        "checkbox_border_color_hover": palette.ink,
        "checkbox_border_color_focus": palette.ink,
        "checkbox_border_color_selected": palette.accent,
        "checkbox_label_background_fill": palette.surface,
        "checkbox_label_background_fill_hover": palette.tint,
        "checkbox_label_background_fill_selected": palette.tint,
        "checkbox_label_border_color": palette.line,
        "checkbox_label_text_color": palette.ink,
        "checkbox_label_text_color_selected": palette.ink,
        "slider_color": palette.accent,
        "loader_color": palette.accent,
        "error_text_color": palette.alarm,
        "error_icon_color": palette.alarm,
        "error_border_color": palette.alarm,
        "error_background_fill": palette.surface,
    }
    return {
        "body_background_fill": palette.paper,
        "body_text_color": palette.ink,
        "body_text_color_subdued": palette.quiet,
        "background_fill_primary": palette.surface,
        "background_fill_secondary": palette.tint,
        "border_color_primary": palette.line,
        "border_color_accent": palette.accent,
        "color_accent_soft": palette.tint,
        "link_text_color": palette.accent,
        "link_text_color_hover": palette.ink,
        "link_text_color_active": palette.ink,
        "link_text_color_visited": palette.accent,
        "block_background_fill": palette.surface,
        "block_border_color": palette.line,
        "block_info_text_color": palette.quiet,
        "block_label_background_fill": palette.surface,
        "block_label_border_color": palette.line,
        "block_label_text_color": palette.quiet,
        "block_title_text_color": palette.ink,
        "panel_background_fill": palette.surface,
        "panel_border_color": palette.line,
        "accordion_text_color": palette.ink,
        "table_text_color": palette.ink,
        "table_border_color": palette.line,
        "table_even_background_fill": palette.surface,
        "table_odd_background_fill": palette.paper,
        "code_background_fill": palette.tint,
        "stat_background_fill": palette.tint,
        **button,
        **fields,
    }


def _shapes() -> dict[str, str]:
    """Gradio's variables that are the same in both modes."""
    return {
        "body_text_size": "*text_md",
        "block_border_width": "0px",
        "block_shadow": "none",
        "block_shadow_dark": "none",
        "block_label_shadow": "none",
        "block_padding": "*spacing_lg",
        "block_title_text_weight": "500",
        "block_info_text_size": "*text_sm",
        "button_primary_shadow": "none",
        "button_secondary_shadow": "none",
        "button_large_text_weight": "500",
        "button_medium_text_weight": "500",
        "button_small_text_weight": "500",
        "button_border_width": "1px",
        "input_border_width": "1px",
        "input_shadow": "none",
        "input_shadow_focus": "none",
        "layout_gap": "*spacing_xxl",
        "prose_header_text_weight": "500",
    }


def css() -> str:
    """The style sheet of the page: our palettes as variables, then the rules."""
    light = "".join(f"--atelier-{name.replace('_', '-')}: {value}; " for name, value in vars(LIGHT).items())
    dark = "".join(f"--atelier-{name.replace('_', '-')}: {value}; " for name, value in vars(DARK).items())
    rules = re.sub(r"/\*.*?\*/", "", STYLES.read_text(encoding="utf-8"), flags=re.DOTALL)
    return _terse(f":root {{ {light}}}\n.dark {{ {dark}}}\n{rules}")


def script() -> str:
    """What runs once in the page."""
    return _terse(re.sub(r"(?m)^\s*//.*$", "", SCRIPT.read_text(encoding="utf-8")))


def _terse(text: str) -> str:
    """Lines without what only who writes them needs; the page carries them."""
    return re.sub(r"\s*\n\s*", "\n", text)
