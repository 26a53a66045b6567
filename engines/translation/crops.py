"""What a translator is trained on: random squares of pictures, mostly of garment, and where they show none."""

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from engines.errors import StudioError
from engines.evaluation.materials import garment_mask
from engines.training.dataset import PictureSet
from engines.translation.presets import CyclePreset

PLACES = 6
MOSTLY = 0.7


class GarmentCrops:
    """Batches of random squares of one domain, a function of (seed, step) alone, of which each process takes its share.

    Raises:
        StudioError: a domain has no picture to train on.
    """

    def __init__(self, preset: CyclePreset, pictures: PictureSet, seed: int, process: int = 0, processes: int = 1) -> None:
        self._preset, self._pictures, self._seed, self._share = preset, pictures, seed, slice(process, None, processes)
        train = pictures.part(held_out=False)
        self.members = [train[pictures.labels[train] == domain] for domain in range(len(pictures.classes))]
        for name, members in zip(pictures.classes, self.members, strict=True):
            if not len(members):
                raise StudioError(f"the split leaves no picture of {name} for training: add pictures of it")
        self._needs_masks = bool(preset.focus or preset.keep or preset.masked)
        self._masks: dict[int, np.ndarray] = {}

    def __call__(self, domain: int, step: int) -> tuple[Tensor, Tensor]:
        """This process's share of a batch of one domain, shape (n, 3, crop, crop), in [-1, 1], and how much of each of its pixels is no
        garment, in [0, 1], shape (n, 1, crop, crop)."""
        preset, crops = self._preset, []
        chosen = np.random.default_rng((self._seed, step, domain)).choice(self.members[domain], preset.batch)
        for place, index in list(enumerate(chosen))[self._share]:
            random = np.random.default_rng((self._seed, step, domain, place))
            side, top, left = self._place(int(index), random)
            outside = torch.from_numpy(~self._garment(int(index))).float()[None, None]
            crop = torch.cat([self._pictures.tensor(np.array([index])), outside], dim=1)[:, :, top : top + side, left : left + side]
            if preset.rotation:
                crop = _turned(crop, float(random.uniform(-preset.rotation, preset.rotation)))
            if side != preset.crop:
                crop = functional.interpolate(crop, size=(preset.crop, preset.crop), mode="bilinear", antialias=True, align_corners=False)
            crops.append(crop.flip(-1) if random.random() < 0.5 else crop)
        pictures, outside = torch.cat(crops).split([3, 1], dim=1)
        return pictures, outside

    def _place(self, index: int, random: np.random.Generator) -> tuple[int, int, int]:
        """Side, top and left of a square: the whole picture, or a place that is mostly garment, or the best of a few; or any place."""
        preset = self._preset
        least, most = preset.sides or (preset.crop // 2, preset.resolution)
        whole = (preset.resolution, 0, 0)
        if preset.focus and random.random() >= preset.focus:
            return whole
        best, covers = whole, 0.0
        for _ in range(PLACES):
            side = int(random.integers(least, most + 1))
            top, left = (int(value) for value in random.integers(0, preset.resolution - side + 1, 2))
            if not preset.focus:
                return side, top, left
            covered = float(self._garment(index)[top : top + side, left : left + side].mean())
            if covered > covers:
                best, covers = (side, top, left), covered
            if covered >= MOSTLY:
                break
        return best

    def _garment(self, index: int) -> np.ndarray:
        """Where a training picture shows a garment, shape (resolution, resolution), found once; everywhere if nothing asks for it."""
        if index not in self._masks:
            pixels = np.asarray(self._pictures.pixels[index])
            self._masks[index] = garment_mask(pixels) if self._needs_masks else np.ones(pixels.shape[1:], dtype=bool)
        return self._masks[index]


def _turned(picture: Tensor, degrees: float) -> Tensor:
    """Turned about its middle, shape (1, channels, side, side); what comes in from outside repeats the border."""
    angle = math.radians(degrees)
    turn = torch.tensor([[math.cos(angle), -math.sin(angle), 0.0], [math.sin(angle), math.cos(angle), 0.0]])
    grid = functional.affine_grid(turn[None], list(picture.shape), align_corners=False)
    return functional.grid_sample(picture, grid, mode="bilinear", padding_mode="border", align_corners=False)
