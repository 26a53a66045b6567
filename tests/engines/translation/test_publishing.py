from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engines.compute import Numerics
from engines.models.zoo import Zoo
from engines.training.dataset import PictureSet
from engines.training.runs import Run
from engines.training.trainer import Plan, Workers, train
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
    train(task, run, Plan(3, facts=facts, look_every=100), Workers())
    card = publish_run(run.folder, tmp_path / "models" / "tiny", WORDS)
    assert card.training["cleaned"] == "left out 2 copies; 12 pictures kept"
    translator = Zoo([tmp_path / "models"]).translator("tiny")
    shown = torch.rand(1, 3, 64, 64) * 2 - 1
    for published, average in zip(translator.networks, task.averages, strict=True):
        assert (published(shown) - average.module(shown)).abs().max() < 0.01  # stored in half precision
