"""Networks by the name that a model's card gives them."""

from torch import nn

from engines.networks.cyclegan import ResidualTranslator
from engines.networks.lightweight import LightweightGenerator
from engines.networks.plain import PlainGenerator

NETWORKS: dict[str, type[nn.Module]] = {
    "lightweight": LightweightGenerator,
    "plain": PlainGenerator,
    "residual translator": ResidualTranslator,
}
