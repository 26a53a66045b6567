"""CycleGAN: a residual generator that works at any size, the patch critic, and a critic of plain convolutions."""

from typing import Literal

from torch import Tensor, nn

from engines.networks.layers import initialise_normal, instance_norm, pooled_means
from engines.networks.translating import Translating, doubling, halving, norm_layer

MAP = 16

Padding = Literal["zeros", "reflect", "replicate"]


class ResidualBlock(nn.Module):
    """Two 3 × 3 convolutions with norms, added to their input. Shapes: (n, channels, h, w) → the same."""

    def __init__(self, channels: int, kind: str = "instance", padding: Padding = "zeros", bias: bool = False) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, padding_mode=padding, bias=bias),
            norm_layer(kind, channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1, padding_mode=padding, bias=bias),
            norm_layer(kind, channels),
        )

    def forward(self, features: Tensor) -> Tensor:
        return features + self.body(features)


class ResidualTranslator(Translating):
    """Translates pictures from one domain to another; fully convolutional.

    Three encoding convolutions, residual blocks at a quarter of the size, and two steps back to full size before the last convolution.

    Args:
        width: channels of the first convolution.
        blocks: residual blocks; 6 for 128 px, 9 for 256 px and more.
        norm: "instance" or "batch".
        sampling: "resize" (nearest neighbours and a convolution), "transposed", or "blurred" (filters on both ways).
        reflect: pad by mirroring, in the blocks too, as in the paper; without it the border is repeated at both ends, and blocks see zeros.
        bias: of the convolutions before norms; an instance norm takes them away again, but trained weights may have them.

    Shapes: pictures (n, 3, h, w) in [-1, 1] → the same.

    Source: Zhu et al., "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks", arXiv 1703.10593, section 4
    and appendix 7.2; "blurred": Park et al., "Contrastive Learning for Unpaired Image-to-Image Translation", arXiv 2007.15651.
    """

    def __init__(
        self, width: int = 32, blocks: int = 6, norm: str = "instance", sampling: str = "resize", reflect: bool = False, bias: bool = False
    ) -> None:
        super().__init__()
        self.width, self.blocks = width, blocks
        ends: Padding = "reflect" if reflect else "replicate"
        inside: Padding = "reflect" if reflect else "zeros"
        first = nn.Conv2d(3, width, 7, padding=3, padding_mode=ends, bias=bias)
        self.encode = nn.Sequential(
            first,
            norm_layer(norm, width),
            nn.ReLU(),
            *halving(width, 2 * width, norm, sampling, bias),
            *halving(2 * width, 4 * width, norm, sampling, bias),
        )
        self.transform = nn.Sequential(*(ResidualBlock(4 * width, norm, inside, bias) for _ in range(blocks)))
        self.decode = nn.Sequential(
            *doubling(4 * width, 2 * width, norm, sampling, bias),
            *doubling(2 * width, width, norm, sampling, bias),
            nn.Conv2d(width, 3, 7, padding=3, padding_mode=ends),
        )
        initialise_normal(self)

    def draw(self, pictures: Tensor) -> Tensor:
        return self.decode(self.transform(self.encode(pictures)))


class PatchCritic(nn.Module):
    """Judges overlapping patches, of 70 pixels with three halvings. Shapes: pictures (n, 3, h, w) in [-1, 1] → scores (n, 1, h', w').

    Args:
        width: channels of the first convolution.
        layers: convolutions of stride 2; the patches are 16, 34, 70 or 142 pixels for one to four.

    Source: Isola et al., "Image-to-Image Translation with Conditional Adversarial Networks", arXiv 1611.07004, section 3.2.2.
    """

    def __init__(self, width: int = 32, layers: int = 3) -> None:
        super().__init__()
        body: list[nn.Module] = [nn.Conv2d(3, width, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        inputs = width
        for stride in (*(2 for _ in range(layers - 1)), 1):
            outputs = min(2 * inputs, 8 * width)
            body += [nn.Conv2d(inputs, outputs, 4, stride=stride, padding=1, bias=False), instance_norm(outputs), nn.LeakyReLU(0.2)]
            inputs = outputs
        self.body = nn.Sequential(*body, nn.Conv2d(inputs, 1, 4, padding=1))
        initialise_normal(self)

    def forward(self, pictures: Tensor) -> Tensor:
        return self.body(pictures).float()


class ConvolutionCritic(nn.Module):
    """Judges by plain convolutions of 4 × 4 without norms; 256 px become a map of 34 × 30 scores.

    Args:
        width: channels of the first convolution; they double up to eight times as many.
        layers: convolutions in all: three of stride 2, then of stride 1; 5, or 4 for one fewer.
        dense: a dense layer behind the map, which is first averaged to 16 × 16, gives one score a picture.

    Shapes: pictures (n, 3, h, w) in [-1, 1] → scores (n, 1, h', w'); with `dense` (n, 1, 1, 1).
    """

    def __init__(self, width: int = 64, layers: int = 5, dense: bool = False) -> None:
        super().__init__()
        body: list[nn.Module] = []
        inputs, outputs = 3, width
        for place in range(layers):
            last = place == layers - 1
            stride, padding = (2, (1, 1)) if place < 3 else (1, (2, 1))
            body.append(nn.Conv2d(inputs, 1 if last else outputs, 4, stride=stride, padding=padding))
            body += [] if last else [nn.LeakyReLU(0.2)]
            inputs, outputs = outputs, min(2 * outputs, 8 * width)
        self.body = nn.Sequential(*body)
        self.dense = nn.Linear(MAP * MAP, 1) if dense else None
        initialise_normal(self)

    def forward(self, pictures: Tensor) -> Tensor:
        scores = self.body(pictures).float()
        if self.dense is None:
            return scores
        return self.dense(pooled_means(scores, MAP).flatten(1))[:, :, None, None]


CRITICS: dict[str, type[nn.Module]] = {"patches": PatchCritic, "convolutions": ConvolutionCritic}
