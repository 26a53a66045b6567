"""A step of Lightweight GAN at 64 pixels, beside the package `lightweight-gan` with its own defaults, trainer and loop, on the CPU.

The package is no requirement: it is looked for where PYTHONPATH points, with einops, kornia, kornia-rs, adabelief_pytorch, tabulate and
colorama (`pip install --no-deps --target DIR …`). Without it only our own time is printed.
"""

import importlib
import tempfile
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import numpy as np
import torch
from torch import Tensor

from benchmarks import Figure, fastest
from engines import compute
from engines.training.adversarial import AdversarialTask
from engines.training.dataset import PictureSet
from engines.training.systems import SYSTEMS
from engines.training.trainer import Workers
from engines.translation.training import fastest_numerics

SIDE, BATCH = 64, 10
ROUND, REPEATS = 4, 2
"""Steps timed together: one in four takes the gradient penalty, in the package as in ours."""
HALF = 2.0


def run() -> Iterator[Figure]:
    compute.keep_memory()
    pixels = np.random.default_rng(0).integers(0, 256, (BATCH * 2, 3, SIDE, SIDE), dtype=np.uint8)
    pictures = PictureSet(pixels, np.zeros(len(pixels), dtype=np.int64), ("noise",), np.zeros(len(pixels), dtype=bool), (), "")
    preset = SYSTEMS["cityscape-run-2"]
    task = AdversarialTask(preset, pictures, 0, fastest_numerics(preset, pictures, 0, Workers()), Workers())
    counter = iter(range(1_000_000))
    ours = fastest(lambda: [task.step(next(counter)) for _ in range(ROUND)], REPEATS) / ROUND
    yield Figure(f"Lightweight GAN, a step of {BATCH} pictures at {SIDE} px", ours, 3.3)
    with tempfile.TemporaryDirectory() as folder:
        batch = torch.from_numpy(pixels[:BATCH]).float() / 255
        found = package_trainer(lambda _: batch, folder)
        if found is None:
            print("the package lightweight-gan is not installed: its step is not measured")
            return
        step, _ = found
        theirs = fastest(lambda: [step() for _ in range(ROUND)], REPEATS) / ROUND
    yield Figure("the same beside the package lightweight-gan", theirs / ours, HALF, unit="×", ratio=True)


def package_trainer(
    read: Callable[[int], Tensor], folder: str, accumulate: int = 1, pictures: int = 0
) -> tuple[Callable[[], None], Any] | None:
    """A step of the package's own trainer with its defaults, and the trainer; None where the package is not installed.

    The package asks for CUDA; what it moves there stays on the CPU.

    Args:
        read: how many → as many pictures in [0, 1], shape (n, 3, 64, 64).
        folder: where it may write.
        accumulate: batches of ten a step; the package's command takes 4.
        pictures: in the data set, from which it takes how often it augments.
    """
    stays: Callable[..., Any] = lambda self, *_, **__: self  # noqa: E731
    with mock.patch("torch.cuda.is_available", return_value=True):
        try:
            package = importlib.import_module("lightweight_gan.lightweight_gan")
        except ImportError:
            return None
    package.torch = _TorchOnCpu()
    trainer = package.Trainer(
        base_dir=folder, image_size=SIDE, batch_size=BATCH, gradient_accumulate_every=accumulate, attn_res_layers=[32],
        disc_output_size=1, aug_prob=min(0.5, (1e5 - pictures) * 3e-6), use_aim=False, save_every=10**9, evaluate_every=10**9,
    )  # fmt: skip
    trainer.steps = 4

    def step() -> None:
        if trainer.steps % 100 == 0:  # it would draw a sheet then
            trainer.steps += 4
        trainer.loader = (read(BATCH).clone() for _ in range(accumulate))
        with mock.patch.object(torch.Tensor, "cuda", stays), mock.patch.object(torch.nn.Module, "cuda", stays):
            trainer.train()

    return step, trainer


class _TorchOnCpu:
    """`torch` as the package sees it: every device is the CPU."""

    def __getattr__(self, name: str) -> Any:
        return getattr(torch, name)

    @staticmethod
    def device(_: object) -> torch.device:
        return torch.device("cpu")
