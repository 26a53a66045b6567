"""Small models made of the real parts, for tests that need a model and not its pictures."""

from pathlib import Path

import torch
from torch import nn

from engines.exploration.truncation import store_mean_start
from engines.models.card import Card
from engines.models.zoo import Zoo, publish
from engines.networks.cyclegan import ResidualTranslator
from engines.networks.lightweight import LightweightGenerator
from engines.networks.upscaling import Upscaler

WIDTHS = (16, 12, 8, 8)
SIDE = 32
CHUNK = 4
CLASSES = ("coat", "hat", "shoes")


def _card(kind: str, network: str, settings: dict[str, object], classes: tuple[str, ...], **render: object) -> Card:
    return Card(
        name="",
        title="Tiny",
        summary="A network of a few thousand weights.",
        kind=kind,
        weights_file="",
        weights_sha256="",
        rights="Drawn by an untrained network: use it as you like.",
        trained_on="Nothing.",
        limits=("It is not trained.",),
        network=network,
        settings=settings,
        classes=classes,
        render=render,
    )


def _generator(folder: Path, classes: tuple[str, ...]) -> None:
    settings: dict[str, object] = {"widths": list(WIDTHS), "start": SIDE // 8, "latent_dim": 16, "classes": len(classes), "class_dim": 8}
    network = LightweightGenerator(**settings).eval()  # type: ignore[arg-type]
    for name, value in network.named_parameters():
        if name.endswith("noise_strength"):
            nn.init.constant_(value, 0.3)
        elif "modulation" in name:
            nn.init.normal_(value, std=0.3)
    store_mean_start(network)
    publish(folder, _card("generator", "lightweight", settings, classes, chunk=CHUNK), [network])


def publish_tiny_models(folder: Path) -> Zoo:
    """Models `scenes` (no classes), `garments` (`CLASSES`) and `leather-denim` (working size 64 px) below a folder."""
    torch.manual_seed(0)
    _generator(folder / "scenes", ())
    _generator(folder / "garments", CLASSES)
    settings: dict[str, object] = {"width": 8, "blocks": 1}
    translators = [ResidualTranslator(width=8, blocks=1) for _ in range(2)]
    card = _card("translator", "residual translator", settings, ("denim", "leather"), side=64)
    publish(folder / "leather-denim", card, translators)
    return Zoo([folder])


def publish_tiny_upscaler(folder: Path) -> Zoo:
    """The tiny models and an upscaler `larger`, below a folder."""
    zoo = publish_tiny_models(folder)
    torch.manual_seed(1)
    settings: dict[str, object] = {"width": 6, "tail": 4, "blocks": 2}
    network = Upscaler(width=6, tail=4, blocks=2)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.normal_(layer.weight, std=0.1)
    publish(folder / "larger", _card("upscaler", "upscaler", settings, ()), [network])
    return zoo
