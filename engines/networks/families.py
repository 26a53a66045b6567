"""Pairs of networks that belong together, by the name under which they are trained."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engines.networks.registry import DISCRIMINATORS, ENCODERS, NETWORKS

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Family:
    """A generator with its discriminator, both with the settings that make them a pair.

    Attributes:
        summary: one line for people.
        generator, discriminator: names in `NETWORKS` and `DISCRIMINATORS`.
        encoder: name in `ENCODERS` where there is one.
        generator_settings, discriminator_settings, encoder_settings: beside `resolution`, `channels` and `classes`.
        resolutions: which make sense, smallest and largest.
        classes: whether it draws classes.
        by_widths: the generator takes `widths` and `start` in place of a resolution.
    """

    summary: str
    generator: str
    discriminator: str
    encoder: str = ""
    generator_settings: Settings = field(default_factory=dict)
    discriminator_settings: Settings = field(default_factory=dict)
    encoder_settings: Settings = field(default_factory=dict)
    resolutions: tuple[int, int] = (28, 128)
    classes: bool = True
    by_widths: bool = False


FAMILIES: dict[str, Family] = {
    "mlp": Family("three fully connected layers each, the first GAN", "mlp", "mlp", resolutions=(8, 64)),
    "dcgan": Family("transposed and strided convolutions", "dcgan", "dcgan", resolutions=(8, 256)),
    "bigger dcgan": Family(
        "a deeper and wider DCGAN",
        "dcgan",
        "dcgan",
        generator_settings={"bigger": True},
        discriminator_settings={"bigger": True},
        resolutions=(32, 256),
    ),
    "attention dcgan": Family(
        "DCGAN with self-attention at 32 pixels when it draws and at 4 when it judges",
        "dcgan",
        "dcgan",
        generator_settings={"attention": (32,)},
        discriminator_settings={"attention": (4,)},
        resolutions=(64, 256),
    ),
    "layer norm dcgan": Family(
        "DCGAN whose discriminator has no norm over the batch, for gradient penalties",
        "dcgan",
        "dcgan",
        discriminator_settings={"norm": "layer"},
        resolutions=(8, 256),
    ),
    "wasserstein": Family("the residual pair of the WGAN with gradient penalty", "wasserstein", "wasserstein", resolutions=(16, 256)),
    "resnet18": Family(
        "ResNet18 and its mirror",
        "resnet",
        "resnet",
        generator_settings={"depth": 18},
        discriminator_settings={"depth": 18},
        resolutions=(64, 256),
    ),
    "resnet34": Family(
        "ResNet34 and its mirror",
        "resnet",
        "resnet",
        generator_settings={"depth": 34},
        discriminator_settings={"depth": 34},
        resolutions=(64, 256),
    ),
    "bidirectional": Family(
        "DCGAN with an encoder from pictures to latents, judged together",
        "dcgan",
        "bidirectional",
        "convolutional",
        resolutions=(32, 128),
    ),
    "lightweight-gan": Family(
        "Lightweight GAN: gates, optional attention, a discriminator that draws what it saw",
        "lightweight-gan",
        "lightweight-gan",
        resolutions=(32, 1024),
    ),
    "stylegan2": Family("StyleGAN2: mapping, styles, noise at every layer", "stylegan2", "stylegan2", resolutions=(8, 1024)),
    "plain": Family("residual blocks without any norm, noise or gate", "plain", "plain", resolutions=(16, 256), by_widths=True),
    "lightweight": Family(
        "gated convolutions, noise and skip excitation against frozen features",
        "lightweight",
        "projected",
        resolutions=(28, 512),
        by_widths=True,
    ),
}


def build_generator(family: Family, settings: Settings) -> Any:
    """The generator of a family; `settings` win over the family's.

    Raises:
        ValueError, TypeError: a setting that the network does not take.
    """
    return NETWORKS[family.generator](**{**family.generator_settings, **settings})


def build_discriminator(family: Family, settings: Settings) -> Any:
    """The discriminator of a family that has one of its own; `settings` win over the family's."""
    return DISCRIMINATORS[family.discriminator](**{**family.discriminator_settings, **settings})


def build_encoder(family: Family, settings: Settings) -> Any:
    """The encoder of a family that has one; `settings` win over the family's."""
    return ENCODERS[family.encoder](**{**family.encoder_settings, **settings})
