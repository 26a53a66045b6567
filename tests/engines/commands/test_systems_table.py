"""Every system for the same time, and the table of it."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.commands.systems import stand_ins
from engines.training.judging import DISTANCE
from engines.training.runs import Run
from engines.training.systems import SYSTEMS
from engines.training.systems_table import as_markdown, read_row, row_of, sheet_of, step_seconds
from tests.engines.commands.command_line import atelier
from tests.engines.training.test_dataset import write_idx


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("systems")
    (folder / "mnist").mkdir()
    random = np.random.default_rng(0)
    for part, count in (("train", 120), ("t10k", 40)):
        write_idx(folder / "mnist" / f"{part}-images-idx3-ubyte.gz", random.integers(0, 255, (count, 28, 28)))
        write_idx(folder / "mnist" / f"{part}-labels-idx1-ubyte.gz", np.arange(count) % 10)
    return folder


def trained(folder: Path, only: str, *more: object) -> str:
    done = atelier(
        "systems", "--data", folder, "--fashion-mnist", folder / "mnist", "--minutes", 0.05, "--out", folder / "out", "--only", only, *more,
        home=folder / "home",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_systems_are_trained_judged_and_put_into_one_table_with_sheets(folders: Path) -> None:
    said = trained(folders, "fashion-mlp", "--docs", folders / "docs" / "all.md")
    assert "1 systems in the table" in said
    page = (folders / "docs" / "all.md").read_text()
    row = read_row(Run(folders / "out" / "fashion-mlp"))
    assert row is not None
    assert row.steps >= 1
    assert row.seconds > 0
    assert row.system == "E.1"
    assert f"{row.parameters['G']:,}" in page
    assert f"{row.figures[DISTANCE]:.1f}" in page
    assert "(all/fashion-mlp.webp)" in page
    assert Image.open(folders / "docs" / "all" / "fashion-mlp.webp").height == 64


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_system_has_pictures_that_stand_in_for_those_of_its_report(name: str) -> None:
    stand = stand_ins(SYSTEMS[name])
    reports = {"A": "buildings and streets", "B": "garments on green", "C": "streets"}
    letter = SYSTEMS[name].summary[0]
    assert stand.words == reports.get(letter, stand.words)
    assert letter != "E" or stand.words in ("clothing", "Fashion-MNIST")


def test_a_system_that_has_its_row_is_not_trained_again(folders: Path) -> None:
    trained(folders, "fashion-mlp")
    before = (folders / "out" / "fashion-mlp" / "metrics.jsonl").read_text()
    trained(folders, "fashion-mlp")
    assert (folders / "out" / "fashion-mlp" / "metrics.jsonl").read_text() == before


def test_a_row_of_another_budget_does_not_go_into_the_table(folders: Path) -> None:
    trained(folders, "fashion-mlp")
    done = atelier(
        "systems", "--data", folders, "--minutes", 0.1, "--out", folders / "out", "--only", "fashion-mlp", home=folders / "home"
    )  # fmt: skip
    assert done.returncode == 2
    assert "had 0.05 minutes in bfloat16, seed 0, and not 0.1 minutes" in done.stderr


def test_a_system_that_was_killed_before_its_first_save_begins_again(folders: Path) -> None:
    trained(folders, "fashion-mlp")
    run = Run(folders / "out" / "fashion-mlp")
    shutil.rmtree(run.checkpoint_file.parent)
    (run.folder / "result.json").unlink()
    assert "1 systems in the table, 0 with a remark" in trained(folders, "fashion-mlp")


def test_one_that_diverged_before_its_first_save_has_a_row_that_says_so(tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    run.report({"step": 7, "seconds": 3.5, "generator": float("inf")})
    row = row_of(run, SYSTEMS["fashion-mlp"], "E.1", "Fashion-MNIST", {"G": 5}, "2 minutes", "generator became inf")
    assert (row.steps, row.seconds, row.remark) == (7, 0.5, "generator became inf")


def test_an_unknown_system_is_named_with_the_known_ones(folders: Path) -> None:
    done = atelier("systems", "--data", folders, "--out", folders / "none", "--only", "cars-mlp")
    assert done.returncode == 2
    assert "'cars-mlp'" in done.stderr
    assert "cars-dcgan" in done.stderr


def test_a_damaged_row_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text(json.dumps({"preset": "x"}))
    with pytest.raises(Exception, match="delete it"):
        read_row(Run(tmp_path))


def test_seconds_of_a_step_are_those_in_the_middle() -> None:
    assert step_seconds([(10, 30.0), (20, 35.0), (30, 40.0), (40, 90.0)]) == 0.5
    assert step_seconds([(4, 8.0)]) == 2.0


def test_a_sheet_is_one_row_of_the_first_pictures() -> None:
    grid = Image.new("RGB", (8 * 30 - 2, 2 * 30 - 2), "red")
    grid.paste((0, 0, 255), (0, 30, 238, 58))
    row = sheet_of(grid, 28)
    assert row.size == (12 * 66 - 2, 64)
    assert row.getpixel((7 * 66 + 30, 30)) == (255, 0, 0)
    assert row.getpixel((8 * 66 + 30, 30)) == (0, 0, 255)


def test_the_table_names_what_was_not_measured(folders: Path) -> None:
    trained(folders, "fashion-mlp")
    row = read_row(Run(folders / "out" / "fashion-mlp"))
    assert row is not None
    page = as_markdown([replace(row, figures={}, remark="it diverged")], "a command", "float32", "sheets")
    assert "not measured" in page
    assert "It diverged." in page
    assert row.preset in SYSTEMS
