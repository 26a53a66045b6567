"""Better latents before each step: moved along the gradient of what the critic says of their pictures."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from engines.networks.drawing import from_prior, to_prior

KINDS = ("natural", "report")


@dataclass(frozen=True)
class LatentStep:
    """How latents are moved.

    Attributes:
        kind: "natural" is the natural gradient of the paper, Δz = α / (β + ‖g‖²) · g with the norm of each latent's own gradient; "report"
            is what the cars' report computed in its place, Δz = α / (β + ‖g‖ / 300) · g with the norm of each coordinate over the batch.
        alpha, beta: step size and damping.

    Source: Wu et al., "LOGAN: Latent Optimisation for Generative Adversarial Networks", arXiv 1912.00953, section 4.
    """

    kind: str = "natural"
    alpha: float = 0.9
    beta: float = 0.1

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {self.kind!r}")

    def __call__(self, gradient: Tensor) -> Tensor:
        """The step for gradients of the scores, shape (n, latent_dim): the same shape."""
        if self.kind == "natural":
            return self.alpha / (self.beta + gradient.square().sum(dim=1, keepdim=True)) * gradient
        return self.alpha / (self.beta + gradient.norm(dim=0, keepdim=True) / 300) * gradient


def optimise_latents(latents: Tensor, score: Callable[[Tensor], Tensor], step: LatentStep, prior: str = "normal") -> Tensor:
    """Latents moved once towards what the critic takes for real.

    Uniform latents are moved as such, and held in [-1, 1].

    Args:
        latents: from N(0, 1), shape (n, latent_dim).
        score: latents → the critic's scores of their pictures, shape (n, places).

    Returns:
        Like `latents`, without a way back for gradients.
    """
    with torch.enable_grad():
        values = to_prior(latents.detach(), prior).requires_grad_()
        (gradient,) = torch.autograd.grad(score(from_prior(values, prior)).mean(dim=1).sum(), values)
    moved = values.detach() + step(gradient)
    return from_prior(moved.clamp(-1, 1) if prior == "uniform" else moved, prior)
