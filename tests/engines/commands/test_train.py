"""Training as a person starts it: in processes of its own, killed, resumed, shared out, in the background."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engines import compute
from engines.commands import train as train_command
from engines.compute import Numerics
from engines.errors import Cancelled, StudioError
from engines.progress import silent
from engines.training.runs import Run, is_run
from tests.engines.commands.command_line import ROOT, atelier, atelier_apart

GARMENTS = ("garments-64", "--set", "widths=(32,24,16)", "--set", "view=64", "--set", "batch=8", "--set", "pictures=160")
PLAIN = ("plain-64", "--set", "widths=(32,24,16)", "--set", "batch=8", "--set", "policy=()", "--set", "pictures=160")


@pytest.fixture(scope="module")
def wardrobe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """30 pictures of each of two classes."""
    folder = tmp_path_factory.mktemp("wardrobe")
    random = np.random.default_rng(0)
    for name, level in (("coat", 70), ("hat", 180)):
        (folder / name).mkdir()
        for index in range(30):
            pixels = np.clip(random.normal(level, 40, (16, 16, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{index}.png")
    return folder


def train(preset: tuple[str, ...], wardrobe: Path, out: Path, *more: str) -> list[str]:
    return ["train", *preset, "--data", str(wardrobe), "--out", str(out), "--precision", "float32", *more]


def tensors(state: object) -> list[torch.Tensor]:
    if isinstance(state, torch.Tensor):
        return [state]
    children = state.values() if isinstance(state, dict) else state if isinstance(state, list | tuple) else []
    return [tensor for child in children for tensor in tensors(child)]


def test_twenty_steps_equal_ten_a_kill_a_resume_and_ten_more_to_the_bit(wardrobe: Path, tmp_path: Path) -> None:
    straight, killed = Run(tmp_path / "straight"), Run(tmp_path / "killed")
    assert atelier_apart(*train(GARMENTS, wardrobe, straight.folder)).returncode == 0
    command = train(GARMENTS, wardrobe, killed.folder, "--save-every", "10")
    process = subprocess.Popen([sys.executable, "-m", "engines", *command], cwd=ROOT, stderr=subprocess.DEVNULL)
    while not killed.checkpoint_file.exists() and process.poll() is None:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert killed.checkpoint()["step"] == 10
    assert killed.status()["state"] == "died"
    assert atelier_apart(*command, "--resume").returncode == 0
    assert killed.checkpoint()["step"] == straight.checkpoint()["step"] == 20
    pairs = list(zip(tensors(straight.checkpoint()["task"]), tensors(killed.checkpoint()["task"]), strict=True))
    assert len(pairs) > 100
    assert all(torch.equal(one, other) for one, other in pairs)
    assert killed.status()["state"] == "finished"


def test_two_processes_learn_what_one_learns_from_the_same_batches(wardrobe: Path, tmp_path: Path) -> None:
    alone, shared = Run(tmp_path / "alone"), Run(tmp_path / "shared")
    assert atelier_apart(*train(PLAIN, wardrobe, alone.folder)).returncode == 0
    environment = os.environ | {"ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2", "-m", "engines"]
    done = subprocess.run(
        [*command, *train(PLAIN, wardrobe, shared.folder)], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert "training with 2 processes" in done.stdout
    assert shared.config()["processes"] == 2
    for side in ("generator", "discriminator", "average"):
        one, other = (torch.cat([tensor.flatten() for tensor in tensors(run.checkpoint()["task"][side])]) for run in (alone, shared))
        assert float((one - other).norm() / one.norm()) <= 1e-5
    begun = Run(tmp_path / "begun")
    atelier_apart(*train(PLAIN, wardrobe, begun.folder, "--set", "pictures=8"))
    moved = torch.cat([tensor.flatten() for tensor in tensors(begun.checkpoint()["task"]["generator"])])
    learned = torch.cat([tensor.flatten() for tensor in tensors(alone.checkpoint()["task"]["generator"])])
    assert float((moved - learned).norm() / learned.norm()) > 1e-3  # the steps that were compared did change something


def test_the_fastest_numerics_are_measured_recorded_and_kept_on_resume(wardrobe: Path, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    command = ["train", *PLAIN, "--data", str(wardrobe), "--out", str(run.folder), "--set", "pictures=16"]
    assert atelier_apart(*command).returncode == 0
    assert Numerics(**run.config()["numerics"]) in compute.candidates()
    assert run.checkpoint()["step"] == 2
    with_other = json.loads(run.config_file.read_text())
    with_other["numerics"] = {"precision": "float32", "channels_last": True}
    run.config_file.write_text(json.dumps(with_other))
    assert atelier_apart(*command, "--resume").returncode == 0
    assert run.config()["numerics"] == with_other["numerics"]


def test_a_run_in_the_background_is_seen_and_stopped(wardrobe: Path, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    long = ("--set", "pictures=800000", "--background")
    assert atelier_apart(*train(PLAIN, wardrobe, run.folder, *long)).returncode == 0
    try:
        deadline = time.monotonic() + 60
        while run.status().get("step", 0) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        seen = json.loads(atelier("runs", tmp_path, "--json").stdout)[str(run.folder)]
        assert seen["state"] == "training"
        assert seen["process"] == run.owner()
        again = atelier_apart(*train(PLAIN, wardrobe, run.folder, *long))
        assert again.returncode == 2
        assert "is training in" in again.stderr
    finally:
        stopped = atelier("runs", run.folder, "--stop")
    assert "stopped" in stopped.stdout
    assert run.checkpoint()["step"] >= 3
    assert run.owner() is None
    assert "nothing is training" in atelier("runs", run.folder, "--stop").stderr


def test_a_background_run_that_cannot_start_says_why(tmp_path: Path) -> None:
    done = atelier_apart("train", "scenes-64", "--data", tmp_path / "nothing", "--out", tmp_path / "run", "--background")
    assert done.returncode == 2
    assert "nothing" in done.stderr


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("colour=red", "has no setting 'colour'"),
        ("batch", "has no setting 'batch'"),
        ("batch=many", "batch must be like 48, got 'many'"),
        ("batch=2.5", "batch must be like 48"),
    ],
)
def test_a_setting_that_does_not_exist_or_fit_is_named(change: str, sentence: str, wardrobe: Path, tmp_path: Path) -> None:
    done = atelier("train", "scenes-64", "--data", wardrobe, "--out", tmp_path / "run", "--set", change)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        (("--save-every", "0"), "must be a whole number above 0, got '0'"),
        (("--seed", "-1"), "must be a whole number from 0 on, got '-1'"),
        (("--precision", "float16"), "invalid choice: 'float16'"),
    ],
)
@pytest.mark.parametrize("command", [("train", "plain-64"), ("search", "plain-64", "--over", "batch=2,4", "--grid", "--steps", "4")])
def test_an_option_with_which_no_training_can_go_well_is_refused(
    command: tuple[str, ...], option: tuple[str, str], sentence: str, wardrobe: Path, tmp_path: Path
) -> None:
    done = atelier(*command, "--data", wardrobe, "--out", tmp_path / "run", *option)
    assert (done.returncode, (tmp_path / "run").exists()) == (2, False)
    assert sentence in done.stderr


def test_a_run_is_there_while_its_pictures_are_read_and_gone_if_that_fails(
    wardrobe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, seen = Run(tmp_path / "run"), []

    def read(*_: object) -> None:
        seen.append((is_run(run.folder), run.status()["state"], run.owner()))
        os.kill(os.getpid(), signal.SIGTERM)
        raise StudioError("no pictures")

    monkeypatch.setattr(train_command, "load_pictures", read)
    assert atelier(*train(PLAIN, wardrobe, run.folder)).returncode == 2
    assert seen == [(True, "starting", os.getpid())]
    assert not run.folder.exists()


def test_stop_pressed_twice_ends_as_stop_pressed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compute, "give_way", lambda: None)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        politely = train_command.Politely(silent)
        politely(1, 2)
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(Cancelled):
            politely(2, 2)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def test_a_larger_run_begins_with_the_weights_of_a_smaller_one(wardrobe: Path, tmp_path: Path) -> None:
    small, large = Run(tmp_path / "small"), Run(tmp_path / "large")
    assert atelier_apart(*train(PLAIN, wardrobe, small.folder)).returncode == 0
    wider = ("--set", "widths=(32,24,16,8)", "--set", "pictures=8", "--from", str(small.folder))
    assert atelier_apart(*train(PLAIN, wardrobe, large.folder, *wider)).returncode == 0
    assert large.config()["from"]["pictures"] == 160
    taken, grown = (run.checkpoint()["task"]["generator"] for run in (small, large))
    assert float((taken["project.weight"] - grown["project.weight"]).abs().max()) < 1e-3
    other = atelier_apart(*train(PLAIN, wardrobe, tmp_path / "other", "--from", str(tmp_path / "nowhere")))
    assert other.returncode == 2
    assert "is neither a run nor a model" in other.stderr
