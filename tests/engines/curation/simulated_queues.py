"""Borderline queues simulated with true labels: how often the interval holds the truth, and how far the estimate is from it.

    python -m tests.engines.curation.simulated_queues [QUEUES]

prints one line for each kind of collection; QUEUES (default 200) of each, each with its own pictures and cut.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engines.curation.queue import choose_queue, estimate_curve

Draw = Callable[[np.random.Generator], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Population:
    """Collections of one kind: how scores and truth are drawn, and between which scores a curator would put the cut."""

    draw: Draw
    cuts: tuple[float, float] = (0.2, 0.25)


@dataclass(frozen=True)
class Outcome:
    """One queue: the true precision and recall at the cut, and what was estimated, each (estimate, lower, upper)."""

    precision: float
    recall: float
    estimated_precision: tuple[float, float, float]
    estimated_recall: tuple[float, float, float]


def humps(count: int, share: float, right: tuple[float, float], wrong: tuple[float, float]) -> Draw:
    """Normal scores (mean, deviation) of right and wrong pictures."""

    def draw(generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        truth = generator.random(count) < share
        return np.where(truth, generator.normal(*right, count), generator.normal(*wrong, count)), truth

    return draw


def heavy_tails(generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    truth = generator.random(6000) < 0.4
    return np.where(truth, 0.25, 0.2) + 0.02 * generator.standard_t(3, 6000), truth


def skewed(generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    truth = generator.random(6000) < 0.5
    return np.where(truth, 0.2 + generator.gamma(2, 0.03, 6000), 0.22 - generator.gamma(2, 0.02, 6000)), truth


def impostors(centre: float, spread: float) -> Draw:
    """Some wrong pictures score as high as the best ones, such as posters that show the word."""

    def draw(generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        scores, truth = humps(6000, 0.35, (0.26, 0.025), (0.18, 0.025))(generator)
        posing = ~truth & (generator.random(6000) < 0.06)
        return np.where(posing, generator.normal(centre, spread, 6000), scores), truth

    return draw


POPULATIONS = {
    "well separated": Population(humps(4000, 0.4, (0.27, 0.02), (0.17, 0.025))),
    "overlapping": Population(humps(4000, 0.4, (0.25, 0.03), (0.2, 0.03))),
    "rare positives": Population(humps(10_000, 0.01, (0.27, 0.02), (0.18, 0.02)), (0.225, 0.245)),
    "few negatives": Population(humps(5000, 0.97, (0.25, 0.03), (0.2, 0.03)), (0.17, 0.2)),
    "150 pictures": Population(humps(150, 0.5, (0.25, 0.03), (0.2, 0.03))),
    "100,000 pictures": Population(humps(100_000, 0.3, (0.25, 0.025), (0.19, 0.03))),
    "heavy tails": Population(heavy_tails),
    "skewed": Population(skewed),
    "impostors among the best": Population(impostors(0.28, 0.02)),
    "impostors above the best": Population(impostors(0.33, 0.01)),
    "scores without meaning": Population(humps(3000, 0.3, (0.2, 0.03), (0.2, 0.03))),
}


def simulate(population: Population, seed: int) -> Outcome:
    """One queue of one collection, answered truly."""
    generator = np.random.default_rng(seed)
    scores, truth = population.draw(generator)
    cut = float(generator.uniform(*population.cuts))
    queue = choose_queue(scores, cut, seed=seed)
    curve = estimate_curve(scores, {int(place): bool(truth[place]) for place in queue.places}, cut, seed=seed).at(cut)
    kept = scores >= cut
    hits = int((kept & truth).sum())
    return Outcome(hits / int(kept.sum()), hits / int(truth.sum()), curve.precision, curve.recall)


def held(truth: float, estimate: tuple[float, float, float]) -> bool:
    """Whether the interval holds the truth."""
    return estimate[1] - 1e-9 <= truth <= estimate[2] + 1e-9


def main() -> None:
    queues = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    print(f"{queues} queues each: 95 % interval holds the truth, median error, median width of the interval")
    for name, population in POPULATIONS.items():
        outcomes = [simulate(population, seed) for seed in range(queues)]
        parts = []
        for kind in ("precision", "recall"):
            pairs = [(getattr(one, kind), getattr(one, f"estimated_{kind}")) for one in outcomes]
            inside = np.mean([held(truth, estimate) for truth, estimate in pairs])
            error = np.median([abs(estimate[0] - truth) for truth, estimate in pairs])
            width = np.median([estimate[2] - estimate[1] for _, estimate in pairs])
            parts.append(f"{kind} {inside:6.1%} {error:.3f} {width:.3f}")
        print(f"{name:26}{'   '.join(parts)}", flush=True)


if __name__ == "__main__":
    main()
