from pathlib import Path

import pytest

from engines.errors import StudioError
from engines.training.curves import LOSSES
from engines.training.judging import DISTANCE, HELD_OUT, TRAINING
from engines.training.run_curves import MOST_POINTS, compared_panels, panels
from tests.engines.training.made_runs import made_run


def test_what_belongs_together_is_one_panel_and_distances_come_first(tmp_path: Path) -> None:
    found = {panel.title: [curve.name for curve in panel.curves] for panel in panels(made_run(tmp_path / "run", {20: 9.0, 40: 5.0}))}
    assert next(iter(found)) == "Distance to held-out pictures"
    assert found[LOSSES] == ["generator", "discriminator"]
    assert found["What the critic says"] == ["real score", TRAINING, HELD_OUT]
    assert found["Chance of augmentation"] == ["augmentation"]


def test_a_noisy_curve_comes_with_the_mean_of_the_last_fifteen_reports(tmp_path: Path) -> None:
    losses = next(panel for panel in panels(made_run(tmp_path / "run", {})) if panel.title == LOSSES)
    generator = losses.curves[0]
    assert generator.smooth[-1] == pytest.approx(sum(1 / step for step in range(26, 41)) / 15, rel=1e-5)
    assert generator.smooth[0] == generator.values[0] == 1.0


def test_curves_go_over_steps_pictures_or_minutes(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run", {20: 9.0}, batch=4)
    ends = {axis: panels(run, axis)[0].curves[0].places for axis in ("steps", "pictures", "minutes")}
    assert ends == {"steps": (20,), "pictures": (80,), "minutes": (1.0,)}
    with pytest.raises(StudioError, match="'hours': choose one"):
        panels(run, "hours")


def test_runs_lie_over_each_other_in_a_panel_for_each_thing_that_one_of_them_measured(tmp_path: Path) -> None:
    runs = {"one": made_run(tmp_path / "one", {20: 9.0, 40: 5.0}), "two": made_run(tmp_path / "two", {})}
    found = {panel.title: [curve.name for curve in panel.curves] for panel in compared_panels(runs)}
    assert next(iter(found)) == DISTANCE
    assert found[DISTANCE] == ["one"]
    assert found["generator"] == ["one", "two"]


def test_a_long_run_gives_few_points_and_keeps_its_ends(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run", {})
    for step in range(41, 2000):
        run.report({"step": step, "seconds": 3.0 * step, "generator": 0.5, "discriminator": 0.5})
    generator = next(panel for panel in panels(run) if panel.title == LOSSES).curves[0]
    assert len(generator.places) == len(generator.smooth) == MOST_POINTS
    assert (generator.places[0], generator.places[-1]) == (1, 1999)
