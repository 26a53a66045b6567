"""Values of command line options, checked once: each raises with the value, what was expected and what to do."""

import math
from argparse import ArgumentTypeError

from engines.errors import StudioError
from engines.exploration.seeds import parse_seeds


def positive_float(text: str) -> float:
    """A finite number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise ArgumentTypeError(f"must be a number above 0, got {text!r}")
    return value


def seed_list(text: str) -> list[int]:
    """Seeds such as "7", "1,2,9" or "0-15"."""
    try:
        return parse_seeds(text)
    except StudioError as error:
        raise ArgumentTypeError(str(error)) from error
