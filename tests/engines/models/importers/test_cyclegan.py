import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from engines.errors import StudioError
from engines.models.importers.checkpoint import read_checkpoint
from engines.models.importers.cyclegan import recognise
from engines.models.importers.foreign import Foreign
from engines.networks.registry import NETWORKS
from tests.engines.models.importers.plain_networks import Report, Resnet, Unet, shaken

CASES = {
    "resnet_6blocks": (lambda: Resnet(16, 6), "CycleGAN's ResNet of 6 blocks", 64),
    "resnet_9blocks": (lambda: Resnet(8, 9), "CycleGAN's ResNet of 9 blocks", 64),
    "resnet_9blocks with dropout": (lambda: Resnet(8, 9, dropout=True), "CycleGAN's ResNet of 9 blocks", 64),
    "resnet_9blocks, batch norm": (lambda: Resnet(8, 9, nn.BatchNorm2d), "CycleGAN's ResNet of 9 blocks", 64),
    "CUT": (lambda: Resnet(16, 9, filters=True), "CUT's ResNet of 9 blocks", 64),
    "unet_256": (lambda: Unet(8, 8), "pix2pix's U-Net of 8 halvings", 256),
    "unet_128, batch norm": (lambda: Unet(8, 7, nn.BatchNorm2d, bias=False), "pix2pix's U-Net of 7 halvings", 128),
    "report": (lambda: Report(8, 8), "the report's ResNet of 8 blocks", 64),
}


def drawn(foreign: Foreign, pictures: Tensor) -> Tensor:
    network = NETWORKS[foreign.network](**foreign.settings).eval()
    network.load_state_dict(foreign.weights, strict=True)
    with torch.no_grad():
        return network(pictures)


@pytest.mark.parametrize("case", CASES)
def test_a_checkpoint_draws_what_it_drew_where_it_was_trained(case: str, tmp_path: Path) -> None:
    build, source, side = CASES[case]
    theirs = shaken(build(), 3)
    torch.save(theirs.state_dict(), tmp_path / "latest_net_G.pth")
    (found,) = recognise(read_checkpoint(tmp_path / "latest_net_G.pth"))
    assert found.source == source
    pictures = torch.rand(2, 3, side, 2 * side, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.no_grad():
        expected = theirs(pictures)
    assert expected.std() > 0.05  # a picture, not a plain surface
    assert (drawn(found, pictures) - expected).abs().max() < 1e-5


def test_statistics_that_old_instance_norms_saved_change_nothing(tmp_path: Path) -> None:
    theirs = shaken(Resnet(8, 6), 1)
    state = dict(theirs.state_dict())
    for name, module in theirs.named_modules():
        if isinstance(module, nn.InstanceNorm2d):
            state |= {f"{name}.running_mean": torch.randn(module.num_features), f"{name}.running_var": torch.rand(module.num_features)}
            state[f"{name}.num_batches_tracked"] = torch.tensor(7)
    torch.save({f"module.{key}": value for key, value in state.items()}, tmp_path / "old.pth")
    (found,) = recognise(read_checkpoint(tmp_path / "old.pth"))
    assert found.settings["norm"] == "instance"
    pictures = torch.rand(1, 3, 64, 64) * 2 - 1
    with torch.no_grad():
        assert (drawn(found, pictures) - theirs(pictures)).abs().max() < 1e-5


def test_the_reports_checkpoint_holds_both_ways(tmp_path: Path) -> None:
    pair = [shaken(Report(4, 5), seed) for seed in (1, 2)]
    optimiser = torch.optim.Adam(pair[0].parameters())
    names = ("GenA", "GenB")
    content = {name: network.state_dict() for name, network in zip(names, pair, strict=True)}
    torch.save({"epoch": 3, **content, "GenA_opt": optimiser.state_dict()}, tmp_path / "Epoch_(3).ckpt")
    found = recognise(read_checkpoint(tmp_path / "Epoch_(3).ckpt"))
    pictures = torch.rand(1, 3, 32, 32) * 2 - 1
    for foreign, network in zip(found, pair, strict=True):
        with torch.no_grad():
            assert (drawn(foreign, pictures) - network(pictures)).abs().max() < 1e-5


class Hostile:
    """Unpickled, it would make a file."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return exec, (f"open({str(self.mark)!r}, 'w').write('run')",)


def pickled_parts(path: Path) -> list[bytes]:
    """What a checkpoint holds, unread: the members of a ZIP, or the whole of an old-style file."""
    if not zipfile.is_zipfile(path):
        return [path.read_bytes()]
    with zipfile.ZipFile(path) as archive:
        return [archive.read(name) for name in archive.namelist()]


@pytest.mark.parametrize("legacy", [False, True])
def test_a_hostile_pickle_runs_nothing(tmp_path: Path, legacy: bool) -> None:
    mark = tmp_path / "mark"
    torch.save({"model.1.weight": Hostile(mark)}, tmp_path / "nice.pth", _use_new_zipfile_serialization=not legacy)
    with pytest.raises(StudioError, match=r"nice\.pth is damaged, or holds more than weights, which is never run"):
        read_checkpoint(tmp_path / "nice.pth")
    assert not mark.exists()
    assert str(mark).encode() in b"".join(pickled_parts(tmp_path / "nice.pth"))
    run, arguments = Hostile(mark).__reduce__()
    run(*arguments)
    assert mark.exists()  # the trap is a real one


def test_what_is_no_checkpoint_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="is not a file"):
        read_checkpoint(tmp_path / "none.pth")
    (tmp_path / "text.pth").write_text("hello")
    with pytest.raises(StudioError, match=r"text\.pth is damaged"):
        read_checkpoint(tmp_path / "text.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(StudioError, match="holds a list, expected a dictionary"):
        read_checkpoint(tmp_path / "list.pth")


def changed(state: dict[str, Tensor], **changes: Tensor | None) -> dict[str, Tensor]:
    return {
        key: value for key, value in (state | {name.replace("_", "."): new for name, new in changes.items()}).items() if value is not None
    }


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ({"fc.weight": torch.zeros(2, 2)}, r"the keys \(fc\.weight, …\) are of no generator"),
        ({}, r"the keys \(no keys, …\)"),
        (changed(Resnet(4, 2).state_dict(), model_1_weight=torch.zeros(4, 1, 7, 7)), "reads 1 and draws 3 channels"),
        (changed(Resnet(4, 2).state_dict(), model_4_weight=None), "5 convolutions outside its blocks"),
        (changed(Resnet(4, 2).state_dict(), model_7_weight=torch.zeros(9, 8, 3, 3)), r"model\.7\.weight is \(9, 8, 3, 3\)"),
        (changed(Resnet(4, 2).state_dict(), model_1_speed=torch.zeros(1)), "'model.1.speed', which no generator"),
        (changed(Resnet(4, 2, filters=True).state_dict(), model_7_filt=torch.ones(8, 1, 5, 5)), "a filter of 5 taps"),
        (changed(Resnet(4, 2, lambda n: nn.InstanceNorm2d(n, affine=True)).state_dict()), "a scale and no statistics"),
        (changed(Unet(4, 5).state_dict(), model_model_3_weight=None), "lacks model.model.3"),
    ],
)
def test_networks_of_another_form_are_refused_in_a_sentence(state: dict[str, Tensor], sentence: str) -> None:
    with pytest.raises(StudioError, match=sentence):
        recognise(state)
