"""Whether choosing keeps its promises, judged by eyes that did not choose: EfficientNet-Lite2 in place of studio-clip."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engines.curation.encoder import Encoder
from engines.evaluation.distances import precision_recall
from engines.evaluation.features import compute_features, lite2, to_pixels
from engines.evaluation.report import Figure
from engines.exploration.choosing import Candidates, candidate_recipes, diverse, find, gather
from engines.exploration.sampling import draw
from engines.models.zoo import Generator
from engines.progress import Progress, silent
from engines.recipe import Sample

POOL = 200
POOLS = 4
CHOSEN = 16
RANDOM_DRAWS = 50


@dataclass(frozen=True)
class Choice:
    """Pictures that were chosen, by place among all that were looked at, and the random draws they are compared with."""

    chosen: tuple[np.ndarray, ...]
    random: tuple[np.ndarray, ...]


def nearest_distance(features: np.ndarray) -> float:
    """Mean distance of each picture to the nearest other one: features (n, d)."""
    squares = (features**2).sum(axis=1)
    squared = np.maximum(squares[:, None] + squares[None] - 2 * features @ features.T, 0)
    np.fill_diagonal(squared, np.inf)
    return float(np.sqrt(squared.min(axis=1)).mean())


def ratio_with_error(values: np.ndarray, usual: np.ndarray) -> tuple[float, float | None]:
    """Mean of some values over the mean of the usual ones, and its standard error as far as the first vary; None for a single one."""
    error = float(values.std(ddof=1) / usual.mean() / len(values) ** 0.5) if len(values) > 1 else None
    return float(values.mean() / usual.mean()), error


def measure_diverse(
    generator: Generator, encoder: Encoder, real: np.ndarray, class_name: str | None = None, pools: int = POOLS, progress: Progress = silent
) -> list[Figure]:
    """How much further apart diverse pictures lie than random ones, and what that costs in precision.

    Args:
        real: lite2 features of real pictures, shape (m, d).
        pools: how often 16 of 200 are chosen, from other seeds each time.
    """
    pooled = [
        gather(generator, encoder, candidate_recipes(generator, POOL, class_name, 1.0, POOL * pool), progress) for pool in range(pools)
    ]
    features = compute_features(lite2(), _pixels(generator, [recipe for pool in pooled for recipe in pool.recipes]), progress)
    choice = _chosen(pooled)
    apart = np.array([nearest_distance(features[places]) for places in choice.chosen])
    usual = np.array([nearest_distance(features[places]) for places in choice.random])
    precise = precision_recall(features[np.concatenate(choice.chosen)], real)[0]
    usually = precision_recall(features, real)[0]
    n = CHOSEN * pools
    ratio, error = ratio_with_error(apart, usual)
    return [
        Figure("diverse: distance to the nearest, of random draws", ratio, "×", n, error),
        Figure("diverse: precision (lite2)", precise, "%", n, counted=True),
        Figure("random draws: precision (lite2)", usually, "%", len(features), counted=True),
    ]


def _chosen(pooled: Sequence[Candidates]) -> Choice:
    random = np.random.default_rng(0)
    chosen = []
    for pool, candidates in enumerate(pooled):
        place = {recipe: POOL * pool + at for at, recipe in enumerate(candidates.recipes)}
        picked = [recipe.parent for recipe in diverse(candidates, CHOSEN)]
        chosen.append(np.array([place[recipe] for recipe in picked if isinstance(recipe, Sample)]))
    draws = [random.choice(POOL * len(pooled), CHOSEN, replace=False) for _ in range(RANDOM_DRAWS)]
    return Choice(tuple(chosen), tuple(draws))


def measure_find(
    generator: Generator, encoder: Encoder, judge: Callable[[np.ndarray], np.ndarray], among: int, progress: Progress = silent
) -> list[Figure]:
    """For each class: the class's share of the 16 pictures found for its name, and its share of all that were looked at.

    Args:
        judge: pictures, uint8, (n, 3, h, w) → class of each, shape (n,); it must not be the model that finds.
    """
    classes = generator.card.classes
    seen = gather(generator, encoder, candidate_recipes(generator, among), progress)
    judged = judge(_pixels(generator, seen.recipes))
    place = {recipe: at for at, recipe in enumerate(seen.recipes)}
    figures = []
    for index, name in enumerate(classes):
        found = [place[recipe.parent] for recipe in find(seen, encoder, name, CHOSEN) if isinstance(recipe.parent, Sample)]
        share, base = float((judged[found] == index).mean()), float((judged == index).mean())
        figures.append(
            Figure(f"find “{name}”: share of the top {CHOSEN}", share, "%", CHOSEN, note=f"base rate {100 * base:.1f} % of {among}")
        )
        figures.append(Figure(f"find “{name}”: of its base rate", share / max(base, 1 / among), "×", CHOSEN))
    return figures


def _pixels(generator: Generator, recipes: Sequence[Sample]) -> np.ndarray:
    return to_pixels(draw(generator, recipes), 1 if generator.network.channels == 1 else 3)
