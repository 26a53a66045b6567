"""The same seed is the same picture, whoever asks and whatever is drawn beside it."""

from pathlib import Path

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from PIL import Image

from engines import imaging
from engines.commands import main
from engines.models.zoo import Zoo
from engines.production.rendering import render
from engines.recipe import Sample, read_recipe


def sampled(client: Client, model: str, seeds: str, truncation: float = 1.0, class_name: str = "") -> list[Path]:
    files = client.predict(model=model, seeds=seeds, count=1, truncation=truncation, class_name=class_name, api_name="/sample")
    return [Path(file) for file in files]


@pytest.mark.parametrize(("model", "class_name"), [("cityscape", ""), ("clothing", "dress"), ("materials", "denim")])
def test_same_seed_gives_the_same_file_alone_in_a_batch_and_from_the_command_line(
    client: Client, tmp_path: Path, model: str, class_name: str
) -> None:
    alone = sampled(client, model, "7", 0.7, class_name)[0]
    batch = sampled(client, model, "0-15", 0.7, class_name)
    of_class = ["--class", class_name] if class_name else []
    assert main(["sample", model, "--seeds", "7", "--truncation", "0.7", *of_class, "--out", str(tmp_path)]) == 0
    assert len(batch) == 16
    assert alone.read_bytes() == batch[7].read_bytes() == (tmp_path / "seed-0007.png").read_bytes()


def test_different_seeds_give_different_pictures_of_the_models_size(client: Client) -> None:
    pictures = [imaging.safe_open(path) for path in sampled(client, "cityscape", "0-15")]
    assert len({picture.tobytes() for picture in pictures}) == 16
    assert {picture.size for picture in pictures} == {(64, 64)}


def test_truncation_zero_gives_one_picture(client: Client) -> None:
    pictures = [imaging.safe_open(path) for path in sampled(client, "cityscape", "0-7", 0)]
    assert len({picture.tobytes() for picture in pictures}) == 1


def test_a_sample_opens_again_from_the_recipe_inside_it(client: Client, shipped_zoo: Zoo) -> None:
    for path in sampled(client, "materials", "3,8", 0.6, "leather"):
        recipe = read_recipe(path)
        assert isinstance(recipe, Sample)
        assert recipe.class_name == "leather"
        assert recipe.rights
        assert render(shipped_zoo, recipe).tobytes() == imaging.safe_open(path).tobytes()


@pytest.mark.parametrize("kind", ["mp4", "gif"])
def test_a_way_between_two_seeds_comes_as_a_film(client: Client, kind: str) -> None:
    path = client.predict(
        model="cityscape", seed_a="1", seed_b="2", frames=8, truncation=1.0, class_name="", kind=kind, api_name="/interpolate"
    )
    assert Path(path).suffix == f".{kind}"
    assert Path(path).stat().st_size > 1000
    if kind == "gif":
        with Image.open(path) as film:
            assert 4 <= film.n_frames <= 8  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"seeds": "NaN"}, "seed"),
        ({"seeds": "-1"}, "seed"),
        ({"seeds": "9223372036854775808"}, "seed"),
        ({"seeds": "0-100000"}, "at most"),
        ({"seeds": ""}, "seed"),
        ({"truncation": 3}, "truncation is a number from 0 to 2"),
        ({"class_name": "kimono"}, "no classes"),
        ({"model": "unheard-of"}, "choose one of"),
        ({"model": "../secrets"}, "choose one of"),
        ({"model": "leather-denim"}, "choose one of"),
    ],
)
def test_what_cannot_be_drawn_gets_a_sentence_and_the_studio_goes_on(client: Client, asked: dict[str, object], sentence: str) -> None:
    whole = {"model": "cityscape", "seeds": "1", "count": 1, "truncation": 1.0, "class_name": "", **asked}
    with pytest.raises(AppError, match=f"(?i){sentence}"):
        client.predict(**whole, api_name="/sample")
    assert sampled(client, "cityscape", "1")
