"""Docker's command line and ours, with the same images, each in an environment of its own."""

from __future__ import annotations

import os
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.peers.daemon import client
from tests.peers.script import Engine, Script, Seen

AT_ONCE = 4


@dataclass
class Both:
    """Two engines, and scripts that are under way in both."""

    docker: Engine
    ours: Engine
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(AT_ONCE))
    begun: dict[str, list[Future[list[Seen]]]] = field(default_factory=dict)

    def begin(self, script: Script) -> None:
        """Carry the script out as soon as there is room; it disturbs no other."""
        self.begun[script.name] = [
            self.pool.submit(engine.carry_out, script) for engine in (self.docker, self.ours)
        ]

    def seen(self, script: Script) -> tuple[list[Seen], list[Seen]]:
        """What Docker's side and ours came to."""
        theirs, ours = self.begun[script.name]
        return theirs.result(), ours.result()


def the_same_images(docker: str, root: Path, folder: Path, archive: Path) -> Both:
    """Docker at this address and our engine in this ROOT, the one archive loaded into both."""
    both = Both(
        Engine(client(), surroundings(folder, DOCKER_HOST=docker), folder / "docker"),
        Engine(our_command(), surroundings(folder, REALRUN_ROOT=str(root)), folder / "ours"),
    )
    for engine in (both.docker, both.ours):
        engine.folder.mkdir()
        engine.shell(f"$CLI load -i {archive}", "", folder).check_returncode()
    return both


def our_command() -> str:
    """The command that was installed beside this Python."""
    return str(Path(sys.executable).with_name("realrun"))


def surroundings(folder: Path, **more: str) -> dict[str, str]:
    """A small environment: nothing of the one that the tests were started in."""
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", **more}
