"""What an importer hands on."""

from dataclasses import dataclass
from typing import Any

from torch import Tensor


@dataclass(frozen=True)
class Foreign:
    """A network of another project, in our terms.

    Attributes:
        network: name in the network registry; settings: its constructor's arguments.
        weights: its weights under our names, strictly all of them.
        source: which project's form it was, in words.
    """

    network: str
    settings: dict[str, Any]
    weights: dict[str, Tensor]
    source: str
