"""From recipes to pictures: a seed is a picture, whatever is drawn beside it.

Each picture takes its latent and its noise from its own CPU generator, and chunks have one fixed size, padded where needed, so that
neighbours and the size of a batch never matter.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from PIL import Image
from torch import Tensor

from engines import compute, imaging
from engines.compute import Numerics
from engines.errors import StudioError
from engines.exploration.interpolation import positions, slerp
from engines.exploration.truncation import truncate
from engines.models.zoo import DrawingNetwork, Generator
from engines.progress import Progress, silent
from engines.recipe import Blend, Sample, seed_value, truncation_value

MAX_FRAMES = 600


@dataclass(frozen=True)
class Point:
    """Where a picture is drawn: latent, shape (dim,), and noise maps, shape (1, size, size) each, float32 on the CPU."""

    latent: Tensor
    noise: tuple[Tensor, ...]


def seeded_point(generator: Generator, seed: int) -> Point:
    """The point of a seed: a function of the seed and of the network's sizes alone."""
    random = torch.Generator("cpu").manual_seed(seed)
    latent = torch.randn(generator.network.latent_dim, generator=random)
    noise = tuple(torch.randn(1, size, size, generator=random) for size in generator.network.noise_sizes)
    return Point(latent, noise)


def blended_points(generator: Generator, seeds: tuple[int, int], at: Tensor) -> list[Point]:
    """Points between two seeds at positions `at`, shape (frames,): latent and noise each along its great circle."""
    first, second = (seeded_point(generator, seed) for seed in seeds)
    latents = slerp(first.latent, second.latent, at)
    maps = [
        slerp(start.flatten(), end.flatten(), at).reshape(len(at), *start.shape)
        for start, end in zip(first.noise, second.noise, strict=True)
    ]
    return [Point(latents[frame], tuple(level[frame] for level in maps)) for frame in range(len(at))]


def sample_recipes(generator: Generator, seeds: Iterable[object], class_name: str | None = None, truncation: object = 1.0) -> list[Sample]:
    """One recipe a seed, every value checked.

    Raises:
        StudioError: an impossible seed or truncation, an unknown class, or a class that is missing or not known to the model.
    """
    card = generator.card
    card.class_index(class_name)
    psi = truncation_value(truncation)
    return [Sample(card.name, card.weights_sha256, card.rights, seed_value(seed), psi, class_name) for seed in seeds]


def blend_recipes(
    generator: Generator, seeds: Sequence[object], frames: int, class_name: str | None = None, truncation: object = 1.0
) -> list[Blend]:
    """Recipes of `frames` pictures from one seed to another, every value checked.

    Raises:
        StudioError: not two seeds, or an impossible number of frames, seed, truncation or class.
    """
    if len(seeds) != 2:
        raise StudioError(f"a blend goes between two seeds, got {len(seeds)}: give two, such as 1,2")
    if not isinstance(frames, int) or not 2 <= frames <= MAX_FRAMES:
        raise StudioError(f"a blend has 2 to {MAX_FRAMES} frames, got {frames}: choose another number")
    card = generator.card
    card.class_index(class_name)
    pair, psi = (seed_value(seeds[0]), seed_value(seeds[1])), truncation_value(truncation)
    base = Blend(card.name, card.weights_sha256, card.rights, pair, 0.0, psi, class_name)
    return [replace(base, position=position) for position in positions(frames).tolist()]


def recipe_points(generator: Generator, recipes: Sequence[Sample | Blend]) -> list[Point]:
    """The point of each recipe."""
    points = []
    for recipe in recipes:
        if isinstance(recipe, Sample):
            points.append(seeded_point(generator, recipe.seed))
        else:
            points += blended_points(generator, recipe.seeds, torch.tensor([recipe.position]))
    return points


def draw(generator: Generator, recipes: Sequence[Sample | Blend], progress: Progress = silent) -> Iterator[Image.Image]:
    """Draw the picture of each recipe, in order; pictures come as each chunk is done.

    Raises:
        StudioError: a class or value that the model does not know.
        Cancelled: when `progress` says so.
    """
    network, numerics, chunk = generator.network, generator.card.numerics, int(generator.card.render.get("chunk", 8))
    where = compute.device()
    for begin in range(0, len(recipes), chunk):
        part = list(recipes[begin : begin + chunk])
        indices = [generator.card.class_index(recipe.class_name) for recipe in part]
        points = recipe_points(generator, part)
        pad = chunk - len(part)
        points += [points[-1]] * pad
        psi = torch.tensor([recipe.truncation for recipe in part] + [part[-1].truncation] * pad, dtype=torch.float32)
        classes = None if indices[0] is None else torch.tensor([*indices, *[indices[-1]] * pad]).to(where)
        yield from imaging.to_pictures(_draw_chunk(network, numerics, points, psi.to(where), classes)[: len(part)])
        progress(begin + len(part), len(recipes), "drawing")


@torch.inference_mode()
def _draw_chunk(network: DrawingNetwork, numerics: Numerics, points: Sequence[Point], psi: Tensor, classes: Tensor | None) -> Tensor:
    where = psi.device
    latent = torch.stack([point.latent for point in points]).to(where)
    # Noise shrinks with ψ as well: at ψ = 0 nothing random is left.
    noise = [
        torch.stack([point.noise[level] for point in points]).to(where) * psi[:, None, None, None]
        for level in range(len(network.noise_sizes))
    ]
    with numerics.autocast():
        features = network.begin(latent, classes)
        mean = network.mean_start[classes] if classes is not None else network.mean_start.expand(len(points), *network.mean_start.shape[1:])
        features = truncate(features, mean.to(features.dtype), psi.to(features.dtype))
        return network.finish(features, classes, noise)
