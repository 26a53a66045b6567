"""A memory of real pictures that a generator's latents are drawn towards."""

import torch
from torch import Tensor, nn

from engines.networks.layers import normalise_latent

SOFTNESS = 1.5
"""How far a latent may be from a code and still read it: codes count by exp(⟨latent, code⟩ / SOFTNESS)."""
EMPTY = -1.0
FAR = -1e9


class Memory(nn.Module):
    """Reads from a latent a blend of the codes nearest to it, mostly of two or three, so that what is drawn is spread as real pictures are.

    A latent that is a code reads that code. Of several classes at once, each is read by itself and counts by its share.

    Args:
        size: how many codes there is room for; dim: of a code, which is a point on the hypersphere of radius √dim, as latents are.
        classes: how many classes; 0 for none.

    Shapes: latents (n, dim) on the hypersphere; classes (n,), or how much of each (n, classes) in floating point → (n, dim), on it too.

    Attributes:
        codes: shape (size, dim); labels: class of each, shape (size,), -1 where nothing is remembered.

    Source: Casanova et al., "Instance-Conditioned GAN", arXiv 2109.05070; reading by a softmax over inner products: Ramsauer et al.,
    "Hopfield Networks is All You Need", arXiv 2008.02217, equation 3.
    """

    codes: Tensor
    labels: Tensor

    def __init__(self, size: int, dim: int, classes: int) -> None:
        super().__init__()
        self.classes = classes
        self.register_buffer("codes", torch.zeros(size, dim))
        self.register_buffer("labels", torch.full((size,), EMPTY))

    @torch.no_grad()
    def remember(self, codes: Tensor, labels: Tensor) -> None:
        """Take codes, shape (m, dim), of as many classes, shape (m,), in place of all that was remembered; m at most `size`."""
        self.codes.zero_()[: len(codes)] = codes
        self.labels.fill_(EMPTY)[: len(codes)] = labels.to(self.labels)

    def forward(self, latent: Tensor, classes: Tensor | None) -> Tensor:
        with torch.autocast(latent.device.type, enabled=False):  # inner products of a hundred, of which the differences count
            alike = latent.float() @ self.codes.float().t() / SOFTNESS
            if not self.classes or classes is None:
                return self._read(alike, self.labels != EMPTY)
            if classes.is_floating_point():
                each = torch.stack([self._read(alike, self.labels == label) for label in range(self.classes)], dim=1)
                read = (classes[:, :, None] * each).sum(dim=1)
            else:
                read = self._read(alike, self.labels == classes[:, None])
            return normalise_latent(read)

    def _read(self, alike: Tensor, known: Tensor) -> Tensor:
        weights = alike.masked_fill(~known, FAR).softmax(dim=1)
        return normalise_latent(weights @ self.codes.float())
