from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch

from engines.compute import Numerics
from engines.errors import StudioError
from engines.training.dataset import PictureSet
from engines.training.trainer import Workers
from engines.training.upscaling import UPSCALE_PRESETS, Lessons, UpscalePreset, UpscaleTask, blurred, spoilt

TINY = replace(
    UPSCALE_PRESETS["upscale-4"],
    resolution=48,
    crop=32,
    width=6,
    tail=4,
    blocks=1,
    critic_width=4,
    features=0.0,
    batch=2,
    steps=10,
    adversarial_from=0.0,
)


@pytest.fixture(scope="module")
def checks() -> PictureSet:
    """Squares of two colours, whose edges a resampling cannot bring back."""
    random = np.random.default_rng(0)
    tiles = random.integers(0, 2, (12, 3, 4, 4)) * 200 + 20
    pixels = tiles.repeat(12, axis=2).repeat(12, axis=3).astype(np.uint8)
    return PictureSet(pixels, np.zeros(12, np.int64), ("checks",), np.arange(12) >= 8, (), "")


def task(preset: UpscalePreset, pictures: PictureSet) -> UpscaleTask:
    return UpscaleTask(preset, pictures, 0, Numerics(), Workers())


def test_a_lesson_is_a_square_and_the_same_four_times_smaller(checks: PictureSet) -> None:
    preset = replace(TINY, blur=0.0, noise=0.0, jpeg=0.0)
    large, small = Lessons(preset, checks, 0)(3)
    assert large.shape == (2, 3, 32, 32)
    assert small.shape == (2, 3, 8, 8)
    assert torch.allclose(small, torch.nn.functional.avg_pool2d(large, 4), atol=1e-6)
    assert all(torch.equal(*pair) for pair in zip(Lessons(preset, checks, 0)(3), (large, small), strict=True))
    assert not torch.equal(Lessons(preset, checks, 1)(3)[0], large)


@pytest.mark.parametrize("spoil", [{"blur": 4.0}, {"noise": 0.2}, {"jpeg": 1.0}], ids=str)
def test_each_way_of_spoiling_spoils(checks: PictureSet, spoil: dict[str, float]) -> None:
    preset = replace(TINY, **({"blur": 0.0, "noise": 0.0, "jpeg": 0.0} | spoil))
    large = checks.tensor(np.arange(8))[:, :, :32, :32]
    small = spoilt(large, preset, np.random.default_rng(0))
    assert (small - torch.nn.functional.avg_pool2d(large, 4)).abs().max() > 0.02
    assert small.abs().max() <= 1


def test_a_blur_keeps_a_flat_picture_and_spreads_a_dot_by_its_deviation() -> None:
    assert torch.allclose(blurred(torch.full((1, 3, 20, 20), 0.3), 2.0), torch.full((1, 3, 20, 20), 0.3), atol=1e-6)
    dot = torch.zeros(1, 1, 41, 41)
    dot[..., 20, 20] = 1
    spread = blurred(dot, 2.0)[0, 0].sum(dim=0)
    places = torch.arange(41.0) - 20
    assert float((spread * places.square()).sum().sqrt()) == pytest.approx(2.0, rel=0.03)


@pytest.mark.parametrize("adversarial", [0.0, 0.2])
def test_steps_change_the_network_and_a_state_brings_all_back(checks: PictureSet, adversarial: float) -> None:
    running = task(replace(TINY, adversarial=adversarial), checks)
    for step in range(2):
        losses = running.step(step)
    assert ("critic" in losses) == bool(adversarial)
    again = task(running.preset, checks)
    assert running.snapshot().tobytes() != again.snapshot().tobytes()
    again.load(deepcopy(running.state()))
    assert running.step(2) == again.step(2)
    assert all(torch.equal(a, b) for a, b in zip(running.network.parameters(), again.network.parameters(), strict=True))
    assert running.snapshot().tobytes() == again.snapshot().tobytes()


def test_processes_share_each_lesson(checks: PictureSet) -> None:
    lessons = Lessons(TINY, checks, 0)
    parts = [lessons(3, process, 2) for process in range(2)]
    for one, other, both in zip(*parts, lessons(3), strict=True):
        assert torch.equal(torch.cat([one, other]), both)


@pytest.mark.parametrize("changes", [{"crop": 126}, {"crop": 300}, {"crop": 0}, {"batch": 0}, {"steps": 0}], ids=str)
def test_impossible_settings_are_refused_by_name(checks: PictureSet, changes: dict[str, int]) -> None:
    with pytest.raises(StudioError, match=f"{next(iter(changes))} must be"):
        task(replace(TINY, **changes), checks)  # type: ignore[arg-type]


def test_it_learns_the_edges_that_a_resampling_blurs(checks: PictureSet) -> None:
    settings = {
        "adversarial": 0.0,
        "blur": 0.0,
        "noise": 0.0,
        "jpeg": 0.0,
        "width": 12,
        "tail": 8,
        "rate": 6e-3,
        "half_life": 10,
        "batch": 4,
    }
    running = task(replace(TINY, steps=700, **settings), checks)  # type: ignore[arg-type]
    before = running.judge()
    for step in range(700):
        running.step(step)
    after = running.judge()
    assert before is not None
    assert after is not None
    assert after.figures["PSNR"] > before.figures["PSNR"] + 1.5


def test_grey_pictures_are_refused(checks: PictureSet) -> None:
    grey = replace(checks, pixels=checks.pixels[:, :1])
    with pytest.raises(StudioError, match="colour"):
        task(TINY, grey)
