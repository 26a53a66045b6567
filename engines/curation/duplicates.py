"""The same picture twice: copies of a file, of its pixels, of its look in any orientation, or of its meaning; one of each group stays."""

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from PIL import Image

from engines import imaging
from engines.curation.reading import read_each
from engines.errors import StudioError
from engines.progress import Progress, silent
from engines.recipe import file_hash

SIDE = 32
WAVES = 16
COLOURS = 8
PLAINEST = 400.0
LIKENESS = 0.94
COLOUR_LIMIT = 10.0
SIMILARITY = 0.97
SAME_FILE, SAME_PIXELS, NEAR, SIMILAR = "same file", "same pixels", "near", "similar vectors"

_SKETCH = 64
_SAMPLE = 4096
_FIRST_BLOCK = 16
_BLOCK = 1024
_COLUMNS = 8192
_PAIRS = 16384
_SLACK = 1e-4


def _waves() -> tuple[np.ndarray, np.ndarray]:
    """Row and column of each coefficient of a look: the lower left triangle of the cosine transform without its mean."""
    rows, columns = np.nonzero(np.add.outer(np.arange(WAVES), np.arange(WAVES)) <= WAVES)
    return rows[1:], columns[1:]


_ROWS, _COLUMNS_OF = _waves()
_STEPS = np.arange(SIDE)
_COSINES = np.cos(np.pi * (2 * _STEPS + 1) * _STEPS[:WAVES, None] / (2 * SIDE)) * np.sqrt(2 / SIDE)


def _orientations() -> tuple[np.ndarray, np.ndarray]:
    """How the coefficients move and change sign when a picture is turned or mirrored: places and signs, each shape (8, waves).

    A mirrored picture has the signs of its odd waves changed, a transposed one rows and columns exchanged.
    """
    place = {(row, column): index for index, (row, column) in enumerate(zip(_ROWS.tolist(), _COLUMNS_OF.tolist(), strict=True))}
    same = np.arange(len(_ROWS))
    transposed = np.array([place[column, row] for row, column in zip(_ROWS.tolist(), _COLUMNS_OF.tolist(), strict=True)])
    places, signs = [], []
    for order in (same, transposed):
        for upside_down in (1, -1):
            for mirrored in (1, -1):
                places.append(order)
                signs.append(np.power(upside_down, _ROWS) * np.power(mirrored, _COLUMNS_OF))
    return np.array(places), np.array(signs, dtype=np.float32)


_PLACES, _SIGNS = _orientations()
_PARTNER = _PLACES[4]


@dataclass(frozen=True)
class Appearance:
    """What is remembered of a picture to find it again: about 800 bytes.

    Attributes:
        file: sha256 of the file.
        pixels: sha256 of the decoded size and pixels, so that another encoding without loss is the same.
        width, height: as shown.
        waves: its look: low cosine waves of its brightness on a 32 × 32 grid, weighted by their frequency, as a unit vector, shape
            (waves,), float32. That is a perceptual hash before it is cut to bits. A nearly plain picture has no look: its vector is
            shorter, and nothing is near it.
        colours: mean colours on an 8 × 8 grid, shape (8, 8, 3), uint8: another colourway of one design is another picture.
    """

    file: str
    pixels: str
    width: int
    height: int
    waves: np.ndarray
    colours: np.ndarray


@dataclass(frozen=True)
class Copy:
    """A picture that repeats the kept one of its group.

    Attributes:
        picture: its id.
        how: "same file", "same pixels", "near" or "similar vectors".
        likeness: cosine with the kept picture's look (of "similar vectors": with its vector); 1 for the same pixels.
    """

    picture: int
    how: str
    likeness: float


@dataclass(frozen=True)
class Group:
    """The picture that stays, and its copies in the order of their ids."""

    kept: int
    copies: tuple[Copy, ...]


def appearance(path: Path) -> Appearance:
    """Look at a picture file once.

    Raises:
        StudioError: it cannot be opened.
    """
    picture = imaging.safe_open(path)
    digest = hashlib.sha256(f"{picture.mode} {picture.width} {picture.height} ".encode())
    digest.update(picture.tobytes())
    small = np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BOX), dtype=np.float64)
    cell = SIDE // COLOURS
    colours = np.rint(small.reshape(COLOURS, cell, COLOURS, cell, 3).mean(axis=(1, 3))).astype(np.uint8)
    grey = small @ np.array([0.299, 0.587, 0.114])
    waves = (_COSINES @ grey @ _COSINES.T)[_ROWS, _COLUMNS_OF] * np.hypot(_ROWS, _COLUMNS_OF)
    waves /= max(float(np.linalg.norm(waves)), PLAINEST)
    return Appearance(file_hash(path), digest.hexdigest(), picture.width, picture.height, waves.astype(np.float32), colours)


def appearances(
    paths: Mapping[int, Path], progress: Progress = silent
) -> tuple[dict[int, Appearance], dict[int, str]]:  # fmt: skip
    """Look at picture files: what was seen, and the reason for each that cannot be opened, both by id.

    Raises:
        StudioError: no pictures, or none that can be opened.
        Cancelled: when `progress` says so.
    """
    seen: dict[int, Appearance] = {}
    failed: dict[int, str] = {}
    for number, found in zip(paths, read_each(list(paths.values()), appearance, progress, "looking for duplicates"), strict=True):
        if isinstance(found, StudioError):
            failed[number] = str(found)
        else:
            seen[number] = found
    if not seen:
        reason = (
            f"none of the {len(paths)} pictures can be read; the first says: {next(iter(failed.values()))}" if failed else "no pictures"
        )
        raise StudioError(f"there is nothing to compare: {reason}")
    return seen, failed


def find_duplicates(
    seen: Mapping[int, Appearance],
    likeness: float = LIKENESS,
    colour_limit: float = COLOUR_LIMIT,
    vectors: Mapping[int, np.ndarray] | None = None,
    similarity: float = SIMILARITY,
    progress: Progress = silent,
) -> tuple[Group, ...]:
    """Groups of the same picture: in each the largest stays (then the one with the smallest id), whatever the order of `seen`.

    Every copy is like the picture that stays, not merely like another copy, so that groups never chain from one picture to a different
    one. No matrix of all pairs is held.

    Args:
        seen: appearances by id; ids rise in the order of arrival.
        likeness: cosine of two looks, in the best of the eight orientations, from which they are the same picture.
        colour_limit: root of the mean squared difference of their colours, in levels of 255, up to which they are the same picture.
        vectors: unit vectors by id, of an encoder; pictures at a cosine of `similarity` or more are copies too.

    Returns:
        Groups of two or more, in the order of the ids that stay.

    Raises:
        StudioError: an impossible limit.
        Cancelled: when `progress` says so.
    """
    fraction_value("likeness", likeness)
    fraction_value("similarity", similarity)
    if not (math.isfinite(colour_limit) and 0 <= colour_limit <= 255):
        raise StudioError(f"the colour limit is 0 to 255 levels, got {colour_limit}: choose another")
    order = sorted(seen, key=lambda number: (-seen[number].width * seen[number].height, number))
    first: dict[str, int] = {}
    for number in order:
        first.setdefault(seen[number].pixels, number)
    unique = list(first.values())
    relations: list[_Relation] = [_Looks([seen[number] for number in unique], likeness, colour_limit)]
    if vectors is not None:
        relations.append(_Vectors(unique, vectors, similarity))
    stays = _leaders(relations, len(unique), progress)
    leader_of = {unique[place]: (unique[leader], how, value) for place, (leader, how, value) in stays.items()}
    members: dict[int, list[Copy]] = {}
    for number in order:
        original = first[seen[number].pixels]
        leader, how, value = leader_of.get(original, (original, SAME_PIXELS, 1.0))
        if number == leader:
            continue
        if leader == original:
            how = SAME_FILE if seen[number].file == seen[leader].file else SAME_PIXELS
        members.setdefault(leader, []).append(Copy(number, how, round(value, 4)))
    return tuple(Group(kept, tuple(sorted(members[kept], key=lambda copy: copy.picture))) for kept in sorted(members))


def fraction_value(name: str, value: object) -> float:
    """A cosine from which pictures count as the same, given by anybody.

    Raises:
        StudioError: not a number above 0 and at most 1.
    """
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not number or not 0 < value <= 1:  # type: ignore[operator]
        raise StudioError(f"the {name} is a cosine above 0 and at most 1, got {str(value)[:40]}: choose another")
    return float(value)  # type: ignore[arg-type]


def dropped(groups: Sequence[Group], names: Mapping[int, str]) -> dict[int, str]:
    """Why each copy leaves, by id: what a catalogue's filter "duplicates" takes."""
    return {copy.picture: f"{copy.how} as {names[group.kept]}" for group in groups for copy in group.copies}


def as_json(groups: Sequence[Group], names: Mapping[int, str]) -> list[dict[str, Any]]:
    """`[{kept, copies: [{name, how, likeness}]}]`, with the names of the pictures."""
    return [
        {
            "kept": names[group.kept],
            "copies": [{"name": names[copy.picture], "how": copy.how, "likeness": copy.likeness} for copy in group.copies],
        }
        for group in groups
    ]


class _Relation(Protocol):
    """A way in which two pictures can be the same.

    Attributes:
        how: its name.
        sketches: few numbers a picture, shape (n, k), float32, whose dot product is never below the exact likeness of two pictures.
        least: the likeness from which two are the same.
    """

    how: str
    sketches: np.ndarray
    least: float

    def exact(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Likeness of pairs of places, shape (pairs,); below `least` when something else tells them apart."""
        ...


class _Looks:
    """Looks are compared in eight orientations.

    Turning a picture exchanges and negates coefficients. So the magnitudes of (u, v) and (v, u), sorted, are the same in all eight, and
    by the rearrangement inequality their dot product is at least that of the looks in the best orientation.
    """

    how = NEAR

    def __init__(self, seen: Sequence[Appearance], least: float, colour_limit: float) -> None:
        self.least = least
        self._waves = np.stack([one.waves for one in seen])
        self._colours = np.stack([one.colours for one in seen])
        self._colour_limit = colour_limit
        size = np.abs(self._waves)
        other = size[:, _PARTNER]
        self.sketches = _sketched(np.where(_ROWS <= _COLUMNS_OF, np.maximum(size, other), np.minimum(size, other)))

    def exact(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        ours, theirs = self._waves[left], self._waves[right]
        cosines = np.stack([(ours * theirs[:, place] * sign).sum(axis=1) for place, sign in zip(_PLACES, _SIGNS, strict=True)])
        turn = cosines.argmax(axis=0)
        likeness = cosines.max(axis=0)
        likeness[self._colour_difference(left, right, turn) > self._colour_limit] = -1
        return likeness

    def _colour_difference(self, left: np.ndarray, right: np.ndarray, turn: np.ndarray) -> np.ndarray:
        ours, theirs = self._colours[left].astype(np.float32), self._colours[right].astype(np.float32)
        theirs[turn >= 4] = theirs[turn >= 4].swapaxes(1, 2)
        upside_down, mirrored = turn // 2 % 2 == 1, turn % 2 == 1
        theirs[upside_down] = theirs[upside_down, ::-1]
        theirs[mirrored] = theirs[mirrored, :, ::-1]
        return np.sqrt(np.square(ours - theirs).mean(axis=(1, 2, 3)))


class _Vectors:
    """Unit vectors of an encoder; a picture without one is like no other."""

    how = SIMILAR

    def __init__(self, order: Sequence[int], vectors: Mapping[int, np.ndarray], least: float) -> None:
        self.least = least
        width = len(next(iter(vectors.values()))) if vectors else 1
        none = np.zeros(width, dtype=np.float32)
        self._vectors = np.nan_to_num(np.stack([vectors.get(number, none) for number in order]).astype(np.float32))
        self.sketches = _sketched(self._vectors)

    def exact(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        return (self._vectors[left] * self._vectors[right]).sum(axis=1)


def _sketched(vectors: np.ndarray) -> np.ndarray:
    """Vectors on their 64 main axes, and the length of the rest: by the Cauchy-Schwarz inequality dot products never get smaller."""
    if vectors.shape[1] <= _SKETCH + 1:
        return vectors
    sample = vectors[:: max(1, len(vectors) // _SAMPLE)].astype(np.float64)
    _, axes = np.linalg.eigh(sample.T @ sample)
    main = vectors @ axes[:, -_SKETCH:].astype(np.float32)
    rest = np.sqrt(np.maximum(np.square(vectors).sum(axis=1) - np.square(main).sum(axis=1), 0))
    return np.column_stack([main, rest]).astype(np.float32)


def _leaders(relations: Sequence[_Relation], count: int, progress: Progress) -> dict[int, tuple[int, str, float]]:
    """Go through places in order: one that is not taken yet stays, and takes all later ones that are the same as it.

    Blocks begin small, so that thousands of copies of one picture are gone before a large block meets them.

    Returns:
        (leader, how, likeness) of each place that is taken.
    """
    taken: dict[int, tuple[int, str, float]] = {}
    left = np.arange(count)
    size = _FIRST_BLOCK
    while len(left):
        progress(count - len(left), count, "comparing pictures")
        block = left[:size]
        followers: dict[int, list[tuple[int, str, float]]] = {}
        for relation in relations:
            for leader, follower, likeness in _pairs(relation, block, left):
                followers.setdefault(leader, []).append((follower, relation.how, likeness))
        for leader in block.tolist():
            if leader not in taken:
                for follower, how, likeness in followers.get(leader, []):
                    taken.setdefault(follower, (leader, how, likeness))
        left = left[size:]
        left = left[[place not in taken for place in left.tolist()]]
        size = min(2 * size, _BLOCK)
    progress(count, count, "comparing pictures")
    return taken


def _pairs(relation: _Relation, block: np.ndarray, others: np.ndarray) -> Iterator[tuple[int, int, float]]:
    """(place in the block, later place, likeness) of all pairs that are the same; `others` begins with the block."""
    ours = relation.sketches[block]
    for start in range(0, len(others), _COLUMNS):
        columns = others[start : start + _COLUMNS]
        rows, hits = np.nonzero(ours @ relation.sketches[columns].T >= relation.least - _SLACK)
        later = columns[hits] > block[rows]
        left, right = block[rows[later]], columns[hits[later]]
        for begin in range(0, len(left), _PAIRS):
            pair = left[begin : begin + _PAIRS], right[begin : begin + _PAIRS]
            likeness = relation.exact(*pair)
            for place in np.flatnonzero(likeness >= relation.least - 1e-6).tolist():
                yield int(pair[0][place]), int(pair[1][place]), min(1.0, float(likeness[place]))
