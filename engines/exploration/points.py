"""Where pictures are drawn: points that can be turned, mixed and moved, whatever the network.

Every operation on pictures is one on points, and the point of a recipe is a function of the recipe and of the network's sizes alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from engines import compute
from engines.errors import StudioError
from engines.exploration.interpolation import leg, slerp
from engines.exploration.variation import neighbour
from engines.models.zoo import DrawingNetwork, Generator
from engines.networks.drawing import from_prior, to_prior
from engines.recipe import Blend, Diverse, Drawn, Find, Layers, Mix, Sample, Steer, Vary, ends_of, shift_numbers

LARGE = 0x5EED
"""Tells the numbers of large seeds from other numbers that are drawn."""


@dataclass(frozen=True)
class Start:
    """What the first block is given, all float32 on the CPU.

    Attributes:
        latents: shape (parts, dim); one, or several whose w are averaged, in networks that have a w.
        shares: of each part, shape (parts,), sum 1.
        classes: how much of each class, shape (parts, classes); of no columns for a network without classes.
        truncation: ψ.
        shift: added to w, shape (w_dim,); empty elsewhere.
    """

    latents: Tensor
    shares: Tensor
    classes: Tensor
    truncation: float
    shift: Tensor


@dataclass(frozen=True)
class Point:
    """Where a picture is drawn.

    Attributes:
        start: of all layers, or of the early ones where there is a `late`.
        noise: maps, shape (1, size, size) each.
        late: of the late layers.
    """

    start: Start
    noise: tuple[Tensor, ...]
    late: Start | None = None

    @property
    def finish(self) -> Start:
        """What the late layers follow."""
        return self.late or self.start


def seeded(network: DrawingNetwork, seed: int) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Latent and noise of a seed: a function of the seed and of the network's sizes alone.

    PyTorch's generator takes no more than 32 bits of a seed: larger ones are mixed, so that they draw other pictures.
    """
    random = torch.Generator("cpu").manual_seed(seed) if seed < 2**32 else compute.random_generator(LARGE, seed)
    latent = torch.randn(network.latent_dim, generator=random)
    return latent, tuple(torch.randn(1, size, size, generator=random) for size in network.noise_sizes)


def recipe_point(generator: Generator, recipe: Drawn) -> Point:
    """The point of a recipe.

    Raises:
        StudioError: a class that the model does not know, or an operation that its network cannot do.
    """
    network = generator.network
    if isinstance(recipe, Sample):
        return _sampled(generator, recipe)
    if isinstance(recipe, Find | Diverse):
        return recipe_point(generator, recipe.parent)
    if isinstance(recipe, Vary):
        return _varied(network, recipe_point(generator, recipe.parent), recipe.seed, recipe.strength)
    if isinstance(recipe, Steer):
        return _steered(network, recipe_point(generator, recipe.parent), torch.tensor(shift_numbers(recipe.shift)))
    if isinstance(recipe, Blend):
        first, second = (recipe_point(generator, end) for end in ends_of(recipe))
        return _between(network, first, second, recipe.position)
    points = [recipe_point(generator, parent) for parent in recipe.parents]
    if isinstance(recipe, Mix):
        return _mixed(network, points, torch.tensor(recipe.shares))
    if isinstance(recipe, Layers):
        return _layered(generator, points[0], points[1])
    before, after, t = leg(recipe.position, len(points), recipe.loop, recipe.easing)
    return _between(network, points[before], points[after], t)


def _sampled(generator: Generator, recipe: Sample) -> Point:
    latent, noise = seeded(generator.network, recipe.seed)
    index = generator.card.class_index(recipe.class_name)
    classes = torch.zeros(1, generator.network.classes)
    if index is not None:
        classes[0, index] = 1
    return Point(Start(latent[None], torch.ones(1), classes, recipe.truncation, torch.zeros(0)), noise)


def _both(change: Callable[[Start], Start], point: Point) -> Point:
    """The same change in early and late layers."""
    return replace(point, start=change(point.start), late=None if point.late is None else change(point.late))


def _varied(network: DrawingNetwork, point: Point, seed: int, strength: float) -> Point:
    def turned(start: Start) -> Start:
        return replace(start, latents=torch.stack([neighbour(latent, seed, strength, network.prior) for latent in start.latents]))

    return _both(turned, point)


def _steered(network: DrawingNetwork, point: Point, shift: Tensor) -> Point:
    """A shift of w stays a shift; one of the latent moves it, on its sphere where the network sees no length."""
    room = network.mean_start.shape[-1] if network.has_w else network.latent_dim
    if len(shift) != room:
        raise StudioError(f"this recipe's shift has {len(shift)} numbers, its model takes {room}: it was made for another model")

    def moved(start: Start) -> Start:
        if network.has_w:
            return replace(start, shift=start.shift + shift if len(start.shift) else shift)
        latents = start.latents + shift
        if network.prior == "normal":
            latents = latents * (start.latents.norm(dim=1, keepdim=True) / latents.norm(dim=1, keepdim=True).clamp_min(1e-6))
        return replace(start, latents=latents)

    return _both(moved, point)


def need_layers(generator: Generator) -> None:
    """Refuse a network whose late layers cannot follow another latent than its early ones.

    Raises:
        StudioError: it is one.
    """
    if not generator.network.has_layers:
        raise StudioError(
            f"the network of {generator.card.name} has one latent for all layers: mix whole pictures, or choose another model"
        )


def _layered(generator: Generator, first: Point, second: Point) -> Point:
    need_layers(generator)
    return Point(first.start, first.noise, second.finish)


def _joined(first: Start, second: Start, t: float, latents: Tensor | None) -> Start:
    """Two starts at t: everything but the latents changes along a line.

    Args:
        latents: the latents between; None where both parts' w are averaged.
    """
    width = max(len(first.shift), len(second.shift))
    shift = torch.lerp(_padded(first.shift, width), _padded(second.shift, width), t)
    psi = first.truncation + (second.truncation - first.truncation) * t
    if latents is not None:
        return Start(latents, first.shares, torch.lerp(first.classes, second.classes, t), psi, shift)
    shares = torch.cat([first.shares * (1 - t), second.shares * t])
    return Start(torch.cat([first.latents, second.latents]), shares, torch.cat([first.classes, second.classes]), psi, shift)


def _between(network: DrawingNetwork, first: Point, second: Point, t: float) -> Point:
    """On the way from one point to another: w along a line, uniform latents along a line in their box, normal ones along the great circle.

    At 0 and 1 these are the points themselves.
    """
    if t in (0, 1):
        return second if t else first
    at = torch.tensor([t], dtype=torch.float32)

    def starts(one: Start, other: Start) -> Start:
        if network.has_w:
            return _joined(one, other, t, None)
        if network.prior == "uniform":
            line = torch.lerp(to_prior(one.latents[0], network.prior), to_prior(other.latents[0], network.prior), at)
            return _joined(one, other, t, from_prior(line, network.prior)[None])
        return _joined(one, other, t, slerp(one.latents[0], other.latents[0], at))

    noise = tuple(_arc(one, other, at) for one, other in zip(first.noise, second.noise, strict=True))
    late = starts(first.finish, second.finish) if first.late or second.late else None
    return Point(starts(first.start, second.start), noise, late)


def _arc(first: Tensor, second: Tensor, at: Tensor) -> Tensor:
    return slerp(first.flatten(), second.flatten(), at).reshape(first.shape)


def _mixed(network: DrawingNetwork, points: Sequence[Point], shares: Tensor) -> Point:
    """The middle of several points: of w and of uniform latents the mean; of normal ones the mean, brought back to their mean length."""
    shares = shares / shares.sum()

    def starts(all_of: Sequence[Start]) -> Start:
        psi = float(sum(share * start.truncation for share, start in zip(shares.tolist(), all_of, strict=True)))
        width = max(len(start.shift) for start in all_of)
        shift = sum((share * _padded(start.shift, width) for share, start in zip(shares, all_of, strict=True)), torch.zeros(width))
        if network.has_w:
            parts = torch.cat([share * start.shares for share, start in zip(shares, all_of, strict=True)])
            return Start(torch.cat([s.latents for s in all_of]), parts, torch.cat([s.classes for s in all_of]), psi, shift)
        latents = torch.stack([start.latents[0] for start in all_of])
        classes = (shares[:, None] * torch.stack([start.classes[0] for start in all_of])).sum(dim=0, keepdim=True)
        if network.prior == "uniform":
            latent = from_prior((shares[:, None] * to_prior(latents, network.prior)).sum(dim=0), network.prior)
        else:
            latent = mean_on_sphere(latents, shares)
        return Start(latent[None], torch.ones(1), classes, psi, shift)

    levels = zip(*(point.noise for point in points), strict=True)
    noise = tuple(mean_on_sphere(torch.stack([m.flatten() for m in level]), shares).reshape(level[0].shape) for level in levels)
    late = starts([point.finish for point in points]) if any(point.late for point in points) else None
    return Point(starts([point.start for point in points]), noise, late)


def _padded(shift: Tensor, width: int) -> Tensor:
    """A shift as wide as others are, where there is none."""
    return shift if len(shift) else torch.zeros(width)


def mean_on_sphere(vectors: Tensor, shares: Tensor) -> Tensor:
    """Weighted mean of vectors, shape (n, dim), with the weighted mean of their lengths.

    Args:
        shares: of each, shape (n,), sum 1.

    Raises:
        StudioError: the vectors cancel each other out.
    """
    mean = (shares[:, None] * vectors).sum(dim=0)
    length = mean.norm()
    if length < 1e-6:
        raise StudioError("these pictures cancel each other out: give one of them more than the others")
    return mean * ((shares * vectors.norm(dim=1)).sum() / length)
