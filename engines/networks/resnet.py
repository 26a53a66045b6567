"""ResNet18 and ResNet34 as a discriminator, and the same blocks turned round as a generator."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from engines.networks.attention import SelfAttention, normalise_spectrally
from engines.networks.drawing import ClassJudge, Drawing, WholeDiscriminator
from engines.networks.layers import BatchNorm2d

BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3)}


class FallingBlock(nn.Module):
    """Two 3 × 3 convolutions with batch norm beside a shortcut. Shapes: (n, inputs, h, w) → (n, outputs, h / stride, w / stride).

    Source: He et al., "Deep Residual Learning for Image Recognition", arXiv 1512.03385.
    """

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
            BatchNorm2d(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
            BatchNorm2d(outputs),
        )
        self.stride = stride
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, bias=False), BatchNorm2d(outputs))

    def forward(self, features: Tensor) -> Tensor:
        # The places are picked by hand: in channels_last the gradient of a strided 1 × 1 convolution of few channels writes past its
        # memory on some CPUs (torch 2.14).
        picked = features[..., :: self.stride, :: self.stride]
        return functional.relu(self.body(features) + self.shortcut(picked))


class RisingBlock(nn.Module):
    """The falling block turned round: transposed convolutions. Shapes: (n, inputs, h, w) → (n, outputs, h × stride, w × stride)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        first = nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False) if stride == 2 else _same(inputs, outputs)
        self.body = nn.Sequential(first, BatchNorm2d(outputs), nn.ReLU(), _same(outputs, outputs), BatchNorm2d(outputs))
        self.shortcut: nn.Module = nn.Identity()
        if stride == 2:
            self.shortcut = nn.Sequential(nn.ConvTranspose2d(inputs, outputs, 2, 2, bias=False), BatchNorm2d(outputs))
        elif inputs != outputs:
            self.shortcut = nn.Sequential(_same(inputs, outputs), BatchNorm2d(outputs))

    def forward(self, features: Tensor) -> Tensor:
        return functional.relu(self.body(features) + self.shortcut(features))


def _same(inputs: int, outputs: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(inputs, outputs, 3, 1, 1, bias=False)


def _blocks(depth: int) -> tuple[int, ...]:
    if depth not in BLOCKS:
        raise ValueError(f"depth must be one of {', '.join(map(str, BLOCKS))}, got {depth}")
    return BLOCKS[depth]


class ResnetGenerator(Drawing):
    """Draws by residual stages of transposed convolutions: 4 → 32 pixels in three stages, then one more octave, or several.

    Each stage doubles the size in its first block and halves the channels in its last.

    Args:
        resolution, latent_dim, channels, classes, class_dim, prior, crop: as of `Drawing`; resolution is 32 doubled some times.
        depth: 18 or 34.
        width: channels of the last stage; the first map has eight times as many.
        attention: self-attention after the last stage, at 32 pixels.
        spectral: normalise all weights spectrally.
    """

    def __init__(
        self,
        resolution: int = 64,
        depth: int = 34,
        width: int = 64,
        latent_dim: int = 100,
        channels: int = 3,
        classes: int = 0,
        class_dim: int = 32,
        prior: str = "normal",
        crop: Sequence[int] = (),
        attention: bool = False,
        spectral: bool = False,
    ) -> None:
        super().__init__(resolution, latent_dim, channels, classes, class_dim, prior, crop)
        if resolution < 64 or resolution & (resolution - 1):
            raise ValueError(f"resolution must be 64, 128, 256, … for this generator, got {resolution}")
        channels_in = 8 * width
        self.start = nn.Sequential(
            nn.ConvTranspose2d(latent_dim + (class_dim if classes else 0), channels_in, 4, bias=False),
            BatchNorm2d(channels_in),
            nn.ReLU(),
        )
        self.remember_mean(channels_in, 4, 4)
        layers: list[nn.Module] = []
        for count in _blocks(depth)[:3]:
            layers.append(RisingBlock(channels_in, channels_in, 2))
            layers += [RisingBlock(channels_in, channels_in, 1) for _ in range(count - 2)]
            layers.append(RisingBlock(channels_in, channels_in // 2, 1))
            channels_in //= 2
        if attention:
            layers.append(SelfAttention(channels_in))
        for _ in range(resolution.bit_length() - 7):
            up = nn.ConvTranspose2d(channels_in, channels_in, 4, 2, 1, bias=False)
            layers += [up, BatchNorm2d(channels_in), nn.ReLU()]
        self.grow = nn.Sequential(*layers)
        self.to_picture = nn.ConvTranspose2d(channels_in, channels, 4, 2, 1)
        if spectral:
            normalise_spectrally(self)

    def begin(self, latent: Tensor, classes: Tensor | None = None) -> Tensor:
        """The first transposed convolution: latents (n, latent_dim) → features (n, 8 × width, 4, 4)."""
        return self.start(self.joined(latent, classes)[:, :, None, None])

    def draw(self, features: Tensor, classes: Tensor | None = None, noise: Sequence[Tensor] | None = None) -> Tensor:
        """The residual stages: features → pictures in [-1, 1]."""
        return torch.tanh(self.to_picture(self.grow(features)))


class ResnetHead(nn.Module):
    """A ResNet whose four stages all halve the size, mean over the places, and one logit. Shapes: (n, channels, side, side) → (n, 1)."""

    def __init__(self, depth: int, width: int, channels: int, classes: int, attention: bool, spectral: bool) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(channels, width, 3, 1, 1, bias=False), BatchNorm2d(width), nn.ReLU())
        layers: list[nn.Module] = []
        inputs = width
        for stage, count in enumerate(_blocks(depth)):
            outputs = width * 2**stage
            layers.append(FallingBlock(inputs, outputs, 2))
            layers += [FallingBlock(outputs, outputs, 1) for _ in range(count - 1)]
            inputs = outputs
        if attention:
            layers.append(SelfAttention(inputs))
        self.body = nn.Sequential(*layers)
        self.to_logit = nn.Linear(inputs, 1)
        self.class_judge = ClassJudge(classes, inputs) if classes else None
        if spectral:
            normalise_spectrally(self)

    def forward(self, pictures: Tensor, classes: Tensor | None) -> Tensor:
        pooled = self.body(self.stem(pictures)).mean(dim=(2, 3))
        logit = self.to_logit(pooled)
        return logit if self.class_judge is None else logit + self.class_judge(pooled, classes)


class ResnetDiscriminator(WholeDiscriminator):
    """Judges pictures by a ResNet18 or ResNet34; with classes a projection is added.

    Args:
        depth: 18 or 34.
        width: channels of the first stage.
        channels, classes: of the pictures.
        attention: self-attention after the last stage, at a sixteenth of the size.
        spectral: normalise all weights spectrally.
        resolution: of the pictures; any from 32 is judged by the same weights.
    """

    def __init__(
        self,
        resolution: int = 64,
        depth: int = 34,
        width: int = 64,
        channels: int = 3,
        classes: int = 0,
        attention: bool = False,
        spectral: bool = False,
    ) -> None:
        if resolution < 32:
            raise ValueError(f"resolution must be at least 32 for this discriminator, got {resolution}")
        super().__init__(ResnetHead(depth, width, channels, classes, attention, spectral))
