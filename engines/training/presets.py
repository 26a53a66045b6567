"""Ready-made settings for training generators; a preset hands the trainer its networks and its losses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from engines.errors import StudioError

Preset = TypeVar("Preset")


@dataclass(frozen=True)
class AdversarialPreset:
    """Settings of a lightweight generator trained against a projected discriminator.

    Attributes:
        name, summary: what `train --list` shows.
        widths, start: of the generator; resolution is `start * 2 ** (len(widths) - 1)`.
        channels: 1 for grey, 3 for RGB.
        conditional: whether the generator takes the picture's class.
        framing: how pictures become squares, a key of `imaging.FRAMINGS`.
        flip: mirror half of the pictures.
        view: size at which the frozen features look.
        policy: augmentations, keys of `augment.AUGMENTATIONS`.
        batch, rate: pictures a step, learning rate of both sides.
        mismatch: weight of real pictures under a wrong class among the discriminator's negatives.
        transition: training starts without classes, or they drown the latent before it has learned anything; their emphasis rises from 0
            to 1 between these numbers of pictures.
        spread: weight of the generator's loss for drawing a class less varied than it is.
        half_life: of the weight average, in pictures.
        pictures: length of the schedule.
    """

    name: str
    summary: str
    widths: tuple[int, ...] = (256, 192, 128, 64, 32)
    start: int = 4
    latent_dim: int = 128
    channels: int = 3
    conditional: bool = False
    framing: str = "centre square"
    flip: bool = True
    view: int = 128
    discriminator_width: int = 64
    policy: tuple[str, ...] = ("colour", "translation", "cutout")
    batch: int = 48
    rate: float = 2e-4
    mismatch: float = 0.25
    transition: tuple[int, int] = (8_000, 24_000)
    spread: float = 1.0
    half_life: float = 10_000
    pictures: int = 400_000

    @property
    def resolution(self) -> int:
        """Height and width of the pictures."""
        return self.start * 2 ** (len(self.widths) - 1)

    @property
    def steps(self) -> int:
        """Length of the schedule in steps."""
        return self.pictures // self.batch


PRESETS = {
    preset.name: preset
    for preset in (
        AdversarialPreset("scenes-64", "scenes without classes, 64 px"),
        AdversarialPreset(
            "garments-64",
            "garments of a chosen class, 64 px",
            conditional=True,
            view=96,
            batch=40,
        ),
        AdversarialPreset(
            "materials-128",
            "garments of a material on white, 128 px",
            widths=(256, 192, 128, 64, 32, 16),
            conditional=True,
            framing="letterbox",
            batch=24,
            transition=(3_000, 9_000),
        ),
        AdversarialPreset(
            "grey-28",
            "small grey pictures of a chosen class, 28 px: Fashion-MNIST",
            widths=(192, 128, 64),
            start=7,
            channels=1,
            conditional=True,
            view=64,
            policy=("translation", "cutout"),
            batch=64,
            transition=(0, 1),
            spread=2.0,
        ),
    )
}


def find_preset(name: str, presets: Mapping[str, Preset]) -> Preset:
    """The preset of a name.

    Raises:
        StudioError: no such preset.
    """
    if name not in presets:
        raise StudioError(f"there is no preset {name!r}: choose one of {', '.join(presets)}")
    return presets[name]
