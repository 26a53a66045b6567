"""Networks by the name that a model's card gives them."""

from torch import nn

from engines.networks.bottleneck_translator import BottleneckTranslator
from engines.networks.cyclegan import ResidualTranslator
from engines.networks.dense_translator import DenseTranslator
from engines.networks.lightweight import LightweightGenerator
from engines.networks.plain import PlainGenerator
from engines.networks.unet_translator import UNetTranslator

NETWORKS: dict[str, type[nn.Module]] = {
    "lightweight": LightweightGenerator,
    "plain": PlainGenerator,
    "residual translator": ResidualTranslator,
    "u-net translator": UNetTranslator,
    "dense translator": DenseTranslator,
    "bottleneck translator": BottleneckTranslator,
}
