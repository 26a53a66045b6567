"""A recipe says how a picture was made; it travels inside the PNG and draws the picture again."""

import hashlib
import json
import math
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image

from engines import imaging
from engines.errors import StudioError

FORMAT = 1
PNG_KEY = "atelier"
MAX_SEED = 2**63 - 1
MAX_TILES = 400
MAX_TRUNCATION = 2.0
MAX_PERCENT = 150.0
MAX_FEATHER = 5.0
MASKS = ("none", "auto", "drawn")
MAX_DRAWN = 180 * 2**10
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_WASH = re.compile(r"[a-z][a-z -]{0,30}|#[0-9a-f]{6}|")
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")


@dataclass(frozen=True)
class Sample:
    """One picture drawn from a seed.

    Attributes:
        model, weights: name of the model and sha256 of its weights file.
        rights: what may be done with the picture.
        seed: 0 to 2⁶³ - 1.
        truncation: ψ, 0 to 2.
        class_name: for a model with classes.
    """

    model: str
    weights: str
    rights: str
    seed: int
    truncation: float = 1.0
    class_name: str | None = None
    operation: str = "sample"


@dataclass(frozen=True)
class Blend:
    """One picture on the way between two seeds: `position` 0 is the first, 1 the second."""

    model: str
    weights: str
    rights: str
    seeds: tuple[int, int]
    position: float
    truncation: float = 1.0
    class_name: str | None = None
    operation: str = "blend"


@dataclass(frozen=True)
class Look:
    """How much of what the network drew is taken, in percent from 0 to 150, 100 being just that.

    Attributes:
        strength: of the whole; 0 gives the picture back.
        colour: of the change in hue and saturation; shading: of that in light and dark; texture: of what is finer than both.
        wash: the colour the new material gets: a name such as "indigo", "#rrggbb", or "" for what the network drew.
    """

    strength: float = 100.0
    colour: float = 100.0
    texture: float = 100.0
    shading: float = 100.0
    wash: str = ""


@dataclass(frozen=True)
class Mask:
    """Where a picture is swapped; outside it stays as it is.

    Attributes:
        kind: "none" for the whole picture, "auto" for the garment that `find_garment` finds, "drawn" for the mask in `drawn`.
        drawn: a grey PNG in base64, white where it is swapped; fitted to the picture.
        feather: width of the transition inside the outline, in percent of the picture's longer side, 0 to 5.
        inverted: what is inside becomes outside.
    """

    kind: str = "none"
    drawn: str = ""
    feather: float = 0.1
    inverted: bool = False


AS_DRAWN = Look()
EVERYWHERE = Mask()


@dataclass(frozen=True)
class Swap:
    """One picture translated to the class `target`.

    Attributes:
        input: sha256 of the file that went in.
        source: the recipe inside that file, if it had one; with it the swap can be drawn again without the file.
        look, mask: how much is changed, and where.
    """

    model: str
    weights: str
    rights: str
    target: str
    input: str
    source: "Recipe | None" = None
    look: Look = AS_DRAWN
    mask: Mask = EVERYWHERE
    operation: str = "swap"


@dataclass(frozen=True)
class Sheet:
    """Pictures side by side, row by row."""

    columns: int
    tiles: tuple["Recipe", ...]
    operation: str = "sheet"


Recipe = Sample | Blend | Swap | Sheet
_Part = TypeVar("_Part", Look, Mask)


def seed_value(value: object) -> int:
    """A seed given by anybody, checked.

    Raises:
        StudioError: not a whole number from 0 to 2⁶³ - 1.
    """
    whole = isinstance(value, int) and not isinstance(value, bool)
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        value, whole = int(value), True
    if not whole or not 0 <= value <= MAX_SEED:  # type: ignore[operator]
        raise StudioError(f"a seed is a whole number from 0 to {MAX_SEED}, got {str(value)[:40]}: choose another")
    return value  # type: ignore[return-value]


def truncation_value(value: object) -> float:
    """ψ given by anybody, checked.

    Raises:
        StudioError: not a finite number from 0 to 2.
    """
    return _number(value, "truncation", MAX_TRUNCATION)


def look_value(look: Look) -> Look:
    """A look given by anybody, checked.

    Raises:
        StudioError: an amount that is no number from 0 to 150, or a wash that is neither a name nor #rrggbb.
    """
    strength, colour, texture, shading = (
        _number(getattr(look, name), name, MAX_PERCENT) for name in ("strength", "colour", "texture", "shading")
    )
    wash = look.wash.strip().lower() if isinstance(look.wash, str) else "?"
    if not _WASH.fullmatch(wash):
        raise StudioError(f"a wash is a name such as indigo, or a colour such as #1f3a5f, got {str(look.wash)[:40]!r}: choose another")
    return Look(strength, colour, texture, shading, wash)


def mask_value(mask: Mask) -> Mask:
    """A mask given by anybody, checked; the picture in it is checked where it is opened.

    Raises:
        StudioError: an unknown kind, a drawing where there is to be none or none where there is to be one, or an impossible feather.
    """
    if mask.kind not in MASKS:
        raise StudioError(f"a mask is one of {', '.join(MASKS)}, got {str(mask.kind)[:40]!r}: choose one of these")
    drawn = isinstance(mask.drawn, str) and len(mask.drawn) <= MAX_DRAWN and bool(_BASE64.fullmatch(mask.drawn))
    if not drawn or (mask.kind == "drawn") != bool(mask.drawn) or not isinstance(mask.inverted, bool):
        raise StudioError("this mask is damaged or too large: draw it again")
    return Mask(mask.kind, mask.drawn, _number(mask.feather, "feather", MAX_FEATHER), mask.inverted)


def _number(value: object, name: str, high: float) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or not 0 <= value <= high:  # type: ignore[arg-type, operator]
        raise StudioError(f"{name} is a number from 0 to {high:g}, got {str(value)[:40]}: choose another")
    return float(value)  # type: ignore[arg-type]


def to_json(recipe: Recipe) -> str:
    """A recipe as JSON text with sorted keys."""
    return json.dumps({"format": FORMAT, **asdict(recipe)}, sort_keys=True, ensure_ascii=False)


def from_json(text: str) -> Recipe:
    """A recipe from JSON text of any origin, every field checked.

    Raises:
        StudioError: no recipe, one of a newer format, or a field with an impossible value.
    """
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise StudioError("this is not a recipe: the text is not JSON") from error
    return _parse(fields, depth=0)


def _parse(fields: Any, depth: int) -> Recipe:
    if not isinstance(fields, dict) or depth > 2:
        raise StudioError("this is not a recipe: it has another structure")
    if depth == 0 and fields.get("format") != FORMAT:
        raise StudioError(f"this recipe has the format {str(fields.get('format'))[:20]}, this Atelier reads {FORMAT}: update it")
    operation = fields.get("operation")
    if operation == "sheet":
        tiles = fields.get("tiles")
        if not isinstance(tiles, list) or not 1 <= len(tiles) <= MAX_TILES:
            raise StudioError(f"a sheet's recipe holds 1 to {MAX_TILES} pictures: this one cannot be drawn")
        columns = _whole(fields, "columns", 1, MAX_TILES)
        return Sheet(columns, tuple(_parse(tile, depth + 1) for tile in tiles))
    model = _text(fields, "model", _NAME)
    weights, rights = _text(fields, "weights", _SHA256), _text(fields, "rights")
    if operation == "swap":
        source = fields.get("source")
        nested = None if source is None else _parse(source, depth + 1)
        look, mask = look_value(_part(fields, "look", Look)), mask_value(_part(fields, "mask", Mask))
        return Swap(model, weights, rights, _text(fields, "target"), _text(fields, "input", _SHA256), nested, look, mask)
    truncation = truncation_value(fields.get("truncation"))
    class_name = None if fields.get("class_name") is None else _text(fields, "class_name")
    if operation == "sample":
        return Sample(model, weights, rights, seed_value(fields.get("seed")), truncation, class_name)
    if operation == "blend":
        seeds = fields.get("seeds")
        if not isinstance(seeds, list) or len(seeds) != 2:
            raise StudioError("a blend's recipe names two seeds: this one does not")
        position = fields.get("position")
        if not isinstance(position, int | float) or not 0 <= position <= 1:
            raise StudioError(f"a blend's position is a number from 0 to 1, got {str(position)[:40]}")
        pair = (seed_value(seeds[0]), seed_value(seeds[1]))
        return Blend(model, weights, rights, pair, float(position), truncation, class_name)
    raise StudioError(f"this recipe asks for {str(operation)[:40]!r}, which this Atelier does not know: update it")


def _part(fields: dict[str, Any], key: str, kind: type[_Part]) -> _Part:
    """A part of a recipe with fields of its own; its defaults where an earlier Atelier did not write it."""
    value = fields.get(key, {})
    if not isinstance(value, dict) or not set(value) <= set(kind.__dataclass_fields__):
        raise StudioError(f"this recipe's {key} has another structure: update Atelier")
    return kind(**value)


def _text(fields: dict[str, Any], key: str, pattern: re.Pattern[str] | None = None) -> str:
    value = fields.get(key)
    if not isinstance(value, str) or len(value) > 2000 or (pattern and not pattern.fullmatch(value)):
        raise StudioError(f"this recipe's {key} is {str(value)[:40]!r}, which cannot be: the recipe is damaged")
    return value


def _whole(fields: dict[str, Any], key: str, low: int, high: int) -> int:
    value = fields.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise StudioError(f"this recipe's {key} is {str(value)[:40]}, expected {low} to {high}: the recipe is damaged")
    return value


def save_with_recipe(picture: Image.Image, path: Path, recipe: Recipe) -> None:
    """Write a PNG with its recipe inside; it appears only when whole."""
    imaging.save_png(picture, path, {PNG_KEY: to_json(recipe)})


def read_recipe(path: Path) -> Recipe | None:
    """The recipe inside a PNG, or None when there is none.

    Raises:
        StudioError: not a picture, or its recipe is damaged.
    """
    imaging.safe_open(path)
    with Image.open(path, formats=imaging.FORMATS) as picture:
        picture.load()
        text = getattr(picture, "text", {}).get(PNG_KEY)
    return None if text is None else from_json(str(text))


def file_hash(path: Path) -> str:
    """sha256 of a file's bytes, in hexadecimal."""
    with Path(path).open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
