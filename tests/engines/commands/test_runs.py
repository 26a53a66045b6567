"""What `runs` tells of a run, and what `train` leaves for it."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines import imaging
from engines.errors import StudioError
from engines.models.zoo import Zoo
from engines.training.judging import DISTANCE
from engines.training.run_snapshots import set_mark
from engines.training.runs import Run
from engines.translation.publishing import publish_run
from tests.engines.commands.command_line import atelier, atelier_apart
from tests.engines.training.made_runs import made_run

TINY = ("plain-64", "--set", "widths=(8,8)", "--set", "latent_dim=8", "--set", "batch=4", "--set", "policy=()", "--set", "pictures=60")
WORDS = {"title": "Tiny", "summary": "Little.", "trained_on": "Noise.", "rights": "Free.", "limits": ["Noise."]}


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photographs")
    random = np.random.default_rng(0)
    for index in range(40):
        Image.fromarray(random.integers(0, 255, (8, 8, 3), dtype=np.uint8)).save(folder / f"{index}.png")
    return folder


@pytest.fixture(scope="module")
def trained(photographs: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of 15 steps that keeps the networks of its snapshots."""
    run = Run(tmp_path_factory.mktemp("trained") / "run")
    done = atelier_apart("train", *TINY, "--data", photographs, "--out", run.folder, "--precision", "float32", "--keep", "3", "--seed", "5")
    assert done.returncode == 0, done.stderr
    return run


def test_a_run_knows_how_it_was_started_so_that_anybody_can_resume_it(trained: Run, photographs: Path) -> None:
    command = trained.command()
    assert command[:4] == ["train", "plain-64", "--data", str(photographs.resolve())]
    again = atelier_apart(*command, "--resume", "--minutes", "1")
    assert again.returncode == 0, again.stderr
    assert "15 of 15 steps done" in again.stdout


def test_a_snapshot_chosen_by_eye_is_published(trained: Run, tmp_path: Path) -> None:
    assert trained.kept_steps() == [15]
    words = tmp_path / "words.json"
    words.write_text(json.dumps(WORDS))
    done = atelier("publish", trained.folder, "--as", "tiny", "--words", words, "--into", tmp_path / "models", "--step", "15")
    assert done.returncode == 0, done.stderr
    card = Zoo([tmp_path / "models"]).generator("tiny").card
    assert card.training["steps"] == 15
    assert card.training["chosen by"] == "eye, among the snapshots of 15 steps"
    trained.snapshot_file(15).rename(trained.snapshot_file(15).with_suffix(".away"))
    assert publish_run(trained.folder, tmp_path / "models" / "latest", WORDS, step=15).training["steps"] == 15
    trained.snapshot_file(15).with_suffix(".away").rename(trained.snapshot_file(15))
    with pytest.raises(StudioError, match="step 7 are not kept, those of these steps are: 15"):
        publish_run(trained.folder, tmp_path / "models" / "other", WORDS, step=7)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([1], "no JSON object"),
        (WORDS | {"limits": "Noise."}, "limits in .* is a list of texts, got Noise."),
        (WORDS | {"title": ["Tiny"]}, "title in .* is a text"),
        (WORDS | {"tags": [3]}, "tags in .* is a list of texts"),
        (WORDS | {"hardware": 2}, "hardware in .* is a text, got 2"),
    ],
)
def test_words_of_another_kind_are_refused_before_anything_is_written(trained: Run, tmp_path: Path, words: object, sentence: str) -> None:
    file = tmp_path / "words.json"
    file.write_text(json.dumps(words))
    done = atelier("publish", trained.folder, "--as", "tiny", "--words", file, "--into", tmp_path / "models")
    assert done.returncode == 2
    assert re.search(sentence, done.stderr)
    assert not (tmp_path / "models").exists()


def test_an_estimate_takes_a_few_steps_and_leaves_no_run(photographs: Path, tmp_path: Path) -> None:
    done = atelier_apart("train", *TINY, "--data", photographs, "--out", tmp_path / "run", "--precision", "float32", "--estimate", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["steps"], found["whole"]) == (15, 15)
    assert found["step_seconds"] > 0
    assert not (tmp_path / "run").exists()


def test_what_runs_measured_is_told_in_words_as_json_and_drawn(tmp_path: Path) -> None:
    one, two = made_run(tmp_path / "one", {20: 9.0, 40: 5.0}), made_run(tmp_path / "two", {40: 7.0})
    set_mark(one, 20, True, "clear edges")
    told = atelier("runs", "show", one.folder, two.folder, "--curves", tmp_path / "curves.png", "--over", "minutes")
    assert told.returncode == 0, told.stderr
    assert "lowest distance: step 40" in told.stdout
    assert "* step 20: clear edges" in told.stdout
    assert np.asarray(imaging.safe_open(tmp_path / "curves.png")).std() > 5
    facts = json.loads(atelier("runs", "show", one.folder, "--json").stdout)[str(one.folder)]
    assert facts["status"]["state"] == "finished"
    assert facts["snapshots"][0] == {
        "step": 20, "figures": {**facts["snapshots"][0]["figures"], DISTANCE: 9.0}, "star": True, "note": "clear edges", "networks": False,
    }  # fmt: skip
    assert (facts["lowest distance"], facts["highest score"]) == (40, 40)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [(("show", "nowhere"), "holds no run"), (("nowhere",), "holds no run"), ((".", "--curves", "x.png"), "write `runs show RUN")],
)
def test_a_mistaken_look_at_runs_is_one_sentence(arguments: tuple[str, ...], sentence: str) -> None:
    done = atelier("runs", *arguments)
    assert done.returncode == 2
    assert sentence in done.stderr
