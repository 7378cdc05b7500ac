"""A stage for real runs: start the example image any way, by the engine or by the command line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from realrun import engine
from realrun.image import Image, Store
from realrun.linux import cgroups
from realrun.runtime import state
from realrun.runtime.record import Record
from realrun.runtime.run import Run, drive
from realrun.runtime.start import Starter

PROJECT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "realrun.cli"]
HANG_S = 60.0  # only a guard: no test asks how long anything took


class Outcome(NamedTuple):
    """What became of a run."""

    code: int
    out: str
    err: str
    record: Record


class Stage:
    """Starts the image `hello` in the ROOT that is set, through one spawner."""

    def __init__(self, starter: Starter) -> None:
        self.starter = starter

    @property
    def image(self) -> Image:
        return Store().resolve("hello")

    def begin(self, *words: str, out: Any = None, err: Any = None, **wishes: Any) -> Run:
        """Ask for an instance; without `words`, of the image's own command."""
        spec = engine.spec_for(self.image, engine.Wishes(words=words, **wishes))
        return engine.begin(spec, self.starter, out or print, err or print)

    def run(self, *words: str, **wishes: Any) -> Outcome:
        """One instance from its request to its last trace."""
        out, err = bytearray(), bytearray()
        run = self.begin(*words, out=out.extend, err=err.extend, **wishes)
        try:
            drive([run], self.starter)
        finally:
            run.close()
        code = engine.exit_code(run)
        return Outcome(code, out.decode(errors="replace"), err.decode(errors="replace"), run.record)

    def sh(self, script: str, **wishes: Any) -> str:
        """What a shell script inside prints; it must succeed."""
        done = self.run("sh", "-c", script, **wishes)
        assert (done.code, done.err) == (0, ""), done
        return done.out


def cli(*args: str, env: dict[str, str] | None = None, **more: Any) -> Any:
    """`realrun ARGS` to its end, as a user would call it."""
    options = {"capture_output": True, "text": True, "timeout": HANG_S, "check": False} | more
    return subprocess.run([*COMMAND, *args], cwd=PROJECT, env=os.environ | (env or {}), **options)


@contextmanager
def started(*args: str, **more: Any) -> Iterator[subprocess.Popen[str]]:
    """`realrun ARGS` going on; killed at the latest when left."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | more
    with subprocess.Popen([*COMMAND, *args], cwd=PROJECT, **options) as process:
        try:
            yield process
        finally:
            process.kill()


def until(true: Callable[[], Any], what: str) -> Any:
    """Wait for it, looking every millisecond; what is true then."""
    deadline = time.monotonic() + HANG_S
    while not (found := true()):
        assert time.monotonic() < deadline, f"in vain: {what}"
        time.sleep(0.001)
    return found


def instances(root: Path) -> set[str]:
    """The ids of all instances that have a folder."""
    folder = root / "instances"
    return set(os.listdir(folder)) if folder.is_dir() else set()


def groups(instance: str) -> list[str]:
    """The instance's control groups that exist."""
    return [
        folder for folder in cgroups.folders(cgroups.detect(), instance) if os.path.isdir(folder)
    ]


def traces(root: Path, instance: str) -> dict[str, Any]:
    """All that can be found of one instance; empty lists for one that has been and gone."""
    mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8")
    return {
        "processes": state.processes_of(instance),
        "groups": groups(instance),
        "folder": sorted(instances(root) & {instance}),
        "mounts": [line for line in mounts.splitlines() if instance in line],
    }


def everything_left(root: Path) -> list[str]:
    """What lies in ROOT, is mounted, or runs, of any instance or half-made thing."""
    sign = f"{root}/instances/"
    left = [f"folder {path}" for name in ("instances", "tmp") for path in (root / name).glob("*")]
    left += [f"mount {line}" for line in lines("/proc/self/mountinfo") if sign in line]
    for pid in filter(str.isdigit, os.listdir("/proc")):
        if any(sign in line for name in ("mountinfo", "environ") for line in lines(pid, name)):
            left.append(f"process {pid}")
    return left


def lines(*where: str) -> list[str]:
    """The lines of a file of /proc; none if its process has gone or is not ours."""
    try:
        return Path("/proc", *where).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


NO_TRACES: dict[str, Any] = {"processes": [], "groups": [], "folder": [], "mounts": []}


def alive(pid: int) -> bool:
    """Is there a process of this number that has not ended."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] not in "ZX"


def kill(pid: int) -> None:
    """SIGKILL to a process of a test's own."""
    os.kill(pid, signal.SIGKILL)
