"""Swapping and training to swap, beside the same networks written plainly and run in float32."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks import Figure, fastest
from engines import compute
from engines.compute import Numerics
from engines.networks.cyclegan import ResidualTranslator
from engines.training.dataset import PictureSet
from engines.training.trainer import Workers
from engines.translation.presets import CYCLE_PRESETS
from engines.translation.training import CycleTask, fastest_numerics
from tests.engines.models.importers.plain_networks import Resnet

REPEATS = 3
SIDE, CROP, WIDTH, BLOCKS = 256, 128, 64, 9
HALF = 2.0


def run() -> Iterator[Figure]:
    compute.keep_memory()
    torch.manual_seed(0)
    plain = fastest(plain_forward(), REPEATS)
    ours = next(iter(compute.measure(_forward(), repeats=REPEATS).values()))
    yield Figure("swap network, 9 blocks, 64 channels, 256 px", ours, 0.29)
    yield Figure("the same beside plain float32", plain / ours, HALF, unit="×", ratio=True)
    plain_training = fastest(plain_step(), REPEATS)
    training = fastest(_step(), REPEATS)
    yield Figure("training step of a swap, 128 px", training, 4.0)
    yield Figure("the same beside plain float32", plain_training / training, HALF, unit="×", ratio=True)


def plain_forward() -> Callable[[], Tensor]:
    """A pass of the usual generator."""
    network, shown = Resnet(WIDTH, BLOCKS).eval(), torch.rand(1, 3, SIDE, SIDE)

    def passed() -> Tensor:
        with torch.inference_mode():
            return network(shown)

    return passed


def _forward() -> Callable[[Numerics], Tensor]:
    shown = torch.rand(1, 3, SIDE, SIDE)
    networks: dict[Numerics, nn.Module] = {}

    def passed(numerics: Numerics) -> Tensor:
        if numerics not in networks:
            network = ResidualTranslator(WIDTH, BLOCKS, sampling="transposed", reflect=True, bias=True)
            networks[numerics] = numerics.place(network.eval())
        with torch.inference_mode(), numerics.autocast():
            return networks[numerics](numerics.arrange(shown))

    return passed


def plain_critic() -> nn.Module:
    """The usual critic of patches."""
    layers: list[nn.Module] = [nn.Conv2d(3, WIDTH, 4, 2, 1), nn.LeakyReLU(0.2, True)]
    for place, stride in enumerate((2, 2, 1)):
        inputs = WIDTH * 2**place
        layers += [nn.Conv2d(inputs, 2 * inputs, 4, stride, 1), nn.InstanceNorm2d(2 * inputs), nn.LeakyReLU(0.2, True)]
    return nn.Sequential(*layers, nn.Conv2d(8 * WIDTH, 1, 4, 1, 1))


def plain_step() -> Callable[[], None]:
    """A step of the usual training: both ways, cycle and identity, batch 1, float32."""
    translators, critics = [Resnet(WIDTH, BLOCKS) for _ in range(2)], [plain_critic() for _ in range(2)]
    optimisers = [
        torch.optim.Adam(chain(*(network.parameters() for network in part)), 2e-4, (0.5, 0.999)) for part in (translators, critics)
    ]
    real = [torch.rand(1, 3, CROP, CROP) * 2 - 1 for _ in range(2)]

    def step() -> None:
        for critic in critics:
            critic.requires_grad_(False)
        fake = [translators[place](real[1 - place]) for place in range(2)]
        loss = torch.zeros(())
        for place in range(2):
            loss = loss + (critics[place](fake[place]) - 1).square().mean()
            loss = loss + 10 * functional.l1_loss(translators[place](fake[1 - place]), real[place])
            loss = loss + 5 * functional.l1_loss(translators[place](real[place]), real[place])
        optimisers[0].zero_grad()
        loss.backward()
        optimisers[0].step()
        for critic in critics:
            critic.requires_grad_(True)
        judged = torch.zeros(())
        for place in range(2):
            judged = judged + 0.5 * (critics[place](real[place]) - 1).square().mean()
            judged = judged + 0.5 * critics[place](fake[place].detach()).square().mean()
        optimisers[1].zero_grad()
        judged.backward()
        optimisers[1].step()

    return step


def _step() -> Callable[[], object]:
    preset = replace(CYCLE_PRESETS["cyclegan-256"], resolution=CROP, crop=CROP, sides=(CROP, CROP))
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (8, 3, CROP, CROP), dtype=np.uint8)
    pictures = PictureSet(pixels, np.arange(8) % 2, ("denim", "leather"), np.zeros(8, dtype=bool), (), "")
    numerics = fastest_numerics(preset, pictures, 0, Workers())
    task, counter = CycleTask(preset, pictures, 0, numerics, Workers()), iter(range(1_000_000))
    return lambda: task.step(next(counter))
