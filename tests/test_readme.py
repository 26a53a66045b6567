"""What the README promises to people and to a Space."""

import re
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
FRONT = yaml.safe_load(README.split("---")[1])


def requirements(name: str) -> dict[str, Requirement]:
    lines = [line for line in (ROOT / name).read_text().splitlines() if line and not line.startswith("#")]
    return {requirement.name.lower().replace("_", "-"): requirement for requirement in map(Requirement, lines)}


def test_the_space_runs_the_gradio_that_is_tested() -> None:
    assert FRONT["sdk"] == "gradio"
    assert FRONT["sdk_version"] == version("gradio")
    assert requirements("requirements.txt")["gradio"].specifier.contains(FRONT["sdk_version"])
    assert str(requirements("constraints.txt")["gradio"].specifier) == f"=={FRONT['sdk_version']}"
    assert FRONT["python_version"] == "3.12"
    assert FRONT["license"] == "apache-2.0"
    assert len(FRONT["short_description"]) <= 60
    assert len((ROOT / FRONT["app_file"]).read_text().splitlines()) <= 20


def test_every_locked_version_lies_in_its_range() -> None:
    locked = requirements("constraints.txt")
    for name, requirement in requirements("requirements.txt").items():
        pinned = str(locked[name].specifier).removeprefix("==")
        assert requirement.specifier.contains(pinned), name


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(((?!https?:)[^)#]+)\)", README))))
def test_what_the_readme_links_to_is_there(target: str) -> None:
    assert (ROOT / target).exists()


def test_the_readme_lists_every_command_and_every_model() -> None:
    from engines.commands import command_modules
    from engines.models.zoo import Zoo
    from engines.paths import SHIPPED_MODELS

    assert [name for name in command_modules() if f"`{name}" not in README] == []
    assert [name for name in Zoo([SHIPPED_MODELS]).names() if f"assets/models/{name}" not in README] == []


def test_the_licence_is_apache() -> None:
    assert "Apache License" in (ROOT / "LICENSE").read_text()
