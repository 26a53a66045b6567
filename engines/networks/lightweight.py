"""The lightweight generator: gated convolutions, noise, and skip excitation from small to large feature maps."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from engines.networks.drawing import Drawing, to_prior
from engines.networks.layers import BatchNorm2d, GatedConv, SkipExcitation, gated_linear, normalise_latent
from engines.networks.memory import Memory


class LightweightGenerator(Drawing):
    """Draws pictures from latents, with or without classes.

    Args:
        widths: channels at each resolution, smallest first; each step doubles height and width.
        start: height and width of the first feature map.
        latent_dim, channels, classes, class_dim, prior, crop: as of `Drawing`.
        memory: how many real pictures it may remember and draw latents towards; 0 for none.

    Source: Liu et al., "Towards Faster and Stabilized GAN Training for High-fidelity Few-shot Image Synthesis",
    arXiv 2101.04775; the two convolutions per octave with noise follow Karras et al., arXiv 1812.04948.
    """

    has_layers = True

    def __init__(
        self,
        widths: Sequence[int] = (256, 192, 128, 64, 32),
        start: int = 4,
        latent_dim: int = 128,
        channels: int = 3,
        classes: int = 0,
        class_dim: int = 64,
        prior: str = "normal",
        crop: Sequence[int] = (),
        memory: int = 0,
    ) -> None:
        super().__init__(start * 2 ** (len(widths) - 1), latent_dim, channels, classes, class_dim, prior, crop)
        self.widths, self.start = tuple(widths), start
        self.memory = Memory(memory, latent_dim, classes) if memory else None
        condition_dim = class_dim if classes else 0
        self.project = nn.Linear(latent_dim + condition_dim, 2 * widths[0] * start * start, bias=False)
        self.project_norm = BatchNorm2d(2 * widths[0])
        sizes = [start * 2**octave for octave in range(1, len(widths))]
        self.grow = nn.ModuleList(GatedConv(inputs, outputs, condition_dim) for inputs, outputs in pairwise(widths))
        self.refine = nn.ModuleList(GatedConv(width, width, condition_dim) for width in widths[1:])
        self.noise_sizes = [size for size in sizes for _ in range(2)]
        self.skips = nn.ModuleDict({str(octave): SkipExcitation(widths[octave - 3], widths[octave]) for octave in range(3, len(widths))})
        self.to_picture = nn.Conv2d(widths[-1], channels, 3, padding=1)
        self.remember_mean(widths[0], start, start)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.orthogonal_(layer.weight)

    def begin(self, latent: Tensor, classes: Tensor | None = None) -> Tensor:
        """The first learned block: latents (n, latent_dim) → features (n, widths[0], start, start)."""
        latent, condition = normalise_latent(to_prior(latent, self.prior)), self.condition(classes)
        if self.memory is not None:
            latent = self.memory(latent, classes)
        joined = latent if condition is None else torch.cat([latent, condition], dim=1)
        features = self.project(joined).reshape(len(latent), 2 * self.widths[0], self.start, self.start)
        return gated_linear(self.project_norm(features))

    def layered(self, first: Tensor, second: Tensor) -> Tensor:
        """Both side by side, shape (n, 2, channels, start, start): the second one's small maps excite the large maps of the first.

        Source: Liu et al., arXiv 2101.04775, section 4.3: style mixing by the skip layers.
        """
        return torch.stack([first, second], dim=1)

    def draw(self, features: Tensor, classes: Tensor | None = None, noise: Sequence[Tensor] | None = None) -> Tensor:
        """Pictures in [-1, 1], shape (n, channels, resolution, resolution), from the first block's features, or from two (`layered`)."""
        condition = self.condition(classes)
        if noise is None:
            noise = [features.new_empty(len(features), 1, size, size).normal_() for size in self.noise_sizes]
        features, exciting = features.unbind(1) if features.dim() == 5 else (features, None)
        passed = [features]
        small = passed if exciting is None else [exciting]
        for octave in range(1, len(self.widths)):
            if exciting is not None and octave + 3 < len(self.widths):
                small.append(self._doubled(small[-1], octave, condition, noise))
            features = self._doubled(features, octave, condition, noise)
            if str(octave) in self.skips:
                features = self.skips[str(octave)](small[octave - 3], features)
            passed.append(features)
        return torch.tanh(self.to_picture(features))

    def _doubled(self, features: Tensor, octave: int, condition: Tensor | None, noise: Sequence[Tensor]) -> Tensor:
        """The features of the next octave, before any skip."""
        features = functional.interpolate(features, scale_factor=2, mode="nearest")
        features = self.grow[octave - 1](features, condition, noise[2 * octave - 2])
        return self.refine[octave - 1](features, condition, noise[2 * octave - 1])
