"""The command line as a person meets it, on small models in a home of its own."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.recipe import Sample, Swap, read_recipe
from tests.engines.commands.command_line import atelier, atelier_apart
from tests.tiny import publish_tiny_models


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A STUDIO_HOME whose models are tiny ones."""
    folder = tmp_path_factory.mktemp("own")
    publish_tiny_models(folder / "models")
    return folder


@pytest.fixture(scope="module")
def photograph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("in") / "jacket.jpg"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (70, 90, 3), dtype=np.uint8)).save(path)
    return path


def one_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    assert len(lines) == 1, text
    return lines[0]


def test_help_names_every_command_and_a_first_try() -> None:
    shown = atelier("--help")
    assert shown.returncode == 0
    for command in ("models", "sample", "interpolate", "swap", "score", "train", "render", "publish"):
        assert command in shown.stdout
        described = atelier(command, "--help")
        assert described.returncode == 0
        assert "python -m engines" in described.stdout


def test_a_mistake_ends_the_process_with_code_two(tmp_path: Path) -> None:
    done = atelier_apart("sample", "nothing", "--seeds", 1, "--out", tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert one_line(done.stderr).startswith("error: there is no model 'nothing'")


def test_models_are_listed_and_shown(home: Path) -> None:
    listed = atelier("models", "list", home=home)
    assert listed.returncode == 0
    assert any(line.startswith("garments") and "coat, hat, shoes" in line for line in listed.stdout.splitlines())
    assert json.loads(atelier("models", "show", "garments", "--json", home=home).stdout)["classes"] == ["coat", "hat", "shoes"]
    assert "## Rights" in atelier("models", "show", "scenes", home=home).stdout


def test_samples_carry_their_recipe_and_render_to_the_same_pixels(home: Path, tmp_path: Path) -> None:
    drawn = atelier(
        "sample", "garments", "--seeds", "0-2,7", "--class", "hat", "--truncation", "0.7", "--out", tmp_path / "drawn", home=home
    )
    assert drawn.returncode == 0, drawn.stderr
    assert drawn.stdout == ""
    assert sorted(path.name for path in (tmp_path / "drawn").iterdir()) == [f"seed-000{seed}.png" for seed in (0, 1, 2, 7)]
    recipe = read_recipe(tmp_path / "drawn" / "seed-0007.png")
    assert isinstance(recipe, Sample)
    assert (recipe.seed, recipe.class_name, recipe.truncation) == (7, "hat", 0.7)
    again = atelier("render", tmp_path / "drawn" / "seed-0007.png", "--out", tmp_path / "again.png", home=home)
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "drawn" / "seed-0007.png").read_bytes()


@pytest.mark.parametrize(("suffix", "magic"), [(".mp4", b"ftyp"), (".gif", b"GIF89a")])
def test_a_film_has_the_asked_number_of_frames(home: Path, tmp_path: Path, suffix: str, magic: bytes) -> None:
    film = tmp_path / f"way{suffix}"
    done = atelier("interpolate", "scenes", "--seeds", "1,2", "--frames", 12, "--out", film, home=home)
    assert done.returncode == 0, done.stderr
    assert magic in film.read_bytes()[:16]
    if suffix == ".gif":
        with Image.open(film) as opened:
            assert opened.n_frames == 12
    else:
        import imageio_ffmpeg

        assert imageio_ffmpeg.count_frames_and_secs(str(film))[0] == 12


def test_a_swap_writes_one_file_a_picture_and_nothing_else(home: Path, photograph: Path, tmp_path: Path) -> None:
    done = atelier("swap", photograph, "--to", "denim", "--out", tmp_path / "out", home=home)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["jacket.png"]
    with Image.open(tmp_path / "out" / "jacket.png") as opened:
        assert opened.size == (90, 70)
    assert isinstance(read_recipe(tmp_path / "out" / "jacket.png"), Swap)
    without = atelier("render", tmp_path / "out" / "jacket.png", "--out", tmp_path / "again.png", home=home)
    assert without.returncode == 2
    assert "--input FILE" in one_line(without.stderr)
    wrong = atelier(
        "render", tmp_path / "out" / "jacket.png", "--input", tmp_path / "out" / "jacket.png", "--out", tmp_path / "x.png", home=home
    )
    assert wrong.returncode == 2
    assert "give the original file" in one_line(wrong.stderr)
    atelier("render", tmp_path / "out" / "jacket.png", "--input", photograph, "--out", tmp_path / "again.png", home=home)
    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "out" / "jacket.png").read_bytes()


def test_a_swap_of_a_drawn_picture_needs_no_input_to_be_drawn_again(home: Path, tmp_path: Path) -> None:
    atelier("sample", "scenes", "--seeds", 3, "--out", tmp_path, home=home)
    atelier("swap", tmp_path / "seed-0003.png", "--to", "leather", "--out", tmp_path / "out", home=home)
    done = atelier("render", tmp_path / "out" / "seed-0003.png", "--out", tmp_path / "again.png", home=home)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "out" / "seed-0003.png").read_bytes()


def test_one_bad_picture_does_not_stop_the_others(home: Path, photograph: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_text("no picture")
    done = atelier("swap", bad, photograph, "--to", "denim", "--out", tmp_path / "out", home=home)
    assert done.returncode == 2
    assert "bad.jpg is not a JPEG" in done.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["jacket.png"]


def test_other_weights_of_the_same_name_are_said_and_the_present_ones_offered(home: Path, tmp_path: Path) -> None:
    atelier("sample", "scenes", "--seeds", 3, "--out", tmp_path, home=home)
    other = tmp_path / "other"
    made = publish_tiny_models(other / "models")
    changed = made.folder("scenes") / "atelier.json"
    from safetensors.torch import load_file, save_file

    from engines.recipe import file_hash

    weights = changed.with_name("model.safetensors")
    tensors = load_file(weights)
    tensors["to_picture.bias"] += 0.25
    save_file(tensors, weights)
    changed.write_text(json.dumps(json.loads(changed.read_text()) | {"weights_sha256": file_hash(weights)}))
    refused = atelier("render", tmp_path / "seed-0003.png", "--out", tmp_path / "again.png", home=other)
    assert refused.returncode == 2
    assert "other weights of scenes: add --present" in one_line(refused.stderr)
    assert not (tmp_path / "again.png").exists()
    assert atelier("render", tmp_path / "seed-0003.png", "--out", tmp_path / "again.png", "--present", home=other).returncode == 0
    recipe = read_recipe(tmp_path / "again.png")
    assert isinstance(recipe, Sample)
    assert recipe.weights == file_hash(weights)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["sample", "nothing", "--seeds", "1", "--out", "OUT"], "there is no model 'nothing'"),
        (["sample", "scenes", "--seeds", "-1", "--out", "OUT"], "--seeds"),
        (["sample", "scenes", "--seeds", "nan", "--out", "OUT"], "nan"),
        (["sample", "scenes", "--seeds", "5-1", "--out", "OUT"], "5-1"),
        (["sample", "scenes", "--seeds", "0-99999999", "--out", "OUT"], "at most"),
        (["sample", "scenes", "--seeds", "1", "--truncation", "nan", "--out", "OUT"], "truncation"),
        (["sample", "scenes", "--seeds", "1", "--class", "hat", "--out", "OUT"], "has no classes"),
        (["sample", "garments", "--seeds", "1", "--class", "sofa", "--out", "OUT"], "coat, hat, shoes"),
        (["sample", "garments", "--seeds", "1", "--out", "OUT"], "coat, hat, shoes"),
        (["interpolate", "scenes", "--seeds", "1", "--out", "OUT/a.mp4"], "2 to 8 pictures"),
        (["interpolate", "scenes", "--seeds", "1,2", "--frames", "1", "--out", "OUT/a.mp4"], "2 to 600 frames"),
        (["interpolate", "scenes", "--seeds", "1,2", "--out", "OUT/a.avi"], "to a folder"),
        (["swap", "missing.jpg", "--to", "wool", "--out", "OUT"], "denim, leather"),
        (["train", "nothing", "--data", ".", "--out", "OUT"], "there is no preset"),
        (["train", "scenes-64", "--data", "missing", "--out", "OUT"], "is not a folder"),
        (["train", "scenes-64", "--data", ".", "--out", "OUT", "--minutes", "0"], "above 0"),
        (["render", "missing.png", "--out", "OUT/a.png"], "cannot be read"),
        (["models", "show", "nothing"], "there is no model"),
        (["unheard-of"], "unheard-of"),
        ([], "COMMAND"),
    ],
)
def test_a_mistake_is_one_clear_line_and_exit_code_two(home: Path, tmp_path: Path, arguments: list[str], sentence: str) -> None:
    done = atelier(*(text.replace("OUT", str(tmp_path / "out")) for text in arguments), home=home)
    assert done.returncode == 2
    line = one_line(done.stderr)
    assert line.startswith("error: ")
    assert sentence in line
    assert not (tmp_path / "out").exists() or not any((tmp_path / "out").iterdir())


def test_a_tiny_model_is_trained_published_and_drawn_from(home: Path, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for name, level in (("denim", 60), ("leather", 180)):
        (tmp_path / "data" / name).mkdir(parents=True)
        for index in range(12):
            pixels = np.clip(random.normal(level, 40, (24, 24, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "data" / name / f"{index}.png")
    words = {"title": "T", "summary": "S", "trained_on": "Noise.", "rights": "Yours.", "limits": ["Noise."]}
    (tmp_path / "words.json").write_text(json.dumps(words))
    for preset, name, less in (("garments-64", "mine", ("--set", "batch=8", "--set", "memory=16")), ("textures-128", "pair", ())):
        run = tmp_path / "runs" / name
        settings = ("--minutes", "0.001", "--precision", "float32", *less)
        trained = atelier_apart("train", preset, "--data", tmp_path / "data", "--out", run, *settings, home=home)
        assert trained.returncode == 0, trained.stderr
        assert sorted(path.name for path in run.iterdir()) == [
            "checkpoints",
            "command.json",
            "config.json",
            "heartbeat.json",
            "metrics.jsonl",
            "samples",
        ]
        published = atelier("publish", run, "--as", name, "--words", tmp_path / "words.json", home=home)
        assert published.returncode == 0, published.stderr
    again = atelier_apart("train", "textures-128", "--data", tmp_path / "data", "--out", run, "--minutes", "0.001", "--resume", home=home)
    assert "2 of" in again.stdout, again.stderr
    refused = atelier_apart("train", "textures-128", "--data", tmp_path / "data", "--out", run, "--seed", 1, "--resume", home=home)
    assert "seed was 0 and is now 1" in one_line(refused.stderr.splitlines()[-1])
    drawn = atelier("sample", "mine", "--seeds", 1, "--class", "denim", "--out", tmp_path / "drawn", home=home)
    assert drawn.returncode == 0, drawn.stderr
    source = next((tmp_path / "data" / "denim").iterdir())
    swapped = atelier("swap", source, "--model", "pair", "--to", "leather", "--out", tmp_path / "swapped", home=home)
    assert swapped.returncode == 0, swapped.stderr


def test_options_are_taken_by_their_whole_names() -> None:
    assert atelier("train", "--list").returncode == 0
    done = atelier("train", "--lis")
    assert done.returncode == 2
    assert "--lis" in done.stderr
