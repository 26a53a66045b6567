import pytest
import torch
from torch import nn
from torchvision.models import resnet50

from engines.networks.bottleneck_translator import BottleneckTranslator
from engines.networks.cyclegan import ConvolutionCritic, PatchCritic, ResidualTranslator
from engines.networks.dense_translator import DenseTranslator
from engines.networks.layers import parameter_count
from engines.networks.translating import BlurDoubling, BlurHalving, Translating
from engines.networks.unet_translator import UNetTranslator

SMALL: dict[str, Translating] = {}


def small(name: str) -> Translating:
    """A translator of every kind, narrow."""
    if not SMALL:
        torch.manual_seed(0)
        SMALL.update(
            {
                "residual": ResidualTranslator(8, 2),
                "residual, transposed, batch norm": ResidualTranslator(8, 2, "batch", "transposed", reflect=True, bias=True),
                "residual, blurred": ResidualTranslator(8, 1, sampling="blurred", reflect=True),
                "u-net": UNetTranslator(8, 5),
                "u-net, batch norm": UNetTranslator(8, 5, "batch"),
                "dense": DenseTranslator(8, 4, (2, 2, 2)),
                "bottleneck": BottleneckTranslator(8, (1, 1, 1, 1), "batch", "transposed"),
            }
        )
    return SMALL[name].eval()


KINDS = (
    "residual",
    "residual, transposed, batch norm",
    "residual, blurred",
    "u-net",
    "u-net, batch norm",
    "dense",
    "bottleneck",
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("height", "width"), [(64, 64), (37, 101), (3, 5)])
def test_every_translator_keeps_any_size(kind: str, height: int, width: int) -> None:
    with torch.no_grad():
        drawn = small(kind)(torch.randn(1, 3, height, width))
    assert drawn.shape == (1, 3, height, width)
    assert drawn.isfinite().all()
    assert drawn.abs().max() <= 1


@pytest.mark.parametrize("kind", KINDS)
def test_neighbours_in_a_batch_change_nothing(kind: str) -> None:
    pictures = torch.randn(3, 3, 64, 64)
    with torch.no_grad():
        together, alone = small(kind)(pictures), small(kind)(pictures[1:2])
    assert (together[1:2] - alone).abs().max() < 1e-5


@pytest.mark.parametrize("kind", KINDS)
def test_every_weight_of_a_translator_learns(kind: str) -> None:
    network = small(kind).train()
    network(torch.randn(2, 3, 64, 64)).square().sum().backward()
    idle = [name for name, weight in network.named_parameters() if weight.grad is None]
    network.eval()
    assert idle == []


def test_the_literatures_translators_have_its_numbers_of_parameters() -> None:
    assert parameter_count(ResidualTranslator(64, 9, sampling="transposed", reflect=True, bias=True)) == 11_378_179
    assert parameter_count(ResidualTranslator(64, 6, sampling="transposed", reflect=True, bias=True)) == 7_837_699
    assert parameter_count(UNetTranslator(64, 8, "batch")) == 54_413_955
    assert parameter_count(PatchCritic(64)) == 2_763_841  # without the biases before norms, which do nothing


def test_the_bottleneck_encoder_is_a_resnet_50() -> None:
    network = BottleneckTranslator(norm="batch")
    theirs = parameter_count(resnet50(weights=None)) - (2048 * 1000 + 1000)
    assert parameter_count([network.first, network.stages]) == theirs == 23_508_032


def test_a_dense_block_adds_its_growth_with_every_layer() -> None:
    network = DenseTranslator(64, 32, (4, 6, 12))
    convolutions = [layer for layer in network.encode.modules() if isinstance(layer, nn.Conv2d)]
    assert [layer.in_channels for layer in convolutions if layer.kernel_size == (1, 1) and layer.out_channels == 128] == [
        *range(64, 64 + 4 * 32, 32),
        *range(96, 96 + 6 * 32, 32),
        *range(144, 144 + 12 * 32, 32),
    ]
    assert convolutions[0].out_channels == 64


def test_the_five_convolutions_make_the_reports_map_and_its_variations() -> None:
    pictures = torch.randn(1, 3, 256, 256)
    with torch.no_grad():
        assert ConvolutionCritic(8)(pictures).shape == (1, 1, 34, 30)
        assert ConvolutionCritic(8, layers=4)(pictures).shape == (1, 1, 33, 31)
        assert ConvolutionCritic(8, dense=True)(pictures).shape == (1, 1, 1, 1)
    convolutions = 16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512) + 64 + 128 + 256 + 512 + 1
    assert parameter_count(ConvolutionCritic(64)) == convolutions
    assert parameter_count(ConvolutionCritic(64, dense=True)) == convolutions + 16 * 16 + 1
    assert parameter_count(ConvolutionCritic(64, layers=4)) == 16 * (3 * 64 + 64 * 128 + 128 * 256 + 256) + 64 + 128 + 256 + 1
    assert not any(isinstance(layer, nn.GroupNorm | nn.BatchNorm2d) for layer in ConvolutionCritic(8).modules())


def test_filters_leave_a_plain_surface_as_it_is() -> None:
    surface = torch.full((1, 2, 8, 8), 0.7)
    assert torch.allclose(BlurHalving(2)(surface), torch.full((1, 2, 4, 4), 0.7))
    assert torch.allclose(BlurDoubling(2)(surface), torch.full((1, 2, 16, 16), 0.7))


@pytest.mark.parametrize("setting", [{"norm": "layer"}, {"sampling": "cubic"}])
def test_unknown_settings_are_refused(setting: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"got '(layer|cubic)'"):
        ResidualTranslator(8, 1, **setting)  # type: ignore[arg-type]
