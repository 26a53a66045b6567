"""Truncation: trading surprise for safety by moving towards the mean."""

from dataclasses import replace

import torch
from torch import Tensor

from engines import compute
from engines.models.zoo import DrawingNetwork
from engines.recipe import Blend, Diverse, Drawn, Find, Layers, Mix, Sample, Steer, Vary, Way, truncation_value

USUAL_TRUNCATION = 0.8
"""ψ where nobody asked for another: a little safer than all of the variety."""
MEAN_SAMPLES = 4096
CHUNK = 256


def truncate(features: Tensor, mean: Tensor, psi: Tensor) -> Tensor:
    """Move the first block's features towards their mean: ψ = 1 leaves them, ψ = 0 gives the mean.

    Args:
        features: shape (n, …): a feature map, or the w of StyleGAN2.
        mean: the mean of each picture's class, same shape.
        psi: shape (n,).

    Source: Karras et al., "A Style-Based Generator Architecture for Generative Adversarial Networks", arXiv 1812.04948, appendix B,
    applied to the first learned block in place of w.
    """
    return torch.lerp(mean, features, psi.reshape(-1, *[1] * (features.dim() - 1)))


@torch.no_grad()
def store_mean_start(network: DrawingNetwork, seed: int = 0) -> None:
    """Measure the mean of the first block's features over `MEAN_SAMPLES` latents for each class and store it in the network, in place."""
    where = network.mean_start.device
    for index in range(len(network.mean_start)):
        random = compute.random_generator(seed, index)
        total = torch.zeros_like(network.mean_start[index])
        for _ in range(MEAN_SAMPLES // CHUNK):
            latent = torch.randn(CHUNK, network.latent_dim, generator=random).to(where)
            classes = torch.full((CHUNK,), index, device=where) if network.classes else None
            total += network.begin(latent, classes).sum(dim=0)
        network.mean_start[index] = total / MEAN_SAMPLES


def retruncated(recipe: Drawn, psi: object) -> Drawn:
    """The same picture at another ψ: all that it was made of is drawn at that ψ, and then done again.

    One that was chosen by words or for being different was chosen at its own ψ; at another it is just what it was drawn from.

    Raises:
        StudioError: not a number from 0 to 2.
    """
    wanted = truncation_value(psi)
    if isinstance(recipe, Find | Diverse):
        parent = retruncated(recipe.parent, wanted)
        return recipe if parent == recipe.parent else parent
    if isinstance(recipe, Sample | Blend):
        return replace(recipe, truncation=wanted)
    if isinstance(recipe, Mix | Layers | Way):
        return replace(recipe, parents=tuple(retruncated(parent, wanted) for parent in recipe.parents))
    assert isinstance(recipe, Vary | Steer)
    return replace(recipe, parent=retruncated(recipe.parent, wanted))
