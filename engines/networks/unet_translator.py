"""U-Net: halves a picture down to a single place and back, with every size handed across."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from engines.networks.layers import initialise_normal
from engines.networks.translating import Translating, norm_layer

MOST = 8


class UNetTranslator(Translating):
    """Translates pictures by a U-Net. With 8 halvings sides are filled up to multiples of 256 pixels.

    What is handed across is the activated map. In an unpaired setting a U-Net is prone to copying its input.

    Args:
        width: channels of the first convolution; they double up to eight times as many.
        halvings: 8 for 256 px, 7 for 128 px.
        norm: "instance" (then its convolutions have a bias) or "batch".

    Shapes: pictures (n, 3, h, w) in [-1, 1] → the same.

    Source: Ronneberger et al., arXiv 1505.04597, as in Isola et al., arXiv 1611.07004, appendix 6.1.1.
    """

    def __init__(self, width: int = 64, halvings: int = 8, norm: str = "instance") -> None:
        super().__init__()
        self.multiple = self.smallest = 2**halvings
        widths = [width * min(MOST, 2**step) for step in range(halvings)]
        bias = norm == "instance"
        inputs = [3, *widths[:-1]]
        self.down = nn.ModuleList(
            nn.Conv2d(before, after, 4, stride=2, padding=1, bias=bias) for before, after in zip(inputs, widths, strict=True)
        )
        self.down_norms = nn.ModuleList(norm_layer(norm, channels) for channels in widths[1:-1])
        # up[i] undoes down[i]; all but the innermost take what was handed across beside what comes from below.
        outputs = [3, *widths[:-1]]
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(
                widths[place] * (1 if place == halvings - 1 else 2), outputs[place], 4, stride=2, padding=1, bias=bias or not place
            )
            for place in range(halvings)
        )
        self.up_norms = nn.ModuleList(norm_layer(norm, channels) for channels in widths[:-1])
        initialise_normal(self)

    def draw(self, pictures: Tensor) -> Tensor:
        handed = [self.down[0](pictures)]
        for place in range(1, len(self.down)):
            handed[-1] = functional.leaky_relu(handed[-1], 0.2)
            deeper = self.down[place](handed[-1])
            handed.append(self.down_norms[place - 1](deeper) if place < len(self.down) - 1 else deeper)
        features = functional.relu(handed.pop())
        for place in range(len(self.up) - 1, 0, -1):
            features = self.up_norms[place - 1](self.up[place](features))
            features = functional.relu(torch.cat([handed.pop(), features], dim=1))
        return self.up[0](features)
