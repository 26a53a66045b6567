"""Choosing among drawn pictures: by words, and so that they differ."""

from pathlib import Path

import numpy as np
import pytest

from engines.curation.encoder import Encoder, load_encoder
from engines.errors import Cancelled, StudioError
from engines.exploration.choosing import AMONG, candidate_recipes, diverse, farthest, find, gather, remembered, write_seen
from engines.exploration.sampling import draw
from engines.exploration.truncation import USUAL_TRUNCATION
from engines.models.zoo import Zoo
from engines.recipe import from_json, to_json
from tests.tiny import CLASSES


@pytest.fixture(scope="module")
def encoder(shipped_zoo: Zoo) -> Encoder:
    return load_encoder("studio-clip", shipped_zoo)


def test_farthest_points_lie_further_apart_than_random_ones_and_leave_outliers_out() -> None:
    random = np.random.default_rng(0)
    crowd = np.concatenate([random.normal(centre, 0.05, (30, 8)) for centre in np.eye(8)[:6]])
    outlier = -np.ones((1, 8))
    vectors = np.concatenate([crowd, outlier])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    chosen = farthest(vectors, 6, typical=0.9)
    assert sorted(place // 30 for place in chosen) == list(range(6))
    assert len(vectors) - 1 not in chosen


def test_without_a_class_all_classes_are_candidates_in_turn(tiny_zoo: Zoo) -> None:
    recipes = candidate_recipes(tiny_zoo.generator("garments"), 6)
    assert [recipe.class_name for recipe in recipes] == [*CLASSES, *CLASSES]
    assert {recipe.class_name for recipe in candidate_recipes(tiny_zoo.generator("garments"), 6, "hat")} == {"hat"}


def test_what_fits_words_best_comes_first_and_its_seed_draws_it_again(tiny_zoo: Zoo, encoder: Encoder) -> None:
    generator = tiny_zoo.generator("scenes")
    seen = gather(generator, encoder, candidate_recipes(generator, 24))
    found = find(seen, encoder, "  a   city ", 5)
    assert [recipe.words for recipe in found] == ["a city"] * 5
    assert len({recipe.parent.seed for recipe in found}) == 5  # type: ignore[union-attr]
    again = gather(generator, encoder, candidate_recipes(generator, 24))
    assert find(again, encoder, "a city", 5) == found
    pictures = [picture.tobytes() for picture in draw(generator, [found[0], found[0].parent])]
    assert pictures[0] == pictures[1]
    assert from_json(to_json(found[0])) == found[0]


def test_pictures_are_looked_at_once(tiny_zoo: Zoo, encoder: Encoder) -> None:
    generator = tiny_zoo.generator("scenes")
    recipes = candidate_recipes(generator, 10, first=50)
    assert remembered(generator, encoder, recipes) is None
    seen = gather(generator, encoder, recipes)
    known = remembered(generator, encoder, recipes)
    assert known is not None
    assert np.array_equal(known.vectors, seen.vectors)
    assert remembered(generator, encoder, recipes[:9]) is None


def test_nothing_is_kept_of_a_look_that_was_stopped(tiny_zoo: Zoo, encoder: Encoder) -> None:
    def stop(done: int, total: int, message: str = "") -> None:
        raise Cancelled

    generator = tiny_zoo.generator("scenes")
    recipes = candidate_recipes(generator, 40, first=90)
    with pytest.raises(Cancelled):
        gather(generator, encoder, recipes, stop)
    assert remembered(generator, encoder, recipes) is None


def test_diverse_pictures_are_different_seeds(tiny_zoo: Zoo, encoder: Encoder) -> None:
    generator = tiny_zoo.generator("scenes")
    chosen = diverse(gather(generator, encoder, candidate_recipes(generator, 24)), 8)
    assert len({recipe.parent.seed for recipe in chosen}) == 8  # type: ignore[union-attr]
    assert {recipe.among for recipe in chosen} == {24}


def test_impossible_wishes_get_a_sentence(tiny_zoo: Zoo, encoder: Encoder) -> None:
    generator = tiny_zoo.generator("scenes")
    seen = gather(generator, encoder, candidate_recipes(generator, 24))
    for words, sentence in (("  ", "the prompt is empty"), ("x" * 400, "at most 300")):
        with pytest.raises(StudioError, match=sentence):
            find(seen, encoder, words)
    with pytest.raises(StudioError, match="ask for fewer"):
        diverse(seen, 25)
    with pytest.raises(StudioError, match="1 to 10,000"):
        candidate_recipes(generator, 0)


def test_what_was_seen_beside_a_model_spares_the_looking_and_gives_way_to_what_newer_weights_show(
    tiny_zoo: Zoo, encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = tiny_zoo.generator("scenes")
    recipes = candidate_recipes(generator, 12, first=900)
    seen = gather(generator, encoder, recipes)
    folder = tmp_path / "models" / generator.card.name
    folder.mkdir(parents=True)
    (folder / "seen-of-earlier-weights.npy").write_bytes(b"")
    path = write_seen(generator, encoder, seen, folder)
    assert list(folder.iterdir()) == [path]
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path / "new"))
    assert remembered(generator, encoder, recipes) is None
    monkeypatch.setattr("engines.paths.model_folders", lambda: [tmp_path / "models"])
    known = remembered(generator, encoder, recipes)
    assert known is not None
    assert np.array_equal(known.vectors, seen.vectors)


def test_every_shipped_generator_remembers_the_pictures_that_the_page_chooses_among(
    shipped_zoo: Zoo, encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path))
    for name in shipped_zoo.names("generator"):
        generator = shipped_zoo.generator(name)
        assert remembered(generator, encoder, candidate_recipes(generator, AMONG, truncation=USUAL_TRUNCATION)) is not None, name
