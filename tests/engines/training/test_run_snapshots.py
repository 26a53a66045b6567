from pathlib import Path

import pytest
import torch

from engines.errors import StudioError
from engines.training.run_snapshots import (
    MOST_NOTE,
    figures_by_step,
    grid_of,
    highest_score,
    lowest_distance,
    one_latent,
    open_sheet,
    set_mark,
    snapshots,
)
from engines.training.runs import Mark, Run
from tests.engines.training.made_runs import COLUMNS, ROWS, SIDE, made_run

DISTANCES = {10: 9.0, 20: 4.0, 30: 4.0, 40: 7.0}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return made_run(tmp_path / "run", DISTANCES)


def keep(run: Run, step: int) -> None:
    run.save_snapshot({"format": 1, "step": step, "networks": {"average": {"weight": torch.full((4,), float(step))}}})


def test_the_lowest_distance_and_the_highest_score_are_found(run: Run) -> None:
    figures = figures_by_step(run)
    assert (lowest_distance(figures), highest_score(figures)) == (20, 40)
    assert (lowest_distance({}), highest_score({5: {"variety": 1.0}})) == (None, None)
    swaps = {1: {"swap rate to a": 0.2, "swap rate to b": 0.4}, 2: {"swap rate to a": 0.9, "swap rate to b": 0.1}}
    assert highest_score(swaps) == 2


def test_one_latent_over_time_is_the_same_place_of_every_sheet(run: Run) -> None:
    found = one_latent(run, 13, [10, 40])
    assert [picture.size for picture in found] == [(SIDE, SIDE)] * 2
    assert [picture.getpixel((3, 3)) for picture in found] == [(23, 23, 23), (53, 53, 53)]
    with pytest.raises(StudioError, match="has no picture 60"):
        one_latent(run, COLUMNS * ROWS, [10])
    with pytest.raises(StudioError, match="no sample sheet of step 11"):
        one_latent(run, 0, [11])


def test_sheets_of_classes_name_their_columns(tmp_path: Path) -> None:
    run = made_run(tmp_path / "classes", DISTANCES, conditional=True)
    grid = grid_of(run, open_sheet(run, 10))
    assert grid is not None
    assert (grid.columns, grid.rows, grid.names) == (2, ROWS, ("coat", "hat"))


def test_marks_by_eye_lie_beside_the_figures_and_can_be_taken_back(run: Run) -> None:
    set_mark(run, 20, True, "  clear\nedges ")
    set_mark(run, 30, False, "x" * 900)
    found = {snapshot.step: snapshot for snapshot in snapshots(Run(run.folder))}
    assert found[20].mark == Mark(True, "clear edges")
    assert len(found[30].mark.note) == MOST_NOTE
    assert found[20].figures["held-out KID × 1000"] == 4.0
    set_mark(run, 20, False, "")
    assert set(run.marks()) == {30}
    with pytest.raises(StudioError, match="no snapshot of step 21"):
        set_mark(run, 21, True, "")
    run.marks_file.write_text("torn")
    assert run.marks() == {}


def test_kept_networks_are_thinned_evenly_and_a_star_keeps_its_own(run: Run) -> None:
    set_mark(run, 20, True, "")
    for step in (10, 20, 21, 30, 40):
        keep(run, step)
    run.thin_snapshots(3)
    assert run.kept_steps() == [10, 20, 40]
    assert run.snapshot(40)["networks"]["average"]["weight"].dtype == torch.float16
    assert [snapshot.step for snapshot in snapshots(run) if snapshot.networks] == [10, 20, 40]
    with pytest.raises(StudioError, match="step 30 are not kept, those of these steps are: 10, 20, 40"):
        run.snapshot(30)


def test_a_run_that_was_not_started_by_a_command_says_so(run: Run) -> None:
    with pytest.raises(StudioError, match="does not know how it was started"):
        run.command()
    run.note_command(["train", "quick"])
    assert run.command() == ["train", "quick"]
