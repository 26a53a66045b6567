"""A plain pair: residual networks without any norm, noise or gate, which learn stably under a gradient penalty alone."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from engines.networks.drawing import Drawing, WholeDiscriminator, to_prior
from engines.networks.layers import normalise_latent

SLOPE = 0.2


class PlainBlock(nn.Module):
    """Two 3 × 3 convolutions added to their input; the second starts at zero, so that a block starts as the identity.

    Shapes: (n, channels, h, w) → the same.

    Source: Huang et al., "The GAN is dead; long live the GAN! A Modern GAN Baseline", arXiv 2501.05441, section 3; zero start: Zhang et
    al., "Fixup Initialization", arXiv 1901.09321.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.kaiming_normal_(self.first.weight, SLOPE)
        nn.init.zeros_(self.second.weight)

    def forward(self, features: Tensor) -> Tensor:
        inner = functional.leaky_relu(self.first(functional.leaky_relu(features, SLOPE)), SLOPE)
        return features + self.second(inner)


class PlainGenerator(Drawing):
    """Draws pictures from latents, with or without classes; the latent is all that a picture is drawn from.

    Args:
        widths: channels at each resolution, smallest first; each step doubles height and width.
        start: height and width of the first feature map.
        latent_dim, channels, classes, class_dim, prior, crop: as of `Drawing`.

    Source: Huang et al., arXiv 2501.05441, section 3.
    """

    def __init__(
        self,
        widths: Sequence[int] = (128, 96, 64, 48, 32),
        start: int = 4,
        latent_dim: int = 64,
        channels: int = 3,
        classes: int = 0,
        class_dim: int = 32,
        prior: str = "normal",
        crop: Sequence[int] = (),
    ) -> None:
        super().__init__(start * 2 ** (len(widths) - 1), latent_dim, channels, classes, class_dim, prior, crop)
        self.widths, self.start = tuple(widths), start
        self.project = nn.Linear(latent_dim + (class_dim if classes else 0), widths[0] * start * start)
        self.blocks = nn.ModuleList(PlainBlock(width) for width in widths)
        self.widen = nn.ModuleList(nn.Conv2d(inputs, outputs, 1) for inputs, outputs in pairwise(widths))
        self.to_picture = nn.Conv2d(widths[-1], channels, 3, padding=1)
        self.remember_mean(widths[0], start, start)

    def begin(self, latent: Tensor, classes: Tensor | None = None) -> Tensor:
        """The first learned block: latents (n, latent_dim) → features (n, widths[0], start, start)."""
        joined, condition = normalise_latent(to_prior(latent, self.prior)), self.condition(classes)
        if condition is not None:
            joined = torch.cat([joined, condition], dim=1)
        return self.project(joined).reshape(len(latent), self.widths[0], self.start, self.start)

    def draw(self, features: Tensor, classes: Tensor | None = None, noise: Sequence[Tensor] | None = None) -> Tensor:
        """Pictures in [-1, 1], shape (n, channels, resolution, resolution), from the first block's features."""
        features = self.blocks[0](features)
        for widen, block in zip(self.widen, self.blocks[1:], strict=True):
            features = functional.interpolate(widen(features), scale_factor=2, mode="nearest")
            features = block(features)
        return torch.tanh(self.to_picture(functional.leaky_relu(features, SLOPE)))


class PlainHead(nn.Module):
    """Residual blocks and average pooling down to the generator's first size, then one logit; with classes, a projection is added.

    Shapes: pictures (n, channels, resolution, resolution), classes (n,) → logits (n, 1).

    Source: Huang et al., arXiv 2501.05441, section 3; Miyato and Koyama, arXiv 1802.05637.
    """

    def __init__(self, widths: Sequence[int], channels: int, classes: int) -> None:
        super().__init__()
        self.emphasis = 1.0
        self.from_picture = nn.Conv2d(channels, widths[-1], 3, padding=1)
        self.blocks = nn.ModuleList(PlainBlock(width) for width in reversed(widths))
        self.widen = nn.ModuleList(nn.Conv2d(outputs, inputs, 1) for inputs, outputs in reversed(list(pairwise(widths))))
        self.judge = nn.Linear(widths[0], 1)
        self.embedding = nn.Embedding(classes, widths[0]) if classes else None

    def forward(self, pictures: Tensor, classes: Tensor | None) -> Tensor:
        features = self.blocks[0](self.from_picture(pictures))
        for widen, block in zip(self.widen, self.blocks[1:], strict=True):
            features = block(functional.avg_pool2d(widen(features), 2))
        pooled = functional.leaky_relu(features, SLOPE).mean(dim=(2, 3))
        logits = self.judge(pooled)
        if self.embedding is not None:
            if classes is None:
                raise ValueError("this discriminator judges classes: pass a class for each picture")
            logits = logits + self.emphasis * (self.embedding(classes) * pooled).sum(dim=1, keepdim=True) / pooled.shape[1] ** 0.5
        return logits


class PlainDiscriminator(WholeDiscriminator):
    """Judges pictures by the generator's mirror.

    Shapes: pictures (n, channels, resolution, resolution) in [-1, 1], classes (n,) → logits (n, 1).
    """

    def __init__(self, widths: Sequence[int] = (128, 96, 64, 48, 32), channels: int = 3, classes: int = 0) -> None:
        super().__init__(PlainHead(widths, channels, classes))
