"""Training an upscaler: large squares of sharp pictures are made small, and the network learns to bring them back."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from engines import imaging
from engines.compute import Numerics
from engines.errors import StudioError
from engines.evaluation.backbone import feature_pyramid
from engines.networks.cyclegan import PatchCritic
from engines.networks.upscaling import FACTOR, Upscaler
from engines.training import objectives
from engines.training.averaging import WeightAverage
from engines.training.dataset import PictureSet
from engines.training.trainer import Verdict, Workers
from engines.training.warm_start import LEAST_FITTING, Beginning, copy_fitting

SHOWN = 6
JUDGED = 48
FLAT = 6.0
PLACES = 4
LEAST_CROP = 32


@dataclass(frozen=True)
class UpscalePreset:
    """Settings of an upscaler.

    Attributes:
        name, summary: what `train --list` shows.
        resolution: pictures are framed to this size first, which should be about their own.
        crop: side of the squares to be drawn; the network sees them four times smaller.
        width, tail, blocks: of the network, see `Upscaler`.
        blur: squares are blurred by up to so many of their pixels before they are made small.
        noise: greatest deviation of the noise on the small ones, in [-1, 1] units; jpeg: share of them that went through JPEG.
        pixels: weight of the mean difference of pixels; features: of what a frozen network sees in them; adversarial: of the critic.
        critic_width: of a patch critic; adversarial_from: share of the time after which it has a say.
        batch, rate, half_life, steps, framing, channels: as of the other presets.
    """

    name: str
    summary: str
    resolution: int = 256
    crop: int = 128
    width: int = 48
    tail: int = 32
    blocks: int = 10
    blur: float = 3.0
    noise: float = 0.03
    jpeg: float = 0.3
    pixels: float = 10.0
    features: float = 2.0
    adversarial: float = 0.2
    critic_width: int = 32
    adversarial_from: float = 0.2
    batch: int = 8
    rate: float = 3e-4
    half_life: float = 4_000
    steps: int = 4000
    framing: str = "letterbox"
    channels: int = 3

    @property
    def network_settings(self) -> dict[str, Any]:
        """What the network is built with."""
        return {"width": self.width, "tail": self.tail, "blocks": self.blocks, "channels": self.channels}


UPSCALE_PRESETS = {
    preset.name: preset for preset in (UpscalePreset("upscale-4", "draw pictures four times larger; learns from sharp photographs"),)
}


def checked(preset: UpscalePreset) -> UpscalePreset:
    """The preset, when what was changed by hand makes sense together.

    Raises:
        StudioError: a number below what it counts, or squares that are larger than the pictures or do not divide by four.
    """
    for name in ("batch", "steps"):
        if getattr(preset, name) < 1:
            raise StudioError(f"{name} must be 1 or more, got {getattr(preset, name)}: change it")
    if preset.crop % FACTOR or not LEAST_CROP <= preset.crop <= preset.resolution:
        raise StudioError(f"crop must be a multiple of {FACTOR} from {LEAST_CROP} to {preset.resolution} px, got {preset.crop}: change it")
    return preset


class Lessons:
    """Pairs of large squares and their small, spoilt versions, a function of (seed, step) alone."""

    def __init__(self, preset: UpscalePreset, pictures: PictureSet, seed: int) -> None:
        self._preset, self._pictures, self._seed = preset, pictures, seed
        self._train = pictures.part(held_out=False)
        if not len(self._train):
            raise StudioError("the split leaves no picture for training: add pictures")

    def __call__(self, step: int, process: int = 0, processes: int = 1) -> tuple[Tensor, Tensor]:
        """A process's share of a batch: large squares, shape (n, 3, crop, crop), and small ones, four times smaller; both in [-1, 1]."""
        chosen = np.random.default_rng((self._seed, step)).choice(self._train, self._preset.batch)
        pairs = []
        for place, index in list(enumerate(chosen))[process::processes]:
            random = np.random.default_rng((self._seed, step, place))
            large = self._square(int(index), random)
            pairs.append((large, spoilt(large, self._preset, random)))
        return torch.cat([large for large, _ in pairs]), torch.cat([small for _, small in pairs])

    def _square(self, index: int, random: np.random.Generator) -> Tensor:
        """A square at some place that is not empty, turned and mirrored by lot, shape (1, 3, crop, crop)."""
        side, free = self._preset.crop, self._preset.resolution - self._preset.crop
        pixels = self._pictures.pixels[index]
        for _ in range(PLACES):
            top, left = random.integers(0, free + 1, 2)
            square = np.asarray(pixels[:, top : top + side, left : left + side])
            if square.std() > FLAT:
                break
        square = np.rot90(square, int(random.integers(4)), axes=(1, 2))
        square = square[:, :, ::-1] if random.random() < 0.5 else square
        return torch.from_numpy(np.ascontiguousarray(square)).float().div_(127.5).sub_(1)[None]


def spoilt(large: Tensor, preset: UpscalePreset, random: np.random.Generator) -> Tensor:
    """Small versions as they come from a generator or a phone: blurred, averaged down, noisy, some through JPEG.

    Args:
        large: shape (n, channels, h, w) in [-1, 1].

    Returns:
        Shape (n, channels, h / 4, w / 4), in [-1, 1].

    Source: Wang et al., "Real-ESRGAN", arXiv 2107.10833, section 3 (one round of it).
    """
    blurs = random.uniform(0, preset.blur, len(large)) * (random.random(len(large)) < 0.5)
    soft = torch.cat([blurred(picture[None], float(blur)) for picture, blur in zip(large, blurs, strict=True)])
    small = functional.avg_pool2d(soft, FACTOR)
    strengths = random.uniform(0, preset.noise, len(large)) * (random.random(len(large)) < 0.5)
    noise = random.normal(size=tuple(small.shape)) * strengths[:, None, None, None]
    small = (small + torch.from_numpy(noise).float()).clamp(-1, 1)
    through = [
        _through_jpeg(picture, int(random.integers(60, 96))) if random.random() < preset.jpeg else picture for picture in small
    ]  # fmt: skip
    return torch.stack(through)


def _through_jpeg(picture: Tensor, quality: int) -> Tensor:
    buffer = io.BytesIO()
    imaging.to_pictures(picture[None])[0].convert("RGB").save(buffer, "JPEG", quality=quality)
    pixels = np.asarray(Image.open(buffer)).transpose(2, 0, 1)
    return torch.from_numpy(np.ascontiguousarray(pixels)).float().div_(127.5).sub_(1)


def blurred(picture: Tensor, deviation: float) -> Tensor:
    """A picture, shape (1, channels, h, w), blurred by a Gaussian of that standard deviation in pixels."""
    if deviation < 0.2:
        return picture
    radius, channels = max(1, round(3 * deviation)), picture.shape[1]
    places = torch.arange(-radius, radius + 1, dtype=picture.dtype)
    weights = torch.exp(-0.5 * (places / deviation).square())
    weights = (weights / weights.sum()).expand(channels, 1, -1)
    across = functional.conv2d(functional.pad(picture, (radius, radius, 0, 0), mode="replicate"), weights[:, :, None], groups=channels)
    return functional.conv2d(functional.pad(across, (0, 0, radius, radius), mode="replicate"), weights[..., None], groups=channels)


class UpscaleTask:
    """An upscaler, a patch critic, their optimisers and the averaged network that gets published.

    Source: Ledig et al., "Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial Network", arXiv 1609.04802: pixels,
    features of a frozen network, and a critic.
    """

    def __init__(self, preset: UpscalePreset, pictures: PictureSet, seed: int, numerics: Numerics, workers: Workers) -> None:
        if pictures.pixels.shape[1] != 3:
            raise StudioError(f"an upscaler learns from colour pictures, got {pictures.pixels.shape[1]} channels: use RGB pictures")
        workers.check_batch(preset.batch)
        self.preset, self.numerics, self.workers = checked(preset), numerics, workers
        self._pictures, self._lessons = pictures, Lessons(preset, pictures, seed)
        self._pyramid = numerics.place(feature_pyramid(preset.crop)) if preset.features else None
        torch.manual_seed(seed)
        self.network, self.critic = Upscaler(**preset.network_settings), PatchCritic(preset.critic_width)
        for network in (self.network, self.critic):
            numerics.place(network)
        self.average = WeightAverage(self.network, preset.half_life)
        self._seen = 0  # pictures seen before this run
        self.optimiser = torch.optim.Adam(self.network.parameters(), preset.rate, (0.9, 0.99))
        self.critic_optimiser = torch.optim.Adam(self.critic.parameters(), preset.rate, (0.5, 0.99))

    def begin(self, beginning: Beginning) -> None:
        """Take over the weights of an earlier run."""
        for network, key in ((self.network, "network"), (self.critic, "critic"), (self.average.module, "average")):
            copy_fitting(network, beginning.networks.get(key, {}), least=0 if key == "critic" else LEAST_FITTING)
        self._seen = beginning.pictures

    def step(self, step: int) -> dict[str, float]:
        """Train on one batch; returns the losses."""
        preset = self.preset
        done = step / preset.steps
        for optimiser in (self.optimiser, self.critic_optimiser):
            for group in optimiser.param_groups:
                group["lr"] = preset.rate * (1 - done)
        large, small = (self.numerics.arrange(part) for part in self._lessons(step, self.workers.process, self.workers.processes))
        with self.numerics.autocast():
            drawn = self.network(small)
        losses = {"pixels": functional.l1_loss(drawn.float(), large)}
        loss = preset.pixels * losses["pixels"]
        if self._pyramid is not None:
            losses["features"] = self._unlike(drawn, large)
            loss = loss + preset.features * losses["features"]
        judged = preset.adversarial > 0 and done >= preset.adversarial_from
        if judged:
            self.critic.requires_grad_(False)
            losses["generator"] = objectives.least_squares(self._judge(drawn), 1.0)
            loss = loss + preset.adversarial * losses["generator"]
        losses["total"] = loss
        self.workers.descend(self.optimiser, loss)
        if preset.adversarial:
            self.critic.requires_grad_(True)
            real, fake = self._judge(large), self._judge(drawn.detach())
            losses["critic"] = 0.5 * (objectives.least_squares(real, 1.0) + objectives.least_squares(fake, 0.0))
            self.workers.descend(self.critic_optimiser, losses["critic"])
        self.average.update(self.network, preset.batch, self._seen + (step + 1) * preset.batch)
        return {name: value.item() for name, value in losses.items()}

    def _judge(self, pictures: Tensor) -> Tensor:
        with self.numerics.autocast():
            return self.critic(pictures)

    def _unlike(self, drawn: Tensor, large: Tensor) -> Tensor:
        """Mean difference of what the frozen network sees, each scale by its own size."""
        assert self._pyramid is not None
        with self.numerics.autocast():
            with torch.no_grad():
                real = self._pyramid(large)
            fake = self._pyramid(drawn)
        parts = [
            functional.l1_loss(one.float(), two.float()) / two.float().abs().mean().clamp_min(1e-6)
            for one, two in zip(fake, real, strict=True)
        ]
        return torch.stack(parts[:2]).mean()

    def state(self) -> dict[str, Any]:
        """All that training changes."""
        return {
            "network": self.network.state_dict(),
            "critic": self.critic.state_dict(),
            "average": self.average.module.state_dict(),
            "seen before": self._seen,
            "optimiser": self.optimiser.state_dict(),
            "critic optimiser": self.critic_optimiser.state_dict(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Continue from a `state`."""
        self.network.load_state_dict(state["network"])
        self.critic.load_state_dict(state["critic"])
        self.average.module.load_state_dict(state["average"])
        self._seen = state.get("seen before", 0)
        self.optimiser.load_state_dict(state["optimiser"])
        self.critic_optimiser.load_state_dict(state["critic optimiser"])

    def candidate(self) -> dict[str, Any]:
        """The averaged network, as it would be published."""
        return {"average": self.average.module.state_dict()}

    def judge(self) -> Verdict | None:
        """How far what is drawn of held-out squares lies from them: pixels (PSNR) and what a frozen network sees."""
        large = self._held(JUDGED)
        if large is None:
            return None
        drawn = self._drawn(functional.avg_pool2d(large, FACTOR))
        error = (drawn.clamp(-1, 1) - large).square().mean(dim=(1, 2, 3)).clamp_min(1e-8)
        psnr = float((10 * torch.log10(4 / error)).mean())
        if self._pyramid is None:
            return Verdict({"PSNR": psnr}, -psnr)
        with torch.no_grad():
            unlike = float(self._unlike(self.numerics.arrange(drawn), self.numerics.arrange(large)))
        return Verdict({"PSNR": psnr, "unlike": unlike}, unlike)

    def _held(self, most: int) -> Tensor | None:
        """The middle squares of held-out pictures, shape (n, 3, crop, crop); None where there are none."""
        held = self._pictures.part(held_out=True)[:most]
        if not len(held):
            return None
        edge = (self.preset.resolution - self.preset.crop) // 2
        return self._pictures.tensor(held)[:, :, edge : edge + self.preset.crop, edge : edge + self.preset.crop]

    @torch.no_grad()
    def _drawn(self, small: Tensor) -> Tensor:
        parts = []
        for begin in range(0, len(small), 8):
            with self.numerics.autocast():
                parts.append(self.average.module(self.numerics.arrange(small[begin : begin + 8])).float().cpu())
        return torch.cat(parts)

    @torch.no_grad()
    def snapshot(self) -> Image.Image:
        """Held-out squares in three rows: Lanczos, drawn, real."""
        large = self._held(SHOWN)
        large = large if large is not None else self._lessons(0)[0][:SHOWN]
        small = functional.avg_pool2d(large, FACTOR)
        straight = [one.resize((self.preset.crop, self.preset.crop), Image.Resampling.LANCZOS) for one in imaging.to_pictures(small)]
        rows: Sequence[Image.Image] = [*straight, *imaging.to_pictures(self._drawn(small)), *imaging.to_pictures(large)]
        return imaging.sheet(list(rows), len(large))
