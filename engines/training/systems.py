"""Presets that train as published reports and papers did, one a system, on any picture folder.

Their lengths are the originals', far beyond what a laptop does in a day: give --minutes, or another length with --set pictures=….
Where the report's code and text disagree, the intent is what trains here.
"""

from typing import Any

from engines.networks.families import FAMILIES
from engines.training.presets import AdversarialPreset

CARS = 6_700
"""Pictures an epoch of the cars' report."""
SCENES = 15_100
"""Pictures an epoch of the report on scenes."""


def _as_reported(name: str, system: str, summary: str, family: str, **settings: Any) -> AdversarialPreset:
    """A preset with none of our own additions: no augmentation, no averaged weights, classes from the start."""
    pair = FAMILIES[family]
    plain: dict[str, Any] = {
        "generator": pair.generator,
        "discriminator": pair.discriminator,
        "encoder": pair.encoder,
        "objective": "logistic",
        "side": 64,
        "latent_dim": 100,
        "flip": False,
        "policy": (),
        "betas": (0.5, 0.999),
        "mismatch": 0.0,
        "transition": (0, 0),
        "spread": 0.0,
        "half_life": 0.0,
    }
    for part in ("generator_settings", "discriminator_settings", "encoder_settings"):
        plain[part] = getattr(pair, part) | settings.pop(part, {})
    return AdversarialPreset(name, f"{system}: {summary}", **(plain | settings))


def _lightweight(name: str, system: str, summary: str, **settings: Any) -> AdversarialPreset:
    """Lightweight GAN as its package trains it by default, but for one batch a step where the package takes four.

    Its slope penalties are of pictures in [0, 1], ours in [-1, 1]; it moves its averaged weights by 0.005 every tenth step.
    """
    usual: dict[str, Any] = {
        "objective": "hinge",
        "latent_dim": 256,
        "penalty": 10.0,
        "fake_penalty": 10.0,
        "penalty_every": 4,
        "reconstruction": 1.0,
        "betas": (0.5, 0.9),
        "batch": 10,
        "half_life": 14_000,
        "flip": True,
    }
    return _as_reported(name, system, summary, "lightweight-gan", **(usual | settings))


def _car(name: str, system: str, summary: str, family: str, epochs: int, **settings: Any) -> AdversarialPreset:
    """As the cars' report trains: Adam with its usual moments, decaying weights."""
    usual: dict[str, Any] = {"batch": 256, "rate": 1e-4, "betas": (0.9, 0.999), "decay": 1e-3, "pictures": CARS * epochs}
    return _as_reported(name, system, summary, family, **(usual | settings))


def _scene(name: str, system: str, summary: str, family: str, **settings: Any) -> AdversarialPreset:
    usual: dict[str, Any] = {"batch": 64, "pictures": SCENES * 25}
    return _as_reported(name, system, summary, family, **(usual | settings))


def _style(name: str, system: str, summary: str, **settings: Any) -> AdversarialPreset:
    """StyleGAN2 with the settings that its authors choose for 64 px."""
    usual: dict[str, Any] = {
        "latent_dim": 512,
        "penalty": 0.0256,
        "penalty_every": 16,
        "path_length": 2.0,
        "batch": 32,
        "rate": 2.5e-3,
        "betas": (0.0, 0.99),
        "half_life": 10_000,
        "pictures": 5_000_000,
    }
    return _scene(name, system, summary, "stylegan2", **(usual | settings))


def _fashion(name: str, system: str, summary: str, family: str, **settings: Any) -> AdversarialPreset:
    usual: dict[str, Any] = {"side": 28, "channels": 1, "batch": 64, "pictures": 60_000 * 100}
    return _as_reported(name, system, summary, family, **(usual | settings))


WGAN: dict[str, Any] = {
    "objective": "wasserstein",
    "optimiser": "rmsprop",
    "rate": 5e-5,
    "weight_limit": 0.01,
    "critic_steps": 5,
    "batch": 64,
}
WGAN_GP: dict[str, Any] = {"objective": "wasserstein", "slope_penalty": 10.0, "critic_steps": 5, "rate": 1e-4, "batch": 64}
LOGAN: dict[str, Any] = {"latent_step": "natural", "prior": "uniform"}
ORTHOGONAL: dict[str, Any] = {"initialise": "orthogonal", "orthogonal": 1e-4}

SYSTEMS = {
    preset.name: preset
    for preset in (
        _lightweight(
            "cityscape-run-1",
            "A.4, run 1",
            "Lightweight GAN without attention, 10,000 steps; larger with --set side=256",
            policy=("translation", "cutout"),
            pictures=100_000,
        ),
        _lightweight(
            "cityscape-run-2",
            "A.4, run 2",
            "Lightweight GAN with attention at 32 pixels and colour augmentation, 21,000 steps",
            policy=("colour", "translation", "cutout"),
            generator_settings={"attention": (32,)},
            discriminator_settings={"attention": (32,)},
            pictures=210_000,
        ),
        _car("cars-dcgan", "B.2", "DCGAN", "dcgan", 3500),
        _car("cars-dcgan-bigger", "B.3", "a deeper and wider DCGAN", "bigger dcgan", 3500),
        _car("cars-hinge", "B.4", "DCGAN with hinge loss and a large batch", "dcgan", 3000, objective="hinge", batch=512, rate=1e-5),
        _car("cars-attention", "B.4", "DCGAN with self-attention and a large batch", "attention dcgan", 2500, batch=512, rate=1e-5),
        _car(
            "cars-attention-orthogonal",
            "B.4",
            "the same, initialised and regularised orthogonally",
            "attention dcgan",
            2500,
            batch=512,
            rate=1e-5,
            **ORTHOGONAL,
        ),
        _car(
            "cars-biggan",
            "B.4",
            "all of BigGAN's ingredients: hinge, residual blocks, attention, spectral normalisation, orthogonal; a large batch",
            "resnet18",
            3000,
            objective="hinge",
            batch=512,
            generator_settings={"attention": True, "spectral": True},
            discriminator_settings={"attention": True, "spectral": True},
            **ORTHOGONAL,
        ),
        _car("cars-resnet18", "B.5", "ResNet18 and its mirror, Xavier", "resnet18", 3000, batch=300, initialise="xavier"),
        _car("cars-resnet34", "B.5", "ResNet34 and its mirror, Xavier", "resnet34", 3500, batch=300, initialise="xavier"),
        _car(
            "cars-resnet34-clipped",
            "B.5",
            "the same with gradients clipped at 1",
            "resnet34",
            3500,
            batch=300,
            initialise="xavier",
            gradient_limit=1.0,
        ),
        _car("cars-logan", "B.6", "DCGAN with latents optimised by the natural gradient", "dcgan", 2200, **LOGAN),
        _car(
            "cars-logan-as-run",
            "B.6",
            "the same with the step that the report's code takes",
            "dcgan",
            2200,
            latent_beta=5.0,
            **(LOGAN | {"latent_step": "report"}),
        ),
        _car("cars-logan-bidirectional", "B.7", "the same with an encoder, judged together", "bidirectional", 3100, recall=1.0, **LOGAN),
        _car("cars-resnet18-logan", "B.8", "ResNet18 with optimised latents", "resnet18", 1650, batch=350, initialise="xavier", **LOGAN),
        _car(
            "cars-resnet18-logan-attention",
            "B.8",
            "the same with self-attention; larger with --set side=128",
            "resnet18",
            1650,
            batch=350,
            initialise="xavier",
            generator_settings={"attention": True},
            discriminator_settings={"attention": True},
            **LOGAN,
        ),
        _scene(
            "scenes-dcgan",
            "C.1",
            "DCGAN; the discriminator learns only while its loss is above 0.1, from noisy labels",
            "dcgan",
            batch=128,
            critic_floor=0.1,
            label_noise=0.05,
        ),
        _scene("scenes-wgan", "C.2", "Wasserstein GAN with clipped weights", "dcgan", pictures=64 * 97_500, **WGAN),
        _scene(
            "scenes-wgan-gp",
            "C.3",
            "Wasserstein GAN with gradient penalty on a DCGAN with layer norm; also with --set betas=(0.0,0.9)",
            "layer norm dcgan",
            pictures=64 * 97_500,
            betas=(0.5, 0.9),
            **WGAN_GP,
        ),
        _scene(
            "scenes-wgan-gp-residual",
            "C.4",
            "Wasserstein GAN with gradient penalty on residual networks",
            "wasserstein",
            latent_dim=128,
            pictures=64 * 27_500,
            betas=(0.0, 0.9),
            **WGAN_GP,
        ),
        _style("scenes-stylegan2-ada", "C.5", "StyleGAN2 with adaptive augmentation", adaptive=0.6),
        _style("scenes-stylegan2", "C.6", "StyleGAN2 without augmentation"),
        _scene("scenes-dcgan-ada", "C.6", "DCGAN with adaptive augmentation", "dcgan", batch=128, adaptive=0.6),
        _scene(
            "scenes-dcgan-style-loss",
            "C.6",
            "DCGAN with StyleGAN2's loss: R1 and path length",
            "layer norm dcgan",
            batch=64,
            penalty=0.1,
            penalty_every=16,
            path_length=2.0,
        ),
        _scene(
            "scenes-dcgan-wide",
            "C.6",
            "DCGAN of twice the width",
            "dcgan",
            batch=128,
            generator_settings={"width": 128},
            discriminator_settings={"width": 128},
        ),
        _fashion("fashion-mlp", "E.1", "three fully connected layers each, uniform latents", "mlp", prior="uniform", rate=2e-3),
        _fashion("fashion-dcgan", "E.2", "DCGAN on small grey pictures; larger with --set side=64", "dcgan"),
        _fashion("fashion-conditional", "E.3", "the same, any class on demand", "dcgan", conditional=True),
        _fashion("fashion-wgan", "E.4", "the same DCGAN as a Wasserstein GAN with clipped weights", "dcgan", **WGAN),
        _fashion(
            "clothing-conditional-128",
            "E.5",
            "conditional DCGAN in colour, 128 px, for a small set of clothes",
            "dcgan",
            conditional=True,
            side=128,
            channels=3,
            framing="letterbox",
            pictures=2_000 * 200,
        ),
        _fashion(
            "clothing-wgan-128",
            "E.5",
            "Wasserstein GAN in colour, 128 px, for a small set of clothes",
            "dcgan",
            side=128,
            channels=3,
            framing="letterbox",
            pictures=2_000 * 200,
            **WGAN,
        ),
    )
}
