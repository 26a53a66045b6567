"""Ready-made settings for training translators."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from torch import nn

from engines.errors import StudioError
from engines.networks.cyclegan import CRITICS
from engines.networks.registry import NETWORKS

GENERATORS: dict[str, dict[str, Any]] = {
    "residual translator": {"width": 32, "blocks": 6, "norm": "instance", "sampling": "resize", "reflect": False, "bias": False},
    "u-net translator": {"width": 32, "halvings": 7, "norm": "instance"},
    "dense translator": {"width": 32, "growth": 16, "norm": "instance", "sampling": "resize"},
    "bottleneck translator": {"width": 32, "norm": "instance", "sampling": "resize"},
}
"""Of each generator that can be trained, the settings of a preset that it takes, and what they were before presets had them."""

CRITIC_SETTINGS = {"patches": ("critic_layers",), "convolutions": ("critic_layers", "critic_dense")}
OBJECTIVES = ("least squares", "cross-entropy")


@dataclass(frozen=True)
class CyclePreset:
    """Settings of a CycleGAN between the two classes of a picture set.

    Attributes:
        name, summary: what `train --list` shows.
        resolution: pictures are framed to this size first.
        crop: side of what is trained on; squares of the picture are resized to it.
        sides: least and most side of these squares in pixels; () for half of `crop` to the whole `resolution`.
        focus: share of the squares that lie where there is mostly garment, so that the critics learn cloth and not faces, legs or ground;
            the others are whole pictures, so that the norms know them too. At 0 squares lie anywhere.
        rotation: pictures are turned by up to so many degrees either way.
        generator: a key of `GENERATORS`; width, blocks, halvings, growth, norm, sampling, reflect, bias: of it, as far as it takes them.
        critic: a key of `networks.cyclegan.CRITICS`; critic_width, critic_layers, critic_dense: of it.
        objective: "least squares", or "cross-entropy" of the critic's scores as logits.
        projected: weight of a second critic a domain, which judges by frozen features (see `networks.projected`); 0 for the first alone.
        cycle: weight λ of the cycle loss; cycle_left: share of it that is left at the end, where a straight line leads.
        identity: weight of the identity loss; identity_until: share of the time by which it has fallen to 0, or 0 to keep it.
        keep: weight of the loss that keeps what is no garment (ground, skin, head) as it is.
        masked: critics and the way back see the drawn garment on the original's ground instead of all that was drawn.
        noise: deviation of what is added to a drawn picture before the way back, against messages hidden in it.
        pool: drawn pictures remembered for the critics.
        batch, rate: pictures a step of each domain; decay_from: share of the time after which the rate falls to 0, on a straight line.
        clip: longest gradient of each side, as a norm over all its weights; 0 for any.
        half_life: of the weight averages, in pictures; 0 for the weights themselves.
    """

    name: str
    summary: str
    resolution: int = 192
    crop: int = 128
    sides: tuple[int, ...] = ()
    focus: float = 0.75
    rotation: float = 0.0
    generator: str = "residual translator"
    width: int = 32
    blocks: int = 6
    halvings: int = 7
    growth: int = 16
    norm: str = "instance"
    sampling: str = "resize"
    reflect: bool = False
    bias: bool = False
    critic: str = "patches"
    critic_width: int = 32
    critic_layers: int = 3
    critic_dense: bool = False
    objective: str = "least squares"
    projected: float = 0.5
    cycle: float = 5.0
    cycle_left: float = 1.0
    identity: float = 1.0
    identity_until: float = 0.5
    keep: float = 10.0
    masked: bool = False
    noise: float = 0.0
    pool: int = 50
    batch: int = 2
    rate: float = 2e-4
    decay_from: float = 0.5
    clip: float = 0.0
    half_life: float = 1000
    steps: int = 3000
    framing: str = "letterbox"
    channels: int = 3

    def rate_at(self, done: float) -> float:
        """Learning rate when a share of the schedule, 0 to 1, is done."""
        return self.rate if self.decay_from >= 1 else self.rate * min(1.0, (1 - done) / (1 - self.decay_from))

    def cycle_at(self, done: float) -> float:
        """Weight of the cycle loss when a share of the schedule is done."""
        return self.cycle * (1 - done * (1 - self.cycle_left))

    def identity_at(self, done: float) -> float:
        """Weight of the identity loss when a share of the schedule is done."""
        return self.identity if not self.identity_until else self.identity * max(0.0, 1 - done / self.identity_until)


_REPORT = CyclePreset(
    "report-resnet-6",
    "the report's swap: 6 blocks, batch norm, plain critic, λ 10, batch 10; 256 px",
    resolution=286,
    crop=256,
    sides=(256, 256),
    focus=0.0,
    rotation=15.0,
    width=64,
    norm="batch",
    sampling="transposed",
    reflect=True,
    bias=True,
    critic="convolutions",
    critic_width=64,
    critic_layers=5,
    projected=0.0,
    cycle=10.0,
    identity=0.0,
    keep=0.0,
    batch=10,
    rate=2e-3,
    decay_from=1.0,
    clip=5.0,
    half_life=0.0,
    steps=13_000,
    framing="squeeze",
)
_LITERATURE = CyclePreset(
    "cyclegan-256",
    "the literature's swap: 9 blocks, patches, batch 1, pool, identity, linear decay; 256 px",
    resolution=286,
    crop=256,
    sides=(256, 256),
    focus=0.0,
    width=64,
    blocks=9,
    sampling="transposed",
    reflect=True,
    bias=True,
    critic_width=64,
    projected=0.0,
    cycle=10.0,
    identity=5.0,
    identity_until=0.0,
    keep=0.0,
    batch=1,
    half_life=0.0,
    steps=103_000,
    framing="squeeze",
)

CYCLE_PRESETS = {
    preset.name: preset
    for preset in (
        CyclePreset("textures-128", "swap between two folders of garments, crops of 128 px; works at any size"),
        _REPORT,
        replace(_REPORT, name="report-resnet-9", summary="the report's swap with 9 blocks; 256 px", blocks=9),
        _LITERATURE,
    )
}


def translator_settings(preset: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Name in the network registry and constructor's arguments of the translators of a preset, given as a dictionary.

    A preset of an earlier run may lack settings that came later.
    """
    name = preset.get("generator", "residual translator")
    return name, {key: preset.get(key, before) for key, before in GENERATORS[name].items()}


def build_translator(preset: Mapping[str, Any]) -> nn.Module:
    """A translator with fresh weights.

    Raises:
        StudioError: the preset asks for what the network does not offer.
    """
    try:
        name, settings = translator_settings(preset)
        return NETWORKS[name](**settings)
    except (KeyError, ValueError) as error:
        raise StudioError(f"{error.args[0]!r} is no setting of a translator: choose a generator of {', '.join(GENERATORS)}") from error


def build_critic(preset: CyclePreset) -> nn.Module:
    """A critic with fresh weights.

    Raises:
        StudioError: there is no critic of that name.
    """
    if preset.critic not in CRITICS:
        raise StudioError(f"there is no critic {preset.critic!r}: choose one of {', '.join(CRITICS)}")
    settings = {key.removeprefix("critic_"): getattr(preset, key) for key in CRITIC_SETTINGS[preset.critic]}
    return CRITICS[preset.critic](width=preset.critic_width, **settings)


def checked(preset: CyclePreset) -> CyclePreset:
    """The preset, when what was changed by hand makes sense together.

    Raises:
        StudioError: squares larger than the picture, an unknown objective, shares outside 0 to 1, a number below what it counts.
    """
    for name, least in (("batch", 1), ("steps", 1), ("pool", 0)):
        if getattr(preset, name) < least:
            raise StudioError(f"{name} must be {least} or more, got {getattr(preset, name)}: change it")
    if not 1 <= preset.crop <= preset.resolution:
        raise StudioError(f"crop must be from 1 to {preset.resolution} px, got {preset.crop}: change it")
    if preset.sides and (len(preset.sides) != 2 or not 0 < preset.sides[0] <= preset.sides[1] <= preset.resolution):
        raise StudioError(f"sides are the least and most side of a square within {preset.resolution} px, got {preset.sides}: change them")
    if preset.objective not in OBJECTIVES:
        raise StudioError(f"there is no objective {preset.objective!r} for a swap: choose one of {', '.join(OBJECTIVES)}")
    for name in ("focus", "cycle_left", "identity_until", "decay_from"):
        if not 0 <= getattr(preset, name) <= 1:
            raise StudioError(f"{name} is a share from 0 to 1, got {getattr(preset, name)}: change it")
    return preset
