"""Opening a checkpoint from anybody: tensors, numbers and names come out, and nothing in it is ever run."""

from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from engines.errors import StudioError

WRAPPED = "module."


def read_checkpoint(path: Path) -> dict[str, Any]:
    """The dictionary in a .pth, .pt, .ckpt or .safetensors file, on the CPU.

    Raises:
        StudioError: missing, damaged, not a dictionary, or a pickle that asks for more than tensors.
    """
    path = Path(path)
    if not path.is_file():
        raise StudioError(f"{path} is not a file: name a checkpoint")
    try:
        found = load_file(path) if path.suffix == ".safetensors" else torch.load(path, map_location="cpu", weights_only=True)
    except SafetensorError as error:
        raise StudioError(f"{path.name} cannot be read ({error}): fetch it again") from error
    except Exception as error:  # unpickling raises many kinds of error, and what a stranger's file raises is not known
        raise StudioError(
            f"{path.name} is damaged, or holds more than weights, which is never run: ask for the bare state dictionary"
        ) from error
    if not isinstance(found, dict):
        raise StudioError(f"{path.name} holds a {type(found).__name__}, expected a dictionary of weights: ask for the state dictionary")
    return found


def state_of(found: dict[str, Any]) -> dict[str, torch.Tensor]:
    """The tensors of a state dictionary, without the prefix that running on several devices leaves behind."""
    return {str(key).removeprefix(WRAPPED): value.detach() for key, value in found.items() if isinstance(value, torch.Tensor)}
