"""Operations on pictures: what they keep, and that their recipes draw the same pixels everywhere."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from engines.errors import StudioError
from engines.exploration.mixing import layers_recipe, mix_recipe
from engines.exploration.points import mean_on_sphere, recipe_point
from engines.exploration.sampling import draw, sample_recipes, way_recipes
from engines.exploration.variation import SLIGHTLY, STRONGLY, neighbour, vary_recipes
from engines.models.zoo import Generator, Zoo
from engines.networks.drawing import to_prior
from engines.production.rendering import render
from engines.recipe import MAX_ANCESTORS, MAX_SEED, Drawn, Move, Steer, from_json, read_recipe, save_with_recipe, shift_text, to_json
from tests.tiny import CHUNK


def scenes(zoo: Zoo, *seeds: int) -> list[Drawn]:
    return list(sample_recipes(zoo.generator("scenes"), seeds))


def picture(generator: Generator, recipe: Drawn) -> Image.Image:
    return next(draw(generator, [recipe]))


def operations(zoo: Zoo) -> dict[str, Drawn]:
    """One of each, made of one another."""
    first, second, third = scenes(zoo, 1, 2, 3)
    generator = zoo.generator("scenes")
    varied = vary_recipes(first, [5], SLIGHTLY)[0]
    mixed = mix_recipe([varied, second, third], [0.5, 0.2, 1.0])
    layered = layers_recipe(generator, mixed, second)
    steered = Steer(*family(first), layered, (Move("brighter", 1.5),), shift_text([0.5] * 16))
    way = way_recipes([steered, varied, third], 7, loop=True, easing="soft")[2]
    return {recipe.operation: recipe for recipe in (varied, mixed, layered, steered, way)}


def family(recipe: Drawn) -> tuple[str, str, str]:
    return recipe.model, recipe.weights, recipe.rights


@pytest.mark.parametrize("name", ["vary", "mix", "layers", "steer", "way"])
def test_every_operation_draws_the_same_pixels_alone_in_a_batch_and_from_its_file(tiny_zoo: Zoo, name: str, tmp_path: Path) -> None:
    generator, recipe = tiny_zoo.generator("scenes"), operations(tiny_zoo)[name]
    alone = picture(generator, recipe)
    others: list[Drawn] = [*scenes(tiny_zoo, *range(CHUNK - 2)), *operations(tiny_zoo).values()]
    for place in range(CHUNK):
        batch = [*others[:place], recipe, *others[place:]]
        assert list(draw(generator, batch))[place].tobytes() == alone.tobytes()
    save_with_recipe(alone, tmp_path / "made.png", recipe)
    again = read_recipe(tmp_path / "made.png")
    assert again == recipe
    assert render(tiny_zoo, recipe).tobytes() == alone.tobytes()


def test_a_seed_draws_the_same_beside_pictures_that_were_made_of_others(tiny_zoo: Zoo) -> None:
    generator, (seeded, *_) = tiny_zoo.generator("scenes"), scenes(tiny_zoo, 7)
    beside = list(draw(generator, [seeded, operations(tiny_zoo)["layers"], operations(tiny_zoo)["mix"]]))
    assert beside[0].tobytes() == picture(generator, seeded).tobytes()


def test_a_latent_turned_on_its_sphere_keeps_its_length_and_turns_by_what_was_asked() -> None:
    latent = torch.randn(128, generator=torch.Generator().manual_seed(0))
    for strength in (0.1, SLIGHTLY, STRONGLY, 1.0):
        turned = neighbour(latent, 3, strength)
        assert torch.allclose(turned.norm(), latent.norm(), rtol=1e-5)
        angle = torch.arccos((turned @ latent / latent.norm() ** 2).clamp(-1, 1))
        assert float(angle) == pytest.approx(strength * torch.pi / 2, abs=1e-3)
    assert torch.equal(neighbour(latent, 3, 0.0), latent)


def test_a_uniform_latent_stays_in_its_box_and_uniform() -> None:
    latents = torch.randn(400, 16, generator=torch.Generator().manual_seed(0))
    moved = to_prior(torch.stack([neighbour(latent, seed, STRONGLY, "uniform") for seed, latent in enumerate(latents)]), "uniform")
    assert float(moved.abs().max()) <= 1
    assert float(moved.std()) == pytest.approx(3**-0.5, abs=0.01)


def test_strong_variations_lie_further_from_their_parent_than_slight_ones(tiny_zoo: Zoo) -> None:
    generator, (parent, *_) = tiny_zoo.generator("scenes"), scenes(tiny_zoo, 4)
    origin = recipe_point(generator, parent).start.latents
    far = [
        torch.stack([(recipe_point(generator, one).start.latents - origin).norm() for one in vary_recipes(parent, range(8), strength)])
        for strength in (SLIGHTLY, STRONGLY)
    ]
    assert float(far[0].max()) < float(far[1].min())


def test_a_mix_of_one_picture_with_nothing_of_the_other_is_that_picture(tiny_zoo: Zoo) -> None:
    generator, (first, second) = tiny_zoo.generator("scenes"), scenes(tiny_zoo, 1, 2)
    mixed = recipe_point(generator, mix_recipe([first, second], [1, 0])).start.latents
    assert torch.allclose(mixed, recipe_point(generator, first).start.latents, atol=1e-5)


def test_mixing_two_classes_draws_neither(tiny_zoo: Zoo) -> None:
    generator = tiny_zoo.generator("garments")
    coat, hat = (sample_recipes(generator, [3], name)[0] for name in ("coat", "hat"))
    both = mix_recipe([coat, hat])
    assert recipe_point(generator, both).start.classes.tolist() == [[0.5, 0.5, 0.0]]
    assert len({one.tobytes() for one in draw(generator, [coat, both, hat])}) == 3


def test_build_and_finish_come_from_two_pictures(tiny_zoo: Zoo) -> None:
    generator, (first, second) = tiny_zoo.generator("scenes"), scenes(tiny_zoo, 1, 2)
    layered = layers_recipe(generator, first, second)
    assert len({one.tobytes() for one in draw(generator, [first, layered, second])}) == 3
    assert picture(generator, layers_recipe(generator, first, first)).tobytes() == picture(generator, first).tobytes()


def test_a_network_without_layers_refuses_build_and_finish(tiny_zoo: Zoo) -> None:
    generator, (first, second) = tiny_zoo.generator("scenes"), scenes(tiny_zoo, 1, 2)

    class Plain:
        has_layers = False

    with pytest.raises(StudioError, match="one latent for all layers"):
        layers_recipe(replace(generator, network=Plain()), first, second)  # type: ignore[arg-type]


@pytest.mark.parametrize("loop", [False, True])
@pytest.mark.parametrize("easing", ["even", "soft"])
def test_a_way_passes_through_its_keyframes(tiny_zoo: Zoo, loop: bool, easing: str) -> None:
    generator, keyframes = tiny_zoo.generator("scenes"), scenes(tiny_zoo, 1, 2, 3, 4)
    frames = 16 if loop else 13
    way = list(draw(generator, way_recipes(keyframes, frames, loop, easing)))
    found = [way[place].tobytes() for place in range(0, frames, 4)]
    assert found == [one.tobytes() for one in draw(generator, keyframes)]
    assert len({frame.tobytes() for frame in way}) == frames


def test_a_blend_from_an_earlier_atelier_is_a_way_between_its_seeds(tiny_zoo: Zoo) -> None:
    from engines.recipe import Blend

    generator, ends = tiny_zoo.generator("scenes"), scenes(tiny_zoo, 1, 2)
    blend = Blend(*family(ends[0]), (1, 2), 0.25)
    assert picture(generator, blend).tobytes() == picture(generator, way_recipes(ends, 5)[1]).tobytes()


def test_the_styles_of_stylegan_are_mixed_in_w() -> None:
    from engines.networks.stylegan2 import StyleGenerator

    torch.manual_seed(0)
    network = StyleGenerator(resolution=16, latent_dim=8, w_dim=8, base=64, most=8).eval()
    latents = torch.randn(2, 8)
    with torch.no_grad():
        w = network.begin(latents)
        layered = network.layered(w[:1], w[1:])
    assert layered.shape == (1, network.layers, 8)
    assert torch.equal(layered[0, 0], w[0])
    assert torch.equal(layered[0, -1], w[1])


def test_pictures_of_two_models_cannot_meet(tiny_zoo: Zoo) -> None:
    other = sample_recipes(tiny_zoo.generator("garments"), [1], "hat")[0]
    with pytest.raises(StudioError, match="garments and scenes"):
        mix_recipe([*scenes(tiny_zoo, 1), other])


@pytest.mark.parametrize(
    ("count", "shares", "sentence"),
    [(1, [], "2 to 4"), (5, [], "2 to 4"), (2, [1], "2 shares"), (2, [0, 0], "are 0"), (2, [1, 7], "0 to 1")],
)
def test_an_impossible_mix_gets_a_sentence(tiny_zoo: Zoo, count: int, shares: list[float], sentence: str) -> None:
    with pytest.raises(StudioError, match=sentence):
        mix_recipe(scenes(tiny_zoo, *range(count)), shares)


def test_opposite_latents_have_no_middle() -> None:
    latent = torch.randn(16)
    with pytest.raises(StudioError, match="cancel each other out"):
        mean_on_sphere(torch.stack([latent, -latent]), torch.tensor([0.5, 0.5]))


def test_a_picture_cannot_have_more_ancestors_than_a_file_carries(tiny_zoo: Zoo) -> None:
    mixed = mix_recipe(scenes(tiny_zoo, 1, 2, 3, 4))
    for _ in range(2):
        mixed = mix_recipe([mixed] * 4)
    with pytest.raises(StudioError, match=f"more than {MAX_ANCESTORS} ancestors"):
        mix_recipe([mixed] * 4)


def test_a_shift_made_for_another_model_gets_a_sentence(tiny_zoo: Zoo) -> None:
    (first,) = scenes(tiny_zoo, 1)
    with pytest.raises(StudioError, match="has 3 numbers, its model takes 16"):
        picture(tiny_zoo.generator("scenes"), Steer(*family(first), first, (Move("x", 1),), shift_text([1, 2, 3])))


def test_parents_repeat_nothing_in_the_file(tiny_zoo: Zoo) -> None:
    recipe = operations(tiny_zoo)["way"]
    text = to_json(recipe)
    assert text.count('"weights"') == 1
    assert from_json(text) == recipe


def test_large_seeds_draw_pictures_of_their_own(tiny_zoo: Zoo) -> None:
    generator = tiny_zoo.generator("scenes")
    drawn = [picture(generator, recipe) for recipe in scenes(tiny_zoo, 7, 7 + 2**32, 7 + 2**33, MAX_SEED)]
    assert len({one.tobytes() for one in drawn}) == 4
