"""Differentiable augmentation of real and drawn pictures alike, so that a critic cannot learn a small data set by heart.

Source: Zhao et al., "Differentiable Augmentation for Data-Efficient GAN Training", arXiv 2006.10738.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional


def colour(pictures: Tensor) -> Tensor:
    """Random brightness (± 0.5), saturation (0 to 2) and contrast (0.5 to 1.5), each picture its own; alpha stays."""
    if pictures.shape[1] == 4:
        return torch.cat([colour(pictures[:, :3]), pictures[:, 3:]], dim=1)
    n = len(pictures)
    brightness, saturation, contrast = torch.rand(3, n, 1, 1, 1, device=pictures.device, dtype=pictures.dtype).unbind()
    pictures = pictures + brightness - 0.5
    grey = pictures.mean(dim=1, keepdim=True)
    pictures = (pictures - grey) * (2 * saturation) + grey
    mean = pictures.mean(dim=(1, 2, 3), keepdim=True)
    return (pictures - mean) * (contrast + 0.5) + mean


def translation(pictures: Tensor, ratio: float = 0.125) -> Tensor:
    """Move each picture by up to `ratio` of its size, with zeros coming in."""
    n, _, height, width = pictures.shape
    reach_y, reach_x = round(height * ratio), round(width * ratio)
    move_y = torch.randint(-reach_y, reach_y + 1, (n, 1), device=pictures.device)
    move_x = torch.randint(-reach_x, reach_x + 1, (n, 1), device=pictures.device)
    padded = functional.pad(pictures, (1, 1, 1, 1))
    rows = (torch.arange(height, device=pictures.device)[None] + move_y + 1).clamp(0, height + 1)
    columns = (torch.arange(width, device=pictures.device)[None] + move_x + 1).clamp(0, width + 1)
    which = torch.arange(n, device=pictures.device)[:, None, None]
    moved = padded.permute(0, 2, 3, 1)[which, rows[:, :, None], columns[:, None, :]]
    return moved.permute(0, 3, 1, 2)


def cutout(pictures: Tensor, ratio: float = 0.4) -> Tensor:
    """Blank a square of `ratio` of the size at a random place of each picture."""
    n, _, height, width = pictures.shape
    side_y, side_x = round(height * ratio), round(width * ratio)
    top = torch.randint(-side_y // 2, height - side_y // 2, (n, 1, 1), device=pictures.device)
    left = torch.randint(-side_x // 2, width - side_x // 2, (n, 1, 1), device=pictures.device)
    y = torch.arange(height, device=pictures.device)[None, :, None]
    x = torch.arange(width, device=pictures.device)[None, None, :]
    hidden = (y >= top) & (y < top + side_y) & (x >= left) & (x < left + side_x)
    return pictures * (~hidden)[:, None].to(pictures.dtype)


AUGMENTATIONS: dict[str, Callable[[Tensor], Tensor]] = {"colour": colour, "translation": translation, "cutout": cutout}


def augment(pictures: Tensor, policy: Sequence[str]) -> Tensor:
    """Apply the named augmentations in order to pictures in [-1, 1], shape (n, channels, h, w)."""
    for name in policy:
        pictures = AUGMENTATIONS[name](pictures)
    return pictures
