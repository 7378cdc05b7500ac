"""A Docker daemon of our own: private socket, data folder and id file, ended by its own pid.

It needs no network: `--iptables=false --bridge=none` keep its hands off the machine's. It lives in
a mount namespace of its own, so that no mount of it can outlive it.

Source: dockerd(8); docs.docker.com, "Docker Buildx", DOCKER_BUILDKIT.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from realrun.errors import RealRunError

START_S, STOP_S, BUILD_S = 60, 30, 120


class DockerFailed(RealRunError):
    """The command line of Docker said no; the text is the last that it wrote."""


@dataclass(frozen=True)
class Daemon:
    """How to talk to a running daemon."""

    folder: Path
    program: str

    @property
    def address(self) -> str:
        return f"unix://{self.folder}/sock"

    def env(self, buildkit: bool = True) -> dict[str, str]:
        """What the command line needs to find this daemon, and the builder that is asked for."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "DOCKER_HOST": self.address,
            "DOCKER_CONFIG": str(self.folder / "settings"),
            "DOCKER_BUILDKIT": str(int(buildkit)),
        }

    def call(self, *words: str, buildkit: bool = True, data: bytes | None = None) -> bytes:
        """`docker WORDS`, its output; raises DockerFailed."""
        done = subprocess.run(
            [self.program, *words],
            env=self.env(buildkit),
            input=data,
            capture_output=True,
            timeout=BUILD_S,
        )
        if done.returncode:
            raise DockerFailed(done.stderr.decode("utf-8", "replace").strip()[-600:])
        return done.stdout

    def build(
        self,
        context: Path,
        dockerfile: Path,
        tag: str,
        args: Mapping[str, str],
        more: Sequence[str] = (),
        buildkit: bool = True,
    ) -> None:
        """`docker build`, without a network."""
        given = [word for key, value in args.items() for word in ("--build-arg", f"{key}={value}")]
        self.call("build", "--network=none", "-q", "-t", tag, "-f", str(dockerfile), *given, *more,
                  str(context), buildkit=buildkit)  # fmt: skip


def missing() -> str:
    """Why no daemon can be started here; nothing if one can."""
    if shutil.which("dockerd", path=f"{os.environ['PATH']}:/usr/sbin") is None:
        return "there is no dockerd here; on Debian and Ubuntu: apt install docker.io"
    return "" if os.geteuid() == 0 else "dockerd wants to be started by root"


def client() -> str:
    """The command line that came with the daemon: a newer one would want a builder of its own."""
    beside = Path("/usr/bin/docker")
    return str(beside) if beside.exists() else shutil.which("docker") or "docker"


@contextmanager
def running(folder: Path, data: Path | None = None, more: Sequence[str] = ()) -> Iterator[Daemon]:
    """Start a daemon, wait until it answers, end it in any case.

    `folder` holds its sockets, whose paths have to be short (unix(7): 108 bytes); `data`, its
    images, else `folder`, too. `more` are options of dockerd.
    """
    command = ["unshare", "--mount", "dockerd", "--iptables=false", "--bridge=none",
               f"--data-root={data or folder / 'data'}", f"--exec-root={folder}/exec",
               f"--pidfile={folder}/pid", f"--host=unix://{folder}/sock", *more]  # fmt: skip
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        daemon = Daemon(folder, client())
        wait_for(daemon, process)
        yield daemon
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(daemon: Daemon, process: subprocess.Popen[bytes]) -> None:
    """Until the daemon answers; raises DockerFailed with the end of its log."""
    deadline = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            daemon.call("version")
            return
        except DockerFailed:
            time.sleep(0.1)
    raise DockerFailed("dockerd does not start: " + (daemon.folder / "log").read_text()[-600:])
