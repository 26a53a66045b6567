import json
from pathlib import Path

import pytest
from PIL import Image
from sklearn.datasets import load_sample_images

from tests.engines.commands.command_line import atelier
from tests.pictures import text_named_jpg


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A temple, a flower in a folder below, and a poem that calls itself a picture."""
    root = tmp_path_factory.mktemp("pictures")
    (root / "deep").mkdir()
    for name, pixels in zip(("temple.jpg", "deep/flower.jpg"), load_sample_images().images, strict=True):
        Image.fromarray(pixels).save(root / name)
    text_named_jpg(root / "poem.jpg")
    return root


def test_scores_go_into_a_file_of_exactly_the_promised_form(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "scores.json"
    done = atelier("score", folder, "--prompt", "flower", "--threshold", "0.2", "--out", out)
    assert (done.returncode, done.stdout) == (0, "")
    found = json.loads(out.read_text())
    assert list(found) == ["model", "prompt", "threshold", "scores", "failed"]
    assert (found["prompt"], found["threshold"]) == ("flower", 0.2)
    assert found["model"].startswith("studio-clip@")
    assert [one["path"] for one in found["scores"]] == [str(folder / "deep/flower.jpg"), str(folder / "temple.jpg")]
    assert all(list(one) == ["path", "score", "kept"] and one["kept"] == (one["score"] >= 0.2) for one in found["scores"])
    assert found["scores"][0]["score"] > found["scores"][1]["score"]
    assert [one["path"] for one in found["failed"]] == [str(folder / "poem.jpg")]
    assert list(tmp_path.iterdir()) == [out]


def test_a_dash_prints_the_json_alone_and_without_a_threshold_the_cards_is_taken(folder: Path) -> None:
    done = atelier("score", folder, "--prompt", "temple", "--out", "-")
    assert done.returncode == 0
    assert json.loads(done.stdout)["threshold"] == 0.2
    assert "looking at pictures" in done.stderr


@pytest.mark.parametrize(
    "options",
    [
        ["--prompt", "  "],
        ["--prompt", "flower", "--threshold", "nan"],
        ["--prompt", "flower", "--threshold", "1.5"],
        ["--prompt", "flower", "--threshold", "high"],
        ["--prompt", "flower", "--model", "no-such-model"],
        [],
    ],
)
def test_a_mistake_is_one_line_and_writes_nothing(folder: Path, tmp_path: Path, options: list[str]) -> None:
    done = atelier("score", folder, *options, "--out", tmp_path / "scores.json")
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stderr.startswith("error: ")
    assert not list(tmp_path.iterdir())


def test_a_folder_without_pictures_and_one_of_broken_ones_are_mistakes(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    text_named_jpg(tmp_path / "broken" / "poem.jpg")
    for folder, reason in (("empty", "no pictures"), ("broken", "none of the 1 pictures"), ("nowhere", "not a folder")):
        done = atelier("score", tmp_path / folder, "--prompt", "flower", "--out", "-")
        assert done.returncode == 2
        assert reason in done.stderr
