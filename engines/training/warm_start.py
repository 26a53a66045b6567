"""The weights of an earlier run or of a model as the beginning of a new run, which may draw larger pictures or other classes."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from torch import nn

from engines.errors import StudioError
from engines.models.card import CARD_FILE
from engines.models.zoo import Zoo
from engines.recipe import file_hash
from engines.training.runs import Run

LEAST_FITTING = 0.1
"""The share of a network's trained numbers without which it would begin afresh and be said to go on."""


@dataclass(frozen=True)
class Beginning:
    """What a new run takes over.

    Attributes:
        name, digest: of the earlier run and its checkpoint, or of the model and its weights.
        networks: its networks' weights, in the form of its task's `state`.
        classes: class names in the order of its labels, where it drew them by their names.
        pictures: how many it has seen, those of its own beginning included.
        seed: its own, of which what is frozen in a discriminator was drawn; None where there is no discriminator.
        source: "run" or "model".
        data: sha256 of the pictures that it learned from; empty where nobody says.
        spent: runs and minutes that led to a model, as its card says; (0, 0.0) where it does not, and of runs, which are found by name.
    """

    name: str
    digest: str
    networks: dict[str, Any]
    classes: tuple[str, ...]
    pictures: int
    seed: int | None = 0
    source: str = "run"
    data: str = ""
    spent: tuple[int, float] = (0, 0.0)

    def facts(self) -> dict[str, Any]:
        """How the new run's settings name it."""
        runs, minutes = self.spent
        told = {"runs": runs, "minutes": minutes} if runs else {}
        return {self.source: self.name, "sha256": self.digest, "pictures": self.pictures} | told


def kind_of(preset: Mapping[str, Any]) -> str:
    """What a preset trains, by its settings: "swap", "upscaler" or "generator"."""
    return "swap" if "cycle" in preset else "upscaler" if "adversarial_from" in preset else "generator"


def begin_from(source: Path, preset: Any) -> Beginning:
    """What a run, by its folder, or a model, by its folder or its name alone, hands on to a new run.

    Raises:
        StudioError: neither of them, one that trains another kind of thing, or a damaged one.
    """
    if Run(source).config_file.exists():
        return begin_from_run(Run(source), preset)
    if (source / CARD_FILE).is_file():
        return begin_from_model(source, preset)
    if source.name == str(source) and source.name in Zoo().names():
        return begin_from_model(Zoo().folder(source.name), preset)
    raise StudioError(f"{source} is neither a run nor a model: give the folder of a run, or a model's name, as `models` lists them")


def begin_from_run(run: Run, preset: Any = None) -> Beginning:
    """What the last checkpoint of a run hands on.

    Args:
        preset: of the new run, which has to train the same kind of thing; None for whatever it is.

    Raises:
        StudioError: no run, one of another kind, or none of its checkpoints can be read.
    """
    config = run.config()
    before, now = kind_of(config["preset"]), kind_of(asdict(preset) if preset else config["preset"])
    if before != now:
        raise StudioError(f"{run.folder} trains a {before}, and {preset.name} a {now}: begin --from a run of the same kind, or afresh")
    saved = run.checkpoint()
    earlier = (config.get("from") or {}).get("pictures", 0)
    seen = earlier + saved["step"] * config["preset"]["batch"]
    return Beginning(
        run.folder.name,
        file_hash(run.checkpoint_file),
        saved["task"],
        tuple(config["classes"]) if config["preset"].get("conditional") else (),
        seen,
        config.get("seed", 0),
        data=config.get("data", ""),
    )


def begin_from_model(folder: Path, preset: Any) -> Beginning:
    """What a model hands on: its weights, also in place of averaged ones, and no discriminator.

    Args:
        folder: of the model.
        preset: of the new run, which has to train the same kind of thing.

    Raises:
        StudioError: no model, one of another kind, or a damaged one.
    """
    zoo, name, now = Zoo([folder.parent]), folder.name, kind_of(asdict(preset))
    card = zoo.card(name)
    before = {"translator": "swap"}.get(card.kind, card.kind)
    if before != now or (before == "swap" and len(card.classes) < 2):
        what = "a swap that goes one way" if before == now else f"a {before}"
        raise StudioError(f"{name} is {what}, and {preset.name} trains a {now}: begin --from a model of the same kind, or afresh")
    if before == "generator":
        weights = cast(nn.Module, zoo.generator(name).network).state_dict()
        networks: dict[str, Any] = {"generator": weights, "average": weights}
    elif before == "upscaler":
        weights = zoo.upscaler(name).network.state_dict()
        networks = {"network": weights, "average": weights}
    else:
        both = [network.state_dict() for network in zoo.translator(name).networks]
        networks = {"translators": both, "averages": both}
    data = str(card.training.get("data (sha256)", ""))
    return Beginning(name, card.weights_sha256, networks, card.classes, card.pictures_seen, None, "model", data, card.training_spent)


def copy_fitting(network: nn.Module, weights: dict[str, Any], least: float = LEAST_FITTING) -> float:
    """Copy the weights whose name and shape fit into a network, in place; the others keep what they begin with.

    Args:
        least: share of the trained numbers that has to fit; 0 where the network may begin afresh, as a discriminator may.

    Returns:
        The share that fits, 0 to 1. Counters and single biases fit almost anything: they are few of the numbers.

    Raises:
        StudioError: less than that fits.
    """
    own = network.state_dict()
    fitting = {name: value for name, value in weights.items() if name in own and own[name].shape == value.shape}
    sizes = {name: value.numel() for name, value in network.named_parameters()}
    share = sum(size for name, size in sizes.items() if name in fitting) / max(1, sum(sizes.values()))
    if share < least:
        raise StudioError(
            f"{100 * share:.0f} % of the weights fit a {type(network).__name__} of this size: start from a run with the same widths"
        )
    network.load_state_dict(fitting, strict=False)
    return share
