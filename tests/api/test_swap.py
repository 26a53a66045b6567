from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from engines import imaging
from engines.commands import main
from engines.models.zoo import Zoo
from engines.production.rendering import render
from engines.recipe import Sample, Swap, file_hash, read_recipe
from tests import pictures


def swapped(client: Client, picture: Path, target: str = "denim") -> Path:
    return Path(client.predict(picture=handle_file(str(picture)), target=target, api_name="/swap"))


@pytest.mark.parametrize("size", [(90, 120), (61, 37), (640, 480), (1, 30)])
def test_a_swap_has_the_size_of_what_went_in_and_opens_again_from_its_recipe(
    client: Client, shipped_zoo: Zoo, tmp_path: Path, size: tuple[int, int]
) -> None:
    picture = pictures.photograph(tmp_path / "jacket.png", *size)
    path = swapped(client, picture)
    recipe = read_recipe(path)
    assert isinstance(recipe, Swap)
    assert (recipe.input, recipe.target, recipe.source) == (file_hash(picture), "denim", None)
    assert imaging.safe_open(path).size == size
    assert render(shipped_zoo, recipe, picture).tobytes() == imaging.safe_open(path).tobytes()


def test_studio_and_command_line_swap_to_the_same_file(client: Client, tmp_path: Path) -> None:
    picture = pictures.photograph(tmp_path / "jacket.jpg")
    assert main(["swap", str(picture), "--to", "leather", "--out", str(tmp_path / "out")]) == 0
    assert swapped(client, picture, "leather").read_bytes() == (tmp_path / "out" / "jacket.png").read_bytes()


def test_a_swap_of_a_drawn_picture_knows_how_its_input_was_drawn(client: Client, shipped_zoo: Zoo) -> None:
    [drawn] = client.predict(model="materials", class_name="leather", seeds="2", truncation=0.7, api_name="/classes")
    path = swapped(client, Path(drawn))
    recipe = read_recipe(path)
    assert isinstance(recipe, Swap)
    assert isinstance(recipe.source, Sample)
    assert render(shipped_zoo, recipe).tobytes() == imaging.safe_open(path).tobytes()


@pytest.mark.parametrize("mode", ["CMYK", "L"])
def test_a_jpeg_of_any_mode_is_swapped(client: Client, tmp_path: Path, mode: str) -> None:
    path = swapped(client, pictures.photograph(tmp_path / "print.jpg", mode=mode))
    assert imaging.safe_open(path).size == (90, 120)


def test_the_two_directions_differ(client: Client, tmp_path: Path) -> None:
    picture = pictures.photograph(tmp_path / "jacket.png")
    denim, leather = (np.asarray(Image.open(swapped(client, picture, target)), dtype=int) for target in ("denim", "leather"))
    assert np.abs(denim - leather).mean() > 1


def test_what_cannot_be_swapped_gets_a_sentence_and_the_studio_goes_on(client: Client, tmp_path: Path) -> None:
    fine = pictures.photograph(tmp_path / "fine.png")
    bad = {
        "not a JPEG, PNG or WEBP": pictures.text_named_jpg(tmp_path / "poem.jpg"),
        "megapixels": pictures.enormous_png(tmp_path / "enormous.png"),
        "convert it to one of these": pictures.animated_gif(tmp_path / "dance.gif"),
    }
    for sentence, path in bad.items():
        with pytest.raises(AppError, match=sentence):
            swapped(client, path)
    with pytest.raises(AppError, match=r"(?i)there is no picture"):
        client.predict(picture=None, target="denim", api_name="/swap")
    with pytest.raises(AppError, match="silk"):
        swapped(client, fine, "silk")
    with pytest.raises(AppError, match=r"(?i)model"):
        client.predict(picture=handle_file(str(fine)), target="denim", model="unheard-of", api_name="/swap")
    assert swapped(client, fine)
