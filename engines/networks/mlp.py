"""The basic pair: three fully connected layers each."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from engines.networks.attention import normalise_spectrally
from engines.networks.drawing import ClassMap, Drawing, WholeDiscriminator

SLOPE = 0.2


class MlpGenerator(Drawing):
    """Draws pictures by three fully connected layers.

    Args:
        resolution, latent_dim, channels, classes, class_dim, prior, crop: as of `Drawing`.
        hidden: width of the two layers between latent and picture.

    Source: Goodfellow et al., "Generative Adversarial Networks", arXiv 1406.2661.
    """

    def __init__(
        self,
        resolution: int = 28,
        hidden: Sequence[int] = (256, 512),
        latent_dim: int = 100,
        channels: int = 1,
        classes: int = 0,
        class_dim: int = 16,
        prior: str = "normal",
        crop: Sequence[int] = (),
    ) -> None:
        super().__init__(resolution, latent_dim, channels, classes, class_dim, prior, crop)
        first, second = hidden
        self.project = nn.Linear(latent_dim + (class_dim if classes else 0), first)
        self.widen = nn.Linear(first, second)
        self.to_picture = nn.Linear(second, channels * resolution**2)
        self.remember_mean(first)

    def begin(self, latent: Tensor, classes: Tensor | None = None) -> Tensor:
        """The first layer: latents (n, latent_dim) → features (n, hidden[0])."""
        return functional.leaky_relu(self.project(self.joined(latent, classes)), SLOPE)

    def draw(self, features: Tensor, classes: Tensor | None = None, noise: Sequence[Tensor] | None = None) -> Tensor:
        """The other two layers: features → pictures in [-1, 1]."""
        values = self.to_picture(functional.leaky_relu(self.widen(features), SLOPE))
        return torch.tanh(values).reshape(-1, self.channels, self.resolution, self.resolution)


class MlpHead(nn.Module):
    """Three fully connected layers from a picture to one logit. Shapes: (n, channels, side, side) → (n, 1)."""

    def __init__(self, resolution: int, hidden: Sequence[int], channels: int, classes: int, spectral: bool) -> None:
        super().__init__()
        self.class_map = ClassMap(classes, resolution) if classes else None
        first, second = hidden
        self.body = nn.Sequential(
            nn.Linear((channels + (1 if classes else 0)) * resolution**2, first),
            nn.LeakyReLU(SLOPE),
            nn.Linear(first, second),
            nn.LeakyReLU(SLOPE),
            nn.Linear(second, 1),
        )
        if spectral:
            normalise_spectrally(self)

    def forward(self, pictures: Tensor, classes: Tensor | None) -> Tensor:
        if self.class_map is not None:
            pictures = self.class_map(pictures, classes)
        return self.body(pictures.flatten(1))


class MlpDiscriminator(WholeDiscriminator):
    """Judges pictures by three fully connected layers."""

    def __init__(
        self, resolution: int = 28, hidden: Sequence[int] = (512, 256), channels: int = 1, classes: int = 0, spectral: bool = False
    ) -> None:
        super().__init__(MlpHead(resolution, hidden, channels, classes, spectral))
