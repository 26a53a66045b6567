"""The projected discriminator: small heads on the mixed features of a frozen image network."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

from engines.networks.dcgan import DcganHead

Features = Callable[[Tensor], Sequence[Tensor]]


class Head(nn.Module):
    """Judges one scale of features: strided convolutions down to 4 × 4 or less, then a logit a place.

    With classes, the inner product of a class embedding and the last features, over √channels, is added (projection), times `emphasis`.

    Shapes: features (n, channels, size, size), classes (n,) → logits (n, places).

    Source: Sauer et al., arXiv 2111.01007, section 3.2; Miyato and Koyama, "cGANs with Projection Discriminator", arXiv 1802.05637.
    """

    def __init__(self, channels: int, size: int, classes: int) -> None:
        super().__init__()
        self.emphasis = 1.0
        layers: list[nn.Module] = [spectral_norm(nn.Conv2d(channels, channels, 3, padding=1)), nn.LeakyReLU(0.2)]
        while size > 4:
            layers += [spectral_norm(nn.Conv2d(channels, channels, 4, stride=2, padding=1)), nn.LeakyReLU(0.2)]
            size //= 2
        self.places = size * size
        self.body = nn.Sequential(*layers)
        self.judge = spectral_norm(nn.Conv2d(channels, 1, 1))
        self.embedding = spectral_norm(nn.Embedding(classes, channels)) if classes else None

    def forward(self, features: Tensor, classes: Tensor | None) -> Tensor:
        features = self.body(features)
        logits = self.judge(features)
        if self.embedding is not None:
            if classes is None:
                raise ValueError("this discriminator judges classes: pass a class for each picture")
            place = self.embedding(classes)[:, :, None, None].to(features.dtype)
            logits = logits + self.emphasis * (place * features).sum(dim=1, keepdim=True) / features.shape[1] ** 0.5
        return logits.flatten(1)


class ProjectedDiscriminator(nn.Module):
    """Judges pictures by what a frozen network sees in them.

    Features of several depths are mixed across channels (random frozen 1 × 1 convolutions) and across scales (random frozen 3 × 3
    convolutions, top down), and each mixed scale has a small trained head. Only the heads are trained and saved. One more head may judge
    the pictures themselves: it sees the grain that the frozen network overlooks.

    Args:
        features: maps pictures, shape (n, 3, h, w) in [-1, 1], to feature maps, largest first, each half the size of the one before.
        channels, sizes: channels and height of each feature map.
        width: channels after mixing.
        classes: how many classes; 0 for none.
        seed: of the frozen random mixing.
        pixels: the head that judges the pictures themselves, and counts as much as all others together; None for none.

    Shapes: pictures (n, 1, 3 or 4, h, w) in [-1, 1], classes (n,) → logits (n, places over all scales, then that of `pixels`).

    Attributes:
        parts: as of `WholeDiscriminator`.

    Source: Sauer et al., "Projected GANs Converge Faster", arXiv 2111.01007, sections 3.1 and 3.2; a head on pixels beside frozen
    features: Kumari et al., "Ensembling Off-the-shelf Models for GAN Training", arXiv 2112.09130.
    """

    def __init__(
        self,
        features: Features,
        channels: Sequence[int],
        sizes: Sequence[int],
        width: int = 64,
        classes: int = 0,
        seed: int = 0,
        pixels: DcganHead | None = None,
    ) -> None:
        super().__init__()
        self._features = features
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.mix_channels = nn.ModuleList(nn.Conv2d(count, width, 1, bias=False) for count in channels)
            self.mix_scales = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1, bias=False) for _ in channels)
            for layer in [*self.mix_channels, *self.mix_scales]:
                nn.init.kaiming_normal_(layer.weight, nonlinearity="linear")
        self.mix_channels.requires_grad_(False)
        self.mix_scales.requires_grad_(False)
        heads = [Head(width, size, classes) for size in sizes]
        self.parts = (sum(head.places for head in heads), 1) if pixels is not None else ()
        self.heads = nn.ModuleList([*heads, pixels] if pixels is not None else heads)

    def look(self, pictures: Tensor) -> list[Tensor]:
        """The mixed features of each scale, largest first, then the pictures where they are judged: the frozen part of a judgement."""
        return self._mixed(pictures) + ([pictures] if self.parts else [])

    def _mixed(self, pictures: Tensor) -> list[Tensor]:
        if pictures.shape[1] == 1:
            pictures = pictures.expand(-1, 3, -1, -1)
        elif pictures.shape[1] == 4:  # on a ground drawn by lot, so that what is transparent must be so on any
            ground = 2 * torch.rand(len(pictures), 3, 1, 1, device=pictures.device, dtype=pictures.dtype) - 1
            pictures = torch.lerp(ground, pictures[:, :3], (pictures[:, 3:] + 1) / 2)
        maps = list(self._features(pictures))
        mixed: list[Tensor] = []
        above: Tensor | None = None
        for index in reversed(range(len(maps))):
            current = self.mix_channels[index](maps[index])
            if above is not None:
                current = current + functional.interpolate(above, size=current.shape[-2:], mode="nearest")
            above = self.mix_scales[index](current)
            mixed.insert(0, above)
        return mixed

    def judge(self, mixed: Sequence[Tensor], classes: Tensor | None = None) -> Tensor:
        """Logits from what `look` found: the trained part of a judgement."""
        return torch.cat([head(level, classes) for head, level in zip(self.heads, mixed, strict=True)], dim=1).float()

    def forward(self, pictures: Tensor, classes: Tensor | None = None) -> Tensor:
        return self.judge(self.look(pictures), classes)
