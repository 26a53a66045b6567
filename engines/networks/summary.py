"""What a network is made of, layer by layer."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class LayerRow:
    """One layer.

    Attributes:
        name: its place in the network; kind: its class.
        output: shape of what it gave for the batch it was shown; empty if it was not called.
        parameters, buffers: numbers that it holds itself, those that are trained and all others.
    """

    name: str
    kind: str
    output: tuple[int, ...]
    parameters: int
    buffers: int


@torch.no_grad()
def layer_rows(network: nn.Module, inputs: Sequence[Tensor | None], kept_out: Sequence[str] = ("mean_start",)) -> list[LayerRow]:
    """Every layer that holds numbers or does nothing but its own, in the order in which a forward pass comes to them.

    Args:
        inputs: of the forward pass.
        kept_out: buffers that belong to the studio and not to the network.
    """
    outputs: dict[str, tuple[int, ...]] = {}
    handles = []
    layers = {name: layer for name, layer in network.named_modules() if "parametrizations" not in name}
    for name, layer in layers.items():

        def note(_layer: nn.Module, _inputs: object, output: object, name: str = name) -> None:
            if isinstance(output, Tensor):
                outputs.setdefault(name, tuple(output.shape))

        handles.append(layer.register_forward_hook(note))
    was_training = network.training
    try:
        network.eval()(*inputs)
    finally:
        network.train(was_training)
        for handle in handles:
            handle.remove()
    rows = []
    for name in [*outputs, *(name for name in layers if name not in outputs)]:
        layer = layers[name]
        named = _own(layer)
        parameters = sum(value.numel() for _, value in named if value.requires_grad)
        buffers = sum(value.numel() for key, value in named if not value.requires_grad and key not in kept_out)
        leaf = not any(child is not layer and "parametrizations" not in key for key, child in layer.named_modules())
        if parameters or buffers or (leaf and name in outputs):
            rows.append(LayerRow(name, type(layer).__name__.removeprefix("Parametrized"), outputs.get(name, ()), parameters, buffers))
    return rows


def _own(layer: nn.Module) -> list[tuple[str, Tensor]]:
    """What a layer holds itself, that of its parametrisations included."""
    held = [*layer.named_parameters(), *layer.named_buffers()]
    return [(key, value) for key, value in held if "." not in key or key.startswith("parametrizations.")]
