"""The residual pair of the Wasserstein GAN with gradient penalty."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from engines.networks.attention import normalise_spectrally
from engines.networks.drawing import ClassJudge, Drawing, WholeDiscriminator, octaves
from engines.networks.layers import BatchNorm2d

MOST = 8
"""The widest maps have so many times the channels of the narrowest."""


class RisingBlock(nn.Module):
    """Batch norm, ReLU and a 3 × 3 convolution, twice, the first after nearest upsampling.

    Shapes: (n, inputs, h, w) → (n, outputs, 2h, 2w).

    Source: Gulrajani et al., "Improved Training of Wasserstein GANs", arXiv 1704.00028, appendix.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.shortcut = nn.Conv2d(inputs, outputs, 1)
        self.first_norm, self.second_norm = BatchNorm2d(inputs), BatchNorm2d(outputs)
        self.first = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1)

    def forward(self, features: Tensor) -> Tensor:
        # A 1 × 1 convolution and nearest upsampling may change places, and before it costs a quarter.
        straight = functional.interpolate(self.shortcut(features), scale_factor=2, mode="nearest")
        inner = functional.interpolate(functional.relu(self.first_norm(features)), scale_factor=2, mode="nearest")
        inner = functional.relu(self.second_norm(self.first(inner)))
        return straight + self.second(inner)


class FallingBlock(nn.Module):
    """Layer norm, ReLU and a 3 × 3 convolution, twice, the second with mean pooling. Shapes: (n, inputs, h, w) → (n, outputs, h/2, w/2).

    Source: Gulrajani et al., arXiv 1704.00028, appendix.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.shortcut = nn.Conv2d(inputs, outputs, 1)
        self.first_norm, self.second_norm = nn.GroupNorm(1, inputs), nn.GroupNorm(1, inputs)
        self.first = nn.Conv2d(inputs, inputs, 3, padding=1, bias=False)
        self.second = nn.Conv2d(inputs, outputs, 3, padding=1)

    def forward(self, features: Tensor) -> Tensor:
        inner = self.first(functional.relu(self.first_norm(features)))
        inner = self.second(functional.relu(self.second_norm(inner)))
        return self.shortcut(functional.avg_pool2d(features, 2)) + functional.avg_pool2d(inner, 2)


def stage_widths(resolution: int, width: int) -> list[int]:
    """Channels of the maps from the smallest to the largest: 64 px → 8, 8, 4, 2, 1 times the width."""
    return [width * min(MOST, 2**octave) for octave in reversed(range(octaves(resolution)[1] + 1))]


class WassersteinGenerator(Drawing):
    """Draws by residual blocks with batch norm.

    Args:
        resolution, latent_dim, channels, classes, class_dim, prior, crop: as of `Drawing`.
        width: channels of the largest map.
    """

    def __init__(
        self,
        resolution: int = 64,
        width: int = 64,
        latent_dim: int = 128,
        channels: int = 3,
        classes: int = 0,
        class_dim: int = 32,
        prior: str = "normal",
        crop: Sequence[int] = (),
    ) -> None:
        super().__init__(resolution, latent_dim, channels, classes, class_dim, prior, crop)
        widths, self.start = stage_widths(resolution, width), octaves(resolution)[0]
        self.project = nn.Linear(latent_dim + (class_dim if classes else 0), widths[0] * self.start**2)
        self.grow = nn.Sequential(*(RisingBlock(inputs, outputs) for inputs, outputs in pairwise(widths)))
        self.norm = BatchNorm2d(widths[-1])
        self.to_picture = nn.Conv2d(widths[-1], channels, 3, padding=1)
        self.remember_mean(widths[0], self.start, self.start)
        initialise_he(self)

    def begin(self, latent: Tensor, classes: Tensor | None = None) -> Tensor:
        """The linear layer: latents (n, latent_dim) → features (n, widest, start, start)."""
        return self.project(self.joined(latent, classes)).reshape(len(latent), -1, self.start, self.start)

    def draw(self, features: Tensor, classes: Tensor | None = None, noise: Sequence[Tensor] | None = None) -> Tensor:
        """The residual blocks: features → pictures in [-1, 1]."""
        return torch.tanh(self.to_picture(functional.relu(self.norm(self.grow(features)))))


class WassersteinHead(nn.Module):
    """Residual blocks with layer norm, then one score from all places. Shapes: (n, channels, side, side) → (n, 1)."""

    def __init__(self, resolution: int, width: int, channels: int, classes: int, spectral: bool) -> None:
        super().__init__()
        widths = stage_widths(resolution, width)[::-1]
        self.from_picture = nn.Conv2d(channels, widths[0], 3, padding=1)
        self.body = nn.Sequential(*(FallingBlock(inputs, outputs) for inputs, outputs in pairwise(widths)))
        self.to_score = nn.Linear(widths[-1] * octaves(resolution)[0] ** 2, 1)
        self.class_judge = ClassJudge(classes, widths[-1]) if classes else None
        initialise_he(self)
        if spectral:
            normalise_spectrally(self)

    def forward(self, pictures: Tensor, classes: Tensor | None) -> Tensor:
        features = self.body(self.from_picture(pictures))
        score = self.to_score(features.flatten(1))
        return score if self.class_judge is None else score + self.class_judge(features.mean(dim=(2, 3)), classes)


class WassersteinDiscriminator(WholeDiscriminator):
    """Scores pictures without any norm over the batch, as a gradient penalty demands; with classes a projection is added."""

    def __init__(self, resolution: int = 64, width: int = 64, channels: int = 3, classes: int = 0, spectral: bool = False) -> None:
        super().__init__(WassersteinHead(resolution, width, channels, classes, spectral))


def initialise_he(network: nn.Module) -> None:
    """Draw convolutions' weights as He et al. do (arXiv 1502.01852), biases zero, in place."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu" if isinstance(layer, nn.Conv2d) else "linear")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
