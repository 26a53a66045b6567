"""DCGAN: transposed convolutions up, strided convolutions down; the plain pair, the bigger one, and both with classes."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from engines.networks.attention import SelfAttention, normalise_spectrally, require_sizes
from engines.networks.drawing import ClassMap, Drawing, WholeDiscriminator, octaves
from engines.networks.layers import BatchNorm2d, initialise_normal

SLOPE = 0.2
NORMS = ("batch", "layer", "none")


def normalisation(kind: str, channels: int) -> list[nn.Module]:
    """The norm after a convolution, as the layers it takes: "batch", "layer" (over channels and places together) or "none"."""
    if kind not in NORMS:
        raise ValueError(f"norm must be one of {', '.join(NORMS)}, got {kind!r}")
    return [] if kind == "none" else [BatchNorm2d(channels) if kind == "batch" else nn.GroupNorm(1, channels)]


def rise(resolution: int, width: int, bigger: bool) -> list[tuple[int, int, int, int, int]]:
    """The hidden transposed convolutions as (channels, kernel, stride, padding, size of the map after it).

    The plain network starts at 4 to 7 pixels with `width` doubled for every octave, 16 × `width` at most; the bigger one starts at half of
    that with 15 × `width` channels, keeps the size once with 12 × `width`, and has one octave more.
    """
    start, doublings = octaves(resolution)
    if not bigger:
        layers = [(min(width * 2 ** (doublings - 1), 16 * width), start, 1, 0, start)]
        size, left = start, doublings - 1
    else:
        if start % 2:
            raise ValueError(f"the bigger DCGAN starts at half of {start} pixels, which is none: choose a resolution such as 64 or 96")
        size, left = start // 2, doublings
        layers = [(15 * width, size, 1, 0, size), (12 * width, 3, 1, 1, size)]
    for octave in range(left):
        size *= 2
        layers.append((min(width * 2 ** (left - 1 - octave), 16 * width if not bigger else 8 * width), 4, 2, 1, size))
    return layers


class DcganGenerator(Drawing):
    """Draws by transposed convolutions, each followed by batch norm and ReLU, the last by tanh; no biases.

    Args:
        resolution, latent_dim, channels, classes, class_dim, prior, crop: as of `Drawing`.
        width: channels of the last feature map, doubled towards the first.
        bigger: the deeper and wider network of seven transposed convolutions at 64 px.
        attention: sizes of the feature maps that self-attention follows, such as (32,).
        spectral: normalise all weights spectrally.

    Source: Radford et al., "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks",
    arXiv 1511.06434.
    """

    def __init__(
        self,
        resolution: int = 64,
        width: int = 64,
        latent_dim: int = 100,
        channels: int = 3,
        classes: int = 0,
        class_dim: int = 32,
        prior: str = "normal",
        crop: Sequence[int] = (),
        bigger: bool = False,
        attention: Sequence[int] = (),
        spectral: bool = False,
    ) -> None:
        super().__init__(resolution, latent_dim, channels, classes, class_dim, prior, crop)
        inputs = latent_dim + (class_dim if classes else 0)
        blocks: list[nn.Module] = []
        layers = rise(resolution, width, bigger)
        require_sizes(attention, [size for *_, size in layers[1:]])
        for outputs, kernel, stride, padding, size in layers:
            layer: list[nn.Module] = [nn.ConvTranspose2d(inputs, outputs, kernel, stride, padding, bias=False)]
            layer += [BatchNorm2d(outputs), nn.ReLU()]
            if size in attention and len(blocks):
                layer.append(SelfAttention(outputs))
            blocks.append(nn.Sequential(*layer))
            inputs = outputs
        self.start, self.grow = blocks[0], nn.Sequential(*blocks[1:])
        self.to_picture = nn.ConvTranspose2d(inputs, channels, 4, 2, 1, bias=False)
        self.remember_mean(layers[0][0], layers[0][-1], layers[0][-1])
        initialise_normal(self)
        if spectral:
            normalise_spectrally(self)

    def begin(self, latent: Tensor, classes: Tensor | None = None) -> Tensor:
        """The first transposed convolution: latents (n, latent_dim) → features (n, channels, start, start)."""
        return self.start(self.joined(latent, classes)[:, :, None, None])

    def draw(self, features: Tensor, classes: Tensor | None = None, noise: Sequence[Tensor] | None = None) -> Tensor:
        """The other layers: features → pictures in [-1, 1]."""
        return torch.tanh(self.to_picture(self.grow(features)))


def descent(
    resolution: int, width: int, inputs: int, bigger: bool, norm: str, attention: Sequence[int]
) -> tuple[list[nn.Module], int, int, int]:
    """Strided convolutions from a picture down to the last feature map.

    Returns:
        The layers, the channels and the size of the last map, and the stride of the convolution that judges it.
    """
    _, doublings = octaves(resolution)
    layers: list[nn.Module] = []
    size = resolution
    widths = [min(width * 2**octave, 16 * width if not bigger else 8 * width) for octave in range(doublings)]
    if bigger:
        widths.append(12 * width)
    require_sizes(attention, [resolution // 2 ** (place + 1) for place in range(len(widths))])
    for place, outputs in enumerate(widths):
        size //= 2
        layers.append(nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False))
        if place:
            layers += normalisation(norm, outputs)
        layers.append(nn.LeakyReLU(SLOPE))
        if size in attention:
            layers.append(SelfAttention(outputs))
        inputs = outputs
    return layers, inputs, size, 2 if bigger else 1


class DcganHead(nn.Module):
    """Strided convolutions with leaky ReLU, no norm after the first, then one logit. Shapes: (n, channels, side, side) → (n, 1).

    Source: Radford et al., arXiv 1511.06434.
    """

    def __init__(
        self,
        resolution: int,
        width: int,
        channels: int,
        classes: int,
        bigger: bool = False,
        norm: str = "batch",
        attention: Sequence[int] = (),
        spectral: bool = False,
    ) -> None:
        super().__init__()
        self.class_map = ClassMap(classes, resolution) if classes else None
        layers, last, size, stride = descent(resolution, width, channels + (1 if classes else 0), bigger, norm, attention)
        self.body = nn.Sequential(*layers)
        self.to_logit = nn.Conv2d(last, 1, 4, 2, 1, bias=False) if bigger else nn.Conv2d(last, 1, size, stride, bias=False)
        initialise_normal(self)
        if spectral:
            normalise_spectrally(self)

    def forward(self, pictures: Tensor, classes: Tensor | None) -> Tensor:
        if self.class_map is not None:
            pictures = self.class_map(pictures, classes)
        return self.to_logit(self.body(pictures)).flatten(1)


class DcganDiscriminator(WholeDiscriminator):
    """Judges pictures by strided convolutions.

    Args:
        resolution, channels, classes: of the pictures; the class goes in as one more channel.
        width: channels of the first feature map.
        bigger: the deeper and wider network of six convolutions at 64 px.
        norm: "batch", "layer" where a gradient penalty forbids norms over the batch, or "none".
        attention: sizes of the feature maps that self-attention follows, such as (4,).
        spectral: normalise all weights spectrally.
    """

    def __init__(
        self,
        resolution: int = 64,
        width: int = 64,
        channels: int = 3,
        classes: int = 0,
        bigger: bool = False,
        norm: str = "batch",
        attention: Sequence[int] = (),
        spectral: bool = False,
    ) -> None:
        super().__init__(DcganHead(resolution, width, channels, classes, bigger, norm, attention, spectral))
