from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from engines.errors import StudioError
from engines.models.card import Card
from engines.models.zoo import Enlarger, Zoo, publish
from engines.networks.upscaling import Upscaler
from engines.production import enlarging
from engines.production.enlarging import enlarge

CARD = Card(
    "up", "Up", "larger", "upscaler", "", "0" * 64, "free", "drawn squares", ("none",), network="upscaler",
    settings={"width": 6, "tail": 4, "blocks": 2}, render={"precision": "float32", "channels_last": False},
)  # fmt: skip


@pytest.fixture
def upscaler(tmp_path: Path) -> Enlarger:
    torch.manual_seed(0)
    network = Upscaler(width=6, tail=4, blocks=2)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.normal_(layer.weight, std=0.1)
    publish(tmp_path / "models" / "up", CARD, [network])
    return Zoo([tmp_path / "models"]).upscaler("up")


def graphic(mode: str = "RGB") -> Image.Image:
    random = np.random.default_rng(0)
    return Image.fromarray(random.integers(0, 256, (30, 44, len(mode)), dtype=np.uint8), mode)


@pytest.mark.parametrize("factor", [2, 2.5, 4, 6])
@pytest.mark.parametrize("learned", [True, False])
def test_a_graphic_gets_the_size_one_asks_for(upscaler: Enlarger, factor: float, learned: bool) -> None:
    larger = enlarge(graphic(), factor, upscaler if learned else None)
    assert larger.size == (round(44 * factor), round(30 * factor))


def test_the_upscaler_draws_something_else_than_lanczos(upscaler: Enlarger) -> None:
    drawn, straight = (np.asarray(enlarge(graphic(), 4, one), np.float64) for one in (upscaler, None))
    assert np.abs(drawn - straight).mean() > 1


def test_what_is_transparent_stays_so(upscaler: Enlarger) -> None:
    given = graphic("RGBA")
    given.putalpha(Image.new("L", given.size, 0))
    given.paste((200, 30, 30, 255), (10, 8, 30, 24))
    larger = enlarge(given, 4, upscaler)
    alpha = np.asarray(larger.getchannel("A"))
    assert larger.mode == "RGBA"
    assert alpha[:16, :24].max() == 0
    assert alpha[60:80, 80:100].min() == 255


def test_strips_join_without_a_seam(upscaler: Enlarger, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = np.asarray(enlarge(graphic(), 4, upscaler), np.int16)
    monkeypatch.setattr(enlarging, "TILE", 7)
    assert np.abs(np.asarray(enlarge(graphic(), 4, upscaler), np.int16) - whole).max() <= 1


@pytest.mark.parametrize(("factor", "said"), [(1, "more than 1"), (17, "up to 16"), (float("nan"), "nan"), (True, "True"), ("2", "2")])
def test_a_factor_out_of_range_is_refused(factor: object, said: str) -> None:
    with pytest.raises(StudioError, match=said):
        enlarge(graphic(), factor, None)  # type: ignore[arg-type]


def test_more_than_memory_holds_is_refused_before_it_is_drawn() -> None:
    with pytest.raises(StudioError, match="megapixels"):
        enlarge(Image.new("RGB", (4000, 3000)), 16, None)


def test_a_generator_is_no_upscaler(tmp_path: Path, upscaler: Enlarger) -> None:
    zoo = Zoo([tmp_path / "models"])
    with pytest.raises(StudioError, match="choose one of"):
        zoo.generator("up")
    assert zoo.names("upscaler") == ["up"]
    assert replace(CARD, name="up").kind == zoo.card("up").kind
