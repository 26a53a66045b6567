"""Drawing with the shipped models."""

from collections.abc import Iterator

from benchmarks import Figure, fastest
from engines.exploration.sampling import draw, sample_recipes, way_recipes
from engines.models.zoo import Zoo


def run() -> Iterator[Figure]:
    zoo = Zoo()
    generator = zoo.generator("cityscape")
    sixteen, frames = sample_recipes(generator, range(16)), way_recipes(sample_recipes(generator, [1, 2]), 32)
    yield Figure("16 samples", fastest(lambda: list(draw(generator, sixteen))), 0.5)
    yield Figure("32 frames between two seeds", fastest(lambda: list(draw(generator, frames))), 1.0)
