"""The text-image model from drawn pictures to the figures on its card, with a teacher that knows words by sight alone."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from engines.curation import studio_clip
from engines.curation.encoder import Encoders
from engines.curation.studio_clip import POOL_HASH, Plan, measured, read_pool
from engines.evaluation.report import read_report
from engines.models.card import read_card
from engines.models.zoo import Zoo
from tests.engines.commands.command_line import atelier

COLOURS = {"buildings": (200, 60, 40), "shoes": (40, 60, 200), "trainB": (30, 160, 60), "t-shirt": (230, 210, 60), "forest": (20, 20, 20)}
PLAN = Plan(pictures=20, joint_steps=150, joint_batch=64, nouns=60, glosses=20, phrases=60)


def drawn_pool(folder: Path, each: int = 30) -> Path:
    """Pictures of a colour a class: stripes at an angle of the class's own, with noise."""
    random = np.random.default_rng(0)
    down, across = np.mgrid[:48, :48]
    for turn, (name, colour) in enumerate(COLOURS.items()):
        (folder / name).mkdir(parents=True)
        for index in range(each):
            wave = np.sin((down * np.cos(turn) + across * np.sin(turn)) / random.uniform(1.5, 4) + random.uniform(0, 6))
            pixels = np.array(colour) * (0.7 + 0.3 * wave[..., None]) + random.normal(0, 25, (48, 48, 3))
            Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(folder / name / f"{index}.png")
    return folder


def by_sight(texts: Sequence[str], *_: object) -> Tensor:
    """A teacher's vectors: those of a text's words, each drawn by its letters, added up."""
    known: dict[str, np.ndarray] = {}

    def word(letters: str) -> np.ndarray:
        if letters not in known:
            seed = int.from_bytes(hashlib.sha256(letters.encode()).digest()[:8], "big")
            known[letters] = np.random.default_rng(seed).normal(size=studio_clip.DIMENSIONS)
        return known[letters]

    sums = np.stack([sum((word(one) for one in text.lower().split()), np.zeros(studio_clip.DIMENSIONS)) for text in texts])
    return functional.normalize(torch.from_numpy(sums).float(), dim=-1)


def small_wordnet(folder: Path) -> Path:
    """ImageNet's classes as WordNet has them, under two hundred nouns."""
    from timm.data import ImageNetInfo

    names = ImageNetInfo("imagenet-1k").label_names()
    lines = [f"{name[1:]} 06 n 01 thing{place % 200} 0 000 | the thing of number {place}" for place, name in enumerate(names)]
    folder.mkdir()
    (folder / "data.noun").write_text("  1 a licence\n" + "\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn_pool(tmp_path_factory.mktemp("pool") / "pictures")


@pytest.fixture(scope="module")
def trained(pool: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model trained on the pool."""
    folder = tmp_path_factory.mktemp("clip")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STUDIO_HOME", str(folder / "home"))
        patch.setattr(studio_clip, "teacher_vectors", by_sight)
        studio_clip.train(pool, folder / "models" / "tiny-clip", small_wordnet(folder / "wordnet"), PLAN)
    return folder / "models" / "tiny-clip"


def test_a_model_trained_on_a_pool_finds_its_held_out_pictures_by_their_captions(trained: Path, pool: Path) -> None:
    zoo = Zoo([trained.parent])
    report = measured(Encoders(zoo).get("tiny-clip"), zoo.card("tiny-clip"), pool)
    found = {figure.name: figure.value for figure in report.figures}
    assert min(found[f"AUC “{prompt}”"] for prompt in ("cityscape", "shoes", "jeans", "t-shirt")) > 0.9
    assert report.same_data
    assert report.data_sha256 == read_card(trained).training[POOL_HASH]
    assert all(figure.headline and figure.telling and "matching pictures" in figure.note for figure in report.figures)


def test_evaluate_writes_what_it_found_beside_the_card_and_refuses_what_does_nothing(trained: Path, pool: Path, tmp_path: Path) -> None:
    asked = ("evaluate", "tiny-clip", "--models", trained.parent, "--data", pool)
    refused = atelier(*asked, "--card", "--sheet", tmp_path / "looks", home=tmp_path / "home")
    assert refused.returncode == 2
    assert "--sheet does nothing for a clip" in refused.stderr
    done = atelier(*asked, "--card", home=tmp_path / "home")
    assert done.returncode == 0, done.stderr
    assert read_report(trained / "evaluation.json").same_data
    assert "AUC “cityscape”" in read_card(trained).evaluation


def test_a_card_that_names_no_pictures_leaves_open_whether_they_were_trained_on(trained: Path, pool: Path) -> None:
    zoo = Zoo([trained.parent])
    unnamed = replace(zoo.card("tiny-clip"), training={})
    assert measured(Encoders(zoo).get("tiny-clip"), unnamed, pool).same_data is None


def test_a_pools_hash_is_of_its_pictures_and_classes_wherever_they_lie(pool: Path, tmp_path: Path) -> None:
    few = drawn_pool(tmp_path / "few", each=3)
    moved = read_pool(few).digest
    (few / "forest").rename(few / "sea")
    other = read_pool(few)
    assert moved != other.digest
    assert other.part(held_out=False).digest == other.digest
    few.rename(tmp_path / "elsewhere")
    assert read_pool(tmp_path / "elsewhere").digest == other.digest
