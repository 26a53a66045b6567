from dataclasses import replace

import numpy as np
import pytest
import torch

from engines.compute import Numerics
from engines.errors import StudioError
from engines.training.dataset import PictureSet
from engines.training.trainer import Workers
from engines.training.warm_start import Beginning
from engines.translation.crops import GarmentCrops
from engines.translation.presets import CYCLE_PRESETS, CyclePreset
from engines.translation.training import CycleTask, PicturePool
from tests.engines.evaluation.test_materials import wardrobe

TINY = replace(
    CYCLE_PRESETS["textures-128"], resolution=128, crop=32, width=4, blocks=1, halvings=4, growth=4, critic_width=4, projected=0.0, steps=20
)


@pytest.fixture(scope="module")
def garments() -> PictureSet:
    pixels, labels = wardrobe(16)
    return PictureSet(pixels, labels, ("denim", "leather"), np.arange(16) >= 12, (), "")


def task(preset: CyclePreset, garments: PictureSet) -> CycleTask:
    return CycleTask(preset, garments, 0, Numerics(), Workers())


@pytest.mark.parametrize(
    "changes",
    [
        {"generator": "u-net translator"},
        {"generator": "dense translator"},
        {"generator": "bottleneck translator"},
        {"norm": "batch", "sampling": "transposed", "critic": "convolutions", "critic_layers": 5, "objective": "cross-entropy"},
        {"critic": "convolutions", "critic_layers": 4, "critic_dense": True, "noise": 0.02, "masked": True},
        {"focus": 0.0, "keep": 0.0, "rotation": 15.0, "sides": (64, 64), "clip": 5.0, "half_life": 0.0, "cycle_left": 0.5},
    ],
    ids=str,
)
def test_every_kind_of_network_and_loss_takes_steps(changes: dict[str, object], garments: PictureSet) -> None:
    running = task(replace(TINY, **changes), garments)  # type: ignore[arg-type]
    before = [weight.clone() for weight in running.translators[0].parameters()]
    for step in range(2):
        losses = running.step(step)
        assert {"total", "cycle", "generator", "critic"} <= set(losses)
        assert all(np.isfinite(value) for value in losses.values())
    assert any((old - new).abs().max() > 0 for old, new in zip(before, running.translators[0].parameters(), strict=True))
    again = task(running.preset, garments)
    assert running.snapshot().tobytes() != again.snapshot().tobytes()
    again.load(running.state())
    assert running.snapshot().tobytes() == again.snapshot().tobytes()


def test_processes_share_each_batch(garments: PictureSet) -> None:
    whole = GarmentCrops(TINY, garments, 0)(1, 5)
    parts = [GarmentCrops(TINY, garments, 0, process, 2)(1, 5) for process in range(2)]
    for one, other, both in zip(*parts, whole, strict=True):
        assert torch.equal(torch.cat([one, other]), both)


def test_critics_that_judge_by_frozen_features_go_on_where_they_are_the_same(garments: PictureSet) -> None:
    preset = replace(TINY, projected=0.5, crop=64)
    earlier = task(preset, garments)
    earlier.step(0)
    for seed, taken_over in ((0, True), (1, False)):
        later = CycleTask(preset, garments, seed, Numerics(), Workers())
        later.begin(Beginning("earlier", "", earlier.state(), (), 2, 0))
        pairs = zip(earlier.projected[0].heads.parameters(), later.projected[0].heads.parameters(), strict=True)
        assert all(torch.equal(one, other) for one, other in pairs) is taken_over


def test_a_pool_gives_back_what_it_was_given_and_keeps_no_batch_for_a_picture() -> None:
    batch = torch.rand(4, 3, 8, 8)
    assert PicturePool(0).exchange(batch) is batch
    pool = PicturePool(8)
    assert torch.equal(pool.exchange(batch), batch)
    assert all(one.untyped_storage().nbytes() == one.numel() * 4 for one in pool.pictures)


def test_pictures_that_no_swap_can_learn_from_are_refused(garments: PictureSet) -> None:
    with pytest.raises(StudioError, match="learns from colour pictures, got 1 channels"):
        task(TINY, replace(garments, pixels=garments.pixels[:, :1]))
    with pytest.raises(StudioError, match="leaves no picture of leather for training"):
        task(TINY, replace(garments, held_out=garments.labels == 1))
    for changes, sentence in (
        ({"pool": -1}, "pool must be 0 or more"),
        ({"crop": 200}, "crop must be from 1 to 128"),
        ({"batch": 0}, "batch"),
    ):
        with pytest.raises(StudioError, match=sentence):
            task(replace(TINY, **changes), garments)  # type: ignore[arg-type]


def test_the_total_is_the_sum_of_its_parts_at_their_weights(garments: PictureSet) -> None:
    preset = replace(TINY, cycle=7.0, identity=2.0, keep=3.0)
    losses = task(preset, garments).step(0)
    expected = losses["generator"] + 7 * losses["cycle"] + 2 * losses["identity"] + 3 * losses["outside"]
    assert losses["total"] == pytest.approx(expected, rel=1e-5)


def test_a_masked_preset_shows_critics_the_originals_ground(garments: PictureSet) -> None:
    running = task(replace(TINY, masked=True, focus=0.0, sides=(128, 128), crop=128), garments)
    real, outside = running.crops(0, 0)
    laid = running._laid_on(real, torch.zeros_like(real), outside)
    ground, garment = (outside == 1).expand_as(real), (outside == 0).expand_as(real)
    assert torch.equal(laid[ground], real[ground])
    assert laid[garment].abs().max() == 0
    assert ground.float().mean() > 0.3


def test_gradients_are_clipped_before_the_step(garments: PictureSet) -> None:
    running = task(replace(TINY, clip=1e-3), garments)
    running.step(0)
    for optimiser in (running.translator_optimiser, running.critic_optimiser):
        gradients = [weight.grad for group in optimiser.param_groups for weight in group["params"] if weight.grad is not None]
        assert torch.stack([gradient.norm() for gradient in gradients]).norm() <= 1.001e-3


def test_without_a_half_life_the_published_weights_are_the_trained_ones(garments: PictureSet) -> None:
    running = task(replace(TINY, half_life=0.0, norm="batch"), garments)
    running.step(0)
    for average, network in zip(running.averages, running.translators, strict=True):
        for name, value in average.module.state_dict().items():
            assert torch.equal(value, network.state_dict()[name]), name


def test_crops_are_the_same_for_the_same_seed_and_step(garments: PictureSet) -> None:
    preset = replace(TINY, rotation=10.0)
    first, second = (task(preset, garments).crops(1, 5) for _ in range(2))
    assert all(torch.equal(one, other) for one, other in zip(first, second, strict=True))
    assert first[0].shape == (2, 3, 32, 32)
    assert not torch.equal(first[0], task(preset, garments).crops(1, 6)[0])


def test_a_focus_puts_squares_on_the_garment(garments: PictureSet) -> None:
    shares = []
    for focus in (0.0, 1.0):
        running = task(replace(TINY, focus=focus, sides=(32, 40)), garments)
        shares.append(float(np.mean([running.crops(0, step)[1].mean() for step in range(20)])))
    anywhere, focused = shares
    assert focused < 0.3 < anywhere
