import math

import pytest
import torch
from torch import nn

from engines.training.optimisers import build_optimiser, rate_share, set_rate


@pytest.mark.parametrize(
    ("name", "moved"),
    [
        ("sgd", [0.1 * 2, 0.1 * (0.5 * 2 + 2)]),
        ("rmsprop", [0.1 * 2 / math.sqrt(0.01 * 4), 0.1 * 2 / math.sqrt(0.99 * 0.04 + 0.04)]),
        ("adam", [0.1, 0.1]),
    ],
)
def test_each_optimiser_takes_its_own_steps(name: str, moved: list[float]) -> None:
    weight = nn.Parameter(torch.tensor(1.0))
    optimiser = build_optimiser(name, [weight], 0.1, (0.5, 0.9))
    for step in moved:
        before = weight.item()
        weight.grad = torch.tensor(2.0)
        optimiser.step()
        assert before - weight.item() == pytest.approx(step, rel=1e-4)


def test_decay_pulls_weights_to_zero() -> None:
    weight = nn.Parameter(torch.tensor(3.0))
    optimiser = build_optimiser("sgd", [weight], 0.1, (0.0, 0.9), decay=0.5)
    weight.grad = torch.tensor(0.0)
    optimiser.step()
    assert weight.item() == pytest.approx(3 - 0.1 * 0.5 * 3)


def test_rates_fall_as_asked() -> None:
    assert [rate_share("constant", step, 4) for step in range(5)] == [1.0] * 5
    assert [rate_share("linear", step, 4) for step in range(5)] == [1.0, 0.75, 0.5, 0.25, 0.0]
    assert [rate_share("cosine", step, 4) for step in range(5)] == pytest.approx([1, 0.85355, 0.5, 0.14645, 0], abs=1e-5)
    optimiser = build_optimiser("adam", [nn.Parameter(torch.zeros(1))], 0.1, (0.5, 0.9))
    set_rate(optimiser, 0.02)
    assert optimiser.param_groups[0]["lr"] == 0.02


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ValueError, match="optimiser must be"):
        build_optimiser("newton", [nn.Parameter(torch.zeros(1))], 0.1, (0.5, 0.9))
    with pytest.raises(ValueError, match="schedule must be"):
        rate_share("steps", 0, 1)
