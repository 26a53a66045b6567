"""Adversarial losses as functions of scores; they know no network."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from engines.networks.layers import pooled_means


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


def saturating_generator(fake: Tensor) -> Tensor:
    """The generator's side of the logistic loss as the game has it, which fades where the critic is sure: mean of log(1 - D).

    Source: Goodfellow et al., arXiv 1406.2661, equation 1.
    """
    return -functional.softplus(fake).mean()


def least_squares(scores: Tensor, target: float) -> Tensor:
    """Mean squared distance of scores to a target: 1 for real, 0 for fake.

    Source: Mao et al., "Least Squares Generative Adversarial Networks", arXiv 1611.04076.
    """
    return (scores - target).square().mean()


def wasserstein_critic(real: Tensor, fake: Tensor) -> Tensor:
    """The critic's estimate of the distance between drawn and real pictures, turned round: it lowers this.

    Source: Arjovsky et al., "Wasserstein GAN", arXiv 1701.07875, algorithm 1.
    """
    return fake.mean() - real.mean()


def relativistic(higher: Tensor, lower: Tensor) -> Tensor:
    """Mean logistic loss of pairs: each score of the first is to be above the one beside it of the second.

    Source: Jolicoeur-Martineau, "The relativistic discriminator", arXiv 1807.00734; Huang et al., arXiv 2501.05441, section 2.
    """
    return functional.softplus(lower - higher).mean()


@dataclass(frozen=True)
class Objective:
    """Both sides of an adversarial game as functions of scores.

    Attributes:
        critic: (real, fake) → loss.
        generator: (fake, real) → loss; the real scores matter only where `paired`.
        encoder: real → loss of what wants to be taken for drawn: the encoder of a bidirectional pair.
        mismatched: (real, the same pictures under a wrong class) → the critic's loss of the latter, which count as drawn; where only
            differences mean something, as drawn beside the former.
        boundary: the score above which the critic takes a picture for real; None where only differences of scores mean something.
        paired: whether the generator needs the critic's scores of real pictures.
    """

    critic: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor, Tensor], Tensor]
    encoder: Callable[[Tensor], Tensor]
    mismatched: Callable[[Tensor, Tensor], Tensor]
    boundary: float | None = 0.0
    paired: bool = False


OBJECTIVES = {
    "hinge": Objective(
        hinge_critic,
        lambda fake, _: hinge_generator(fake),
        lambda real: real.mean(),
        lambda _, wrong: functional.relu(1 + wrong).mean(),
    ),
    "logistic": Objective(
        logistic_critic,
        lambda fake, _: logistic_generator(fake),
        lambda real: logistic_generator(-real),
        lambda _, wrong: functional.softplus(wrong).mean(),
    ),
    "saturating logistic": Objective(
        logistic_critic,
        lambda fake, _: saturating_generator(fake),
        lambda real: saturating_generator(-real),
        lambda _, wrong: functional.softplus(wrong).mean(),
    ),
    "least squares": Objective(
        lambda real, fake: least_squares(real, 1.0) + least_squares(fake, 0.0),
        lambda fake, _: least_squares(fake, 1.0),
        lambda real: least_squares(real, 0.0),
        lambda _, wrong: least_squares(wrong, 0.0),
        boundary=0.5,
    ),
    "wasserstein": Objective(
        wasserstein_critic,
        lambda fake, _: hinge_generator(fake),
        lambda real: real.mean(),
        lambda real, wrong: wrong.mean() - real.mean(),  # only differences count: alone, it would have no lower bound
        boundary=None,
    ),
    "relativistic": Objective(
        relativistic,
        lambda fake, real: relativistic(fake, real),
        lambda real: logistic_generator(-real),
        relativistic,
        boundary=None,
        paired=True,
    ),
}


def by_parts(loss: Callable[..., Tensor], parts: Sequence[int], *scores: Tensor) -> Tensor:
    """A loss summed over parts of the scores, shape (n, places), `parts` places each; over all of them at once where there are no parts."""
    if not parts:
        return loss(*scores)
    pieces = [score.split(list(parts), dim=1) for score in scores]
    return torch.stack([loss(*piece) for piece in zip(*pieces, strict=True)]).sum()


def recall_loss(pairs: Sequence[tuple[Tensor, Tensor]]) -> Tensor:
    """Mean squared difference of pictures and what a discriminator drew of them, summed over the pairs.

    Source: Liu et al., arXiv 2101.04775, section 3.2.
    """
    return torch.stack([(seen - drawn).square().mean() for seen, drawn in pairs]).sum()


def class_spread(pictures: Tensor, classes: Tensor, side: int) -> Tensor:
    """How varied each class of a batch looks: mean absolute difference between pictures of the class, reduced to `side` × `side` if larger.

    Args:
        pictures: or features of them, shape (n, channels, h, w).
        classes: shape (n,); pictures are paired with the next one of their class.

    Returns:
        One number a class that comes at least twice, shape (classes,).
    """
    order = classes.argsort(stable=True)
    small = pooled_means(pictures[order].float(), min(side, pictures.shape[-1]))
    alike = classes[order][1:] == classes[order][:-1]
    differences = (small[1:] - small[:-1]).abs().mean(dim=(1, 2, 3))[alike]
    present, places = classes[order][1:][alike].unique(return_inverse=True)
    total = differences.new_zeros(len(present)).index_add(0, places, differences)
    return total / places.bincount(minlength=len(present))


def spread_shortfall(fake: Tensor, real: Tensor, classes: Tensor, side: int, share: float = 1.0) -> Tensor:
    """How far the spread of each drawn class stays below `share` of the mean spread of real ones: 1 for one picture a class, else falling
    to 0; the mean over the classes. 0 where no class comes twice.

    Keeps a generator from answering every latent with the same picture of its class. Of deep features, reduced to their means (side 1), it
    asks for variety in what is shown; of pictures (side 16) it is content with variety of tone.

    Source: after Mao et al., "Mode Seeking Generative Adversarial Networks for Diverse Image Synthesis", arXiv 1903.05628, with the spread
    of the real pictures as the bound.
    """
    found = class_spread(real, classes, side)
    if not len(found):
        return 0 * fake.sum()
    wanted = share * found.mean().detach()
    return functional.relu(1 - class_spread(fake, classes, side) / wanted.clamp(min=1e-6)).mean()
