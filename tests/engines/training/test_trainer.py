import json
import os
import threading
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engines.compute import Numerics
from engines.errors import Cancelled, StudioError
from engines.training.adversarial import AdversarialTask
from engines.training.dataset import PictureSet, load_pictures
from engines.training.presets import PRESETS, usual_settings
from engines.training.runs import Run
from engines.training.trainer import Plan, Task, Workers, train
from engines.training.warm_start import begin_from_run
from engines.translation.training import CYCLE_PRESETS, CycleTask

TINY = replace(
    PRESETS["garments-64"],
    widths=(16, 12, 8),
    start=6,
    latent_dim=8,
    view=64,
    discriminator_width=8,
    pixels=8,
    batch=6,
    coverage=0.0,
    memory=0,
)
TINY_CYCLE = replace(CYCLE_PRESETS["textures-128"], resolution=24, crop=24, width=8, blocks=1, critic_width=4, pool=3, steps=20)
FLOAT32 = Numerics()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> PictureSet:
    """30 noisy pictures of each of two classes."""
    folder = tmp_path_factory.mktemp("pictures")
    random = np.random.default_rng(0)
    for name, level in (("denim", 60), ("leather", 180)):
        (folder / name).mkdir()
        for index in range(30):
            pixels = np.clip(random.normal(level, 40, (24, 24, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{index}.png")
    return load_pictures(folder, 24, "centre square")


def gan(pictures: PictureSet) -> AdversarialTask:
    return AdversarialTask(TINY, pictures, 0, FLOAT32, Workers())


def covering(pictures: PictureSet) -> AdversarialTask:
    return AdversarialTask(replace(TINY, coverage=1.0), pictures, 0, FLOAT32, Workers())


def cycle(pictures: PictureSet) -> CycleTask:
    return CycleTask(TINY_CYCLE, pictures, 0, FLOAT32, Workers())


def flat(state: object) -> list[torch.Tensor]:
    if isinstance(state, torch.Tensor):
        return [state]
    children = state.values() if isinstance(state, dict) else state if isinstance(state, list | tuple) else []
    return [tensor for child in children for tensor in flat(child)]


@pytest.mark.parametrize("build", [gan, covering, cycle])
def test_stopping_and_resuming_gives_the_same_weights_to_the_bit(build, pictures: PictureSet, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    straight: Task = build(pictures)
    train(straight, Run(tmp_path / "straight"), Plan(6), Workers())
    first: Task = build(pictures)
    train(first, Run(tmp_path / "halves"), Plan(3), Workers())
    second: Task = build(pictures)
    assert train(second, Run(tmp_path / "halves"), Plan(6), Workers(), resume=True) == 6
    pairs = list(zip(flat(straight.state()), flat(second.state()), strict=True))
    assert len(pairs) > 50
    assert all(torch.equal(one, other) for one, other in pairs)


def test_pictures_of_mixed_styles_cannot_be_asked_of_one_latent(pictures: PictureSet) -> None:
    styled = replace(TINY, generator="stylegan2", side=24, coverage=1.0, generator_settings={"base": 64, "w_dim": 8})
    with pytest.raises(StudioError, match="mixing"):
        AdversarialTask(styled, pictures, 0, FLOAT32, Workers())


def test_what_is_compared_of_transparent_pictures_does_not_differ_by_a_ground_drawn_by_lot(pictures: PictureSet) -> None:
    pixels = np.concatenate([pictures.pixels, pictures.pixels[:, :1]], axis=1)
    task = AdversarialTask(replace(TINY, channels=4), replace(pictures, pixels=pixels), 0, FLOAT32, Workers())
    some = torch.rand(2, 4, 24, 24) * 2 - 1
    task.discriminator.eval()
    with torch.no_grad():
        assert all(torch.equal(one, other) for one, other in zip(task._see_alike(some), task._see_alike(some), strict=True))
        assert not torch.equal(task._see(some)[0], task._see(some)[0])


def test_other_frozen_features_begin_with_heads_of_their_own(pictures: PictureSet, tmp_path: Path) -> None:
    first, run = gan(pictures), Run(tmp_path / "first")
    run.begin({"preset": {"batch": TINY.batch}, "seed": 0, "classes": list(pictures.classes)}, resume=False)
    train(first, run, Plan(2), Workers())
    for seed, taken_over in ((0, True), (1, False)):
        other = AdversarialTask(TINY, pictures, seed, FLOAT32, Workers())
        other.begin(begin_from_run(run))
        heads = zip(flat(first.discriminator.heads.state_dict()), flat(other.discriminator.heads.state_dict()), strict=True)
        assert all(torch.equal(one, two) for one, two in heads) is taken_over
        drawing = zip(flat(first.generator.state_dict()), flat(other.generator.state_dict()), strict=True)
        assert all(torch.equal(one, two) for one, two in drawing)


def test_a_step_moves_both_sides_and_reports_finite_losses(pictures: PictureSet) -> None:
    task = gan(pictures)
    sides = ("generator", "discriminator", "average")
    before = {side: [tensor.clone() for tensor in flat(task.state()[side])] for side in sides}
    losses = task.step(0)
    assert all(np.isfinite(value) for value in losses.values())
    for side in sides:
        pairs = zip(before[side], flat(task.state()[side]), strict=True)
        assert sum(not torch.equal(old, new) for old, new in pairs) > len(before[side]) / 2, side


def test_cancelling_saves_what_was_reached(pictures: PictureSet, tmp_path: Path) -> None:
    def stop_at_two(done: int, total: int, message: str = "") -> None:
        if done == 2:
            raise Cancelled

    run = Run(tmp_path / "run")
    assert train(gan(pictures), run, Plan(50), Workers(), progress=stop_at_two) == 2
    assert run.checkpoint()["step"] == 2
    assert Image.open(run.folder / "samples" / "step-000002.png").size[0] > 30


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_last_save(pictures: PictureSet, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    train(gan(pictures), run, Plan(1), Workers())
    broken = gan(pictures)
    with torch.no_grad():
        broken.generator.to_picture.weight.fill_(float("nan"))
    with pytest.raises(StudioError, match="became nan at step 1"):
        train(broken, run, Plan(5), Workers())
    assert run.checkpoint()["step"] == 1


def test_a_resume_with_other_settings_shows_the_difference(tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    run.begin({"seed": 1, "batch": 8}, resume=False)
    run.begin({"seed": 1, "batch": 8}, resume=True)
    with pytest.raises(StudioError, match="batch was 8 and is now 16"):
        run.begin({"seed": 1, "batch": 16}, resume=True)
    with pytest.raises(StudioError, match="holds a run already"):
        run.begin({"seed": 1, "batch": 8}, resume=False)
    with pytest.raises(StudioError, match="has no checkpoint"):
        run.checkpoint()


def test_a_run_of_an_earlier_atelier_goes_on_with_settings_that_it_did_not_know(tmp_path: Path) -> None:
    run, usual = Run(tmp_path / "run"), usual_settings(TINY)
    now = json.loads(json.dumps({"seed": 1, "preset": asdict(TINY)}))
    earlier = {**now, "preset": {name: value for name, value in now["preset"].items() if name not in ("coverage", "label_noise")}}
    earlier["preset"]["summary"] = "said otherwise then"
    run.begin(earlier, resume=False)
    run.begin(now, resume=True, usual=usual)
    with pytest.raises(StudioError, match=r"coverage was 0.0 and is now 2.0"):
        run.begin({**now, "preset": {**now["preset"], "coverage": 2.0}}, resume=True, usual=usual)


def test_weights_that_are_no_numbers_are_not_saved(pictures: PictureSet, tmp_path: Path) -> None:
    run, task = Run(tmp_path / "run"), gan(pictures)
    train(task, run, Plan(1), Workers())

    class Broken(AdversarialTask):
        def step(self, step: int) -> dict[str, float]:
            losses = super().step(step)
            if step == 2:
                self.generator.to_picture.bias.data.fill_(float("inf"))
            return losses

    broken = Broken(TINY, pictures, 0, FLOAT32, Workers())
    with pytest.raises(StudioError, match="a weight became infinite or NaN at step 3: begin again with a lower rate"):
        train(broken, run, Plan(5, save_every=1), Workers(), resume=True)
    assert run.checkpoint()["step"] == 2
    assert "a weight became" in run.status()["notice"]
    assert (run.status()["state"], run.status()["step"]) == ("diverged", 3)


def test_only_one_of_many_that_begin_at_once_trains(tmp_path: Path) -> None:
    came, turned_away, start = [], [], threading.Barrier(8)

    def begin() -> None:
        start.wait()
        try:
            with Run(tmp_path).locked():
                came.append(1)
                start.wait()
        except StudioError as error:
            turned_away.append(str(error))
            start.wait()

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(came) == 1
    assert all("is training in" in sentence for sentence in turned_away)
    assert len(turned_away) == 7


def test_one_class_can_be_trained_as_such(pictures: PictureSet) -> None:
    one = replace(pictures, labels=np.zeros_like(pictures.labels), classes=("denim",))
    assert np.isfinite(gan(one).step(0)["discriminator"])


def test_a_second_process_is_kept_out_and_a_dead_lock_is_taken_over(tmp_path: Path) -> None:
    run = Run(tmp_path)
    with run.locked(), pytest.raises(StudioError, match="is training in"), run.locked():
        pass
    (tmp_path / "lock").write_text("999999999")
    with run.locked():
        assert run.owner() == os.getpid()
    assert not (tmp_path / "lock").exists()
