"""The report's figure as a person draws it: two short runs of six and nine blocks, one command."""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.compute import Numerics
from engines.errors import StudioError
from engines.training.dataset import load_pictures
from engines.training.runs import Run
from engines.training.trainer import Plan, Workers, train
from engines.translation.figures import final_losses, trained_pair
from engines.translation.presets import CYCLE_PRESETS
from engines.translation.training import CycleTask
from tests.engines.commands.command_line import Done, atelier
from tests.engines.translation.drawn_garments import garment, save

CLASSES = "trainA=leather,trainB=denim"
SMALL = {"resolution": 48, "crop": 32, "sides": (32, 32), "width": 4, "critic_width": 4, "batch": 2, "steps": 12}


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pairs")
    for index in range(24):
        for name, material in (("trainA", "leather"), ("trainB", "denim")):
            save(garment(material, index), folder / name, f"{index}.png")
    return folder


def trained(pairs: Path, folder: Path, blocks: int) -> Run:
    """A run of the report's preset, as small as can be."""
    preset = replace(CYCLE_PRESETS[f"report-resnet-{blocks}"], **SMALL)  # type: ignore[arg-type]
    pictures = load_pictures(pairs, preset.resolution, preset.framing, classes={"trainA": "leather", "trainB": "denim"})
    run, numerics = Run(folder), Numerics()
    run.begin({"preset": asdict(preset), "classes": pictures.classes, "numerics": asdict(numerics), "seed": 0}, resume=False)
    train(CycleTask(preset, pictures, 0, numerics, Workers()), run, Plan(preset.steps, look_every=1000), Workers())
    return run


@pytest.fixture(scope="module")
def figured(pairs: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Done, Path]:
    runs = tmp_path_factory.mktemp("runs")
    for blocks in (6, 9):
        trained(pairs, runs / f"resnet-{blocks}", blocks)
    places = (runs / "resnet-6", runs / "resnet-9", "--data", pairs, "--classes", CLASSES, "--out", runs / "figure", "--columns", "2")
    return atelier("swap-figure", *places), runs


def test_one_command_draws_three_rows_both_ways_and_the_curves(figured: tuple[Done, Path]) -> None:
    done, runs = figured
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (runs / "figure").iterdir()} == {"resnet-6-rows.png", "resnet-9-rows.png", "curves.png"}
    with Image.open(runs / "figure" / "resnet-9-rows.png") as rows:
        assert rows.height > 6 * 48
        assert rows.width == 150 + 2 * 50
    with Image.open(runs / "figure" / "curves.png") as curves:
        assert curves.size == (3 * 420, 2 * 320)  # four losses, three abreast
    for blocks in (6, 9):
        assert len(trained_pair(Run(runs / f"resnet-{blocks}")).networks[0].transform) == blocks  # type: ignore[arg-type]


def test_the_table_says_where_the_losses_ended(figured: tuple[Done, Path]) -> None:
    done, runs = figured
    losses = final_losses(Run(runs / "resnet-6"))
    assert set(losses) == {"total", "cycle", "generator", "critic"}
    assert losses["total"] == pytest.approx(losses["generator"] + 10 * losses["cycle"], rel=0.01)
    assert f"{losses['total']:.3f}" in done.stdout


def test_other_runs_and_pictures_are_refused(figured: tuple[Done, Path], pairs: Path, tmp_path: Path) -> None:
    run = figured[1] / "resnet-6"
    done = atelier("swap-figure", run, "--data", pairs, "--classes", "trainA=silk,trainB=wool", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "the run swaps denim, leather, the pictures are silk, wool" in done.stderr
    with pytest.raises(StudioError, match="holds no run"):
        trained_pair(Run(tmp_path))
    assert np.isfinite(list(final_losses(Run(run)).values())).all()
