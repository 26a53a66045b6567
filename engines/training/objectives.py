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


def class_spread(pictures: Tensor, classes: Tensor, side: int = 16) -> Tensor:
    """How varied each class of a batch looks: mean absolute difference between pictures of the class, at `side` × `side` pixels.

    Args:
        pictures: shape (n, channels, h, w).
        classes: shape (n,); pictures are paired with the next one of their class.

    Returns:
        One number a class that comes at least twice, shape (classes,).
    """
    order = classes.argsort(stable=True)
    small = functional.adaptive_avg_pool2d(pictures[order], side)
    alike = classes[order][1:] == classes[order][:-1]
    differences = (small[1:] - small[:-1]).abs().mean(dim=(1, 2, 3))[alike]
    present, places = classes[order][1:][alike].unique(return_inverse=True)
    total = differences.new_zeros(len(present)).index_add(0, places, differences)
    return total / places.bincount(minlength=len(present))


def spread_shortfall(fake: Tensor, real: Tensor, classes: Tensor, share: float = 0.8) -> Tensor:
    """How far the spread of each drawn class stays below `share` of the mean spread of real ones: 1 for one picture a class, else falling
    to 0; the mean over the classes.

    Keeps a generator from answering every latent with the same picture of its class.

    Source: after Mao et al., "Mode Seeking Generative Adversarial Networks for Diverse Image Synthesis", arXiv 1903.05628, with the spread
    of the real pictures as the bound.
    """
    wanted = share * class_spread(real, classes).mean().detach()
    return functional.relu(1 - class_spread(fake, classes) / wanted.clamp(min=1e-6)).mean()


def least_squares(scores: Tensor, target: float) -> Tensor:
    """Mean squared distance of scores to a target: 1 for real, 0 for fake.

    Source: Mao et al., "Least Squares Generative Adversarial Networks", arXiv 1611.04076.
    """
    return (scores - target).square().mean()
