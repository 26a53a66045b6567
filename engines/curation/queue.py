"""The borderline queue: a few pictures for a person to judge, and what their answers say about every possible cut.

The queue is drawn at random from bands of the ranking, close together at the cut and far apart in the tails, so that a few dozen answers
speak for all pictures. They fit a curve from score to the probability that a picture is right; the pictures nobody looked at are then drawn
from that curve many times over, which gives precision and recall at every cut with an interval.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from engines.errors import StudioError

SIZE, TAILS = 40, 6
FEWEST_ANSWERS = 8
NEAR, WIDE = 0.2, 0.6
LEVEL = 0.95
POINTS = 128
WALKERS, STEPS, BURN_IN, EVERY = 80, 240, 120, 10
CANDIDATES = 4096
STRETCH = 2.0
SMALLEST_SLIP, LARGEST_SLIP = 1e-4, 0.5
STEEP, STEEP_SPREAD = 2.0, 1.5
MIDDLE_SPREAD = 1.5
KNOTS, REACH = 8, 2.0
SWING, SWING_SPREAD = 2.0, 0.4


@dataclass(frozen=True)
class Queue:
    """Pictures to judge, in the order of showing.

    Attributes:
        places: into the scores, shape (k,), int64.
        chances: of each picture to be drawn, shape (k,), above 0 and at most 1; one over it is how many pictures it stands for.
        cut: the queue was drawn around it.
    """

    places: np.ndarray
    chances: np.ndarray
    cut: float

    @property
    def weights(self) -> np.ndarray:
        """How many pictures each one stands for, shape (k,)."""
        return 1 / self.chances


@dataclass(frozen=True)
class Band:
    """An estimate with its interval of 95 %, each of shape (points,), 0 to 1."""

    estimate: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


@dataclass(frozen=True)
class AtCut:
    """Precision and recall at one cut, each as (estimate, lower, upper), and how many pictures score at least as much."""

    cut: float
    kept: int
    precision: tuple[float, float, float]
    recall: tuple[float, float, float]


@dataclass(frozen=True)
class Curve:
    """Precision and recall of every cut, as far as the answers tell.

    Attributes:
        cuts: ascending, shape (points,).
        kept: how many pictures score at least the cut, shape (points,), int64.
        precision: of the pictures that score at least the cut, the share that is right.
        recall: of the pictures that are right, the share that scores at least the cut.
        answers: how many the curve rests on.
    """

    cuts: np.ndarray
    kept: np.ndarray
    precision: Band
    recall: Band
    answers: int

    def at(self, cut: float) -> AtCut:
        """The curve at `cut` if that is one of its cuts, at the next higher one otherwise."""
        place = min(int(np.searchsorted(self.cuts, cut)), len(self.cuts) - 1)
        precision, recall = (
            (float(band.estimate[place]), float(band.lower[place]), float(band.upper[place])) for band in (self.precision, self.recall)
        )
        return AtCut(float(self.cuts[place]), int(self.kept[place]), precision, recall)

    def as_json(self) -> dict[str, Any]:
        """For a page: lists of the same length."""
        bands = {
            f"{name}{suffix}": np.round(values, 4).tolist()
            for name, band in (("precision", self.precision), ("recall", self.recall))
            for suffix, values in (("", band.estimate), ("_lower", band.lower), ("_upper", band.upper))
        }
        return {"cuts": self.cuts.tolist(), "kept": self.kept.tolist(), "answers": self.answers} | bands


def choose_queue(
    scores: np.ndarray, cut: float, decided: Collection[int] = (), size: int = SIZE, tails: int = TAILS, seed: int = 0
) -> Queue:
    """Pictures to judge: about `size` around the cut, half on each side, and `tails` from each end of the ranking.

    Each side falls into three bands by rank: the pictures nearest to the cut, the wider surroundings, the tail. A band is divided into as
    many equal runs as it gives pictures, and each run gives one at random. What one side is too small to give, the other gives.

    A person judges best without knowing on which side a picture lies, and needs to have seen a clear case of each kind first: one from
    either tail opens the queue, the others follow in random order. The first answers of a queue that is not finished are therefore a
    random part of it.

    Args:
        scores: shape (n,); NaN is passed over.
        decided: places that a hand has decided about and that need no answer.

    Raises:
        StudioError: an impossible size, or a cut that is no number.
    """
    if size < 2 or tails < 0 or not math.isfinite(cut):
        raise StudioError(f"a queue has at least 2 pictures around a cut that is a number, got {size} and {cut}: choose others")
    generator = np.random.default_rng(seed)
    open_places = np.flatnonzero(np.isfinite(scores))
    if len(decided):
        open_places = open_places[~np.isin(open_places, np.fromiter(decided, dtype=np.int64, count=len(decided)))]
    # Equal scores must not come in the order of arrival, which often is the order of classes.
    shuffled = generator.permutation(open_places)
    ranked = shuffled[np.argsort(scores[shuffled], kind="stable")]
    border = int(np.searchsorted(scores[ranked], cut, side="left"))
    sides = (ranked[border:], ranked[:border][::-1])
    halves = _shares([len(side) for side in sides], size)
    drawn = [_draw_side(side, half, tails, generator) for side, half in zip(sides, halves, strict=True)]
    ends = [places[-1:] for places, _ in drawn if len(places)]
    places = np.concatenate([places for places, _ in drawn])
    chances = np.concatenate([chances for _, chances in drawn])
    order = generator.permutation(len(places))
    first = np.isin(places[order], np.concatenate(ends)) if ends else np.zeros(0, dtype=bool)
    order = np.concatenate([order[first], order[~first]])
    return Queue(places[order], chances[order], float(cut))


def _shares(lengths: list[int], size: int) -> list[int]:
    """Half of `size` from each side, and from the other what one does not have."""
    above = min(lengths[0], max(size - size // 2, size - lengths[1]))
    return [above, min(lengths[1], size - above)]


def _draw_side(side: np.ndarray, around: int, tails: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Pictures of one side, the nearest to the cut first, with their chances."""
    near = min(len(side), max(around - around // 2, math.ceil(NEAR * len(side))))
    wide = min(len(side), max(around, math.ceil(WIDE * len(side))))
    half = around - around // 2
    bands = ((side[:near], half), (side[near:wide], around - half), (side[wide:], tails))
    places, chances = [], []
    for band, many in bands:
        many = min(many, len(band))
        for run in np.array_split(band, many) if many else ():
            places.append(int(run[generator.integers(len(run))]))
            chances.append(1 / len(run))
    return np.array(places, dtype=np.int64), np.array(chances)


def estimate_curve(
    scores: np.ndarray,
    answers: Mapping[int, bool],
    cut: float,
    known: Mapping[int, bool] | None = None,
    cuts: np.ndarray | None = None,
    seed: int = 0,
) -> Curve:
    """Precision and recall at every cut, from the answers to a queue.

    The probability that a picture is right rises with its score from a floor to a ceiling along a logistic curve, which may bend where the
    answers do so. Slope, middle, floor, ceiling and bends are sampled given the answers, and for each sample every picture without an
    answer is right or wrong by chance, so that the interval also holds what a finite collection leaves to luck. Where all pictures have
    answers nothing is left to estimate.

    Args:
        scores: shape (n,); NaN is passed over.
        answers: to a queue, by place: whether the picture is right.
        cut: the curve is most exact around it, and it is one of the cuts.
        known: decided outside a queue, by place. These count as they are and teach nothing about the others, because a person who corrects
            what catches the eye decides mostly about mistakes.
        cuts: where to estimate; default `POINTS` of them over the scores, and the cut.

    Raises:
        StudioError: fewer than `FEWEST_ANSWERS` answers, or a place that has no score.

    Source: the sampler is the stretch move of Goodman and Weare, "Ensemble samplers with affine invariance", Communications in Applied
        Mathematics and Computational Science 5 (2010).
    """
    if len(answers) < FEWEST_ANSWERS:
        raise StudioError(f"an estimate takes at least {FEWEST_ANSWERS} answers, got {len(answers)}: judge some more pictures")
    told = dict(known or {}) | dict(answers)
    places = np.fromiter(told, dtype=np.int64, count=len(told))
    if not ((places >= 0) & (places < len(scores))).all() or not np.isfinite(scores[places]).all():
        raise StudioError("there is an answer about a picture that has no score: score all pictures first")
    right = np.fromiter(told.values(), dtype=bool, count=len(told))
    taught = np.fromiter(answers, dtype=np.int64, count=len(answers))
    finite = np.asarray(scores, dtype=np.float64)[np.isfinite(scores)]
    scale = _spread(finite)
    generator = np.random.default_rng(seed)
    x = (scores[taught].astype(np.float64) - cut) / scale
    bend = _Bend.among(x)
    curves = _sampled_curves(x, bend.at(x), np.fromiter(answers.values(), dtype=bool, count=len(answers)), generator)

    points = _points(finite, cut, cuts)
    unseen = np.ones(len(scores), dtype=bool)
    unseen[places] = False
    open_scores = np.asarray(scores, dtype=np.float64)[unseen & np.isfinite(scores)]
    below = np.searchsorted(points, open_scores, side="right")
    counts = np.bincount(below, minlength=len(points) + 1)
    sums = np.bincount(below, weights=open_scores, minlength=len(points) + 1)
    middles = sums / np.maximum(counts, 1)
    x = (middles - cut) / scale
    chance = _probability(curves, x, bend.at(x))
    drawn = generator.binomial(counts, chance)
    drawn = drawn + np.bincount(np.searchsorted(points, scores[places], side="right"), weights=right, minlength=len(points) + 1)
    above = np.cumsum(drawn[:, ::-1], axis=1)[:, ::-1]
    kept = len(finite) - np.searchsorted(np.sort(finite), points, side="left")
    hits, everything = above[:, 1:], above[:, :1]
    precision = np.divide(hits, kept, out=np.ones(hits.shape), where=kept > 0)
    recall = np.divide(hits, everything, out=np.ones(hits.shape), where=everything > 0)
    return Curve(points, kept.astype(np.int64), _band(precision), _band(recall), len(answers))


def _spread(finite: np.ndarray) -> float:
    """The unit of scores: their standard deviation."""
    spread = float(np.std(finite))
    return spread if spread > 1e-9 * float(np.abs(finite).max()) else 1.0


def _points(finite: np.ndarray, cut: float, cuts: np.ndarray | None) -> np.ndarray:
    if cuts is None:
        cuts = np.concatenate([np.linspace(finite.min(), finite.max(), POINTS // 2), np.quantile(finite, np.linspace(0, 1, POINTS // 2))])
    return np.unique(np.append(np.asarray(cuts, dtype=np.float64), cut))


@dataclass(frozen=True)
class _Bend:
    """Where a curve may leave the logistic one: additions to its logit at knots, straight lines between them.

    Attributes:
        knots: positions, ascending, shape (k,).
        root: of the correlations between knots, shape (k, k).
    """

    knots: np.ndarray
    root: np.ndarray

    @classmethod
    def among(cls, x: np.ndarray) -> "_Bend":
        knots = np.unique(np.quantile(x, np.linspace(0, 1, KNOTS)))
        apart = np.abs(np.subtract.outer(np.arange(len(knots)), np.arange(len(knots))))
        return cls(knots, np.linalg.cholesky(np.exp(-apart / REACH)))

    def at(self, x: np.ndarray) -> np.ndarray:
        """Shape (k, positions): the additions for one unit at each of the independent numbers behind the knots."""
        corners = np.stack([np.interp(x, self.knots, row) for row in np.eye(len(self.knots))])
        return self.root.T @ corners


def _probability(curves: np.ndarray, x: np.ndarray, bend: np.ndarray) -> np.ndarray:
    """Curves of shape (m, 5 + knots), positions of shape (k,), bend there (knots, k) → probabilities, shape (m, k)."""
    middle, steep, floor, ceiling, swing = (curves[:, place, None] for place in range(5))
    logit = np.exp(steep) * (x - middle) + np.exp(swing) * (curves[:, 5:] @ bend)
    rise = 1 / (1 + np.exp(-np.clip(logit, -40, 40)))
    low, high = np.exp(floor), np.exp(ceiling)
    return low + (1 - low - high) * rise


def _log_likelihood(curves: np.ndarray, x: np.ndarray, bend: np.ndarray, right: np.ndarray) -> np.ndarray:
    chance = _probability(curves, x, bend)
    return np.log(np.where(right, chance, 1 - chance)).sum(axis=1)


def _log_prior(curves: np.ndarray) -> np.ndarray:
    middle, steep, swing = curves[:, 0], curves[:, 1], curves[:, 4]
    prior = (
        (middle / MIDDLE_SPREAD) ** 2 + ((steep - math.log(STEEP)) / STEEP_SPREAD) ** 2 + ((swing - math.log(SWING)) / SWING_SPREAD) ** 2
    )
    prior += (curves[:, 5:] ** 2).sum(axis=1)
    slips = curves[:, 2:4]
    inside = ((slips > math.log(SMALLEST_SLIP)) & (slips < math.log(LARGEST_SLIP))).all(axis=1)
    return np.where(inside, -prior / 2, -np.inf)


def _log_posterior(curves: np.ndarray, x: np.ndarray, bend: np.ndarray, right: np.ndarray) -> np.ndarray:
    heights = _log_prior(curves)
    inside = np.isfinite(heights)
    heights[inside] += _log_likelihood(curves[inside], x, bend, right)
    return heights


def _sampled_curves(x: np.ndarray, bend: np.ndarray, right: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Curves given the answers, shape (m, 5 + knots): middle, logs of slope, floor, one less ceiling and swing, and the bend."""
    candidates = np.column_stack(
        [
            generator.normal(0, MIDDLE_SPREAD, CANDIDATES),
            generator.normal(math.log(STEEP), STEEP_SPREAD, CANDIDATES),
            generator.uniform(math.log(SMALLEST_SLIP), math.log(LARGEST_SLIP), (CANDIDATES, 2)),
            generator.normal(math.log(SWING), SWING_SPREAD, CANDIDATES),
            generator.normal(0, 1, (CANDIDATES, len(bend))),
        ]
    )
    likelihood = _log_likelihood(candidates, x, bend, right)
    weights = np.exp((likelihood - likelihood.max()) / 2)
    walkers = candidates[generator.choice(CANDIDATES, WALKERS, replace=False, p=weights / weights.sum())]
    heights = _log_posterior(walkers, x, bend, right)
    half, kept = WALKERS // 2, []
    for step in range(STEPS):
        for moving, others in ((slice(0, half), slice(half, None)), (slice(half, None), slice(0, half))):
            stretch = ((STRETCH - 1) * generator.random(half) + 1) ** 2 / STRETCH
            partners = walkers[others][generator.integers(half, size=half)]
            proposed = partners + stretch[:, None] * (walkers[moving] - partners)
            height = _log_posterior(proposed, x, bend, right)
            gain = (walkers.shape[1] - 1) * np.log(stretch) + height - heights[moving]
            accepted = np.log(generator.random(half)) < gain
            walkers[moving] = np.where(accepted[:, None], proposed, walkers[moving])
            heights[moving] = np.where(accepted, height, heights[moving])
        if step >= BURN_IN and (step - BURN_IN) % EVERY == 0:
            kept.append(walkers.copy())
    return np.concatenate(kept)


def _band(samples: np.ndarray) -> Band:
    """The median, and an interval with at least `LEVEL` of the samples.

    It spans the interval trimmed equally on both sides and the shortest one: the first alone would never reach 0 or 1, the second alone
    leaves out the thin end of a skewed estimate, where the recall of rare pictures lies.
    """
    ordered = np.sort(samples, axis=0)
    many = len(ordered)
    inside = math.ceil(LEVEL * many)
    start = np.argmin(ordered[inside - 1 :] - ordered[: many - inside + 1], axis=0)
    column = np.arange(ordered.shape[1])
    trimmed = (many - inside) // 2
    lower = np.minimum(ordered[start, column], ordered[trimmed])
    upper = np.maximum(ordered[start + inside - 1, column], ordered[many - 1 - trimmed])
    return Band(np.median(ordered, axis=0), lower, upper)
