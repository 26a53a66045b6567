import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from engines.errors import StudioError
from engines.models.zoo import Translator, Zoo
from engines.networks.registry import NETWORKS
from engines.translation.onnx_export import export_translator
from tests.engines.commands.command_line import atelier
from tests.engines.models.importers.plain_networks import shaken

KINDS: dict[str, tuple[str, dict[str, object]]] = {
    "residual": ("residual translator", {"width": 8, "blocks": 2}),
    "residual, batch norm, transposed": (
        "residual translator",
        {"width": 8, "blocks": 2, "norm": "batch", "sampling": "transposed", "reflect": True, "bias": True},
    ),
    "residual, blurred": ("residual translator", {"width": 8, "blocks": 1, "sampling": "blurred", "reflect": True}),
    "u-net": ("u-net translator", {"width": 8, "halvings": 5}),
    "dense": ("dense translator", {"width": 8, "growth": 4, "layers": (2, 2, 2)}),
    "bottleneck": ("bottleneck translator", {"width": 8, "stages": (1, 1, 1, 1)}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_draws_what_the_model_draws_at_other_sizes_too(kind: str, tiny_zoo: Zoo, tmp_path: Path) -> None:
    name, settings = KINDS[kind]
    network = shaken(NETWORKS[name](**settings), 1)
    translator = Translator(tiny_zoo.card("leather-denim"), (network, network))
    written = export_translator(translator, tmp_path / "onnx")
    assert [exported.target for exported in written] == ["denim", "leather"]
    session = onnxruntime.InferenceSession(written[0].path, providers=["CPUExecutionProvider"])
    shown = torch.rand(2, 3, 96, 160, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.no_grad():
        expected = network(shown).numpy()
    assert expected.std() > 0.05
    assert np.abs(session.run(None, {"pictures": shown.numpy()})[0] - expected).max() < 1e-4


def test_the_command_writes_a_file_a_class_that_says_what_it_is(tiny_zoo: Zoo, tmp_path: Path) -> None:
    models = tiny_zoo.folder("leather-denim").parent
    done = atelier("export-onnx", "leather-denim", "--models", models, "--out", tmp_path / "onnx")
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "onnx").iterdir()} == {"denim.onnx", "leather.onnx"}
    model = onnx.load(tmp_path / "onnx" / "denim.onnx")
    facts = json.loads({entry.key: entry.value for entry in model.metadata_props}["atelier"])
    card = tiny_zoo.card("leather-denim")
    assert (facts["model"], facts["target"], facts["weights_sha256"]) == ("leather-denim", "denim", card.weights_sha256)
    assert facts["multiple"] == 4
    again = atelier("export-onnx", "leather-denim", "--models", models, "--out", tmp_path / "onnx")
    assert again.returncode == 2
    assert "exists already" in again.stderr


def test_a_generator_is_no_translator(tiny_zoo: Zoo) -> None:
    with pytest.raises(StudioError, match="swaps no textures"):
        tiny_zoo.translator("scenes")
