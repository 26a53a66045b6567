import pytest
import torch
from torch import nn

from engines.networks.dcgan import DcganDiscriminator, DcganGenerator
from engines.networks.drawing import from_prior, to_prior
from engines.training.latent_optimisation import LatentStep, optimise_latents


def test_the_natural_step_divides_by_the_damped_square_of_each_latents_own_gradient() -> None:
    gradient = torch.tensor([[3.0, 4.0], [0.0, 0.5]])
    step = LatentStep("natural", alpha=0.9, beta=0.1)(gradient)
    assert step[0].tolist() == pytest.approx([0.9 / 25.1 * 3, 0.9 / 25.1 * 4])
    assert step[1].tolist() == pytest.approx([0, 0.9 / 0.35 * 0.5])


def test_the_reports_step_divides_by_the_norm_of_each_coordinate_over_the_batch() -> None:
    gradient = torch.tensor([[3.0, 0.0], [4.0, 600.0]])
    step = LatentStep("report", alpha=0.9, beta=5.0)(gradient)
    assert step[1].tolist() == pytest.approx([0.9 / (5 + 5 / 300) * 4, 0.9 / (5 + 2) * 600])
    with pytest.raises(ValueError, match="kind must be"):
        LatentStep("other")


@pytest.mark.parametrize("prior", ["normal", "uniform"])
@pytest.mark.parametrize("kind", ["natural", "report"])
def test_pictures_of_optimised_latents_are_taken_for_real_more_often(kind: str, prior: str) -> None:
    torch.manual_seed(0)
    generator, critic = DcganGenerator(16, 8, latent_dim=16, prior=prior).eval(), DcganDiscriminator(16, 8).eval()
    for network in (generator, critic):
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.kaiming_normal_(layer.weight)
    latents = torch.randn(32, 16)
    step = LatentStep(kind, alpha=0.05, beta=0.1)
    moved = optimise_latents(latents, lambda latent: critic(generator(latent)), step, prior)
    with torch.no_grad():
        before, after = critic(generator(latents)), critic(generator(moved))
    assert after.mean() > before.mean()
    assert (after > before).float().mean() > 0.8
    assert not moved.requires_grad
    assert all(parameter.grad is None for parameter in (*generator.parameters(), *critic.parameters()))


def test_uniform_latents_are_moved_as_such_and_stay_in_their_interval() -> None:
    latents = torch.randn(8, 4)
    weight = torch.tensor([1.0, -2.0, 0.0, 0.5])
    moved = optimise_latents(
        latents, lambda latent: (to_prior(latent, "uniform") @ weight)[:, None], LatentStep(alpha=1.0, beta=0.0), "uniform"
    )
    expected = (to_prior(latents, "uniform") + weight / weight.square().sum()).clamp(-1 + 1e-6, 1 - 1e-6)
    assert torch.allclose(to_prior(moved, "uniform"), expected, atol=1e-4)
    assert moved.isfinite().all()
    assert torch.allclose(from_prior(to_prior(moved, "uniform"), "uniform"), moved, atol=1e-2)
