"""Attention over the places of a feature map, and spectral normalisation of whole networks."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm


class SelfAttention(nn.Module):
    """Adds to each place what it finds at the others, times a gain that starts at zero.

    Queries and keys have an eighth of the channels, values a half; keys and values are pooled to half the size. All four 1 × 1
    convolutions are spectrally normalised and have no bias.

    Shapes: (n, channels, h, w) → the same; channels a multiple of 8.

    Source: Zhang et al., "Self-Attention Generative Adversarial Networks", arXiv 1805.08318; pooled as in Brock et al., arXiv 1809.11096.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        if channels % 8:
            raise ValueError(f"attention needs channels in eights, got {channels}: put it at another size or change the width")
        self.query = spectral_norm(nn.Conv2d(channels, channels // 8, 1, bias=False))
        self.key = spectral_norm(nn.Conv2d(channels, channels // 8, 1, bias=False))
        self.value = spectral_norm(nn.Conv2d(channels, channels // 2, 1, bias=False))
        self.out = spectral_norm(nn.Conv2d(channels // 2, channels, 1, bias=False))
        self.gain = nn.Parameter(torch.zeros(1))

    def forward(self, features: Tensor) -> Tensor:
        query = self.query(features).flatten(2)
        key = functional.max_pool2d(self.key(features), 2).flatten(2)
        value = functional.max_pool2d(self.value(features), 2).flatten(2)
        weights = torch.softmax(query.transpose(1, 2).float() @ key.float(), dim=-1).to(value.dtype)
        found = (value @ weights.transpose(1, 2)).reshape(len(features), -1, *features.shape[-2:])
        return features + self.gain.to(features.dtype) * self.out(found)


def require_sizes(attention: Sequence[int], sizes: Sequence[int]) -> None:
    """Refuse attention at feature maps of a size that a network has not.

    Raises:
        ValueError: names the size and those that there are.
    """
    missing = [size for size in attention if size not in sizes]
    if missing:
        there = ", ".join(map(str, sorted(sizes))) or "no size"
        raise ValueError(f"there is no map of {missing[0]} pixels for attention: there are maps of {there}")


def normalise_spectrally(network: nn.Module) -> None:
    """Divide the weight of every convolution and linear layer by its largest singular value, in place; those that are already stay.

    Source: Miyato et al., "Spectral Normalization for Generative Adversarial Networks", arXiv 1802.05957.
    """
    kinds = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)
    plain = [layer for layer in network.modules() if isinstance(layer, kinds) and not hasattr(layer, "parametrizations")]
    for layer in plain:
        spectral_norm(layer)
