import torch
from torch import nn

from engines.networks.lightweight import LightweightGenerator
from engines.training.averaging import WeightAverage, settle_norms


def test_half_of_an_old_value_is_left_after_the_half_life() -> None:
    network = nn.Linear(1, 1, bias=False)
    nn.init.ones_(network.weight)
    average = WeightAverage(network, half_life=100, ramp=1.0)
    nn.init.zeros_(network.weight)
    for step in range(10):
        average.update(network, batch=10, seen=1000 + 10 * step)
    assert torch.allclose(average.module.weight, torch.tensor([[0.5]]))


def test_early_on_the_average_follows_faster() -> None:
    network = nn.Linear(1, 1, bias=False)
    nn.init.ones_(network.weight)
    average = WeightAverage(network, half_life=10_000, ramp=0.05)
    nn.init.zeros_(network.weight)
    average.update(network, batch=10, seen=10)
    assert average.module.weight.item() < 1e-5


def test_batch_norm_statistics_are_copied() -> None:
    network = nn.BatchNorm2d(2)
    average = WeightAverage(network)
    network(torch.randn(4, 2, 3, 3) + 5)
    average.update(network, 4, 4)
    assert torch.equal(average.module.running_mean, network.running_mean)


def test_settled_norms_know_the_features_of_the_weights_they_belong_to() -> None:
    torch.manual_seed(0)
    generator = LightweightGenerator(widths=(16, 12, 8), latent_dim=8, classes=2).eval()
    settled = settle_norms(generator, batch=16, seed=0)
    assert generator.project_norm.running_mean.abs().sum() == 0  # the original is left alone
    assert settled.project_norm.running_var.min() > 0
    features = []
    settled.grow[0].norm.register_forward_hook(lambda _, __, output: features.append(output))
    settled(torch.randn(512, 8), torch.arange(512) % 2)
    normed = features[0].transpose(0, 1).flatten(1)
    assert normed.mean(dim=1).abs().max() < 0.15
    assert (normed.std(dim=1) - 1).abs().max() < 0.15
    assert not settled.training
    assert settled.grow[0].norm.momentum == generator.grow[0].norm.momentum
    again = settle_norms(generator, batch=16, seed=0)
    assert all(torch.equal(one, other) for one, other in zip(settled.state_dict().values(), again.state_dict().values(), strict=True))
