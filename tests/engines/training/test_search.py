"""Searches over settings, with trainings of a few steps."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from engines.compute import Numerics
from engines.errors import Cancelled, StudioError
from engines.training.adversarial import AdversarialTask
from engines.training.dataset import PictureSet, load_pictures
from engines.training.judging import DISTANCE
from engines.training.presets import PRESETS
from engines.training.runs import Run
from engines.training.search import (
    Axis,
    Prepared,
    Row,
    Span,
    Study,
    best_row,
    look_every,
    main_effects,
    parse_axis,
    plan_trials,
    read_rows,
    search,
    table,
    trial_preset,
    write_results,
)
from engines.training.systems import SYSTEMS
from engines.training.trainer import Workers
from engines.translation.presets import CYCLE_PRESETS

TINY = replace(PRESETS["plain-64"], widths=(8, 8, 8), latent_dim=8, policy=(), batch=4, pictures=400)
SCENES = PRESETS["scenes-64"]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> PictureSet:
    """250 noisy pictures, of which at least 20 are held out."""
    folder = tmp_path_factory.mktemp("pictures")
    random = np.random.default_rng(0)
    for index in range(250):
        Image.fromarray(random.integers(0, 255, (16, 16, 3), dtype=np.uint8)).save(folder / f"{index}.png")
    found = load_pictures(folder, 16, "centre square")
    assert len(found.part(held_out=True)) >= 20
    return found


class Bench:
    """Makes trials ready and counts how many."""

    def __init__(self, pictures: PictureSet, broken: object = None) -> None:
        self.pictures, self.broken, self.prepared = pictures, broken, 0

    def __call__(self, preset: Any) -> Prepared:
        self.prepared += 1
        task = AdversarialTask(preset, self.pictures, 0, Numerics(), Workers())
        if preset.batch == self.broken:
            with torch.no_grad():
                next(task.generator.parameters()).fill_(float("nan"))
        return Prepared(task, {"preset": {"batch": preset.batch, "rate": preset.rate}}, {})


def study(*over: str, random: int | None = None, steps: int | None = 4, minutes: float | None = None, preset: Any = TINY) -> Study:
    return Study(preset, tuple(parse_axis(text, preset) for text in over), random, steps, minutes)


def test_values_are_read_as_the_settings_they_change() -> None:
    assert parse_axis("batch=24,48", SCENES).values == (24, 48)
    assert parse_axis("rate=1e-4,2", SCENES).values == (1e-4, 2.0)
    assert parse_axis('policy=(),("colour","cutout")', SCENES).values == ((), ("colour", "cutout"))
    assert parse_axis("objective=hinge,least squares", SCENES).values == ("hinge", "least squares")
    assert parse_axis("rate=1e-4..1e-3:log", SCENES).span == Span(1e-4, 1e-3, True, False)
    assert parse_axis("batch=8..64", SCENES).span == Span(8, 64, False, True)
    assert parse_axis("cycle=5,10", CYCLE_PRESETS["textures-128"]).values == (5.0, 10.0)


@pytest.mark.parametrize(
    ("over", "sentence"),
    [
        ("batch", "has no values"),
        ("batch=24", "two values or more"),
        ("batch=24,24", "each once"),
        ("colour=1,2", "has no setting 'colour'"),
        ("batch=24,many", "batch must be like 48, got 'many'"),
        ("rate=1e-3..1e-4", "the lower one first"),
        ("rate=0..1e-4:log", "two numbers above 0"),
        ("flip=True..False", "is no number"),
        ("batch.size=1,2", "batch"),
        ("batch=2.5..8", "batch must be like 48"),
    ],
)
def test_a_mistaken_axis_is_named_with_its_remedy(over: str, sentence: str) -> None:
    with pytest.raises(StudioError, match=sentence):
        parse_axis(over, SCENES)


def test_a_grid_has_every_combination_once_in_order() -> None:
    trials = plan_trials(study("batch=2,4", "rate=1e-4,1e-3"))
    assert [(trial["batch"], trial["rate"]) for trial in trials] == [(2, 1e-4), (2, 1e-3), (4, 1e-4), (4, 1e-3)]


def test_random_trials_are_the_same_for_a_seed_differ_and_stay_within_their_span() -> None:
    asked = study("batch=8..11", "rate=1e-4..1e-3:log", "flip=True,False", random=40)
    trials = plan_trials(asked)
    assert trials == plan_trials(asked)
    assert trials != plan_trials(replace(asked, seed=1))
    assert len({json.dumps(trial) for trial in trials}) == 40
    assert {trial["batch"] for trial in trials} == {8, 9, 10, 11}
    rates = np.array([trial["rate"] for trial in trials])
    assert 1e-4 <= rates.min() < rates.max() <= 1e-3
    assert 2.2e-4 < np.median(rates) < 4.5e-4  # the middle of the logarithm is 3.2e-4, that of the span 5.5e-4


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (study("rate=1e-4..1e-3"), "has no grid"),
        (study("batch=2,4", "batch=8,16"), "given twice"),
        (study("batch=2,4", random=3), "more than the 2 combinations"),
        (study("batch=2..4", random=9), "more than the 3 combinations"),
    ],
)
def test_a_search_that_cannot_be_planned_says_what_to_change(asked: Study, sentence: str) -> None:
    with pytest.raises(StudioError, match=sentence):
        plan_trials(asked)


def test_a_budget_beyond_the_schedule_is_refused() -> None:
    with pytest.raises(StudioError, match=r"--steps 101 is more than the 100 steps of plain-64 with rate=0.1.*--set pictures="):
        trial_preset(study("rate=0.1,0.2", steps=101), {"rate": 0.1})


def test_the_grid_of_the_report_on_cityscapes_is_sixteen_trials_of_its_settings() -> None:
    attention = "generator_settings.attention+discriminator_settings.attention=(32,),()"
    over = ("batch=10,16", "rate=2e-4,1e-3", attention, "discriminator_settings.output_size=1,5")
    asked = study(*over, steps=100, preset=SYSTEMS["cityscape-run-1"])
    trials = [trial_preset(asked, settings) for settings in plan_trials(asked)]
    assert len(trials) == 16
    first, last = trials[0], trials[-1]
    assert (first.batch, first.rate, first.discriminator_settings) == (10, 2e-4, {"attention": (32,), "output_size": 1})
    assert first.generator_settings == {"attention": (32,)}
    assert (last.batch, last.rate, last.discriminator_settings) == (16, 1e-3, {"attention": (), "output_size": 5})


def test_main_effects_are_means_over_the_trials_with_a_score() -> None:
    axes = (Axis("batch", (2, 4)), Axis("rate", span=Span(1e-4, 1e-1, True, False)))
    found = [(2, 1e-4, 10.0), (2, 5e-2, 20.0), (4, 5e-3, 40.0), (4, 9e-2, None)]
    rows = [
        Row(f"trial-{place}", {"batch": batch, "rate": rate}, "finished" if score else "diverged", score, {}, 1, 1, 1.0)
        for place, (batch, rate, score) in enumerate(found, start=1)
    ]
    effects = main_effects(axes, rows)
    assert effects["batch"] == [
        {"value": "2", "mean": 15.0, "trials": 2, "without score": 0},
        {"value": "4", "mean": 40.0, "trials": 1, "without score": 1},
    ]
    assert [(entry["value"], entry["mean"], entry["trials"]) for entry in effects["rate"]] == [
        ("0.0001 to 0.001", 10.0, 1),
        ("0.001 to 0.01", 40.0, 1),
        ("0.01 to 0.1", 20.0, 1),
    ]
    best = best_row(rows)
    assert best is not None
    assert best.trial == "trial-1"


@pytest.mark.parametrize("steps", [1, 100, 249, 250, 499, 600, 1000, 997])
def test_the_last_judgement_falls_on_the_end_of_the_budget(steps: int) -> None:
    assert steps % look_every(steps) == 0
    assert min(steps, 200) <= look_every(steps)


@pytest.fixture(scope="module")
def searched(pictures: PictureSet, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Row]]:
    """A search over three batches, the second of which diverges."""
    folder = tmp_path_factory.mktemp("searched")
    return folder, search(study("batch=2,4,6"), folder, Bench(pictures, broken=4), {})


def test_every_trial_is_a_run_with_a_row_and_a_diverged_one_says_so(searched: tuple[Path, list[Row]]) -> None:
    asked, (folder, rows) = study("batch=2,4,6"), searched
    assert [row.state for row in rows] == ["finished", "diverged", "finished"]
    assert [row.steps for row in rows] == [4, 1, 4]
    assert "became nan at step 1" in rows[1].notice
    assert rows[1].score is None
    for row in (rows[0], rows[2]):
        assert row.score == row.figures["held-out KID × 1000"] == round(Run(folder / row.trial).best()["score"], 5)  # type: ignore[index]
        assert Run(folder / row.trial).status()["state"] == "finished"
    best = min((rows[0], rows[2]), key=lambda row: row.score or 0)
    written = json.loads((folder / "results.json").read_text())
    assert written["best"] == best.trial
    assert [entry["trials"] for entry in written["effects"]["batch"]] == [1, 0, 1]
    with (folder / "results.csv").open(newline="") as handle:
        lines = list(csv.DictReader(handle))
    assert [line["trial"] for line in lines if line["best"]] == [best.trial]
    assert lines[1]["state"] == "diverged"
    shown = table(asked, rows).splitlines()
    assert next(line for line in shown if line.startswith("*")).split()[1] == best.trial
    assert any("diverged" in line and "trial-02" in line for line in shown)


def test_a_search_goes_on_where_it_was_stopped_and_only_as_it_was_begun(
    pictures: PictureSet, searched: tuple[Path, list[Row]], tmp_path: Path
) -> None:
    asked = study("batch=2,6")

    def stop_in_the_second(done: int, total: int, message: str = "") -> None:
        if message.startswith("trial 2") and done == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        search(asked, tmp_path, Bench(pictures), {"data": "a"}, progress=stop_in_the_second)
    assert list(read_rows(tmp_path)) == ["trial-01"]
    stopped = Run(tmp_path / "trial-02")
    assert stopped.checkpoint()["step"] == 2
    with pytest.raises(StudioError, match="holds a search already"):
        search(asked, tmp_path, Bench(pictures), {"data": "a"})
    with pytest.raises(
        StudioError, match=r"over: batch was \[2, 6\] and is now \[2, 8\]; .*steps a trial was 4 and is now 5; data was 'a'"
    ):
        search(study("batch=2,8", steps=5), tmp_path, Bench(pictures), {"data": "b"}, resume=True)
    bench = Bench(pictures)
    rows = search(asked, tmp_path, bench, {"data": "a"}, resume=True)
    assert bench.prepared == 1
    assert [(row.state, row.steps) for row in rows] == [("finished", 4), ("finished", 4)]
    assert [row.score for row in rows] == [searched[1][0].score, searched[1][2].score]
    assert [line["step"] for line in stopped.metrics() if DISTANCE in line] == [4]  # no more often than a trial that was not stopped
    with pytest.raises(StudioError, match="holds no search"):
        search(asked, tmp_path / "nowhere", bench, {}, resume=True)


def test_settings_that_cannot_be_trained_are_found_before_anything_is(pictures: PictureSet, tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="with objective=logstic: objective 'logstic' is unknown"):
        search(study("objective=logistic,logstic"), tmp_path / "search", Bench(pictures), {})
    assert not (tmp_path / "search").exists()


def test_minutes_only_stop_a_trial(pictures: PictureSet, tmp_path: Path) -> None:
    rows = search(study("batch=2,4", steps=None, minutes=1e-5), tmp_path, Bench(pictures), {})
    assert [row.steps for row in rows] == [1, 1]
    assert {row.notice for row in rows} == {"a trial of one step is not judged: give more --steps or --minutes"}


def test_a_table_without_any_score_has_no_best(tmp_path: Path) -> None:
    asked = study("batch=2,4")
    rows = [Row("trial-01", {"batch": 2}, "failed", None, {}, None, 0, 0.0, "no memory")]
    write_results(asked, tmp_path, rows)
    assert json.loads((tmp_path / "results.json").read_text())["best"] is None
    assert read_rows(tmp_path)["trial-01"] == rows[0]
    assert "failed: no memory" in table(asked, rows)
