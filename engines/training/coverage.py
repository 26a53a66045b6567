"""Coverage: every real picture asks the generator for a latent that draws something like it, and drawn pictures keep their distance."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from engines.networks.layers import pooled_means

SIDE = 4
POOL_BATCHES = 16
RENEW_EVERY = 32
SHARE = 4
"""One in so many pictures of a batch answers a real one."""


def overview(levels: Sequence[Tensor], scales: Tensor) -> Tensor:
    """Feature maps of several depths as one vector a picture, each depth reduced to 4 × 4 and of the same weight.

    Args:
        levels: shape (n, channels, size, size) each.
        scales: what to divide each level by, shape (levels,).

    Returns:
        Shape (n, d); the mean square of a difference is comparable between networks.
    """
    parts = []
    for level, scale in zip(levels, scales, strict=True):
        small = pooled_means(level.float(), min(SIDE, level.shape[-1])).flatten(1)
        parts.append(small / (scale * small.shape[1] ** 0.5))
    return torch.cat(parts, dim=1) / len(levels) ** 0.5


def level_scales(levels: Sequence[Tensor]) -> Tensor:
    """How much each level differs from picture to picture: the standard deviation of its 4 × 4 means over pictures, shape (levels,)."""
    reduced = [pooled_means(level.float(), min(SIDE, level.shape[-1])) for level in levels]
    return torch.stack([part.var(dim=0, correction=0).mean().sqrt() for part in reduced]).clamp(min=1e-6)


@dataclass
class Pool:
    """Latents and what the generator drew from them when it was last asked.

    Attributes:
        latents: shape (n, latent_dim); labels: class of each, shape (n,).
        views: overviews of the pictures, float16, shape (n, d).
        scales: by which they were made, shape (levels,).
        spacing: how far real pictures of a class are from the nearest of as many others, shape (classes,); 0 where there are none.
    """

    latents: Tensor
    labels: Tensor
    views: Tensor
    scales: Tensor
    spacing: Tensor

    def nearest(self, views: Tensor, labels: Tensor) -> Tensor:
        """The latent whose picture came nearest to each overview, of the same class: shapes (m, d), (m,) → (m, latent_dim)."""
        distances = torch.cdist(views, self.views.float())
        distances = distances.masked_fill(labels[:, None] != self.labels[None], float("inf"))
        return self.latents[distances.argmin(dim=1)]

    def crowding(self, views: Tensor, labels: Tensor) -> Tensor:
        """How much nearer overviews, shapes (m, d), (m,), lie to the nearest of their class in the pool than real pictures do to theirs.

        Returns:
            The mean over the overviews: 0 where each keeps its distance, 1 where each is a copy. Latents of the pool itself are copies.
        """
        distances = torch.cdist(views, self.views.float())
        distances = distances.masked_fill(labels[:, None] != self.labels[None], float("inf"))
        return functional.relu(1 - distances.amin(dim=1) / self.spacing[labels].clamp(min=1e-6)).mean()

    def state(self) -> dict[str, Any]:
        """Its tensors by name."""
        return dict(vars(self))


def spacing_of(views: Tensor, labels: Tensor, classes: int) -> Tensor:
    """Mean distance of overviews, shapes (n, d), (n,), to the nearest other one of their class, shape (classes,); 0 where there is none."""
    distances = torch.cdist(views, views).fill_diagonal_(float("inf"))
    nearest = distances.masked_fill(labels[:, None] != labels[None], float("inf")).amin(dim=1)
    told = nearest.isfinite()
    total = nearest.new_zeros(classes).index_add(0, labels[told], nearest[told])
    return total / labels[told].bincount(minlength=classes).clamp(min=1)


def new_pool(
    latents: Tensor, labels: Tensor, scales: Tensor, spacing: Tensor, batch: int, look: Callable[[int, int], Sequence[Tensor]]
) -> Pool:
    """Draw from latents, a batch at a time, and keep what it looks like.

    Args:
        look: (begin, end) → feature maps of the pictures drawn from these latents.
    """
    with torch.no_grad():
        views = [overview(look(begin, begin + batch), scales).half() for begin in range(0, len(latents), batch)]
    return Pool(latents, labels, torch.cat(views), scales, spacing)


def coverage_distance(drawn: Tensor, wanted: Tensor) -> Tensor:
    """Mean squared distance between overviews, shape (m, d) each; about 2 between two unrelated real pictures.

    Source: Li and Malik, "Implicit Maximum Likelihood Estimation", arXiv 1809.09087, beside an adversarial loss as in Yu et al.,
    "Inclusive GAN: Improving Data and Minority Coverage in Generative Models", arXiv 2004.03355.
    """
    return (drawn - wanted).square().sum(dim=1).mean()
