"""The Lightweight GAN in the form in which it is usually trained: pixel shuffling, gating by a global context, attention, reconstruction.

The same figures come out for the same weights as from the `lightweight-gan` package; `from_package` in `engines.models.importers` reads its
checkpoints.

Source: Liu et al., "Towards Faster and Stabilized GAN Training for High-fidelity Few-shot Image Synthesis", arXiv 2101.04775; the gate:
Cao et al., arXiv 2012.13375; by frequencies: Qin et al., arXiv 2012.11879; upsampling: Shi et al., arXiv 1609.05158; downsampling: Sunkara
and Luo, arXiv 2208.03641; linear attention: Shen et al., arXiv 1812.01243.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from engines.networks.attention import require_sizes
from engines.networks.drawing import ClassJudge, Drawing, WholeDiscriminator
from engines.networks.layers import BatchNorm2d, gated_linear, pooled_means

SLOPE = 0.1
GATES = {3: 7, 4: 8, 5: 9, 6: 10}
"""A map of 2 to the key pixels, once doubled, gates the channels of the one that gives 2 to the value pixels."""
THIN_FROM, THIN = 8, 3
"""Maps made from 2 to the power of 8 pixels and more have three channels."""
SMALL = 32
FREQUENCIES = 8


class ChannelNorm(nn.Module):
    """Normalises over the channels of each place. Shapes: (n, channels, h, w) → the same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gain, self.shift = nn.Parameter(torch.ones(1, channels, 1, 1)), nn.Parameter(torch.zeros(1, channels, 1, 1))

    def forward(self, features: Tensor) -> Tensor:
        variance, mean = torch.var_mean(features.float(), dim=1, correction=0, keepdim=True)
        return ((features - mean) * torch.rsqrt(variance + 1e-5)).to(features.dtype) * self.gain + self.shift


class LinearAttention(nn.Module):
    """Attention over all places at linear cost, beside full attention over each place's 3 × 3 neighbours, added to the input.

    Shapes: (n, channels, h, w) → the same.
    """

    def __init__(self, channels: int, head_dim: int = 64, heads: int = 8) -> None:
        super().__init__()
        inner = head_dim * heads
        self.heads, self.scale = heads, head_dim**-0.5
        self.norm = ChannelNorm(channels)
        self.far_query = nn.Conv2d(channels, inner, 1, bias=False)
        self.far_spread = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        self.far_key_value = nn.Conv2d(channels, 2 * inner, 1, bias=False)
        self.near_query = nn.Conv2d(channels, inner, 1, bias=False)
        self.near_key_value = nn.Conv2d(channels, 2 * inner, 1, bias=False)
        self.out = nn.Conv2d(2 * inner, channels, 1)

    def forward(self, features: Tensor) -> Tensor:
        height, width = features.shape[-2:]
        normed = self.norm(features)
        found = torch.cat([functional.gelu(self._far(normed)), self._near(normed)], dim=1)
        return features + self.out(found.reshape(len(features), -1, height, width))

    def _split(self, maps: Tensor) -> Tensor:
        """(n, heads × c, h, w) → (n, heads, c, places)."""
        return maps.flatten(2).unflatten(1, (self.heads, -1))

    def _far(self, features: Tensor) -> Tensor:
        query = self._split(self.far_query(features)).softmax(dim=-2) * self.scale
        key, value = map(self._split, self.far_key_value(self.far_spread(features)).chunk(2, dim=1))
        context = value @ key.softmax(dim=-1).transpose(-1, -2)
        return (context @ query).flatten(1, 2)

    def _near(self, features: Tensor) -> Tensor:
        """Full attention over the neighbours; places outside count as zeros.

        A row of places is multiplied with the three rows about it at once and all but the neighbours left out: more products, but a tenth
        of the memory that a copy of each place's neighbours takes.
        """
        height, width = features.shape[-2:]
        query = (self.near_query(features) * self.scale).unflatten(1, (self.heads, -1)).movedim(2, 4)
        padded = functional.pad(self.near_key_value(features), (1, 1, 1, 1))
        rows = torch.stack([padded[:, :, row : row + height] for row in range(3)], dim=3).flatten(3)
        key, value = (part.unflatten(1, (self.heads, -1)).movedim(3, 2) for part in rows.chunk(2, dim=1))
        away = torch.arange(width + 2, device=features.device)[None] - torch.arange(width, device=features.device)[:, None]
        others = ((away < 0) | (away > 2)).repeat(1, 3)
        weights = (query @ key).masked_fill(others, -math.inf).softmax(dim=-1)
        found = weights.to(value.dtype) @ value.transpose(-1, -2)
        return found.movedim(4, 2).flatten(3).flatten(1, 2)


class ContextGate(nn.Module):
    """One factor a channel for a larger map, from a mean over the places that the network weighs itself.

    Shapes: (n, inputs, h, w) → (n, outputs, 1, 1).
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weigh = nn.Conv2d(inputs, 1, 1)
        self.first, self.second = nn.Conv2d(inputs, max(3, outputs // 2), 1), nn.Conv2d(max(3, outputs // 2), outputs, 1)

    def forward(self, features: Tensor) -> Tensor:
        weights = self.weigh(features).flatten(2).softmax(dim=-1)
        context = (features.flatten(2) @ weights.transpose(1, 2)).unsqueeze(-1)
        return torch.sigmoid(self.second(functional.leaky_relu(self.first(context), SLOPE)))


class FrequencyGate(nn.Module):
    """One factor a channel for a larger map, from what part of the channels have at each of sixteen frequencies.

    Shapes: (n, inputs, size, size) → (n, outputs, 1, 1).
    """

    waves: Tensor

    def __init__(self, inputs: int, outputs: int, size: int) -> None:
        super().__init__()
        self.register_buffer("waves", waves(inputs, size))
        self.first, self.second = nn.Conv2d(inputs, max(3, outputs // 4), 1), nn.Conv2d(max(3, outputs // 4), outputs, 1)

    def forward(self, features: Tensor) -> Tensor:
        found = (features * self.waves.to(features.dtype)).sum(dim=(2, 3), keepdim=True)
        return torch.sigmoid(self.second(functional.leaky_relu(self.first(found), SLOPE)))


def waves(channels: int, size: int) -> Tensor:
    """Cosine waves along one axis or the other, a sixteenth of the channels each, shape (1, channels, size, size)."""
    places, number = torch.arange(size)[None] + 0.5, torch.arange(FREQUENCIES)[:, None]
    lines = torch.cos(math.pi * number * places / size) / math.sqrt(size)
    lines[1:] *= math.sqrt(2)
    flat = lines[:1].expand(FREQUENCIES, -1)
    kinds = torch.cat([flat[:, :, None] * lines[:, None, :], lines[:, :, None] * flat[:, None, :]])
    share = channels // len(kinds)
    found = torch.zeros(1, channels, size, size)
    found[:, : share * len(kinds)] = kinds.repeat_interleave(share, dim=0)
    return found


class Shuffle(nn.Module):
    """Doubles the size: a 1 × 1 convolution to four times the channels, SiLU, and the four dealt out over 2 × 2 pixels.

    All four start alike, so that the picture starts without a grid. Shapes: (n, channels, h, w) → (n, channels, 2h, 2w).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, 4 * channels, 1)
        one = torch.empty(channels, channels, 1, 1)
        nn.init.kaiming_uniform_(one)
        self.conv.weight.data.copy_(one.repeat_interleave(4, dim=0))
        nn.init.zeros_(self.conv.bias)  # type: ignore[arg-type]

    def forward(self, features: Tensor) -> Tensor:
        return functional.pixel_shuffle(functional.silu(self.conv(features)), 2)


class Unshuffle(nn.Module):
    """Halves the size: 2 × 2 pixels become channels, then a 1 × 1 convolution. Shapes: (n, inputs, h, w) → (n, outputs, h / 2, w / 2)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4 * inputs, outputs, 1)

    def forward(self, features: Tensor) -> Tensor:
        return self.conv(functional.pixel_unshuffle(features, 2))


class Blur(nn.Module):
    """A 3 × 3 binomial filter on every channel, the border mirrored. Shapes: (n, channels, h, w) → the same."""

    def forward(self, features: Tensor) -> Tensor:
        line = features.new_tensor([0.25, 0.5, 0.25])
        count = features.shape[1]
        weight = torch.outer(line, line).expand(count, 1, 3, 3)
        return functional.conv2d(functional.pad(features, (1, 1, 1, 1), mode="reflect"), weight, groups=count)


class RisingStage(nn.Module):
    """Attention where it is wanted, twice the size, a 4 × 4 convolution, noise, batch norm and a gated linear unit.

    Shapes: (n, inputs, h, w) → (n, outputs, 2h, 2w).
    """

    def __init__(self, inputs: int, outputs: int, attention: bool, gate: nn.Module | None, antialias: bool, heads: int = 8) -> None:
        super().__init__()
        self.attention = LinearAttention(inputs, heads=heads) if attention else None
        self.shuffle, self.blur = Shuffle(inputs), Blur() if antialias else nn.Identity()
        self.conv = nn.Conv2d(inputs, 2 * outputs, 4)
        self.noise_strength = nn.Parameter(torch.zeros(1))
        self.norm = BatchNorm2d(2 * outputs)
        self.gate = gate

    def forward(self, features: Tensor, noise: Tensor) -> Tensor:
        if self.attention is not None:
            features = self.attention(features)
        features = self.conv(functional.pad(self.blur(self.shuffle(features)), (2, 1, 2, 1)))
        features = features + self.noise_strength.to(features.dtype) * noise.to(features.dtype)
        return gated_linear(self.norm(features))


def initialise(network: nn.Module) -> None:
    """Draw convolutions' weights as He et al. do (arXiv 1502.01852), in place; those that are shuffled stay alike in fours."""
    shuffled = {id(layer.conv) for layer in network.modules() if isinstance(layer, Shuffle)}
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d) and id(layer) not in shuffled:
            nn.init.kaiming_normal_(layer.weight, nonlinearity="leaky_relu")


def log2(resolution: int) -> int:
    """The exponent of a power of two from 16 to 1024.

    Raises:
        ValueError: another resolution.
    """
    if resolution < 16 or resolution > 1024 or resolution & (resolution - 1):
        raise ValueError(f"resolution must be 16, 32, … 1024 for the Lightweight GAN, got {resolution}: choose one of these")
    return resolution.bit_length() - 1


class LightweightGanGenerator(Drawing):
    """Draws pictures by stages that double the size, small maps gating the channels of large ones.

    Args:
        resolution, latent_dim, channels, classes, prior, crop: as of `Drawing`; the class is joined to the latent.
        base, most: channels times size, and the most channels.
        attention: sizes of the maps that attention comes before, such as (32,).
        frequency_gate: gate by frequencies, not by a weighed mean.
        antialias: blur after every doubling.
        heads: of attention, 64 numbers each.
    """

    def __init__(
        self,
        resolution: int = 64,
        latent_dim: int = 256,
        channels: int = 3,
        classes: int = 0,
        base: int = 4096,
        most: int = 512,
        attention: Sequence[int] = (),
        frequency_gate: bool = False,
        antialias: bool = False,
        heads: int = 8,
        class_dim: int = 64,
        prior: str = "normal",
        crop: Sequence[int] = (),
    ) -> None:
        super().__init__(resolution, latent_dim, channels, classes, class_dim, prior, crop)
        exponents = range(2, log2(resolution))
        require_sizes(attention, [2**power for power in exponents])
        widths = {power: THIN if power >= THIN_FROM else min(base // 2**power, most) for power in exponents}
        self.start = nn.ConvTranspose2d(latent_dim + (class_dim if classes else 0), 2 * latent_dim, 4)
        self.start_norm = BatchNorm2d(2 * latent_dim)
        stages, inputs = [], latent_dim
        self.gated: dict[int, int] = {}
        for place, power in enumerate(exponents):
            gate: nn.Module | None = None
            if power in GATES and GATES[power] - 1 in widths:
                target = widths[GATES[power] - 1]
                gate = FrequencyGate(widths[power], target, 2 ** (power + 1)) if frequency_gate else ContextGate(widths[power], target)
                self.gated[place] = GATES[power] - 3
            stages.append(RisingStage(inputs, widths[power], 2**power in attention, gate, antialias, heads))
            inputs = widths[power]
        self.stages = nn.ModuleList(stages)
        self.noise_sizes = [2 ** (power + 1) for power in exponents]
        self.to_picture = nn.Conv2d(inputs, channels, 3, padding=1)
        self.remember_mean(latent_dim, 4, 4)
        initialise(self)

    def begin(self, latent: Tensor, classes: Tensor | None = None) -> Tensor:
        """The first transposed convolution, each place of unit length: latents (n, latent_dim) → features (n, latent_dim, 4, 4)."""
        features = gated_linear(self.start_norm(self.start(self.joined(latent, classes)[:, :, None, None])))
        return functional.normalize(features.float(), dim=1)

    def draw(self, features: Tensor, classes: Tensor | None = None, noise: Sequence[Tensor] | None = None) -> Tensor:
        """The stages: features → pictures, not limited to [-1, 1]."""
        if noise is None:
            noise = [features.new_empty(len(features), 1, size, size).normal_() for size in self.noise_sizes]
        gates: dict[int, Tensor] = {}
        stage: Any
        for place, (stage, level) in enumerate(zip(self.stages, noise, strict=True)):
            features = stage(features, level)
            if place in self.gated:
                gates[self.gated[place]] = stage.gate(features)
            if place in gates:
                features = features * gates[place]
        return 2 * self.to_picture(features) - 1


class FallingStage(nn.Module):
    """Two ways to half the size, added: unshuffled pixels with a 3 × 3 convolution, and means with a 1 × 1 one; attention before both.

    Shapes: (n, inputs, h, w) → (n, outputs, h / 2, w / 2).
    """

    def __init__(self, inputs: int, outputs: int, attention: bool, antialias: bool, heads: int = 8) -> None:
        super().__init__()
        self.attention = LinearAttention(inputs, heads=heads) if attention else None
        self.blur = Blur() if antialias else nn.Identity()
        self.unshuffle, self.conv = Unshuffle(inputs, outputs), nn.Conv2d(outputs, outputs, 3, padding=1)
        self.mean = nn.Conv2d(inputs, outputs, 1)

    def forward(self, features: Tensor) -> Tensor:
        if self.attention is not None:
            features = self.attention(features)
        features = self.blur(features)
        inner = functional.leaky_relu(self.unshuffle(features), SLOPE)
        inner = functional.leaky_relu(self.conv(inner), SLOPE)
        return inner + functional.leaky_relu(self.mean(functional.avg_pool2d(features, 2)), SLOPE)


class Recall(nn.Module):
    """Draws a picture again from the discriminator's features, four times doubled. Shapes: (n, inputs, h, w) → (n, channels, 16h, 16w)."""

    def __init__(self, inputs: int, channels: int) -> None:
        super().__init__()
        self.shuffles, self.convs = nn.ModuleList(), nn.ModuleList()
        for place in range(4):
            self.shuffles.append(Shuffle(inputs))
            self.convs.append(nn.Conv2d(inputs, inputs if place < 3 else 2 * channels, 3, padding=1))
            inputs //= 2

    def forward(self, features: Tensor) -> Tensor:
        for shuffle, conv in zip(self.shuffles, self.convs, strict=True):
            features = gated_linear(conv(shuffle(features)))
        return features


class LightweightGanHead(nn.Module):
    """Judges a picture as a whole and, made small, once more; and draws it again from its features.

    Shapes: pictures (n, channels, side, side) in [-1, 1] → logits (n, 25 + 1) or (n, 1 + 1).
    """

    def __init__(
        self,
        resolution: int,
        channels: int,
        classes: int,
        base: int,
        most: int,
        output_size: int,
        attention: Sequence[int],
        antialias: bool,
        heads: int,
    ) -> None:
        super().__init__()
        exponent = log2(resolution)
        if output_size not in (1, 5):
            raise ValueError(f"output_size must be 1 or 5, got {output_size}")
        widths = [min(base // 2**power, most) for power in range(min(8, exponent), 2, -1)]
        halvings = max(0, exponent - 8)
        self.shrink = nn.ModuleList()
        for place in range(halvings):
            outputs = widths[0] if place == halvings - 1 else channels
            self.shrink.append(nn.Conv2d(channels, outputs, 4, 2, 1))
        if not halvings:
            widths[0] = channels
        self.blur = Blur() if antialias else nn.Identity()
        sizes = [2**power for power in range(min(8, exponent), 3, -1)]
        require_sizes(attention, sizes)
        pairs = zip(sizes, widths, widths[1:], strict=False)
        self.stages = nn.ModuleList(FallingStage(before, after, size in attention, antialias, heads) for size, before, after in pairs)
        last = widths[-1]
        self.gather = nn.Conv2d(last, last, 1) if output_size == 5 else nn.Conv2d(last, last, 3, 2, 1)
        self.to_logits = nn.Conv2d(last, 1, 4)
        self.output_size = output_size
        self.class_judge = ClassJudge(classes, last) if classes else None
        self.small_start = nn.Conv2d(channels, 64, 3, padding=1)
        self.small_attention, self.small_stage = LinearAttention(64, heads=heads), FallingStage(64, 32, False, antialias)
        self.small_end_attention, self.small_logit = LinearAttention(32, heads=heads), nn.Conv2d(32, 1, 4)
        self.recall = Recall(last, channels)
        self.recall_part = Recall(widths[-2], channels) if exponent >= 9 else None
        initialise(self)

    def forward(self, pictures: Tensor, classes: Tensor | None) -> Tensor:
        return self.judge((pictures + 1) / 2, classes)[0]

    def judge(self, pictures: Tensor, classes: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """Logits of pictures in [0, 1], and the features of 16 × 16 and 8 × 8 places."""
        features, before = pictures, pictures
        for conv in self.shrink:
            features = functional.leaky_relu(conv(self.blur(features)), SLOPE)
        for stage in self.stages:
            before, features = features, stage(features)
        gathered = functional.leaky_relu(self.gather(self.blur(features) if self.output_size == 1 else features), SLOPE)
        logits = self.to_logits(gathered).flatten(1)
        if self.class_judge is not None:
            logits = logits + self.class_judge(features.mean(dim=(2, 3)), classes)
        small = self.small_start(functional.interpolate(pictures, size=(SMALL, SMALL)))
        small = pooled_means(self.small_end_attention(self.small_stage(self.small_attention(small))), 4)
        return torch.cat([logits.float(), self.small_logit(small).flatten(1).float()], dim=1), before, features


class LightweightGanDiscriminator(WholeDiscriminator):
    """Judges pictures in two parts, the whole and a small copy, and learns to draw real ones again from what it saw.

    Args:
        resolution, channels, classes: of the pictures; with classes a projection is added.
        base, most, attention, antialias, heads: as of the generator.
        output_size: 5 judges 25 overlapping parts, 1 the whole.
    """

    def __init__(
        self,
        resolution: int = 64,
        channels: int = 3,
        classes: int = 0,
        base: int = 4096,
        most: int = 512,
        output_size: int = 1,
        attention: Sequence[int] = (),
        antialias: bool = False,
        heads: int = 8,
    ) -> None:
        head = LightweightGanHead(resolution, channels, classes, base, most, output_size, attention, antialias, heads)
        super().__init__(head, (output_size**2, 1))

    def judge_and_recall(self, seen: Sequence[Tensor], classes: Tensor | None = None) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
        """Logits, and pairs of a picture made small and what was drawn of it from features, both in [0, 1].

        Large pictures are also drawn again from a quarter of the finer features, which quarter drawn by lot.
        """
        head: Any = self.heads[0]
        pictures = (seen[0] + 1) / 2
        logits, fine, coarse = head.judge(pictures, classes)
        drawn = head.recall(coarse)
        pairs = [(functional.interpolate(pictures, size=drawn.shape[-2:]), drawn)]
        if head.recall_part is not None:
            quarter = int(torch.randint(4, ()))
            drawn = head.recall_part(_quarter(fine, quarter))
            pairs.append((functional.interpolate(_quarter(pictures, quarter), size=drawn.shape[-2:]), drawn))
        return logits.float(), pairs


def _quarter(maps: Tensor, number: int) -> Tensor:
    half, (row, column) = maps.shape[-1] // 2, divmod(number, 2)
    return maps[..., row * half : (row + 1) * half, column * half : (column + 1) * half]
