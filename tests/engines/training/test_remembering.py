from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engines import compute
from engines.compute import Numerics
from engines.errors import StudioError
from engines.networks.registry import NETWORKS
from engines.training.adversarial import AdversarialTask
from engines.training.dataset import PictureSet
from engines.training.presets import AdversarialPreset, checked, generator_settings
from engines.training.remembering import choose, codes_of, remember
from engines.training.trainer import Workers
from engines.training.warm_start import Beginning

SMALL = AdversarialPreset(
    "small", "", discriminator="dcgan", discriminator_settings={"width": 8}, widths=(16, 16, 8), latent_dim=16, batch=8, pictures=400
)
REMEMBERING = replace(SMALL, conditional=True, memory=40, coverage=4.0, spread=0.0, policy=(), rate=2e-3)


def shades() -> PictureSet:
    """Forty plain pictures of two classes, each with a colour of its own; a tenth is held out."""
    colours = np.random.default_rng(0).integers(20, 236, (40, 3, 1, 1)).astype(np.uint8)
    pixels = np.broadcast_to(colours, (40, 3, 16, 16)).copy()
    return PictureSet(pixels, np.arange(40) % 2, ("a", "b"), np.arange(40) % 10 == 0, (), "shades")


def trained(steps: int, preset: AdversarialPreset = REMEMBERING) -> AdversarialTask:
    task = AdversarialTask(preset, shades(), 0, Numerics(), Workers())
    for step in range(steps):
        torch.manual_seed(step)
        task.step(step)
    return task


def test_codes_tell_what_differs_within_a_class_and_nothing_of_the_class() -> None:
    torch.manual_seed(0)
    labels = torch.arange(60) % 2
    inner = torch.randn(60, 3) * torch.tensor([9.0, 1.0, 0.1])
    views = inner @ torch.linalg.qr(torch.randn(20, 3)).Q.t() + 50 * labels[:, None]
    codes = codes_of(views, labels, 8)
    assert torch.allclose(codes.norm(dim=1), torch.full((60,), 8**0.5), rtol=1e-4)
    assert torch.allclose(codes[:, 3:], torch.zeros(60, 5), atol=0.05)
    means = [codes[labels == label].mean(dim=0) for label in (0, 1)]
    assert (means[0] - means[1]).norm() < 0.2 * codes.norm(dim=1).mean()
    assert (codes[:, :3].square().mean(dim=0) / codes.square().sum(dim=1).mean()).tolist() == pytest.approx([1 / 3] * 3, abs=0.1)


def test_of_more_pictures_than_there_is_room_for_some_are_remembered_and_only_those_ask() -> None:
    places = choose(np.arange(10, 30), 8, seed=1)
    assert len(set(places.tolist())) == 8
    assert places.tolist() == choose(np.arange(10, 30), 8, seed=1).tolist() != choose(np.arange(10, 30), 8, seed=2).tolist()
    assert choose(np.arange(5), 8, seed=1).tolist() == [0, 1, 2, 3, 4]
    seen: list[int] = []

    def look(part: np.ndarray) -> list[torch.Tensor]:
        seen.extend(part.tolist())
        return [torch.from_numpy(part).float()[:, None, None, None].repeat(1, 2, 4, 4)]

    found = remember(places, np.zeros(30, dtype=np.int64), 4, look, batch=3)
    assert set(seen) == set(places.tolist())
    batch = np.array([places[3], 0, places[5], places[3], 9])
    assert found.asking(batch, most=5).tolist() == [0, 2, 3]
    assert found.asking(batch, most=2).tolist() == [0, 2]
    assert torch.equal(found.codes[found.rows[places]], found.codes)


def test_a_generator_learns_to_draw_each_picture_under_its_own_code() -> None:
    def difference(task: AdversarialTask) -> float:
        places = shades().part(held_out=False)
        wanted = shades().tensor(places).mean(dim=(2, 3))
        memory = task.generator.memory
        with torch.no_grad():
            drawn = task.generator.eval()(memory.codes[: len(places)], memory.labels[: len(places)].long())
        return (drawn.mean(dim=(2, 3)) - wanted).abs().mean().item()

    assert difference(trained(300)) < 0.5 * difference(trained(1))


def test_a_run_that_goes_on_takes_the_same_steps(tmp_path: Path) -> None:
    whole, first = trained(6), trained(3)
    torch.save(first.state(), tmp_path / "state.pt")
    second = AdversarialTask(REMEMBERING, shades(), 0, Numerics(), Workers())
    second.load(torch.load(tmp_path / "state.pt", weights_only=True))
    for step in range(3, 6):
        torch.manual_seed(step)
        second.step(step)
    for name, value in whole.generator.state_dict().items():
        assert torch.equal(value, second.generator.state_dict()[name]), name


def test_a_run_of_the_same_pictures_keeps_their_codes_and_one_of_others_does_not() -> None:
    first = trained(1)
    turned = {**first.generator.state_dict(), "memory.codes": -first.generator.memory.codes}
    for data, kept in (("shades", True), ("others", False)):
        task = AdversarialTask(REMEMBERING, shades(), 0, Numerics(), Workers())
        task.begin(Beginning("first", "", {"generator": turned, "average": turned}, ("a", "b"), 8, data=data))
        for generator in (task.generator, task.average.module):
            assert torch.equal(generator.memory.codes, turned["memory.codes"]) == kept
        assert torch.equal(task._remembered.codes, turned["memory.codes"][:36]) == kept  # type: ignore[union-attr]


def test_what_is_published_draws_from_what_is_remembered() -> None:
    task = trained(2)
    network = NETWORKS["lightweight"](**generator_settings(asdict(REMEMBERING), 2))
    network.load_state_dict(task.candidate()["average"])
    random = compute.random_generator(0)
    with torch.no_grad():
        drawn = network.eval()(torch.randn(4, 16, generator=random), torch.tensor([0, 1, 0, 1]))
    assert drawn.isfinite().all()


def test_spacing_may_be_asked_for_beside_a_memory() -> None:
    task = AdversarialTask(replace(REMEMBERING, spacing=1.0), shades(), 0, Numerics(), Workers())
    assert {"crowding", "coverage distance"} <= set(task.step(0))


def test_a_memory_that_nobody_asks_is_refused() -> None:
    with pytest.raises(StudioError, match="set coverage above 0, or memory to 0"):
        checked(replace(SMALL, memory=10))
