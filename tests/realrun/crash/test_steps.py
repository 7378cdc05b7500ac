"""SIGKILL after every single step of the plan: to the engine in the foreground, to the watcher in
the background, to the spawner, to the child itself. The steps are those of the plan."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from realrun import engine
from realrun.containers.registry import Registry
from realrun.errors import RealRunError
from realrun.linux import ownbinary
from realrun.linux.limits import parsed
from realrun.runtime import client, planning, start
from realrun.runtime.mountwords import volume
from realrun.runtime.plan import ENGINE, WATCHED
from realrun.runtime.run import drive, ignore
from tests.realrun.crash import cut
from tests.realrun.crash.sweep import realrun
from tests.realrun.stage import HANG_S, PROJECT, Stage, cli, everything_left, until

pytestmark = pytest.mark.overlay
FULL = bool(os.environ.get("FULL_SWEEP"))
OPTIONS = {
    "process": ["--read-only", "-v", "cut:/app", "--ulimit", "nofile=99"],
    "container": ["--read-only", "-v", "cut:/app", "--ulimit", "nofile=99", "--init",
                  "--security-opt", "no-new-privileges"],
}  # fmt: skip


def wishes(isolation: str) -> engine.Wishes:
    """The same as OPTIONS, for the plan and for the Python interface."""
    contained = isolation == "container"
    return engine.Wishes(
        isolation=isolation, words=("true",), read_only=True, mounts=[volume("cut:/app")],
        ulimits=dict([parsed("nofile=99")]), init=contained, no_new_privileges=contained,
    )  # fmt: skip


def places(isolation: str) -> list[tuple[int, str]]:
    """Where a plan can be cut: at each of its steps, and whom the cut kills there."""
    spec = engine.spec_for(Stage(None).image, wishes(isolation))
    steps = start.plan_for(spec, "/nowhere/instances/x").steps
    found = []
    for place, step in enumerate(steps):
        if step.who == ENGINE and step.name != planning.CLONE:
            found.append((place, "engine"))
        elif step.who != WATCHED and step.name != planning.CLONE:
            found += [(place, "engine"), (place, "child")]
    return found


def some(found: list, count: int) -> list:
    """A spread of them; all of them in the full sweep."""
    return found if FULL else found[:: max(1, len(found) // count)]


def all_well(registry: Registry, name: str = "") -> None:
    """After one `prune` nothing is left but the container, which can be removed and run again."""
    until(lambda: realrun("prune").code == 0 and not everything_left(registry.root),
          f"nothing is left: {everything_left(registry.root)}")  # fmt: skip
    if name:
        assert registry.state(registry.find(name)).status in ("created", "exited")
        assert realrun("rm", name).code == 0


def one_line(text: str) -> bool:
    return text.startswith("realrun: ") and text.count("\n") == 1


def run_cut(place: int, victim: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.realrun.crash.cut", str(place), victim, *words]
    return subprocess.run(command, cwd=PROJECT, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=HANG_S, check=False, env=os.environ)  # fmt: skip


@pytest.fixture
def registry(root):
    yield Registry(root)
    assert Registry(root).ids() == []
    assert realrun("volume", "rm", "cut").code == 0


@pytest.mark.parametrize("isolation", OPTIONS)
@pytest.mark.parametrize("detach", [False, True])
def test_by_the_command_line(registry, isolation, detach):
    """The engine in the foreground; the watcher in the background."""
    words = ["run", "--name", "cut", "--isolation", isolation, *OPTIONS[isolation]]
    words += ["-d"] * detach + ["hello"]
    for place, victim in some(places(isolation), 8):
        done = run_cut(place, victim, *words, "true")
        if victim == "engine" and not detach:
            assert (done.returncode, done.stderr) == (-9, ""), (place, done)
        else:
            assert done.returncode == 125, (place, done)
            assert one_line(done.stderr), (place, done)
            assert "was killed" in done.stderr
        all_well(registry, "cut")
    assert sorted(cli(*words, "ls", "/app").stdout.split())[-1:] == ["hello.sh"] or detach
    registry.wait(registry.find("cut"))
    all_well(registry, "cut")


@pytest.mark.parametrize("isolation", OPTIONS)
def test_the_spawner(registry, isolation, monkeypatch):
    """The Python interface loses it, says so, and starts with another one."""
    make, (*words, code) = planning.make, ownbinary.python("realrun.runtime.server")
    for place, victim in some(places(isolation), 8):
        cut_python = [*words, cut.pass_on(code, place, victim)]
        monkeypatch.setattr(ownbinary, "python", lambda module, p=cut_python: p)
        monkeypatch.setattr(planning, "make", lambda *a, p=place: cut.with_cut(make(*a), p))
        with client.Spawner() as starter:
            told = failure_of(Stage(starter), isolation)
            assert "spawner process has died" in told or "was killed" in told, (place, told)
            assert "\n" not in told
        all_well(registry)


def failure_of(stage: Stage, isolation: str) -> str:
    """What is said of a start that is cut."""
    spec = engine.spec_for(stage.image, wishes(isolation))
    try:
        run = engine.begin(spec, stage.starter, ignore, ignore)
        try:
            drive([run], stage.starter)
        finally:
            run.close()
        engine.exit_code(run)
    except RealRunError as error:
        return str(error)
    return ""
