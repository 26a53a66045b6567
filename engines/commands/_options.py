"""Options that several commands have, and values of options, checked once: each raises with the value, what was expected and what to do."""

import getpass
import math
from argparse import ArgumentParser, ArgumentTypeError
from contextlib import suppress

from engines.errors import StudioError
from engines.exploration.seeds import parse_seeds

TRAINED_IN = ("float32", "bfloat16")
"""Precisions for training: float16 would need its losses scaled."""


def add_classes(parser: ArgumentParser) -> None:
    """Which folders to take, and under which names."""
    parser.add_argument("--classes", metavar="A,B=NAME", help="take only these folders, FOLDER=CLASS gives a class another name")


def add_training(parser: ArgumentParser, what: str, seeded: str) -> None:
    """How to train.

    Args:
        what: the settings of which are changed; seeded: what the seed is of.
    """
    add_classes(parser)
    parser.add_argument("--set", action="append", default=[], dest="changes", metavar="NAME=VALUE", help=f"change a setting of {what}")
    parser.add_argument("--save-every", type=whole_number, metavar="STEPS", help="save every so many steps, besides every two minutes")
    parser.add_argument("--seed", type=seed_number, default=0, help=f"of {seeded} (default 0)")
    parser.add_argument("--precision", choices=["auto", *TRAINED_IN], default="auto", help="auto measures what is fastest")


def positive_float(text: str) -> float:
    """A finite number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise ArgumentTypeError(f"must be a number above 0, got {text!r}")
    return value


def whole_number(text: str) -> int:
    """A whole number above 0."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"must be a whole number above 0, got {text!r}")
    return int(text)


def seed_number(text: str) -> int:
    """A whole number from 0 on."""
    if not text.isdecimal():
        raise ArgumentTypeError(f"must be a whole number from 0 on, got {text!r}")
    return int(text)


def part_of_all(text: str) -> float:
    """A part above 0 and at most 1, from a percentage such as "40%" or "40"."""
    try:
        value = float(text.strip().removesuffix("%")) / 100
    except ValueError:
        value = math.nan
    if not 0 < value <= 1:
        raise ArgumentTypeError(f"must be a percentage above 0 and at most 100, such as 40%, got {text!r}")
    return value


def seed_list(text: str) -> list[int]:
    """Seeds such as "7", "1,2,9" or "0-15"."""
    try:
        return parse_seeds(text)
    except StudioError as error:
        raise ArgumentTypeError(str(error)) from error


def page_range(text: str) -> tuple[int, int | None]:
    """Pages such as "1-40", "7", or "3-" for all from the third on."""
    first, dash, last = text.partition("-")
    if not first.isdecimal() or (last and not last.isdecimal()) or int(first) < 1 or (last and int(last) < int(first)):
        raise ArgumentTypeError(f"must be pages such as 1-40, 7 or 3-, got {text!r}")
    return int(first), int(last) if last else None if dash else int(first)


def person(name: str) -> str:
    """Who decides: the name given, or the login name, or "the command line" where there is none."""
    with suppress(OSError, KeyError, ImportError):
        name = name.strip() or getpass.getuser()
    return name.strip()[:80] or "the command line"
