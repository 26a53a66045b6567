import pytest
import torch

from engines.networks.lightweight_gan import (
    LightweightGanDiscriminator,
    LightweightGanGenerator,
    LinearAttention,
    Shuffle,
)


def test_near_attention_is_attention_over_nine_neighbours_with_zeros_outside() -> None:
    layer = LinearAttention(8, head_dim=4, heads=2)
    features = torch.randn(1, 8, 3, 3)
    query, both = layer.near_query(features)[0], layer.near_key_value(features)[0]
    key, value = both.chunk(2)
    expected = torch.zeros(8, 3, 3)
    for head in range(2):
        part = slice(4 * head, 4 * head + 4)
        for y in range(3):
            for x in range(3):
                around = [(y + i, x + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
                inside = [0 <= a < 3 and 0 <= b < 3 for a, b in around]
                keys = [key[part, a, b] if ok else torch.zeros(4) for (a, b), ok in zip(around, inside, strict=True)]
                values = [value[part, a, b] if ok else torch.zeros(4) for (a, b), ok in zip(around, inside, strict=True)]
                weights = torch.softmax(torch.stack([query[part, y, x] @ one / 2 for one in keys]), dim=0)
                expected[part, y, x] = (weights[:, None] * torch.stack(values)).sum(dim=0)
    assert torch.allclose(layer._near(features)[0].reshape(8, 3, 3), expected, atol=1e-5)


def test_doubling_starts_without_a_grid() -> None:
    doubled = Shuffle(4)(torch.randn(1, 4, 3, 3))
    assert doubled.shape == (1, 4, 6, 6)
    assert torch.allclose(doubled[..., ::2, ::2], doubled[..., 1::2, 1::2], atol=1e-6)


@pytest.mark.parametrize(("resolution", "size", "logits"), [(32, 5, 26), (64, 1, 2), (512, 1, 2), (1024, 5, 26)])
def test_every_resolution_is_drawn_judged_in_two_parts_and_recalled(resolution: int, size: int, logits: int) -> None:
    generator = LightweightGanGenerator(resolution, 8, base=256, most=8, heads=1).eval()
    discriminator = LightweightGanDiscriminator(resolution, base=256, most=8, output_size=size, heads=1)
    with torch.no_grad():
        pictures = generator(torch.randn(1, 8))
        found, pairs = discriminator.judge_and_recall([pictures])
    assert pictures.shape == (1, 3, resolution, resolution)
    assert found.shape == (1, logits)
    assert discriminator.parts == (size**2, 1)
    assert [tuple(drawn.shape) for _, drawn in pairs] == [(1, 3, 128, 128)] * (2 if resolution >= 512 else 1)
    assert torch.equal(discriminator(pictures), found)


def test_another_resolution_or_output_is_refused() -> None:
    with pytest.raises(ValueError, match="resolution must be"):
        LightweightGanGenerator(96)
    with pytest.raises(ValueError, match="output_size must be"):
        LightweightGanDiscriminator(64, output_size=2)
