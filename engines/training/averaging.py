"""The slow copy of a generator that draws better pictures than the one in training."""

import copy

import torch
from torch import nn


class WeightAverage:
    """Exponential moving average of a module's parameters, with buffers (batch-norm statistics) copied.

    Args:
        module: the module in training.
        half_life: in pictures: after so many, half of an old value is left.
        ramp: early on the half-life is at most this share of the pictures seen.

    Source: Karras et al., "Training Generative Adversarial Networks with Limited Data", arXiv 2006.06676, appendix C (ramp-up).
    """

    def __init__(self, module: nn.Module, half_life: float = 10_000, ramp: float = 0.05) -> None:
        self.module = copy.deepcopy(module).eval().requires_grad_(False)
        self.half_life, self.ramp = half_life, ramp

    @torch.no_grad()
    def update(self, module: nn.Module, batch: int, seen: int) -> None:
        """Move towards `module` after a step of `batch` pictures, `seen` in all."""
        half_life = min(self.half_life, seen * self.ramp)
        keep = 0.5 ** (batch / max(half_life, 1e-8))
        for slow, fast in zip(self.module.parameters(), module.parameters(), strict=True):
            slow.lerp_(fast, 1 - keep)
        for kept, current in zip(self.module.buffers(), module.buffers(), strict=True):
            kept.copy_(current)
