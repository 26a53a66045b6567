"""The house: which part may import which."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BASE = {"errors", "paths", "progress", "compute", "imaging", "finishing", "recipe"}
ALLOWED = {
    "networks": set(),
    "models": {"networks"},
    "evaluation": {"networks", "models"},
    "curation": {"networks", "models", "evaluation", "training.split", "exploration.sampling"},
    "training": {"networks", "models", "curation", "evaluation"},
    "translation": {"networks", "models", "curation", "evaluation", "training", "exploration"},
    "exploration": {"networks", "models", "curation", "evaluation"},
    "production": {"networks", "models", "exploration", "translation"},
}


def imported_modules(path: Path) -> set[str]:
    """Every module named in an import of a file, wherever it stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def engine_files(folder: str) -> list[Path]:
    return sorted((ROOT / "engines" / folder).rglob("*.py"))


def test_the_base_imports_nothing_of_the_house_but_itself() -> None:
    for name in BASE:
        ours = {module for module in imported_modules(ROOT / "engines" / f"{name}.py") if module.startswith("engines.")}
        assert {module.split(".")[1] for module in ours} <= BASE, f"engines/{name}.py imports {ours}"


@pytest.mark.parametrize("folder", sorted(ALLOWED))
def test_a_part_imports_only_what_comes_before_it_on_the_way(folder: str) -> None:
    for path in engine_files(folder):
        for module in imported_modules(path):
            parts = module.split(".")
            if parts[0] != "engines" or len(parts) < 2 or parts[1] == folder or (parts[1] in BASE and folder != "networks"):
                continue
            named = {parts[1], ".".join(parts[1:3])}
            assert named & ALLOWED[folder], f"{path.relative_to(ROOT)} imports {module}"


def test_networks_import_only_networks_and_torch() -> None:
    standard = set(sys.stdlib_module_names)
    for path in engine_files("networks"):
        foreign = {module.split(".")[0] for module in imported_modules(path)} - standard - {"engines", "torch"}
        assert not foreign, f"{path.name} imports {foreign}"


def test_engines_know_nothing_of_the_studio() -> None:
    for path in sorted((ROOT / "engines").rglob("*.py")):
        assert not {module.split(".")[0] for module in imported_modules(path)} & {"gradio", "studio"}, path


def test_only_the_studio_app_knows_all_tabs() -> None:
    for path in sorted((ROOT / "studio").rglob("*.py")):
        tabs = {module.split(".")[2] for module in imported_modules(path) if module.startswith("studio.tabs.")}
        own = {path.stem} if path.parent.name == "tabs" else set()
        assert path.name == "app.py" or tabs <= own, f"{path.relative_to(ROOT)} imports the tabs {tabs}"


def test_no_cycle_between_modules() -> None:
    modules = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in sorted((ROOT / "engines").rglob("*.py"))}
    edges = {name: {module for module in imported_modules(path) if module in modules} for name, path in modules.items()}
    state: dict[str, int] = {}

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert state.get(name) != 1, f"cycle: {' → '.join((*trail, name))}"
        if name not in state:
            state[name] = 1
            for target in edges[name]:
                visit(target, (*trail, name))
            state[name] = 2

    for name in modules:
        visit(name, ())


def test_the_command_line_starts_without_gradio_torch_models_or_a_hub() -> None:
    program = "import sys, engines.commands; print([m for m in ('gradio', 'open_clip', 'timm', 'accelerate') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_only_compute_builds_an_accelerator_or_names_a_device() -> None:
    for path in sorted((ROOT / "engines").rglob("*.py")):
        if path.name == "compute.py":
            continue
        text = path.read_text()
        assert "cuda" not in text, f"{path} names a device: ask engines.compute"
        assert "accelerate" not in {module.split(".")[0] for module in imported_modules(path) if "TYPE_CHECKING" not in text}, path
