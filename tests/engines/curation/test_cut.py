from collections.abc import Callable

import numpy as np
import pytest

from engines.curation.cut import percentile, suggest_cut, top_cut
from engines.errors import StudioError

Drawn = Callable[[np.random.Generator, int], np.ndarray]


def two_humps(random: np.random.Generator, count: int, part: float = 0.4) -> np.ndarray:
    return np.where(random.random(count) < part, random.normal(0.3, 0.05, count), random.normal(0.05, 0.05, count))


ONE_HUMP: dict[str, Drawn] = {
    "normal": lambda random, count: random.normal(0.2, 0.05, count),
    "heavy tails": lambda random, count: 0.2 + 0.03 * random.standard_t(4, count),
    "exponential": lambda random, count: random.exponential(0.08, count),
    "gamma": lambda random, count: random.gamma(2, 0.04, count),
    "lognormal": lambda random, count: random.lognormal(-2, 0.5, count),
    "shoulder": lambda random, count: np.where(
        random.random(count) < 0.7, random.normal(0.1, 0.03, count), random.normal(0.15, 0.06, count)
    ),
    "rounded": lambda random, count: random.normal(0.2, 0.05, count).round(2),
}


@pytest.mark.parametrize("part", [0.1, 0.4, 0.8])
@pytest.mark.parametrize("count", [400, 8000])
def test_two_separate_humps_are_cut_in_their_valley(count: int, part: float) -> None:
    found = [suggest_cut(two_humps(np.random.default_rng(seed), count, part)).cut for seed in range(10)]
    cuts = [cut for cut in found if cut is not None]
    assert len(cuts) >= (7 if count == 400 else 10)
    assert all(0.1 < cut < 0.27 for cut in cuts)


@pytest.mark.parametrize("kind", list(ONE_HUMP))
@pytest.mark.parametrize("count", [150, 3000])
def test_one_hump_however_skewed_suggests_nothing(kind: str, count: int) -> None:
    found = [suggest_cut(ONE_HUMP[kind](np.random.default_rng(seed), count)) for seed in range(10)]
    assert sum(one.cut is not None for one in found) <= (1 if count == 150 else 0)
    assert all(one.reason for one in found)


def test_a_handful_of_odd_pictures_is_no_hump() -> None:
    random = np.random.default_rng(0)
    scores = np.concatenate([random.normal(0.05, 0.05, 2000), random.normal(0.6, 0.02, 20)])
    assert suggest_cut(scores).cut is None


def test_too_few_equal_or_missing_scores_say_why_nothing_is_suggested() -> None:
    assert "too few" in suggest_cut(two_humps(np.random.default_rng(0), 30)).reason
    assert "too few" in suggest_cut(np.array([])).reason
    assert "too few" in suggest_cut(np.full(500, np.nan)).reason
    equal = suggest_cut(np.full(500, 0.2))
    assert equal.cut is None
    assert "all scores are 0.200" in equal.reason


def test_pictures_without_a_score_do_not_move_the_suggestion() -> None:
    scores = two_humps(np.random.default_rng(0), 2000)
    with_gaps = np.insert(scores, slice(0, 2000, 7), np.nan)
    assert suggest_cut(with_gaps) == suggest_cut(scores)


def test_the_suggestion_does_not_depend_on_order_or_chance() -> None:
    scores = two_humps(np.random.default_rng(0), 1500)
    assert suggest_cut(scores) == suggest_cut(scores[::-1]) == suggest_cut(scores)


def test_the_top_part_keeps_as_many_as_asked_and_all_equals_at_the_cut() -> None:
    scores = np.arange(100) / 100
    for share, kept in ((0.4, 40), (1.0, 100), (0.001, 1), (0.29, 29)):
        assert int((scores >= top_cut(scores, share)).sum()) == kept
    tied = np.array([0.1, 0.3, 0.3, 0.3, np.nan])
    assert int((tied >= top_cut(tied, 0.25)).sum()) == 3


@pytest.mark.parametrize("share", [0, -0.1, 1.01, float("nan")])
def test_an_impossible_part_is_refused(share: float) -> None:
    with pytest.raises(StudioError, match="best part"):
        top_cut(np.arange(5.0), share)


def test_percentiles_say_how_many_lie_below_and_need_a_score() -> None:
    scores = np.array([0.1, 0.2, 0.3, 0.4, np.nan])
    assert [percentile(scores, value) for value in (0.0, 0.3, 1.0)] == [0, 50, 100]
    with pytest.raises(StudioError, match="no scores"):
        percentile(np.array([np.nan]), 0.2)
    with pytest.raises(StudioError, match="no scores"):
        top_cut(np.array([]), 0.5)
