"""One step of a generator against its discriminator."""

import inspect
from dataclasses import asdict, dataclass, replace
from itertools import chain
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
from engines.networks.dcgan import DcganHead
from engines.networks.drawing import from_prior, to_prior
from engines.networks.projected import ProjectedDiscriminator
from engines.networks.registry import DISCRIMINATORS, ENCODERS, NETWORKS
from engines.training import objectives, regularisers
from engines.training.adaptive import Adaptation, augment_adaptively
from engines.training.augment import augment
from engines.training.averaging import WeightAverage, settle_norms
from engines.training.coverage import (
    POOL_BATCHES,
    RENEW_EVERY,
    SHARE,
    Pool,
    coverage_distance,
    level_scales,
    new_pool,
    overview,
    spacing_of,
)
from engines.training.dataset import Batches, PictureSet
from engines.training.judging import HELD_OUT, TRAINING, judge_generator
from engines.training.latent_optimisation import LatentStep, optimise_latents
from engines.training.optimisers import build_optimiser, rate_share, set_rate
from engines.training.presets import AdversarialPreset, checked, generator_settings
from engines.training.remembering import Remembered, choose, remember
from engines.training.trainer import Verdict, Workers
from engines.training.warm_start import Beginning, copy_fitting

SNAPSHOT_COLUMNS = 10
JUDGED_AT_ONCE = 32
MOST_ASKED = 128
MOST_SETTLED = 64
SPREAD_SIDE = 16
MOSTLY_FITTING = 0.5
"""The share of a discriminator's weights from which on it knows what an earlier one did."""
PATH_EVERY = 4
REMEMBERED_SHARE = 2
"""One in so many pictures of a batch is drawn from the code of a real one, where the generator remembers them."""


@dataclass(frozen=True)
class _Seen:
    """A batch, and what the discriminator looks at of it.

    Attributes:
        real, fake: real and drawn pictures; classes, latents: of the drawn ones, which have the classes of the real ones.
        seen_real, seen_fake: what the discriminator looks at.
        answers: what some of the drawn pictures are asked to be like, where coverage or spacing is trained.
        values, encoded: latents of the drawn and of the real pictures as the prior has them, of a bidirectional pair.
    """

    real: Tensor
    fake: Tensor
    classes: Tensor | None
    latents: Tensor
    seen_real: list[Tensor]
    seen_fake: list[Tensor]
    answers: "_Answers | None"
    values: Tensor | None
    encoded: Tensor | None


@dataclass(frozen=True)
class _Answers:
    """Drawn pictures that are asked to be like real ones.

    Attributes:
        wanted: overviews of the real pictures, shape (m, d); scales: by which they were made.
        positions: of the drawn pictures that answer them in the batch, shape (m,); others: of some that answer nothing.
    """

    wanted: Tensor
    scales: Tensor
    positions: Tensor
    others: Tensor


@dataclass(frozen=True)
class _Views:
    """What the discriminator learns from.

    Attributes:
        real, fake: what it looks at of real and of drawn pictures.
        by_real, by_fake: what the slopes of its scores are penalised by; empty where they are not.
    """

    real: list[Tensor]
    fake: list[Tensor]
    by_real: list[Tensor]
    by_fake: list[Tensor]


class _Loss:
    """A sum of weighted terms, and what is reported of them."""

    def __init__(self, first: Tensor) -> None:
        self.total, self.figures = first, dict[str, float]()

    def add(self, weight: float, term: Tensor, name: str = "") -> None:
        """Add a term; one with a name is reported, without its weight."""
        self.total = self.total + weight * term
        if name:
            self.figures[name] = term.item()


class AdversarialTask:
    """A generator, its discriminator, their optimisers and the averaged generator that gets published.

    A step draws a batch, or several, and the discriminator looks at each and at the real pictures once: its heads learn from what it saw,
    then the generator through the heads of the last. With classes, the heads also get real pictures under a wrong class as negatives, so
    that their judgement depends on the class.

    Source: Sauer et al., arXiv 2111.01007; mismatched negatives: Reed et al., arXiv 1605.05396, section 4.2.
    """

    def __init__(self, preset: AdversarialPreset, pictures: PictureSet, seed: int, numerics: Numerics, workers: Workers) -> None:
        preset = checked(preset)
        workers.check_batch(preset.batch)
        if pictures.pixels.shape[1] != preset.channels:
            found = pictures.pixels.shape[1]
            raise StudioError(f"these pictures have {found} channels, {preset.name} draws {preset.channels}: add --set channels={found}")
        self.preset, self.numerics, self.workers = preset, numerics, workers
        self.classes = pictures.classes if preset.conditional else ()
        self.objective = objectives.OBJECTIVES[preset.objective]
        # The discriminator is always faster in channels_last; the generator only where `numerics` says so.
        self.judging = replace(numerics, channels_last=True)
        try:
            self.generator, self.discriminator, self.encoder = self._build(seed)
            self._latent_step = LatentStep(preset.latent_step, preset.latent_alpha, preset.latent_beta) if preset.latent_step else None
            numerics.place(self.generator)
            self.judging.place(self.discriminator)
            drawing = list(self.generator.parameters())
            if self.encoder is not None:
                drawing += numerics.place(self.encoder).parameters()
            self._judging_weights = [p for p in self.discriminator.parameters() if p.requires_grad]
            self.generator_optimiser = build_optimiser(preset.optimiser, drawing, preset.rate, preset.betas, preset.decay)
            self.discriminator_optimiser = build_optimiser(
                preset.optimiser, self._judging_weights, self._discriminator_rate, preset.betas, preset.decay
            )
            rate_share(preset.schedule, 0, 1)
        except (TypeError, ValueError, RuntimeError) as error:
            raise StudioError(f"{preset.name} cannot be trained so: {str(error).splitlines()[0]}") from error
        self._whole = preset.discriminator != "projected"
        if preset.slope_penalty and not self._whole:
            raise StudioError("slope_penalty needs a discriminator with nothing frozen: choose another one, or penalty")
        if preset.reconstruction and not hasattr(self.discriminator, "judge_and_recall"):
            raise StudioError(f"reconstruction needs a discriminator that can draw, {preset.discriminator!r} cannot: set it to 0")
        self._parts = getattr(self.discriminator, "parts", ())
        self.average = WeightAverage(self.generator, preset.half_life)
        self.adaptation = Adaptation(target=preset.adaptive, pace=preset.adaptive_pace)
        self.path_length = regularisers.PathLength()
        self.batches = Batches(pictures, preset.batch, seed, balanced=preset.conditional, flip=preset.flip)
        self._pictures, self._seed = pictures, seed
        self._seen, self._class_start = 0, 0  # pictures seen before this run, and by its classes
        self._alone = 0  # steps at the beginning of which only the discriminator learns
        self._pool: Pool | None = None
        self._remembered = self._recollect()
        self._keep_in_mind()
        self._published: Any = None

    def _build(self, seed: int) -> tuple[Any, Any, Any]:
        """Generator, discriminator, and the encoder where there is one."""
        preset, count = self.preset, len(self.classes)
        mixes = preset.generator == "stylegan2" and preset.generator_settings.get("mixing", 1)
        if mixes and (preset.coverage or preset.spacing):
            raise ValueError("a picture of mixed styles answers to no latent: add --set \"generator_settings={'mixing': 0.0}\"")
        pyramid = feature_pyramid(preset.view) if preset.discriminator == "projected" else None
        torch.manual_seed(seed)  # after the pyramid, which is built once a process and draws numbers when it is
        known = (set(NETWORKS), preset.generator), ({"projected", *DISCRIMINATORS}, preset.discriminator), ({"", *ENCODERS}, preset.encoder)
        for names, name in known:
            if name not in names:
                raise StudioError(f"there is no network {name!r}: choose one of {', '.join(sorted(names))}")
        generator = NETWORKS[preset.generator](**generator_settings(asdict(preset), count))
        regularisers.initialise(generator, preset.initialise)
        if pyramid is not None:
            self.judging.place(pyramid)
            scales = pyramid.channels, pyramid.sizes, preset.discriminator_width, count, seed
            pixels = DcganHead(preset.resolution, preset.pixels, preset.channels, count) if preset.pixels else None
            projected = ProjectedDiscriminator(pyramid, *scales, pixels)
            regularisers.initialise(projected.heads, preset.initialise)
            return generator, projected, None
        judging = DISCRIMINATORS[preset.discriminator]
        discriminator = judging(**(_shape(judging, preset) | {"classes": count} | preset.discriminator_settings))
        regularisers.initialise(discriminator, preset.initialise)
        if not preset.encoder:
            return generator, discriminator, None
        encoding = ENCODERS[preset.encoder]
        encoder = encoding(**(_shape(encoding, preset) | {"prior": preset.prior} | preset.encoder_settings))
        regularisers.initialise(encoder, preset.initialise)
        return generator, discriminator, encoder

    @property
    def _discriminator_rate(self) -> float:
        return self.preset.discriminator_rate or self.preset.rate

    def begin(self, beginning: Beginning) -> None:
        """Take over the weights of an earlier run that fit.

        Classes that it knew keep their say from the first step. A discriminator that it does not bring learns alone first, so that it does
        not spoil a generator that has learned.
        """
        copy_fitting(self.generator, beginning.networks["generator"])
        copy_fitting(self.average.module, beginning.networks["average"])
        if self.encoder is not None:
            copy_fitting(self.encoder, beginning.networks.get("encoder") or {}, least=0)
        if self._remembered is not None:
            if self._remembers_the_same(beginning):
                self._remembered = self._remembered.under(self.generator.memory.codes)
            self._keep_in_mind()
        fitting = 0.0
        if beginning.seed == self._seed or self._whole:  # what is frozen in front of the heads was drawn with the seed
            fitting = copy_fitting(self.discriminator.heads, beginning.networks.get("discriminator") or {}, least=0)
        self._alone = 0 if fitting >= MOSTLY_FITTING else self.preset.head_start // self.preset.batch
        self._published = None
        self._seen = beginning.pictures
        if self.classes and beginning.classes == self.classes:
            settled = beginning.source == "model"  # in whose weights is how much classes mattered
            self._class_start = max(beginning.pictures, self.preset.transition[1]) if settled else beginning.pictures

    def _remembers_the_same(self, beginning: Beginning) -> bool:
        """Whether what the generator took over are codes of the very pictures that it is to remember, so that it knows them already."""
        codes, every = beginning.networks["generator"].get("memory.codes"), len(self._pictures.part(held_out=False)) <= self.preset.memory
        fits = codes is not None and codes.shape == self.generator.memory.codes.shape
        return fits and beginning.data == self._pictures.digest and (every or beginning.seed == self._seed)

    def step(self, step: int) -> dict[str, float]:
        """Train both sides, the discriminator on one or several batches; returns the losses and the mean scores."""
        preset, alone, self._published = self.preset, step < self._alone, None
        emphasis = self._emphasise(step)
        share = rate_share(preset.schedule, step, preset.steps)
        set_rate(self.generator_optimiser, preset.rate * share)
        set_rate(self.discriminator_optimiser, self._discriminator_rate * share)
        for turn in range(step * preset.critic_steps, (step + 1) * preset.critic_steps):
            seen = self._draw_and_look(turn, last=not alone and (turn + 1) % preset.critic_steps == 0)
            figures = self._teach_discriminator(turn, seen, emphasis)
        if not alone:
            figures |= self._teach_generator(step, seen)
            self.average.update(self.generator, preset.batch, self._seen + (step + 1) * preset.batch)
        if preset.adaptive:
            self.adaptation.adapt(step, preset.batch)
            figures["augmentation"] = self.adaptation.probability
        return figures

    def _draw_and_look(self, turn: int, last: bool) -> _Seen:
        """One batch of real pictures, as many drawn ones, and what the discriminator looks at of both.

        The drawn ones keep their way back to the generator where it learns from them, on the last turn.
        """
        preset, workers = self.preset, self.workers
        real, labels = self.batches(turn, workers.process, workers.processes)
        real, labels = self.numerics.arrange(real), labels.to(compute.device())
        classes = labels if preset.conditional else None
        latents, answers = self._latents(turn), None
        if preset.coverage or preset.spacing:
            answers, latents = self._answer(turn, real, labels, latents)
        if self._latent_step is not None:
            self._learning(False)
            latents = optimise_latents(latents, lambda moved: self._score(moved, classes), self._latent_step, preset.prior)
        with torch.set_grad_enabled(last), self.numerics.autocast():
            fake = self.generator(latents, classes).float()
            encoded = self.encoder(real) if self.encoder is not None else None
        with torch.no_grad():
            seen_real = self._look(real)
        with torch.set_grad_enabled(last):
            seen_fake = self._look(fake)
        values = to_prior(latents, preset.prior) if self.encoder is not None else None
        return _Seen(real, fake, classes, latents, seen_real, seen_fake, answers, values, encoded)

    def _score(self, latents: Tensor, classes: Tensor | None) -> Tensor:
        """The discriminator's scores of what is drawn from latents, shape (n, places)."""
        with self.numerics.autocast():
            fake = self.generator(latents, classes).float()
        values = to_prior(latents, self.preset.prior) if self.encoder is not None else None
        return self._judge(self._see(fake), classes, values)

    def _teach_discriminator(self, turn: int, seen: _Seen, emphasis: float) -> dict[str, float]:
        preset, classes = self.preset, seen.classes
        self._learning(True)
        views = self._views(turn, seen)
        encoded = None if seen.encoded is None else seen.encoded.detach()
        if preset.reconstruction:
            with self.judging.autocast():
                real_score, pairs = self.discriminator.judge_and_recall(views.real, classes)
        else:
            real_score, pairs = self._judge(views.real, classes, encoded), []
        fake_score = self._judge(views.fake, classes, seen.values)
        mistaken = regularisers.exchange_labels(real_score, fake_score, preset.label_noise)
        adversarial = objectives.by_parts(self.objective.critic, self._parts, *mistaken)
        loss = _Loss(adversarial)
        if pairs:
            loss.add(preset.reconstruction, objectives.recall_loss(pairs), "reconstruction")
        for weight, score, inputs in ((preset.penalty, real_score, views.by_real), (preset.fake_penalty, fake_score, views.by_fake)):
            if inputs:
                slopes = torch.stack([regularisers.zero_centred_penalty(score, level) for level in inputs]).sum()
                loss.add(weight * preset.penalty_every, slopes)
        if preset.slope_penalty:
            between = views.real[0], views.fake[0]
            slope = regularisers.one_centred_penalty(lambda middle: self._judge([middle], classes, seen.values), *between)
            loss.add(preset.slope_penalty, slope, "slope penalty")
        if classes is not None and preset.mismatch and len(self.classes) > 1:
            wrong = (classes + torch.randint(1, len(self.classes), classes.shape, device=classes.device)) % len(self.classes)
            scores = real_score, self._judge(views.real, wrong, encoded)
            loss.add(emphasis * preset.mismatch, objectives.by_parts(self.objective.mismatched, self._parts, *scores))
        if not preset.critic_floor or self.workers.mean(adversarial.detach()).item() > preset.critic_floor:
            self.workers.descend(self.discriminator_optimiser, loss.total, lambda: self._tame(self._judging_weights))
            if preset.weight_limit:
                regularisers.clip_weights(self._judging_weights, preset.weight_limit)
        if preset.adaptive:
            boundary = fake_score.detach() if self.objective.boundary is None else self.objective.boundary
            self.adaptation.note(self.workers.mean((real_score.detach() - boundary).sign().mean()).item())
        scores_found = {"real score": real_score.mean().item(), "fake score": fake_score.mean().item()}
        return {"discriminator": loss.total.item(), **scores_found, **loss.figures}

    def _views(self, turn: int, seen: _Seen) -> _Views:
        """What the discriminator learns from: on turns with penalties of slopes, with a way back to what the slopes are by.

        That is the picture itself, not what augmentation made of it, but where frozen features are in front: there, the features.
        """
        preset = self.preset
        real, fake = seen.seen_real, [level.detach() for level in seen.seen_fake]
        now = turn % preset.penalty_every == 0
        real, by_real = self._with_slopes(seen.real, real) if preset.penalty and now else (real, [])
        fake, by_fake = self._with_slopes(seen.fake, fake) if preset.fake_penalty and now else (fake, [])
        return _Views(real, fake, by_real, by_fake)

    def _with_slopes(self, pictures: Tensor, seen: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """What the discriminator looks at, and what slopes are by."""
        if self._whole:
            by = pictures.detach().requires_grad_()
            return self._look(by), [by]
        seen = [level.detach().requires_grad_() for level in seen]
        return seen, seen

    def _teach_generator(self, step: int, seen: _Seen) -> dict[str, float]:
        preset, classes, fake = self.preset, seen.classes, seen.fake
        self._learning(False)
        fake_score = self._judge(seen.seen_fake, classes, seen.values)
        encoded_score = self._judge(seen.seen_real, classes, seen.encoded) if self.objective.paired or self.encoder is not None else None
        if self.objective.paired and encoded_score is not None:
            loss = _Loss(objectives.by_parts(self.objective.generator, self._parts, fake_score, encoded_score.detach()))
        else:
            loss = _Loss(objectives.by_parts(lambda score: self.objective.generator(score, score), self._parts, fake_score))
        if self.encoder is not None and encoded_score is not None and seen.encoded is not None:
            loss.add(1.0, self.objective.encoder(encoded_score))
            with self.numerics.autocast():
                again = self.generator(from_prior(seen.encoded, preset.prior), classes).float()
            loss.add(preset.recall, (again - seen.real).abs().mean(), "recall")
        if preset.path_length:
            if step % PATH_EVERY == 0:
                lengths = self._path_lengths(seen)
                mean = self.workers.mean(lengths.detach().mean()).item()
                loss.add(PATH_EVERY * preset.path_length, self.path_length(lengths, mean))
            loss.figures["path length"] = self.path_length.mean
        if preset.spread:
            groups = torch.zeros(len(fake), dtype=torch.long, device=fake.device) if classes is None else classes
            side = 1 if preset.discriminator == "projected" else SPREAD_SIDE
            pairs = zip(seen.seen_fake, seen.seen_real, strict=True)
            shortfalls = [objectives.spread_shortfall(level, other.detach(), groups, side) for level, other in pairs]
            loss.add(preset.spread, torch.stack(shortfalls).mean(), "spread shortfall")
        if seen.answers is not None:
            self._add_answers(loss, seen, seen.answers)
        taught = [parameter for group in self.generator_optimiser.param_groups for parameter in group["params"]]
        self.workers.descend(self.generator_optimiser, loss.total, lambda: self._tame(taught))
        return {"generator": loss.total.item(), **loss.figures}

    def _add_answers(self, loss: _Loss, seen: _Seen, answers: _Answers) -> None:
        """What the generator pays for real pictures that it draws nothing like, and for drawing pictures near one another."""
        preset, nobody = self.preset, answers.positions[:0]
        answering, others = answers.positions if preset.coverage else nobody, answers.others if preset.spacing else nobody
        views = overview(self._see_alike(seen.fake[torch.cat([answering, others])]), answers.scales)
        if preset.coverage:
            loss.add(preset.coverage, coverage_distance(views[: len(answering)], answers.wanted), "coverage distance")
        if preset.spacing and self._pool is not None:  # of pictures that answer nothing: those that do are in the pool
            labels = self._pool.labels.new_zeros(len(seen.fake)) if seen.classes is None else seen.classes
            loss.add(preset.spacing, self._pool.crowding(views[len(answering) :], labels[others]), "crowding")

    def _path_lengths(self, seen: _Seen) -> Tensor:
        """Of half of the batch."""
        count = max(1, len(seen.latents) // 2)
        classes = None if seen.classes is None else seen.classes[:count]
        with self.numerics.autocast():
            styles = self.generator.begin(seen.latents[:count], classes)
            if styles.dim() == 2 and hasattr(self.generator, "layers"):
                styles = styles[:, None].expand(-1, self.generator.layers, -1)
            pictures = self.generator.finish(styles, classes).float()
        return regularisers.path_lengths(pictures, styles, torch.randn_like(pictures))

    def _tame(self, parameters: list[torch.nn.Parameter]) -> None:
        """What is done to gradients before a step."""
        if self.preset.orthogonal:
            regularisers.regularise_orthogonally(parameters, self.preset.orthogonal)
        if self.preset.gradient_limit:
            torch.nn.utils.clip_grad_norm_(parameters, self.preset.gradient_limit)

    def _learning(self, discriminator: bool) -> None:
        """Whether the discriminator's weights take gradients."""
        self.discriminator.heads.requires_grad_(discriminator)

    def _emphasise(self, step: int) -> float:
        """Set how much classes matter at a step.

        Source: Shahbazi et al., "Collapse by Conditioning: Training Class-conditional GANs with Limited Data", arXiv 2201.06578.
        """
        begin, end = self.preset.transition
        seen = self._class_start + step * self.preset.batch
        emphasis = min(1.0, max(0.0, (seen - begin) / (end - begin))) if end > begin else 1.0
        for part in chain(self.generator.modules(), self.average.module.modules(), self.discriminator.heads.modules()):
            if hasattr(part, "emphasis"):
                part.emphasis = emphasis
        return emphasis

    def _latents(self, step: int) -> Tensor:
        """This process's share of a step's latents, a function of (seed, step): however many processes, the same latents in all."""
        latents = torch.randn(self.preset.batch, self.preset.latent_dim, generator=compute.random_generator(self._seed, step, -1))
        return latents[self.workers.process :: self.workers.processes].to(compute.device())

    @torch.no_grad()
    def _answer(self, step: int, real: Tensor, labels: Tensor, latents: Tensor) -> tuple[_Answers | None, Tensor]:
        """What some pictures of a batch ask for, and the batch's latents with those in their places that answer."""
        memory, labels = self._remembered, labels if self.classes else torch.zeros_like(labels)
        if (memory is None or self.preset.spacing) and (self._pool is None or step % RENEW_EVERY == 0):
            scales = self.workers.mean(level_scales(self._see_alike(real))) if memory is None else memory.scales
            self._pool = self._renewed(step, scales)
        asked = self._ask_by_code(step, memory, real) if memory is not None else self._ask_pool(real, labels)
        wanted, positions, answers, scales = asked
        if not len(positions):
            return None, latents
        free = torch.ones(len(real), dtype=torch.bool, device=real.device).index_fill(0, positions, False)
        others = free.nonzero()[:, 0][: _share_of(real, SHARE)]
        return _Answers(wanted, scales, positions, others), latents.index_copy(0, positions, answers)

    def _ask_by_code(self, step: int, memory: Remembered, real: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Overviews of remembered pictures of the batch, their positions in it, the latents that are their codes, and the scales."""
        places = self.batches.indices(step)[self.workers.process :: self.workers.processes]
        asking = memory.asking(places, _share_of(real, REMEMBERED_SHARE))
        plain = self.numerics.arrange(self._pictures.tensor(places[asking]))  # codes are of pictures that are not mirrored
        wanted = overview(self._see_alike(plain), memory.scales) if len(asking) else real.new_empty(0, 0)
        positions = torch.from_numpy(asking).to(real.device)
        return wanted, positions, memory.codes[memory.rows[places[asking]]], memory.scales

    def _ask_pool(self, real: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The same of the batch's first pictures, whose latents are what of the pool drew the most alike."""
        pool: Any = self._pool
        positions = torch.arange(_share_of(real, SHARE), device=real.device)
        wanted = overview(self._see_alike(real[positions]), pool.scales)
        return wanted, positions, pool.nearest(wanted, labels[positions]), pool.scales

    def _recollect(self) -> Remembered | None:
        """The codes of the pictures that the generator remembers; the same in every process, and the same again when a run goes on."""
        preset = self.preset
        if not preset.memory:
            return None
        labels = self._pictures.labels if self.classes else np.zeros_like(self._pictures.labels)
        places = choose(self._pictures.part(held_out=False), preset.memory, self._seed)

        def look(part: np.ndarray) -> list[Tensor]:
            return self._see_alike(self.numerics.arrange(self._pictures.tensor(part)))

        return remember(places, labels, preset.latent_dim, look, JUDGED_AT_ONCE)

    def _keep_in_mind(self) -> None:
        """Let both generators remember."""
        if self._remembered is not None:
            generator: Any
            for generator in (self.generator, self.average.module):
                generator.memory.remember(self._remembered.codes, self._remembered.labels)

    def _renewed(self, step: int, scales: Tensor) -> Pool:
        """A pool drawn by the present generator, the same in every process.

        Args:
            scales: the mean over the processes.
        """
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
                return self._see_alike(self.generator(latents[begin:end], classes, noise).float())

        spacing = self._spacing(scales) if self._pool is None else self._pool.spacing
        return new_pool(latents, labels, scales, spacing, batch, look)

    def _spacing(self, scales: Tensor) -> Tensor:
        """How far real pictures of each class are from the nearest of about as many as a pool has; the same in every process."""
        places = np.unique(np.concatenate([self.batches.indices(turn) for turn in range(POOL_BATCHES)]))
        parts = [places[begin : begin + self.preset.batch] for begin in range(0, len(places), self.preset.batch)]
        views = torch.cat([overview(self._see_alike(self.numerics.arrange(self._pictures.tensor(part))), scales) for part in parts])
        labels = torch.from_numpy(self._pictures.labels[places]).to(views.device)
        return spacing_of(views, labels if self.classes else torch.zeros_like(labels), max(1, len(self.classes)))

    def _see(self, pictures: Tensor) -> list[Tensor]:
        """What the discriminator looks at, of pictures as they are."""
        with self.judging.autocast():
            return self.discriminator.look(self.judging.arrange(pictures))

    def _see_alike(self, pictures: Tensor) -> list[Tensor]:
        """The same, always on the same ground: what is compared with other pictures must not differ by a ground drawn by lot."""
        if pictures.shape[1] == 4:
            pictures = pictures[:, :3] * (pictures[:, 3:] + 1) / 2
        return self._see(pictures)

    def _look(self, pictures: Tensor) -> list[Tensor]:
        pictures = augment_adaptively(pictures, self.adaptation.probability, self.preset.adaptive_groups)
        return self._see(augment(pictures, self.preset.policy))

    def _judge(self, seen: list[Tensor], classes: Tensor | None, values: Tensor | None = None) -> Tensor:
        """Scores of what the discriminator looks at, together with the latents, as the prior has them, where it judges both."""
        with self.judging.autocast():
            return self.discriminator.judge(seen if values is None else [*seen, values], classes)

    def state(self) -> dict[str, Any]:
        """All that training changes, as tensors, numbers and names."""
        return {
            "generator": self.generator.state_dict(),
            "discriminator": self.discriminator.heads.state_dict(),
            "average": self.average.module.state_dict(),
            "generator optimiser": self.generator_optimiser.state_dict(),
            "discriminator optimiser": self.discriminator_optimiser.state_dict(),
            "seen before": [self._seen, self._class_start],
            "head start": self._alone,
            "emphasis": self.average.module.emphasis,
            "pool": self._pool.state() if self._pool is not None else None,
            "encoder": self.encoder.state_dict() if self.encoder is not None else None,
            "augmentation": self.adaptation.state(),
            "path length": self.path_length.mean,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Continue from a `state`."""
        self._published = None
        self.generator.load_state_dict(state["generator"])
        self.discriminator.heads.load_state_dict(state["discriminator"])
        self.average.module.load_state_dict(state["average"])
        self.generator_optimiser.load_state_dict(state["generator optimiser"])
        self.discriminator_optimiser.load_state_dict(state["discriminator optimiser"])
        if self._remembered is not None:
            self._remembered = self._remembered.under(self.generator.memory.codes)
        self._seen, self._class_start = state.get("seen before", (0, 0))
        self._alone = state.get("head start", 0)
        self.average.module.emphasis = state.get("emphasis", 1.0)
        pool = state.get("pool")
        if pool and "spacing" in pool:  # runs of an earlier Atelier lack it, and make a new one
            self._pool = Pool(**{name: value.to(compute.device()) for name, value in pool.items()})
        if self.encoder is not None:
            self.encoder.load_state_dict(state["encoder"])
        if "augmentation" in state:
            self.adaptation.load(state["augmentation"])
            self.path_length.mean = state["path length"]

    def candidate(self) -> dict[str, Any]:
        """The averaged generator, its norms settled, as it would be published."""
        return {"average": self._settled().state_dict()}

    def judge(self) -> Verdict | None:
        """The averaged generator against held-out pictures, and the discriminator on training and held-out ones: where it tells these
        apart, it has learned its pictures by heart."""
        generator = self._settled()

        @torch.no_grad()
        def draw(labels: np.ndarray) -> np.ndarray:
            random, parts = compute.random_generator(self._seed, 8), []
            for begin in range(0, len(labels), JUDGED_AT_ONCE):
                part = torch.from_numpy(labels[begin : begin + JUDGED_AT_ONCE])
                drawn = self._draw(generator, random, len(part), part if self.classes else None)
                parts.append(eight_bit(drawn))
            return np.concatenate(parts)

        verdict = judge_generator(self._pictures, draw, self.classes)
        return verdict and replace(verdict, figures=verdict.figures | self.opinions())

    @torch.no_grad()
    def opinions(self) -> dict[str, float]:
        """The discriminator's mean score of as many training as held-out pictures, none of them augmented."""
        if self.encoder is not None:
            return {}
        layers = list(self.discriminator.modules())
        modes = [layer.training for layer in layers]
        self.discriminator.eval()
        random, found = np.random.default_rng(self._seed), {}
        count = min(MOST_ASKED, len(self._pictures.part(held_out=True)))
        for name, held_out in ((TRAINING, False), (HELD_OUT, True)):
            part = self._pictures.part(held_out)
            chosen = np.sort(random.choice(part, min(count, len(part)), replace=False))
            total = 0.0
            for begin in range(0, len(chosen), JUDGED_AT_ONCE):
                some = chosen[begin : begin + JUDGED_AT_ONCE]
                classes = torch.from_numpy(self._pictures.labels[some]).to(compute.device()) if self.classes else None
                seen = self._see(self.numerics.arrange(self._pictures.tensor(some)))
                total += len(some) * self._judge(seen, classes).float().mean().item()
            found[name] = total / len(chosen)
        for layer, mode in zip(layers, modes, strict=True):
            layer.training = mode
        return found

    def _settled(self) -> Any:
        """A copy of the averaged generator whose batch norms know its own features, and which takes classes for as much as they matter so
        far: what is judged, shown and published at a step."""
        if self._published is None:
            self._published = settle_norms(self.average.module, min(self.preset.batch, MOST_SETTLED), self._seed)
            self._published.settle_emphasis()
        return self._published

    def _draw(self, generator: Any, random: torch.Generator, count: int, classes: Tensor | None) -> Tensor:
        where = compute.device()
        latent = torch.randn(count, self.preset.latent_dim, generator=random).to(where)
        noise = [torch.randn(count, 1, size, size, generator=random).to(where) for size in generator.noise_sizes]
        return generator(latent, None if classes is None else classes.to(where), noise)

    @torch.no_grad()
    def snapshot(self) -> Image.Image:
        """Pictures of the averaged generator, as it would be published, from fixed latents; one column a class where there are classes."""
        columns = len(self.classes) or SNAPSHOT_COLUMNS
        count = 6 * columns
        classes = torch.arange(count) % columns if self.classes else None
        drawn = self._draw(self._settled(), compute.random_generator(self._seed, 7), count, classes)
        return imaging.sheet(imaging.to_pictures(drawn), columns)


def _share_of(batch: Tensor, one_in: int) -> int:
    """How many of a batch are one in so many; at least one."""
    return max(1, len(batch) // one_in)


def _shape(network: type[torch.nn.Module], preset: AdversarialPreset) -> dict[str, Any]:
    """What a network has to know of its input: how large pictures are, by their side or by the channels at each size; how many channels
    they have; how long latents are, where it takes any."""
    takes = inspect.signature(network).parameters
    size = {"resolution": preset.resolution} if "resolution" in takes else {"widths": preset.widths}
    latents = {"latent_dim": preset.latent_dim} if "latent_dim" in takes else {}
    return size | latents | {"channels": preset.channels}
