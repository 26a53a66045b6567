"""Adversarial losses as functions of scores; they know no network."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
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


def logistic_critic(real: Tensor, fake: Tensor) -> Tensor:
    """Mean logistic loss of a critic: real scores up, fake ones down.

    Source: Goodfellow et al., "Generative Adversarial Networks", arXiv 1406.2661, section 3.
    """
    return functional.softplus(-real).mean() + functional.softplus(fake).mean()


def logistic_generator(fake: Tensor) -> Tensor:
    """The generator's side of the logistic loss in its non-saturating form."""
    return functional.softplus(-fake).mean()


@dataclass(frozen=True)
class Objective:
    """Both sides of an adversarial game as functions of scores."""

    critic: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor], Tensor]


OBJECTIVES = {
    "hinge": Objective(hinge_critic, hinge_generator),
    "logistic": Objective(logistic_critic, logistic_generator),
}


def gradient_penalty(scores: Tensor, inputs: Tensor) -> Tensor:
    """R1: half of the mean squared norm of the gradient of scores, shape (n, places), by the inputs they were given, shape (n, …).

    Source: Mescheder et al., "Which Training Methods for GANs do actually Converge?", arXiv 1801.04406, section 4.1.
    """
    (gradient,) = torch.autograd.grad(scores.sum(), inputs, create_graph=True)
    return gradient.square().flatten(1).sum(dim=1).mean() / 2


def class_spread(pictures: Tensor, classes: Tensor, side: int) -> Tensor:
    """How varied each class of a batch looks: mean absolute difference between pictures of the class, reduced to `side` × `side` if larger.

    Args:
        pictures: or features of them, shape (n, channels, h, w).
        classes: shape (n,); pictures are paired with the next one of their class.

    Returns:
        One number a class that comes at least twice, shape (classes,).
    """
    order = classes.argsort(stable=True)
    small = functional.adaptive_avg_pool2d(pictures[order].float(), min(side, pictures.shape[-1]))
    alike = classes[order][1:] == classes[order][:-1]
    differences = (small[1:] - small[:-1]).abs().mean(dim=(1, 2, 3))[alike]
    present, places = classes[order][1:][alike].unique(return_inverse=True)
    total = differences.new_zeros(len(present)).index_add(0, places, differences)
    return total / places.bincount(minlength=len(present))


def spread_shortfall(fake: Tensor, real: Tensor, classes: Tensor, side: int, share: float = 1.0) -> Tensor:
    """How far the spread of each drawn class stays below `share` of the mean spread of real ones: 1 for one picture a class, else falling
    to 0; the mean over the classes.

    Keeps a generator from answering every latent with the same picture of its class. Of deep features, reduced to their means (side 1), it
    asks for variety in what is shown; of pictures (side 16) it is content with variety of tone.

    Source: after Mao et al., "Mode Seeking Generative Adversarial Networks for Diverse Image Synthesis", arXiv 1903.05628, with the spread
    of the real pictures as the bound.
    """
    wanted = share * class_spread(real, classes, side).mean().detach()
    return functional.relu(1 - class_spread(fake, classes, side) / wanted.clamp(min=1e-6)).mean()


def least_squares(scores: Tensor, target: float) -> Tensor:
    """Mean squared distance of scores to a target: 1 for real, 0 for fake.

    Source: Mao et al., "Least Squares Generative Adversarial Networks", arXiv 1611.04076.
    """
    return (scores - target).square().mean()
