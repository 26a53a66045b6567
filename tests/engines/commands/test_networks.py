import json

import pytest

from engines.commands import main


def test_every_network_is_listed_with_its_parameters(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["networks", "--json"]) == 0
    listed = {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert listed["stylegan2"]["parameters"] == {"generator": 22_243_608, "discriminator": 23_407_361}
    assert listed["resnet18"]["parameters"] == {"generator": 14_679_939, "discriminator": 11_173_569}
    assert set(listed["bidirectional"]["parameters"]) == {"generator", "encoder", "discriminator"}
    assert listed["residual translator"]["parameters"]["translator"] > 1_000_000
    assert all(sum(entry["parameters"].values()) for entry in listed.values())


def test_a_network_is_shown_layer_by_layer_with_totals(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["networks", "show", "resnet34", "--layers"]) == 0
    shown = capsys.readouterr().out
    assert "22,943,619 parameters, 15,265 buffers, 22,958,884 in all" in shown
    assert "21,281,729 parameters, 17,189 buffers, 21,298,918 in all" in shown
    line = next(line for line in shown.splitlines() if line.split()[:1] == ["start.0"])
    assert line.split() == ["start.0", "ConvTranspose2d", "2", "×", "512", "×", "4", "×", "4", "819,200", "0"]


def test_other_sizes_channels_and_classes_can_be_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["networks", "show", "lightweight-gan", "--resolution", "256", "--channels", "4", "--classes", "3", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert any(layer["output"] == [2, 4, 256, 256] for layer in found["generator"]["layers"])
    assert any(layer["kind"] == "Embedding" for layer in found["discriminator"]["layers"])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nothing"], "there is no network 'nothing'"),
        (["stylegan2", "--resolution", "96"], "resolution must be"),
        (["mlp", "--resolution", "-3"], "mlp"),
    ],
)
def test_a_network_that_cannot_be_is_refused_in_one_line(arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["networks", "show", *arguments]) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1
