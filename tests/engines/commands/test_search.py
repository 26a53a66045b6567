"""Searches as a person starts them: in a process of their own, killed and resumed."""

import json
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.commands import build_parser
from engines.training.presets import PRESETS, changed_preset
from engines.training.runs import Run
from tests.engines.commands.command_line import ROOT, atelier, atelier_apart

PLAIN = ("plain-64", "--set", "widths=(8,8,8)", "--set", "latent_dim=8", "--set", "batch=4", "--set", "policy=()")


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """250 noisy pictures."""
    folder = tmp_path_factory.mktemp("photographs")
    random = np.random.default_rng(0)
    for index in range(250):
        Image.fromarray(random.integers(0, 255, (16, 16, 3), dtype=np.uint8)).save(folder / f"{index}.png")
    return folder


def test_a_search_killed_in_the_middle_of_a_trial_goes_on_and_keeps_the_finished_ones(photographs: Path, tmp_path: Path) -> None:
    out = tmp_path / "search"
    command = ["search", *PLAIN, "--data", str(photographs), "--out", str(out), "--over", "rate=1e-4,2e-3,1e30", "--grid"]
    command += ["--steps", "40", "--save-every", "5", "--precision", "float32"]
    process = subprocess.Popen([sys.executable, "-m", "engines", *command], cwd=ROOT, stderr=subprocess.DEVNULL)
    broken = Run(out / "trial-02")
    while not broken.checkpoint_file.exists() and process.poll() is None:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    reached = broken.checkpoint()["step"]
    assert 5 <= reached < 40
    first = (out / "trial-01" / "checkpoints" / "latest.pt").stat().st_mtime_ns
    rows = json.loads((out / "results.json").read_text())["trials"]
    assert [row["trial"] for row in rows] == ["trial-01"]

    done = atelier_apart(*command, "--resume")
    assert done.returncode == 0, done.stderr
    assert (out / "trial-01" / "checkpoints" / "latest.pt").stat().st_mtime_ns == first
    found = json.loads((out / "results.json").read_text())
    assert found["trials"][0] == rows[0]
    assert [row["state"] for row in found["trials"]] == ["finished", "finished", "diverged"]
    assert broken.checkpoint()["step"] == 40
    assert [line["step"] for line in broken.metrics() if "seconds" in line].count(reached + 1) == 1
    assert found["best"] in ("trial-01", "trial-02")
    assert [line.split()[1] for line in done.stdout.splitlines() if line.startswith("*")] == [found["best"]]
    assert "diverged" in done.stdout
    assert "1e+30: - (0, 1 without a score)" in done.stdout
    assert Run(out).owner() is None

    further = shlex.split(done.stdout.strip().splitlines()[-1].partition(" -m engines ")[2])
    assert further[:2] == ["train", "plain-64"]
    parsed = build_parser().parse_args(further)
    preset = changed_preset(PRESETS["plain-64"], parsed.changes)
    assert parsed.resume
    assert json.loads(json.dumps(asdict(preset))) == Run(parsed.out).config()["preset"]


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (("--over", "batch=2,4", "--grid"), "a budget a trial: give --steps, or --minutes"),
        (("--over", "batch=2,4", "--steps", "4"), "--grid --random"),
        (("--grid", "--steps", "4"), "--over"),
        (("--over", "batch=2,4", "--random", "0", "--steps", "4"), "must be a whole number above 0, got '0'"),
        (("--over", "speed=2,4", "--grid", "--steps", "4"), "has no setting 'speed'"),
        (("--over", "batch=2,4", "--grid", "--steps", "4"), "0 held-out pictures, a search is judged by 20 or more"),
    ],
)
def test_a_mistaken_search_is_one_sentence_and_leaves_nothing(more: tuple[str, ...], sentence: str, tmp_path: Path) -> None:
    (tmp_path / "few").mkdir()
    Image.new("RGB", (16, 16), (1, 2, 3)).save(tmp_path / "few" / "one.png")
    done = atelier("search", *PLAIN, "--data", tmp_path / "few", "--out", tmp_path / "out", *more)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert not (tmp_path / "out").exists()
