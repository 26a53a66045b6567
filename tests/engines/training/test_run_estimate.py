import json
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engines.compute import Numerics
from engines.errors import StudioError
from engines.training import run_estimate
from engines.training.adversarial import AdversarialTask
from engines.training.dataset import PictureSet
from engines.training.presets import PRESETS
from engines.training.run_estimate import Estimate, _mean_step, affordable, estimate_from, measure, measure_apart, recorded, tensor_bytes
from engines.training.runs import Run
from engines.training.trainer import Plan, Workers

TINY = replace(PRESETS["plain-64"], widths=(8, 8), start=4, latent_dim=8, policy=(), batch=4, pictures=4000)


@pytest.fixture
def pictures() -> PictureSet:
    pixels = np.random.default_rng(0).integers(0, 255, (40, 3, 8, 8), dtype=np.uint8)
    return PictureSet(pixels, np.zeros(40, dtype=np.int64), ("all",), np.arange(40) % 10 == 0, (), "")


def recorded_run(folder: Path, preset: object, seconds: float, steps: int = 50) -> Run:
    run = Run(folder)
    run.begin({"preset": asdict(preset)}, resume=False)  # type: ignore[call-overload]
    for step in (1, *range(10, steps + 1, 10)):
        run.report({"step": step, "seconds": 2 + seconds * (step - 1), "generator": 1.0})
    return run


def test_a_few_steps_tell_what_the_whole_costs(pictures: PictureSet) -> None:
    task = AdversarialTask(TINY, pictures, 0, Numerics(), Workers())
    found = measure(task, pictures, Plan(TINY.steps, 5.0, keep=4), time.monotonic())
    assert 0 < found.step_seconds < 1
    assert found.steps <= found.whole == 1000
    candidate = tensor_bytes(task.candidate())
    assert found.disk is not None
    assert found.disk > 2 * tensor_bytes(task.state()) + 3 * candidate
    assert found.memory is None or found.memory > 10**7
    assert "measured just now" in found.sentence()
    assert estimate_from(json.dumps(asdict(found))) == found


def test_what_is_done_seldom_counts_by_how_seldom() -> None:
    seconds = {1: 1.0, 2: 1.0, 3: 1.0, 4: 3.0, 16: 7.0, 32: 15.0}
    assert _mean_step(lambda step: seconds[step]) == pytest.approx(1 + 2 / 4 + 4 / 16 + 8 / 32)
    assert _mean_step(lambda step: 1.0) == 1.0


def test_minutes_buy_steps_and_looks_but_not_more_than_the_schedule_has() -> None:
    assert affordable(1000, None, 2.0, 10.0, 250) == 1000
    assert affordable(1000, 10.0, 2.0, 0.0, 250) == 300
    assert affordable(1000, 10.0, 2.0, 250.0, 250) == 200
    assert affordable(1000, 1000.0, 2.0, 0.0, 250) == 1000


def test_a_run_of_an_earlier_atelier_lacks_settings_that_nobody_set(tmp_path: Path) -> None:
    earlier = recorded_run(tmp_path / "earlier", TINY, 0.5)
    config = earlier.config()
    del config["preset"]["coverage"]
    earlier.config_file.write_text(json.dumps(config))
    assert recorded(TINY, 5.0, [earlier]) is not None
    assert recorded(replace(TINY, coverage=0.5), 5.0, [earlier]) is None


def test_an_earlier_run_with_the_same_settings_is_believed_whatever_its_length(tmp_path: Path) -> None:
    other = recorded_run(tmp_path / "other", replace(TINY, batch=8), 9.0)
    same = recorded_run(tmp_path / "same", replace(TINY, pictures=200), 0.5)
    empty = Run(tmp_path / "empty")
    found = recorded(TINY, 5.0, [other, same, empty])
    assert found is not None
    assert found.step_seconds == pytest.approx(0.5)
    assert (found.steps, found.whole) == (600, 1000)
    assert "as the run same went" in found.sentence()
    assert recorded(TINY, 5.0, [other, empty]) is None


def test_the_disk_of_a_longer_run_has_room_for_its_own_sheets_snapshots_and_pictures(tmp_path: Path) -> None:
    run = recorded_run(tmp_path / "run", TINY, 0.5)
    nothing_saved = recorded(TINY, None, [run])
    assert nothing_saved is not None
    assert nothing_saved.disk is None
    for path, size in ((run.checkpoint_file, 1000), (run.best_file, 400), (run.folder / "samples" / "step-000001.png", 70)):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes(size))
    found = recorded(TINY, None, [run], keep=3, pictures=10)
    assert found is not None
    assert found.disk == 2 * 1000 + 400 + 3 * 400 // 2 + (2 + 1000 // 250) * 70 + 10 * 3 * 8 * 8


def test_what_takes_too_long_to_measure_says_what_took_so_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_estimate, "MEASURING_SECONDS", 0.01)
    with pytest.raises(StudioError, match="a few steps took longer than"):
        measure_apart(["train", "quick", "--data", str(tmp_path)])


def test_an_estimate_is_one_sentence() -> None:
    estimate = Estimate(8333, 8333, 1.25, 20.0, 15.0, 64 * 2**20, 3 * 2**29, "as it was")
    assert estimate.sentence() == (
        "About 3 h 6 min for 8,333 steps, the whole schedule, at 1.2 s a step, 64 MB of disk and 1.5 GB of memory; as it was."
    )


def test_what_cannot_be_trained_cannot_be_estimated_and_says_why(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="is not a folder"):
        measure_apart(["train", "quick", "--data", str(tmp_path / "nothing")])


def test_all_tensors_of_a_state_are_counted() -> None:
    assert tensor_bytes({"a": torch.zeros(3), "b": [torch.zeros(2, dtype=torch.float16), {"c": 1}]}) == 16
