import pytest
import torch

from engines.training.augment import AUGMENTATIONS, augment, cutout, translation


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_an_augmentation_keeps_the_shape_and_lets_gradients_through(name: str) -> None:
    pictures = torch.randn(4, 3, 32, 32, requires_grad=True)
    changed = augment(pictures, [name])
    assert changed.shape == pictures.shape
    assert not torch.equal(changed, pictures)
    changed.sum().backward()
    assert pictures.grad is not None
    assert pictures.grad.isfinite().all()


def test_translation_moves_by_whole_pixels_up_to_an_eighth() -> None:
    torch.manual_seed(0)
    pictures = torch.zeros(64, 1, 32, 32)
    pictures[:, :, 16, 16] = 1
    moved = translation(pictures).flatten(1)
    assert (moved.sum(dim=1) == 1).all()
    rows, columns = moved.argmax(dim=1) // 32, moved.argmax(dim=1) % 32
    assert (rows - 16).abs().max() == 4
    assert (columns - 16).abs().max() == 4
    assert len(set(zip(rows.tolist(), columns.tolist(), strict=True))) > 20


def test_cutout_blanks_one_square_and_leaves_the_rest() -> None:
    blanked = cutout(torch.ones(32, 1, 20, 20), ratio=0.5)
    assert set(blanked.unique().tolist()) == {0.0, 1.0}
    assert blanked.mean() > 0.7
    assert (blanked.flatten(1).mean(dim=1) < 1).all()


def test_no_policy_changes_nothing() -> None:
    pictures = torch.randn(2, 3, 8, 8)
    assert augment(pictures, ()) is pictures
