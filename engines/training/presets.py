"""Ready-made settings for training generators; a preset hands the trainer its networks and its losses."""

import ast
from collections.abc import Collection, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from typing import Any, TypeVar

from engines.errors import StudioError
from engines.training.adaptive import GROUPS
from engines.training.augment import AUGMENTATIONS
from engines.training.objectives import OBJECTIVES

Preset = TypeVar("Preset", bound=Any)


@dataclass(frozen=True)
class AdversarialPreset:
    """Settings of a generator trained against a discriminator.

    Attributes:
        name, summary: what `train --list` shows.
        generator: its name in the network registry.
        discriminator: "projected" onto frozen features, or a name in the registry of discriminators.
        encoder: a name in the registry of encoders, for a bidirectional pair; empty for none.
        generator_settings, discriminator_settings, encoder_settings: of the networks, beside what stands here.
        objective: a key of `objectives.OBJECTIVES`.
        penalty, fake_penalty: weights of R1 and R2, the zero-centred gradient penalties on real and on drawn pictures as they are before
            augmentation; with "projected", on what the heads see of augmented ones.
        penalty_every: steps between these two, which then count so many times.
        slope_penalty: weight of the gradient penalty between real and drawn pictures, centred on a slope of 1.
        weight_limit: the discriminator's weights are held below it after each step; 0 for no limit.
        path_length: weight of the generator's path length penalty, taken every fourth step and then four times.
        orthogonal: strength of orthogonal regularisation in both networks.
        initialise: a way of `regularisers.INITIALISATIONS` for all trained networks.
        gradient_limit: gradients are shortened to this norm before each step; 0 for no limit.
        label_noise: share of the pictures that change places between real and drawn for the discriminator.
        critic_floor: the discriminator learns only while its loss is above it; 0 for always.
        critic_steps: steps of the discriminator for one of the generator, each with pictures of its own.
        latent_step: latents are moved before each step, "natural" or as the "report" did; empty for not.
        latent_alpha, latent_beta: how far they are moved.
        reconstruction: weight of the discriminator's loss for drawing real pictures again, where it can.
        recall: weight of the mean difference between a picture and what is drawn of its encoding, of a bidirectional pair.
        adaptive: share of the real pictures taken for real, minus those taken for drawn, that adaptive augmentation aims at; 0 for none.
            Where only differences of scores mean something, a picture above the drawn one beside it counts as taken for real.
        adaptive_pace: pictures in which its probability can rise from 0 to 1; adaptive_groups: of `adaptive.GROUPS`.
        prior: "normal" latents, or "uniform" in [-1, 1].
        widths, start: of the generator; resolution is `start * 2 ** (len(widths) - 1)`.
        side: height and width of the pictures, for networks that take no widths; 0 for those that do.
        channels: 1 for grey, 3 for RGB, 4 for RGB and alpha.
        conditional: whether the generator takes the picture's class.
        framing: how pictures become squares, a key of `imaging.FRAMINGS`, or "rectangle 64x48" for pictures of that height and width, which
            are padded to squares for training and drawn without what was padded.
        flip: mirror half of the pictures.
        view: size at which the frozen features look; pixels: width of a head beside them that judges the pictures themselves, 0 for none.
        policy: augmentations, keys of `augment.AUGMENTATIONS`.
        batch, rate: pictures a step, learning rate of both sides; discriminator_rate: of that side, 0 for the same.
        optimiser, betas, decay: of both sides, see `optimisers.build_optimiser`; schedule: how the rates fall.
        mismatch: weight of real pictures under a wrong class among the discriminator's negatives.
        transition: training starts without classes, or they drown the latent before it has learned anything; their emphasis rises from 0
            to 1 between these numbers of pictures.
        spread: weight of the generator's loss for drawing a class, or everything where there are none, less varied than it is, in what the
            discriminator looks at.
        coverage: weight of the generator's loss for real pictures that it draws nothing like, in what the discriminator looks at.
        memory: real pictures that the generator remembers codes of and draws its latents towards, by lot where there are more; 0 for none.
            Coverage then asks for each under its own code.
        spacing: weight of the generator's loss for drawing pictures nearer to one another than the nearest real ones are to one another.
        head_start: pictures from which only the discriminator learns first, where a run begins with weights that bring none.
        half_life: of the weight average, in pictures.
        pictures: length of the schedule.
    """

    name: str
    summary: str
    generator: str = "lightweight"
    discriminator: str = "projected"
    encoder: str = ""
    generator_settings: dict[str, Any] = field(default_factory=dict)
    discriminator_settings: dict[str, Any] = field(default_factory=dict)
    encoder_settings: dict[str, Any] = field(default_factory=dict)
    objective: str = "hinge"
    penalty: float = 0.0
    fake_penalty: float = 0.0
    penalty_every: int = 1
    slope_penalty: float = 0.0
    weight_limit: float = 0.0
    path_length: float = 0.0
    orthogonal: float = 0.0
    initialise: str = "own"
    gradient_limit: float = 0.0
    label_noise: float = 0.0
    critic_floor: float = 0.0
    critic_steps: int = 1
    latent_step: str = ""
    latent_alpha: float = 0.9
    latent_beta: float = 0.1
    reconstruction: float = 0.0
    recall: float = 0.0
    adaptive: float = 0.0
    adaptive_pace: float = 500_000
    adaptive_groups: tuple[str, ...] = ("blit", "geometry", "colour")
    prior: str = "normal"
    widths: tuple[int, ...] = (256, 192, 128, 64, 32)
    start: int = 4
    side: int = 0
    latent_dim: int = 128
    channels: int = 3
    conditional: bool = False
    framing: str = "centre square"
    flip: bool = True
    view: int = 128
    discriminator_width: int = 64
    pixels: int = 0
    policy: tuple[str, ...] = ("colour", "translation", "cutout")
    batch: int = 48
    rate: float = 2e-4
    discriminator_rate: float = 0.0
    optimiser: str = "adam"
    betas: tuple[float, float] = (0.0, 0.99)
    decay: float = 0.0
    schedule: str = "constant"
    mismatch: float = 0.25
    transition: tuple[int, int] = (8_000, 24_000)
    spread: float = 2.0
    coverage: float = 0.0
    memory: int = 0
    spacing: float = 0.0
    head_start: int = 5_000
    half_life: float = 10_000
    pictures: int = 400_000

    @property
    def resolution(self) -> int:
        """Height and width of the pictures."""
        return self.side or self.start * 2 ** (len(self.widths) - 1)

    @property
    def steps(self) -> int:
        """Length of the schedule in steps."""
        return self.pictures // self.batch


def checked(preset: AdversarialPreset) -> AdversarialPreset:
    """The preset, when what was changed by hand makes sense together.

    Raises:
        StudioError: a number below what it counts, a name that nothing has, or settings that exclude each other.
    """
    for name in ("batch", "latent_dim", "critic_steps", "penalty_every", "adaptive_pace"):
        if getattr(preset, name) < 1:
            raise StudioError(f"{name} must be 1 or more, got {getattr(preset, name)}: change it")
    if preset.steps < 1:
        raise StudioError(f"pictures must be a batch or more, which is {preset.batch}, got {preset.pictures}: change it")
    known: tuple[tuple[str, Sequence[str], Collection[str]], ...] = (
        ("policy", preset.policy, AUGMENTATIONS),
        ("adaptive_groups", preset.adaptive_groups, GROUPS),
        ("objective", (preset.objective,), OBJECTIVES),
    )
    for setting, names, there in known:
        unknown = [name for name in names if name not in there]
        if unknown:
            raise StudioError(f"{setting} {unknown[0]!r} is unknown: choose of {', '.join(there)}")
    if (preset.discriminator == "bidirectional") != bool(preset.encoder):
        lacks = "an encoder" if preset.discriminator == "bidirectional" else "a bidirectional discriminator"
        raise StudioError(f"{preset.name} lacks {lacks}: give both, discriminator=bidirectional and encoder=convolutional, or neither")
    if preset.memory and not preset.coverage:
        raise StudioError("a generator with a memory learns by being asked for what it remembers: set coverage above 0, or memory to 0")
    return preset


def generator_settings(preset: Mapping[str, Any], classes: int) -> dict[str, Any]:
    """What the generator of a preset, given as its fields, is built with; `prior` only where it is not the usual one.

    Runs of an earlier Atelier lack fields, and have the generator of their time.
    """
    size = {"resolution": preset["side"]} if preset.get("side") else {"widths": tuple(preset["widths"]), "start": preset["start"]}
    settings = size | {"latent_dim": preset["latent_dim"], "channels": preset["channels"], "classes": classes}
    settings |= {"prior": preset["prior"]} if preset.get("prior", "normal") != "normal" else {}
    settings |= {"memory": preset["memory"]} if preset.get("memory") else {}
    return settings | dict(preset.get("generator_settings", {}))


PRESETS = {
    preset.name: preset
    for preset in (
        AdversarialPreset(
            "quick",
            "something to see in a few minutes: any pictures, 64 px, a narrower network that looks at them smaller",
            widths=(192, 128, 96, 64, 32),
            view=96,
            batch=32,
            pictures=50_000,
        ),
        AdversarialPreset("default", "any pictures, 64 px, an hour or two; with --set conditional=True a class for each folder"),
        AdversarialPreset(
            "best",
            "any pictures, 64 px, for a night: wider, looks closer, and real pictures ask for what is missing",
            widths=(384, 256, 192, 96, 48),
            view=160,
            coverage=1.0,
            pictures=1_500_000,
        ),
        AdversarialPreset("scenes-64", "scenes without classes, 64 px"),
        AdversarialPreset(
            "garments-64",
            "garments of a chosen class, 64 px, spread as the photographs are that it remembers",
            conditional=True,
            view=96,
            pixels=32,
            rate=4e-4,
            discriminator_rate=2e-4,
            spread=3.0,
            coverage=6.0,
            memory=3200,
        ),
        AdversarialPreset(
            "garments-128",
            "garments of a chosen class, 128 px, spread as the photographs are; start --from a run of garments-64",
            widths=(256, 192, 128, 64, 32, 16),
            conditional=True,
            pixels=32,
            batch=32,
            rate=4e-4,
            discriminator_rate=2e-4,
            spread=3.0,
            coverage=6.0,
            memory=3200,
        ),
        AdversarialPreset(
            "materials-128",
            "garments of a material on white, 128 px, spread as the photographs are; start --from clothing",
            widths=(256, 192, 128, 64, 32, 16),
            conditional=True,
            framing="letterbox",
            pixels=32,
            batch=32,
            rate=4e-4,
            discriminator_rate=2e-4,
            transition=(3_000, 9_000),
            spread=3.0,
            coverage=12.0,
            memory=1000,
        ),
        AdversarialPreset(
            "grey-28",
            "small grey pictures of a chosen class, 28 px: Fashion-MNIST",
            widths=(128, 96, 48),
            start=7,
            channels=1,
            conditional=True,
            flip=False,
            view=64,
            pixels=64,
            policy=("translation", "cutout"),
            batch=64,
            spread=4.0,
            coverage=2.0,
            spacing=8.0,
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
        AdversarialPreset(
            "relativistic-64",
            "the same pair with relativistic scores, R1 and R2, which holds it steady for long; 64 px",
            generator="plain",
            discriminator="plain",
            objective="relativistic",
            penalty=1.0,
            fake_penalty=1.0,
            widths=(128, 96, 64, 48, 32),
            latent_dim=64,
            spread=0.0,
            batch=32,
        ),
    )
}


def usual_settings(preset: Any) -> dict[str, Any]:
    """Every setting of a kind of preset that has a default, with it."""
    usual = {one.name: one.default if one.default is not MISSING else _made(one) for one in fields(preset)}
    return {name: value for name, value in usual.items() if value is not MISSING}


def _made(one: Field[Any]) -> Any:
    return one.default_factory() if one.default_factory is not MISSING else MISSING


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
