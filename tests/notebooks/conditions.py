"""The three machines that a lesson has to run on: with everything, rootless, and Python alone."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib.font_manager
import pytest

from realrun.containers.registry import Registry
from tests.abilities import ORDINARY, userns
from tests.realrun.conftest import share_tools
from tests.realrun.stage import everything_left

PROJECT = Path(__file__).parents[2]
WRONG = Path(__file__).parent / "wrong"
BECOME = ("setpriv", f"--reuid={ORDINARY}", f"--regid={ORDINARY}", "--clear-groups")
# A limit of the user namespace around it counts for all that is inside. What it takes to set the
# limit is given up before the lesson begins.
NO_NAMESPACES = (
    *("unshare", "--user", "--map-current-user", "--keep-caps", "sh", "-ec"),
    "echo 0 > /proc/sys/user/max_user_namespaces; exec setpriv --inh-caps=-all --ambient-caps=-all"
    ' --bounding-set=-all "$@"',
    "sh",
)


def its_turn(path: Path, paths: list[Path], days: int) -> None:
    """Skip a lesson whose day it is not: each of `paths` has one in so many days."""
    today = datetime.now(UTC).timetuple().tm_yday
    if (paths.index(path) - today) % days and os.environ.get("COURSE_TESTS") != "all":
        pytest.skip("another lesson's turn today; COURSE_TESTS=all runs all of them")


class Machine(NamedTuple):
    """Somebody's account on a machine: a home, and the command that leads there."""

    home: Path
    become: tuple[str, ...]

    def play(self, path: Path, wrong: bool = False) -> dict[str, Any]:
        """Play a lesson there, if asked with its wrong answers; what it leaves is a complaint."""
        work = Path(tempfile.mkdtemp(dir=self.home))
        shutil.chown(work, *_owner(self.home))
        listed = [str(WRONG / f"lesson-{path.name[:2]}.toml")] if wrong else []
        words = [sys.executable, "-m", "tests.notebooks.play", str(path), str(work), *listed]
        env = {name: value for name, value in os.environ.items() if not name.startswith("COURSE_")}
        env |= {"HOME": str(self.home), "REALRUN_ROOT": str(self.home / "root")}
        done = subprocess.run([*self.become, *words], cwd=PROJECT, env=env, capture_output=True,
                              text=True, check=False)  # fmt: skip
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        left = everything_left(self.home / "root")
        if left := left + Registry(self.home / "root").ids():
            found["complaints"]["left behind"] = left
        print(f"{path.name}: {found['seconds']} s")
        return found


def _owner(path: Path) -> tuple[int, int]:
    return path.stat().st_uid, path.stat().st_gid


@contextmanager
def machine(*, ordinary: bool = False, namespaces: bool = True) -> Iterator[Machine]:
    """An account with a home of its own; its ROOT is empty but for the tools of guests.

    Not below pytest's own folders: those are for one user alone. Matplotlib finds its list of
    fonts: making it, it says so on standard error.
    """
    become = BECOME if ordinary and os.geteuid() == 0 else ()
    home = Path(tempfile.mkdtemp(prefix="lesson-"))
    try:
        share_tools(home / "root")
        fonts = Path(matplotlib.get_cachedir())
        assert matplotlib.font_manager.fontManager
        shutil.copytree(fonts, home / ".cache" / "matplotlib")
        home.chmod(0o755)
        if become:
            user = pwd.getpwnam(ORDINARY)
            for path in (home, *home.rglob("*")):
                os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)
        refused = () if namespaces or userns() else NO_NAMESPACES
        yield Machine(home, (*become, *refused))
    finally:
        shutil.rmtree(home)
