"""How a picture becomes what is scored, shown and trained on: one frame for a whole collection, frozen when it is chosen."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from PIL import Image

from engines import imaging
from engines.errors import StudioError

KINDS = ("centre rectangle", "centre square", "pad", "whole")
MAX_SIZE = 1024
WIDEST = 100.0
ASPECT_DIGITS = 4


@dataclass(frozen=True)
class Frame:
    """What of each picture is kept, and at which size.

    Attributes:
        kind: "centre rectangle" crops every picture to one aspect ratio around its centre and squeezes that to a square, so that no
            picture is distorted relative to another; "centre square" crops to a square; "pad" keeps the whole picture on a square of
            one colour; "whole" keeps the picture and its own aspect.
        size: side of the square in pixels, 1 to 1024. Of "whole" the longest side allowed (never enlarged to), or 0 for any.
        aspect: width / height of the centre rectangle, 4 digits; 1 for the other kinds.
        colour: RGB of what "pad" adds.

    Raises:
        StudioError: a value is out of its range.
    """

    kind: str
    size: int
    aspect: float = 1.0
    colour: tuple[int, int, int] = imaging.WHITE

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise StudioError(f"a frame is {', '.join(KINDS[:-1])} or {KINDS[-1]}, got {str(self.kind)[:40]!r}: choose one of these")
        smallest = 0 if self.kind == "whole" else 1
        if not _is_integer(self.size) or not smallest <= self.size <= MAX_SIZE:
            raise StudioError(f"the size of a frame is {smallest} to {MAX_SIZE} pixels, got {str(self.size)[:40]}: choose another")
        number = isinstance(self.aspect, int | float) and not isinstance(self.aspect, bool)
        if not number or not 1 / WIDEST <= self.aspect <= WIDEST:
            raise StudioError(
                f"the aspect of a frame is a width / height from {1 / WIDEST:g} to {WIDEST:g}, got {str(self.aspect)[:40]}: choose another"
            )
        colour = tuple(self.colour)
        if len(colour) != 3 or not all(_is_integer(value) and 0 <= value <= 255 for value in colour):
            raise StudioError(f"the colour of a frame is three numbers from 0 to 255, got {str(self.colour)[:40]}: choose another")
        aspect = round(float(self.aspect), ASPECT_DIGITS) if self.kind == "centre rectangle" else 1.0
        object.__setattr__(self, "aspect", aspect)
        object.__setattr__(self, "colour", colour if self.kind == "pad" else imaging.WHITE)

    def apply(self, picture: Image.Image) -> Image.Image:
        """The framed picture: the same pixels wherever it is scored, shown or exported.

        Args:
            picture: as `imaging.safe_open` gives it.

        Returns:
            `size` × `size` pixels; of "whole" the picture itself, reduced when a side is longer than `size`.
        """
        if self.kind == "centre rectangle":
            return imaging.centre_rectangle(picture, self.size, self.aspect)
        if self.kind == "centre square":
            return imaging.centre_square(picture, self.size)
        if self.kind == "pad":
            return imaging.letterbox(picture, self.size, self.colour)
        factor = self.size / max(picture.size)
        if not self.size or factor >= 1:
            return picture
        reduced = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
        return picture.resize(reduced, Image.Resampling.LANCZOS)

    def enlarges(self, width: int, height: int) -> bool:
        """Whether a picture of this many pixels is enlarged in either direction, which adds blur and no detail."""
        if self.kind == "whole":
            return False
        if self.kind == "pad":
            return max(width, height) < self.size
        return min(width, round(height * self.aspect)) < self.size or min(height, round(width / self.aspect)) < self.size

    def sentence(self) -> str:
        """The frame in words, such as "centre rectangle 1.50:1, squeezed to 256 × 256"."""
        if self.kind == "whole":
            return f"whole, at most {self.size} pixels a side" if self.size else "whole, as it came"
        if self.kind == "pad":
            return f"padded with #{bytes(self.colour).hex()} to {self.size} × {self.size}"
        shape = f"centre rectangle {self.aspect:.2f}:1, squeezed" if self.kind == "centre rectangle" else "centre square, reduced"
        return f"{shape} to {self.size} × {self.size}"

    def key(self) -> str:
        """A short name that differs when the pixels may differ, such as "rectangle-1.5-256": part of the key of a vector."""
        kind = self.kind.removeprefix("centre ")
        extra = {"centre rectangle": f"-{self.aspect:g}", "pad": f"-{bytes(self.colour).hex()}"}.get(self.kind, "")
        return f"{kind}{extra}-{self.size}"

    def as_json(self) -> dict[str, Any]:
        """`{kind, size, aspect, colour}`: what is frozen with a collection and written into a manifest."""
        return asdict(self) | {"colour": list(self.colour)}

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> "Frame":
        """The frame that `as_json` wrote.

        Raises:
            StudioError: a value is missing or out of its range.
        """
        try:
            colour = tuple(entry.get("colour", imaging.WHITE))
            return cls(entry["kind"], entry["size"], entry.get("aspect", 1.0), colour)
        except (KeyError, TypeError) as error:
            raise StudioError(f"a frame needs a kind and a size, got {str(entry)[:80]}: choose the frame again") from error


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def median_aspect(sizes: Iterable[tuple[int, int]]) -> float:
    """Median aspect ratio (width / height) of pictures, for the centre rectangle.

    Of an even number of pictures it is the geometric mean of the two in the middle, so that a portrait and the landscape of the same
    shape meet at a square, and turning all pictures turns the median.

    Args:
        sizes: (width, height) of each picture as shown.

    Raises:
        StudioError: no pictures, or a side without pixels.
    """
    pairs = list(sizes)
    if not pairs or any(width < 1 or height < 1 for width, height in pairs):
        raise StudioError("a median aspect needs at least one picture, each with pixels: add pictures first")
    aspect = math.exp(float(np.median([math.log(width / height) for width, height in pairs])))
    return round(min(max(aspect, 1 / WIDEST), WIDEST), ASPECT_DIGITS)


def frame_of(kind: str, size: int, sizes: Iterable[tuple[int, int]], colour: tuple[int, int, int] = imaging.WHITE) -> Frame:
    """A frame for pictures of these sizes: a centre rectangle takes their median aspect.

    Raises:
        StudioError: an unknown kind, an impossible size or colour, or a centre rectangle of no pictures.
    """
    return Frame(kind, size, median_aspect(sizes) if kind == "centre rectangle" else 1.0, colour)
