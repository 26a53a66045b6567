import torch
from torch import nn

from engines.training.averaging import WeightAverage


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
