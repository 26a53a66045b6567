import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch

from engines.compute import Numerics
from engines.errors import StudioError
from engines.models.zoo import Zoo, write_card
from engines.training.adversarial import AdversarialTask
from engines.training.dataset import PictureSet
from engines.training.presets import PRESETS
from engines.training.runs import Run
from engines.training.trainer import Plan, Workers, train
from engines.training.upscaling import UPSCALE_PRESETS, UpscaleTask
from engines.training.warm_start import Beginning, begin_from_model, begin_from_run
from engines.translation.presets import CYCLE_PRESETS
from engines.translation.publishing import publish_run
from engines.translation.training import CycleTask
from tests.engines.evaluation.test_materials import wardrobe

WORDS = {"title": "Tiny", "summary": "Small.", "trained_on": "Drawings.", "rights": "Free.", "limits": ["It is tiny."]}


@pytest.mark.parametrize(
    "changes",
    [
        {"norm": "batch", "sampling": "transposed", "reflect": True, "bias": True, "half_life": 0.0},
        {"generator": "dense translator", "growth": 4},
    ],
    ids=["residual, batch norm, transposed", "dense"],
)
def test_a_published_translator_is_the_trained_one_with_its_settings(changes: dict[str, object], tmp_path: Path) -> None:
    small = replace(CYCLE_PRESETS["textures-128"], resolution=128, crop=32, width=4, blocks=1, critic_width=4, projected=0.0, steps=3)
    preset = replace(small, **changes)  # type: ignore[arg-type]
    pixels, labels = wardrobe(12)
    pictures = PictureSet(pixels, labels, ("denim", "leather"), np.zeros(12, dtype=bool), (), "")
    run = Run(tmp_path / "run")
    numerics = Numerics()
    task = CycleTask(preset, pictures, 0, numerics, Workers())
    run.begin({"preset": asdict(preset), "classes": pictures.classes, "numerics": asdict(numerics), "seed": 0}, resume=False)
    facts = {"data": "", "manifests": [], "pictures": 12, "held out": 0, "cleaned": "left out 2 copies; 12 pictures kept"}
    facts["classes"] = pictures.training_counts()
    train(task, run, Plan(3, facts=facts, look_every=100), Workers())
    card = publish_run(run.folder, tmp_path / "models" / "tiny", WORDS)
    assert card.training["cleaned"] == "left out 2 copies; 12 pictures kept"
    assert sum(card.class_pictures.values()) == 12
    assert list(card.class_pictures) == ["denim", "leather"]
    translator = Zoo([tmp_path / "models"]).translator("tiny")
    shown = torch.rand(1, 3, 64, 64) * 2 - 1
    for published, average in zip(translator.networks, task.averages, strict=True):
        assert (published(shown) - average.module(shown)).abs().max() < 0.01  # stored in half precision


def run_of(tmp_path: Path, name: str, seed: int, width: int = 4) -> tuple[Run, CycleTask]:
    """A short run, which was never judged."""
    preset = replace(
        CYCLE_PRESETS["textures-128"], resolution=128, crop=32, width=width, blocks=1, critic_width=4, projected=0.0, steps=2, half_life=0.0
    )
    pixels, labels = wardrobe(12)
    pictures = PictureSet(pixels, labels, ("denim", "leather"), np.zeros(12, dtype=bool), (), "")
    run, task = Run(tmp_path / name), CycleTask(preset, pictures, seed, Numerics(), Workers())
    run.begin({"preset": asdict(preset), "classes": pictures.classes, "numerics": asdict(Numerics()), "seed": seed}, resume=False)
    train(task, run, Plan(2, seed=seed, facts={"data": "", "manifests": [], "pictures": 12, "held out": 0}, look_every=100), Workers())
    return run, task


def test_runs_published_together_are_the_mean_of_their_weights(tmp_path: Path) -> None:
    runs = [run_of(tmp_path, f"run-{seed}", seed) for seed in range(3)]
    card = publish_run(runs[0][0].folder, tmp_path / "models" / "mean", WORDS, beside=[run.folder for run, _ in runs[1:]])
    assert card.training["averaged with"] == ", ".join(["another run, which had seen 4 pictures (weight 1 of 3)"] * 2)
    assert (card.training["runs in all"], card.training["pictures seen in all"]) == (3, "12")
    translator = Zoo([tmp_path / "models"]).translator("mean")
    for place, network in enumerate(translator.networks):
        for name, weight in network.state_dict().items():
            expected = sum(task.averages[place].module.state_dict()[name] for _, task in runs) / 3
            assert (weight - expected).abs().max() < 2e-3  # stored in half precision


def test_runs_of_other_networks_are_not_averaged(tmp_path: Path) -> None:
    (run, _), (wider, _) = run_of(tmp_path, "narrow", 0), run_of(tmp_path, "wide", 0, width=8)
    with pytest.raises(StudioError, match="different shapes"):
        publish_run(run.folder, tmp_path / "models" / "mean", WORDS, beside=[wider.folder])
    assert not (tmp_path / "models" / "mean").exists()


def test_a_published_upscaler_is_the_trained_one_and_shows_only_drawn_pictures(shipped_zoo: Zoo, tmp_path: Path) -> None:
    preset = replace(
        UPSCALE_PRESETS["upscale-4"], resolution=48, crop=32, width=6, tail=4, blocks=1, critic_width=4, features=0.0, batch=2, steps=2
    )
    pixels = np.random.default_rng(0).integers(0, 256, (8, 3, 48, 48), dtype=np.uint8)
    pictures = PictureSet(pixels, np.zeros(8, np.int64), ("noise",), np.zeros(8, dtype=bool), (), "")
    run, task = Run(tmp_path / "run"), UpscaleTask(preset, pictures, 0, Numerics(), Workers())
    run.begin({"preset": asdict(preset), "classes": pictures.classes, "numerics": asdict(Numerics()), "seed": 0}, resume=False)
    train(task, run, Plan(2, facts={"data": "", "manifests": [], "pictures": 8, "held out": 0}, look_every=100), Workers())
    plain = publish_run(run.folder, tmp_path / "models" / "plain", WORDS)
    assert "preview.webp" not in plain.pictures
    card = publish_run(run.folder, tmp_path / "models" / "shown", WORDS, shipped_zoo.generator("fashion-mnist"))
    assert card.kind == "upscaler"
    assert "Drawn by fashion-mnist" in card.pictures["preview.webp"]
    shown = torch.rand(1, 3, 8, 8) * 2 - 1
    network = Zoo([tmp_path / "models"]).upscaler("shown").network
    assert (network(shown) - task.average.module(shown)).abs().max() < 0.01  # stored in half precision


def drawing_run(folder: Path, beginning: Run | Beginning | None = None, judged: bool = False, **changes: object) -> Run:
    """A run of a tiny generator with batch norms: 3 steps of 4 pictures, perhaps from the weights of another."""
    preset = replace(PRESETS["scenes-64"], widths=(8, 8), latent_dim=8, batch=4, policy=(), discriminator="plain", spread=0.0, coverage=0.0)
    preset = replace(preset, **changes)  # type: ignore[arg-type]
    pixels = np.random.default_rng(0).integers(0, 256, (8, 3, 8, 8), dtype=np.uint8)
    pictures = PictureSet(pixels, np.zeros(8, np.int64), ("noise",), np.zeros(8, dtype=bool), (), "")
    run, task = Run(folder), AdversarialTask(preset, pictures, 0, Numerics(), Workers())
    started = begin_from_run(beginning) if isinstance(beginning, Run) else beginning
    if started:
        task.begin(started)
    config = {"preset": asdict(preset), "classes": pictures.classes, "numerics": asdict(Numerics()), "seed": 0}
    run.begin(config | ({"from": started.facts()} if started else {}), resume=False)
    train(task, run, Plan(3, facts={"data": "", "manifests": [], "pictures": 8, "held out": 0}, look_every=100), Workers())
    run.report({"step": 3, "seconds": run.checkpoint()["seconds"], "generator": 1.0, "discriminator": 1.0})
    if judged:
        saved = run.checkpoint()
        run.save_best({"step": saved["step"], "networks": {"average": saved["task"]["average"]}})
    return run


def test_a_card_counts_the_training_of_all_runs_that_went_before_and_names_none_of_them(tmp_path: Path) -> None:
    first = drawing_run(tmp_path / "scratch-a")
    last = drawing_run(tmp_path / "scratch-c", drawing_run(tmp_path / "scratch-b", first))
    card = publish_run(last.folder, tmp_path / "models" / "chained", WORDS | {"hardware": "a slow processor"})
    assert card.training["began with"] == "the weights of an earlier run, which had seen 24 pictures"
    assert (card.training["runs in all"], card.training["pictures seen in all"]) == (3, "36")
    spent = sum(Run(tmp_path / f"scratch-{name}").checkpoint()["seconds"] for name in "abc")
    assert card.training["minutes in all"] == round(spent / 60, 1)
    assert card.training["hardware"] == "a slow processor"
    assert "scratch" not in card.to_json()
    assert card.pictures["curves.webp"] == "How it was trained (the last of 3 runs): losses"


def test_a_card_counts_what_its_model_says_of_the_training_that_led_to_it(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "early"
    card = publish_run(drawing_run(tmp_path / "first").folder, folder, WORDS)
    write_card(folder, replace(card, training=card.training | {"minutes": 50.0}))
    last = drawing_run(tmp_path / "last", begin_from_model(folder, PRESETS["scenes-64"]))
    trained = publish_run(last.folder, tmp_path / "models" / "late", WORDS).training
    assert trained["began with"].startswith("the weights of the model early (")
    assert (trained["runs in all"], trained["pictures seen in all"]) == (2, "24")
    assert trained["minutes in all"] == pytest.approx(50 + Run(last.folder).checkpoint()["seconds"] / 60, abs=0.1)
    write_card(folder, replace(card, training={name: fact for name, fact in card.training.items() if name != "minutes"}))
    untold = drawing_run(tmp_path / "untold", begin_from_model(folder, PRESETS["scenes-64"]))
    assert "minutes in all" not in publish_run(untold.folder, tmp_path / "models" / "later", WORDS).training


def test_totals_are_left_out_where_an_earlier_run_is_gone_or_another_one(tmp_path: Path) -> None:
    first = drawing_run(tmp_path / "first")
    last = drawing_run(tmp_path / "last", first)
    shutil.rmtree(first.folder)
    drawing_run(tmp_path / "first", rate=0.05)
    card = publish_run(last.folder, tmp_path / "models" / "alone", WORDS)
    assert "minutes in all" not in card.training
    assert card.training["pictures seen in all"] == "24"
    assert "the last of several runs" in card.pictures["curves.webp"]


def test_a_card_names_the_settings_that_are_not_its_presets(tmp_path: Path) -> None:
    card = publish_run(drawing_run(tmp_path / "run").folder, tmp_path / "models" / "changed", WORDS)
    changed = card.training["changed settings"]
    assert "widths=[8, 8]" in changed
    assert "batch=4" in changed
    assert "rate=" not in changed


def test_a_run_that_nobody_judged_says_that_its_last_networks_were_taken(tmp_path: Path) -> None:
    card = publish_run(drawing_run(tmp_path / "run").folder, tmp_path / "models" / "unjudged", WORDS)
    assert card.training["chosen by"] == "nobody: it is the last of its run"


def test_a_mean_of_weights_gets_batch_statistics_of_its_own(tmp_path: Path) -> None:
    one, two = (drawing_run(tmp_path / name, judged=True, rate=rate) for name, rate in (("one", 2e-4), ("two", 0.05)))
    publish_run(one.folder, tmp_path / "models" / "mean", WORDS, beside=[two.folder])
    mean = cast(torch.nn.Module, Zoo([tmp_path / "models"]).generator("mean").network)
    halves = [Run(run.folder).best()["networks"]["average"] for run in (one, two)]  # type: ignore[index]
    names = [name for name, _ in mean.named_buffers() if name.endswith("running_var")]
    kept = [torch.allclose(mean.get_buffer(name), (halves[0][name] + halves[1][name]) / 2, rtol=1e-2) for name in names]
    assert names
    assert not all(kept)
