"""Adversarial losses as functions of scores; they know no network."""

from torch import Tensor
from torch.nn import functional


def hinge_critic(real: Tensor, fake: Tensor) -> Tensor:
    """Mean hinge loss of a critic: real scores above 1, fake ones below -1.

    Source: Lim and Ye, "Geometric GAN", arXiv 1705.02894.
    """
    return functional.relu(1 - real).mean() + functional.relu(1 + fake).mean()


def hinge_generator(fake: Tensor) -> Tensor:
    """The generator's side of the hinge loss: raise the critic's scores."""
    return -fake.mean()


def least_squares(scores: Tensor, target: float) -> Tensor:
    """Mean squared distance of scores to a target: 1 for real, 0 for fake.

    Source: Mao et al., "Least Squares Generative Adversarial Networks", arXiv 1611.04076.
    """
    return (scores - target).square().mean()
