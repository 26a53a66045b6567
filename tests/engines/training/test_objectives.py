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


def test_classes_of_one_picture_each_ask_for_no_spread() -> None:
    fake = torch.rand(3, 1, 4, 4, requires_grad=True)
    shortfall = objectives.spread_shortfall(fake, torch.rand(3, 1, 4, 4), torch.arange(3), 16)
    shortfall.backward()
    assert shortfall.item() == 0.0
    assert fake.grad is not None
    assert fake.grad.abs().max() == 0


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


REAL, FAKE = torch.tensor([[1.5], [-0.5]]), torch.tensor([[0.25], [-2.0]])


def sigmoid(score: float) -> float:
    return 1 / (1 + math.exp(-score))


@pytest.mark.parametrize(
    ("name", "critic", "generator", "encoder"),
    [
        (
            "logistic",
            -(math.log(sigmoid(1.5)) + math.log(sigmoid(-0.5)) + math.log(1 - sigmoid(0.25)) + math.log(1 - sigmoid(-2.0))) / 2,
            -(math.log(sigmoid(0.25)) + math.log(sigmoid(-2.0))) / 2,
            -(math.log(1 - sigmoid(1.5)) + math.log(1 - sigmoid(-0.5))) / 2,
        ),
        (
            "saturating logistic",
            -(math.log(sigmoid(1.5)) + math.log(sigmoid(-0.5)) + math.log(1 - sigmoid(0.25)) + math.log(1 - sigmoid(-2.0))) / 2,
            (math.log(1 - sigmoid(0.25)) + math.log(1 - sigmoid(-2.0))) / 2,
            (math.log(sigmoid(1.5)) + math.log(sigmoid(-0.5))) / 2,
        ),
        ("hinge", (0 + 1.5) / 2 + (1.25 + 0) / 2, (-0.25 + 2) / 2, (1.5 - 0.5) / 2),
        ("least squares", (0.25 + 2.25) / 2 + (0.0625 + 4) / 2, (0.5625 + 9) / 2, (2.25 + 0.25) / 2),
        ("wasserstein", (0.25 - 2.0) / 2 - (1.5 - 0.5) / 2, (-0.25 + 2) / 2, (1.5 - 0.5) / 2),
        (
            "relativistic",
            (math.log(1 + math.exp(0.25 - 1.5)) + math.log(1 + math.exp(-2.0 + 0.5))) / 2,
            (math.log(1 + math.exp(1.5 - 0.25)) + math.log(1 + math.exp(-0.5 + 2.0))) / 2,
            (math.log(1 + math.exp(1.5)) + math.log(1 + math.exp(-0.5))) / 2,
        ),
    ],
)
def test_every_objective_has_its_closed_form(name: str, critic: float, generator: float, encoder: float) -> None:
    objective = objectives.OBJECTIVES[name]
    assert objective.critic(REAL, FAKE).item() == pytest.approx(critic, rel=1e-6)
    assert objective.generator(FAKE, REAL).item() == pytest.approx(generator, rel=1e-6)
    assert objective.encoder(REAL).item() == pytest.approx(encoder, rel=1e-6)
    if not objective.paired:
        assert torch.equal(objective.generator(FAKE, FAKE), objective.generator(FAKE, REAL))


@pytest.mark.parametrize("name", [name for name, one in objectives.OBJECTIVES.items() if one.boundary is not None])
def test_real_pictures_under_a_wrong_class_count_as_drawn_ones(name: str) -> None:
    objective = objectives.OBJECTIVES[name]
    as_drawn = objective.critic(REAL, FAKE) - objective.critic(REAL, torch.zeros(2, 1)) + objective.mismatched(REAL, torch.zeros(2, 1))
    assert objective.mismatched(REAL, FAKE).item() == pytest.approx(as_drawn.item(), rel=1e-5)


@pytest.mark.parametrize("name", [name for name, one in objectives.OBJECTIVES.items() if one.boundary is None])
def test_under_a_wrong_class_a_picture_is_to_score_below_itself_where_scores_are_compared(name: str) -> None:
    objective = objectives.OBJECTIVES[name]
    assert torch.equal(objective.mismatched(REAL, FAKE), objective.critic(REAL, FAKE))
    assert objective.mismatched(REAL + 3, FAKE + 3).item() == pytest.approx(objective.mismatched(REAL, FAKE).item(), rel=1e-5)


@pytest.mark.parametrize("name", objectives.OBJECTIVES)
def test_every_objective_pulls_critic_and_generator_apart(name: str) -> None:
    objective = objectives.OBJECTIVES[name]
    real, fake = torch.zeros(3, 1, requires_grad=True), torch.zeros(3, 1, requires_grad=True)
    up, down = torch.autograd.grad(objective.critic(real, fake), (real, fake), allow_unused=True)
    assert (up < 0).all()
    assert (down >= 0).all()
    (raised,) = torch.autograd.grad(objective.generator(fake, real.detach()), fake)
    assert (raised < 0).all()


def test_parts_of_the_scores_count_alike_whatever_their_size() -> None:
    scores = torch.tensor([[1.0, 3.0, 10.0], [1.0, 3.0, 20.0]])
    assert objectives.by_parts(lambda part: part.mean(), (2, 1), scores).item() == 2.0 + 15.0
    assert objectives.by_parts(lambda part: part.mean(), (), scores).item() == pytest.approx(38 / 6)


def test_recall_is_the_mean_square_of_each_pair_summed() -> None:
    pairs = [(torch.zeros(2, 2), torch.full((2, 2), 2.0)), (torch.ones(3), torch.zeros(3))]
    assert objectives.recall_loss(pairs).item() == 4.0 + 1.0
