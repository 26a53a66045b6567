"""A step of DCGAN at 64 pixels, beside the same networks and losses in a plain loop in float32, as a tutorial would write it."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks import Figure, fastest
from engines import compute
from engines.training.adversarial import AdversarialTask
from engines.training.dataset import PictureSet
from engines.training.systems import SYSTEMS
from engines.training.trainer import Workers
from engines.translation.training import fastest_numerics

REPEATS = 3
SIDE, BATCH, LATENT, WIDTH = 64, 128, 100, 64
RATE, BETAS = 2e-4, (0.5, 0.999)
HALF = 2.0


def run() -> Iterator[Figure]:
    compute.keep_memory()
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (BATCH * 2, 3, SIDE, SIDE), dtype=np.uint8)
    real = torch.from_numpy(pixels)[:BATCH]
    plain = fastest(plain_step(lambda: real)[0], REPEATS)
    pictures = PictureSet(pixels, np.zeros(len(pixels), dtype=np.int64), ("noise",), np.zeros(len(pixels), dtype=bool), (), "")
    preset = SYSTEMS["scenes-dcgan"]
    numerics = fastest_numerics(preset, pictures, 0, Workers())
    task = AdversarialTask(preset, pictures, 0, numerics, Workers())
    counter = iter(range(1_000_000))
    ours = fastest(lambda: task.step(next(counter)), REPEATS)
    yield Figure(f"DCGAN, a step of {BATCH} pictures at {SIDE} px", ours, 6.0)
    yield Figure("the same beside a plain loop in float32", plain / ours, HALF, unit="×", ratio=True)


def plain_step(read: Callable[[], Tensor], seed: int = 0) -> tuple[Callable[[], None], nn.Module]:
    """A step of the widest-known form (the discriminator on real, then on drawn pictures, then the generator), and its generator.

    Args:
        read: gives a batch of pictures, uint8, shape (128, 3, 64, 64).
    """
    torch.manual_seed(seed)
    generator, discriminator = plain_networks()
    ours, theirs = (torch.optim.Adam(network.parameters(), RATE, BETAS) for network in (generator, discriminator))
    ones, zeros = torch.ones(BATCH), torch.zeros(BATCH)

    def step() -> None:
        real = read().float() / 127.5 - 1
        theirs.zero_grad()
        functional.binary_cross_entropy(discriminator(real).flatten(), ones).backward()
        drawn = generator(torch.randn(BATCH, LATENT, 1, 1))
        functional.binary_cross_entropy(discriminator(drawn.detach()).flatten(), zeros).backward()
        theirs.step()
        ours.zero_grad()
        functional.binary_cross_entropy(discriminator(drawn).flatten(), ones).backward()
        ours.step()

    return step, generator


def plain_networks() -> tuple[nn.Module, nn.Module]:
    """Radford et al.'s pair at 64 pixels (arXiv 1511.06434), 64 channels wide."""
    up: list[nn.Module] = [nn.ConvTranspose2d(LATENT, 8 * WIDTH, 4, 1, 0, bias=False), nn.BatchNorm2d(8 * WIDTH), nn.ReLU(True)]
    for wide in (8, 4, 2):
        inputs, outputs = wide * WIDTH, wide * WIDTH // 2
        up += [nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(True)]
    up += [nn.ConvTranspose2d(WIDTH, 3, 4, 2, 1, bias=False), nn.Tanh()]
    down: list[nn.Module] = [nn.Conv2d(3, WIDTH, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, True)]
    for wide in (1, 2, 4):
        inputs, outputs = wide * WIDTH, 2 * wide * WIDTH
        down += [nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2, True)]
    down += [nn.Conv2d(8 * WIDTH, 1, 4, 1, 0, bias=False), nn.Sigmoid()]
    networks = nn.Sequential(*up), nn.Sequential(*down)
    for layer in (layer for network in networks for layer in network):
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, 0.0, 0.02)
        elif isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight, 1.0, 0.02)
    return networks
