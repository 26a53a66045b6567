"""Choosing among many pictures that a generator could draw: those that fit words best, and those that differ most.

A text-image model looks at a few hundred drawn pictures; what it saw is kept, so that the next wish costs only its own words.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engines import paths
from engines.curation.encoder import Encoder, encode_pictures, encode_prompts, prompt_value
from engines.curation.prompts import TEMPLATES, ensemble, prompt_list
from engines.errors import StudioError
from engines.exploration.sampling import draw
from engines.models.zoo import Generator
from engines.progress import Progress, silent
from engines.recipe import MAX_AMONG, Diverse, Find, Sample, family_value, truncation_value

AMONG = 500
AMONG_DIVERSE = 200
BATCH = 32
TYPICAL = 0.8
NEIGHBOURS = 5
SEEN = "seen-"


@dataclass(frozen=True)
class Candidates:
    """Pictures to choose among.

    Attributes:
        recipes: of each; vectors: what the encoder saw, unit length, shape (n, dimensions).
        encoder: its id.
    """

    recipes: tuple[Sample, ...]
    vectors: np.ndarray
    encoder: str


def candidate_recipes(
    generator: Generator, count: int, class_name: str | None = None, truncation: object = 1.0, first: int = 0
) -> tuple[Sample, ...]:
    """Recipes of seeds in a row; without a class, a model that has classes draws one after the other.

    Raises:
        StudioError: an impossible number, truncation or class.
    """
    card = generator.card
    if not isinstance(count, int) or not 1 <= count <= MAX_AMONG:
        raise StudioError(f"pictures are chosen among 1 to {MAX_AMONG:,}, got {count}: choose another number")
    if class_name is not None or not card.classes:
        card.class_index(class_name)
    psi = truncation_value(truncation)
    family = (card.name, card.weights_sha256, card.rights)
    classes = (class_name,) if class_name or not card.classes else card.classes
    return tuple(Sample(*family, first + place, psi, classes[place % len(classes)]) for place in range(count))


def look(generator: Generator, encoder: Encoder, recipes: Sequence[Sample]) -> Iterator[np.ndarray]:
    """What the encoder sees in pictures, a few at a time: unit vectors, shape (≤ 32, dimensions)."""
    for begin in range(0, len(recipes), BATCH):
        yield encode_pictures(encoder, list(draw(generator, recipes[begin : begin + BATCH]))).vectors


def gather(generator: Generator, encoder: Encoder, recipes: Sequence[Sample], progress: Progress = silent) -> Candidates:
    """Draw pictures and look at them, or remember what was seen before.

    Raises:
        StudioError: no pictures.
        Cancelled: when `progress` says so; nothing is kept then.
    """
    known = remembered(generator, encoder, recipes)
    if known is not None:
        progress(len(recipes), len(recipes), "remembering pictures")
        return known
    parts: list[np.ndarray] = []
    for part in look(generator, encoder, recipes):
        parts.append(part)
        progress(min(len(parts) * BATCH, len(recipes)), len(recipes), "looking at pictures")
    return remember(generator, encoder, recipes, np.concatenate(parts))


def remembered(generator: Generator, encoder: Encoder, recipes: Sequence[Sample]) -> Candidates | None:
    """Candidates that were looked at before, here or where the model comes from, by the same weights and the same text-image model."""
    name = _name(generator, encoder, recipes)
    beside = [folder / generator.card.name / f"{SEEN}{name}.npy" for folder in paths.model_folders()]
    path = next((path for path in (_cache() / f"{name}.npy", *beside) if path.exists()), None)
    if path is None:
        return None
    try:
        vectors = np.load(path).astype(np.float32)
    except (ValueError, OSError):
        return None
    fits = vectors.shape == (len(recipes), encoder.dimensions)
    return Candidates(tuple(recipes), vectors, encoder.model_id) if fits else None


def remember(generator: Generator, encoder: Encoder, recipes: Sequence[Sample], vectors: np.ndarray) -> Candidates:
    """Keep what was seen below `studio_home()`; the same precision is used at once and later."""
    half = vectors.astype(np.float16)
    _write(_cache() / f"{_name(generator, encoder, recipes)}.npy", half)
    return Candidates(tuple(recipes), half.astype(np.float32), encoder.model_id)


def write_seen(generator: Generator, encoder: Encoder, candidates: Candidates, folder: Path) -> Path:
    """Put what was seen beside a model, in place of what was seen of earlier weights; `remembered` finds it there.

    Returns:
        The file.
    """
    path = folder / f"{SEEN}{_name(generator, encoder, candidates.recipes)}.npy"
    _write(path, candidates.vectors.astype(np.float16))
    for earlier in folder.glob(f"{SEEN}*.npy"):
        if earlier != path:
            earlier.unlink()
    return path


def _write(path: Path, vectors: np.ndarray) -> None:
    with paths.replacing(path) as temporary, temporary.open("wb") as handle:
        np.save(handle, vectors)


def _cache() -> Path:
    return paths.studio_home() / "cache" / "candidates"


def _name(generator: Generator, encoder: Encoder, recipes: Sequence[Sample]) -> str:
    """Names what was looked at and by whom: another weight, seed or model gives another name."""
    wish = [(recipe.seed, recipe.truncation, recipe.class_name) for recipe in recipes]
    return hashlib.sha256(f"{generator.card.weights_sha256} {encoder.model_id} {wish}".encode()).hexdigest()[:24]


def find(candidates: Candidates, encoder: Encoder, words: str, count: int = 16) -> list[Find]:
    """The pictures that fit words best, the best first.

    Raises:
        StudioError: words that are empty or too long, or more pictures wanted than there are.
    """
    text = prompt_value(words)
    wanted = ensemble(encode_prompts(encoder, prompt_list([text], TEMPLATES)))
    order = np.argsort(-(candidates.vectors @ wanted), kind="stable")[: _at_most(count, candidates)]
    chosen = [candidates.recipes[place] for place in order]
    return [Find(*family_value([one]), one, text, candidates.encoder, len(candidates.recipes)) for one in chosen]


def diverse(candidates: Candidates, count: int = 16, typical: float = TYPICAL) -> list[Diverse]:
    """Pictures that differ most, the most typical first.

    The farthest picture of all is often a failure, so only the `typical` share that lies nearest to its neighbours may be chosen; among
    these each next picture is the one farthest from those chosen already.

    Raises:
        StudioError: more pictures wanted than there are.

    Source: Gonzalez, "Clustering to minimize the maximum intercluster distance", Theoretical Computer Science 38 (1985).
    """
    order = farthest(candidates.vectors, _at_most(count, candidates), typical)
    chosen = [candidates.recipes[place] for place in order]
    return [Diverse(*family_value([one]), one, candidates.encoder, len(candidates.recipes)) for one in chosen]


def farthest(vectors: np.ndarray, count: int, typical: float = TYPICAL, neighbours: int = NEIGHBOURS) -> list[int]:
    """Places of vectors that lie far apart, without those far from everything: unit vectors, shape (n, d) → `count` places.

    Args:
        typical: share of all, 0 to 1, that may be chosen: those nearest to their `neighbours` nearest.
    """
    distances = np.sqrt(np.maximum(2 - 2 * vectors @ vectors.T, 0))
    lonely = np.sort(distances, axis=1)[:, 1 : neighbours + 1].mean(axis=1)
    allowed = np.argsort(lonely, kind="stable")[: max(count, round(typical * len(vectors)))]
    inner = distances[np.ix_(allowed, allowed)]
    chosen = [int(inner.mean(axis=1).argmin())]
    nearest = inner[chosen[0]].copy()
    while len(chosen) < count:
        nearest[chosen] = -1
        chosen.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, inner[chosen[-1]])
    return [int(allowed[place]) for place in chosen]


def _at_most(count: int, candidates: Candidates) -> int:
    if not 1 <= count <= len(candidates.recipes):
        raise StudioError(f"{len(candidates.recipes)} pictures were looked at, got a wish for {count}: ask for fewer")
    return count
