import colorsys
import math

import pytest
import torch

from engines.training import adaptive
from engines.training.adaptive import Adaptation, augment_adaptively


def test_the_probability_rises_while_the_critic_is_surer_than_wanted_and_falls_otherwise() -> None:
    adaptation = Adaptation(target=0.6, pace=1000, every=4)
    for step in range(8):
        adaptation.note(1.0)
        adaptation.adapt(step, 25)
    assert adaptation.probability == pytest.approx(2 * 4 * 25 / 1000)
    for step in range(8, 12):
        adaptation.note(0.2)
        adaptation.adapt(step, 25)
    assert adaptation.probability == pytest.approx(0.1)
    for step in range(12, 100):
        adaptation.note(-1.0)
        adaptation.adapt(step, 25)
    assert adaptation.probability == 0.0


def test_a_saved_adaptation_goes_on_as_if_it_had_never_stopped() -> None:
    straight, resumed = Adaptation(pace=1000), Adaptation(pace=1000)
    straight.note(1.0)
    resumed.load(straight.state())
    for adaptation in (straight, resumed):
        adaptation.note(0.9)
        adaptation.adapt(3, 10)
    assert straight == resumed
    assert straight.probability > 0


def test_without_probability_nothing_happens_and_with_it_pictures_keep_their_size() -> None:
    for channels in (1, 3, 4):
        pictures = torch.rand(6, channels, 16, 24) * 2 - 1
        assert augment_adaptively(pictures, 0.0) is pictures
        changed = augment_adaptively(pictures, 1.0)
        assert changed.shape == pictures.shape
        assert changed.isfinite().all()
        assert not torch.allclose(changed, pictures)
    alpha = torch.full((6, 4, 16, 16), 0.5)
    assert torch.equal(augment_adaptively(alpha, 1.0, ("colour",))[:, 3], alpha[:, 3])


def test_about_so_many_pictures_are_changed_as_the_probability_says() -> None:
    pictures = torch.rand(4000, 1, 4, 4)
    same = (augment_adaptively(pictures, 0.3, ("colour",)) - pictures).abs().amax(dim=(1, 2, 3)) < 1e-6
    # Brightness and contrast come with 0.3 each, inversion with half of that.
    assert same.float().mean().item() == pytest.approx(0.7 * 0.7 * 0.85, abs=0.03)


def test_pictures_are_mirrored_turned_and_shifted_exactly() -> None:
    pictures = torch.randn(1, 2, 8, 8)
    one, zero = torch.ones(1), torch.zeros(1)
    assert torch.allclose(adaptive.place(pictures, adaptive.scaled(-one, one)), pictures.flip(-1), atol=1e-5)
    turned = adaptive.place(pictures, adaptive.turned(one * math.pi / 2))
    assert torch.allclose(turned, pictures.rot90(1, (-2, -1)), atol=1e-5) or torch.allclose(turned, pictures.rot90(-1, (-2, -1)), atol=1e-5)
    moved = adaptive.place(pictures, adaptive.shifted(2 * one * 2 / 8, zero))
    assert torch.allclose(moved[..., :-2], pictures[..., 2:], atol=1e-5)
    assert torch.allclose(moved[..., -2:], pictures[..., -2:].flip(-1), atol=1e-5)  # what comes in is mirrored


def test_gradients_go_through_every_augmentation() -> None:
    pictures = torch.randn(4, 3, 16, 16, requires_grad=True)
    augment_adaptively(pictures, 0.9).square().sum().backward()
    assert pictures.grad is not None
    assert (pictures.grad.flatten(1).abs().sum(dim=1) > 0).all()


def test_a_third_of_a_turn_about_the_greys_carries_red_to_green_and_greys_to_themselves() -> None:
    matrix = adaptive.hues(torch.tensor([2 * math.pi / 3]))
    colours = torch.tensor([[1.0, 0.0, 0.0], [0.4, 0.4, 0.4]]).t().reshape(1, 3, 1, 2)
    turned = adaptive.recolour(colours, matrix)[0, :, 0].t()
    assert torch.allclose(turned[0], torch.tensor([0.0, 1.0, 0.0]), atol=1e-6)
    assert torch.allclose(turned[1], colours[0, :, 0, 1], atol=1e-6)
    hue = colorsys.rgb_to_hsv(*turned[0].clamp(min=0).tolist())[0]
    assert hue == pytest.approx(1 / 3, abs=1e-4)


def test_grey_pictures_stay_the_grey_of_what_a_colour_picture_becomes() -> None:
    torch.manual_seed(1)
    matrices = adaptive.colour_matrices(50, 1.0, 1)
    grey = torch.randn(50, 1, 3, 3)
    coloured = adaptive.recolour(grey.expand(-1, 3, -1, -1), matrices)
    assert torch.allclose(adaptive.recolour(grey, matrices), coloured.mean(dim=1, keepdim=True), atol=1e-5)


def test_moved_pictures_have_a_second_derivative() -> None:
    """Of pictures in double precision, against finite differences."""
    torch.manual_seed(0)
    pictures = torch.randn(2, 1, 4, 4, dtype=torch.float64, requires_grad=True)
    matrices = adaptive.placements(2, 1.0, ("blit", "geometry"), (4, 4))
    assert torch.autograd.gradcheck(lambda seen: adaptive.place(seen, matrices), pictures)
    assert torch.autograd.gradgradcheck(lambda seen: adaptive.place(seen, matrices), pictures)
