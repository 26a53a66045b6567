import torch
from torch import Tensor, nn

from engines.networks.dcgan import DcganHead
from engines.networks.projected import ProjectedDiscriminator


class Pyramid(nn.Module):
    """Two frozen feature maps of a picture."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 8, 4, 4), nn.Conv2d(8, 12, 2, 2)
        self.requires_grad_(False)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        first = self.first(pictures)
        return [first, self.second(first)]


def judge(classes: int = 0, seed: int = 0) -> ProjectedDiscriminator:
    return ProjectedDiscriminator(Pyramid(), (8, 12), (8, 4), width=16, classes=classes, seed=seed)


def test_each_scale_gives_a_map_of_logits_for_grey_and_colour() -> None:
    discriminator = judge()
    assert discriminator(torch.randn(3, 3, 32, 32)).shape == (3, 16 + 16)
    assert discriminator(torch.randn(3, 1, 32, 32)).shape == (3, 32)


def test_only_the_heads_are_trained_and_the_picture_gets_a_gradient() -> None:
    discriminator = judge()
    pictures = torch.randn(2, 3, 32, 32, requires_grad=True)
    discriminator(pictures).sum().backward()
    trained = {name.split(".")[0] for name, value in discriminator.named_parameters() if value.requires_grad}
    assert trained == {"heads"}
    assert pictures.grad is not None
    assert pictures.grad.abs().sum() > 0


def test_the_frozen_mixing_is_a_function_of_the_seed() -> None:
    def weights(seed: int) -> Tensor:
        return judge(seed=seed).mix_scales[0].weight

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


def test_the_class_changes_the_judgement() -> None:
    discriminator = judge(classes=4).eval()
    pictures = torch.randn(2, 3, 32, 32)
    assert not torch.equal(discriminator(pictures, torch.tensor([0, 0])), discriminator(pictures, torch.tensor([0, 3])))


def test_a_head_beside_the_frozen_features_sees_what_they_cannot() -> None:
    torch.manual_seed(0)
    beside = ProjectedDiscriminator(Pyramid(), (8, 12), (8, 4), width=16, classes=2, pixels=DcganHead(32, 8, 3, 2)).eval()
    alone = judge(classes=2).eval()
    pictures, classes = torch.randn(2, 3, 32, 32), torch.tensor([0, 1])
    grain = torch.zeros(2, 3, 32, 32)
    with torch.no_grad():
        for features in (alone, beside):
            features._features.first.weight.zero_()  # blind from here on
        grain[:, :, ::2] = 1
        assert torch.equal(alone(pictures, classes), alone(pictures + grain, classes))
        assert not torch.equal(beside(pictures, classes), beside(pictures + grain, classes))
    assert beside.parts == (32, 1)
    assert beside(pictures, classes).shape == (2, 33)
