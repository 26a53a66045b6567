"""One step of a generator against a projected discriminator."""

from dataclasses import replace
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from engines import compute, imaging
from engines.compute import Numerics
from engines.evaluation.backbone import feature_pyramid
from engines.networks.lightweight import LightweightGenerator
from engines.networks.projected import ProjectedDiscriminator
from engines.training import objectives
from engines.training.augment import augment
from engines.training.averaging import WeightAverage
from engines.training.dataset import Batches, PictureSet
from engines.training.presets import AdversarialPreset
from engines.training.trainer import Workers

SNAPSHOT_COLUMNS = 10


class AdversarialTask:
    """A generator, its projected discriminator, their optimisers and the averaged generator that gets published.

    Each step uses one batch of drawn pictures twice: detached for the discriminator, then for the generator. With classes, the
    discriminator also sees real pictures under a wrong class as negatives, so that its judgement depends on the class.

    Source: Sauer et al., arXiv 2111.01007; mismatched negatives: Reed et al., arXiv 1605.05396, section 4.2.
    """

    def __init__(self, preset: AdversarialPreset, pictures: PictureSet, seed: int, numerics: Numerics, workers: Workers) -> None:
        self.preset, self.numerics, self.workers = preset, numerics, workers
        self.classes = pictures.classes if preset.conditional else ()
        count = len(self.classes)
        pyramid = feature_pyramid(preset.view)
        # Without batch norm in it, the discriminator is always faster in channels_last; the generator only where `numerics` says so.
        self.judging = replace(numerics, channels_last=True)
        self.judging.place(pyramid)
        torch.manual_seed(seed)  # after the pyramid, which is built once a process and draws numbers when it is
        self.generator = LightweightGenerator(preset.widths, preset.start, preset.latent_dim, preset.channels, count)
        self.discriminator = ProjectedDiscriminator(pyramid, pyramid.channels, pyramid.sizes, preset.discriminator_width, count, seed=seed)
        numerics.place(self.generator)
        self.judging.place(self.discriminator)
        self.average = WeightAverage(self.generator, preset.half_life)
        trained = [p for p in self.discriminator.parameters() if p.requires_grad]
        self.generator_optimiser = torch.optim.Adam(self.generator.parameters(), preset.rate, (0.0, 0.99))
        self.discriminator_optimiser = torch.optim.Adam(trained, preset.rate, (0.0, 0.99))
        self.batches = Batches(pictures, preset.batch, seed, balanced=preset.conditional, flip=preset.flip)
        self._seed = seed

    def step(self, step: int) -> dict[str, float]:
        """Train both sides on one batch; returns the losses and the mean scores."""
        preset, workers = self.preset, self.workers
        emphasis = self._emphasise(step)
        real, labels = self.batches(step, workers.process, workers.processes)
        real, labels = self.numerics.arrange(real), labels.to(compute.device())
        classes = labels if preset.conditional else None
        latent = torch.randn(len(real), preset.latent_dim, device=real.device)

        with self.numerics.autocast():
            fake = self.generator(latent, classes).float()
        self.discriminator.heads.requires_grad_(True)
        real_score = self._judge(real, classes)
        fake_score = self._judge(fake.detach(), classes)
        loss = objectives.hinge_critic(real_score, fake_score)
        if classes is not None and preset.mismatch:
            wrong = (classes + torch.randint(1, len(self.classes), classes.shape, device=classes.device)) % len(self.classes)
            loss = loss + emphasis * preset.mismatch * torch.relu(1 + self._judge(real, wrong)).mean()
        self.workers.descend(self.discriminator_optimiser, loss)

        self.discriminator.heads.requires_grad_(False)
        score = self._judge(fake, classes)
        generator_loss = objectives.hinge_generator(score)
        extra = {}
        if classes is not None and preset.spread:
            shortfall = objectives.spread_shortfall(fake, real, classes)
            generator_loss = generator_loss + preset.spread * shortfall
            extra["spread shortfall"] = shortfall.item()
        self.workers.descend(self.generator_optimiser, generator_loss)
        self.average.update(self.generator, preset.batch, (step + 1) * preset.batch)
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
        emphasis = min(1.0, max(0.0, (step * self.preset.batch - begin) / (end - begin)))
        networks: list[Any] = [self.generator, self.average.module, *self.discriminator.heads]
        for network in networks:
            network.emphasis = emphasis
        return emphasis

    def _judge(self, pictures: Tensor, classes: Tensor | None) -> Tensor:
        pictures = self.judging.arrange(augment(pictures, self.preset.policy))
        with self.judging.autocast():
            return self.discriminator(pictures, classes)

    def state(self) -> dict[str, Any]:
        """All that training changes, as tensors, numbers and names."""
        return {
            "generator": self.generator.state_dict(),
            "discriminator": self.discriminator.heads.state_dict(),
            "average": self.average.module.state_dict(),
            "generator optimiser": self.generator_optimiser.state_dict(),
            "discriminator optimiser": self.discriminator_optimiser.state_dict(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Continue from a `state`."""
        self.generator.load_state_dict(state["generator"])
        self.discriminator.heads.load_state_dict(state["discriminator"])
        self.average.module.load_state_dict(state["average"])
        self.generator_optimiser.load_state_dict(state["generator optimiser"])
        self.discriminator_optimiser.load_state_dict(state["discriminator optimiser"])

    @torch.no_grad()
    def snapshot(self) -> Image.Image:
        """Pictures of the averaged generator from fixed latents; one column a class where there are classes."""
        columns = len(self.classes) or SNAPSHOT_COLUMNS
        count = 6 * columns
        random = compute.random_generator(self._seed, 7)
        latent = torch.randn(count, self.preset.latent_dim, generator=random)
        noise = [torch.randn(count, 1, size, size, generator=random) for size in self.generator.noise_sizes]
        classes = torch.arange(count) % columns if self.classes else None
        where = compute.device()
        drawn = self.average.module(latent.to(where), None if classes is None else classes.to(where), [level.to(where) for level in noise])
        return imaging.sheet(imaging.to_pictures(drawn), columns)
