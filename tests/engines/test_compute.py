import pytest
import torch
from torch import nn

from engines import compute
from engines.compute import HeldNumerics, Numerics
from engines.errors import StudioError


def test_measuring_compares_all_choices_and_puts_the_fastest_first() -> None:
    seen: list[Numerics] = []
    choices = [Numerics("float32"), Numerics("bfloat16", True)]
    seconds = compute.measure(seen.append, choices, repeats=1)
    assert set(seen) == set(choices) == set(seconds)
    assert list(seconds.values()) == sorted(seconds.values())


def test_numerics_place_a_network_and_arrange_its_input() -> None:
    numerics = Numerics("bfloat16", channels_last=True)
    conv = numerics.place(nn.Conv2d(3, 8, 3))
    batch = numerics.arrange(torch.zeros(2, 3, 8, 8))
    assert batch.is_contiguous(memory_format=torch.channels_last)
    with numerics.autocast():
        assert conv(batch).dtype == torch.bfloat16
    with Numerics().autocast():
        assert conv(batch).dtype == torch.float32


def test_an_unknown_precision_or_device_names_the_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StudioError, match="float32, bfloat16, float16"):
        Numerics("float8")
    monkeypatch.setenv("STUDIO_DEVICE", "tpu")
    compute.device.cache_clear()
    with pytest.raises(StudioError, match="choose one of cpu"):
        compute.device()
    monkeypatch.delenv("STUDIO_DEVICE")
    compute.device.cache_clear()


def test_a_random_stream_is_a_function_of_its_numbers() -> None:
    def draw(*seed: int) -> list[float]:
        return torch.rand(3, generator=compute.random_generator(*seed)).tolist()

    assert draw(1, 2) == draw(1, 2)
    assert len({tuple(draw(*seed)) for seed in [(1, 2), (2, 1), (1, 3), (1,), (0, 0), (0, 1), (2**63 - 1, 5)]}) == 7


def test_held_numerics_keep_weights_and_pictures_in_their_precision() -> None:
    numerics = HeldNumerics("bfloat16", channels_last=True)
    layer = numerics.place(torch.nn.Conv2d(3, 4, 3), torch.device("cpu"))
    pictures = numerics.arrange(torch.ones(2, 3, 8, 8), torch.device("cpu"))
    with numerics.autocast():
        assert layer(pictures).dtype == pictures.dtype == torch.bfloat16
    assert pictures.is_contiguous(memory_format=torch.channels_last)


def test_half_precision_asked_for_by_name_comes_with_the_layout_that_is_fast_in_it() -> None:
    assert compute.of_precision("bfloat16") == Numerics("bfloat16", channels_last=True)
    assert compute.of_precision("float32") == Numerics("float32", channels_last=False)
