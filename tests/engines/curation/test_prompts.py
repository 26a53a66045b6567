import numpy as np
import pytest

from engines.curation.encoder import Encoder, encode_prompts
from engines.curation.prompts import GENERIC, NEGATIVES, TEMPLATES, directions, ensemble, preset_negatives, prompt_list
from engines.errors import StudioError


def test_an_ensemble_is_the_mean_of_unit_vectors_made_unit_again() -> None:
    found = ensemble(np.array([[2.0, 0.0], [0.0, 0.5]]))
    assert np.allclose(found, [2**-0.5, 2**-0.5])
    assert found.dtype == np.float32


def test_no_prompt_and_opposites_are_refused() -> None:
    with pytest.raises(StudioError, match="no prompt"):
        ensemble(np.empty((0, 3)))
    with pytest.raises(StudioError, match="cancel"):
        ensemble(np.array([[1.0, 0.0], [-1.0, 0.0]]))


def test_prompts_are_put_into_each_phrase_once() -> None:
    assert prompt_list(["a  city", "a city"], ("{}", "a photo of {}")) == ("a city", "a photo of a city")
    with pytest.raises(StudioError, match="write fewer"):
        prompt_list([str(number) for number in range(65)])


def test_every_preset_and_phrase_can_be_read_by_the_shipped_model(encoder: Encoder) -> None:
    texts = [*preset_negatives(list(NEGATIVES)), *prompt_list(["cityscape"], TEMPLATES)]
    assert len(encode_prompts(encoder, texts)) == len(texts)
    with pytest.raises(StudioError, match="text, collage"):
        preset_negatives(["ghosts"])


def test_directions_hold_the_wanted_each_unwanted_and_the_generic(encoder: Encoder) -> None:
    asked = directions(encoder, ["a city", "a town"], ["a face", "a map"])
    alone = encode_prompts(encoder, ["a city", "a town", "a face", "a map", GENERIC])
    assert np.allclose(asked.positive, ensemble(alone[:2]), atol=1e-5)
    assert np.allclose(asked.negatives, alone[2:4], atol=1e-5)
    assert np.allclose(asked.generic, alone[4], atol=1e-5)
    assert asked.model_id == encoder.model_id
    assert asked.logit_scale > 1
