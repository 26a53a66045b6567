import torch

from engines.training import objectives


def test_hinge_losses_have_their_closed_form() -> None:
    real, fake = torch.tensor([2.0, 0.5]), torch.tensor([-2.0, 0.0])
    assert objectives.hinge_critic(real, fake).item() == (0 + 0.5) / 2 + (0 + 1) / 2
    assert objectives.hinge_generator(fake).item() == 1.0


def test_least_squares_is_the_mean_square_to_the_target() -> None:
    assert objectives.least_squares(torch.tensor([1.0, 3.0]), 1.0).item() == 2.0
