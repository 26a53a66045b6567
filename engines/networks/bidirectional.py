"""A pair that also learns the way back: an encoder from pictures to latents, and a discriminator that judges both together."""

import torch
from torch import Tensor, nn

from engines.networks.dcgan import SLOPE, descent, normalisation
from engines.networks.drawing import ClassMap, WholeDiscriminator, octaves
from engines.networks.layers import BatchNorm2d, initialise_normal


class Encoder(nn.Module):
    """Finds the latent of a picture: convolutions with batch norm and ReLU.

    Args:
        resolution, channels: of the pictures.
        latent_dim: of the latent.
        prior: "uniform" ends in tanh, so that the latent lies in [-1, 1]; "normal" leaves it as it is.

    Shapes: pictures (n, channels, side, side) → latents as the prior has them (n, latent_dim).

    Source: Donahue et al., "Adversarial Feature Learning", arXiv 1605.09782.
    """

    def __init__(self, resolution: int = 64, width: int = 128, latent_dim: int = 100, channels: int = 3, prior: str = "normal") -> None:
        super().__init__()
        self.prior = prior
        layers: list[nn.Module] = [nn.Conv2d(channels, width, 4, 4, 1, bias=False), BatchNorm2d(width), nn.ReLU()]
        size = (resolution - 2) // 4 + 1
        while size > 4:
            layers += [nn.Conv2d(width, min(2 * width, 512), 4, 2, 1, bias=False)]
            width, size = min(2 * width, 512), size // 2
            layers += [BatchNorm2d(width), nn.ReLU()]
        self.body = nn.Sequential(*layers)
        self.to_latent = nn.Conv2d(width, latent_dim, min(3, size), 2, bias=False)
        initialise_normal(self)

    def forward(self, pictures: Tensor) -> Tensor:
        latents = self.to_latent(self.body(pictures)).flatten(1).float()
        return torch.tanh(latents) if self.prior == "uniform" else latents


class JointHead(nn.Module):
    """The DCGAN's convolutions on the picture, two transposed convolutions on the latent, their sum judged.

    Shapes: pictures (n, channels, side, side), latents (n, latent_dim) → logits (n, 1).

    Source: Donahue et al., arXiv 1605.09782, section 3.
    """

    def __init__(self, resolution: int, width: int, latent_dim: int, channels: int, classes: int) -> None:
        super().__init__()
        start, _ = octaves(resolution)
        if start % 2:
            raise ValueError(f"this discriminator needs a resolution that halves down to 4 or 6, got {resolution}: choose 64 or 96")
        self.class_map = ClassMap(classes, resolution) if classes else None
        layers, last, size, _ = descent(resolution, width, channels + (1 if classes else 0), False, "batch", ())
        self.body = nn.Sequential(*layers)
        self.from_latent = nn.Sequential(
            nn.ConvTranspose2d(latent_dim, last, size // 2, bias=False),
            *normalisation("batch", last),
            nn.LeakyReLU(SLOPE),
            nn.ConvTranspose2d(last, last, 2, 2, bias=False),
            *normalisation("batch", last),
            nn.LeakyReLU(SLOPE),
        )
        self.to_logit = nn.Conv2d(last, 1, size, bias=False)
        initialise_normal(self)

    def forward(self, pictures: Tensor, latents: Tensor, classes: Tensor | None) -> Tensor:
        if self.class_map is not None:
            pictures = self.class_map(pictures, classes)
        return self.to_logit(self.body(pictures) + self.from_latent(latents[:, :, None, None])).flatten(1)


class BidirectionalDiscriminator(WholeDiscriminator):
    """Judges a picture together with its latent: what `judge` is given is the picture and, after it, the latent as the prior has it."""

    def __init__(self, resolution: int = 64, width: int = 64, latent_dim: int = 100, channels: int = 3, classes: int = 0) -> None:
        super().__init__(JointHead(resolution, width, latent_dim, channels, classes))

    def judge(self, seen: list[Tensor], classes: Tensor | None = None) -> Tensor:  # type: ignore[override]
        """Logits of pictures, `seen[0]`, with latents, `seen[1]`."""
        return self.heads[0](seen[0], seen[1], classes).float()

    def forward(self, pictures: Tensor, latents: Tensor, classes: Tensor | None = None) -> Tensor:  # type: ignore[override]
        return self.judge([pictures, latents], classes)
