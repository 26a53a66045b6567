"""Ready-made settings for training generators; a preset hands the trainer its networks and its losses."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from engines.errors import StudioError

Preset = TypeVar("Preset", bound=Any)


@dataclass(frozen=True)
class AdversarialPreset:
    """Settings of a generator trained against a discriminator.

    Attributes:
        name, summary: what `train --list` shows.
        generator: its name in the network registry.
        discriminator: "projected" onto frozen features, or "plain", the generator's mirror.
        objective: a key of `objectives.OBJECTIVES`.
        penalty: weight of R1, the discriminator's gradient penalty on real pictures; of a plain one only.
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
        spread: weight of the generator's loss for drawing a class, or everything where there are none, less varied than it is, in what the
            discriminator looks at.
        coverage: weight of the generator's loss for real pictures that it draws nothing like, in what the discriminator looks at.
        half_life: of the weight average, in pictures.
        pictures: length of the schedule.
    """

    name: str
    summary: str
    generator: str = "lightweight"
    discriminator: str = "projected"
    objective: str = "hinge"
    penalty: float = 0.0
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
    spread: float = 2.0
    coverage: float = 0.0
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
            "garments-128",
            "garments of a chosen class, 128 px; start --from a run of garments-64",
            widths=(256, 192, 128, 64, 32, 16),
            conditional=True,
            batch=32,
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
            widths=(128, 96, 48),
            start=7,
            channels=1,
            conditional=True,
            view=64,
            policy=("translation", "cutout"),
            batch=64,
        ),
        AdversarialPreset(
            "plain-64",
            "a residual pair without norms or frozen features, R1 alone; slow to learn, the same on any number of processes; 64 px",
            generator="plain",
            discriminator="plain",
            objective="logistic",
            penalty=1.0,
            widths=(128, 96, 64, 48, 32),
            latent_dim=64,
            spread=0.0,
            batch=32,
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


def changed_preset(preset: Preset, changes: Sequence[str]) -> Preset:
    """A preset with some settings changed, each given as `NAME=VALUE`: `batch=24`, `flip=False`, `widths=(64,32)`, `policy=()`.

    Raises:
        StudioError: no such setting, or a value of another kind.
    """
    for change in changes:
        name, found, text = change.partition("=")
        settings = {entry.name: getattr(preset, entry.name) for entry in fields(preset) if entry.name not in ("name", "summary")}
        if not found or name not in settings:
            raise StudioError(f"{preset.name} has no setting {name[:40]!r}: choose NAME=VALUE with one of {', '.join(settings)}")
        preset = replace(preset, **{name: _value(name, text, settings[name])})
    return preset


def _value(name: str, text: str, present: Any) -> Any:
    """A value written as text, of the same kind as the present one; a whole number is a number too."""
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        value = text
    if isinstance(present, float) and type(value) is int:
        value = float(value)
    if type(value) is not type(present):
        raise StudioError(f"{name} must be like {present!r}, got {text[:40]!r}: write a value of that kind")
    return value
