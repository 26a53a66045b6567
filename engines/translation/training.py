"""Training two translators between two unpaired folders of pictures: CycleGAN."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from engines import compute, imaging
from engines.compute import Numerics
from engines.errors import StudioError
from engines.evaluation.backbone import FeaturePyramid, feature_pyramid
from engines.evaluation.features import eight_bit, lite2
from engines.evaluation.materials import (
    NEAR_WHITE,
    MaterialJudge,
    fit_material_judge,
    ground_change,
    swap_rate,
    whole_garment,
)
from engines.networks.projected import ProjectedDiscriminator
from engines.training import objectives
from engines.training.adversarial import AdversarialTask
from engines.training.augment import augment
from engines.training.averaging import WeightAverage
from engines.training.dataset import PictureSet
from engines.training.presets import PRESETS, AdversarialPreset
from engines.training.systems import SYSTEMS
from engines.training.trainer import Task, Verdict, Workers
from engines.training.upscaling import UPSCALE_PRESETS, UpscalePreset, UpscaleTask
from engines.training.warm_start import LEAST_FITTING, Beginning, copy_fitting
from engines.translation.crops import GarmentCrops
from engines.translation.presets import CYCLE_PRESETS, CyclePreset, build_critic, build_translator, checked

JUDGED_AT_ONCE = 8
UNCHANGED = 3.0
PROJECTED_POLICY = ("translation", "cutout")


AnyPreset = AdversarialPreset | CyclePreset | UpscalePreset
ALL_PRESETS: dict[str, AnyPreset] = {**PRESETS, **SYSTEMS, **CYCLE_PRESETS, **UPSCALE_PRESETS}


def build_task(preset: AnyPreset, pictures: PictureSet, seed: int, numerics: Numerics, workers: Workers) -> Task:
    """The training task that a preset describes."""
    if isinstance(preset, CyclePreset):
        return CycleTask(preset, pictures, seed, numerics, workers)
    if isinstance(preset, UpscalePreset):
        return UpscaleTask(preset, pictures, seed, numerics, workers)
    return AdversarialTask(preset, pictures, seed, numerics, workers)


def fastest_numerics(preset: AnyPreset, pictures: PictureSet, seed: int, workers: Workers) -> Numerics:
    """Take a few steps of the task itself in every precision and memory format that this device may be fast in, and choose the fastest.

    Blocks that are measured by themselves mislead: which layout is fast depends on what stands beside what. With several processes all
    take the leading one's choice.
    """
    tasks: dict[Numerics, Task] = {}

    def step(numerics: Numerics) -> None:
        if numerics not in tasks:
            tasks[numerics] = build_task(preset, pictures, seed, numerics, workers)
            tasks[numerics].step(0)  # does what is done once in many steps, too
        tasks[numerics].step(1)

    return workers.agree(next(iter(compute.measure(step, repeats=2))))


class PicturePool:
    """Remembers drawn pictures, so that a critic also sees what the translators drew some time ago.

    Source: Shrivastava et al., "Learning from Simulated and Unsupervised Images", arXiv 1612.07828, section 2.3.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.pictures: list[Tensor] = []

    def exchange(self, drawn: Tensor) -> Tensor:
        """Give in pictures, shape (n, 3, h, w); half of the time get older ones back instead. A pool of none gives them back."""
        if not self.size:
            return drawn
        result = []
        for picture in drawn:
            if len(self.pictures) < self.size:
                self.pictures.append(picture.clone())  # by itself it would keep its whole batch in memory
                result.append(picture)
            elif torch.rand(()) < 0.5:
                place = int(torch.randint(self.size, ()))
                result.append(self.pictures[place])
                self.pictures[place] = picture.clone()
            else:
                result.append(picture)
        return torch.stack(result)


class CycleTask:
    """Two translators, two critics, their optimisers and the averaged translators that get published.

    Adversarial losses (least squares or cross-entropy), cycle and identity losses (L1), a pool of earlier pictures. Of several processes
    each has a pool of its own; those that go on with a run all begin with the leading one's.

    Source: Zhu et al., arXiv 1703.10593, sections 3 and 4.
    """

    def __init__(self, preset: CyclePreset, pictures: PictureSet, seed: int, numerics: Numerics, workers: Workers) -> None:
        if len(pictures.classes) != 2:
            found = ", ".join(pictures.classes)
            raise StudioError(f"a swap is trained between two folders, got {found}: choose two with --classes A,B")
        if pictures.pixels.shape[1] != 3:
            raise StudioError(f"a swap learns from colour pictures, got {pictures.pixels.shape[1]} channels: use RGB pictures")
        workers.check_batch(preset.batch)
        self.preset, self.numerics, self.workers = checked(preset), numerics, workers
        self.domains = pictures.classes
        self._pictures, self._seed = pictures, seed
        self._crops = GarmentCrops(preset, pictures, seed, workers.process, workers.processes)
        pyramid = feature_pyramid(preset.crop) if preset.projected else None
        torch.manual_seed(seed)  # after the pyramid, which is built once a process and draws numbers when it is
        self.translators = [build_translator(asdict(preset)) for _ in range(2)]  # [i] draws domain i
        self.critics = [build_critic(preset) for _ in range(2)]
        for network in chain(self.translators, self.critics):
            numerics.place(network)
        self.judging = replace(numerics, channels_last=True)
        self.projected = self._build_projected(pyramid, seed) if pyramid is not None else []
        self.averages = [WeightAverage(network, preset.half_life) for network in self.translators]
        self.translator_optimiser = torch.optim.Adam(_parameters(self.translators), preset.rate, (0.5, 0.999))
        self.critic_optimiser = torch.optim.Adam(
            chain(_parameters(self.critics), _parameters([critic.heads for critic in self.projected])), preset.rate, (0.5, 0.999)
        )
        if preset.clip:
            for optimiser in (self.translator_optimiser, self.critic_optimiser):
                optimiser.register_step_pre_hook(partial(_clip, preset.clip))
        self.pools = [PicturePool(preset.pool) for _ in range(2)]
        self._judge_of_materials: MaterialJudge | None = None
        self._seen = 0  # pictures seen before this run

    def _build_projected(self, pyramid: FeaturePyramid, seed: int) -> list[ProjectedDiscriminator]:
        self.judging.place(pyramid)
        critics = [ProjectedDiscriminator(pyramid, pyramid.channels, pyramid.sizes, seed=seed) for _ in range(2)]
        for critic in critics:
            self.judging.place(critic)
        return critics

    def begin(self, beginning: Beginning) -> None:
        """Take over the translators and critics of an earlier run."""
        pairs = ((self.translators, "translators"), (self.critics, "critics"), ([a.module for a in self.averages], "averages"))
        for networks, key in pairs:
            for network, weights in zip(networks, beginning.networks.get(key, ({}, {})), strict=True):
                copy_fitting(network, weights, least=0 if key == "critics" else LEAST_FITTING)
        if beginning.seed == self._seed:  # what is frozen in front of the heads was drawn with the seed
            for critic, weights in zip(self.projected, beginning.networks.get("projected", ()), strict=False):
                copy_fitting(critic.heads, weights, least=0)
        self._seen = beginning.pictures

    def crops(self, domain: int, step: int) -> tuple[Tensor, Tensor]:
        """A batch of a domain and what of it is no garment (see `GarmentCrops`), where and as the networks take it."""
        pictures, outside = self._crops(domain, step)
        return self.numerics.arrange(pictures), self.numerics.arrange(outside)

    def _translate(self, domain: int, pictures: Tensor) -> Tensor:
        with self.numerics.autocast():
            return self.translators[domain](pictures)

    def _judge(self, domain: int, pictures: Tensor) -> Tensor:
        with self.numerics.autocast():
            return self.critics[domain](pictures)

    def _laid_on(self, original: Tensor, drawn: Tensor, outside: Tensor) -> Tensor:
        """The drawn garment on the original's ground where the preset asks for it."""
        return torch.lerp(drawn, original, outside) if self.preset.masked else drawn

    def _loss(self, scores: Tensor, real: bool) -> Tensor:
        if self.preset.objective == "cross-entropy":
            return functional.softplus(-scores if real else scores).mean()
        return objectives.least_squares(scores, float(real))

    def _judge_projected(self, domain: int, pictures: Tensor) -> Tensor:
        with self.judging.autocast():
            return self.projected[domain](self.judging.arrange(augment(pictures, PROJECTED_POLICY)))

    def step(self, step: int) -> dict[str, float]:
        """Train both translators and all critics on one batch of each domain; returns the losses."""
        preset = self.preset
        done = step / preset.steps
        identity = preset.identity_at(done)
        for optimiser in (self.translator_optimiser, self.critic_optimiser):
            for group in optimiser.param_groups:
                group["lr"] = preset.rate_at(done)
        real, outside = zip(*(self.crops(domain, step) for domain in range(2)), strict=True)

        self._let_critics_learn(False)
        drawn = [self._translate(domain, real[1 - domain]) for domain in range(2)]
        fake = [self._laid_on(real[1 - domain], drawn[domain], outside[1 - domain]) for domain in range(2)]
        adversarial = _total(self._loss(self._judge(domain, fake[domain]), real=True) for domain in range(2))
        if self.projected:
            scores = [self._judge_projected(domain, fake[domain]) for domain in range(2)]
            adversarial = adversarial + preset.projected * _total(objectives.hinge_generator(score) for score in scores)
        sent = [picture + preset.noise * torch.randn_like(picture) for picture in fake] if preset.noise else fake
        cycled = [self._laid_on(real[domain], self._translate(domain, sent[1 - domain]), outside[domain]) for domain in range(2)]
        cycle = _total(functional.l1_loss(cycled[domain], real[domain]) for domain in range(2))
        loss = adversarial + preset.cycle_at(done) * cycle
        losses = {}
        if identity > 0:
            same = _total(functional.l1_loss(self._translate(domain, real[domain]), real[domain]) for domain in range(2))
            loss, losses["identity"] = loss + identity * same, same
        if preset.keep:
            kept = _total(((drawn[domain] - real[1 - domain]).abs() * outside[1 - domain]).mean() for domain in range(2))
            loss, losses["outside"] = loss + preset.keep * kept, kept
        self.workers.descend(self.translator_optimiser, loss)

        self._let_critics_learn(True)
        critic_loss = torch.zeros((), device=real[0].device)
        for domain in range(2):
            remembered = self.pools[domain].exchange(fake[domain].detach())
            critic_loss = critic_loss + 0.5 * self._loss(self._judge(domain, real[domain]), real=True)
            critic_loss = critic_loss + 0.5 * self._loss(self._judge(domain, remembered), real=False)
            if self.projected:
                scores_of_real = self._judge_projected(domain, real[domain])
                critic_loss = critic_loss + objectives.hinge_critic(scores_of_real, self._judge_projected(domain, remembered))
        self.workers.descend(self.critic_optimiser, critic_loss)
        for average, network in zip(self.averages, self.translators, strict=True):
            average.update(network, preset.batch, self._seen + (step + 1) * preset.batch)
        losses = {"total": loss, "cycle": cycle, "generator": adversarial, "critic": critic_loss} | losses
        return {name: value.item() for name, value in losses.items()}

    def _let_critics_learn(self, learn: bool) -> None:
        for critic in chain(self.critics, (projected.heads for projected in self.projected)):
            critic.requires_grad_(learn)

    def state(self) -> dict[str, Any]:
        """All that training changes, as tensors, numbers and names."""
        return {
            "translators": [network.state_dict() for network in self.translators],
            "critics": [network.state_dict() for network in self.critics],
            "projected": [network.heads.state_dict() for network in self.projected],
            "averages": [average.module.state_dict() for average in self.averages],
            "seen before": self._seen,
            "translator optimiser": self.translator_optimiser.state_dict(),
            "critic optimiser": self.critic_optimiser.state_dict(),
            "pools": [pool.pictures for pool in self.pools],
        }

    def load(self, state: dict[str, Any]) -> None:
        """Continue from a `state`."""
        for networks, key in ((self.translators, "translators"), (self.critics, "critics")):
            for network, saved in zip(networks, state[key], strict=True):
                network.load_state_dict(saved)
        for critic, saved in zip(self.projected, state["projected"], strict=True):
            critic.heads.load_state_dict(saved)
        for average, saved in zip(self.averages, state["averages"], strict=True):
            average.module.load_state_dict(saved)
        self._seen = state.get("seen before", 0)
        self.translator_optimiser.load_state_dict(state["translator optimiser"])
        self.critic_optimiser.load_state_dict(state["critic optimiser"])
        for pool, saved in zip(self.pools, state["pools"], strict=True):
            pool.pictures = [picture.to(compute.device()) for picture in saved]

    def candidate(self) -> dict[str, Any]:
        """The averaged translators, as they would be published."""
        return {"averages": [average.module.state_dict() for average in self.averages]}

    def judge(self) -> Verdict | None:
        """The swap rate over held-out pictures, whole garments seen by `lite2`, and how much of the ground changes.

        None where it cannot be told: the split leaves a side without a domain, or the feature network is not installed.
        """
        if self._judge_of_materials is None:
            try:
                pictures = self._pictures  # whole garments, where the report looks at crops: who chooses is not who reports
                self._judge_of_materials = fit_material_judge(
                    pictures.pixels, pictures.labels, pictures.held_out, lite2(), whole_garment, views=1
                )
            except StudioError:
                return None
        rates, grounds, changes = [], [], []
        held = self._pictures.part(held_out=True)
        for domain in range(2):
            originals = np.ascontiguousarray(self._pictures.pixels[held[self._pictures.labels[held] == domain]])
            swapped = self._swapped(1 - domain, originals)
            rates.append(swap_rate(self._judge_of_materials, originals, swapped, 1 - domain))
            if (originals >= NEAR_WHITE).all(axis=1).any():
                grounds.append(ground_change(originals, swapped)[0])
            changes.append(np.abs(swapped.astype(np.int16) - originals).mean())
        figures = {f"swap rate to {name}": rates[1 - place] for place, name in enumerate(self.domains)}
        figures |= {"change": float(np.mean(changes))} | ({"ground change": float(np.mean(grounds))} if grounds else {})
        notices: tuple[str, ...] = ()
        if figures["change"] < UNCHANGED:
            notices = (f"the translators change a picture by {figures['change']:.1f} of 255 only: lower `cycle` and `identity`",)
        # The worse direction counts most; the ground breaks ties between snapshots that swap as well.
        return Verdict(figures, -min(rates) - 0.1 * sum(rates) + 0.01 * figures.get("ground change", 0.0), notices)

    @torch.no_grad()
    def _swapped(self, domain: int, pixels: np.ndarray) -> np.ndarray:
        """Pictures, uint8, shape (n, 3, h, w), translated to a domain by the averaged translator; the same form."""
        parts = []
        for begin in range(0, len(pixels), JUDGED_AT_ONCE):
            part = torch.from_numpy(pixels[begin : begin + JUDGED_AT_ONCE]).float().div(127.5).sub(1)
            with self.numerics.autocast():
                parts.append(eight_bit(self.averages[domain].module(self.numerics.arrange(part))))
        return np.concatenate(parts)

    @torch.no_grad()
    def snapshot(self) -> Image.Image:
        """Held-out pictures of both domains in three rows each: original, generated, recovered."""
        rows = []
        for domain in range(2):
            held = self._pictures.part(held_out=True)
            shown = held[self._pictures.labels[held] == domain][:8]
            if len(shown) < 8:
                shown = np.concatenate([shown, self._crops.members[domain][: 8 - len(shown)]])
            original = self.numerics.arrange(self._pictures.tensor(shown))
            generated = self.averages[1 - domain].module(original)
            recovered = self.averages[domain].module(generated)
            rows += [*imaging.to_pictures(original), *imaging.to_pictures(generated), *imaging.to_pictures(recovered)]
        return imaging.sheet(rows, len(rows) // 6)


def _clip(longest: float, optimiser: torch.optim.Optimizer, *_: Any) -> None:
    """Before a step: no gradient longer than that, over all weights of the optimiser."""
    torch.nn.utils.clip_grad_norm_([weight for group in optimiser.param_groups for weight in group["params"]], longest)


def _total(losses: Iterable[Tensor]) -> Tensor:
    return torch.stack(list(losses)).sum()


def _parameters(networks: list[Any]) -> Iterator[torch.nn.Parameter]:
    return chain.from_iterable(network.parameters() for network in networks)
