"""A generator of dense blocks, in which every layer sees all the ones before it."""

import torch
from torch import Tensor, nn

from engines.networks.layers import initialise_normal
from engines.networks.translating import Translating, doubling, norm_layer

SQUEEZE = 4


class DenseLayer(nn.Module):
    """Norm, ReLU and a 1 × 1 convolution to four times the growth, the same again with 3 × 3 to the growth, laid beside the input.

    Shapes: (n, inputs, h, w) → (n, inputs + growth, h, w).
    """

    def __init__(self, inputs: int, growth: int, kind: str) -> None:
        super().__init__()
        self.body = nn.Sequential(
            norm_layer(kind, inputs),
            nn.ReLU(),
            nn.Conv2d(inputs, SQUEEZE * growth, 1, bias=False),
            norm_layer(kind, SQUEEZE * growth),
            nn.ReLU(),
            nn.Conv2d(SQUEEZE * growth, growth, 3, padding=1, bias=False),
        )

    def forward(self, features: Tensor) -> Tensor:
        return torch.cat([features, self.body(features)], dim=1)


class DenseTranslator(Translating):
    """Translates pictures by dense blocks at full, half and quarter size, each halved in channels and size behind it, and back by doubling.

    Args:
        width: channels of the first convolution; growth: channels that a layer adds.
        layers: in each of the blocks; all but the last are followed by a halving.
        norm, sampling: as of a `ResidualTranslator`.

    Shapes: pictures (n, 3, h, w) in [-1, 1] → the same.

    Source: Huang et al., "Densely Connected Convolutional Networks", arXiv 1608.06993, sections 3 and 4 (DenseNet-BC, compression 0.5).
    """

    def __init__(
        self,
        width: int = 64,
        growth: int = 32,
        layers: tuple[int, ...] = (4, 6, 12),
        norm: str = "instance",
        sampling: str = "resize",
    ) -> None:
        super().__init__()
        self.multiple, self.smallest = 2 ** (len(layers) - 1), 2 ** len(layers)
        encode: list[nn.Module] = [
            nn.Conv2d(3, width, 7, padding=3, padding_mode="replicate", bias=False),
            norm_layer(norm, width),
            nn.ReLU(),
        ]
        channels = width
        for place, count in enumerate(layers):
            for _ in range(count):
                encode.append(DenseLayer(channels, growth, norm))
                channels += growth
            encode += [norm_layer(norm, channels), nn.ReLU()]
            if place < len(layers) - 1:
                encode += [nn.Conv2d(channels, channels // 2, 1, bias=False), nn.AvgPool2d(2)]
                channels //= 2
        self.encode = nn.Sequential(*encode)
        decode: list[nn.Module] = []
        for place in range(len(layers) - 2, -1, -1):
            decode += doubling(channels, width * 2**place, norm, sampling, bias=False)
            channels = width * 2**place
        self.decode = nn.Sequential(*decode, nn.Conv2d(channels, 3, 7, padding=3, padding_mode="replicate"))
        initialise_normal(self)

    def draw(self, pictures: Tensor) -> Tensor:
        return self.decode(self.encode(pictures))
