"""Drawing with the shipped models."""

from collections.abc import Iterator

from benchmarks import Figure, fastest
from engines.exploration.sampling import blend_recipes, draw, sample_recipes
from engines.models.zoo import Zoo
from engines.translation.swap import swap


def run() -> Iterator[Figure]:
    zoo = Zoo()
    generator, translator = zoo.generator("cityscape"), zoo.translator("leather-denim")
    sixteen, frames = sample_recipes(generator, range(16)), blend_recipes(generator, (1, 2), 32)
    garment = next(draw(zoo.generator("materials"), sample_recipes(zoo.generator("materials"), [1], "leather"))).resize((256, 256))
    yield Figure("16 samples", fastest(lambda: list(draw(generator, sixteen))), 0.5)
    yield Figure("32 frames between two seeds", fastest(lambda: list(draw(generator, frames))), 1.0)
    yield Figure("swap at 256 px", fastest(lambda: swap(translator, garment, "denim")), 0.5)
