"""Directions: found, measured, named and kept."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engines.errors import Cancelled, StudioError
from engines.exploration.attributes import ATTRIBUTES, NAMES, measure
from engines.exploration.directions import (
    HOLDS,
    Direction,
    find_directions,
    first_weights,
    ganspace,
    load_directions,
    own_file,
    renamed,
    save_directions,
    sefa,
    shipped_directions,
    steer_recipe,
)
from engines.exploration.points import recipe_point
from engines.exploration.sampling import draw, sample_recipes
from engines.models.zoo import Zoo
from engines.recipe import shift_numbers, shift_text


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a person has named elsewhere must not be found here."""
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path / "home"))


@pytest.fixture(scope="module")
def found(tiny_zoo: Zoo) -> list[Direction]:
    return find_directions(tiny_zoo.generator("scenes"), count=2, draws=128, seeds=12)


def test_sefa_gives_what_the_weights_stretch_most() -> None:
    axes = torch.linalg.qr(torch.randn(6, 6, generator=torch.Generator().manual_seed(0)))[0]
    weights = torch.diag(torch.tensor([5.0, 3, 1, 0.5, 0.2, 0.1])) @ axes
    assert np.allclose(np.abs(sefa(weights, 2) @ axes[:2].numpy().T), np.eye(2), atol=1e-4)


def test_ganspace_gives_what_varies_most_carried_back_to_the_latent() -> None:
    random = np.random.default_rng(0)
    codes = random.normal(size=(500, 6)).astype(np.float32)
    features = codes[:, :2] * [9, 4] @ random.normal(size=(2, 40))
    vectors = ganspace(codes, features.astype(np.float32), 2)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    assert np.abs(vectors[:, 2:]).max() < 0.05


def test_every_attribute_rises_where_a_picture_is_made_so() -> None:
    grey = np.full((1, 3, 16, 16), 128, dtype=np.uint8)
    brighter, warmer, busier, above, middle, colourful = (grey.copy() for _ in range(6))
    brighter += 40
    warmer[:, 0] += 60
    busier[..., ::2] = 0
    above[:, :, :8] += 60
    middle[:, :, 4:12, 4:12] += 60
    colourful[:, 1, :, :8] += 90
    plain = measure(grey)
    made = {"brightness": brighter, "warmth": warmer, "detail": busier, "contrast": busier, "light above": above,
            "light in the middle": middle, "colourfulness": colourful}  # fmt: skip
    assert set(made) == set(ATTRIBUTES) == set(NAMES)
    for name, pictures in made.items():
        assert measure(pictures)[name][0] > plain[name][0], name


def test_directions_of_all_three_kinds_are_found_and_measured(found: list[Direction]) -> None:
    assert {direction.method for direction in found} == {"measured", "ganspace", "sefa"}
    assert [direction.monotone for direction in found] == sorted((direction.monotone for direction in found), reverse=True)
    assert {direction.seeds for direction in found} == {12}


def test_only_what_holds_is_shipped_each_under_its_attributes_name(found: list[Direction]) -> None:
    sure = replace(found[0], monotone=0.9, attribute="warmth")
    shipped = shipped_directions([sure, replace(sure, index=7), replace(sure, attribute="detail", monotone=HOLDS - 0.01)])
    assert [direction.name for direction in shipped] == [NAMES["warmth"]]


def test_a_move_and_its_opposite_go_to_either_side(tiny_zoo: Zoo, found: list[Direction]) -> None:
    generator = tiny_zoo.generator("scenes")
    parent = sample_recipes(generator, [3])[0]
    there, back = (steer_recipe(parent, [(found[0], amount)]) for amount in (2, -2))
    assert len({picture.tobytes() for picture in draw(generator, [parent, there, back])}) == 3
    origin, moved = (recipe_point(generator, one).start.latents[0] for one in (parent, there))
    assert torch.allclose(moved.norm(), origin.norm(), rtol=1e-4)
    assert float((moved - origin) @ torch.tensor(shift_numbers(found[0].shift))) > 0


def test_directions_are_kept_for_their_weights_and_named_by_the_person(tiny_zoo: Zoo, found: list[Direction], tmp_path: Path) -> None:
    card = tiny_zoo.card("scenes")
    save_directions(tmp_path / "directions.json", card, found)
    assert load_directions(tmp_path, card) == found
    assert load_directions(tmp_path, replace(card, weights_sha256="1" * 64)) == []
    named = renamed(found, found[1].name, "  Taller   houses ")
    assert named[1].name == "Taller houses"
    save_directions(own_file("scenes"), card, named)
    assert load_directions(tmp_path, card) == named
    own_file("scenes").unlink()


@pytest.mark.parametrize("text", ["", "[]", '{"format": 1}', '{"format": 1, "weights": "x", "directions": [{"name": 1}]}'])
def test_a_damaged_file_of_directions_is_as_none(tiny_zoo: Zoo, tmp_path: Path, text: str) -> None:
    (tmp_path / "directions.json").write_text(text)
    assert load_directions(tmp_path, tiny_zoo.card("scenes")) == []


def test_a_strange_shift_in_a_file_is_not_used(tiny_zoo: Zoo, tmp_path: Path) -> None:
    card = tiny_zoo.card("scenes")
    save_directions(tmp_path / "directions.json", card, [Direction("x", "sefa", 0, shift_text([1.0]))])
    text = (tmp_path / "directions.json").read_text()
    fields = json.loads(text)
    fields["directions"][0]["shift"] = "<svg>"
    (tmp_path / "directions.json").write_text(json.dumps(fields))
    assert load_directions(tmp_path, card) == []


@pytest.mark.parametrize(
    ("name", "new", "sentence"),
    [("none", "x", "no direction 'none'"), ("", "", "no direction"), ("a", "", "1 to 60 letters"), ("a", "b", "taken")],
)
def test_an_impossible_name_gets_a_sentence(name: str, new: str, sentence: str) -> None:
    known = [Direction("a", "sefa", 0, shift_text([1])), Direction("b", "sefa", 1, shift_text([1]))]
    with pytest.raises(StudioError, match=sentence):
        renamed(known, name, new)


def test_finding_stops_when_progress_says_so_and_knows_its_methods(tiny_zoo: Zoo) -> None:
    def stop(done: int, total: int, message: str = "") -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        find_directions(tiny_zoo.generator("scenes"), draws=16, progress=stop)
    with pytest.raises(StudioError, match="measured, ganspace, sefa"):
        find_directions(tiny_zoo.generator("scenes"), ["magic"])


def test_the_first_weights_of_a_network_with_w_are_those_of_its_styles() -> None:
    from engines.networks.stylegan2 import StyleGenerator

    network = StyleGenerator(resolution=16, latent_dim=8, w_dim=8, base=64, most=8)
    assert first_weights(network).shape[1] == 8


def test_shipped_directions_hold(shipped_zoo: Zoo) -> None:
    for name in shipped_zoo.names("generator"):
        for direction in load_directions(shipped_zoo.folder(name), shipped_zoo.card(name)):
            assert direction.monotone >= HOLDS, f"{name}: {direction.name}"
            assert direction.seeds >= 100
