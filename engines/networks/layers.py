"""Layers that several families of networks share."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional


class BatchNorm2d(nn.BatchNorm2d):
    """Batch norm whose gradient is laid out like its features: the backward pass takes twelve times as long where the two differ.

    Shapes: features (n, channels, h, w) → the same.
    """

    def forward(self, input: Tensor) -> Tensor:
        normed = super().forward(input)
        if normed.requires_grad:
            layout = torch.channels_last if input.is_contiguous(memory_format=torch.channels_last) else torch.contiguous_format
            normed.register_hook(lambda gradient: gradient.contiguous(memory_format=layout))
        return normed


def gated_linear(features: Tensor) -> Tensor:
    """The gated linear unit: the first half of the channels times the sigmoid of the second, shape (n, 2 c, h, w) → (n, c, h, w).

    Where gradients are wanted it is taken apart, which keeps channels_last on the way back.

    Source: Dauphin et al., "Language Modeling with Gated Convolutional Networks", arXiv 1612.08083.
    """
    if not (torch.is_grad_enabled() and features.requires_grad):
        return functional.glu(features, dim=1)
    value, opening = features.chunk(2, dim=1)
    return value * torch.sigmoid(opening)


def pooled_means(features: Tensor, side: int) -> Tensor:
    """Means over a grid of `side` × `side` parts, shape (n, channels, h, w) → (n, channels, side, side): adaptive average pooling.

    Where h or w does not divide, which some devices do not know, the parts overlap as they do there, by a product with their shares.
    """
    high, wide = features.shape[-2:]
    if high % side == 0 and wide % side == 0:
        return functional.adaptive_avg_pool2d(features, side)
    return _shares(high, side).to(features) @ features @ _shares(wide, side).to(features).t()


def _shares(length: int, parts: int) -> Tensor:
    """What each of so many places counts in the mean of each part, shape (parts, length)."""
    begins, places = torch.arange(parts) * length // parts, torch.arange(length)
    ends = -((-torch.arange(1, parts + 1) * length) // parts)
    inside = (places >= begins[:, None]) & (places < ends[:, None])
    return inside / inside.sum(dim=1, keepdim=True)


class GatedConv(nn.Module):
    """A 3 × 3 convolution to twice the channels, optional noise, batch norm and a gated linear unit.

    With classes, the norm's scale and shift are moved by an embedding of the class (conditional batch norm).

    Shapes: features (n, inputs, h, w) → (n, outputs, h, w); condition (n, condition_dim); noise (n, 1, h, w).

    Source: Liu et al., "Towards Faster and Stabilized GAN Training for High-fidelity Few-shot Image Synthesis",
    arXiv 2101.04775, section 3.1; de Vries et al., "Modulating early visual processing by language", arXiv 1707.00683.
    """

    def __init__(self, inputs: int, outputs: int, condition_dim: int = 0) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, 2 * outputs, 3, padding=1, bias=False)
        self.noise_strength = nn.Parameter(torch.zeros(1))
        self.norm = BatchNorm2d(2 * outputs)
        self.modulation = nn.Linear(condition_dim, 4 * outputs) if condition_dim else None
        if self.modulation is not None:  # classes start without a say, or they drown the latent before it has learned anything
            nn.init.zeros_(self.modulation.weight)
            nn.init.zeros_(self.modulation.bias)

    def forward(self, features: Tensor, condition: Tensor | None, noise: Tensor | None) -> Tensor:
        features = self.conv(features)
        if noise is not None:
            features = features + self.noise_strength.to(features.dtype) * noise.to(features.dtype)
        features = self.norm(features)
        if self.modulation is not None and condition is not None:
            scale, shift = self.modulation(condition)[:, :, None, None].to(features.dtype).chunk(2, dim=1)
            features = features * (1 + scale) + shift
        return gated_linear(features)


class SkipExcitation(nn.Module):
    """Gates the channels of a large feature map by a small one: skip-layer channel-wise excitation.

    Shapes: small (n, small_channels, h, w), large (n, large_channels, H, W) → like large.

    Source: Liu et al., arXiv 2101.04775, section 3.1.
    """

    def __init__(self, small_channels: int, large_channels: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(small_channels, large_channels, 4)
        self.excite = nn.Conv2d(large_channels, large_channels, 1)

    def forward(self, small: Tensor, large: Tensor) -> Tensor:
        pooled = pooled_means(small, 4)
        gate = self.excite(functional.leaky_relu(self.squeeze(pooled), 0.1))
        return large * torch.sigmoid(gate)


def normalise_latent(latent: Tensor) -> Tensor:
    """Project latents, shape (n, dim), onto the hypersphere of radius √dim."""
    return latent * torch.rsqrt(latent.square().mean(dim=1, keepdim=True) + 1e-8)


class InstanceNorm(nn.GroupNorm):
    """Instance norm without parameters: a group norm of one channel a group, which keeps channels_last.

    Where gradients are wanted each picture goes through the batch norm of a batch of one, which is the same: the backward pass of a group
    norm in bfloat16 and channels_last takes twelve times as long as that.

    Shapes: features (n, channels, h, w) → the same.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(channels, channels, affine=False)

    def forward(self, features: Tensor) -> Tensor:
        learns = torch.is_grad_enabled() and features.requires_grad
        if not learns or features.shape[-2:].numel() == 1:  # of a single value batch norm takes no variance
            return super().forward(features)
        normed = [functional.batch_norm(one, None, None, training=True, eps=self.eps) for one in features.split(1)]
        return normed[0] if len(normed) == 1 else torch.cat(normed)


def instance_norm(channels: int) -> nn.Module:
    """Instance norm without parameters, fast on both ways."""
    return InstanceNorm(channels)


def initialise_normal(module: nn.Module, deviation: float = 0.02) -> None:
    """Draw every convolution's and linear layer's weight from N(0, deviation²) and set its bias to zero, in place.

    Spectrally normalised layers, whose scale means nothing, stay as they are.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear) and not hasattr(layer, "parametrizations"):
            nn.init.normal_(layer.weight, 0.0, deviation)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def parameter_count(modules: nn.Module | Sequence[nn.Module]) -> int:
    """Parameters that are trained, counted once each."""
    modules = [modules] if isinstance(modules, nn.Module) else modules
    return sum(p.numel() for module in modules for p in module.parameters() if p.requires_grad)
