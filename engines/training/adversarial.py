"""One step of a generator against its discriminator."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from engines import compute, imaging
from engines.compute import Numerics
from engines.errors import StudioError
from engines.evaluation.backbone import feature_pyramid
from engines.evaluation.features import eight_bit
from engines.networks.plain import PlainDiscriminator
from engines.networks.projected import ProjectedDiscriminator
from engines.networks.registry import NETWORKS
from engines.training import objectives
from engines.training.augment import augment
from engines.training.averaging import WeightAverage, settle_norms
from engines.training.coverage import POOL_BATCHES, RENEW_EVERY, SHARE, Pool, coverage_distance, level_scales, new_pool, overview
from engines.training.dataset import Batches, PictureSet
from engines.training.judging import judge_generator
from engines.training.presets import AdversarialPreset
from engines.training.trainer import Verdict, Workers
from engines.training.warm_start import Beginning, copy_fitting

SNAPSHOT_COLUMNS = 10
JUDGED_AT_ONCE = 32
SPREAD_SIDE = 16


class AdversarialTask:
    """A generator, its discriminator, their optimisers and the averaged generator that gets published.

    Each step draws one batch, and the discriminator looks at it and at the real pictures once: its heads learn from what it saw, then the
    generator through the heads. With classes, the heads also get real pictures under a wrong class as negatives, so that their judgement
    depends on the class.

    Source: Sauer et al., arXiv 2111.01007; mismatched negatives: Reed et al., arXiv 1605.05396, section 4.2.
    """

    def __init__(self, preset: AdversarialPreset, pictures: PictureSet, seed: int, numerics: Numerics, workers: Workers) -> None:
        if preset.batch % workers.processes:
            raise StudioError(f"a batch of {preset.batch} does not divide by {workers.processes} processes: choose another batch or number")
        self.preset, self.numerics, self.workers = preset, numerics, workers
        self.classes = pictures.classes if preset.conditional else ()
        self.objective = objectives.OBJECTIVES[preset.objective]
        # Without batch norm in it, the discriminator is always faster in channels_last; the generator only where `numerics` says so.
        self.judging = replace(numerics, channels_last=True)
        self.generator, self.discriminator = self._build(seed)
        numerics.place(self.generator)
        self.judging.place(self.discriminator)
        self.average = WeightAverage(self.generator, preset.half_life)
        trained = [p for p in self.discriminator.parameters() if p.requires_grad]
        self.generator_optimiser = torch.optim.Adam(self.generator.parameters(), preset.rate, (0.0, 0.99))
        self.discriminator_optimiser = torch.optim.Adam(trained, preset.rate, (0.0, 0.99))
        self.batches = Batches(pictures, preset.batch, seed, balanced=preset.conditional, flip=preset.flip)
        self._pictures, self._seed = pictures, seed
        self._seen, self._class_start = 0, 0  # pictures seen before this run, and by its classes
        self._pool: Pool | None = None

    def _build(self, seed: int) -> tuple[Any, Any]:
        preset, count = self.preset, len(self.classes)
        pyramid = feature_pyramid(preset.view) if preset.discriminator == "projected" else None
        torch.manual_seed(seed)  # after the pyramid, which is built once a process and draws numbers when it is
        generator = NETWORKS[preset.generator](
            widths=preset.widths, start=preset.start, latent_dim=preset.latent_dim, channels=preset.channels, classes=count
        )
        if pyramid is None:
            return generator, PlainDiscriminator(preset.widths, preset.channels, count)
        self.judging.place(pyramid)
        return generator, ProjectedDiscriminator(pyramid, pyramid.channels, pyramid.sizes, preset.discriminator_width, count, seed=seed)

    def begin(self, beginning: Beginning) -> None:
        """Take over the weights of an earlier run that fit.

        Classes that it knew keep their say from the first step.
        """
        copy_fitting(self.generator, beginning.networks["generator"])
        copy_fitting(self.average.module, beginning.networks["average"])
        copy_fitting(self.discriminator.heads, beginning.networks["discriminator"])
        self._seen = beginning.pictures
        self._class_start = beginning.pictures if self.classes and beginning.classes == self.classes else 0

    def step(self, step: int) -> dict[str, float]:
        """Train both sides on one batch; returns the losses and the mean scores."""
        preset, workers = self.preset, self.workers
        emphasis = self._emphasise(step)
        real, labels = self.batches(step, workers.process, workers.processes)
        real, labels = self.numerics.arrange(real), labels.to(compute.device())
        classes = labels if preset.conditional else None

        latents, wanted = self._latents(step), None
        if preset.coverage:
            wanted, latents = self._answer(step, real, labels, latents)
        with self.numerics.autocast():
            fake = self.generator(latents, classes).float()
        with torch.no_grad():
            seen_real = self._look(real)
        seen_fake = self._look(fake)
        self.discriminator.heads.requires_grad_(True)
        if preset.penalty:
            seen_real = [level.detach().requires_grad_() for level in seen_real]
        real_score = self._judge(seen_real, classes)
        fake_score = self._judge([level.detach() for level in seen_fake], classes)
        loss = self.objective.critic(real_score, fake_score)
        if preset.penalty:
            loss = loss + preset.penalty * sum(objectives.gradient_penalty(real_score, level) for level in seen_real)
        if classes is not None and preset.mismatch:
            wrong = (classes + torch.randint(1, len(self.classes), classes.shape, device=classes.device)) % len(self.classes)
            loss = loss + emphasis * preset.mismatch * torch.relu(1 + self._judge(seen_real, wrong)).mean()
        self.workers.descend(self.discriminator_optimiser, loss)

        self.discriminator.heads.requires_grad_(False)
        generator_loss = self.objective.generator(self._judge(seen_fake, classes))
        extra = {}
        if preset.spread:
            groups = torch.zeros(len(fake), dtype=torch.long, device=fake.device) if classes is None else classes
            side = 1 if preset.discriminator == "projected" else SPREAD_SIDE
            pairs = zip(seen_fake, seen_real, strict=True)
            shortfall = torch.stack([objectives.spread_shortfall(level, other.detach(), groups, side) for level, other in pairs]).mean()
            generator_loss = generator_loss + preset.spread * shortfall
            extra["spread shortfall"] = shortfall.item()
        if wanted is not None and self._pool is not None:
            distance = coverage_distance(overview(self._see(fake[: len(wanted)]), self._pool.scales), wanted)
            generator_loss = generator_loss + preset.coverage * distance
            extra["coverage distance"] = distance.item()
        self.workers.descend(self.generator_optimiser, generator_loss)
        self.average.update(self.generator, preset.batch, self._seen + (step + 1) * preset.batch)
        return {
            "discriminator": loss.item(),
            "generator": generator_loss.item(),
            "real score": real_score.mean().item(),
            "fake score": fake_score.mean().item(),
            **extra,
        }

    def _emphasise(self, step: int) -> float:
        """Set how much classes matter at a step.

        Source: Shahbazi et al., "Collapse by Conditioning: Training Class-conditional GANs with Limited Data", arXiv 2201.06578.
        """
        begin, end = self.preset.transition
        emphasis = min(1.0, max(0.0, (self._class_start + step * self.preset.batch - begin) / (end - begin)))
        networks: list[Any] = [self.generator, self.average.module, *self.discriminator.heads]
        for network in networks:
            network.emphasis = emphasis
        return emphasis

    def _latents(self, step: int) -> Tensor:
        """This process's share of a step's latents, a function of (seed, step): however many processes, the same latents in all."""
        latents = torch.randn(self.preset.batch, self.preset.latent_dim, generator=compute.random_generator(self._seed, step, -1))
        return latents[self.workers.process :: self.workers.processes].to(compute.device())

    def _answer(self, step: int, real: Tensor, labels: Tensor, latents: Tensor) -> tuple[Tensor, Tensor]:
        """Overviews of the first pictures of a batch, and the batch's latents with the first ones replaced by those that answer them."""
        asking = slice(0, max(1, len(real) // SHARE))
        with torch.no_grad():
            if self._pool is None or step % RENEW_EVERY == 0:
                self._pool = self._renewed(step, level_scales(self._see(real)))
            wanted = overview(self._see(real[asking]), self._pool.scales)
            labels = labels if self.classes else torch.zeros_like(labels)
            return wanted, torch.cat([self._pool.nearest(wanted, labels[asking]), latents[asking.stop :]])

    def _renewed(self, step: int, scales: Tensor) -> Pool:
        """A pool drawn by the present generator, the same in every process but for `scales`."""
        batch, where = self.preset.batch, compute.device()
        random = compute.random_generator(self._seed, step, -2)
        count = POOL_BATCHES * batch
        latents = torch.randn(count, self.preset.latent_dim, generator=random).to(where)
        labels = (torch.arange(count) % max(1, len(self.classes))).to(where)
        sizes = getattr(self.generator, "noise_sizes", ())

        def look(begin: int, end: int) -> list[Tensor]:
            noise = [torch.randn(end - begin, 1, size, size, generator=random).to(where) for size in sizes]
            classes = labels[begin:end] if self.classes else None
            with self.numerics.autocast():
                return self._see(self.generator(latents[begin:end], classes, noise).float())

        return new_pool(latents, labels, self.workers.mean(scales), batch, look)

    def _see(self, pictures: Tensor) -> list[Tensor]:
        """What the discriminator looks at, of pictures as they are."""
        with self.judging.autocast():
            return self.discriminator.look(self.judging.arrange(pictures))

    def _look(self, pictures: Tensor) -> list[Tensor]:
        return self._see(augment(pictures, self.preset.policy))

    def _judge(self, seen: list[Tensor], classes: Tensor | None) -> Tensor:
        with self.judging.autocast():
            return self.discriminator.judge(seen, classes)

    def state(self) -> dict[str, Any]:
        """All that training changes, as tensors, numbers and names."""
        return {
            "generator": self.generator.state_dict(),
            "discriminator": self.discriminator.heads.state_dict(),
            "average": self.average.module.state_dict(),
            "generator optimiser": self.generator_optimiser.state_dict(),
            "discriminator optimiser": self.discriminator_optimiser.state_dict(),
            "seen before": [self._seen, self._class_start],
            "pool": self._pool.state() if self._pool is not None else None,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Continue from a `state`."""
        self.generator.load_state_dict(state["generator"])
        self.discriminator.heads.load_state_dict(state["discriminator"])
        self.average.module.load_state_dict(state["average"])
        self.generator_optimiser.load_state_dict(state["generator optimiser"])
        self.discriminator_optimiser.load_state_dict(state["discriminator optimiser"])
        self._seen, self._class_start = state.get("seen before", (0, 0))
        pool = state.get("pool")
        self._pool = Pool(**{name: value.to(compute.device()) for name, value in pool.items()}) if pool else None

    def candidate(self) -> dict[str, Any]:
        """The averaged generator, its norms settled, as it would be published."""
        return {"average": self._settled().state_dict()}

    def judge(self) -> Verdict | None:
        """KID and variety of the averaged generator against held-out pictures."""
        generator = self._settled()

        @torch.no_grad()
        def draw(labels: np.ndarray) -> np.ndarray:
            random, parts = compute.random_generator(self._seed, 8), []
            for begin in range(0, len(labels), JUDGED_AT_ONCE):
                part = torch.from_numpy(labels[begin : begin + JUDGED_AT_ONCE])
                drawn = self._draw(generator, random, len(part), part if self.classes else None)
                parts.append(eight_bit(drawn))
            return np.concatenate(parts)

        return judge_generator(self._pictures, draw)

    def _settled(self) -> Any:
        """A copy of the averaged generator whose batch norms know its own features."""
        return settle_norms(self.average.module, self.preset.batch, self._seed)

    def _draw(self, generator: Any, random: torch.Generator, count: int, classes: Tensor | None) -> Tensor:
        where = compute.device()
        latent = torch.randn(count, self.preset.latent_dim, generator=random).to(where)
        noise = [torch.randn(count, 1, size, size, generator=random).to(where) for size in generator.noise_sizes]
        return generator(latent, None if classes is None else classes.to(where), noise)

    @torch.no_grad()
    def snapshot(self) -> Image.Image:
        """Pictures of the averaged generator from fixed latents; one column a class where there are classes."""
        columns = len(self.classes) or SNAPSHOT_COLUMNS
        count = 6 * columns
        classes = torch.arange(count) % columns if self.classes else None
        drawn = self._draw(self.average.module, compute.random_generator(self._seed, 7), count, classes)
        return imaging.sheet(imaging.to_pictures(drawn), columns)
