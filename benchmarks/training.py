"""Training with the preset for scenes, on drawn pictures: how fast, and what is lost beside the bare passes."""

from collections.abc import Iterator

import numpy as np
import torch

from benchmarks import Figure, fastest
from engines import compute
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


def bare_passes(task: AdversarialTask) -> float:
    """Seconds of the forward and backward passes that a step cannot do without, each timed by itself: the generator, the frozen features
    of real and of drawn pictures, and the heads for both sides; no optimiser, no augmentation, no averaging, no reading."""
    preset, pictures = task.preset, torch.zeros(task.preset.batch, 3, task.preset.resolution, task.preset.resolution)
    latents = torch.randn(preset.batch, preset.latent_dim)
    real = task.judging.arrange(pictures)

    def generator() -> None:
        with task.numerics.autocast():
            drawn = task.generator(latents).float()
        drawn.sum().backward()

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

    return fastest(generator, REPEATS) + fastest(frozen_and_heads, REPEATS)
