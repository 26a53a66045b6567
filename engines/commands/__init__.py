"""The command line's commands, one a file.

A command is a module here with `HELP` (one line), `add_arguments(parser)` and `run(arguments)`; its name is the file's.
"""

import argparse
import importlib
import os
import pkgutil
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from engines.errors import Cancelled, StudioError

DESCRIPTION = """Atelier's engines on the command line: draw, blend, swap, score and train.

A first try:
  python -m engines models list
  python -m engines sample cityscape --seeds 0-15 --out drawn
"""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, and takes options by their whole names: what starts another process passes them on."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **{"allow_abbrev": False, **named})

    def error(self, message: str) -> None:  # type: ignore[override]
        raise StudioError(f"{message} (see {self.prog} --help)")


def command_modules() -> dict[str, ModuleType]:
    """Every command by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    return {name.replace("_", "-"): importlib.import_module(f"{__name__}.{name}") for name in names}


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = _Parser(prog="python -m engines", description=DESCRIPTION, formatter_class=raw)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=_Parser)
    for name, module in command_modules().items():
        sub = commands.add_parser(name, help=module.HELP, description=module.__doc__, formatter_class=raw)
        module.add_arguments(sub)
        sub.set_defaults(run=module.run)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 for success, 2 for a mistake the person can put right, 130 when cancelled."""
    try:
        parsed = build_parser().parse_args(arguments)
        parsed.run(parsed)
    except StudioError as error:
        sys.stderr.write(f"error: {error}\n")  # here `print` is the command of that name
        return 2
    except (Cancelled, KeyboardInterrupt):
        sys.stderr.write("cancelled\n")
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
