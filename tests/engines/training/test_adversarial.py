"""One task trains whatever a preset combines."""

import math
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from engines import compute, imaging
from engines.compute import Numerics
from engines.errors import StudioError
from engines.networks.drawing import WholeDiscriminator, to_prior
from engines.networks.registry import NETWORKS
from engines.training import regularisers
from engines.training.adversarial import SNAPSHOT_COLUMNS, AdversarialTask
from engines.training.augment import AUGMENTATIONS
from engines.training.dataset import PictureSet
from engines.training.judging import HELD_OUT, TRAINING
from engines.training.presets import AdversarialPreset, generator_settings
from engines.training.systems import SYSTEMS
from engines.training.trainer import Workers
from engines.training.warm_start import Beginning

BATCH = 4
TINY: dict[str, dict[str, Any]] = {
    "mlp": {"hidden": (8, 8)},
    "dcgan": {"width": 8},
    "wasserstein": {"width": 4},
    "resnet": {"width": 8},
    "bidirectional": {"width": 4},
    "convolutional": {"width": 4},
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
    attends = {"dcgan": ((16,), (4,)), "lightweight-gan": ((16,), (16,))} if preset.discriminator_settings.get("attention") else {}
    rising, falling = ({"attention": sizes} if sizes else {} for sizes in attends.get(preset.discriminator, ((), ())))
    small: dict[str, Any] = {
        "side": side,
        "latent_dim": 8,
        "batch": BATCH,
        "pictures": 40,
        "generator_settings": drawing | rising,
        "discriminator_settings": {**preset.discriminator_settings, **TINY[preset.discriminator], **falling},
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
        ({"generator_settings": {"width": 8, "attention": (33,)}}, "no map of 33 pixels for attention: there are maps of 8"),
        ({"discriminator_settings": {"width": 8, "attention": (16,)}}, "no map of 16 pixels for attention: there are maps of 4, 8"),
        ({"batch": 0}, "batch must be 1 or more, got 0"),
        ({"critic_steps": 0}, "critic_steps must be 1 or more"),
        ({"penalty_every": 0}, "penalty_every must be 1 or more"),
        ({"policy": ("color",)}, "policy 'color' is unknown: choose of colour"),
        ({"adaptive_groups": ("color",)}, "adaptive_groups 'color' is unknown"),
        ({"reconstruction": 1.0}, "needs a discriminator that can draw"),
        ({"discriminator": "bidirectional"}, "lacks an encoder"),
        ({"encoder": "convolutional"}, "lacks a bidirectional discriminator"),
    ):
        with pytest.raises(StudioError, match=sentence):
            task(replace(DCGAN, **settings))


STYLED = tiny(SYSTEMS["scenes-stylegan2"])


@pytest.mark.parametrize("conditional", [False, True])
@pytest.mark.parametrize("plain", [DCGAN, STYLED], ids=["dcgan", "stylegan2"])
def test_what_is_shown_is_drawn_by_what_is_judged_and_published(plain: AdversarialPreset, conditional: bool) -> None:
    """Classes matter a little only: half of the pictures have been seen until which they are to matter fully."""
    preset = replace(plain, conditional=conditional, transition=(0, 6 * BATCH), rate=0.02)
    trained = task(preset)
    take(trained, range(4))
    published = NETWORKS[preset.generator](**generator_settings(asdict(preset), len(trained.classes))).eval()
    published.load_state_dict(trained.candidate()["average"])
    shown = np.asarray(trained.snapshot())
    assert np.abs(shown.astype(int) - np.asarray(_sheet(trained, published)).astype(int)).max() <= 1
    changed = _sheet(trained, trained.average.module)
    if conditional:
        assert trained.state()["emphasis"] == 0.5
        trained.average.module.emphasis = 1.0
        changed = _sheet(trained, trained.average.module)
    if conditional or preset.generator == "dcgan":  # without norms and classes nothing is left to settle
        assert np.abs(shown.astype(int) - np.asarray(changed).astype(int)).max() > 1
    take(trained, range(4, 5))
    assert not np.array_equal(shown, np.asarray(trained.snapshot()))


def _sheet(trained: AdversarialTask, generator: Any) -> Image.Image:
    """What a generator draws of the latents of a snapshot."""
    columns = len(trained.classes) or SNAPSHOT_COLUMNS
    classes = torch.arange(6 * columns) % columns if trained.classes else None
    with torch.no_grad():
        drawn = trained._draw(generator, compute.random_generator(0, 7), 6 * columns, classes)
    return imaging.sheet(imaging.to_pictures(drawn), columns)


@pytest.mark.parametrize("prior_of", ["real", "drawn"])
def test_slopes_are_those_by_the_picture_before_augmentation(prior_of: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Augmentation that halves every picture halves the slope by the picture, and its square counts a quarter."""
    settings: dict[str, Any] = {"penalty": 1.0} if prior_of == "real" else {"fake_penalty": 1.0}
    penalties: list[float] = []
    true_penalty = regularisers.zero_centred_penalty

    def noted(score: torch.Tensor, by: torch.Tensor) -> torch.Tensor:
        penalties.append(true_penalty(score, by).item())
        return true_penalty(score, by)

    monkeypatch.setattr(regularisers, "zero_centred_penalty", noted)
    monkeypatch.setattr("engines.training.adversarial.DISCRIMINATORS", {"linear": _Linear})
    for share in (1.0, 0.5):
        monkeypatch.setitem(AUGMENTATIONS, "colour", partial(torch.mul, share))
        plain = replace(DCGAN, discriminator="linear", discriminator_settings={}, policy=("colour",), **settings)
        take(task(plain), range(1))
    assert penalties[1] == pytest.approx(penalties[0] / 4, rel=1e-5)


class _Linear(WholeDiscriminator):
    """A critic whose slope is the same everywhere."""

    def __init__(self, resolution: int, channels: int, classes: int) -> None:
        super().__init__(_Sum(resolution, channels))


class _Sum(torch.nn.Module):
    def __init__(self, resolution: int, channels: int) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(channels, resolution, resolution))

    def forward(self, pictures: torch.Tensor, classes: torch.Tensor | None) -> torch.Tensor:
        return (pictures * self.weight).flatten(1).sum(1, keepdim=True)


def test_gradient_penalties_go_through_adaptive_augmentation() -> None:
    trained = task(tiny(SYSTEMS["scenes-stylegan2-ada"]))
    trained.adaptation.probability = 1.0
    take(trained, range(1))


@pytest.mark.parametrize(("objective", "unsure"), [("hinge", 0.0), ("least squares", 0.5)])
def test_adaptive_augmentation_asks_on_which_side_of_the_boundary_real_pictures_are(objective: str, unsure: float) -> None:
    for score, sureness in ((unsure - 0.1, -1.0), (unsure + 0.1, 1.0)):
        trained = task(replace(DCGAN, objective=objective, adaptive=0.6))
        trained._judge = lambda seen, *_, score=score: torch.full((len(seen[0]), 1), score, requires_grad=True)  # type: ignore[method-assign]
        trained._teach_discriminator(0, trained._draw_and_look(0, last=False), 1.0)
        assert trained.adaptation.signs == sureness


def test_where_scores_have_no_boundary_real_pictures_are_set_beside_drawn_ones() -> None:
    trained = task(replace(DCGAN, objective="wasserstein", adaptive=0.6))
    scores = iter((5.0, 7.0))
    trained._judge = lambda seen, *_: torch.full((len(seen[0]), 1), next(scores), requires_grad=True)  # type: ignore[method-assign]
    trained._teach_discriminator(0, trained._draw_and_look(0, last=False), 1.0)
    assert trained.adaptation.signs == -1.0


def test_the_path_length_is_in_every_report() -> None:
    trained = task(tiny(SYSTEMS["scenes-stylegan2"]))
    assert "path length" in take(trained, range(1))
    assert "path length" in take(trained, range(1, 2))


def test_a_bidirectional_pair_has_latents_as_long_as_asked_for() -> None:
    trained = task(tiny(SYSTEMS["cars-logan-bidirectional"], latent_dim=12))
    take(trained, range(1))


def test_an_encoder_begins_from_the_earlier_run_too() -> None:
    preset = tiny(SYSTEMS["cars-logan-bidirectional"])
    earlier, later = task(preset, seed=1), task(preset, seed=2)
    assert not torch.equal(weights(earlier.encoder), weights(later.encoder))
    later.begin(Beginning("earlier", "", earlier.state(), (), 400))
    assert torch.equal(weights(earlier.encoder), weights(later.encoder))


def test_a_discriminator_that_knows_nothing_learns_alone_first() -> None:
    preset = replace(DCGAN, head_start=2 * BATCH + 1)
    earlier, later, resumed = task(preset, seed=1), task(preset, seed=2), task(preset, seed=2)
    take(earlier, range(1))
    later.begin(Beginning("model", "", {name: earlier.state()[name] for name in ("generator", "average")}, (), 400, None, "model"))
    drawing, averaged, judging = (weights(part).clone() for part in (later.generator, later.average.module, later.discriminator))
    assert "generator" not in take(later, range(1))
    resumed.load(_copied(later.state()))
    assert "generator" not in take(later, range(1, 2))
    assert not torch.equal(weights(later.discriminator), judging)
    assert torch.equal(weights(later.generator), drawing)
    assert torch.equal(weights(later.average.module), averaged)
    assert "generator" in take(later, range(2, 3))
    assert not torch.equal(weights(later.generator), drawing)
    take(resumed, range(1, 3))
    assert torch.equal(weights(resumed.generator), weights(later.generator))


def test_a_discriminator_that_is_brought_along_and_a_new_pair_need_no_head_start() -> None:
    preset = replace(DCGAN, head_start=2 * BATCH)
    earlier, later = task(preset, seed=1), task(preset, seed=2)
    assert "generator" in take(earlier, range(1))
    later.begin(Beginning("earlier", "", earlier.state(), (), 400))
    assert "generator" in take(later, range(1))


def test_a_run_without_classes_is_judged_without_them() -> None:
    plain = replace(DCGAN, conditional=False)
    many = pictures(plain.resolution)
    held = replace(many, held_out=np.arange(40) % 2 == 0)
    verdict = AdversarialTask(plain, held, 0, Numerics(), Workers()).judge()
    assert verdict is not None
    assert "variety" in verdict.figures
    assert not [name for name in verdict.figures if name.startswith("variety of")]


@pytest.mark.parametrize("spectral", [False, True])
def test_weights_are_initialised_whatever_normalises_them(spectral: bool) -> None:
    settings = {"width": 8, "spectral": spectral}
    trained = task(replace(DCGAN, initialise="orthogonal", generator_settings=settings, discriminator_settings=settings))
    for network in (trained.generator, trained.discriminator):
        layer = next(layer for layer in network.modules() if isinstance(layer, torch.nn.Conv2d | torch.nn.ConvTranspose2d))
        rows = layer.get_parameter("parametrizations.weight.original" if spectral else "weight").detach().flatten(1)
        short = rows if len(rows) <= rows.shape[1] else rows.t()
        assert torch.allclose(short @ short.t(), torch.eye(len(short)), atol=1e-4)


def test_networks_with_weights_of_their_own_kind_are_not_said_to_be_initialised() -> None:
    with pytest.raises(StudioError, match="weights of a kind of its own, not initialised 'orthogonal'"):
        task(tiny(SYSTEMS["scenes-stylegan2"], initialise="orthogonal"))


@pytest.mark.parametrize("conditional", [False, True])
@pytest.mark.parametrize(("coverage", "told"), [(0.0, {"crowding"}), (1.0, {"crowding", "coverage distance"})])
def test_drawn_pictures_can_be_asked_to_keep_their_distance(conditional: bool, coverage: float, told: set[str]) -> None:
    asked = replace(DCGAN, conditional=conditional, spacing=1.0, coverage=coverage, batch=8)
    trained, resumed = task(asked), task(asked)
    losses = take(trained, range(1))
    assert told == {name for name in losses if name in ("crowding", "coverage distance")}
    assert 0 <= losses["crowding"] <= 1
    resumed.load(_copied(trained.state()))
    assert take(trained, range(1, 2)) == take(resumed, range(1, 2))
