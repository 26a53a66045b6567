from itertools import pairwise

import pytest
import torch

from engines.networks.layers import normalise_latent, parameter_count
from engines.networks.lightweight import LightweightGenerator


def expected_parameters(widths: tuple[int, ...], start: int, channels: int) -> int:
    """Parameters counted by hand, layer by layer, for an unconditional generator with a latent of 128."""
    count = 128 * 2 * widths[0] * start**2 + 4 * widths[0]
    for inputs, outputs in pairwise(widths):
        for depth in (inputs, outputs):
            count += 9 * depth * 2 * outputs + 1 + 4 * outputs
    for small, large in zip(widths, widths[3:], strict=False):
        count += 16 * small * large + large + large**2 + large
    return count + 9 * widths[-1] * channels + channels


@pytest.mark.parametrize(
    ("widths", "start", "channels", "side"),
    [((256, 192, 128, 64, 32), 4, 3, 64), ((256, 192, 128, 64, 32, 16), 4, 3, 128), ((192, 128, 64), 7, 1, 28)],
)
def test_pictures_have_the_promised_size_and_the_network_its_parameters(
    widths: tuple[int, ...], start: int, channels: int, side: int
) -> None:
    network = LightweightGenerator(widths, start, channels=channels).eval()
    assert network.resolution == side
    with torch.no_grad():
        pictures = network(torch.randn(2, 128))
    assert pictures.shape == (2, channels, side, side)
    assert pictures.abs().max() <= 1
    assert parameter_count(network) == expected_parameters(widths, start, channels)


def test_the_same_latent_and_noise_give_the_same_picture_and_other_noise_another() -> None:
    network = LightweightGenerator((16, 16, 8), latent_dim=8).eval()
    for name, value in network.named_parameters():
        if name.endswith("noise_strength"):
            torch.nn.init.ones_(value)
    latent = torch.randn(1, 8)
    noise = [torch.randn(1, 1, size, size) for size in network.noise_sizes]
    with torch.no_grad():
        assert torch.equal(network(latent, noise=noise), network(latent, noise=noise))
        assert not torch.equal(network(latent, noise=noise), network(latent, noise=[level * 2 for level in noise]))


def test_classes_change_the_picture_and_are_asked_for() -> None:
    network = LightweightGenerator((16, 16, 8), latent_dim=8, classes=3)
    latent = torch.randn(2, 8).repeat(2, 1)
    assert not torch.equal(network.begin(latent, torch.tensor([0, 0, 1, 1])), network.begin(latent, torch.tensor([0, 0, 0, 0])))
    with pytest.raises(ValueError, match="3 classes"):
        network(latent)


def test_every_parameter_learns() -> None:
    network = LightweightGenerator((16, 12, 8, 8, 8), latent_dim=8, classes=2)
    network(torch.randn(4, 8), torch.tensor([0, 1, 0, 1])).square().mean().backward()
    assert [name for name, value in network.named_parameters() if value.grad is None] == []


def test_latents_lie_on_the_hypersphere() -> None:
    assert torch.allclose(normalise_latent(torch.randn(5, 64) * 9).norm(dim=1), torch.full((5,), 8.0), atol=1e-4)
