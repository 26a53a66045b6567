import pytest
import torch

from engines.training.coverage import Pool, coverage_distance, level_scales, new_pool, overview, spacing_of


def test_two_unrelated_pictures_are_about_two_apart_whatever_the_network() -> None:
    torch.manual_seed(0)
    levels = [torch.randn(400, 8, 16, 16) * 30 + 5, torch.randn(400, 24, 4, 4) * 0.01]
    views = overview(levels, level_scales(levels))
    assert coverage_distance(views[:200], views[200:]).item() == pytest.approx(2.0, rel=0.05)


def test_levels_count_alike() -> None:
    torch.manual_seed(0)
    large, small = torch.randn(50, 8, 16, 16) * 30, torch.randn(50, 24, 4, 4) * 0.01
    scales = level_scales([large, small])
    views = overview([large, small], scales)
    width = 8 * 16
    per_level = [views[:, :width].var(dim=0).sum().item(), views[:, width:].var(dim=0).sum().item()]
    assert per_level == pytest.approx([0.5, 0.5], rel=0.1)


def test_a_real_picture_is_answered_by_the_nearest_of_its_own_class() -> None:
    latents = torch.eye(4)
    views = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.1, 0.0], [5.0, 5.0]])
    pool = Pool(latents, torch.tensor([0, 0, 1, 1]), views.half(), torch.ones(1), torch.ones(2))
    answers = pool.nearest(torch.tensor([[0.1, 0.0], [0.1, 0.0], [9.0, 9.0]]), torch.tensor([0, 1, 0]))
    assert torch.equal(answers, latents[[0, 2, 1]])


def test_a_pool_looks_at_every_latent_once_and_in_order() -> None:
    latents = torch.arange(6.0)[:, None]
    pool = new_pool(
        latents, torch.zeros(6, dtype=torch.long), torch.ones(1), torch.ones(1), 2, lambda begin, end: [latents[begin:end, :, None, None]]
    )
    assert pool.views.flatten().tolist() == [0, 1, 2, 3, 4, 5]


def test_following_the_distance_draws_what_was_missing() -> None:
    """A generator of two points, both at 0, learns to cover data at -1 and 1."""
    generator = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.constant_(generator.weight, 0.05)
    latents, real = torch.tensor([[-1.0], [1.0]]), torch.tensor([[-1.0], [1.0]])
    optimiser = torch.optim.SGD(generator.parameters(), 0.1)
    for _ in range(100):
        pool = Pool(latents, torch.zeros(2, dtype=torch.long), generator(latents).detach().half(), torch.ones(1), torch.ones(1))
        optimiser.zero_grad()
        coverage_distance(generator(pool.nearest(real, torch.zeros(2, dtype=torch.long))), real).backward()
        optimiser.step()
    assert generator.weight.item() == pytest.approx(1.0, abs=0.01)


def test_spacing_is_the_distance_to_the_nearest_of_the_own_class() -> None:
    views = torch.tensor([[0.0], [1.0], [4.0], [0.1], [0.4], [9.0]])
    assert spacing_of(views, torch.tensor([0, 0, 0, 1, 1, 2]), 4).tolist() == pytest.approx([(1 + 1 + 3) / 3, 0.3, 0.0, 0.0])


def test_pictures_crowd_where_they_are_nearer_to_another_of_their_class_than_real_ones_are() -> None:
    views, labels = torch.tensor([[0.0], [10.0], [0.5]]), torch.tensor([0, 0, 1])
    pool = Pool(torch.eye(3), labels, views.half(), torch.ones(1), torch.tensor([2.0, 1.0, 0.0]))
    asked, own = torch.tensor([[0.5], [4.0], [0.5], [7.0]]), torch.tensor([0, 0, 1, 2])
    assert pool.crowding(asked, own).item() == pytest.approx((0.75 + 0.0 + 1.0 + 0.0) / 4)


def test_following_it_pictures_take_the_distance_that_real_ones_keep() -> None:
    """Points drawn a quarter of the way between others, whose quarter is to become as long as the way between real ones."""
    generator = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.constant_(generator.weight, 0.5)
    latents, labels = torch.arange(7.0)[:, None], torch.zeros(7, dtype=torch.long)
    spacing = spacing_of(0.5 * latents, labels, 1)
    optimiser = torch.optim.SGD(generator.parameters(), 0.001)
    for _ in range(400):
        pool = Pool(latents, labels, generator(latents).detach().half(), torch.ones(1), spacing)
        optimiser.zero_grad()
        pool.crowding(generator(latents + 0.25), labels).backward()
        optimiser.step()
    assert generator.weight.item() == pytest.approx(2.0, abs=0.05)
