"""The lightweight generator: gated convolutions, noise, and skip excitation from small to large feature maps."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from engines.networks.layers import GatedConv, SkipExcitation, normalise_latent


class LightweightGenerator(nn.Module):
    """Draws square pictures from latents, with or without classes.

    A picture is made in two parts, so that truncation has a place to act: `begin` maps the latent to a small feature map (the
    first learned block), `finish` draws from it. `forward` is the two together.

    Args:
        widths: channels at each resolution, smallest first; each step doubles height and width.
        start: height and width of the first feature map.
        latent_dim: size of the latent, drawn from N(0, 1).
        channels: of the picture: 1 for grey, 3 for RGB.
        classes: how many classes; 0 means that the generator is unconditional.
        class_dim: size of the class embedding.

    Attributes:
        resolution: height and width of the pictures, `start * 2 ** (len(widths) - 1)`.
        noise_sizes: height and width of each noise map that a picture takes.
        emphasis: how much the class matters, from 0 (not at all) to 1; training raises it, drawing leaves it at 1.
        mean_start: mean of `begin` for each class, shape (max(classes, 1), widths[0], start, start); filled after training.

    Source: Liu et al., "Towards Faster and Stabilized GAN Training for High-fidelity Few-shot Image Synthesis",
    arXiv 2101.04775; the two convolutions per octave with noise follow Karras et al., arXiv 1812.04948.
    """

    mean_start: Tensor

    def __init__(
        self,
        widths: Sequence[int] = (256, 192, 128, 64, 32),
        start: int = 4,
        latent_dim: int = 128,
        channels: int = 3,
        classes: int = 0,
        class_dim: int = 64,
    ) -> None:
        super().__init__()
        self.widths, self.start, self.latent_dim, self.channels, self.classes = tuple(widths), start, latent_dim, channels, classes
        self.emphasis = 1.0
        self.resolution = start * 2 ** (len(widths) - 1)
        condition_dim = class_dim if classes else 0
        self.embedding = nn.Embedding(classes, class_dim) if classes else None
        self.project = nn.Linear(latent_dim + condition_dim, 2 * widths[0] * start * start, bias=False)
        self.project_norm = nn.BatchNorm2d(2 * widths[0])
        sizes = [start * 2**octave for octave in range(1, len(widths))]
        self.grow = nn.ModuleList(GatedConv(inputs, outputs, condition_dim) for inputs, outputs in pairwise(widths))
        self.refine = nn.ModuleList(GatedConv(width, width, condition_dim) for width in widths[1:])
        self.noise_sizes = [size for size in sizes for _ in range(2)]
        self.skips = nn.ModuleDict({str(octave): SkipExcitation(widths[octave - 3], widths[octave]) for octave in range(3, len(widths))})
        self.to_picture = nn.Conv2d(widths[-1], channels, 3, padding=1)
        self.register_buffer("mean_start", torch.zeros(max(classes, 1), widths[0], start, start))
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.orthogonal_(layer.weight)

    def condition(self, classes: Tensor | None) -> Tensor | None:
        """The embedding of classes, shape (n,) → (n, class_dim); None for an unconditional generator."""
        if self.embedding is None:
            return None
        if classes is None:
            raise ValueError(f"this generator draws {self.classes} classes: pass a class for each latent")
        return self.emphasis * self.embedding(classes)

    def begin(self, latent: Tensor, classes: Tensor | None = None) -> Tensor:
        """The first learned block: latents (n, latent_dim) → features (n, widths[0], start, start)."""
        latent, condition = normalise_latent(latent), self.condition(classes)
        joined = latent if condition is None else torch.cat([latent, condition], dim=1)
        features = self.project(joined).reshape(len(latent), 2 * self.widths[0], self.start, self.start)
        return functional.glu(self.project_norm(features), dim=1)

    def finish(self, features: Tensor, classes: Tensor | None = None, noise: Sequence[Tensor] | None = None) -> Tensor:
        """Draw pictures in [-1, 1], shape (n, channels, resolution, resolution), from the first block's features.

        Without `noise` (maps of shape (n, 1, size, size), one a `noise_sizes`) it is drawn afresh.
        """
        condition = self.condition(classes)
        if noise is None:
            noise = [features.new_empty(len(features), 1, size, size).normal_() for size in self.noise_sizes]
        passed = [features]
        for octave, (grow, refine) in enumerate(zip(self.grow, self.refine, strict=True), start=1):
            features = functional.interpolate(features, scale_factor=2, mode="nearest")
            features = grow(features, condition, noise[2 * octave - 2])
            features = refine(features, condition, noise[2 * octave - 1])
            if str(octave) in self.skips:
                features = self.skips[str(octave)](passed[octave - 3], features)
            passed.append(features)
        return torch.tanh(self.to_picture(features))

    def forward(self, latent: Tensor, classes: Tensor | None = None, noise: Sequence[Tensor] | None = None) -> Tensor:
        return self.finish(self.begin(latent, classes), classes, noise)
