import pytest
import torch

from engines.errors import StudioError
from engines.exploration.interpolation import positions, slerp


def latents(dim: int = 64) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(5)
    return torch.randn(dim, generator=random), torch.randn(dim, generator=random)


def test_the_ends_of_an_arc_are_the_latents_themselves() -> None:
    start, end = latents()
    blended = slerp(start, end, torch.tensor([0.0, 1.0]))
    assert torch.equal(blended[0], start)
    assert torch.equal(blended[1], end)


def test_an_arc_between_latents_of_one_norm_keeps_the_norm() -> None:
    start, end = latents()
    end = end * (start.norm() / end.norm())
    norms = slerp(start, end, positions(33)).norm(dim=1)
    assert torch.allclose(norms, start.norm().expand(33), rtol=1e-4)


def test_an_arc_moves_at_an_even_pace() -> None:
    start, end = latents()
    start, end = start / start.norm(), end / end.norm()
    blended = slerp(start, end, positions(17))
    steps = torch.arccos((blended[:-1] * blended[1:]).sum(dim=1).clamp(-1, 1))
    assert torch.allclose(steps, steps.mean().expand(16), rtol=1e-2)


def test_parallel_and_opposite_latents_give_finite_pictures() -> None:
    start, _ = latents()
    for end in (start, 2 * start, -start):
        assert slerp(start, end, positions(9)).isfinite().all()


def test_latents_of_two_models_and_latents_of_zeros_get_a_sentence() -> None:
    start, end = latents()
    with pytest.raises(StudioError, match="one model"):
        slerp(start, end[:-1], positions(3))
    with pytest.raises(StudioError, match="zeros"):
        slerp(start, torch.zeros_like(end), positions(3))
