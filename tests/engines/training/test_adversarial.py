"""One task trains whatever a preset combines."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from engines.compute import Numerics
from engines.errors import StudioError
from engines.networks.drawing import to_prior
from engines.training.adversarial import AdversarialTask
from engines.training.dataset import PictureSet
from engines.training.judging import HELD_OUT, TRAINING
from engines.training.presets import AdversarialPreset
from engines.training.systems import SYSTEMS
from engines.training.trainer import Workers

BATCH = 4
TINY: dict[str, dict[str, Any]] = {
    "mlp": {"hidden": (8, 8)},
    "dcgan": {"width": 8},
    "wasserstein": {"width": 4},
    "resnet": {"width": 8},
    "bidirectional": {"width": 4, "latent_dim": 8},
    "convolutional": {"width": 4, "latent_dim": 8},
    "lightweight-gan": {"base": 64, "heads": 1},
    "stylegan2": {"base": 64},
}
SIDES = {"resnet": 64, "lightweight-gan": 32, "mlp": 8}


def pictures(side: int, channels: int = 3, classes: int = 2) -> PictureSet:
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (40, channels, side, side)).astype(np.uint8)
    names = tuple("abcdefgh"[:classes])
    return PictureSet(pixels, (np.arange(40) % classes).astype(np.int64), names, np.arange(40) % 10 == 0, (), "drawn by lot")


def tiny(preset: AdversarialPreset, **settings: Any) -> AdversarialPreset:
    """A preset with all that it combines, and a few thousand weights."""
    side = 32 if preset.generator_settings.get("attention") and preset.generator == "dcgan" else SIDES.get(preset.generator, 16)
    drawing = {**preset.generator_settings, **TINY[preset.generator]} | ({"w_dim": 8} if preset.generator == "stylegan2" else {})
    attention = {"attention": (4,)} if preset.discriminator == "dcgan" and preset.discriminator_settings.get("attention") else {}
    small: dict[str, Any] = {
        "side": side,
        "latent_dim": 8,
        "batch": BATCH,
        "pictures": 40,
        "generator_settings": drawing | ({"attention": (16,)} if attention else {}),
        "discriminator_settings": {**preset.discriminator_settings, **TINY[preset.discriminator], **attention},
        "encoder_settings": TINY["convolutional"] if preset.encoder else {},
    }
    return replace(preset, **(small | settings))


def task(preset: AdversarialPreset, seed: int = 0) -> AdversarialTask:
    return AdversarialTask(preset, pictures(preset.resolution, preset.channels), seed, Numerics(), Workers())


def take(trained: AdversarialTask, steps: range) -> dict[str, float]:
    for step in steps:
        torch.manual_seed(step)
        losses = trained.step(step)
        assert all(math.isfinite(value) for value in losses.values())
    return losses


def weights(network: torch.nn.Module) -> torch.Tensor:
    return torch.cat([value.detach().flatten() for value in network.parameters()])


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_system_trains(name: str) -> None:
    trained = task(tiny(SYSTEMS[name]))
    before = weights(trained.generator).clone()
    take(trained, range(1))
    assert not torch.equal(weights(trained.generator), before)


@pytest.mark.parametrize("name", ["scenes-stylegan2-ada", "cars-logan-bidirectional", "fashion-wgan"])
def test_training_goes_on_from_a_checkpoint_to_the_bit(name: str) -> None:
    preset = tiny(SYSTEMS[name])
    straight, resumed = task(preset), task(preset)
    take(straight, range(2))
    resumed.load(_copied(straight.state()))
    assert take(straight, range(2, 4)) == take(resumed, range(2, 4))
    assert torch.equal(weights(straight.generator), weights(resumed.generator))


def _copied(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.clone()
    if isinstance(value, dict):
        return {key: _copied(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_copied(entry) for entry in value)
    return value


DCGAN = tiny(SYSTEMS["cars-dcgan"])


def test_the_critic_takes_its_steps_on_pictures_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    trained = task(replace(DCGAN, critic_steps=3))
    asked: list[int] = []
    batches = trained.batches
    trained.batches = lambda step, *rest: asked.append(step) or batches(step, *rest)  # type: ignore[assignment, func-returns-value]
    take(trained, range(2))
    assert asked == [0, 1, 2, 3, 4, 5]
    assert trained.discriminator_optimiser.state[trained._judging_weights[0]]["step"] == 6
    assert next(iter(trained.generator_optimiser.state.values()))["step"] == 2


def test_a_critic_below_its_floor_stays_as_it_is() -> None:
    trained = task(replace(DCGAN, critic_floor=1e6))
    judge, generator = weights(trained.discriminator).clone(), weights(trained.generator).clone()
    take(trained, range(1))
    assert torch.equal(weights(trained.discriminator), judge)
    assert not torch.equal(weights(trained.generator), generator)


def test_clipped_weights_of_the_critic_stay_in_their_box_and_the_generators_do_not() -> None:
    trained = task(replace(DCGAN, objective="wasserstein", weight_limit=0.01, optimiser="rmsprop"))
    take(trained, range(1))
    assert weights(trained.discriminator).abs().max() <= 0.01
    assert weights(trained.generator).abs().max() > 0.01


def test_gradients_are_shortened_before_the_step_not_after() -> None:
    free, held = (
        task(replace(DCGAN, optimiser="sgd", betas=(0.0, 0.9), decay=0.0, rate=1.0, gradient_limit=limit)) for limit in (0.0, 1e-3)
    )
    moves = []
    for trained in (free, held):
        before = weights(trained.generator).clone(), weights(trained.discriminator).clone()
        take(trained, range(1))
        moves.append(
            [
                (weights(network) - start).norm().item()
                for network, start in zip((trained.generator, trained.discriminator), before, strict=True)
            ]
        )
    assert moves[0][1] > 1e-3
    assert moves[1] == pytest.approx([1e-3, 1e-3], rel=1e-2)


def test_separate_rates_move_each_side_at_its_own() -> None:
    trained = task(replace(DCGAN, rate=1e-3, discriminator_rate=4e-3, schedule="linear", pictures=16))
    take(trained, range(2))
    assert trained.generator_optimiser.param_groups[0]["lr"] == pytest.approx(0.75e-3)
    assert trained.discriminator_optimiser.param_groups[0]["lr"] == pytest.approx(3e-3)


def test_lazy_penalties_come_every_so_many_steps_and_count_as_often() -> None:
    every, lazy = (task(tiny(SYSTEMS["scenes-stylegan2"], penalty=1.0, penalty_every=number, path_length=0.0)) for number in (1, 3))
    plain = task(tiny(SYSTEMS["scenes-stylegan2"], penalty=0.0, path_length=0.0))
    first = [take(trained, range(1))["discriminator"] for trained in (plain, every, lazy)]
    assert first[2] - first[0] == pytest.approx(3 * (first[1] - first[0]), rel=1e-3)
    assert first[1] > first[0]


def test_adaptive_augmentation_begins_with_none_and_moves_with_the_critics_sureness() -> None:
    trained = task(tiny(SYSTEMS["scenes-dcgan-ada"], adaptive=-2.0, adaptive_pace=32.0))  # never sure too little: it only rises
    assert take(trained, range(3))["augmentation"] == 0.0
    assert take(trained, range(3, 4))["augmentation"] == pytest.approx(4 * BATCH / 32)
    assert trained.state()["augmentation"]["probability"] == pytest.approx(0.5)


def test_an_encoder_learns_with_the_generator_and_gives_latents_of_the_prior() -> None:
    trained = task(tiny(SYSTEMS["cars-logan-bidirectional"]))
    before = weights(trained.encoder).clone()
    losses = take(trained, range(1))
    assert losses["recall"] > 0
    assert not torch.equal(weights(trained.encoder), before)
    assert trained.encoder(torch.randn(2, 3, 16, 16)).abs().max() <= 1
    assert to_prior(torch.randn(9), "uniform").abs().max() <= 1


def test_moved_latents_are_what_both_sides_learn_from() -> None:
    preset = tiny(SYSTEMS["cars-logan"], rate=0.0, decay=0.0, latent_alpha=0.05)
    plain, moved = task(replace(preset, latent_step="")), task(preset)
    assert take(moved, range(1))["fake score"] > take(plain, range(1))["fake score"]


@pytest.mark.parametrize(
    ("name", "objective"),
    [("cars-dcgan", "hinge"), ("fashion-mlp", "relativistic"), ("scenes-stylegan2", "least squares"), ("cityscape-run-1", "hinge")],
)
def test_objectives_penalties_and_augmentations_combine_freely(name: str, objective: str) -> None:
    settings: dict[str, Any] = {"objective": objective, "penalty": 0.1, "fake_penalty": 0.1, "adaptive": 0.6, "label_noise": 0.1}
    settings |= {"policy": ("colour", "translation", "cutout"), "schedule": "cosine", "orthogonal": 1e-4, "gradient_limit": 1.0}
    settings |= {"prior": "uniform", "path_length": 0.5, "conditional": True, "mismatch": 0.25, "spread": 0.5, "latent_step": "natural"}
    take(task(tiny(SYSTEMS[name], **settings)), range(1))


@pytest.mark.parametrize("name", ["scenes-dcgan", "scenes-stylegan2-ada", "cityscape-run-1", "clothing-conditional-128"])
def test_asking_the_critic_about_training_and_held_out_pictures_changes_nothing(name: str) -> None:
    preset = tiny(SYSTEMS[name])
    straight, asked = task(preset), task(preset)
    take(straight, range(2))
    take(asked, range(2))
    found = asked.opinions()
    assert list(found) == [TRAINING, HELD_OUT]
    assert all(math.isfinite(value) for value in found.values())
    assert take(straight, range(2, 4)) == take(asked, range(2, 4))
    assert torch.equal(weights(straight.discriminator), weights(asked.discriminator))


def test_alpha_is_trained_and_shown() -> None:
    trained = task(tiny(SYSTEMS["cityscape-run-2"], channels=4))
    take(trained, range(1))
    assert trained.snapshot().mode == "RGB"


def test_what_cannot_be_combined_is_refused_in_a_sentence() -> None:
    for settings, sentence in (
        ({"generator": "no such"}, "there is no network 'no such'"),
        ({"objective": "no such"}, "objective 'no such' is unknown"),
        ({"optimiser": "newton"}, "optimiser must be"),
        ({"initialise": "newton"}, "initialise must be"),
        ({"prior": "poisson"}, "prior must be"),
        ({"latent_step": "newton"}, "kind must be"),
        ({"side": 17}, "resolution must be"),
        ({"generator_settings": {"nothing": 1}}, "nothing"),
    ):
        with pytest.raises(StudioError, match=sentence):
            task(replace(DCGAN, **settings))
