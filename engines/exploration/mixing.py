"""Pictures made of several: what they have in the middle, and the build of one with the finish of another."""

from collections.abc import Sequence

from engines.errors import StudioError
from engines.exploration.points import need_layers
from engines.models.zoo import Generator
from engines.recipe import MAX_MIXED, Drawn, Layers, Mix, family_value, shares_value


def mix_recipe(parents: Sequence[Drawn], shares: Sequence[object] = ()) -> Mix:
    """The recipe of what two to four pictures have in the middle, every value checked.

    Args:
        shares: how much of each, relative to their sum; without, equally much of all.

    Raises:
        StudioError: not two to four pictures of the same weights, or shares that are impossible.
    """
    if not 2 <= len(parents) <= MAX_MIXED:
        raise StudioError(f"a mix is made of 2 to {MAX_MIXED} pictures, got {len(parents)}: choose as many")
    return Mix(*family_value(parents), tuple(parents), shares_value(list(shares) or [1.0] * len(parents), len(parents)))


def layers_recipe(generator: Generator, build: Drawn, finish: Drawn) -> Layers:
    """The recipe of a picture with the build (early layers) of one and the finish (late layers) of another.

    Raises:
        StudioError: the network has no place for a second latent, or the pictures are of different weights.
    """
    need_layers(generator)
    return Layers(*family_value([build, finish]), (build, finish))
