"""Adaptive augmentation: as much of it as the critic needs to stay unsure, and no more.

Source: Karras et al., "Training Generative Adversarial Networks with Limited Data", arXiv 2006.06676, sections 2 and 3 and appendix B.
Pictures are sampled once, bilinearly, where the paper filters up and down.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

GROUPS = ("blit", "geometry", "colour")
LUMA = (1 / math.sqrt(3),) * 3


@dataclass
class Adaptation:
    """The probability of augmentation, steered by how sure the critic is of real pictures.

    Attributes:
        probability: of each augmentation, 0 to 1.
        target: the share of real pictures taken for real, minus those taken for drawn, that is wanted.
        pace: pictures in which the probability can rise from 0 to 1.
        every: steps between changes.
        signs, seen: sum of the mean signs of the scores since the last change, and of how many batches.
    """

    probability: float = 0.0
    target: float = 0.6
    pace: float = 500_000
    every: int = 4
    signs: float = 0.0
    seen: int = 0

    def note(self, sureness: float) -> None:
        """Take in the mean sign of a batch's scores of real pictures."""
        self.signs += sureness
        self.seen += 1

    def adapt(self, step: int, batch: int) -> None:
        """After a step of `batch` pictures: move the probability where it is time."""
        if (step + 1) % self.every or not self.seen:
            return
        direction = math.copysign(1.0, self.signs / self.seen - self.target)
        self.probability = min(1.0, max(0.0, self.probability + direction * batch * self.every / self.pace))
        self.signs, self.seen = 0.0, 0

    def state(self) -> dict[str, Any]:
        """What changes while training."""
        return {"probability": self.probability, "signs": self.signs, "seen": self.seen}

    def load(self, state: dict[str, Any]) -> None:
        """Continue from a `state`."""
        self.probability, self.signs, self.seen = state["probability"], state["signs"], state["seen"]


def augment_adaptively(pictures: Tensor, probability: float, groups: Sequence[str] = GROUPS) -> Tensor:
    """Augment each picture by chance.

    Args:
        pictures: in [-1, 1], shape (n, 1, 3 or 4, h, w); alpha is moved with the picture and keeps its values.
        probability: of each augmentation, each picture's own.
        groups: of `GROUPS`: "blit" (mirror, quarter turns, shifts by whole pixels), "geometry" (scale, turn, stretch, shift), "colour"
            (brightness, contrast, inversion, hue, saturation).
    """
    if probability <= 0:
        return pictures
    matrices = placements(len(pictures), probability, groups, pictures.shape[-2:]).to(pictures.device)
    if "blit" in groups or "geometry" in groups:
        pictures = place(pictures, matrices)
    if "colour" in groups:
        pictures = recolour(pictures, colour_matrices(len(pictures), probability, pictures.shape[1]).to(pictures.device))
    return pictures


def place(pictures: Tensor, matrices: Tensor) -> Tensor:
    """Move pictures by matrices, shape (n, 3, 3), from places after to places before, -1 to 1; what comes in is mirrored."""
    height, width = pictures.shape[-2:]
    grid = functional.affine_grid(matrices[:, :2].to(pictures.dtype), list(pictures.shape), align_corners=False)
    # Mirrored by hand, as grid_sample reflects about the border only once its own way on every device.
    period = (grid + 1).remainder(4)
    grid = torch.where(period > 2, 4 - period, period) - 1
    margin = torch.tensor([1 - 1 / width, 1 - 1 / height], device=grid.device, dtype=grid.dtype)
    return _Sampled.apply(pictures, grid.clamp(-margin, margin))


def _sample(pictures: Tensor, grid: Tensor) -> Tensor:
    return functional.grid_sample(pictures, grid, mode="bilinear", padding_mode="border", align_corners=False)


class _Sampled(torch.autograd.Function):
    """Pictures sampled at fixed places. It is linear in the pictures, so its second derivative, which torch's own lacks and a gradient
    penalty asks for, is sampling again."""

    @staticmethod
    def forward(context: Any, pictures: Tensor, grid: Tensor) -> Tensor:
        context.save_for_backward(grid)
        context.shape = pictures.shape
        return _sample(pictures, grid)

    @staticmethod
    def backward(context: Any, slopes: Tensor) -> tuple[Tensor, None]:
        return _Spread.apply(slopes, *context.saved_tensors, context.shape), None


class _Spread(torch.autograd.Function):
    """What sampling turns round: slopes by the samples → slopes by the pictures, shape `shape`."""

    @staticmethod
    def forward(context: Any, slopes: Tensor, grid: Tensor, shape: torch.Size) -> Tensor:
        context.save_for_backward(grid)
        with torch.enable_grad():
            pictures = slopes.new_zeros(shape).requires_grad_()
            return torch.autograd.grad(_sample(pictures, grid), pictures, slopes)[0]

    @staticmethod
    def backward(context: Any, slopes: Tensor) -> tuple[Tensor, None, None]:
        return _Sampled.apply(slopes, *context.saved_tensors), None, None


def placements(count: int, probability: float, groups: Sequence[str], size: Sequence[int]) -> Tensor:
    """Random matrices from places after to places before, shape (count, 3, 3)."""
    matrix = torch.eye(3).expand(count, 3, 3)
    height, width = size
    if "blit" in groups:
        flip = 1 - 2 * chosen(count, probability) * (torch.rand(count) < 0.5)
        matrix = matrix @ scaled(flip, torch.ones(count))
        if height == width:
            matrix = matrix @ turned(chosen(count, probability) * torch.randint(4, (count,)) * math.pi / 2)
        moves = (torch.rand(count, 2) * 2 - 1) * 0.125 * chosen(count, probability)[:, None]
        matrix = matrix @ shifted((moves[:, 0] * width).round() * 2 / width, (moves[:, 1] * height).round() * 2 / height)
    if "geometry" in groups:
        size_by = torch.exp2(torch.randn(count) * 0.2 * chosen(count, probability))
        matrix = matrix @ scaled(size_by, size_by)
        each = 1 - math.sqrt(1 - probability)  # before and after the stretch, so that both together come with the probability
        matrix = matrix @ turned((torch.rand(count) * 2 - 1) * math.pi * chosen(count, each))
        stretch = torch.exp2(torch.randn(count) * 0.2 * chosen(count, probability))
        matrix = matrix @ scaled(stretch, 1 / stretch)
        matrix = matrix @ turned((torch.rand(count) * 2 - 1) * math.pi * chosen(count, each))
        moves = torch.randn(count, 2) * 0.25 * chosen(count, probability)[:, None]
        matrix = matrix @ shifted(moves[:, 0], moves[:, 1])
    return matrix


def colour_matrices(count: int, probability: float, channels: int) -> Tensor:
    """Random matrices on (red, green, blue, 1), shape (count, 4, 4); of grey pictures hue and saturation stay."""
    axis = torch.tensor([*LUMA, 0.0])
    along = torch.outer(axis, axis)
    matrix = torch.eye(4).repeat(count, 1, 1)
    brightness = torch.randn(count) * 0.2 * chosen(count, probability)
    matrix[:, :3, 3] += brightness[:, None]
    contrast = torch.exp2(torch.randn(count) * 0.5 * chosen(count, probability))
    matrix = diagonal(contrast, contrast, contrast) @ matrix
    inverted = chosen(count, probability) * (torch.rand(count) < 0.5)
    matrix = (torch.eye(4) - 2 * along * inverted[:, None, None]) @ matrix
    if channels >= 3:
        hue = (torch.rand(count) * 2 - 1) * math.pi * chosen(count, probability)
        matrix = hues(hue) @ matrix
        saturation = torch.exp2(torch.randn(count) * chosen(count, probability))[:, None, None]
        flat = along.clone()
        flat[3, 3] = 1.0
        matrix = (flat + (torch.eye(4) - flat) * saturation) @ matrix
    return matrix


def recolour(pictures: Tensor, matrices: Tensor) -> Tensor:
    """Apply colour matrices, shape (n, 4, 4), to the colours of pictures; a fourth channel stays."""
    matrices = matrices.to(pictures.dtype)
    colours = pictures[:, :3]
    if pictures.shape[1] == 1:  # a grey picture is one with three equal colours
        scale, shift = matrices[:, :3, :3].sum(dim=(1, 2)) / 3, matrices[:, :3, 3].mean(dim=1)
        return pictures * scale[:, None, None, None] + shift[:, None, None, None]
    moved = torch.einsum("nij,njhw->nihw", matrices[:, :3, :3], colours) + matrices[:, :3, 3, None, None]
    return torch.cat([moved, pictures[:, 3:]], dim=1)


def chosen(count: int, probability: float) -> Tensor:
    """1 for pictures that something happens to, 0 for the others, shape (count,)."""
    return (torch.rand(count) < probability).float()


def scaled(x: Tensor, y: Tensor) -> Tensor:
    """Matrices that stretch, shape (n, 3, 3)."""
    return torch.diag_embed(torch.stack([x, y, torch.ones_like(x)], dim=1))


def diagonal(*values: Tensor) -> Tensor:
    """4 × 4 matrices that scale each colour, shape (n, 4, 4)."""
    return torch.diag_embed(torch.stack([*values, torch.ones_like(values[0])], dim=1))


def turned(angle: Tensor) -> Tensor:
    """Matrices that turn, shape (n, 3, 3)."""
    zero, one, cos, sin = torch.zeros_like(angle), torch.ones_like(angle), angle.cos(), angle.sin()
    return torch.stack([cos, -sin, zero, sin, cos, zero, zero, zero, one], dim=1).reshape(-1, 3, 3)


def shifted(x: Tensor, y: Tensor) -> Tensor:
    """Matrices that move, shape (n, 3, 3)."""
    matrix = torch.eye(3).repeat(len(x), 1, 1)
    matrix[:, 0, 2], matrix[:, 1, 2] = x, y
    return matrix


def hues(angle: Tensor) -> Tensor:
    """Matrices that turn colours about the axis of greys, shape (n, 4, 4). Source: Rodrigues' rotation formula."""
    axis = torch.tensor(LUMA)
    cross = torch.tensor([[0.0, -axis[2], axis[1]], [axis[2], 0.0, -axis[0]], [-axis[1], axis[0], 0.0]])
    cos, sin = angle.cos()[:, None, None], angle.sin()[:, None, None]
    matrix = torch.eye(4).repeat(len(angle), 1, 1)
    matrix[:, :3, :3] = cos * torch.eye(3) + sin * cross + (1 - cos) * torch.outer(axis, axis)
    return matrix
