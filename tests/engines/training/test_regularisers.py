import math

import pytest
import torch
from torch import Tensor, nn

from engines.training import regularisers


def finite_slope(judge: nn.Module, picture: Tensor, step: float = 1e-6) -> Tensor:
    """The gradient of a score by every pixel, by central differences in double precision."""
    gradient = torch.zeros_like(picture).flatten()
    for place in range(picture.numel()):
        move = torch.zeros(picture.numel(), dtype=torch.float64)
        move[place] = step
        move = move.reshape(picture.shape)
        with torch.no_grad():
            gradient[place] = (judge(picture + move).sum() - judge(picture - move).sum()) / (2 * step)
    return gradient


@pytest.fixture
def judge() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(2, 3, 3), nn.Softplus(), nn.Flatten(), nn.Linear(12, 2)).double()


def test_zero_centred_penalties_are_half_the_squared_slope(judge: nn.Module) -> None:
    pictures = torch.randn(3, 2, 4, 4, dtype=torch.float64, requires_grad=True)
    expected = sum(finite_slope(judge, picture[None].detach()).square().sum().item() for picture in pictures) / 3 / 2
    assert regularisers.zero_centred_penalty(judge(pictures), pictures).item() == pytest.approx(expected, rel=1e-6)


def test_the_penalty_of_a_linear_critic_is_half_its_squared_norm_and_so_is_its_gradient() -> None:
    inputs = torch.randn(5, 3, 4, 4, requires_grad=True)
    weight = torch.randn(3, 4, 4, requires_grad=True)
    penalty = regularisers.zero_centred_penalty((inputs * weight).flatten(1).sum(dim=1, keepdim=True), inputs)
    assert penalty.item() == pytest.approx(weight.square().sum().item() / 2, rel=1e-5)
    penalty.backward()
    assert torch.allclose(weight.grad, weight.detach(), atol=1e-5)  # type: ignore[arg-type]


def test_the_slope_penalty_is_the_squared_distance_of_the_slope_from_one(judge: nn.Module) -> None:
    real, fake = torch.randn(2, 3, 2, 4, 4, dtype=torch.float64)
    torch.manual_seed(5)
    found = regularisers.one_centred_penalty(judge, real, fake).item()
    torch.manual_seed(5)
    share = torch.rand(3, 1, 1, 1, dtype=torch.float64)
    slopes = [finite_slope(judge, (real[i] + share[i] * (fake[i] - real[i]))[None]).norm().item() for i in range(3)]
    assert found == pytest.approx(sum((slope - 1) ** 2 for slope in slopes) / 3, rel=1e-5)


def test_a_critic_of_slope_one_pays_nothing_for_it() -> None:
    real, fake = torch.randn(2, 6, 4)
    direction = torch.tensor([0.5, 0.5, 0.5, 0.5])
    assert regularisers.one_centred_penalty(lambda pictures: (pictures @ direction)[:, None], real, fake).item() == pytest.approx(
        0, abs=1e-10
    )


def test_clipped_weights_stay_below_the_limit_and_small_ones_as_they_are() -> None:
    weight = nn.Parameter(torch.tensor([0.5, -0.5, 0.003]))
    regularisers.clip_weights([weight], 0.01)
    assert weight.tolist() == pytest.approx([0.01, -0.01, 0.003])


def test_path_lengths_of_a_linear_generator_are_those_of_its_transposed_matrix() -> None:
    matrix = torch.randn(2 * 4 * 4, 5, dtype=torch.float64)
    styles = torch.randn(3, 5, dtype=torch.float64, requires_grad=True)
    noise = torch.randn(3, 2, 4, 4, dtype=torch.float64)
    lengths = regularisers.path_lengths((styles @ matrix.t()).reshape(3, 2, 4, 4), styles, noise)
    expected = [(matrix.t() @ noise[place].flatten() / 4).norm().item() for place in range(3)]
    assert lengths.tolist() == pytest.approx(expected)


def test_path_lengths_of_styles_a_layer_are_the_root_of_the_mean_square_over_layers() -> None:
    matrices = torch.randn(2, 3 * 2 * 2, 5, dtype=torch.float64)
    styles = torch.randn(4, 2, 5, dtype=torch.float64, requires_grad=True)
    noise = torch.randn(4, 3, 2, 2, dtype=torch.float64)
    pictures = torch.einsum("lpd,nld->np", matrices, styles).reshape(4, 3, 2, 2)
    squares = [[(matrix.t() @ noise[place].flatten() / 2).square().sum().item() for matrix in matrices] for place in range(4)]
    found = regularisers.path_lengths(pictures, styles, noise).tolist()
    assert found == pytest.approx([math.sqrt((first + second) / 2) for first, second in squares])


def test_the_path_penalty_is_the_squared_distance_to_a_running_mean() -> None:
    path = regularisers.PathLength(decay=0.5)
    assert path(torch.tensor([2.0, 4.0])).item() == pytest.approx(((2 - 1.5) ** 2 + (4 - 1.5) ** 2) / 2)
    assert path(torch.tensor([3.5])).item() == pytest.approx((3.5 - 2.5) ** 2)
    assert path.mean == 2.5


def test_processes_share_one_running_mean_of_path_lengths() -> None:
    alone, shared = regularisers.PathLength(decay=0.5), regularisers.PathLength(decay=0.5)
    alone(torch.tensor([1.0, 3.0]))
    shared(torch.tensor([1.0]), mean=2.0)
    assert alone.mean == shared.mean == 1.0


def test_orthogonal_regularisation_is_the_gradient_of_half_the_squared_products_of_rows() -> None:
    weight = nn.Parameter(torch.randn(4, 3, 2, 2, dtype=torch.float64))
    bias = nn.Parameter(torch.ones(4, dtype=torch.float64))
    rows = weight.flatten(1)
    (0.5 * (rows @ rows.t() * (1 - torch.eye(4))).square().sum()).backward()
    expected = 1e-4 * weight.grad  # type: ignore[operator]
    weight.grad, bias.grad = torch.zeros_like(weight), torch.zeros_like(bias)
    regularisers.regularise_orthogonally([weight, bias], 1e-4)
    assert torch.allclose(weight.grad, expected, atol=1e-12)
    assert bias.grad.abs().sum() == 0


def test_orthogonal_weights_are_left_alone() -> None:
    weight = nn.Parameter(torch.empty(4, 8))
    nn.init.orthogonal_(weight)
    weight.grad = torch.zeros_like(weight)
    regularisers.regularise_orthogonally([weight], 1.0)
    assert weight.grad.abs().max() < 1e-5


def test_weights_begin_as_they_are_asked_to() -> None:
    network = nn.Sequential(nn.Conv2d(16, 32, 3), nn.ConvTranspose2d(32, 8, 4), nn.Linear(64, 16))
    regularisers.initialise(network, "orthogonal")
    rows = network[0].weight.flatten(1)
    assert torch.allclose(rows @ rows.t(), torch.eye(32), atol=1e-4)
    regularisers.initialise(network, "xavier")
    bound = math.sqrt(6 / (16 * 9 + 32 * 9))
    assert 0.95 * bound < network[0].weight.abs().max() <= bound
    regularisers.initialise(network, "normal")
    assert network[2].weight.std().item() == pytest.approx(0.02, rel=0.1)
    before = network[0].weight.clone()
    regularisers.initialise(network, "own")
    assert torch.equal(network[0].weight, before)
    with pytest.raises(ValueError, match="initialise must be"):
        regularisers.initialise(network, "no such")


def test_label_noise_exchanges_its_share_of_the_scores() -> None:
    real, fake = torch.ones(10_000, 1), torch.zeros(10_000, 1)
    seen_real, seen_fake = regularisers.exchange_labels(real, fake, 0.1)
    assert 0.88 < seen_real.mean() < 0.92
    assert torch.equal(seen_real + seen_fake, real)
    assert regularisers.exchange_labels(real, fake, 0.0)[0] is real
