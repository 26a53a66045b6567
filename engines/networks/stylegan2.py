"""StyleGAN2: a mapping network, convolutions modulated by its styles, noise at every layer, and a residual discriminator.

Written from the papers, with plain operations: the styles scale a convolution's input and the demodulation its output, which is the same
as scaling the weights of every picture and needs one convolution for the whole batch.

Source: Karras et al., "Analyzing and Improving the Image Quality of StyleGAN", arXiv 1912.04958; "A Style-Based Generator Architecture for
Generative Adversarial Networks", arXiv 1812.04948; "Training Generative Adversarial Networks with Limited Data", arXiv 2006.06676.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from engines.networks.drawing import Drawing, WholeDiscriminator, to_prior
from engines.networks.layers import normalise_latent

SLOPE, GAIN = 0.2, math.sqrt(2)
START = 4
MOST = 512
GROUP = 4
LATE = 3
"""From this layer on, the first convolution at 16 pixels, a layer counts as late."""
SMOOTHING = (1.0, 3.0, 3.0, 1.0)


class ScaledLinear(nn.Module):
    """A linear layer whose weights are kept at unit variance and scaled when used, so that all learn equally fast.

    Args:
        bias: what the biases start at.
        rate: learning rate relative to the other layers'.

    Shapes: (n, inputs) → (n, outputs).
    """

    def __init__(self, inputs: int, outputs: int, bias: float = 0.0, rate: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / rate)
        self.bias = nn.Parameter(torch.full((outputs,), bias / rate))
        self.scale, self.rate = rate / math.sqrt(inputs), rate

    def forward(self, values: Tensor) -> Tensor:
        return functional.linear(values, self.weight * self.scale, self.bias * self.rate)


def rectify(features: Tensor, bias: Tensor | None = None, gain: float = GAIN) -> Tensor:
    """Leaky ReLU after a bias a channel, scaled so that variance stays."""
    if bias is not None:
        features = features + bias.to(features.dtype).reshape(1, -1, *[1] * (features.dim() - 2))
    return functional.leaky_relu(features, SLOPE) * gain


def smoothing_filter() -> Tensor:
    """The 4 × 4 binomial filter that goes with every change of size, shape (1, 1, 4, 4), sum 1."""
    line = torch.tensor(SMOOTHING) / sum(SMOOTHING)
    return torch.outer(line, line)[None, None]


def smooth(features: Tensor, kernel: Tensor, padding: Sequence[int], gain: float = 1.0) -> Tensor:
    """Filter every channel by itself; `padding` is (left, right, top, bottom)."""
    count = features.shape[1]
    weight = (kernel * gain).to(features.dtype).expand(count, 1, 4, 4)
    return functional.conv2d(functional.pad(features, list(padding)), weight, groups=count)


def double(pictures: Tensor, kernel: Tensor) -> Tensor:
    """Pictures at twice the size, smoothed: zeros between the pixels, then the filter."""
    count = pictures.shape[1]
    weight = (4 * kernel).to(pictures.dtype).expand(count, 1, 4, 4)
    return functional.conv_transpose2d(pictures, weight, stride=2, padding=1, groups=count)


class ModulatedConv(nn.Module):
    """A convolution whose input channels a style scales, and whose output channels are scaled back to unit variance.

    Args:
        up: double the size, by a transposed convolution and the smoothing filter.
        demodulate: scale the output back.

    Shapes: features (n, inputs, h, w), w (n, w_dim) → (n, outputs, h, w), or twice the size.

    Source: Karras et al., arXiv 1912.04958, section 2.2.
    """

    kernel: Tensor

    def __init__(self, inputs: int, outputs: int, size: int, w_dim: int, up: bool = False, demodulate: bool = True) -> None:
        super().__init__()
        self.affine = ScaledLinear(w_dim, inputs, bias=1.0)
        self.weight = nn.Parameter(torch.randn(outputs, inputs, size, size))
        self.scale, self.up, self.demodulate = 1 / math.sqrt(inputs * size * size), up, demodulate
        if up:
            self.register_buffer("kernel", smoothing_filter(), persistent=False)

    def forward(self, features: Tensor, w: Tensor) -> Tensor:
        style = self.affine(w).float()
        weight = self.weight * self.scale
        features = features * style[:, :, None, None].to(features.dtype)
        if self.up:
            features = functional.conv_transpose2d(features, weight.transpose(0, 1).to(features.dtype), stride=2)
            features = smooth(features, self.kernel, (1, 1, 1, 1), gain=4.0)
        else:
            features = functional.conv2d(features, weight.to(features.dtype), padding=weight.shape[-1] // 2)
        if self.demodulate:
            power = style.square() @ weight.float().square().sum(dim=(2, 3)).t()
            features = features * torch.rsqrt(power + 1e-8)[:, :, None, None].to(features.dtype)
        return features


class StyledConv(nn.Module):
    """A modulated 3 × 3 convolution, noise, bias and leaky ReLU. Shapes: as of `ModulatedConv`; noise (n, 1, size, size)."""

    def __init__(self, inputs: int, outputs: int, w_dim: int, up: bool) -> None:
        super().__init__()
        self.conv = ModulatedConv(inputs, outputs, 3, w_dim, up)
        self.noise_strength = nn.Parameter(torch.zeros(()))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, features: Tensor, w: Tensor, noise: Tensor) -> Tensor:
        features = self.conv(features, w)
        features = features + self.noise_strength.to(features.dtype) * noise.to(features.dtype)
        return rectify(features, self.bias)


class ToPicture(nn.Module):
    """A modulated 1 × 1 convolution to the channels of the picture, not scaled back. Shapes: (n, inputs, h, w) → (n, channels, h, w)."""

    def __init__(self, inputs: int, channels: int, w_dim: int) -> None:
        super().__init__()
        self.conv = ModulatedConv(inputs, channels, 1, w_dim, demodulate=False)
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, features: Tensor, w: Tensor) -> Tensor:
        return self.conv(features, w) + self.bias[:, None, None].to(features.dtype)


def stage_widths(resolution: int, base: int, most: int) -> list[int]:
    """Channels at 4, 8, … `resolution` pixels: `base` over the size, `most` at most.

    Raises:
        ValueError: the resolution is no power of two from 8.
    """
    if resolution < 8 or resolution & (resolution - 1):
        raise ValueError(f"resolution must be 8, 16, 32, … for StyleGAN2, got {resolution}: choose one of these")
    return [max(1, min(base // 2**octave, most)) for octave in range(2, resolution.bit_length())]


def usual_base(resolution: int) -> int:
    """Channels times size: 16,384 below 512 px, 32,768 from there."""
    return 16_384 if resolution < 512 else 32_768


class StyleGenerator(Drawing):
    """Draws from a constant, modulated at every layer by styles that a mapping network makes of the latent.

    `begin` is the mapping: truncation moves w towards its mean. In training some pictures take the styles of their later layers from a
    second latent (style mixing).

    Args:
        resolution, latent_dim, channels, classes, prior, crop: as of `Drawing`.
        base, most: channels times size, and the most channels; 0 for the usual base.
        w_dim: size of w and of the class embedding.
        mapping_layers: of the mapping network.
        mixing: share of the pictures with mixed styles, in training alone.
    """

    has_w = True
    has_layers = True
    kernel: Tensor

    def __init__(
        self,
        resolution: int = 64,
        latent_dim: int = 512,
        channels: int = 3,
        classes: int = 0,
        base: int = 0,
        most: int = MOST,
        w_dim: int = 512,
        mapping_layers: int = 2,
        mixing: float = 0.9,
        prior: str = "normal",
        crop: Sequence[int] = (),
    ) -> None:
        super().__init__(resolution, latent_dim, channels, classes, w_dim, prior, crop)
        widths = stage_widths(resolution, base or usual_base(resolution), most)
        self.w_dim, self.mixing = w_dim, mixing
        inputs = latent_dim + (w_dim if classes else 0)
        self.mapping = nn.ModuleList(ScaledLinear(inputs if layer == 0 else w_dim, w_dim, rate=0.01) for layer in range(mapping_layers))
        self.constant = nn.Parameter(torch.randn(widths[0], START, START))
        convs, to_picture = [StyledConv(widths[0], widths[0], w_dim, False)], [ToPicture(widths[0], channels, w_dim)]
        self.noise_sizes = [START]
        for octave, (before, after) in enumerate(pairwise(widths), start=1):
            convs += [StyledConv(before, after, w_dim, True), StyledConv(after, after, w_dim, False)]
            to_picture.append(ToPicture(after, channels, w_dim))
            self.noise_sizes += [START * 2**octave] * 2
        self.convs, self.to_picture = nn.ModuleList(convs), nn.ModuleList(to_picture)
        self.layers = len(convs) + 1  # a w for each convolution and one for the last picture
        self.register_buffer("kernel", smoothing_filter(), persistent=False)
        self.remember_mean(w_dim)

    def begin(self, latent: Tensor, classes: Tensor | None = None) -> Tensor:
        """The mapping network: latents (n, latent_dim) → w (n, w_dim)."""
        value, condition = normalise_latent(to_prior(latent, self.prior)), self.condition(classes)
        if condition is not None:
            value = torch.cat([value, self.emphasis * normalise_latent(condition)], dim=1)
        for layer in self.mapping:
            value = rectify(layer(value))
        return value

    @torch.no_grad()
    def settle_emphasis(self) -> None:
        """As that of `Drawing`; embeddings are normalised here, so that it goes into what takes them in."""
        if len(self.mapping):
            self.mapping[0].get_parameter("weight")[:, self.latent_dim :].mul_(self.emphasis)
        self.emphasis = 1.0

    def layered(self, first: Tensor, second: Tensor) -> Tensor:
        """One w a layer, shape (n, layers, w_dim): the first up to 8 pixels, the second from 16 on.

        Source: Karras et al., arXiv 1812.04948, section 3.1.
        """
        late = torch.arange(self.layers, device=first.device)[None, :, None] >= LATE
        return torch.where(late, second[:, None], first[:, None])

    def draw(self, features: Tensor, classes: Tensor | None = None, noise: Sequence[Tensor] | None = None) -> Tensor:
        """The synthesis: w, shape (n, w_dim), or one a layer, shape (n, layers, w_dim) → pictures, not limited to [-1, 1]."""
        styles = features if features.dim() == 3 else features[:, None].expand(-1, self.layers, -1)
        if noise is None:
            noise = [features.new_empty(len(features), 1, size, size).normal_() for size in self.noise_sizes]
        current = self.constant.to(features.dtype).expand(len(features), -1, -1, -1)
        current = self.convs[0](current, styles[:, 0], noise[0])
        picture = self.to_picture[0](current, styles[:, 1])
        for octave, to_picture in enumerate(self.to_picture[1:], start=1):
            place = 2 * octave - 1
            current = self.convs[place](current, styles[:, place], noise[place])
            current = self.convs[place + 1](current, styles[:, place + 1], noise[place + 1])
            picture = double(picture, self.kernel) + to_picture(current, styles[:, place + 2])
        return picture

    def forward(self, latent: Tensor, classes: Tensor | None = None, noise: Sequence[Tensor] | None = None) -> Tensor:
        w = self.begin(latent, classes)
        if self.training and self.mixing:
            w = self.mix(w, self.begin(torch.randn_like(latent), classes))
        return self.finish(w, classes, noise)

    def mix(self, first: Tensor, second: Tensor) -> Tensor:
        """Styles a layer, shape (n, layers, w_dim): from a place drawn for each picture on, `mixing` of them take the second w.

        Source: Karras et al., arXiv 1812.04948, section 3.1.
        """
        count, where = len(first), first.device
        change = torch.randint(1, self.layers, (count,), device=where)
        change = torch.where(torch.rand(count, device=where) < self.mixing, change, self.layers)
        late = torch.arange(self.layers, device=where)[None] >= change[:, None]
        return torch.where(late[:, :, None], second[:, None], first[:, None])


class SmoothConv(nn.Module):
    """A convolution with unit-variance weights; when it halves the size, the smoothing filter goes before it.

    Shapes: (n, inputs, h, w) → (n, outputs, h, w), or half the size.
    """

    kernel: Tensor

    def __init__(self, inputs: int, outputs: int, size: int, down: bool = False, bias: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, size, size))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        self.scale, self.down = 1 / math.sqrt(inputs * size * size), down
        if down:
            self.register_buffer("kernel", smoothing_filter(), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        weight = (self.weight * self.scale).to(features.dtype)
        margin = self.weight.shape[-1] // 2
        if not self.down:
            return functional.conv2d(features, weight, padding=margin)
        # Two pixels more on each side for a 3 × 3 convolution, one for a 1 × 1: what comes out is exactly half.
        return functional.conv2d(smooth(features, self.kernel, (1 + margin,) * 4), weight, stride=2)


class ResidualStage(nn.Module):
    """Two 3 × 3 convolutions down to half the size beside a 1 × 1 shortcut. Shapes: (n, inputs, h, w) → (n, outputs, h / 2, w / 2)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first, self.second = SmoothConv(inputs, inputs, 3), SmoothConv(inputs, outputs, 3, down=True)
        self.shortcut = SmoothConv(inputs, outputs, 1, down=True, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        inner = rectify(self.first(features), self.first.bias)
        inner = rectify(self.second(inner), self.second.bias, gain=1.0)  # √2 of the activation and √½ of the sum
        return inner + self.shortcut(features) * math.sqrt(0.5)


def batch_deviation(features: Tensor, group: int = GROUP) -> Tensor:
    """The mean standard deviation over groups of pictures as one more channel: shape (n, c, h, w) → (n, c + 1, h, w).

    A batch that `group` does not divide makes groups of its largest divisor below.

    Source: Karras et al., "Progressive Growing of GANs", arXiv 1710.10196, section 3.
    """
    count, _, height, width = features.shape
    group = next(size for size in range(min(group, count), 0, -1) if count % size == 0)
    grouped = features.reshape(group, count // group, *features.shape[1:]).float()
    deviation = (grouped.var(dim=0, correction=0) + 1e-8).sqrt().mean(dim=(1, 2, 3))
    channel = deviation.repeat(group)[:, None, None, None].expand(-1, 1, height, width)
    return torch.cat([features, channel.to(features.dtype)], dim=1)


class StyleHead(nn.Module):
    """Residual stages down to 4 × 4, the deviation over the batch, two linear layers. Shapes: (n, channels, side, side) → (n, 1).

    With classes, what the last layer gives is compared with an embedding of the class.

    Source: Karras et al., arXiv 1912.04958; classes: arXiv 2006.06676.
    """

    def __init__(self, resolution: int, channels: int, classes: int, base: int, most: int) -> None:
        super().__init__()
        widths = stage_widths(resolution, base or usual_base(resolution), most)[::-1]
        self.emphasis = 1.0
        self.from_picture = SmoothConv(channels, widths[0], 1)
        self.body = nn.Sequential(*(ResidualStage(before, after) for before, after in pairwise(widths)))
        self.last = SmoothConv(widths[-1] + 1, widths[-1], 3)
        self.gather = ScaledLinear(widths[-1] * START**2, widths[-1])
        self.embedding = nn.Embedding(classes, widths[-1]) if classes else None
        self.to_logit = ScaledLinear(widths[-1], widths[-1] + 1 if classes else 1)

    def forward(self, pictures: Tensor, classes: Tensor | None) -> Tensor:
        features = self.body(rectify(self.from_picture(pictures), self.from_picture.bias))
        features = rectify(self.last(batch_deviation(features)), self.last.bias)
        found = self.to_logit(rectify(self.gather(features.flatten(1))))
        if self.embedding is None:
            return found
        if classes is None:
            raise ValueError("this discriminator judges classes: pass a class for each picture")
        wanted = normalise_latent(self.embedding(classes))
        fit = (found[:, 1:] * wanted).sum(dim=1, keepdim=True) / math.sqrt(wanted.shape[1])
        return found[:, :1] + self.emphasis * fit


class StyleDiscriminator(WholeDiscriminator):
    """Judges pictures by residual stages; `base` and `most` as of the generator."""

    def __init__(self, resolution: int = 64, channels: int = 3, classes: int = 0, base: int = 0, most: int = MOST) -> None:
        super().__init__(StyleHead(resolution, channels, classes, base, most))
