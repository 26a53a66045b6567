"""Networks by the name that a model's card gives them."""

from torch import nn

from engines.networks.bidirectional import BidirectionalDiscriminator, Encoder
from engines.networks.bottleneck_translator import BottleneckTranslator
from engines.networks.cyclegan import ResidualTranslator
from engines.networks.dcgan import DcganDiscriminator, DcganGenerator
from engines.networks.dense_translator import DenseTranslator
from engines.networks.lightweight import LightweightGenerator
from engines.networks.lightweight_gan import LightweightGanDiscriminator, LightweightGanGenerator
from engines.networks.mlp import MlpDiscriminator, MlpGenerator
from engines.networks.plain import PlainDiscriminator, PlainGenerator
from engines.networks.resnet import ResnetDiscriminator, ResnetGenerator
from engines.networks.stylegan2 import StyleDiscriminator, StyleGenerator
from engines.networks.unet_translator import UNetTranslator
from engines.networks.upscaling import Upscaler
from engines.networks.wgan_gp import WassersteinDiscriminator, WassersteinGenerator

NETWORKS: dict[str, type[nn.Module]] = {
    "lightweight": LightweightGenerator,
    "plain": PlainGenerator,
    "mlp": MlpGenerator,
    "dcgan": DcganGenerator,
    "wasserstein": WassersteinGenerator,
    "resnet": ResnetGenerator,
    "lightweight-gan": LightweightGanGenerator,
    "stylegan2": StyleGenerator,
    "residual translator": ResidualTranslator,
    "u-net translator": UNetTranslator,
    "dense translator": DenseTranslator,
    "bottleneck translator": BottleneckTranslator,
    "upscaler": Upscaler,
}

DISCRIMINATORS: dict[str, type[nn.Module]] = {
    "plain": PlainDiscriminator,
    "mlp": MlpDiscriminator,
    "dcgan": DcganDiscriminator,
    "wasserstein": WassersteinDiscriminator,
    "resnet": ResnetDiscriminator,
    "bidirectional": BidirectionalDiscriminator,
    "lightweight-gan": LightweightGanDiscriminator,
    "stylegan2": StyleDiscriminator,
}
"""Those with nothing frozen; the projected one is built on the features that it looks through."""

ENCODERS: dict[str, type[nn.Module]] = {"convolutional": Encoder}
