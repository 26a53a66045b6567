"""The weights of an earlier run as the beginning of a new one, which may draw larger pictures or other classes."""

from dataclasses import dataclass
from typing import Any

from torch import nn

from engines.errors import StudioError
from engines.recipe import file_hash
from engines.training.runs import Run


@dataclass(frozen=True)
class Beginning:
    """What a new run takes over.

    Attributes:
        name, digest: of the earlier run and its checkpoint.
        networks: its networks' weights, in the form of its task's `state`.
        classes: class names in the order of its labels.
        pictures: how many it has seen, those of its own beginning included.
        seed: its own, of which what is frozen in a discriminator was drawn.
    """

    name: str
    digest: str
    networks: dict[str, Any]
    classes: tuple[str, ...]
    pictures: int
    seed: int = 0

    def facts(self) -> dict[str, Any]:
        """How the new run's settings name it."""
        return {"run": self.name, "sha256": self.digest, "pictures": self.pictures}


def begin_from(run: Run) -> Beginning:
    """What the last checkpoint of a run hands on.

    Raises:
        StudioError: no run, or none of its checkpoints can be read.
    """
    config, saved = run.config(), run.checkpoint()
    earlier = (config.get("from") or {}).get("pictures", 0)
    seen = earlier + saved["step"] * config["preset"]["batch"]
    return Beginning(
        run.folder.name,
        file_hash(run.checkpoint_file),
        saved["task"],
        tuple(config["classes"]),
        seen,
        config.get("seed", 0),
    )


def copy_fitting(network: nn.Module, weights: dict[str, Any], need: bool = True) -> None:
    """Copy the weights whose name and shape fit into a network, in place; the others keep what they begin with.

    Args:
        need: whether at least one has to fit; a discriminator of another kind may begin afresh.

    Raises:
        StudioError: none fits, and one has to.
    """
    own = network.state_dict()
    fitting = {name: value for name, value in weights.items() if name in own and own[name].shape == value.shape}
    if need and not fitting:
        raise StudioError(f"no weight fits a {type(network).__name__}: start from a run of the same kind of preset")
    network.load_state_dict(fitting, strict=False)
