"""CycleGAN: a residual generator that works at any size, and the patch critic."""

import torch
from torch import Tensor, nn

from engines.networks.layers import initialise_normal, instance_norm


class ResidualBlock(nn.Module):
    """Two 3 × 3 convolutions with instance norm, added to their input. Shapes: (n, channels, h, w) → the same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            instance_norm(channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            instance_norm(channels),
        )

    def forward(self, features: Tensor) -> Tensor:
        return features + self.body(features)


class ResidualTranslator(nn.Module):
    """Translates pictures from one domain to another; fully convolutional.

    Three encoding convolutions, residual blocks at a quarter of the size, and nearest upsampling with 3 × 3 convolutions in place of
    transposed ones, which draw checkerboards.

    Args:
        width: channels of the first convolution.
        blocks: residual blocks; 6 for 128 px, 9 for 256 px and more.

    Shapes: pictures (n, 3, h, w) in [-1, 1], h and w multiples of 4 → the same.

    Source: Zhu et al., "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks", arXiv 1703.10593, section 4
    and appendix 7.2; upsampling: Odena et al., "Deconvolution and Checkerboard Artifacts", distill.pub 2016.
    """

    def __init__(self, width: int = 32, blocks: int = 6) -> None:
        super().__init__()
        self.width, self.blocks = width, blocks
        self.encode = nn.Sequential(
            nn.Conv2d(3, width, 7, padding=3, padding_mode="replicate", bias=False),
            instance_norm(width),
            nn.ReLU(),
            nn.Conv2d(width, 2 * width, 3, stride=2, padding=1, bias=False),
            instance_norm(2 * width),
            nn.ReLU(),
            nn.Conv2d(2 * width, 4 * width, 3, stride=2, padding=1, bias=False),
            instance_norm(4 * width),
            nn.ReLU(),
        )
        self.transform = nn.Sequential(*(ResidualBlock(4 * width) for _ in range(blocks)))
        self.decode = nn.Sequential(
            nn.Upsample(scale_factor=2, mode="nearest"),
            nn.Conv2d(4 * width, 2 * width, 3, padding=1, bias=False),
            instance_norm(2 * width),
            nn.ReLU(),
            nn.Upsample(scale_factor=2, mode="nearest"),
            nn.Conv2d(2 * width, width, 3, padding=1, bias=False),
            instance_norm(width),
            nn.ReLU(),
            nn.Conv2d(width, 3, 7, padding=3, padding_mode="replicate"),
        )
        initialise_normal(self)

    def forward(self, pictures: Tensor) -> Tensor:
        return torch.tanh(self.decode(self.transform(self.encode(pictures))).float())


class PatchCritic(nn.Module):
    """Judges overlapping 70-pixel patches. Shapes: pictures (n, 3, h, w) in [-1, 1] → scores (n, 1, about h / 8, about w / 8).

    Source: Isola et al., "Image-to-Image Translation with Conditional Adversarial Networks", arXiv 1611.07004, section 3.2.2.
    """

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3, width, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        inputs = width
        for stride in (2, 2, 1):
            outputs = min(2 * inputs, 8 * width)
            layers += [nn.Conv2d(inputs, outputs, 4, stride=stride, padding=1, bias=False), instance_norm(outputs), nn.LeakyReLU(0.2)]
            inputs = outputs
        self.body = nn.Sequential(*layers, nn.Conv2d(inputs, 1, 4, padding=1))
        initialise_normal(self)

    def forward(self, pictures: Tensor) -> Tensor:
        return self.body(pictures).float()
