import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from engines.networks.layers import BatchNorm2d, gated_linear, pooled_means


@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format], ids=str)
@pytest.mark.parametrize("arriving", [torch.channels_last, torch.contiguous_format], ids=str)
def test_batch_norm_gives_its_kernel_a_gradient_laid_out_like_its_features(
    layout: torch.memory_format, arriving: torch.memory_format
) -> None:
    norm, plain = BatchNorm2d(4).double(), nn.BatchNorm2d(4).double()
    features = torch.randn(3, 4, 5, 6, dtype=torch.float64).contiguous(memory_format=layout).requires_grad_()
    gradient = torch.randn(3, 4, 5, 6, dtype=torch.float64).contiguous(memory_format=arriving)
    normed, seen = norm(features), list[Tensor]()
    normed.register_hook(seen.append)  # after the layer's own hook, and so what its backward pass is given
    (ours,) = torch.autograd.grad(normed, features, gradient)
    assert seen[0].is_contiguous(memory_format=layout)
    assert torch.equal(seen[0], gradient)
    assert torch.allclose(ours, torch.autograd.grad(plain(features), features, gradient)[0])
    assert norm.state_dict().keys() == plain.state_dict().keys()


def test_batch_norm_can_be_differentiated_twice() -> None:
    norm = BatchNorm2d(2).double()
    features = torch.randn(3, 2, 2, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(norm, features)


def test_a_gate_is_the_gated_linear_unit_with_and_without_gradients() -> None:
    features = torch.randn(2, 6, 3, 3, dtype=torch.float64).contiguous(memory_format=torch.channels_last).requires_grad_()
    opened = gated_linear(features)
    with torch.no_grad():
        assert torch.allclose(gated_linear(features), opened)
    expected = functional.glu(features, dim=1)
    assert torch.allclose(opened, expected)
    weight = torch.randn_like(expected)
    ours, theirs = (torch.autograd.grad(made, features, weight)[0] for made in (opened, expected))
    assert torch.allclose(ours, theirs)
    assert opened.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize(("high", "wide", "side"), [(6, 6, 4), (7, 7, 3), (10, 5, 4), (8, 4, 4), (3, 5, 1), (28, 28, 16), (2, 2, 4)])
def test_means_over_a_grid_are_those_of_adaptive_pooling_whether_or_not_it_divides(high: int, wide: int, side: int) -> None:
    features = torch.randn(2, 3, high, wide)
    assert torch.allclose(pooled_means(features, side), functional.adaptive_avg_pool2d(features, side), atol=1e-6)
