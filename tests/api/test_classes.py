from pathlib import Path

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from engines import imaging
from engines.models.zoo import Zoo
from engines.production.rendering import render
from engines.recipe import Sample, read_recipe


def of_class(client: Client, class_name: str, seeds: str = "1,2,9", model: str = "clothing", truncation: float = 0.8) -> list[Path]:
    files = client.predict(model=model, class_name=class_name, seeds=seeds, truncation=truncation, api_name="/classes")
    return [Path(file) for file in files]


def test_every_class_draws_pictures_that_open_again_from_their_recipes(client: Client, shipped_zoo: Zoo) -> None:
    seen = set()
    for class_name in shipped_zoo.card("clothing").classes:
        paths = of_class(client, class_name)
        recipes = [read_recipe(path) for path in paths]
        assert [(recipe.class_name, recipe.seed) for recipe in recipes if isinstance(recipe, Sample)] == [
            (class_name, seed) for seed in (1, 2, 9)
        ]
        pictures = [imaging.safe_open(path) for path in paths]
        assert render(shipped_zoo, recipes[0]).tobytes() == pictures[0].tobytes()  # type: ignore[arg-type]
        seen |= {picture.tobytes() for picture in pictures}
    assert len(seen) == 3 * len(shipped_zoo.card("clothing").classes)


def test_classes_and_sample_draw_the_same_picture(client: Client) -> None:
    [one] = of_class(client, "leather", "5", "materials", 0.7)
    [other] = client.predict(model="materials", seeds="5", count=1, truncation=0.7, class_name="leather", api_name="/sample")
    assert one.read_bytes() == Path(other).read_bytes()


def test_truncation_zero_gives_one_picture_a_class(client: Client) -> None:
    assert len({imaging.safe_open(path).tobytes() for path in of_class(client, "hat", "0-5", truncation=0)}) == 1


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"class_name": "kimono"}, "the class is one of .*, got 'kimono'"),
        ({"class_name": ""}, "the class is one of"),
        ({"class_name": "denim"}, "the class is one of"),
        ({"model": "cityscape"}, "the model is one of"),
        ({"model": "../../secrets"}, "the model is one of"),
        ({"seeds": "NaN"}, "seeds are whole numbers .* got 'NaN'"),
        ({"seeds": ""}, "seeds are whole numbers .* got nothing"),
        ({"seeds": "1.5"}, "seeds are whole numbers"),
        ({"seeds": "0-100"}, "at most 64 seeds"),
        ({"truncation": -1}, "truncation is a number"),
        ({"seeds": "9-1"}, "seeds go upwards"),
    ],
)
def test_what_cannot_be_drawn_gets_a_sentence_and_the_studio_goes_on(client: Client, asked: dict[str, object], sentence: str) -> None:
    whole = {"model": "clothing", "class_name": "hat", "seeds": "1", "truncation": 1.0, **asked}
    with pytest.raises(AppError, match=f"(?i){sentence}"):
        client.predict(**whole, api_name="/classes")
    assert of_class(client, "hat", "1")
