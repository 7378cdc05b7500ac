"""The same attacks on four sides: our container, Docker's, `--isolation process`, and no engine.

The last two are the control: what succeeds nowhere proves nothing where it fails.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.peers.daemon import running
from tests.security import attacker

IMAGE = "attacker"
HANG_S = 120
OURS = [str(Path(sys.executable).with_name("realrun")), "run", "--rm"]
SHM_KEY = 0x5EC0
SOMEBODY = 65534
IPC_CREAT, IPC_RMID = 0o1000, 0


@dataclass
class Side:
    """One way to run the attacks."""

    command: Sequence[str]  # up to where options may follow
    image: Sequence[str] = (IMAGE,)
    env: dict[str, str] = field(default_factory=dict)
    told: Sequence[str] = ()  # options that tell of the host
    home: str = "/attacks"  # where the attacks lie

    def run(self, *words: str, options: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
        """`words` in a new container of these options."""
        command = [*self.command, *options, *self.told, *self.image, *words]
        return subprocess.run(
            command, env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=HANG_S,
        )  # fmt: skip

    def attack(self, *names: str, options: Sequence[str] = ()) -> dict[str, str]:
        """How each of these attacks ended, or all."""
        done = self.run(*attacker.attack(self.home, names), options=options)
        assert done.returncode == 0, done
        return dict(json.loads(done.stdout))


def succeeds(outcome: str) -> bool:
    """Did the attack get what it wanted."""
    return outcome.startswith("works: ")


@contextmanager
def marks() -> Iterator[dict[str, str]]:
    """What the host alone has: a file at its root, a process, a socket, a segment of memory."""
    mark = f"only-the-host-{os.getpid()}"
    libc = ctypes.CDLL(None)
    with ExitStack() as stack:
        if os.access("/", os.W_OK):
            Path("/", mark).touch()
            stack.callback(Path("/", mark).unlink)
        sleeper = subprocess.Popen([f"sleeper-{mark}", "600"], executable=shutil.which("sleep"))
        stack.callback(sleeper.wait)
        stack.callback(sleeper.kill)
        listening = stack.enter_context(socket.socket(socket.AF_UNIX))
        listening.bind(f"\0{mark}")
        listening.listen()
        segment = libc.shmget(SHM_KEY, 4096, IPC_CREAT | 0o600)
        stack.callback(libc.shmctl, segment, IPC_RMID, None)
        yield {"MARK": mark, "HOST_DEV": str(os.stat("/dev").st_dev), "SHM_KEY": str(SHM_KEY)}


def ours(
    root: Path, archive: Path, told: dict[str, str], become: Sequence[str] = ()
) -> dict[str, Side]:
    """Our container, and the control with the same engine; `become` begins every command."""
    env = {"PATH": os.environ["PATH"], "HOME": str(root.parent), "REALRUN_ROOT": str(root)}
    words = [*become, OURS[0], "import", str(archive), IMAGE]
    subprocess.run(words, env=env, check=True, capture_output=True, timeout=HANG_S)
    options = [word for name, value in told.items() for word in ("-e", f"{name}={value}")]
    return {
        "container": Side([*become, *OURS], env=env, told=options),
        "process": Side([*become, *OURS, "--isolation", "process"], env=env, told=options),
    }


def none(told: dict[str, str]) -> Side:
    """No engine: root of this machine, with a mount table of its own, so that no harm is done."""
    command = ["unshare", "--mount", "--propagation", "private"]
    return Side(
        command, image=(), env=told | {"PATH": os.environ["PATH"]}, home=str(attacker.PROJECT)
    )


@contextmanager
def ordinary_user(archive: Path, told: dict[str, str]) -> Iterator[Side]:
    """Our container, started by somebody without any privilege; skips where he may not read us."""
    become = ["setpriv", f"--reuid={SOMEBODY}", f"--regid={SOMEBODY}", "--clear-groups", "--"]
    with tempfile.TemporaryDirectory(prefix="sec-") as folder:
        os.chown(folder, SOMEBODY, SOMEBODY)
        asked = subprocess.run([*become, *OURS[:1], "--help"], capture_output=True, timeout=HANG_S)
        if asked.returncode:
            pytest.skip(f"user {SOMEBODY} cannot run {OURS[0]}")
        shutil.copy(archive, f"{folder}/attacker.tar")
        os.chmod(f"{folder}/attacker.tar", 0o644)
        yield ours(Path(folder, "root"), Path(folder, "attacker.tar"), told, become)["container"]


@contextmanager
def dockers(archive: Path, told: dict[str, str]) -> Iterator[Side]:
    """Docker's, with a daemon of its own."""
    folder = Path(tempfile.mkdtemp(prefix="sec-"))
    try:
        with running(folder) as daemon:
            daemon.call("import", str(archive), IMAGE)
            options = [word for name, value in told.items() for word in ("-e", f"{name}={value}")]
            command = [daemon.program, "run", "--rm", "--network=none"]
            yield Side(command, env=daemon.env(), told=options)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
