import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engines.compute import Numerics
from engines.errors import Cancelled, StudioError
from engines.training.adversarial import AdversarialTask
from engines.training.dataset import PictureSet, load_pictures
from engines.training.presets import PRESETS
from engines.training.runs import Run
from engines.training.trainer import Plan, Task, Workers, train
from engines.translation.training import CYCLE_PRESETS, CycleTask

TINY = replace(
    PRESETS["garments-64"], widths=(16, 12, 8), start=6, latent_dim=8, view=64, discriminator_width=8, pixels=8, batch=6, coverage=0.0
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


def test_a_step_moves_both_sides_and_reports_finite_losses(pictures: PictureSet) -> None:
    task = gan(pictures)
    before = [tensor.clone() for tensor in flat(task.state())]
    losses = task.step(0)
    assert all(np.isfinite(value) for value in losses.values())
    moved = sum(not torch.equal(old, new) for old, new in zip(before, flat(task.state()), strict=False))
    assert moved > 30


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


def test_a_torn_last_line_of_the_metrics_is_passed_over(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.report({"step": 1})
    with run.metrics_file.open("a") as handle:
        handle.write('{"step": 2, "lo')
    assert run.metrics() == [{"step": 1}]


def test_a_second_process_is_kept_out_and_a_dead_lock_is_taken_over(tmp_path: Path) -> None:
    run = Run(tmp_path)
    with run.locked(), pytest.raises(StudioError, match="is training in"), run.locked():
        pass
    (tmp_path / "lock").write_text("999999999")
    with run.locked():
        assert json.loads((tmp_path / "lock").read_text()) > 0
    assert not (tmp_path / "lock").exists()
