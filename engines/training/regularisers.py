"""What keeps a critic or a generator in bounds: penalties as functions of scores and gradients, and changes to weights in place."""

import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

INITIALISATIONS = ("own", "normal", "xavier", "orthogonal")


def squared_slopes(scores: Tensor, inputs: Tensor) -> Tensor:
    """Squared norm of the gradient of each picture's scores, shape (n, places), by what they judge, shape (n, …): shape (n,)."""
    (gradient,) = torch.autograd.grad(scores.sum(), inputs, create_graph=True)
    return gradient.square().flatten(1).sum(dim=1)


def zero_centred_penalty(scores: Tensor, inputs: Tensor) -> Tensor:
    """Half of the mean squared slope: R1 of real pictures, R2 of drawn ones.

    Source: Mescheder et al., "Which Training Methods for GANs do actually Converge?", arXiv 1801.04406, section 4.1.
    """
    return squared_slopes(scores, inputs).mean() / 2


def one_centred_penalty(judge: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor) -> Tensor:
    """How far the slope is from 1 somewhere on the straight line between each real picture and a drawn one: mean of the squared difference.

    Args:
        judge: pictures → scores, shape (n, places).
        real, fake: shape (n, …) each.

    Source: Gulrajani et al., "Improved Training of Wasserstein GANs", arXiv 1704.00028, section 4.
    """
    share = torch.rand(len(real), *[1] * (real.dim() - 1), device=real.device, dtype=real.dtype)
    between = torch.lerp(real.detach(), fake.detach(), share).requires_grad_()
    return (squared_slopes(judge(between), between).add(1e-12).sqrt() - 1).square().mean()


@torch.no_grad()
def clip_weights(parameters: Iterable[nn.Parameter], limit: float) -> None:
    """Hold every weight between -`limit` and `limit`, in place.

    Source: Arjovsky et al., "Wasserstein GAN", arXiv 1701.07875, algorithm 1.
    """
    for parameter in parameters:
        parameter.clamp_(-limit, limit)


def path_lengths(pictures: Tensor, styles: Tensor, noise: Tensor) -> Tensor:
    """How far pictures move with the features that they are drawn from: the norm of the gradient of ⟨pictures, noise⟩ by the features.

    Args:
        pictures: shape (n, channels, h, w), drawn from `styles`.
        styles: shape (n, dim), or (n, layers, dim), whose squared norms are averaged over the layers.
        noise: from N(0, 1), like the pictures.

    Returns:
        Shape (n,).
    """
    scale = math.sqrt(pictures.shape[-2] * pictures.shape[-1])
    (gradient,) = torch.autograd.grad((pictures * noise).sum() / scale, styles, create_graph=True)
    return gradient.square().sum(dim=-1).flatten(1).mean(dim=1).sqrt() if styles.dim() == 3 else gradient.flatten(1).norm(dim=1)


class PathLength:
    """Asks that every step in the features moves a picture equally far: squared difference of path lengths to their running mean.

    Attributes:
        mean: the running mean; part of a run's state.

    Source: Karras et al., "Analyzing and Improving the Image Quality of StyleGAN", arXiv 1912.04958, section 3.2.
    """

    def __init__(self, decay: float = 0.01) -> None:
        self.mean, self.decay = 0.0, decay

    def __call__(self, lengths: Tensor, mean: float | None = None) -> Tensor:
        """The penalty of some lengths, shape (n,), after they have moved the mean; `mean` is theirs over all processes."""
        self.mean += self.decay * ((lengths.mean().item() if mean is None else mean) - self.mean)
        return (lengths - self.mean).square().mean()


@torch.no_grad()
def regularise_orthogonally(parameters: Iterable[nn.Parameter], strength: float) -> None:
    """Add to the gradients what turns the rows of each weight away from each other, and leaves their lengths alone.

    Of ½ ‖W Wᵀ ⊙ (1 - I)‖², W being the weight as a matrix with a row for each entry of its first dimension: an output of a convolution, an
    input of a transposed one.

    Source: Brock et al., "Large Scale GAN Training for High Fidelity Natural Image Synthesis", arXiv 1809.11096, section 3.1.
    """
    for parameter in parameters:
        if parameter.grad is None or parameter.dim() < 2:
            continue
        rows = parameter.flatten(1)
        products = rows @ rows.t()
        products.fill_diagonal_(0)
        parameter.grad.add_((2 * strength * products @ rows).reshape(parameter.shape))


def initialise(network: nn.Module, how: str) -> None:
    """Draw the weights of all convolutions and linear layers anew, in place: "normal" (0.02), "xavier" (uniform), "orthogonal", or "own".

    Biases become zero. Of spectrally normalised layers the weight before the norm is drawn. "own" leaves the network as it was built.

    Raises:
        ValueError: an unknown way, or a network without such layers.

    Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010; Saxe et al.,
    arXiv 1312.6120.
    """
    if how not in INITIALISATIONS:
        raise ValueError(f"initialise must be one of {', '.join(INITIALISATIONS)}, got {how!r}")
    draw: dict[str, Callable[[Tensor], object]] = {
        "normal": lambda weight: nn.init.normal_(weight, std=0.02),
        "xavier": nn.init.xavier_uniform_,
        "orthogonal": nn.init.orthogonal_,
    }
    if how == "own":
        return
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear)]
    if not layers:
        raise ValueError(f"a {type(network).__name__} has weights of a kind of its own, not initialised {how!r}: leave it own")
    for layer in layers:
        spectral = parametrize.is_parametrized(layer, "weight")
        weight = layer.get_parameter("parametrizations.weight.original" if spectral else "weight")
        draw[how](weight)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


def exchange_labels(real: Tensor, fake: Tensor, share: float) -> tuple[Tensor, Tensor]:
    """Label noise: each real picture changes places with the drawn one beside it, for the critic, with the probability `share`.

    Works with every objective, as it mistakes the scores, shape (n, places), and no targets.
    """
    if not share:
        return real, fake
    swapped = torch.rand(len(real), *[1] * (real.dim() - 1), device=real.device) < share
    return torch.where(swapped, fake, real), torch.where(swapped, real, fake)
