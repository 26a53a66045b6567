import pytest
import torch
from torch import nn

from engines.networks.attention import SelfAttention, normalise_spectrally
from engines.networks.dcgan import DcganGenerator


def test_attention_starts_as_nothing_and_then_reaches_every_place() -> None:
    layer = SelfAttention(16).eval()
    features = torch.randn(1, 16, 8, 8, requires_grad=True)
    assert torch.equal(layer(features), features)
    nn.init.ones_(layer.gain)
    layer(features)[0, :, 0, 0].sum().backward()
    assert features.grad is not None
    assert (features.grad.abs().sum(dim=1) > 0).float().mean() > 0.2  # a quarter of the places wins each pool
    with pytest.raises(ValueError, match="in eights"):
        SelfAttention(12)


def test_attention_is_the_weighted_mean_of_pooled_values() -> None:
    layer = SelfAttention(8).eval()
    nn.init.constant_(layer.gain, 2.0)
    features = torch.randn(1, 8, 4, 4)
    with torch.no_grad():
        query, key, value = layer.query(features)[0, 0].flatten(), layer.key(features), layer.value(features)
        pooled = [nn.functional.max_pool2d(part, 2)[0].flatten(1) for part in (key, value)]
        weights = torch.softmax(query[:, None] * pooled[0][0][None], dim=1)
        found = torch.einsum("pk,ck->cp", weights, pooled[1]).reshape(1, 4, 4, 4)
        assert torch.allclose(layer(features), features + 2 * layer.out(found), atol=1e-5)


def test_spectrally_normalised_weights_stretch_nothing_by_more_than_one() -> None:
    network = DcganGenerator(16, 8, latent_dim=16, spectral=True).train()
    for _ in range(60):
        network(torch.randn(2, 16))
    network.eval()
    for layer in network.modules():
        if isinstance(layer, nn.ConvTranspose2d):
            matrix = layer.weight.transpose(0, 1).flatten(1)
            assert torch.linalg.matrix_norm(matrix, 2).item() == pytest.approx(1.0, abs=0.02)


def test_normalising_twice_changes_nothing() -> None:
    layer = nn.Sequential(nn.Conv2d(3, 4, 3))
    normalise_spectrally(layer)
    names = list(layer.state_dict())
    normalise_spectrally(layer)
    assert list(layer.state_dict()) == names
