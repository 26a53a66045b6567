"""From a preset of a report to a model that Explore opens."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines import compute
from engines.exploration.sampling import draw, sample_recipes
from engines.models.zoo import Zoo
from engines.training.presets import PRESETS
from engines.training.systems import SYSTEMS
from tests.engines.commands.command_line import atelier

WORDS = {"title": "Tiny", "summary": "Three steps.", "trained_on": "Noise.", "rights": "None.", "limits": ["It is not trained."]}
SMALL = {
    "scenes-stylegan2-ada": (
        "side=32",
        "latent_dim=16",
        "generator_settings={'base': 64, 'w_dim': 16}",
        "discriminator_settings={'base': 64}",
        "framing=rectangle 24x16",
        "conditional=True",
    ),
    "cars-logan-bidirectional": (
        "side=16",
        "latent_dim=8",
        "generator_settings={'width': 4}",
        "discriminator_settings={'width': 4, 'latent_dim': 8}",
        "encoder_settings={'width': 4, 'latent_dim': 8}",
        "channels=4",
    ),
    "fashion-mlp": ("side=8", "latent_dim=8", "generator_settings={'hidden': (8, 8)}", "conditional=True"),
}


@pytest.fixture
def calm(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Training in this very process must not slow it down or take its signals for good."""
    monkeypatch.setattr(compute, "give_way", lambda: None)
    monkeypatch.setattr(compute, "keep_memory", lambda: None)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """20 pictures of each of two classes, half of them see-through."""
    folder = tmp_path_factory.mktemp("shelf")
    random = np.random.default_rng(0)
    for name in ("bag", "shoe"):
        (folder / name).mkdir()
        for index in range(20):
            channels = 4 if index % 2 else 3
            Image.fromarray(random.integers(0, 256, (36, 24, channels)).astype(np.uint8)).save(folder / name / f"{index}.png")
    return folder


@pytest.mark.parametrize(
    ("name", "size", "mode"),
    [("scenes-stylegan2-ada", (16, 24), "RGB"), ("cars-logan-bidirectional", (16, 16), "RGBA"), ("fashion-mlp", (8, 8), "RGB")],
)
def test_a_run_of_a_system_becomes_a_model_that_draws_by_seed_class_and_truncation(
    name: str, size: tuple[int, int], mode: str, shelf: Path, tmp_path: Path, calm: None
) -> None:
    run, words, models = tmp_path / "run", tmp_path / "words.json", tmp_path / "models"
    words.write_text(json.dumps(WORDS))
    changes = [part for change in (*SMALL[name], "batch=4", "pictures=12") for part in ("--set", change)]
    arguments = ["train", name, "--data", str(shelf), "--out", str(run), "--precision", "float32", *changes]
    assert atelier(*arguments).returncode == 0
    assert atelier("publish", str(run), "--as", "tiny", "--words", str(words), "--into", str(models)).returncode == 0
    generator = Zoo([models]).generator("tiny")
    assert generator.network.mean_start.abs().sum() > 0
    chosen = "shoe" if generator.card.classes else None
    drawn, again, mean, other = list(draw(generator, [
        *sample_recipes(generator, [3, 3], chosen), *sample_recipes(generator, [4, 5], chosen, 0.0)
    ]))  # fmt: skip
    assert drawn.size == size
    assert drawn.mode == mode
    assert drawn.tobytes() == again.tobytes() != mean.tobytes()
    assert mean.tobytes() == other.tobytes()


def test_every_system_of_the_reports_is_listed_with_what_it_is() -> None:
    listed = atelier("train", "--list").stdout
    for letter in (
        "A.4, run 1",
        "A.4, run 2",
        *(f"B.{n}" for n in range(2, 9)),
        *(f"C.{n}" for n in range(1, 7)),
        *(f"E.{n}" for n in range(1, 6)),
    ):
        assert f" {letter}: " in listed, letter
    assert {"quick", "default", "best"} <= set(PRESETS)
    assert not set(PRESETS) & set(SYSTEMS)
