"""What the desk does to a picture, as values: each is one step of a recipe, and says nothing of how it is drawn."""

from dataclasses import dataclass, fields
from typing import Any, get_type_hints

from engines.errors import StudioError

MAX_COLOURS = 16
_MAX_TEXT = 40
_MAX_NUMBER = 2**31


@dataclass(frozen=True)
class Clearing:
    """A background taken away.

    Attributes:
        colour: "#rrggbb", cleared as far as it hangs together with the edge of the picture.
        tolerance: how far from it is still background, in hundredths of OKLab, above 0 and at most 50.
    """

    colour: str
    tolerance: float = 6.0


@dataclass(frozen=True)
class Shape:
    """A picture cut to a shape.

    Attributes:
        kind: a key of `engines.production.shapes.SHAPES`.
        softness: width of the fading edge in percent of the shorter side, 0 to 100.
        size: of the shape in percent of the largest that fits, 10 to 100.
    """

    kind: str = "circle"
    softness: float = 0.0
    size: float = 100.0


@dataclass(frozen=True)
class Colourway:
    """Colours "#rrggbb" that take the place of others, the first of the first."""

    old: tuple[str, ...]
    new: tuple[str, ...]


@dataclass(frozen=True)
class Repeat:
    """A picture as one repeat of a fabric.

    Attributes:
        layout: a key of `engines.production.repeat.LAYOUTS`.
        columns, rows: how many repeats are shown, 1 to 8 each.
    """

    layout: str = "straight"
    columns: int = 3
    rows: int = 3


@dataclass(frozen=True)
class Mockup:
    """How a graphic is shown on a garment.

    Attributes:
        garment: a key of `engines.production.garments.GARMENTS`; `look`: one of `LOOKS`; `colour`: a name of
            `engines.production.mockup.COLOURS`, or "#rrggbb".
        place: a key of `PLACES` of the garment.
        scale: size of the print in percent of the place's own, 5 to 200.
        across, down: millimetres from the place, to the right in the picture and down, up to 400 either way.
        rotation: degrees clockwise, -180 to 180.
        folds: how strong folds and wrinkles are, in percent, 0 to 150.
        seed: which folds, 0 to 2³¹ - 1.
        side: pixels of the square picture, 200 to 4096.
    """

    garment: str = "t-shirt"
    look: str = "worn"
    colour: str = "white"
    place: str = "chest"
    scale: float = 100.0
    across: float = 0.0
    down: float = 0.0
    rotation: float = 0.0
    folds: float = 100.0
    seed: int = 0
    side: int = 1200


@dataclass(frozen=True)
class PrintJob:
    """What a printer gets.

    Attributes:
        width, height: in millimetres after cutting.
        bleed: millimetres printed beyond on each side, 0 to 25.
        dpi: pixels an inch of the file, 50 to 1200.
        fit: "whole" shows all of the graphic inside the cut, "fill" fills cut and bleed and crops.
        mirrored: for transfers that are printed face down.
        marks: cutting marks around, in a PDF.
        paper: "#rrggbb" where the graphic leaves the page free; "" leaves it transparent.
    """

    width: float
    height: float
    bleed: float = 0.0
    dpi: int = 300
    fit: str = "whole"
    mirrored: bool = False
    marks: bool = False
    paper: str = ""


Step = Clearing | Shape | Colourway | Repeat | Mockup | PrintJob
STEPS: dict[str, type[Step]] = {
    "clearing": Clearing, "shape": Shape, "colourway": Colourway, "repeat": Repeat, "mockup": Mockup, "print": PrintJob,
}  # fmt: skip
"""Operation of a recipe → its values."""


def step_value(operation: str, given: Any) -> Step:
    """A step from JSON of any origin: every field known and of its type, numbers finite; ranges are checked where it is drawn.

    Raises:
        StudioError: a field that is missing, unknown, or of another kind.
    """
    kind = STEPS[operation]
    hints = get_type_hints(kind)
    if not isinstance(given, dict) or not set(given) <= set(hints):
        raise StudioError(f"this recipe's {operation} has another structure: update Atelier")
    values = {name: _typed(f"{operation} {name}", value, hints[name]) for name, value in given.items()}
    missing = [one.name for one in fields(kind) if one.name not in values and one.default is one.default_factory]
    if missing:
        raise StudioError(f"this recipe's {operation} does not say its {', '.join(missing)}: the recipe is damaged")
    return kind(**values)


def _typed(name: str, value: Any, kind: Any) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind in (int, float):
        right = number and abs(value) < _MAX_NUMBER and (kind is float or value == int(value))
    elif kind is bool:
        right = isinstance(value, bool)
    elif kind is str:
        right = isinstance(value, str) and len(value) <= _MAX_TEXT
    else:
        right = isinstance(value, list | tuple) and len(value) <= MAX_COLOURS
        right = right and all(isinstance(one, str) and len(one) <= _MAX_TEXT for one in value)
    if not right:
        raise StudioError(f"this recipe's {name} is {str(value)[:40]!r}, which cannot be: the recipe is damaged")
    return tuple(value) if isinstance(value, list) else kind(value) if number else value
