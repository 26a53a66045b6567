"""What README, docs and the commands' own help tell people to type."""

import re
import shlex

import pytest

from engines.commands import build_parser, command_modules
from tests.engines.commands.command_line import ROOT

COMMAND = re.compile(r"^[ \t]*(?:\w+=\S+ )?python -m engines ((?:\\\n|[^\n])+)", re.MULTILINE)
BESIDE = re.compile(r" {2,}| #| [|>] ")
"""Where what stands beside a command begins: a remark, or another command that takes what it prints."""
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def told() -> list[tuple[str, str]]:
    """(where, arguments) of each command that has a line of its own."""
    texts = {str(page.relative_to(ROOT)): page.read_text() for page in PAGES}
    texts |= {f"{name} --help": module.__doc__ or "" for name, module in command_modules().items()}
    found = [(where, re.sub(r"\s*\\\n\s*", " ", command)) for where, text in texts.items() for command in COMMAND.findall(text)]
    return [(where, BESIDE.split(command)[0].strip()) for where, command in found]


@pytest.mark.parametrize(("where", "arguments"), told())
def test_a_command_that_people_are_told_to_type_is_one(where: str, arguments: str) -> None:
    build_parser().parse_args(shlex.split(arguments))


def test_the_pages_tell_of_commands() -> None:
    assert {"README.md", "docs/training.md", "train --help"} <= {where for where, _ in told()}
