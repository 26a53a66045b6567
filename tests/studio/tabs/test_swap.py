from pathlib import Path

import gradio as gr
import pytest

from engines import imaging
from engines.errors import StudioError
from engines.models.zoo import Zoo
from engines.recipe import Sample, Swap, file_hash, read_recipe
from studio.settings import Settings
from studio.state import Services
from studio.tabs import swap
from tests import pictures


@pytest.fixture
def services(tiny_zoo: Zoo, tmp_path: Path) -> Services:
    return Services(tiny_zoo, Settings(home=tmp_path / "home"))


def test_a_translator_goes_both_ways() -> None:
    assert swap.directions(("denim", "leather")) == [("leather → denim", "denim"), ("denim → leather", "leather")]


def test_a_swap_writes_three_pictures_of_the_inputs_size_and_a_download_with_its_recipe(services: Services, tmp_path: Path) -> None:
    picture = pictures.photograph(tmp_path / "my jacket.jpg", 71, 53)
    result = swap.swap_picture(services, picture, "denim", "leather-denim", tmp_path)
    assert {imaging.safe_open(path).size for path in (result.original, result.generated, result.recovered)} == {(71, 53)}
    recipe = read_recipe(result.download)
    assert isinstance(recipe, Swap)
    assert (recipe.target, recipe.input, recipe.source) == ("denim", file_hash(picture), None)
    assert result.generated == result.download
    assert result.download.name == f"my-jacket-denim-{file_hash(picture)[:8]}.png"


def test_a_large_picture_is_shown_smaller_and_downloaded_whole(services: Services, tmp_path: Path) -> None:
    picture = pictures.photograph(tmp_path / "wall.png", swap.PREVIEW_SIDE + 200, 40)
    result = swap.swap_picture(services, picture, "leather", "leather-denim", tmp_path)
    assert imaging.safe_open(result.download).size == (swap.PREVIEW_SIDE + 200, 40)
    assert max(imaging.safe_open(result.generated).size) == swap.PREVIEW_SIDE
    assert result.size == imaging.safe_open(result.original).size == imaging.safe_open(result.recovered).size


def test_an_example_is_the_source_of_its_swap(services: Services, tmp_path: Path) -> None:
    card = services.zoo.card("garments")
    recipe = Sample(card.name, card.weights_sha256, card.rights, 3, 0.7, "coat")
    path = swap.write_example(services, recipe, tmp_path)
    assert read_recipe(path) == recipe
    swapped = read_recipe(swap.swap_picture(services, path, "denim", "leather-denim", tmp_path).download)
    assert isinstance(swapped, Swap)
    assert swapped.source == recipe


def test_without_the_model_of_materials_there_are_no_examples(services: Services) -> None:
    assert swap.example_recipes(services.zoo, ("denim", "leather")) == []


@pytest.mark.parametrize(
    ("picture", "target", "model", "sentence"),
    [
        (None, "denim", "leather-denim", "there is no picture yet"),
        ("", "denim", "leather-denim", "there is no picture yet"),
        ("fine.png", "silk", "leather-denim", "the direction is one of denim, leather"),
        ("fine.png", None, "leather-denim", "the direction is one of denim, leather"),
        ("fine.png", "denim", "scenes", "the model is one of leather-denim"),
        ("fine.png", "denim", "../secrets", "the model is one of leather-denim"),
        ("poem.jpg", "denim", "leather-denim", "not a JPEG, PNG or WEBP"),
        ("missing.png", "denim", "leather-denim", "cannot be read"),
    ],
)
def test_what_cannot_be_swapped_gets_a_sentence(
    services: Services, tmp_path: Path, picture: str | None, target: object, model: str, sentence: str
) -> None:
    pictures.photograph(tmp_path / "fine.png")
    pictures.text_named_jpg(tmp_path / "poem.jpg")
    with pytest.raises(StudioError, match=sentence):
        swap.swap_picture(services, tmp_path / picture if picture else picture, target, model, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_tab_builds_with_and_without_models(services: Services, tmp_path: Path) -> None:
    with gr.Blocks():
        built = swap.build(services)
        assert built.target.value == "denim"
        assert swap.build(Services(Zoo([]), Settings(home=tmp_path))).target.value is None
