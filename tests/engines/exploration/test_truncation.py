import torch

from engines.exploration.truncation import store_mean_start, truncate
from engines.networks.lightweight import LightweightGenerator


def test_full_truncation_leaves_the_features_and_none_gives_their_mean() -> None:
    features, mean = torch.randn(3, 4, 2, 2), torch.randn(3, 4, 2, 2)
    truncated = truncate(features, mean, torch.tensor([1.0, 0.0, 0.5]))
    assert torch.equal(truncated[0], features[0])
    assert torch.equal(truncated[1], mean[1])
    assert torch.allclose(truncated[2], (features[2] + mean[2]) / 2)


def test_the_stored_mean_is_the_mean_of_many_latents_of_each_class() -> None:
    network = LightweightGenerator((8, 8), start=2, latent_dim=8, classes=2, class_dim=4).eval()
    store_mean_start(network)
    with torch.no_grad():
        for index in range(2):
            seen = network.begin(torch.randn(4000, 8), torch.full((4000,), index)).mean(dim=0)
            assert torch.allclose(network.mean_start[index], seen, atol=0.1)
    assert not torch.allclose(network.mean_start[0], network.mean_start[1])


def test_the_mean_is_the_same_each_time_it_is_measured() -> None:
    network = LightweightGenerator((8, 8), start=2, latent_dim=8).eval()
    store_mean_start(network)
    first = network.mean_start.clone()
    store_mean_start(network)
    assert torch.equal(first, network.mean_start)
