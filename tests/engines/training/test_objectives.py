import math

import pytest
import torch

from engines.training import objectives


def test_hinge_losses_have_their_closed_form() -> None:
    real, fake = torch.tensor([2.0, 0.5]), torch.tensor([-2.0, 0.0])
    assert objectives.hinge_critic(real, fake).item() == (0 + 0.5) / 2 + (0 + 1) / 2
    assert objectives.hinge_generator(fake).item() == 1.0


def test_least_squares_is_the_mean_square_to_the_target() -> None:
    assert objectives.least_squares(torch.tensor([1.0, 3.0]), 1.0).item() == 2.0


def test_spread_is_measured_within_classes_only() -> None:
    pictures = torch.tensor([0.0, 1.0, 0.5, -1.0]).reshape(4, 1, 1, 1).expand(4, 1, 32, 32)
    assert objectives.class_spread(pictures, torch.tensor([0, 1, 0, 1]), 16).tolist() == [0.5, 2.0]
    assert objectives.class_spread(pictures, torch.tensor([0, 5, 0, 0]), 16).tolist() == [(0.5 + 1.5) / 2]
    assert objectives.class_spread(pictures, torch.tensor([0, 1, 2, 3]), 16).tolist() == []


def test_one_picture_a_class_is_the_full_shortfall_and_enough_variety_none() -> None:
    classes = torch.tensor([0, 0, 1, 1])
    real = torch.randn(4, 3, 32, 32)
    same = torch.zeros(4, 3, 32, 32, requires_grad=True)
    assert objectives.spread_shortfall(same, real, classes, 16).item() == 1.0
    assert objectives.spread_shortfall(2 * real, real, classes, 16).item() == 0.0
    collapsed = torch.cat([2 * real[:2], torch.zeros(2, 3, 32, 32)])
    assert objectives.spread_shortfall(collapsed, real, classes, 16).item() == 0.5


def test_deep_features_are_compared_by_their_means() -> None:
    classes = torch.tensor([0, 0])
    real = torch.randn(2, 8, 4, 4)
    moved = real + torch.randn(1, 1, 4, 4)
    turned = real.flip(-1)
    assert objectives.spread_shortfall(turned, real, classes, 1).item() == pytest.approx(0.0, abs=1e-5)
    assert objectives.spread_shortfall(moved, real, classes, 1).item() == pytest.approx(0.0, abs=1e-5)
    assert objectives.spread_shortfall(real[:1].expand(2, -1, -1, -1), real, classes, 1).item() == 1.0


def test_logistic_losses_have_their_closed_form() -> None:
    scores = torch.tensor([0.0])
    assert objectives.logistic_critic(scores, scores).item() == pytest.approx(2 * math.log(2))
    assert objectives.logistic_generator(scores).item() == pytest.approx(math.log(2))


def test_the_gradient_penalty_of_a_linear_critic_is_half_its_squared_norm() -> None:
    inputs = torch.randn(5, 3, 4, 4, requires_grad=True)
    weight = torch.randn(3, 4, 4, requires_grad=True)
    penalty = objectives.gradient_penalty((inputs * weight).flatten(1).sum(dim=1, keepdim=True), inputs)
    assert penalty.item() == pytest.approx(weight.square().sum().item() / 2, rel=1e-5)
    penalty.backward()
    assert torch.allclose(weight.grad, weight.detach(), atol=1e-5)  # type: ignore[arg-type]
