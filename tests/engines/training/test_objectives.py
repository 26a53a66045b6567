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
    assert objectives.class_spread(pictures, torch.tensor([0, 1, 0, 1])).tolist() == [0.5, 2.0]
    assert objectives.class_spread(pictures, torch.tensor([0, 5, 0, 0])).tolist() == [(0.5 + 1.5) / 2]
    assert objectives.class_spread(pictures, torch.tensor([0, 1, 2, 3])).tolist() == []


def test_one_picture_a_class_is_the_full_shortfall_and_enough_variety_none() -> None:
    classes = torch.tensor([0, 0, 1, 1])
    real = torch.randn(4, 3, 32, 32)
    same = torch.zeros(4, 3, 32, 32, requires_grad=True)
    assert objectives.spread_shortfall(same, real, classes).item() == 1.0
    assert objectives.spread_shortfall(2 * real, real, classes).item() == 0.0
    collapsed = torch.cat([2 * real[:2], torch.zeros(2, 3, 32, 32)])
    assert objectives.spread_shortfall(collapsed, real, classes).item() == 0.5
