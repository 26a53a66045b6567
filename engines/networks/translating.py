"""What the networks that translate pictures share: any size, two norms, three ways to change the size."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from engines.networks.layers import BatchNorm2d, instance_norm

NORMS = ("instance", "batch")
SAMPLINGS = ("resize", "transposed", "blurred")


class Translating(nn.Module):
    """A network that draws a picture from a picture of the same size, whatever that is.

    Sides are filled up at the right and below, by repeating the border, to what the network can halve; the result is cut back. A
    subclass sets `multiple` and `smallest`, in pixels, and draws in `draw`.

    Shapes: pictures (n, 3, h, w) in [-1, 1] → the same.
    """

    multiple = 4
    smallest = 8

    def draw(self, pictures: Tensor) -> Tensor:
        """Translate pictures whose sides fit: (n, 3, h, w) → (n, 3, h, w) before the tanh."""
        raise NotImplementedError

    def forward(self, pictures: Tensor) -> Tensor:
        height, width = pictures.shape[-2:]
        right, below = (max(self.smallest - side, -side % self.multiple) for side in (width, height))
        right, below = right + -(width + right) % self.multiple, below + -(height + below) % self.multiple
        if right or below:
            pictures = functional.pad(pictures, (0, right, 0, below), mode="replicate")
        return torch.tanh(self.draw(pictures).float())[..., :height, :width]


def norm_layer(kind: str, channels: int) -> nn.Module:
    """The norm of a feature map: "instance" without parameters, or "batch" with scale, shift and running statistics."""
    if kind not in NORMS:
        raise ValueError(f"a norm is one of {', '.join(NORMS)}, got {kind!r}")
    return instance_norm(channels) if kind == "instance" else BatchNorm2d(channels)


class BlurHalving(nn.Module):
    """Halves a feature map behind a binomial filter of 3, which keeps fine patterns from folding over.

    Source: Zhang, "Making Convolutional Networks Shift-Invariant Again", arXiv 1904.11486.
    """

    filter: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.register_buffer("filter", _binomial((1, 2, 1), channels), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        padded = functional.pad(features, (1, 1, 1, 1), mode="reflect")
        return functional.conv2d(padded, self.filter.to(features.dtype), stride=2, groups=self.channels)


class BlurDoubling(nn.Module):
    """Doubles a feature map with a binomial filter of 4 between the new places. Source: arXiv 1904.11486."""

    filter: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.register_buffer("filter", 4 * _binomial((1, 3, 3, 1), channels), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        padded = functional.pad(features, (1, 1, 1, 1), mode="replicate")
        # One repeated row or column a side gives two new ones that are no part of the picture, and the filter's own overhang is one more.
        return functional.conv_transpose2d(padded, self.filter.to(features.dtype), stride=2, padding=3, groups=self.channels)


def _binomial(taps: tuple[int, ...], channels: int) -> Tensor:
    line = torch.tensor(taps, dtype=torch.float32)
    square = torch.outer(line, line)
    return (square / square.sum()).expand(channels, 1, -1, -1).clone()


def halving(inputs: int, outputs: int, kind: str, sampling: str, bias: bool) -> list[nn.Module]:
    """Layers that halve a feature map: a 3 × 3 convolution of stride 2, or for "blurred" of stride 1 with the filter behind it."""
    if sampling not in SAMPLINGS:
        raise ValueError(f"a sampling is one of {', '.join(SAMPLINGS)}, got {sampling!r}")
    blurred = sampling == "blurred"
    layers = [nn.Conv2d(inputs, outputs, 3, stride=1 if blurred else 2, padding=1, bias=bias), norm_layer(kind, outputs), nn.ReLU()]
    return [*layers, BlurHalving(outputs)] if blurred else layers


def doubling(inputs: int, outputs: int, kind: str, sampling: str, bias: bool) -> list[nn.Module]:
    """Layers that double a feature map: nearest neighbours or the filter before a 3 × 3 convolution, or a transposed convolution.

    Transposed convolutions draw checkerboards; they are here for what was trained with them.

    Source: Odena et al., "Deconvolution and Checkerboard Artifacts", distill.pub 2016.
    """
    if sampling not in SAMPLINGS:
        raise ValueError(f"a sampling is one of {', '.join(SAMPLINGS)}, got {sampling!r}")
    if sampling == "transposed":
        larger: list[nn.Module] = [nn.ConvTranspose2d(inputs, outputs, 3, stride=2, padding=1, output_padding=1, bias=bias)]
    else:
        enlarge = nn.Upsample(scale_factor=2, mode="nearest") if sampling == "resize" else BlurDoubling(inputs)
        larger = [enlarge, nn.Conv2d(inputs, outputs, 3, padding=1, bias=bias)]
    return [*larger, norm_layer(kind, outputs), nn.ReLU()]
