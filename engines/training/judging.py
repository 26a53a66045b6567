"""What held-out pictures say about a generator in training, and what its critic says about them."""

import math
from collections.abc import Callable

import numpy as np

from engines.errors import StudioError
from engines.evaluation.distances import inception_score, kid, precision_recall
from engines.evaluation.diversity import mean_distance, relative_diversity
from engines.evaluation.features import cached_features, compute_features, lite2, lite2_logits
from engines.training.dataset import PictureSet
from engines.training.trainer import Verdict

MOST_PICTURES = 500
FEWEST_PICTURES = 20
COLLAPSED = 0.5
ALIKE = 1e-4
"""Mean distance below which real pictures are copies of each other, and say nothing about variety."""
MOST_CLASSES = 12
DISTANCE = "held-out KID × 1000"
PRECISION, RECALL = "held-out precision", "held-out recall"
SCORE = "Inception Score with lite2"
VARIETY = "variety"
TRAINING, HELD_OUT = "critic on training pictures", "critic on held-out pictures"


def judge_generator(pictures: PictureSet, draw: Callable[[np.ndarray], np.ndarray], classes: tuple[str, ...]) -> Verdict | None:
    """KID with `lite2` between held-out and as many drawn pictures, precision and recall, and whether the drawn ones are too much alike.

    The Inception Score is that of `lite2`'s own classes, not of Inception's.

    Args:
        draw: labels, shape (n,) → drawn pictures, uint8, shape (n, channels, h, w).
        classes: that the generator draws on demand; of one that draws none, all pictures are compared with each other.

    Returns:
        None where it cannot be told: fewer than 20 held-out pictures, or the feature network is not installed.
    """
    held = pictures.part(held_out=True)
    if len(held) < FEWEST_PICTURES:
        return None
    if len(held) > MOST_PICTURES:
        held = np.sort(np.random.default_rng(0).choice(held, MOST_PICTURES, replace=False))
    try:
        features = lite2()
    except StudioError:
        return None
    labels = pictures.labels[held] if classes else np.zeros(len(held), dtype=pictures.labels.dtype)
    real = cached_features(features, np.ascontiguousarray(pictures.pixels[held]))
    drawn = compute_features(features, draw(labels))
    distance, variety = 1000 * kid(drawn, real), _share(spread(drawn, labels), spread(real, labels))
    precision, recall = precision_recall(drawn, real)
    score = inception_score(lite2_logits()(drawn), splits=1).value
    notices: tuple[str, ...] = ()
    if variety < COLLAPSED:
        notices = (
            f"the pictures drawn are too much alike: their variety is {100 * variety:.0f} % of the real ones'; look at the "
            "samples, and begin again with a lower rate or more pictures if they stay so",
        )
    figures = {DISTANCE: distance, VARIETY: variety, PRECISION: precision, RECALL: recall, SCORE: score}
    figures = {name: value for name, value in figures.items() if math.isfinite(value)}
    return Verdict(figures | _varieties(classes, drawn, real, labels), distance, notices)


def _share(drawn: float, real: float) -> float:
    """What one variety is of another; NaN where the real pictures are copies of each other."""
    return drawn / real if real > ALIKE else float("nan")


def _varieties(classes: tuple[str, ...], drawn: np.ndarray, real: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """The variety within each class, where there are several and not too many."""
    if not 1 < len(classes) <= MOST_CLASSES:
        return {}
    members = {name: labels == label for label, name in enumerate(classes)}
    several = {name: one for name, one in members.items() if one.sum() > 1 and mean_distance(real[one]) > ALIKE}
    return {f"{VARIETY} of {name}": relative_diversity(drawn[one], real[one]) for name, one in several.items()}


def spread(features: np.ndarray, labels: np.ndarray) -> float:
    """Mean distance between two pictures of the same class, averaged over the classes that have two; NaN where none has.

    Args:
        features: shape (n, d); labels: shape (n,).
    """
    classes = [features[labels == label] for label in np.unique(labels)]
    distances = [mean_distance(members) for members in classes if len(members) > 1]
    return float(np.mean(distances)) if distances else float("nan")
