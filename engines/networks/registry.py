"""Networks by the name that a model's card gives them."""

from torch import nn

from engines.networks.cyclegan import ResidualTranslator
from engines.networks.lightweight import LightweightGenerator

NETWORKS: dict[str, type[nn.Module]] = {"lightweight": LightweightGenerator, "residual translator": ResidualTranslator}
