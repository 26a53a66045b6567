import pytest
import torch

from engines.networks.cyclegan import PatchCritic, ResidualTranslator
from engines.networks.layers import parameter_count


@pytest.mark.parametrize(("height", "width"), [(64, 64), (32, 100), (8, 8)])
def test_a_translator_keeps_any_size_that_is_a_multiple_of_four(height: int, width: int) -> None:
    network = ResidualTranslator(width=8, blocks=2).eval()
    with torch.no_grad():
        drawn = network(torch.randn(1, 3, height, width))
    assert drawn.shape == (1, 3, height, width)
    assert drawn.abs().max() <= 1


@pytest.mark.parametrize(("width", "blocks"), [(32, 6), (64, 9)])
def test_a_translator_has_as_many_parameters_as_its_layers_by_hand(width: int, blocks: int) -> None:
    encode = 49 * 3 * width + 9 * width * 2 * width + 9 * 2 * width * 4 * width
    decode = 9 * 4 * width * 2 * width + 9 * 2 * width * width + 49 * width * 3 + 3
    assert parameter_count(ResidualTranslator(width, blocks)) == encode + blocks * 2 * 9 * (4 * width) ** 2 + decode


def test_the_critic_judges_patches_of_seventy_pixels() -> None:
    critic = PatchCritic(8)
    assert critic(torch.randn(2, 3, 256, 256)).shape == (2, 1, 30, 30)
    layers = [layer for layer in critic.modules() if isinstance(layer, torch.nn.Conv2d)]
    field = 1
    for layer in reversed(layers):
        field = (field - 1) * layer.stride[0] + layer.kernel_size[0]
    assert field == 70
