"""The core is light, and arrows run engine <- model <- experiments <- charts <- cli."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {"pandas", "matplotlib", "scipy", "numpy", "rich"}
CORE = (
    "sim",
    "sim.engine.cpu",
    "sim.engine.memory",
    "sim.engine.streams",
    "sim.model.instance",
    "sim.profiles",
    "sim.profile_files",
    "sim.theory",
    "sim.experiments.all",
    "sim.overrides",
    "sim.sweep.experiments",
    "sim.sweep.scenario",
    "sim.page",
    "sim.page.answer",
    "sim.timeline",
    "sim.traces",
    "sim.cli",
)
ORDER = ("engine", "model", "experiments", "calibrate", "charts", "report", "cli")


def loaded_by(module: str) -> set[str]:
    """Top names of all modules that a fresh Python holds after importing `module`."""
    code = f"import sys, {module}; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("module", CORE)
def test_the_core_needs_only_the_standard_library_and_simpy(module):
    loaded = loaded_by(module)
    before = loaded_by("sys")
    foreign = {name for name in loaded - before if name not in sys.stdlib_module_names}
    assert foreign - {"sim", "simpy"} == set()


def test_the_guard_sees_what_is_heavy():
    assert loaded_by("sim.report") >= HEAVY


def layers(path: Path) -> tuple[str, set[str]]:
    """The layer that a file of `sim` belongs to, and those it imports from, at any depth."""
    parts = path.relative_to(ROOT / "sim").with_suffix("").parts
    targets = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        targets |= {name.split(".")[1] for name in names if name.startswith("sim.")}
        assert not any(name.split(".")[0] == "realrun" for name in names), f"{path}: {names}"
    return parts[0], targets


@pytest.mark.parametrize(
    "path", sorted((ROOT / "sim").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_arrows_point_one_way(path):
    layer, targets = layers(path)
    if layer in ORDER:
        above = set(ORDER[ORDER.index(layer) + 1 :])
        assert targets & above == set()
