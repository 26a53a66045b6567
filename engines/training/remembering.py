"""What a generator with a memory remembers: codes of real pictures, by which each can ask for a drawn picture like itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from engines.networks.layers import normalise_latent
from engines.training.coverage import level_scales, overview

SCALED_BY = 256
"""Pictures by which it is told how much each depth of features differs."""
ITERATIONS = 4
NOTHING = 1e-4
"""Directions in which pictures differ by less than this share of the most are none, but rounding."""


@dataclass(frozen=True)
class Remembered:
    """Codes of real pictures.

    Attributes:
        codes: shape (n, dim), on the hypersphere of radius √dim; labels: class of each, shape (n,).
        rows: place among all pictures → row of its code, -1 where it has none.
        scales: by which overviews are made, shape (levels,).
    """

    codes: Tensor
    labels: Tensor
    rows: np.ndarray
    scales: Tensor

    def under(self, codes: Tensor) -> "Remembered":
        """The same pictures under the codes of an earlier time, shape (n or more, dim)."""
        return replace(self, codes=codes[: len(self.codes)].float().clone())

    def asking(self, places: np.ndarray, most: int) -> np.ndarray:
        """Positions of the first pictures of a batch that have a code, `most` of them at most."""
        return np.flatnonzero(self.rows[places] >= 0)[:most]


def choose(places: np.ndarray, room: int, seed: int) -> np.ndarray:
    """The pictures to remember, in order; of more than there is room for, so many by lot."""
    return np.sort(np.random.default_rng((seed, 2)).choice(places, room, replace=False)) if len(places) > room else places


def codes_of(views: Tensor, labels: Tensor, dim: int) -> Tensor:
    """What overviews, shape (n, d), differ by within their classes, shape (n,), in as few numbers: shape (n, dim), each of the same weight.

    The principal components of the differences from the mean of the class, whitened and put on the hypersphere of radius √dim.
    """
    differences = views.clone()
    for label in labels.unique():
        differences[labels == label] -= views[labels == label].mean(dim=0)
    kept = min(dim, len(views), views.shape[1])
    torch.manual_seed(0)
    scores, sizes, _ = torch.pca_lowrank(differences, q=kept, center=False, niter=ITERATIONS)
    codes = views.new_zeros(len(views), dim)
    codes[:, :kept] = torch.where(sizes > NOTHING * sizes[0], scores, 0.0) * len(views) ** 0.5
    return normalise_latent(codes)


@torch.no_grad()
def remember(
    places: np.ndarray,
    labels: np.ndarray,
    dim: int,
    look: Callable[[np.ndarray], Sequence[Tensor]],
    batch: int,
) -> Remembered:
    """Codes of some pictures.

    Args:
        places: which pictures to remember; labels: class of every picture there is, all alike where the generator draws none.
        dim: of a code.
        look: places → feature maps of these pictures, none mirrored.
        batch: how many to look at together.
    """
    spread_out = places[:: max(1, len(places) // SCALED_BY)]
    parts = [places[begin : begin + batch] for begin in range(0, len(places), batch)]
    few = [look(part) for part in np.array_split(spread_out, -(-len(spread_out) // batch))]
    scales = level_scales([torch.cat(level) for level in zip(*few, strict=True)])
    views = torch.cat([overview(look(part), scales) for part in parts])
    own = torch.from_numpy(labels[places]).to(views.device)
    rows = np.full(len(labels), -1)
    rows[places] = np.arange(len(places))
    return Remembered(codes_of(views, own, dim), own, rows, scales)
