import itertools
import math
from pathlib import Path

import numpy as np
import pytest

from engines.curation.encoder import Encoder
from engines.curation.prompts import Directions
from engines.curation.scoring import (
    METHODS,
    cosine_scores,
    kept_mask,
    method_scores,
    score_pictures,
    threshold_value,
)
from engines.errors import StudioError
from tests.pictures import text_named_jpg


def test_a_score_equal_to_the_cut_is_kept() -> None:
    assert kept_mask(np.array([0.1, 0.2, 0.3]), 0.2).tolist() == [False, True, True]


def test_fewer_pictures_are_kept_as_the_cut_rises() -> None:
    scores = np.random.default_rng(0).normal(0.2, 0.1, 500).round(3)
    kept = [int(kept_mask(scores, cut).sum()) for cut in np.linspace(-1, 1, 401)]
    assert kept[0] == 500
    assert kept[-1] == 0
    assert all(before >= after for before, after in itertools.pairwise(kept))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1.5, -2, True, "0.2", None])
def test_a_threshold_that_is_no_cosine_is_refused(value: object) -> None:
    with pytest.raises(StudioError, match="threshold"):
        threshold_value(value)


def test_cosines_stay_between_minus_one_and_one() -> None:
    vector = np.array([0.6, 0.8], dtype=np.float32)
    assert cosine_scores(np.stack([vector, -vector]), vector).tolist() == [1.0, -1.0]


def test_what_is_kept_agrees_with_the_scores_shown(encoder: Encoder, photographs: list[Path], tmp_path: Path) -> None:
    bad = text_named_jpg(tmp_path / "poem.jpg")
    first = score_pictures(encoder, [*photographs, bad], "flower", 0.0)
    cut = max(one.score for one in first.scores)
    again = score_pictures(encoder, [*photographs, bad], "flower", cut)
    assert [one.kept for one in again.scores] == [one.score >= cut for one in first.scores]
    assert sum(one.kept for one in again.scores) == 1
    assert [path for path, _ in again.failed] == [str(bad)]
    assert set(again.as_json()) == {"model", "prompt", "threshold", "scores", "failed"}
    assert set(again.as_json()["scores"][0]) == {"path", "score", "kept"}
    assert set(again.as_json()["failed"][0]) == {"path", "reason"}


def unit(*rows: list[float]) -> np.ndarray:
    vectors = np.array(rows, dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


ASKED = Directions("m/float32", unit([1, 0, 0, 0])[0], unit([0, 1, 0, 0], [0, 0, 1, 0]), unit([0, 0, 0, 1])[0], 100.0)


def test_a_margin_is_measured_against_the_unwanted_thing_that_fits_best() -> None:
    scores = method_scores(unit([1, 0, 0, 0], [1, 1, 0, 0], [1, 0, 2, 0]), ASKED, "margin")
    assert np.allclose(scores, [1, 0, (1 - 2) / 5**0.5], atol=1e-6)


def test_a_softmax_gives_little_to_what_fits_nothing_better_than_a_photo() -> None:
    scores = method_scores(unit([1, 0, 0, 0], [1, 0, 0, 3], [0, 1, 0, 0], [1, 1, 1, 1]), ASKED, "softmax")
    assert scores[0] > 0.99
    assert scores[1:3].max() < 0.01
    assert scores[3] == pytest.approx(0.25, abs=1e-5)


def test_a_picture_without_a_vector_has_no_score_by_any_method() -> None:
    vectors = np.concatenate([unit([1, 0, 0, 0]), np.full((1, 4), np.nan, np.float32)])
    for method in METHODS:
        assert np.isnan(method_scores(vectors, ASKED, method)).tolist() == [False, True]


def test_a_margin_without_anything_unwanted_and_an_unknown_method_are_refused() -> None:
    alone = Directions("m/float32", ASKED.positive, ASKED.negatives[:0], ASKED.generic, 100.0)
    with pytest.raises(StudioError, match="negative prompt"):
        method_scores(unit([1, 0, 0, 0]), alone, "margin")
    with pytest.raises(StudioError, match="cosine, margin, softmax"):
        method_scores(unit([1, 0, 0, 0]), ASKED, "sum")
    assert threshold_value(1.5, "margin") == 1.5
