import math

import pytest
import torch
from torch.nn import functional

from engines.networks.stylegan2 import ModulatedConv, StyleDiscriminator, StyleGenerator, batch_deviation, double, smoothing_filter


@pytest.mark.parametrize("up", [False, True])
def test_scaling_input_and_output_is_the_same_as_weights_of_every_pictures_own(up: bool) -> None:
    layer = ModulatedConv(6, 5, 3, 8, up=up)
    features, w = torch.randn(3, 6, 8, 8), torch.randn(3, 8)
    style = layer.affine(w)
    weights = layer.weight[None] * layer.scale * style[:, None, :, None, None]
    weights = weights / weights.square().sum(dim=(2, 3, 4), keepdim=True).add(1e-8).sqrt()
    for place in range(3):
        one = features[place : place + 1]
        if up:  # zeros between the pixels, the convolution turned round, the filter
            spread = functional.pad(torch.zeros(1, 6, 15, 15).index_put_((torch.tensor(0),), torch.zeros(6, 15, 15)), (2, 2, 2, 2))
            spread[:, :, 2:-2:2, 2:-2:2] = one
            wide = functional.conv2d(spread, weights[place].flip(2, 3))
            kernel = (4 * smoothing_filter()).expand(5, 1, 4, 4)
            expected = functional.conv2d(functional.pad(wide, (1, 1, 1, 1)), kernel, groups=5)
        else:
            expected = functional.conv2d(one, weights[place], padding=1)
        assert torch.allclose(layer(features, w)[place : place + 1], expected, atol=1e-5)


def test_scaled_back_features_have_unit_variance_whatever_the_style() -> None:
    layer = ModulatedConv(64, 64, 3, 8)
    features = torch.randn(8, 64, 16, 16)
    for strength in (0.1, 10.0):
        assert layer(features, strength * torch.randn(8, 8))[..., 1:-1, 1:-1].std().item() == pytest.approx(1.0, abs=0.1)


def test_doubling_a_flat_picture_keeps_it_flat() -> None:
    doubled = double(torch.full((1, 2, 8, 8), 0.5), smoothing_filter())
    assert doubled.shape == (1, 2, 16, 16)
    assert torch.allclose(doubled[..., 2:-2, 2:-2], torch.tensor(0.5))


def test_in_training_later_layers_take_their_styles_from_a_second_latent() -> None:
    network = StyleGenerator(16, 8, base=64, w_dim=4, mixing=1.0)
    first, second = torch.zeros(200, 4), torch.ones(200, 4)
    mixed = network.mix(first, second)[:, :, 0]
    assert mixed.shape == (200, network.layers)
    assert (mixed[:, 0] == 0).all()
    assert (mixed[:, -1] == 1).all()
    assert (mixed.diff(dim=1) >= 0).all()
    assert len(set(mixed.sum(dim=1).tolist())) == network.layers - 1
    network.mixing = 0.25
    assert 0.15 < network.mix(first, second)[:, -1, 0].mean() < 0.35


def test_drawing_never_mixes() -> None:
    network = StyleGenerator(16, 8, base=64, w_dim=4).eval()
    latent, noise = torch.randn(2, 8), [torch.randn(2, 1, size, size) for size in network.noise_sizes]
    with torch.no_grad():
        assert torch.equal(network(latent, noise=noise), network(latent, noise=noise))


def test_one_w_for_all_layers_is_the_same_as_one_a_layer() -> None:
    network = StyleGenerator(16, 8, base=64, w_dim=4).eval()
    noise = [torch.randn(2, 1, size, size) for size in network.noise_sizes]
    with torch.no_grad():
        w = network.begin(torch.randn(2, 8))
        assert torch.equal(network.finish(w, None, noise), network.finish(w[:, None].expand(-1, network.layers, -1), None, noise))


def test_the_deviation_over_the_batch_is_one_number_a_group() -> None:
    features = torch.randn(6, 3, 4, 4)
    joined = batch_deviation(features, group=3)
    assert joined.shape == (6, 4, 4, 4)
    for rest in range(2):  # pictures 0, 2, 4 and 1, 3, 5 are compared
        group = features[rest::2]
        expected = math.fsum(group.std(dim=0, correction=0).flatten().tolist()) / 48
        assert joined[rest::2, 3].flatten().tolist() == pytest.approx([expected] * 48, rel=1e-4)
    assert (batch_deviation(features[:1])[:, 3] < 1e-3).all()


def test_a_class_turns_the_judgement() -> None:
    network = StyleDiscriminator(16, classes=2, base=64)
    pictures = torch.randn(1, 3, 16, 16)
    assert not torch.equal(network(pictures, torch.tensor([0])), network(pictures, torch.tensor([1])))
    network.heads[0].emphasis = 0.0
    assert torch.equal(network(pictures, torch.tensor([0])), network(pictures, torch.tensor([1])))
