"""The reports' own numbers."""

import pytest
import torch

from engines.networks.families import FAMILIES, build_discriminator, build_generator
from engines.networks.layers import parameter_count
from engines.networks.summary import layer_rows

COUNTS = {
    "dcgan": (3_576_704, 2_765_568),
    "bigger dcgan": (16_071_936, 9_062_656),
    "resnet18": (14_679_939, 11_173_569),
    "resnet34": (22_943_619, 21_281_729),
    "stylegan2": (22_243_608, 23_407_361),
}


@pytest.mark.parametrize(("name", "counts"), COUNTS.items())
def test_networks_at_64_pixels_have_exactly_the_parameters_of_the_reports(name: str, counts: tuple[int, int]) -> None:
    with torch.device("meta"):
        pair = build_generator(FAMILIES[name], {}), build_discriminator(FAMILIES[name], {})
    assert tuple(parameter_count(network) for network in pair) == counts


def test_with_the_buffers_of_batch_norm_resnet34_has_the_numbers_that_the_report_prints() -> None:
    with torch.device("meta"):
        generator, discriminator = build_generator(FAMILIES["resnet34"], {}), build_discriminator(FAMILIES["resnet34"], {})
        inputs = torch.zeros(2, 100), torch.zeros(2, 3, 64, 64)
        rows = layer_rows(generator, [inputs[0]]), layer_rows(discriminator, [inputs[1], None])
    assert [sum(row.parameters + row.buffers for row in part) for part in rows] == [22_958_884, 21_298_918]


def test_stylegan2_at_64_pixels_has_ten_styles_and_256_channels_at_the_end() -> None:
    with torch.device("meta"):
        network = build_generator(FAMILIES["stylegan2"], {})
    assert network.layers == 10
    assert network.constant.shape == (512, 4, 4)
    assert network.convs[-1].bias.shape == (256,)
