"""Training with the preset for scenes, on drawn pictures: how fast, and what is lost beside the bare passes."""

from collections.abc import Callable, Iterator
from functools import partial
from unittest import mock

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from benchmarks import Figure, fastest
from engines import compute
from engines.networks import layers
from engines.networks.layers import BatchNorm2d
from engines.training.adversarial import AdversarialTask
from engines.training.dataset import PictureSet
from engines.training.presets import PRESETS
from engines.training.trainer import Workers
from engines.translation.training import fastest_numerics

REPEATS = 5


def run() -> Iterator[Figure]:
    compute.keep_memory()
    preset = PRESETS["scenes-64"]
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (256, 3, preset.resolution, preset.resolution), dtype=np.uint8)
    pictures = PictureSet(pixels, np.zeros(256, dtype=np.int64), ("noise",), np.zeros(256, dtype=bool), (), "")
    numerics = fastest_numerics(preset, pictures, 0, Workers())
    task = AdversarialTask(preset, pictures, 0, numerics, Workers())
    counter = iter(range(1_000_000))
    step = fastest(lambda: task.step(next(counter)), REPEATS)
    yield Figure("training, pictures a second (scenes-64)", preset.batch / step, 60, unit="/s")
    yield Figure("training, share of the bare passes", bare_passes(task) / step, 0.85, unit="%", ratio=True)
    ours = fastest(generator_pass(task), REPEATS)
    plain = partial(functional.glu, dim=1)
    with mock.patch.object(BatchNorm2d, "forward", nn.BatchNorm2d.forward), mock.patch.object(layers, "gated_linear", plain):
        usual = fastest(generator_pass(task), REPEATS)
    yield Figure("a generator's pass and way back, beside torch's norm", usual / ours, 1.5, unit="×", ratio=True)


def generator_pass(task: AdversarialTask) -> Callable[[], None]:
    """A batch drawn, and its way back."""
    latents = torch.randn(task.preset.batch, task.preset.latent_dim)

    def drawn_and_back() -> None:
        with task.numerics.autocast():
            drawn = task.generator(latents).float()
        drawn.sum().backward()

    return drawn_and_back


def bare_passes(task: AdversarialTask) -> float:
    """Seconds of the forward and backward passes that a step cannot do without, each timed by itself: the generator, the frozen features
    of real and of drawn pictures, and the heads for both sides; no optimiser, no augmentation, no averaging, no reading."""
    preset = task.preset
    real = task.judging.arrange(torch.zeros(preset.batch, 3, preset.resolution, preset.resolution))

    def frozen_and_heads() -> None:
        task.discriminator.heads.requires_grad_(True)
        with task.judging.autocast(), torch.no_grad():
            seen_real = task.discriminator.look(real)
        drawn = real.clone().requires_grad_()
        with task.judging.autocast():
            seen = task.discriminator.look(drawn)
            score = task.discriminator.judge(seen_real) - task.discriminator.judge([level.detach() for level in seen])
        score.sum().backward()
        task.discriminator.heads.requires_grad_(False)
        with task.judging.autocast():
            again = task.discriminator.judge(seen)
        again.sum().backward()

    return fastest(generator_pass(task), REPEATS) + fastest(frozen_and_heads, REPEATS)
