"""Optimisers and how their rates fall."""

import math
from collections.abc import Iterable

import torch
from torch import nn

OPTIMISERS = ("adam", "rmsprop", "sgd")
SCHEDULES = ("constant", "linear", "cosine")


def build_optimiser(
    name: str, parameters: Iterable[nn.Parameter], rate: float, betas: tuple[float, float], decay: float = 0.0
) -> torch.optim.Optimizer:
    """An optimiser by name.

    Args:
        name: one of `OPTIMISERS`.
        rate: learning rate.
        betas: of Adam; the first is also SGD's momentum.
        decay: of the weights.

    Raises:
        ValueError: another name.
    """
    if name == "adam":
        return torch.optim.Adam(parameters, rate, betas, weight_decay=decay)
    if name == "rmsprop":
        return torch.optim.RMSprop(parameters, rate, weight_decay=decay)
    if name == "sgd":
        return torch.optim.SGD(parameters, rate, momentum=betas[0], weight_decay=decay)
    raise ValueError(f"optimiser must be one of {', '.join(OPTIMISERS)}, got {name!r}")


def rate_share(schedule: str, step: int, steps: int) -> float:
    """What share of its rate an optimiser has at a step: always 1, falling to 0 in a line, or along half a cosine wave.

    Raises:
        ValueError: another schedule than one of `SCHEDULES`.
    """
    done = min(1.0, step / max(1, steps))
    if schedule == "constant":
        return 1.0
    if schedule == "linear":
        return 1.0 - done
    if schedule == "cosine":
        return (1.0 + math.cos(math.pi * done)) / 2
    raise ValueError(f"schedule must be one of {', '.join(SCHEDULES)}, got {schedule!r}")


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Give an optimiser a rate, in place."""
    for group in optimiser.param_groups:
        group["lr"] = rate
