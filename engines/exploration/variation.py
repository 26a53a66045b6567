"""Neighbours of a picture: a latent turned a little, or much, in a direction drawn by a seed."""

import math
from collections.abc import Iterable

import torch
from torch import Tensor

from engines import compute
from engines.networks.drawing import from_prior, to_prior
from engines.recipe import Drawn, Vary, family_value, number_value, seed_value

STREAM = 0x7661  # apart from the stream in which a seed is a picture
SLIGHTLY, STRONGLY = 0.18, 0.5


def neighbour(latent: Tensor, seed: int, strength: float, prior: str = "normal") -> Tensor:
    """A latent near another one.

    A normal latent is turned on its sphere by `strength` quarter turns, so that its length stays what the network was trained with; a
    uniform one is moved in its box by `strength` times a uniform step and reflected at the walls, so that it stays uniform.

    Args:
        latent: shape (dim,), as numbers of N(0, 1) whatever the prior.
        strength: 0 gives the latent itself, 1 one that has nothing of it.

    Returns:
        Shape (dim,), of the same form.
    """
    if strength == 0:
        return latent
    direction = torch.randn(len(latent), generator=compute.random_generator(STREAM, seed))
    if prior == "uniform":
        moved = to_prior(latent, prior) + strength * to_prior(direction, prior)
        return from_prior(torch.where(moved.abs() > 1, moved.sign() * 2 - moved, moved), prior)
    length = latent.norm()
    across = direction - latent * (direction @ latent) / length.square()
    angle = strength * math.pi / 2
    return math.cos(angle) * latent + math.sin(angle) * length / across.norm() * across


def vary_recipes(parent: Drawn, seeds: Iterable[object], strength: object = SLIGHTLY) -> list[Vary]:
    """Recipes of neighbours of a picture, one a seed, every value checked.

    Raises:
        StudioError: an impossible seed or strength, or more ancestors than a file carries.
    """
    family, amount = family_value([parent]), number_value(strength, "the strength", 1.0)
    return [Vary(*family, parent, seed_value(seed), amount) for seed in seeds]
