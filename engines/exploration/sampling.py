"""From recipes to pictures: a seed is a picture, whatever is drawn beside it.

Each picture takes its latent and its noise from its own CPU generator, and chunks have one fixed size, padded where needed, so that
neighbours and the size of a batch never matter.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import torch
from PIL import Image
from torch import Tensor

from engines import compute, imaging
from engines.compute import Numerics
from engines.errors import StudioError
from engines.exploration.interpolation import leg, positions
from engines.exploration.points import Point, Start, recipe_point
from engines.exploration.truncation import truncate
from engines.models.zoo import DrawingNetwork, Generator
from engines.progress import Progress, silent
from engines.recipe import MAX_KEYFRAMES, Drawn, Sample, Way, family_value, seed_value, truncation_value

MAX_FRAMES = 600


def sample_recipes(generator: Generator, seeds: Iterable[object], class_name: str | None = None, truncation: object = 1.0) -> list[Sample]:
    """One recipe a seed, every value checked.

    Raises:
        StudioError: an impossible seed or truncation, an unknown class, or a class that is missing or not known to the model.
    """
    card = generator.card
    card.class_index(class_name)
    psi = truncation_value(truncation)
    return [Sample(card.name, card.weights_sha256, card.rights, seed_value(seed), psi, class_name) for seed in seeds]


def way_recipes(keyframes: Sequence[Drawn], frames: int, loop: bool = False, easing: str = "even") -> list[Way]:
    """Recipes of `frames` pictures through keyframes, every value checked.

    Args:
        loop: back to the first keyframe; the last frame is then one step before it.
        easing: "even", or "soft": slow at each keyframe.

    Raises:
        StudioError: not two to eight keyframes of the same weights, an impossible number of frames, or an unknown easing.
    """
    if not 2 <= len(keyframes) <= MAX_KEYFRAMES:
        raise StudioError(f"a way goes through 2 to {MAX_KEYFRAMES} pictures, got {len(keyframes)}: choose as many")
    if not isinstance(frames, int) or not 2 <= frames <= MAX_FRAMES:
        raise StudioError(f"a way has 2 to {MAX_FRAMES} frames, got {frames}: choose another number")
    leg(0.0, len(keyframes), loop, easing)
    first = Way(*family_value(keyframes), tuple(keyframes), 0.0, loop, easing)
    return [replace(first, position=position) for position in positions(frames, loop).tolist()]


def draw(generator: Generator, recipes: Sequence[Drawn], progress: Progress = silent) -> Iterator[Image.Image]:
    """Draw the picture of each recipe, in order; pictures come as each chunk is done.

    Raises:
        StudioError: a class or value that the model does not know.
        Cancelled: when `progress` says so.
    """
    network, numerics, chunk = generator.network, generator.card.numerics, int(generator.card.render.get("chunk", 8))
    for begin in range(0, len(recipes), chunk):
        points = [recipe_point(generator, recipe) for recipe in recipes[begin : begin + chunk]]
        padded = points + [points[-1]] * (chunk - len(points))
        yield from imaging.to_pictures(_draw_chunk(network, numerics, padded)[: len(points)])
        progress(begin + len(points), len(recipes), "drawing")


@torch.inference_mode()
def _draw_chunk(network: DrawingNetwork, numerics: Numerics, points: Sequence[Point]) -> Tensor:
    where = compute.device()
    starts = [point.start for point in points]
    psi = torch.tensor([start.truncation for start in starts], device=where)
    # Noise shrinks with ψ as well: at ψ = 0 nothing random is left.
    noise = [
        torch.stack([point.noise[level] for point in points]).to(where) * psi[:, None, None, None]
        for level in range(len(network.noise_sizes))
    ]
    with numerics.autocast():
        features = _begin(network, starts, where)
        if any(point.late for point in points):
            features = network.layered(features, _begin(network, [point.finish for point in points], where))
        return network.finish(features, _classes(network, starts, where), noise)


def _begin(network: DrawingNetwork, starts: Sequence[Start], where: torch.device) -> Tensor:
    """Features of the first block, truncated and shifted; those of a start do not depend on how many parts the others have."""
    parts = max(len(start.shares) for start in starts)
    features: Tensor | None = None
    for part in range(parts):
        chosen = [part if part < len(start.shares) else 0 for start in starts]
        latent = torch.stack([start.latents[place] for start, place in zip(starts, chosen, strict=True)]).to(where)
        classes = torch.stack([start.classes[place] for start, place in zip(starts, chosen, strict=True)]).to(where)
        found = network.begin(latent, classes if network.classes else None)
        if parts > 1:
            share = torch.stack([start.shares[part] if part < len(start.shares) else torch.zeros(()) for start in starts]).to(where)
            found = found * share.reshape(-1, *[1] * (found.dim() - 1)).to(found.dtype)
        features = found if features is None else features + found
    if features is None:
        raise StudioError("there is nothing to draw: a picture needs a latent")
    psi = torch.tensor([start.truncation for start in starts], device=where)
    features = truncate(features, _mean(network, starts, where).to(features.dtype), psi.to(features.dtype))
    if network.has_w:
        room = features.new_zeros(features.shape[-1])
        features = features + torch.stack([start.shift.to(room) if len(start.shift) else room for start in starts])
    return features


def _classes(network: DrawingNetwork, starts: Sequence[Start], where: torch.device) -> Tensor | None:
    """How much of each class, shape (n, classes)."""
    if not network.classes:
        return None
    return torch.stack([(start.shares[:, None] * start.classes).sum(dim=0) for start in starts]).to(where)


def _mean(network: DrawingNetwork, starts: Sequence[Start], where: torch.device) -> Tensor:
    """What ψ moves towards, shape (n, …): the mean of each start's classes."""
    shares = _classes(network, starts, where)
    if shares is None:
        return network.mean_start.expand(len(starts), *network.mean_start.shape[1:])
    return torch.stack([(share.reshape(-1, *[1] * (network.mean_start.dim() - 1)) * network.mean_start).sum(dim=0) for share in shares])
