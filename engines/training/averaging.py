"""The slow copy of a generator that draws better pictures than the one in training."""

import copy
from typing import Any

import torch
from torch import nn

from engines import compute


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


@torch.no_grad()
def settle_norms(generator: Any, batch: int, seed: int, batches: int = 20) -> Any:
    """A copy of a generator whose batch norms hold the statistics of its own features.

    Averaged weights carry the statistics that the weights in training had, and draw worse for it.

    Args:
        generator: as in the network registry, with `latent_dim`, `noise_sizes` and `classes`; the classes come equally often.
        batch, batches: how many pictures are drawn at once, and how often.
        seed: of their latents.

    Source: Brock et al., "Large Scale GAN Training for High Fidelity Natural Image Synthesis", arXiv 1809.11096, appendix C.1
    (standing statistics).
    """
    settled = copy.deepcopy(generator).eval()
    norms = [module for module in settled.modules() if isinstance(module, nn.BatchNorm2d)]
    if not norms:
        return settled
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over the batches
        norm.train()
    random, where, count = compute.random_generator(seed, 9), next(settled.parameters()).device, max(2, batch)
    for number in range(batches):
        latent = torch.randn(count, settled.latent_dim, generator=random).to(where)
        noise = [torch.randn(count, 1, size, size, generator=random).to(where) for size in settled.noise_sizes]
        classes = (number * count + torch.arange(count, device=where)) % settled.classes if settled.classes else None
        settled(latent, classes, noise)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        norm.eval()
    return settled
