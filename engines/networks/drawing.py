"""What every generator and every discriminator here has in common, so that whatever can be done with one can be done with all."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

PRIORS = ("normal", "uniform")


def to_prior(latent: Tensor, prior: str) -> Tensor:
    """Numbers drawn from N(0, 1) as numbers of a prior: themselves, or uniform in [-1, 1] by the normal distribution function.

    Everything outside a network draws, blends and stores normal latents, whatever the network was trained with.
    """
    return torch.erf(latent / math.sqrt(2)) if prior == "uniform" else latent


def from_prior(value: Tensor, prior: str) -> Tensor:
    """The inverse of `to_prior`; the ends of the interval are taken a little inside, where the normal numbers are finite."""
    return torch.erfinv(value.clamp(-1 + 1e-6, 1 - 1e-6)) * math.sqrt(2) if prior == "uniform" else value


def centre_crop(pictures: Tensor, crop: Sequence[int]) -> Tensor:
    """The middle of pictures, shape (n, channels, h, w) → (n, channels, *crop); all of it where `crop` is empty."""
    if not crop:
        return pictures
    top, left = (pictures.shape[-2] - crop[0]) // 2, (pictures.shape[-1] - crop[1]) // 2
    return pictures[..., top : top + crop[0], left : left + crop[1]]


def octaves(resolution: int) -> tuple[int, int]:
    """Size of the first feature map and how often it is doubled to give a resolution: 64 → (4, 4), 28 → (7, 2).

    Raises:
        ValueError: no map of 4 to 7 pixels leads there by doubling.
    """
    start, doublings = resolution, 0
    while start >= 8 and start % 2 == 0:
        start, doublings = start // 2, doublings + 1
    if not 4 <= start <= 7:
        raise ValueError(f"resolution must be 4, 5, 6 or 7 doubled some times, such as 28, 64 or 96, got {resolution}: choose another")
    return start, doublings


class Drawing(nn.Module):
    """The base of generators: a picture is made in two parts, so that truncation has a place to act.

    `begin` maps the latent to the first learned block's features, `draw` makes the square picture from them, and `finish` is `draw`
    with what was padded cut away; `forward` is all of it.

    Args:
        resolution: height and width of what is drawn.
        latent_dim: size of the latent, handed in from N(0, 1).
        channels: of the picture: 1 grey, 3 RGB, 4 RGB and alpha.
        classes: how many classes; 0 for none.
        class_dim: size of the class embedding; 0 for no embedding of its own.
        prior: "normal", or "uniform" in [-1, 1], which normal latents are mapped to.
        crop: height and width of the pictures where they are not square; training pads them to `resolution`.

    Attributes:
        noise_sizes: height and width of each noise map that a picture takes.
        emphasis: how much the class matters, from 0 to 1; training raises it.
        mean_start: mean of `begin` for each class, shape (max(classes, 1), …); filled after training.
        has_w: `begin` gives a w, a space of styles in which straight lines are the ways between pictures.
        has_layers: `layered` lets late layers follow another latent than early ones.
    """

    mean_start: Tensor
    has_w = False
    has_layers = False

    def __init__(
        self,
        resolution: int,
        latent_dim: int,
        channels: int = 3,
        classes: int = 0,
        class_dim: int = 0,
        prior: str = "normal",
        crop: Sequence[int] = (),
    ) -> None:
        super().__init__()
        if prior not in PRIORS:
            raise ValueError(f"prior must be one of {', '.join(PRIORS)}, got {prior!r}")
        if crop and (len(crop) != 2 or not 1 <= min(crop) <= max(crop) <= resolution):
            raise ValueError(f"crop must be a height and width of at most {resolution}, got {crop}")
        self.resolution, self.latent_dim, self.channels, self.classes = resolution, latent_dim, channels, classes
        self.prior, self.crop = prior, tuple(crop)
        self.noise_sizes: list[int] = []
        self.emphasis = 1.0
        self.embedding = nn.Embedding(classes, class_dim) if classes and class_dim else None

    def remember_mean(self, *shape: int) -> None:
        """Make room for the mean of features of this shape, one a class."""
        self.register_buffer("mean_start", torch.zeros(max(self.classes, 1), *shape))

    def condition(self, classes: Tensor | None) -> Tensor | None:
        """The embedding of classes, times `emphasis`, shape (n, class_dim); None for an unconditional generator.

        Args:
            classes: shape (n,); or how much of each class, shape (n, classes), in floating point.
        """
        if self.embedding is None:
            return None
        if classes is None:
            raise ValueError(f"this generator draws {self.classes} classes: pass a class for each latent")
        if classes.is_floating_point():  # sums of products, because a matrix product may round what is a single class
            return self.emphasis * (classes[:, :, None] * self.embedding.weight).sum(dim=1)
        return self.emphasis * self.embedding(classes)

    @torch.no_grad()
    def settle_emphasis(self) -> None:
        """Make how much the class matters a part of the weights, which alone are saved: `emphasis` is 1 from then on."""
        if self.embedding is not None:
            self.embedding.weight.mul_(self.emphasis)
        self.emphasis = 1.0

    def joined(self, latent: Tensor, classes: Tensor | None) -> Tensor:
        """The latent as the prior has it, and beside it the class embedding: shape (n, latent_dim + class_dim)."""
        condition = self.condition(classes)
        value = to_prior(latent, self.prior)
        return value if condition is None else torch.cat([value, condition], dim=1)

    def begin(self, latent: Tensor, classes: Tensor | None = None) -> Tensor:
        """The first learned block: latents, shape (n, latent_dim), and classes, shape (n,) → features, shape (n, …)."""
        raise NotImplementedError

    def layered(self, first: Tensor, second: Tensor) -> Tensor:
        """Features for `draw` of which early layers follow the first and late layers the second; both as `begin` gives them."""
        raise NotImplementedError

    def draw(self, features: Tensor, classes: Tensor | None = None, noise: Sequence[Tensor] | None = None) -> Tensor:
        """Square pictures about in [-1, 1], shape (n, channels, resolution, resolution), from the first block's features."""
        raise NotImplementedError

    def finish(self, features: Tensor, classes: Tensor | None = None, noise: Sequence[Tensor] | None = None) -> Tensor:
        """Pictures from the first block's features, without what was padded.

        Without `noise` (maps of shape (n, 1, size, size), one a `noise_sizes`) it is drawn afresh.
        """
        return centre_crop(self.draw(features, classes, noise), self.crop)

    def forward(self, latent: Tensor, classes: Tensor | None = None, noise: Sequence[Tensor] | None = None) -> Tensor:
        return self.finish(self.begin(latent, classes), classes, noise)


class WholeDiscriminator(nn.Module):
    """The base of discriminators with nothing frozen: one head judges the pictures themselves.

    Like the projected discriminator it looks first and judges then, and `heads` is what is trained and saved.

    Shapes: pictures (n, channels, h, w) in [-1, 1], classes (n,) → logits (n, places).

    Attributes:
        parts: how many of the logits belong together, in order; a loss is summed over the parts. Empty: all are one part.
    """

    def __init__(self, head: nn.Module, parts: Sequence[int] = ()) -> None:
        super().__init__()
        self.heads = nn.ModuleList([head])
        self.parts = tuple(parts)

    def look(self, pictures: Tensor) -> list[Tensor]:
        """What the head sees: the pictures themselves."""
        return [pictures]

    def judge(self, seen: Sequence[Tensor], classes: Tensor | None = None) -> Tensor:
        """Logits from what `look` gave."""
        return self.heads[0](seen[0], classes).float()

    def forward(self, pictures: Tensor, classes: Tensor | None = None) -> Tensor:
        return self.judge(self.look(pictures), classes)


class ClassJudge(nn.Module):
    """Adds to a judgement how well the features fit the class: their inner product with a class embedding, over √features.

    Shapes: features (n, count), classes (n,) → (n, 1).

    Source: Miyato and Koyama, "cGANs with Projection Discriminator", arXiv 1802.05637.
    """

    def __init__(self, classes: int, count: int) -> None:
        super().__init__()
        self.emphasis = 1.0
        self.embedding = nn.Embedding(classes, count)

    def forward(self, features: Tensor, classes: Tensor | None) -> Tensor:
        if classes is None:
            raise ValueError("this discriminator judges classes: pass a class for each picture")
        return self.emphasis * (self.embedding(classes) * features).sum(dim=1, keepdim=True) / features.shape[1] ** 0.5


class ClassMap(nn.Module):
    """The class as one more channel of the picture: an embedding of the size of the picture, drawn over it.

    Shapes: pictures (n, channels, side, side), classes (n,) → (n, channels + 1, side, side).

    Source: Mirza and Osindero, "Conditional Generative Adversarial Nets", arXiv 1411.1784: the label goes into both networks.
    """

    def __init__(self, classes: int, side: int) -> None:
        super().__init__()
        self.emphasis, self.side = 1.0, side
        self.embedding = nn.Embedding(classes, side * side)

    def forward(self, pictures: Tensor, classes: Tensor | None) -> Tensor:
        if classes is None:
            raise ValueError("this discriminator judges classes: pass a class for each picture")
        place = self.embedding(classes).reshape(-1, 1, self.side, self.side).to(pictures.dtype)
        return torch.cat([pictures, self.emphasis * place], dim=1)
