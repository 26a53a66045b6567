"""Training two translators between two unpaired folders of pictures: CycleGAN."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from engines import imaging
from engines.compute import Numerics
from engines.errors import StudioError
from engines.networks.cyclegan import PatchCritic, ResidualTranslator
from engines.training import objectives
from engines.training.adversarial import AdversarialTask
from engines.training.averaging import WeightAverage
from engines.training.dataset import PictureSet
from engines.training.presets import PRESETS, AdversarialPreset
from engines.training.trainer import Task, Workers


@dataclass(frozen=True)
class CyclePreset:
    """Settings of a CycleGAN between the two classes of a picture set.

    Attributes:
        name, summary: what `train --list` shows.
        resolution: pictures are framed to this size first.
        crop: random squares of `crop` to `resolution` pixels are resized to `crop` × `crop` for training.
        width, blocks, critic_width: of the networks.
        cycle, identity: weights of the cycle and identity losses; identity falls to 0 at half time.
        pool: drawn pictures remembered for the critics.
        batch, rate: pictures a step of each domain; the rate stays for half of the time and then falls to 0.
        half_life: of the weight averages, in pictures.
    """

    name: str
    summary: str
    resolution: int = 192
    crop: int = 128
    width: int = 32
    blocks: int = 6
    critic_width: int = 32
    cycle: float = 10.0
    identity: float = 5.0
    pool: int = 50
    batch: int = 2
    rate: float = 2e-4
    half_life: float = 1000
    steps: int = 2000
    framing: str = "letterbox"
    channels: int = 3


CYCLE_PRESETS = {
    preset.name: preset
    for preset in (CyclePreset("textures-128", "swap between two folders of garments, crops of 128 px; works at any size"),)
}
ALL_PRESETS: dict[str, AdversarialPreset | CyclePreset] = {**PRESETS, **CYCLE_PRESETS}


def build_task(preset: AdversarialPreset | CyclePreset, pictures: PictureSet, seed: int, numerics: Numerics, workers: Workers) -> Task:
    """The training task that a preset describes."""
    if isinstance(preset, CyclePreset):
        return CycleTask(preset, pictures, seed, numerics, workers)
    return AdversarialTask(preset, pictures, seed, numerics, workers)


class PicturePool:
    """Remembers drawn pictures, so that a critic also sees what the translators drew some time ago.

    Source: Shrivastava et al., "Learning from Simulated and Unsupervised Images", arXiv 1612.07828, section 2.3.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.pictures: list[Tensor] = []

    def exchange(self, drawn: Tensor) -> Tensor:
        """Give in pictures, shape (n, 3, h, w); half of the time get older ones back instead."""
        result = []
        for picture in drawn:
            if len(self.pictures) < self.size:
                self.pictures.append(picture)
                result.append(picture)
            elif torch.rand(()) < 0.5:
                place = int(torch.randint(self.size, ()))
                result.append(self.pictures[place])
                self.pictures[place] = picture
            else:
                result.append(picture)
        return torch.stack(result)


class CycleTask:
    """Two translators, two critics, their optimisers and the averaged translators that get published.

    Least-squares adversarial losses, cycle and identity losses (L1), a pool of earlier pictures.

    Source: Zhu et al., arXiv 1703.10593, sections 3 and 4.
    """

    def __init__(self, preset: CyclePreset, pictures: PictureSet, seed: int, numerics: Numerics, workers: Workers) -> None:
        if len(pictures.classes) != 2:
            found = ", ".join(pictures.classes)
            raise StudioError(f"a swap is trained between two folders, got {found}: choose two with --classes A,B")
        self.preset, self.numerics, self.workers = preset, numerics, workers
        self.domains = pictures.classes
        self._pictures, self._seed = pictures, seed
        train = pictures.part(held_out=False)
        self._members = [train[pictures.labels[train] == domain] for domain in range(2)]
        torch.manual_seed(seed)
        self.translators = [ResidualTranslator(preset.width, preset.blocks) for _ in range(2)]  # [i] draws domain i
        self.critics = [PatchCritic(preset.critic_width) for _ in range(2)]
        for network in chain(self.translators, self.critics):
            numerics.place(network)
        self.averages = [WeightAverage(network, preset.half_life) for network in self.translators]
        self.translator_optimiser = torch.optim.Adam(_parameters(self.translators), preset.rate, (0.5, 0.999))
        self.critic_optimiser = torch.optim.Adam(_parameters(self.critics), preset.rate, (0.5, 0.999))
        self.pools = [PicturePool(preset.pool) for _ in range(2)]

    def crops(self, domain: int, step: int) -> Tensor:
        """A batch of random crops of one domain, a function of (seed, step), shape (batch, 3, crop, crop)."""
        preset = self.preset
        random = np.random.default_rng((self._seed, step, domain, self.workers.process))
        chosen = self._pictures.tensor(random.choice(self._members[domain], preset.batch))
        crops = []
        for picture in chosen:
            side = int(random.integers(preset.crop, preset.resolution + 1))
            top, left = random.integers(0, preset.resolution - side + 1, 2)
            crop = picture[None, :, top : top + side, left : left + side]
            crop = functional.interpolate(crop, size=(preset.crop, preset.crop), mode="bilinear", antialias=True, align_corners=False)
            crops.append(crop.flip(-1) if random.random() < 0.5 else crop)
        return self.numerics.arrange(torch.cat(crops))

    def _translate(self, domain: int, pictures: Tensor) -> Tensor:
        with self.numerics.autocast():
            return self.translators[domain](pictures)

    def _judge(self, domain: int, pictures: Tensor) -> Tensor:
        with self.numerics.autocast():
            return self.critics[domain](pictures)

    def step(self, step: int) -> dict[str, float]:
        """Train both translators and both critics on one batch of each domain; returns the losses."""
        preset = self.preset
        done = step / preset.steps
        rate = preset.rate * min(1.0, 2 * (1 - done))
        identity = preset.identity * max(0.0, 1 - 2 * done)
        for optimiser in (self.translator_optimiser, self.critic_optimiser):
            for group in optimiser.param_groups:
                group["lr"] = rate
        real = [self.crops(domain, step) for domain in range(2)]

        for critic in self.critics:
            critic.requires_grad_(False)
        fake = [self._translate(domain, real[1 - domain]) for domain in range(2)]
        adversarial = _total(objectives.least_squares(self._judge(domain, fake[domain]), 1.0) for domain in range(2))
        cycled = [self._translate(domain, fake[1 - domain]) for domain in range(2)]
        cycle = _total(functional.l1_loss(cycled[domain], real[domain]) for domain in range(2))
        loss = adversarial + preset.cycle * cycle
        if identity > 0:
            same = _total(functional.l1_loss(self._translate(domain, real[domain]), real[domain]) for domain in range(2))
            loss = loss + identity * same
        self.workers.descend(self.translator_optimiser, loss)

        for critic in self.critics:
            critic.requires_grad_(True)
        critic_loss = torch.zeros((), device=real[0].device)
        for domain in range(2):
            remembered = self.pools[domain].exchange(fake[domain].detach())
            critic_loss = critic_loss + 0.5 * objectives.least_squares(self._judge(domain, real[domain]), 1.0)
            critic_loss = critic_loss + 0.5 * objectives.least_squares(self._judge(domain, remembered), 0.0)
        self.workers.descend(self.critic_optimiser, critic_loss)
        for average, network in zip(self.averages, self.translators, strict=True):
            average.update(network, preset.batch, (step + 1) * preset.batch)
        losses = {"total": loss, "cycle": cycle, "generator": adversarial, "critic": critic_loss}
        return {name: value.item() for name, value in losses.items()}

    def state(self) -> dict[str, Any]:
        """All that training changes, as tensors, numbers and names."""
        return {
            "translators": [network.state_dict() for network in self.translators],
            "critics": [network.state_dict() for network in self.critics],
            "averages": [average.module.state_dict() for average in self.averages],
            "translator optimiser": self.translator_optimiser.state_dict(),
            "critic optimiser": self.critic_optimiser.state_dict(),
            "pools": [pool.pictures for pool in self.pools],
        }

    def load(self, state: dict[str, Any]) -> None:
        """Continue from a `state`."""
        for networks, key in ((self.translators, "translators"), (self.critics, "critics")):
            for network, saved in zip(networks, state[key], strict=True):
                network.load_state_dict(saved)
        for average, saved in zip(self.averages, state["averages"], strict=True):
            average.module.load_state_dict(saved)
        self.translator_optimiser.load_state_dict(state["translator optimiser"])
        self.critic_optimiser.load_state_dict(state["critic optimiser"])
        for pool, saved in zip(self.pools, state["pools"], strict=True):
            pool.pictures = list(saved)

    @torch.no_grad()
    def snapshot(self) -> Image.Image:
        """Held-out pictures of both domains in three rows each: original, generated, recovered."""
        rows = []
        for domain in range(2):
            held = self._pictures.part(held_out=True)
            shown = held[self._pictures.labels[held] == domain][:8]
            if len(shown) < 8:
                shown = np.concatenate([shown, self._members[domain][: 8 - len(shown)]])
            original = self.numerics.arrange(self._pictures.tensor(shown))
            generated = self.averages[1 - domain].module(original)
            recovered = self.averages[domain].module(generated)
            rows += [*imaging.to_pictures(original), *imaging.to_pictures(generated), *imaging.to_pictures(recovered)]
        return imaging.sheet(rows, len(rows) // 6)


def _total(losses: Iterable[Tensor]) -> Tensor:
    return torch.stack(list(losses)).sum()


def _parameters(networks: list[Any]) -> Iterator[torch.nn.Parameter]:
    return chain.from_iterable(network.parameters() for network in networks)
