"""Translators as ONNX files, for programs without PyTorch."""

import io
import json
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from engines.errors import StudioError
from engines.models.zoo import Translator
from engines.networks.translating import Translating
from engines.paths import replacing_folder
from engines.progress import Progress, silent

OPSET = 17
INPUT, OUTPUT = "pictures", "drawn"
CLOSE = 1e-4
METADATA = "atelier"


@dataclass(frozen=True)
class Exported:
    """One written network.

    Attributes:
        path: of the file.
        target: the class that it draws.
        difference: largest difference between what both runtimes draw of the same picture, in [-1, 1].
    """

    path: Path
    target: str
    difference: float


def export_translator(translator: Translator, folder: Path, progress: Progress = silent) -> list[Exported]:
    """Write a file a class, `CLASS.onnx`, whole or not at all, each after it has drawn what PyTorch draws.

    A file takes float32 pictures in [-1, 1], shape (n, 3, h, w), sides multiples of what its metadata say under "atelier", which also holds
    model, class, rights and the hash of the weights.

    Raises:
        StudioError: the packages are missing, `folder` exists, the network cannot be exported, or draws something else.
        Cancelled: when `progress` says so.
    """
    try:
        import onnx
        import onnxruntime
    except ImportError as error:
        raise StudioError("ONNX files need the packages onnx and onnxruntime: pip install -e '.[onnx]'") from error
    card, written = translator.card, []
    with replacing_folder(folder) as temporary:
        for place, (name, network) in enumerate(zip(card.classes, translator.networks, strict=True)):
            if not isinstance(network, Translating):
                raise StudioError(f"{card.network} cannot be written as ONNX: choose a translator of another network")
            model = onnx.load_from_string(_traced(network))
            facts = {
                "format": 1,
                "model": card.name,
                "target": name,
                "multiple": network.multiple,
                "smallest": network.smallest,
                "side": card.render.get("side"),
                "weights_sha256": card.weights_sha256,
                "rights": card.rights,
            }
            onnx.helper.set_model_props(model, {METADATA: json.dumps(facts, ensure_ascii=False)})
            onnx.checker.check_model(model)
            content = model.SerializeToString()
            session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
            difference = max(_difference(session, network, sides) for sides in (2, 3))
            if not difference < CLOSE:
                raise StudioError(f"the ONNX file of {card.name} to {name} draws something else ({difference:.1g} apart): report it")
            (temporary / f"{name}.onnx").write_bytes(content)
            written.append(Exported(folder / f"{name}.onnx", name, difference))
            progress(place + 1, len(card.classes), "writing ONNX files")
    return written


class _Whole(nn.Module):
    """A network for pictures whose sides fit, without filling up."""

    def __init__(self, network: Translating) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: Tensor) -> Tensor:
        return torch.tanh(self.network.draw(pictures))


def _traced(network: Translating) -> bytes:
    """The ONNX model of a network for any number of pictures of any size that fits."""
    side = max(network.smallest, 2 * network.multiple)
    shown = torch.zeros(1, 3, side, side, device=next(network.parameters()).device)
    axes = {0: "n", 2: "height", 3: "width"}
    buffer = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the exporter speaks of itself
        torch.onnx.export(
            _Whole(network).eval(),
            (shown,),
            buffer,  # type: ignore[arg-type]
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_axes={INPUT: axes, OUTPUT: axes},
            opset_version=OPSET,
            dynamo=False,
        )
    return buffer.getvalue()


@torch.inference_mode()
def _difference(session: object, network: Translating, times: int) -> float:
    """How far both runtimes are apart on noise that is wider than tall."""
    height = max(network.smallest, network.multiple)
    random = np.random.default_rng(times)
    shown = random.uniform(-1, 1, (times - 1, 3, height, times * height)).astype(np.float32)
    theirs = session.run([OUTPUT], {INPUT: shown})[0]  # type: ignore[attr-defined]
    ours = network(torch.from_numpy(shown).to(next(network.parameters()).device)).cpu().numpy()
    return float(np.abs(theirs - ours).max())
