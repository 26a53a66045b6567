"""From a search word to a generator: collect, frame, score, cut, export, train."""

import io
import json
import math
import shutil
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.compute import Numerics
from engines.curation.manifest import training_manifests
from engines.errors import StudioError
from engines.exploration.sampling import draw, sample_recipes
from engines.models.zoo import Zoo
from engines.recipe import file_hash
from engines.training.adversarial import AdversarialTask
from engines.training.dataset import load_pictures
from engines.training.presets import PRESETS
from engines.training.runs import Run
from engines.training.trainer import Plan, Workers, train
from tests.engines.commands.command_line import atelier
from tests.web_sources import PictureServer

CITIES, GARMENTS = 64, 40
PERMISSION = "letter of 1 May 2026, allows training"
SMALL = replace(PRESETS["scenes-64"], widths=(16, 12, 8), latent_dim=8, view=64, discriminator_width=8, batch=8, pictures=160)


def as_photo(picture: Image.Image, width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    picture.resize((width, height), Image.Resampling.BICUBIC).save(buffer, format="JPEG", quality=92)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def photos(shipped_zoo: Zoo) -> list[bytes]:
    """Drawn cityscapes and, as every search brings them, things that are none; a quarter of them of another shape."""
    city, clothing = shipped_zoo.generator("cityscape"), shipped_zoo.generator("clothing")
    pictures = list(draw(city, sample_recipes(city, range(CITIES))))
    for label in ("dress", "pants", "shorts", "skirt"):
        pictures += draw(clothing, sample_recipes(clothing, range(GARMENTS // 4), label, truncation=0.5))
    return [as_photo(picture, 96, 64 if place % 4 else 72) for place, picture in enumerate(pictures)]


@pytest.fixture
def pexels_server(photos: list[bytes], picture_server: PictureServer) -> PictureServer:
    """A service that finds these photos, the cityscapes first."""
    picture_server.show(photos)
    return picture_server


def done(*arguments: object, home: Path) -> str:
    """What a command says when it succeeds."""
    outcome = atelier(*arguments, home=home)
    assert outcome.returncode == 0, outcome.stderr
    return outcome.stdout


@pytest.fixture
def collected(pexels_server: PictureServer, tmp_path: Path) -> Callable[..., str]:
    """Collects a range of pages into "skylines", with a key from a file."""
    (tmp_path / "key").write_text(pexels_server.key)
    service = ("--key-file", tmp_path / "key", "--base", pexels_server.base, "--per-page", 20)

    def collect(pages: str, *more: object) -> str:
        words = ("collect", "pexels", "--query", "cityscape", "--pages", pages, "--into", "skylines")
        return done(*words, *service, *more, "--json", home=tmp_path / "home")

    return collect


def test_a_search_word_becomes_a_training_set_that_one_can_stand_behind(collected: Callable[..., str], tmp_path: Path) -> None:
    home, out = tmp_path / "home", tmp_path / "set"

    # collect: two ranges of pages, of which the second brings only what is new
    assert json.loads(collected("1-2", "--permission", PERMISSION))["added"] == 40
    assert json.loads(collected("1-9", "--permission", PERMISSION))["added"] == CITIES + GARMENTS - 40

    # frame: every picture cropped to the median aspect and squeezed to a square
    done("frame", "--collection", "skylines", "--kind", "centre rectangle", "--size", 32, home=home)

    # score and cut: in the valley between the two humps
    done("score", "--collection", "skylines", "--prompt", "cityscape", "--suggest", "--save-rule", "skylines", home=home)

    # export: framed, with the permission, the rule, the model and the frame on record
    answer = json.loads(done("export", "skylines", "--out", out, "--framed", "--json", home=home))
    manifest = json.loads((out / "manifest.json").read_text())
    pictures = manifest["pictures"]
    assert manifest["counts"] == {"pictures": 104, "kept": 64, "dropped": 40, "exported": 64, "left_out": 0}
    assert {one["provenance"]["identity"] for one in pictures} == {str(1000 + place) for place in range(CITIES)}
    assert {(one["provenance"]["training_allowed"], one["provenance"]["permission"]) for one in pictures} == {("yes", PERMISSION)}
    (question,) = manifest["rule"]["passes"]
    assert (manifest["rule"]["name"], question["positives"]) == ("skylines", ["cityscape"])
    assert manifest["model_id"] == manifest["rule"]["model_id"]
    assert manifest["model_id"].startswith("studio-clip@")
    assert (manifest["frame"]["kind"], manifest["frame"]["size"], manifest["frame"]["aspect"]) == ("centre rectangle", 32, 1.5)
    for one in pictures:
        assert one["scores"]["skylines"] >= question["cut"]
        assert file_hash(out / one["file"]) == one["file_sha256"]
    assert (out / "ATTRIBUTION.csv").read_text("utf-8-sig").count("Zoë Å. 10") == CITIES

    # train: twenty steps on exactly these pictures, and the run knows the manifest
    small = load_pictures(out, SMALL.resolution, SMALL.framing)
    assert (len(small.pixels), small.classes) == (CITIES, ("skylines",))
    run = Run(tmp_path / "run")
    facts = {"data": small.digest, "manifests": list(training_manifests(out))}
    task = AdversarialTask(SMALL, small, 0, Numerics(), Workers())
    run.begin({"format": 1, "preset": asdict(SMALL), "seed": 0, "data": small.digest, "classes": small.classes}, resume=False)
    assert train(task, run, Plan(20, facts=facts), Workers()) == 20
    assert run.checkpoint()["facts"]["manifests"] == [answer["manifest"]] == [file_hash(out / "manifest.json")]
    reported = [json.loads(line) for line in (run.folder / "metrics.jsonl").read_text().splitlines()]
    assert reported[-1]["step"] == 20
    assert all(math.isfinite(value) for value in reported[-1].values())
    assert np.asarray(Image.open(run.folder / "samples" / "step-000020.png")).std() > 1


def test_without_a_recorded_permission_the_way_ends_before_training(collected: Callable[..., str], tmp_path: Path) -> None:
    collected("1-1")
    refused = atelier("export", "skylines", "--out", tmp_path / "set", home=tmp_path / "home")
    assert refused.returncode == 2
    assert "20 of 20 pictures came without permission to train a model, pexels 20 (no)" in refused.stderr
    assert not (tmp_path / "set").exists()
    done("export", "skylines", "--out", tmp_path / "looked", "--purpose", "inspection", home=tmp_path / "home")
    with pytest.raises(StudioError, match="without permission to train"):
        training_manifests(tmp_path / "looked")

    # and taking the export in again as one's own opens no way round
    done("collect", "folder", tmp_path / "looked", "--into", "mine", "--rights", "yes", "--permission", "surely", home=tmp_path / "home")
    again = atelier("export", "mine", "--out", tmp_path / "set", home=tmp_path / "home")
    assert (again.returncode, "pexels 20 (no)" in again.stderr) == (2, True)
    shutil.make_archive(str(tmp_path / "looked"), "zip", tmp_path / "looked")
    done(
        "collect", "zip", tmp_path / "looked.zip", "--into", "zipped", "--rights", "yes", "--permission", "surely", home=tmp_path / "home2"
    )
    zipped = atelier("export", "zipped", "--out", tmp_path / "set", home=tmp_path / "home2")
    assert (zipped.returncode, "pexels 20 (no)" in zipped.stderr) == (2, True)
