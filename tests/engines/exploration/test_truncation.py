import pytest
import torch

from engines.errors import StudioError
from engines.exploration import truncation
from engines.exploration.truncation import retruncated, store_mean_start, truncate
from engines.networks.families import FAMILIES
from engines.networks.lightweight import LightweightGenerator
from engines.recipe import Find, Mix, Sample, Vary
from tests.engines.networks.test_drawing import small_generator


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


@pytest.mark.parametrize("name", FAMILIES)
def test_every_generator_can_be_truncated_to_one_picture_a_class(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(truncation, "MEAN_SAMPLES", 64)
    monkeypatch.setattr(truncation, "CHUNK", 32)
    network = small_generator(name, classes=2).eval()
    store_mean_start(network)
    classes, noise = torch.tensor([0, 0, 1]), [torch.zeros(3, 1, size, size) for size in network.noise_sizes]
    with torch.no_grad():
        features = network.begin(torch.randn(3, 8), classes)
        mean = network.mean_start[classes]
        drawn = network.finish(truncate(features, mean, torch.zeros(3)), classes, noise)
        assert torch.allclose(drawn[0], drawn[1], atol=1e-6)
        whole = network.finish(truncate(features, mean, torch.ones(3)), classes, noise)
    assert torch.allclose(whole, network.finish(features, classes, noise), atol=1e-6)


def test_the_mean_is_the_same_each_time_it_is_measured() -> None:
    network = LightweightGenerator((8, 8), start=2, latent_dim=8).eval()
    store_mean_start(network)
    first = network.mean_start.clone()
    store_mean_start(network)
    assert torch.equal(first, network.mean_start)


def test_a_picture_at_another_truncation_is_made_of_the_same_seeds_in_the_same_way() -> None:
    family = ("cityscape", "0" * 64, "Research only.")
    first, second = Sample(*family, 4, 0.8), Find(*family, Sample(*family, 9, 0.8), "sunset", "clip", 500)
    mix = Mix(*family, (Vary(*family, second, 3, 0.1), first), (0.5, 0.5))
    at = Sample(*family, 9, 0.3)
    assert retruncated(mix, 0.3) == Mix(*family, (Vary(*family, at, 3, 0.1), Sample(*family, 4, 0.3)), (0.5, 0.5))
    with pytest.raises(StudioError, match="truncation is a number"):
        retruncated(mix, float("nan"))


def test_what_was_chosen_stays_what_it_is_at_its_own_truncation() -> None:
    family = ("cityscape", "0" * 64, "Research only.")
    found = Find(*family, Sample(*family, 9, 0.8), "sunset", "clip", 500)
    assert retruncated(found, 0.8) == found
    assert retruncated(Vary(*family, found, 3, 0.1), 0.8) == Vary(*family, found, 3, 0.1)
