"""The score command beyond one prompt: passes, cuts, saved rules, and collections."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_images

from engines.curation.catalogue import Catalogue
from engines.curation.provenance import Fetched, Provenance
from engines.curation.rules import Rule
from engines.training.dataset import load_pictures
from tests.engines.commands.command_line import Done, atelier


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Parts of a temple and of a flower."""
    root = tmp_path_factory.mktemp("pictures")
    for name, pixels in zip(("temple", "flower"), load_sample_images().images, strict=True):
        for index in range(3):
            Image.fromarray(pixels[:, index * 60 : index * 60 + 500]).resize((160, 130)).save(root / f"{name}-{index}.jpg")
    return root


@pytest.fixture
def towns(home: Path, folder: Path) -> Catalogue:
    """A collection of these pictures, as it came."""
    catalogue = Catalogue(home / "catalogue")
    if any(facts.name == "towns" for facts in catalogue.collections()):
        catalogue.remove("towns")
    catalogue.create("towns")
    catalogue.add("towns", [Fetched(path, Provenance("folder", path.name, path.name)) for path in sorted(folder.iterdir())])
    return catalogue


def score(home: Path, *arguments: object) -> Done:
    done = atelier("score", *arguments, home=home)
    assert done.returncode == 0, done.stderr
    return done


def kept(catalogue: Catalogue) -> set[str]:
    state = catalogue.state("towns")
    return {picture.provenance.name for picture in catalogue.pictures("towns") if state[picture.id].kept}


TEMPLES, FLOWERS = ({f"{name}-{index}.jpg" for index in range(3)} for name in ("temple", "flower"))


def test_a_rule_decides_in_the_catalogue_below_what_hands_decided_and_is_kept_by_name(home: Path, towns: Catalogue) -> None:
    first = towns.pictures("towns")[0]
    towns.decide("towns", [first.id], "keep", "me")
    done = score(
        home, "--collection", "towns", "--prompt", "a temple building", "--negative", "flower", "--save-rule", "temples", "--actor", "you"
    )
    assert kept(towns) == TEMPLES | {first.provenance.name}
    assert "3 of 6 pictures kept (50.0 %, the cut is at percentile 50.0) by a temple building against flower (margin) ≥ 0" in done.stderr
    assert Rule.from_json(towns.rules()["temples"]).name == "temples"
    towns.undo("towns", "you")
    assert kept(towns) == TEMPLES | FLOWERS
    score(home, "--collection", "towns", "--rule", "temples")
    assert kept(towns) == TEMPLES | {first.provenance.name}


def test_a_preview_leaves_the_collection_as_it_is(home: Path, towns: Catalogue) -> None:
    done = score(home, "--collection", "towns", "--prompt", "flower", "--top", "50%", "--preview")
    assert "3 of 6 pictures would be kept" in done.stderr
    assert kept(towns) == TEMPLES | FLOWERS


def test_a_prompt_after_a_rule_is_asked_of_what_the_rule_keeps(home: Path, folder: Path, towns: Catalogue) -> None:
    score(home, "--collection", "towns", "--prompt", "flower", "--top", "50%", "--save-rule", "flowers")
    assert kept(towns) == FLOWERS
    score(home, "--collection", "towns", "--rule", "flowers", "--prompt", "a temple building", "--top", "34%")
    assert len(kept(towns)) == 1
    assert kept(towns) < FLOWERS


def test_two_rules_are_compared_by_the_pictures_they_decide_otherwise(home: Path, towns: Catalogue, tmp_path: Path) -> None:
    for name, prompt in (("flowers", "flower"), ("temples", "a temple building")):
        score(home, "--collection", "towns", "--prompt", prompt, "--top", "50%", "--save-rule", name)
    done = score(home, "--collection", "towns", "--rule", "flowers", "--compare", "temples", "--preview")
    assert done.stdout.startswith("6 pictures are decided otherwise by temples")
    out = tmp_path / "compared.json"
    score(home, "--collection", "towns", "--rule", "flowers", "--compare", "temples", "--preview", "--out", out)
    found = json.loads(out.read_text())["disagreements"]
    assert {one["path"] for one in found if one["kept_by_first"]} == FLOWERS
    amounts = [one["amount"] for one in found]
    assert amounts == sorted(amounts, reverse=True)


def test_a_folders_rule_goes_into_a_file_and_is_read_from_it(home: Path, folder: Path, tmp_path: Path) -> None:
    rule, out = tmp_path / "rule.json", tmp_path / "scores.json"
    score(home, folder, "--prompt", "flower", "--without", "people", "--method", "softmax", "--save-rule", rule, "--out", out)
    first = json.loads(out.read_text())
    assert Rule.from_json(first["rule"]) == Rule.from_json(json.loads(rule.read_text()))
    score(home, folder, "--rule", rule, "--out", out)
    assert json.loads(out.read_text())["scores"] == first["scores"]


def test_faster_arithmetic_is_another_model_whose_scores_are_close(home: Path, folder: Path) -> None:
    exact, fast = (
        json.loads(score(home, folder, "--prompt", "flower", "--model", model, "--out", "-").stdout)
        for model in ("studio-clip", "studio-clip:bf16")
    )
    assert exact["model"].removesuffix("float32") == fast["model"].removesuffix("bf16")
    apart = [abs(one["score"] - other["score"]) for one, other in zip(exact["scores"], fast["scores"], strict=True)]
    assert 0 < max(apart) < 0.02


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--prompt", "flower"], "--out scores.json"),
        (["--collection", "towns", "--prompt", "flower"], "either a folder, or --collection"),
        (["--prompt", "flower", "--suggest", "--out", "-"], "no cut can be suggested: 6 scores are too few"),
        (["--prompt", "flower", "--top", "0", "--out", "-"], "above 0 and at most 100"),
        (["--prompt", "flower", "--top", "nan", "--out", "-"], "above 0 and at most 100"),
        (["--prompt", "flower", "--method", "margin", "--out", "-"], "negative prompt"),
        (["--prompt", "flower", "--threshold", "0.2", "--top", "5", "--out", "-"], "not allowed with"),
        (["--rule", "report", "--threshold", "0.2", "--out", "-"], "add --prompt"),
        (["--rule", "report", "--model", "studio-clip", "--out", "-"], "belongs to ViT-B-32-quickgelu/openai/float32"),
        (["--prompt", "flower", "--truth", "sofa", "--out", "-"], "no picture is of the class 'sofa'"),
        (["--rule", "nothing", "--out", "-"], "there is no rule 'nothing'"),
        (["--rule", "nothing.json", "--out", "-"], "cannot be read as a rule"),
        (["--prompt", "flower", "--save-rule", "mine", "--out", "-"], "write --save-rule mine.json"),
        (["--prompt", "flower", "--model", "studio-clip:int8", "--out", "-"], "float32 or bf16"),
        (["--prompt", "flower", "--engine", "ray", "--workers", "0", "--out", "-"], "at least one worker"),
    ],
)
def test_a_mistake_is_one_line_that_says_what_to_do(home: Path, folder: Path, arguments: list[str], reason: str) -> None:
    done = atelier("score", folder, *arguments, home=home)
    lines = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith("looking at pictures")]
    assert (done.returncode, done.stdout, len(lines)) == (2, "", 1)
    assert lines[0].startswith("error: ")
    assert reason in lines[0]


def test_scores_are_measured_against_classes_known_to_match(home: Path, folder: Path, tmp_path: Path) -> None:
    for path in folder.iterdir():
        (tmp_path / path.name.partition("-")[0]).mkdir(exist_ok=True)
        (tmp_path / path.name.partition("-")[0] / path.name).write_bytes(path.read_bytes())
    done = score(home, tmp_path, "--prompt", "flower", "--top", "50%", "--truth", "flower", "--out", tmp_path / "scores.json")
    assert "against flower (3 of 6 pictures): AUC 1.000; at the cut precision 1.000, recall 1.000" in done.stderr


def test_held_out_scores_only_what_training_keeps_apart(home: Path, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for index in range(60):
        Image.fromarray(random.integers(0, 256, (24, 24, 3), dtype=np.uint8)).save(tmp_path / f"{index:02}.png")
    kept_apart = load_pictures(tmp_path, 24, "centre square").held_out
    done = score(home, tmp_path, "--prompt", "flower", "--held-out", "--out", "-")
    scored = [Path(one["path"]).name for one in json.loads(done.stdout)["scores"]]
    assert scored == [f"{index:02}.png" for index in np.flatnonzero(kept_apart)]
    assert 0 < len(scored) < 20
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "one.png").write_bytes((tmp_path / f"{np.flatnonzero(~kept_apart)[0]:02}.png").read_bytes())
    refused = atelier("score", alone, "--prompt", "flower", "--held-out", "--out", "-", home=home)
    assert refused.returncode == 2
    assert "keeps none of these 1 pictures" in refused.stderr


def test_a_collection_that_is_empty_or_unknown_is_a_mistake(home: Path) -> None:
    Catalogue(home / "catalogue").create("empty")
    for name, reason in (("empty", "has no pictures"), ("nowhere", "nowhere")):
        done = atelier("score", "--collection", name, "--prompt", "flower", home=home)
        assert done.returncode == 2
        assert reason in done.stderr


def test_a_second_prompt_looks_at_no_picture_again(tmp_path: Path, folder: Path) -> None:
    score(tmp_path, folder, "--prompt", "flower", "--out", "-")
    shards = sorted((tmp_path / "embeddings").rglob("*.npy"))
    done = score(tmp_path, folder, "--prompt", "a temple", "--out", "-")
    assert "looking at pictures" not in done.stderr
    assert sorted((tmp_path / "embeddings").rglob("*.npy")) == shards
    assert np.isfinite([one["score"] for one in json.loads(done.stdout)["scores"]]).all()
