"""Weights by a formula, the same wherever they are made."""

import zlib
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor


def made_tensor(name: str, shape: Sequence[int]) -> Tensor:
    """Numbers in [-1, 1] that depend on the name and the shape alone."""
    count = 1
    for size in shape:
        count *= size
    places = torch.arange(count, dtype=torch.float64)
    return torch.sin(places * 0.7391 + (places / 3.7).square() * 0.013 + zlib.crc32(name.encode()) % 97).reshape(list(shape)).float()


def made_weights(shapes: Mapping[str, Sequence[int]]) -> dict[str, Tensor]:
    """A tensor of each shape, of a size with which a network stays alive: kernels over √inputs, variances and gains about 1."""
    made = {}
    for name, shape in shapes.items():
        value = made_tensor(name, shape)
        if name.endswith("num_batches_tracked"):
            value = torch.zeros(list(shape), dtype=torch.long)
        elif name.endswith(("running_var", "norm.g")) or (name.endswith(".4.weight") and len(shape) == 1):
            value = 1 + 0.3 * value
        elif len(shape) == 4:
            value = 1.7 * value / (value[0].numel() ** 0.5)
        else:
            value = 0.2 * value
        made[name] = value
    return made
