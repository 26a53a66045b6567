import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from engines.errors import StudioError
from engines.models.importers.lightweight_gan import read_discriminator, read_generator
from tests.engines.models.importers.made_weights import made_tensor, made_weights

# Names, shapes and outputs of the package's version 1.2.1 with `made_weights`: two sizes, with attention and with gates by frequencies.
CASES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("lightweight_gan_1_2_1.json").read_text())


def cosine_waves(channels: int, size: int) -> Tensor:
    """Channel by channel and place by place: one frequency down for the first half, one across for the second."""
    found = torch.zeros(1, channels, size, size)
    for kind in range(16):
        down, across = (0, kind) if kind < 8 else (kind - 8, 0)
        for x in range(size):
            for y in range(size):
                value = math.cos(math.pi * down * (x + 0.5) / size) * math.cos(math.pi * across * (y + 0.5) / size) / size
                value *= (math.sqrt(2) if down else 1) * (math.sqrt(2) if across else 1)
                found[:, kind * (channels // 16) : (kind + 1) * (channels // 16), x, y] = value
    return found


def checkpoint(case: dict[str, Any]) -> dict[str, Tensor]:
    tensors = made_weights(case["shapes"])
    for name, value in tensors.items():
        if name.endswith("dct_weights"):
            tensors[name] = cosine_waves(value.shape[1], value.shape[2])
    return tensors


@pytest.mark.parametrize("case", CASES, ids=["64 px", "128 px"])
def test_the_packages_weights_draw_and_judge_as_in_the_package(case: dict[str, Any]) -> None:
    tensors = checkpoint(case)
    _, generator = read_generator(tensors)
    _, discriminator = read_discriminator(tensors)
    generator.eval()
    discriminator.eval()
    noise = [made_tensor("noise", (2, 1, size, size)) for size in generator.noise_sizes]
    with torch.no_grad():
        drawn = (generator(3 * made_tensor("latent", (2, 16)), noise=noise) + 1) / 2
        logits, pairs = discriminator.judge_and_recall([made_tensor("picture", drawn.shape)])
    assert drawn.flatten()[case["places"]].tolist() == pytest.approx(case["pixels"], abs=1e-5)
    assert drawn.std().item() == pytest.approx(case["std"], abs=1e-5)
    assert logits.flatten().tolist() == pytest.approx(case["logits"], abs=1e-5)
    assert [(seen - again).square().mean().item() for seen, again in pairs] == pytest.approx([case["reconstruction"]], abs=1e-5)


def test_the_settings_are_read_off_the_weights_and_build_the_same_network() -> None:
    settings, generator = read_generator(checkpoint(CASES[0]))
    assert settings["resolution"] == 64
    assert settings["attention"] == [32]
    rebuilt = type(generator)(**settings)
    rebuilt.load_state_dict(generator.state_dict(), strict=True)


def test_another_files_weights_are_refused_in_a_sentence() -> None:
    tensors = {name: value for name, value in checkpoint(CASES[0]).items() if name.startswith("GE.")}
    with pytest.raises(StudioError, match="are missing"):
        read_generator({name: value for name, value in tensors.items() if "out_conv.bias" not in name})
    with pytest.raises(StudioError, match="no weight that this network knows"):
        read_generator({**tensors, "GE.layers.0.9.weight": torch.zeros(3)})
    with pytest.raises(StudioError, match="no weights of the lightweight-gan package"):
        read_generator({"main.0.weight": torch.zeros(3)})
    with pytest.raises(StudioError, match="before version 1"):
        read_generator({**tensors, "GE.layers.0.0.0.net.0.weight": torch.zeros(8, 16, 1, 1)})
