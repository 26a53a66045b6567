import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from engines.compute import of_precision
from engines.training.adversarial import AdversarialTask
from engines.training.dataset import PictureSet
from engines.training.systems import SYSTEMS
from engines.training.trainer import Workers

SIDE, STEPS = 1024, 20
NARROW = {"base": 1024, "most": 32}


@pytest.mark.parametrize("system", ["cityscape-run-2", "scenes-stylegan2"])
def test_twenty_steps_at_1024_pixels_teach_both_networks_and_draw_such_pictures(system: str) -> None:
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (4, 3, SIDE // 16, SIDE // 16), dtype=np.uint8).repeat(16, axis=2).repeat(16, axis=3)
    pictures = PictureSet(pixels, np.zeros(4, dtype=np.int64), ("blocks",), np.zeros(4, dtype=bool), (), "")
    preset = SYSTEMS[system]
    preset = replace(
        preset,
        side=SIDE,
        batch=1,
        generator_settings=preset.generator_settings | NARROW,
        discriminator_settings=preset.discriminator_settings | NARROW,
    )
    task = AdversarialTask(preset, pictures, 0, of_precision("bfloat16"), Workers())
    before = [next(network.parameters()).detach().clone() for network in (task.generator, task.discriminator)]
    for step in range(STEPS):
        figures = task.step(step)
        assert all(math.isfinite(value) for value in figures.values()), figures
    after = [next(network.parameters()) for network in (task.generator, task.discriminator)]
    assert not any(torch.equal(*pair) for pair in zip(before, after, strict=True))
    with torch.no_grad():
        assert task.average.module.eval()(torch.randn(1, preset.latent_dim)).shape == (1, 3, SIDE, SIDE)
