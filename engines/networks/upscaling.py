"""Upscaling: a network that draws a picture larger, with the detail that Lanczos cannot bring back."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from engines.networks.plain import SLOPE, PlainBlock

FACTOR = 4


class Upscaler(nn.Module):
    """Four times the height and width: what the network draws is added to the picture's bicubic enlargement.

    All residual blocks work at the small size; two nearest doublings, each with a convolution, lead up without a checkerboard.

    Args:
        width: channels at the small size; tail: channels at two and four times the size.
        blocks: residual blocks.
        channels: of the picture.

    Shapes: (n, channels, h, w) in [-1, 1] → (n, channels, 4h, 4w), about in [-1, 1].

    Source: Lim et al., "Enhanced Deep Residual Networks for Single Image Super-Resolution", arXiv 1707.02921 (no norms); nearest doubling:
    Odena et al., "Deconvolution and Checkerboard Artifacts", Distill 2016; blocks that begin as the identity: `PlainBlock`.
    """

    def __init__(self, width: int = 48, tail: int = 32, blocks: int = 10, channels: int = 3) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, width, 3, padding=1)
        self.blocks = nn.Sequential(*(PlainBlock(width) for _ in range(blocks)))
        self.rise = nn.ModuleList(nn.Conv2d(inputs, tail, 3, padding=1) for inputs in (width, tail))
        self.last = nn.Conv2d(tail, channels, 3, padding=1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)  # type: ignore[arg-type]

    def forward(self, pictures: Tensor) -> Tensor:
        features = self.first(pictures)
        features = features + self.blocks(features)
        for convolution in self.rise:
            features = functional.interpolate(functional.leaky_relu(features, SLOPE), scale_factor=2, mode="nearest")
            features = convolution(features)
        straight = functional.interpolate(pictures, scale_factor=FACTOR, mode="bicubic", align_corners=False)
        return straight + self.last(functional.leaky_relu(features, SLOPE))

    @property
    def reach(self) -> int:
        """Pixels of the small picture beyond a place that can change what is drawn there."""
        return 2 + 2 * len(self.blocks) + 3


def strip(network: Upscaler, pictures: Tensor, top: int, side: int) -> Tensor:
    """The rows of what the network draws that belong to `side` rows of pictures, in squares so small that memory suffices.

    Each square sees beyond its edge all that can change it: the seams are those of the whole picture, none.

    Args:
        pictures: shape (n, channels, h, w).
        top: the first of the rows; side: how many, fewer at the lower edge, and the width of a square, in pixels of the small picture.

    Returns:
        Shape (n, channels, 4 · rows, 4w).
    """
    return torch.cat([_tile(network, pictures, top, left, side) for left in range(0, pictures.shape[-1], side)], dim=-1)


def _tile(network: Upscaler, pictures: Tensor, top: int, left: int, side: int) -> Tensor:
    """One square, drawn with as much around it as the network sees, and cut out of that."""
    height, width = pictures.shape[-2:]
    box = [max(top - network.reach, 0), max(left - network.reach, 0)]
    ends = [min(top + side, height), min(left + side, width)]
    drawn = network(pictures[..., box[0] : min(ends[0] + network.reach, height), box[1] : min(ends[1] + network.reach, width)])
    (y, x), (below, right) = ((FACTOR * (one - begin) for one, begin in zip(edge, box, strict=True)) for edge in ((top, left), ends))
    return drawn[..., y:below, x:right]
