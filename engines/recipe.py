"""A recipe says how a picture was made; it travels inside the PNG and draws the picture again."""

import base64
import hashlib
import json
import math
import re
import struct
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image

from engines import imaging
from engines.errors import StudioError
from engines.finishing import STEPS, Step, step_value

FORMAT = 1
PNG_KEY = "atelier"
MAX_SEED = 2**63 - 1
MAX_TILES = 400
MAX_DEPTH = 12
MAX_TEXT = 512 * 2**10
MAX_TRUNCATION = 2.0
MAX_PERCENT = 150.0
MAX_FEATHER = 5.0
MASKS = ("none", "auto", "drawn")
MAX_DRAWN = 180 * 2**10
MAX_MIXED = 4
MAX_KEYFRAMES = 8
MAX_GENERATIONS = 40
MAX_ANCESTORS = 200
MAX_AMOUNT = 5.0
MAX_SHIFT = 64.0
MAX_WORDS = 300
MAX_AMONG = 10_000
MAX_FACTOR = 16.0
UNKNOWN_BEFORE = "Of the picture before it was enlarged: unknown."
EASINGS = ("even", "soft")
INHERITED = ("model", "weights", "rights")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_WASH = re.compile(r"[a-z][a-z -]{0,30}|#[0-9a-f]{6}|")
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")


@dataclass(frozen=True)
class OfWeights:
    """What every recipe of a picture that weights took part in says.

    Attributes:
        model, weights: name of the model and sha256 of its weights file.
        rights: what may be done with the picture.
    """

    model: str
    weights: str
    rights: str

    @property
    def family(self) -> tuple[str, str, str]:
        """Model, weights and rights."""
        return self.model, self.weights, self.rights


@dataclass(frozen=True)
class Sample(OfWeights):
    """One picture drawn from a seed.

    Attributes:
        seed: 0 to 2⁶³ - 1.
        truncation: ψ, 0 to 2.
        class_name: for a model with classes.
    """

    seed: int
    truncation: float = 1.0
    class_name: str | None = None
    operation: str = "sample"


@dataclass(frozen=True)
class Blend(OfWeights):
    """One picture on the way between two seeds: `position` 0 is the first, 1 the second. Still drawn, but a new way is a `Way`."""

    seeds: tuple[int, int]
    position: float
    truncation: float = 1.0
    class_name: str | None = None
    operation: str = "blend"


@dataclass(frozen=True)
class Vary(OfWeights):
    """A neighbour of a picture: its latent turned towards a direction that `seed` draws.

    Attributes:
        parent: the picture it began with, drawn by the same weights, as those of all operations below.
        strength: 0 the parent itself to 1, a quarter turn.
    """

    parent: "Drawn"
    seed: int
    strength: float
    operation: str = "vary"


@dataclass(frozen=True)
class Mix(OfWeights):
    """What two to four pictures have in the middle; `shares` say how much of each, and count relative to their sum."""

    parents: tuple["Drawn", ...]
    shares: tuple[float, ...]
    operation: str = "mix"


@dataclass(frozen=True)
class Layers(OfWeights):
    """The build of the first parent with the finish of the second: early layers take the one's latent, late layers the other's."""

    parents: tuple["Drawn", ...]
    operation: str = "layers"


@dataclass(frozen=True)
class Move:
    """How far along a direction that has a name, in standard deviations of the latent."""

    name: str
    amount: float


@dataclass(frozen=True)
class Steer(OfWeights):
    """A picture moved along directions.

    Attributes:
        moves: names and amounts, for people.
        shift: what is added to the latent, or to w: half-precision numbers, little-endian, in base64. It alone decides what is drawn, so
            that a recipe outlives the names.
    """

    parent: "Drawn"
    moves: tuple[Move, ...]
    shift: str
    operation: str = "steer"


@dataclass(frozen=True)
class Way(OfWeights):
    """One picture on the way through two to eight keyframes: `position` 0 is the first, 1 the last, or the first again in a loop.

    Attributes:
        easing: "even", or "soft": slow at each keyframe.
    """

    parents: tuple["Drawn", ...]
    position: float
    loop: bool = False
    easing: str = "even"
    operation: str = "way"


@dataclass(frozen=True)
class Find(OfWeights):
    """A picture that was chosen because it fits words best among many; `encoder` is the id of the model that read them."""

    parent: "Drawn"
    words: str
    encoder: str
    among: int
    operation: str = "find"


@dataclass(frozen=True)
class Diverse(OfWeights):
    """A picture that was chosen because it differs from the others chosen with it."""

    parent: "Drawn"
    encoder: str
    among: int
    operation: str = "diverse"


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
class Swap(OfWeights):
    """One picture translated to the class `target`.

    Attributes:
        input: sha256 of the file that went in.
        source: the recipe inside that file, if it had one; with it the swap can be drawn again without the file.
        look, mask: how much is changed, and where.
    """

    target: str
    input: str
    source: "Recipe | None" = None
    look: Look = AS_DRAWN
    mask: Mask = EVERYWHERE
    operation: str = "swap"


@dataclass(frozen=True)
class Enlarge(OfWeights):
    """A picture that an upscaler drew larger.

    Attributes:
        source: the recipe of the picture that was enlarged; nothing in it was enlarged before.
        factor: how many times as high and wide, above 1 and at most 16.
    """

    source: "Recipe"
    factor: float = 4.0
    operation: str = "enlarge"


@dataclass(frozen=True)
class Picture:
    """A picture that was not drawn here, known by the sha256 of its file: where the recipe of what was made of it begins."""

    input: str
    operation: str = "picture"


@dataclass(frozen=True)
class Finish:
    """One picture made of another on the desk.

    Attributes:
        operation: a key of `engines.finishing.STEPS`; `step`: its values.
        source: the recipe of the picture that it was made of.
    """

    operation: str
    step: Step
    source: "Recipe"


@dataclass(frozen=True)
class Sheet:
    """Pictures side by side, row by row."""

    columns: int
    tiles: tuple["Recipe", ...]
    operation: str = "sheet"


Drawn = Sample | Blend | Vary | Mix | Layers | Steer | Way | Find | Diverse
"""What one generator draws by itself."""
Recipe = Drawn | Swap | Enlarge | Picture | Finish | Sheet
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
    return number_value(value, "truncation", MAX_TRUNCATION)


def look_value(look: Look) -> Look:
    """A look given by anybody, checked.

    Raises:
        StudioError: an amount that is no number from 0 to 150, or a wash that is neither a name nor #rrggbb.
    """
    strength, colour, texture, shading = (
        number_value(getattr(look, name), name, MAX_PERCENT) for name in ("strength", "colour", "texture", "shading")
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
    return Mask(mask.kind, mask.drawn, number_value(mask.feather, "feather", MAX_FEATHER), mask.inverted)


def number_value(value: object, name: str, high: float, low: float = 0.0) -> float:
    """A number given by anybody, checked; `name` begins the sentence that refuses it.

    Raises:
        StudioError: not a finite number from `low` to `high`.
    """
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not low <= value <= high:  # type: ignore[operator]  # NaN is not
        raise StudioError(f"{name} is a number from {low:g} to {high:g}, got {str(value)[:40]}: choose another")
    return float(value)  # type: ignore[arg-type]


def to_json(recipe: Recipe) -> str:
    """A recipe as JSON text with sorted keys."""
    return json.dumps({"format": FORMAT, **_slim(asdict(recipe))}, sort_keys=True, ensure_ascii=False)


def _slim(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields of a recipe without what parents have from their children: model, weights and rights."""
    for part in (*fields.get("tiles", ()), fields.get("source")):
        if isinstance(part, dict):
            _slim(part)
    if fields.get("operation") in _DERIVED:
        for part in (*fields.get("parents", ()), *([fields["parent"]] if "parent" in fields else [])):
            for key in INHERITED:
                part.pop(key)
            _slim(part)
    return fields


def parents_of(recipe: Recipe) -> tuple[Recipe, ...]:
    """The recipes of the pictures that a picture was made of; none for one drawn from a seed."""
    if isinstance(recipe, Sheet):
        return recipe.tiles
    if isinstance(recipe, Finish | Enlarge):
        return (recipe.source,)
    if isinstance(recipe, Swap):
        return () if recipe.source is None else (recipe.source,)
    if isinstance(recipe, Blend):
        return ends_of(recipe)
    if isinstance(recipe, Mix | Layers | Way):
        return recipe.parents
    return (recipe.parent,) if isinstance(recipe, Vary | Steer | Find | Diverse) else ()


def ends_of(recipe: Blend) -> tuple[Sample, Sample]:
    """The two pictures between which a blend lies."""
    first, second = (Sample(*recipe.family, seed, recipe.truncation, recipe.class_name) for seed in recipe.seeds)
    return first, second


def ancestors(recipe: Recipe) -> int:
    """How many recipes a recipe holds, itself counted."""
    return 1 + sum(map(ancestors, parents_of(recipe)))


def family_value(parents: Sequence[Drawn]) -> tuple[str, str, str]:
    """Model, weights and rights that pictures have in common.

    Raises:
        StudioError: they are drawn by different weights, or have so many ancestors that a file could not carry them.
    """
    families = {parent.family for parent in parents}
    if len(families) != 1:
        raise StudioError(
            f"pictures of {' and '.join(sorted({parent.model for parent in parents}))} cannot meet: choose those of one model"
        )
    if sum(map(ancestors, parents)) >= MAX_ANCESTORS:
        raise StudioError(f"this picture would have more than {MAX_ANCESTORS} ancestors: begin with a new one")
    return families.pop()


def shift_text(numbers: Sequence[float]) -> str:
    """What is added to a latent, as a recipe holds it."""
    return base64.b64encode(struct.pack(f"<{len(numbers)}e", *numbers)).decode("ascii")


def shift_numbers(text: object) -> tuple[float, ...]:
    """The inverse of `shift_text`, of any origin.

    Raises:
        StudioError: no half-precision numbers within ±64.
    """
    if isinstance(text, str) and len(text) <= MAX_DRAWN and _BASE64.fullmatch(text) and len(text) % 4 == 0:
        packed = base64.b64decode(text)
        if packed and len(packed) % 2 == 0:
            numbers = struct.unpack(f"<{len(packed) // 2}e", packed)
            if all(abs(number) <= MAX_SHIFT for number in numbers):
                return numbers
    raise StudioError("this recipe's shift is damaged: move the picture along its directions again")


def from_json(text: str) -> Recipe:
    """A recipe from JSON text of any origin, every field checked.

    Raises:
        StudioError: no recipe, one of a newer format, or a field with an impossible value.
    """
    if len(text) > MAX_TEXT:
        raise StudioError(f"this is not a recipe: it has {len(text) // 1024} kB of text, more than the {MAX_TEXT // 1024} kB allowed")
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise StudioError("this is not a recipe: the text is not JSON") from error
    return _parse(fields, depth=0)


def _parse(fields: Any, depth: int) -> Recipe:
    if not isinstance(fields, dict) or depth > (2 if fields.get("operation") == "sheet" else MAX_DEPTH):
        raise StudioError("this is not a recipe: it has another structure")
    if depth == 0 and fields.get("format") != FORMAT:
        raise StudioError(f"this recipe has the format {str(fields.get('format'))[:20]}, this Atelier reads {FORMAT}: update it")
    operation = fields.get("operation")
    if operation == "sheet":
        tiles = fields.get("tiles")
        if not isinstance(tiles, list) or not 1 <= len(tiles) <= MAX_TILES:
            raise StudioError(f"a sheet's recipe holds 1 to {MAX_TILES} pictures: this one cannot be drawn")
        columns = _whole(fields, "columns", 1, MAX_TILES)
        parts = tuple(_parse(tile, depth + 1) for tile in tiles)
        if any(map(was_enlarged, parts)):
            raise StudioError("a sheet's pictures are not enlarged: this recipe cannot be drawn")
        return Sheet(columns, parts)
    if operation == "picture":
        return Picture(_text(fields, "input", _SHA256))
    if isinstance(operation, str) and operation in STEPS:
        return Finish(operation, step_value(operation, fields.get("step")), _parse(fields.get("source"), depth + 1))
    family = _text(fields, "model", _NAME), _text(fields, "weights", _SHA256), _text(fields, "rights")
    if operation == "swap":
        source = fields.get("source")
        nested = None if source is None else _parse(source, depth + 1)
        look, mask = look_value(_part(fields, "look", Look)), mask_value(_part(fields, "mask", Mask))
        return Swap(*family, _text(fields, "target"), _text(fields, "input", _SHA256), nested, look, mask)
    if operation == "enlarge":
        before = _parse(fields.get("source"), depth + 1)
        return Enlarge(*family, not_enlarged(before), factor_value(fields.get("factor")))
    return _parse_drawn(fields, family, generation=0)


def factor_value(factor: object) -> float:
    """How many times larger, given by anybody, checked.

    Raises:
        StudioError: not a number above 1 and at most 16.
    """
    number = isinstance(factor, int | float) and not isinstance(factor, bool)
    if not number or not 1 < factor <= MAX_FACTOR:  # type: ignore[operator]
        raise StudioError(f"a graphic is enlarged more than 1 and up to {MAX_FACTOR:g} times, got {str(factor)[:20]}: choose such a number")
    return float(factor)  # type: ignore[arg-type]


def was_enlarged(recipe: Recipe) -> bool:
    """Whether an upscaler had to do with a picture."""
    return isinstance(recipe, Enlarge) or any(map(was_enlarged, parents_of(recipe)))


def not_enlarged(recipe: Recipe) -> Recipe:
    """A recipe that may be enlarged.

    Raises:
        StudioError: it was enlarged already; what was invented would be invented upon.
    """
    if was_enlarged(recipe):
        raise StudioError("this picture was enlarged already: enlarge the one before by a larger factor")
    return recipe


def _parse_drawn(fields: dict[str, Any], family: tuple[str, str, str], generation: int) -> Drawn:
    """A recipe of what one generator draws; parents have the model, weights and rights of their child."""
    if not isinstance(fields, dict) or generation > MAX_GENERATIONS:
        raise StudioError("this is not a recipe: it has another structure")
    operation = fields.get("operation")
    if operation in _DERIVED:
        return _parse_derived(str(operation), fields, family, generation)
    truncation = truncation_value(fields.get("truncation"))
    class_name = None if fields.get("class_name") is None else _text(fields, "class_name")
    if operation == "sample":
        return Sample(*family, seed_value(fields.get("seed")), truncation, class_name)
    if operation == "blend":
        seeds = fields.get("seeds")
        if not isinstance(seeds, list) or len(seeds) != 2:
            raise StudioError("a blend's recipe names two seeds: this one does not")
        position = number_value(fields.get("position"), "a blend's position", 1.0)
        pair = (seed_value(seeds[0]), seed_value(seeds[1]))
        return Blend(*family, pair, position, truncation, class_name)
    raise StudioError(f"this recipe asks for {str(operation)[:40]!r}, which this Atelier does not know: update it")


def _parse_derived(operation: str, fields: dict[str, Any], family: tuple[str, str, str], generation: int) -> Drawn:
    """A recipe that was made of others; those are parsed first."""
    kind, least, most = _DERIVED[operation]
    given = fields.get("parents") if most > 1 else [fields.get("parent")]
    if not isinstance(given, list) or not least <= len(given) <= most:
        raise StudioError(f"this recipe for {operation} names its pictures wrongly: it is damaged")
    parents = tuple(_parse_drawn(part, family, generation + 1) for part in given)
    family_value(parents)
    if kind is Vary:
        return Vary(*family, parents[0], seed_value(fields.get("seed")), number_value(fields.get("strength"), "strength", 1.0))
    if kind is Mix:
        return Mix(*family, parents, shares_value(fields.get("shares"), len(parents)))
    if kind is Layers:
        return Layers(*family, parents)
    if kind is Steer:
        shift = fields.get("shift")
        shift_numbers(shift)
        return Steer(*family, parents[0], _moves(fields.get("moves")), str(shift))
    if kind is Way:
        loop, easing = fields.get("loop"), fields.get("easing")
        if not isinstance(loop, bool) or easing not in EASINGS:
            raise StudioError("this recipe's way is damaged: walk it again")
        return Way(*family, parents, number_value(fields.get("position"), "position", 1.0), loop, str(easing))
    among, encoder = _whole(fields, "among", 1, MAX_AMONG), _text(fields, "encoder")
    if kind is Find:
        return Find(*family, parents[0], _text(fields, "words")[:MAX_WORDS], encoder, among)
    return Diverse(*family, parents[0], encoder, among)


def shares_value(shares: object, count: int) -> tuple[float, ...]:
    """Shares given by anybody, checked.

    Raises:
        StudioError: not `count` numbers from 0 to 1, or all of them 0.
    """
    if not isinstance(shares, list | tuple) or len(shares) != count:
        raise StudioError(f"a mix of {count} pictures needs {count} shares, got {str(shares)[:40]}: give one for each")
    found = tuple(number_value(share, "a share", 1.0) for share in shares)
    if not any(found):
        raise StudioError("all shares of this mix are 0: give one picture more")
    return found


def _moves(given: object) -> tuple[Move, ...]:
    if not isinstance(given, list) or not 1 <= len(given) <= 32 or not all(isinstance(move, dict) for move in given):
        raise StudioError("this recipe's moves are damaged: move the picture along its directions again")
    return tuple(Move(_text(move, "name")[:80], number_value(move.get("amount"), "an amount", MAX_AMOUNT, -MAX_AMOUNT)) for move in given)


_DERIVED: dict[str, tuple[type, int, int]] = {
    "vary": (Vary, 1, 1),
    "mix": (Mix, 2, MAX_MIXED),
    "layers": (Layers, 2, 2),
    "steer": (Steer, 1, 1),
    "way": (Way, 2, MAX_KEYFRAMES),
    "find": (Find, 1, 1),
    "diverse": (Diverse, 1, 1),
}
"""Operations on pictures of one generator: kind, and how many parents at least and at most."""


def after(recipe: Recipe, step: Step) -> Finish:
    """The recipe of what a step of the desk makes of a picture.

    Raises:
        StudioError: as `deepened`.
    """
    [operation] = [name for name, kind in STEPS.items() if isinstance(step, kind)]
    return Finish(operation, step, deepened(recipe))


def deepened(recipe: Recipe) -> Recipe:
    """A recipe to which one more operation may be done.

    Raises:
        StudioError: a recipe with one more could not be read again.
    """
    if depth_of(recipe) >= MAX_DEPTH:
        raise StudioError(f"this graphic has gone through {MAX_DEPTH} steps, and its recipe holds no more: go on from an earlier one")
    return recipe


def depth_of(recipe: Recipe) -> int:
    """How many operations lie one upon the other, 0 for a picture that one generator drew, by whatever ways, or that was given."""
    return 0 if isinstance(recipe, Drawn) else max((1 + depth_of(parent) for parent in parents_of(recipe)), default=0)


def rights_of(recipe: Recipe | None) -> list[str]:
    """The rights of all weights that took part, each once; a picture from elsewhere names none."""
    if recipe is None:
        return []
    earlier = [rights for parent in parents_of(recipe) for rights in rights_of(parent)]
    if isinstance(recipe, Enlarge):  # what the upscaler allows says nothing of the picture that it was given
        return [*(earlier or [UNKNOWN_BEFORE]), f"Enlarged by {recipe.model}: {recipe.rights}"]
    own = [recipe.rights] if isinstance(recipe, OfWeights) else []
    return list(dict.fromkeys([*own, *earlier]))


def given_pictures(recipe: Recipe) -> list[str]:
    """sha256 of every file that a recipe begins with and cannot draw itself, each once."""
    if isinstance(recipe, Picture) or (isinstance(recipe, Swap) and recipe.source is None):
        return [recipe.input]
    return list(dict.fromkeys(found for parent in parents_of(recipe) for found in given_pictures(parent)))


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
