import pytest
import torch

from engines.networks.plain import PlainDiscriminator, PlainGenerator


def test_a_plain_generator_draws_in_two_parts_at_its_resolution() -> None:
    generator = PlainGenerator(widths=(16, 8, 8), start=4, latent_dim=8, channels=1, classes=3)
    latent, classes = torch.randn(5, 8), torch.tensor([0, 1, 2, 0, 1])
    whole = generator(latent, classes)
    assert whole.shape == (5, 1, 16, 16)
    assert whole.abs().max() <= 1
    assert torch.equal(generator.finish(generator.begin(latent, classes), classes), whole)
    with pytest.raises(ValueError, match="draws 3 classes"):
        generator(latent)


def test_no_picture_depends_on_its_neighbours_in_training() -> None:
    generator, discriminator = PlainGenerator(widths=(16, 8, 8), latent_dim=8).train(), PlainDiscriminator((16, 8, 8)).train()
    latent = torch.randn(6, 8)
    pictures = generator(latent)
    assert torch.allclose(generator(latent[2:3]), pictures[2:3], atol=1e-6)
    assert torch.allclose(discriminator(pictures[2:3]), discriminator(pictures)[2:3], atol=1e-6)


def test_without_emphasis_a_class_says_nothing() -> None:
    generator, discriminator = PlainGenerator(widths=(16, 8), latent_dim=8, classes=2), PlainDiscriminator((16, 8), classes=2)
    latent, pictures = torch.randn(1, 8), torch.randn(1, 3, 8, 8)
    one, other = torch.tensor([0]), torch.tensor([1])
    assert not torch.equal(generator(latent, one), generator(latent, other))
    assert not torch.equal(discriminator(pictures, one), discriminator(pictures, other))
    generator.emphasis = discriminator.heads[0].emphasis = 0.0
    assert torch.equal(generator(latent, one), generator(latent, other))
    assert torch.equal(discriminator(pictures, one), discriminator(pictures, other))
    with pytest.raises(ValueError, match="judges classes"):
        discriminator(pictures)


def test_gradients_reach_every_weight_after_a_step_away_from_the_zero_start() -> None:
    generator = PlainGenerator(widths=(16, 8), latent_dim=8)
    for block in generator.blocks:
        torch.nn.init.normal_(block.second.weight, std=0.1)
    generator(torch.randn(4, 8)).square().sum().backward()
    assert all(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in generator.parameters())
