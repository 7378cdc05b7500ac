"""Imports point one way, and light places stay light.

The levels are the design: a part may import from lower levels and, without going round in a circle,
from its own. `realrun` writes tables and `sim` reads them; neither imports the other.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LEVELS = {
    "realrun": (
        ("errors", "paths", "files", "sizes", "htmlwords"),
        ("linux",),
        ("image", "runtime", "guest"),
        ("engine",),
        ("build", "measure", "containers", "oci"),
        ("doctor", "building"),
        ("debian", "distro"),
        ("api", "handles", "demo"),
        ("cli", "verbs", "usage", "console"),
        ("__main__",),
    ),
    "sim": (
        ("errors", "contract", "colours", "language", "wording", "profiles", "theory", "terminal"),
        ("files", "profile_files", "overrides", "engine"),
        ("model",),
        ("experiments", "bench"),
        ("calibrate", "curves", "sweep", "tables", "traces"),
        ("charts", "timeline"),
        ("report", "page"),
        ("verbs",),
        ("cli",),
        ("__main__",),
    ),
}
PLACES = {
    f"{package}.{part}": level
    for package, levels in LEVELS.items()
    for level, parts in enumerate(levels)
    for part in parts
}
SOURCES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in LEVELS
    for path in sorted((ROOT / package).glob("**/*.py"))
}


def imported(source: str, module: str, is_package: bool) -> Iterator[str]:
    """Full names of what the source of `module` imports, at its top or inside a function."""
    around = module.split(".") if is_package else module.split(".")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = around[: len(around) - node.level + 1] if node.level else []
            parent = ".".join([*above, node.module] if node.module else above)
            yield from (f"{parent}.{alias.name}" for alias in node.names)


def part_of(name: str) -> str:
    """The part that a module belongs to: `realrun.linux` for `realrun.linux.libc`."""
    return ".".join(name.split(".")[:2])


def arrows(module: str) -> set[str]:
    """The other parts of our two packages that a module imports from."""
    path = SOURCES[module]
    names = imported(path.read_text(encoding="utf-8"), module, path.name == "__init__.py")
    ours = {part_of(name) for name in names if name.split(".")[0] in LEVELS and "." in name}
    return ours - {part_of(module)}


def test_every_part_has_a_place():
    """A new file at the top of a package needs a level: LEVELS is the place to think of it."""
    parts = {part_of(module) for module in SOURCES if "." in module}
    assert parts - PLACES.keys() == set()


@pytest.mark.parametrize("module", SOURCES)
def test_arrows_point_down(module):
    package = module.split(".")[0]
    level = PLACES.get(part_of(module), 0)
    wrong = [
        target
        for target in arrows(module)
        if target.split(".")[0] != package or PLACES.get(target, -1) > level
    ]
    assert wrong == []


def test_no_part_is_its_own_foundation():
    """Parts of one level may lean on each other, not in a circle; the error names the circle."""
    graph: dict[str, set[str]] = {}
    for module in SOURCES:
        graph.setdefault(part_of(module), set()).update(arrows(module))
    TopologicalSorter(graph).prepare()


def test_the_kernel_is_spoken_to_in_one_place():
    """What Python does not wrap is called in realrun/linux, by a name that says what it does."""
    calling = ("ctypes", "realrun.linux.libc")
    found = {
        module
        for module, path in SOURCES.items()
        for name in imported(path.read_text(encoding="utf-8"), module, path.stem == "__init__")
        if name.startswith(tuple(f"{one}." for one in calling)) or name in calling
    }
    assert [name for name in sorted(found) if not name.startswith("realrun.linux.")] == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import sim.engine.cpu", {"sim.engine.cpu"}),
        ("from sim import cli", {"sim.cli"}),
        ("def f():\n    from . import libc", {"realrun.linux.libc"}),
        ("from ..errors import Missing", {"realrun.errors.Missing"}),
    ],
)
def test_every_way_to_write_an_import_is_seen(source, expected):
    assert set(imported(source, "realrun.linux.mounts", is_package=False)) == expected


def loaded_by(*modules: str) -> set[str]:
    """Top-level names of everything that importing these modules brings into a new Python."""
    code = f"import sys; old = set(sys.modules); import {', '.join(modules)}\n"
    code += "print(*{name.split('.')[0] for name in set(sys.modules) - old})"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def third_party(names: set[str]) -> set[str]:
    """Those of the names that are neither Python's own nor ours."""
    return {name for name in names if name not in sys.stdlib_module_names and name not in LEVELS}


def test_the_spawner_loads_next_to_nothing():
    """It is started for its small size, and whatever it loads, every clone carries along."""
    names = loaded_by("realrun.runtime.spawner")
    heavy = {
        "argparse",
        "asyncio",
        "inspect",
        "logging",
        "multiprocessing",
        "subprocess",
        "tempfile",
    }
    assert third_party(names) | (names & heavy) == set()


def test_the_command_line_starts_light():
    """`realrun run` must not wait for pandas (half a second) or a drawing library (more)."""
    heavy = {"pandas", "numpy", "scipy", "matplotlib", "IPython", "simpy"}
    assert loaded_by("realrun.cli") & heavy == set()


def test_a_cached_build_loads_nothing_that_starts_containers():
    """It is to take under a tenth of a second; ctypes is what every system call of ours needs."""
    heavy = {"ctypes", "csv", "http", "asyncio", "logging", "subprocess", "tempfile", "threading"}
    assert loaded_by("realrun.cli", "realrun.verbs.build") & heavy == set()


def test_the_model_needs_simpy_only():
    """It is to run in a browser, too, where the scientific libraries are not to be had."""
    core = ("sim.engine", "sim.model", "sim.experiments", "sim.profiles", "sim.theory")
    modules = [
        name for name in SOURCES if name in core or name.startswith(tuple(f"{c}." for c in core))
    ]
    assert third_party(loaded_by(*modules)) == {"simpy"}
