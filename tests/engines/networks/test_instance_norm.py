import pytest
import torch
from torch.nn import functional

from engines.networks.layers import instance_norm


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("count", [1, 3])
def test_instance_norm_is_the_same_with_and_without_gradients(count: int, layout: torch.memory_format) -> None:
    features = torch.randn(count, 8, 6, 10, dtype=torch.float64).mul(3).add(1).contiguous(memory_format=layout)
    norm, weight = instance_norm(8), torch.randn(count, 8, 6, 10, dtype=torch.float64)
    expected = functional.instance_norm(features)
    assert torch.allclose(norm(features), expected)
    ours, theirs = (features.clone(memory_format=torch.preserve_format).requires_grad_() for _ in range(2))
    drawn = norm(ours)
    assert torch.allclose(drawn, expected)
    (drawn * weight).sum().backward()
    (functional.instance_norm(theirs) * weight).sum().backward()
    assert ours.grad is not None
    assert theirs.grad is not None
    assert torch.allclose(ours.grad, theirs.grad)


def test_neighbours_in_a_batch_do_not_enter_the_norm() -> None:
    features = torch.randn(2, 4, 5, 5).requires_grad_()
    assert torch.equal(instance_norm(4)(features)[:1], instance_norm(4)(features[:1]))
