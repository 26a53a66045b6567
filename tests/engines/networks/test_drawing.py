import pytest
import torch
from torch import Tensor

from engines.networks.drawing import centre_crop, from_prior, octaves, to_prior
from engines.networks.families import FAMILIES, build_discriminator, build_encoder, build_generator

SMALL = {
    "mlp": {"resolution": 8, "hidden": (12, 12)},
    "dcgan": {"resolution": 16, "width": 4},
    "wasserstein": {"resolution": 16, "width": 4},
    "resnet": {"resolution": 64, "width": 4},
    "bidirectional": {"resolution": 16, "width": 4},
    "convolutional": {"resolution": 16, "width": 4},
    "lightweight-gan": {"resolution": 32, "base": 64, "heads": 1},
    "stylegan2": {"resolution": 16, "base": 64},
    "plain": {"widths": (8, 8, 4)},
    "lightweight": {"widths": (8, 8, 4)},
}
EXTRA = {"bigger dcgan": {"resolution": 32}, "attention dcgan": {"resolution": 32, "width": 8, "attention": (16,)}}


def small_generator(name: str, **settings: object):
    family = FAMILIES[name]
    extra = {"w_dim": 8, "latent_dim": 8} if family.generator == "stylegan2" else {"latent_dim": 8}
    return build_generator(family, {**SMALL[family.generator], **EXTRA.get(name, {}), **extra, **settings})


def small_discriminator(name: str, **settings: object):
    family = FAMILIES[name]
    extra = {"attention": (4,)} if name == "attention dcgan" else {}
    extra |= {"latent_dim": 8} if name == "bidirectional" else {}
    return build_discriminator(family, {**SMALL[family.discriminator], **EXTRA.get(name, {}), **extra, **settings})


@pytest.mark.parametrize("classes", [0, 3])
@pytest.mark.parametrize("channels", [1, 4])
@pytest.mark.parametrize("name", FAMILIES)
def test_every_pair_draws_and_judges_grey_colour_and_alpha_with_and_without_classes(name: str, channels: int, classes: int) -> None:
    generator = small_generator(name, channels=channels, classes=classes)
    labels = torch.tensor([0, 2, 1, 0]) if classes else None
    pictures = generator(torch.randn(4, 8), labels)
    assert pictures.shape == (4, channels, generator.resolution, generator.resolution)
    if FAMILIES[name].discriminator == "projected":
        return
    discriminator = small_discriminator(name, channels=channels, classes=classes)
    seen = discriminator.look(pictures)
    logits = discriminator.judge([*seen, torch.randn(4, 8)] if FAMILIES[name].encoder else seen, labels)
    assert logits.shape == (4, sum(discriminator.parts) or 1)
    logits.square().sum().backward()
    silent = [key for key, value in generator.named_parameters() if value.grad is None]
    assert silent == []
    if classes:
        with pytest.raises(ValueError, match="classes"):
            generator(torch.randn(4, 8))


@pytest.mark.parametrize("name", FAMILIES)
def test_every_generator_is_its_two_parts_and_forgets_its_class_without_emphasis(name: str) -> None:
    generator = small_generator(name, classes=2).eval()
    for module in generator.modules():
        if hasattr(module, "modulation") and module.modulation is not None:
            torch.nn.init.normal_(module.modulation.weight)
        if hasattr(module, "second") and hasattr(module.second, "weight"):
            torch.nn.init.normal_(module.second.weight, std=0.1)
    latent, one, other = torch.randn(1, 8), torch.tensor([0]), torch.tensor([1])
    noise = [torch.randn(1, 1, size, size) for size in generator.noise_sizes]
    with torch.no_grad():
        features = generator.begin(latent, one)
        assert features.shape[1:] == generator.mean_start.shape[1:]
        assert torch.equal(generator.finish(features, one, noise), generator(latent, one, noise))
        assert not torch.equal(generator(latent, one, noise), generator(latent, other, noise))
        generator.emphasis = 0.0
        assert torch.equal(generator(latent, one, noise), generator(latent, other, noise))


@pytest.mark.parametrize("name", FAMILIES)
def test_what_was_padded_is_cut_away_again(name: str) -> None:
    generator = small_generator(name, crop=(6, 4)).eval()
    with torch.no_grad():
        features = generator.begin(torch.randn(2, 8))
        noise = [torch.randn(2, 1, size, size) for size in generator.noise_sizes]
        whole, cut = generator.draw(features, None, noise), generator.finish(features, None, noise)
    margin = generator.resolution // 2
    assert torch.equal(cut, whole[..., margin - 3 : margin + 3, margin - 2 : margin + 2])
    with pytest.raises(ValueError, match="crop must be"):
        small_generator(name, crop=(1000, 4))


@pytest.mark.parametrize("name", FAMILIES)
def test_a_uniform_prior_sees_the_same_numbers_as_their_share_of_the_normal_ones(name: str) -> None:
    uniform, normal = small_generator(name, prior="uniform").eval(), small_generator(name).eval()
    normal.load_state_dict(uniform.state_dict())
    latent = torch.randn(2, 8)
    with torch.no_grad():
        assert torch.allclose(uniform.begin(latent), normal.begin(torch.erf(latent / 2**0.5)), atol=1e-6)


def test_a_uniform_latent_is_uniform_and_comes_back() -> None:
    latent = torch.randn(20_000)
    value = to_prior(latent, "uniform")
    assert value.abs().max() <= 1
    counts = torch.histc(value, 10, -1, 1)
    assert (counts - 2000).abs().max() < 200
    near = latent[latent.abs() < 3]
    assert torch.allclose(from_prior(to_prior(near, "uniform"), "uniform"), near, atol=1e-3)
    assert torch.equal(from_prior(latent, "normal"), latent)


@pytest.mark.parametrize(("resolution", "start", "doublings"), [(64, 4, 4), (28, 7, 2), (96, 6, 4), (1024, 4, 8)])
def test_a_resolution_is_a_small_map_doubled(resolution: int, start: int, doublings: int) -> None:
    assert octaves(resolution) == (start, doublings)


def test_a_resolution_without_such_a_map_is_refused() -> None:
    with pytest.raises(ValueError, match="resolution must be"):
        octaves(17)


def test_the_middle_is_what_is_left_of_a_crop() -> None:
    pictures: Tensor = torch.arange(36.0).reshape(1, 1, 6, 6)
    assert centre_crop(pictures, (2, 4)).tolist() == [[[[13.0, 14.0, 15.0, 16.0], [19.0, 20.0, 21.0, 22.0]]]]
    assert centre_crop(pictures, ()) is pictures


def test_an_encoder_gives_latents_as_the_prior_has_them() -> None:
    for resolution in (16, 28, 64):
        settings = {"resolution": resolution, "width": 4, "latent_dim": 8}
        pictures = 9 * torch.randn(3, 3, resolution, resolution)
        assert build_encoder(FAMILIES["bidirectional"], settings)(pictures).shape == (3, 8)
        assert build_encoder(FAMILIES["bidirectional"], settings | {"prior": "uniform"})(pictures).abs().max() <= 1
