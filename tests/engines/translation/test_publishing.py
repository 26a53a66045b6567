from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engines.compute import Numerics
from engines.errors import StudioError
from engines.models.zoo import Zoo
from engines.training.dataset import PictureSet
from engines.training.runs import Run
from engines.training.trainer import Plan, Workers, train
from engines.training.upscaling import UPSCALE_PRESETS, UpscaleTask
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
    parts = [f"1 of 3 parts run-{seed}, which had seen 4 pictures" for seed in (1, 2)]
    assert card.training["averaged with"] == ", ".join(parts)
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
