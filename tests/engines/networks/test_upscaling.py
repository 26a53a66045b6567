import pytest
import torch
from PIL import Image
from torch import nn

from engines import imaging
from engines.networks.upscaling import FACTOR, Upscaler, strip


@pytest.fixture
def network() -> Upscaler:
    torch.manual_seed(0)
    network = Upscaler(width=6, tail=4, blocks=3)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.normal_(layer.weight, std=0.2)
    return network.eval().requires_grad_(False)


def test_it_begins_as_the_bicubic_enlargement() -> None:
    picture = Image.effect_noise((24, 16), 60).convert("RGB")
    drawn = Upscaler(width=6, tail=4, blocks=2)(imaging.to_tensor([picture]))
    assert drawn.shape == (1, 3, 16 * FACTOR, 24 * FACTOR)
    expected = nn.functional.interpolate(imaging.to_tensor([picture]), scale_factor=4, mode="bicubic", align_corners=False)
    assert torch.equal(drawn, expected)


@pytest.mark.parametrize("side", [8, 19, 64])
def test_tiles_draw_what_the_whole_draws(network: Upscaler, side: int) -> None:
    pictures = torch.rand(2, 3, 37, 50) * 2 - 1
    drawn = torch.cat([strip(network, pictures, top, side) for top in range(0, 37, side)], dim=-2)
    assert torch.allclose(drawn, network(pictures), atol=1e-5)


def test_nothing_beyond_its_reach_changes_a_place(network: Upscaler) -> None:
    picture = torch.rand(1, 3, 8, 60) * 2 - 1
    other = picture.clone()
    other[..., network.reach :] *= -1
    changed = (network(picture) - network(other)).abs().amax(dim=(0, 1, 2))
    assert changed[:FACTOR].max() == 0
    assert changed[FACTOR * network.reach :].min() > 0
