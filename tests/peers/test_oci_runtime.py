"""Docker runs its containers on our runtime, and on runc beside it: nobody can tell them apart."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.daemon import Daemon, running
from tests.peers.oci_cases import RUNS, Run

pytestmark = pytest.mark.docker
PROJECT = Path(__file__).parents[2]
RUNTIMES = ("realrun", "runc")
HANG_S = 60
NETWORK = "--network=none"


@pytest.fixture(scope="module")
def engine(busybox: Path) -> Iterator[Daemon]:
    """A daemon that knows our runtime, with one image."""
    folder = Path(tempfile.mkdtemp(prefix="oci-"))
    wrapper = folder / "realrun-oci"
    command = f"PYTHONPATH={PROJECT} exec {sys.executable} -m realrun.cli oci"
    wrapper.write_text(f'#!/bin/sh\n{command} "$@"\n')
    wrapper.chmod(0o755)
    try:
        with running(folder, more=[f"--add-runtime=realrun={wrapper}"]) as daemon:
            daemon.call("import", "-", "base", data=root_archive(folder / "root", busybox))
            yield daemon
        left = [str(path) for path in folder.glob("exec/runtime-realrun/moby/*")]
        assert left == []
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def root_archive(root: Path, busybox: Path) -> bytes:
    """An image's files: busybox by all its names, and two users."""
    for name in ("bin", "etc", "tmp"):
        (root / name).mkdir(parents=True)
    shutil.copy(busybox, root / "bin/busybox")
    listed = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True)
    for name in set(listed.stdout.split()) - {"busybox"}:
        (root / "bin" / name).symlink_to("busybox")
    (root / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\nmaya:x:1000:1000::/home/maya:\n")
    command = ["tar", "-c", "-C", str(root), "."]
    return subprocess.run(command, capture_output=True, check=True).stdout


def docker(daemon: Daemon, *words: str) -> tuple[int, str, str]:
    """`docker WORDS`: exit code, output, errors."""
    done = subprocess.run([daemon.program, *words], env=daemon.env(), capture_output=True,
                          text=True, timeout=HANG_S)  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def by(daemon: Daemon, runtime: str, case: Run) -> tuple[int, str, str]:
    """The case through one runtime; of the engine's own error lines only that there are some."""
    code, out, err = docker(daemon, "run", "--rm", f"--runtime={runtime}", NETWORK,
                            *case.options, "base", *case.words)  # fmt: skip
    return code, out, "docker: an error" if err.startswith("docker: ") else err


@pytest.mark.parametrize("case", RUNS, ids=lambda case: case.name)
def test_a_program_sees_the_same(engine, case):
    assert by(engine, "realrun", case) == by(engine, "runc", case)


@pytest.fixture(params=RUNTIMES)
def sleeper(engine: Daemon, request: pytest.FixtureRequest) -> Iterator[str]:
    """A container that sleeps, through one runtime after the other."""
    script = "trap 'exit 3' TERM; echo up; while true; do sleep 0.1; done"
    name = engine.call("run", "-d", f"--runtime={request.param}", NETWORK, "-m", "64m", "base",
                       "sh", "-c", script).decode().strip()  # fmt: skip
    yield name
    engine.call("rm", "-f", name)


def test_exec_gives_output_and_code(engine, sleeper):
    words = ("exec", "-e", "A=b", "-u", "1000", "-w", "/tmp", sleeper)
    assert docker(engine, *words, "sh", "-c", "echo $A $(id -u) $(pwd); exit 9") == (
        9,
        "b 1000 /tmp\n",
        "",
    )
    assert docker(engine, "exec", sleeper, "nothere")[0] == 126


def test_exec_takes_input(engine, sleeper):
    assert engine.call("exec", "-i", sleeper, "cat", data=b"typed\n") == b"typed\n"


def test_stop_asks_first(engine, sleeper):
    """The shell needs a moment until it has set its trap."""
    wait_for(lambda: b"up" in engine.call("logs", sleeper))
    engine.call("stop", sleeper)
    assert inspect(engine, sleeper, "{{.State.Status}} {{.State.ExitCode}}") == "exited 3"
    engine.call("start", sleeper)
    assert inspect(engine, sleeper, "{{.State.Status}}") == "running"
    engine.call("kill", sleeper)
    assert inspect(engine, sleeper, "{{.State.ExitCode}}") == "137"


def test_it_can_be_stopped_for_a_while(engine, sleeper):
    engine.call("pause", sleeper)
    assert inspect(engine, sleeper, "{{.State.Status}}") == "paused"
    engine.call("unpause", sleeper)
    assert inspect(engine, sleeper, "{{.State.Status}}") == "running"


def test_limits_can_be_changed_and_use_be_asked_for(engine, sleeper):
    engine.call("update", "-m", "128m", "--memory-swap", "256m", sleeper)
    limit = engine.call("exec", sleeper, "cat", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
    assert int(limit) == 128 << 20
    shown = engine.call("stats", "--no-stream", "--format", "{{.MemUsage}} {{.PIDs}}", sleeper)
    assert b"128MiB" in shown
    assert b"sh -c" in engine.call("top", sleeper)


def test_volumes_and_directories_of_the_host(engine, tmp_path):
    (tmp_path / "file").write_text("ours\n")
    script = "cat /in/file; touch /in/x; echo kept > /vol/y; cat /vol/y"
    options = ["-v", f"{tmp_path}:/in:ro", "-v", "/vol", "--tmpfs", "/scratch:size=1m"]
    found = [by(engine, runtime, Run("", tuple(options), ("sh", "-c", script)))
             for runtime in RUNTIMES]  # fmt: skip
    assert found[0] == found[1]
    assert found[0][1] == "ours\nkept\n"
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("verb", ["run", "exec"])
def test_a_terminal(engine, runtime, verb):
    """`tty` names the container's own, and what is typed comes through."""
    name = engine.call("run", "-d", f"--runtime={runtime}", NETWORK, "base", "sleep", "1000")
    target = ["run", "--rm", f"--runtime={runtime}", NETWORK, "-it", "base"]
    if verb == "exec":
        target = ["exec", "-it", name.decode().strip()]
    try:
        said = typed(engine, [*target, "sh", "-c", "tty; read x; echo got $x; exit 4"], b"word\n")
    finally:
        engine.call("rm", "-f", name.decode().strip())
    assert said == (4, ["/dev/pts/0", "word", "got word"])


def typed(daemon: Daemon, words: list[str], keys: bytes) -> tuple[int, list[str]]:
    """Run the client on a terminal, type when it has said something; its code and its lines."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(daemon.program, [daemon.program, *words], daemon.env())
    heard, sent = b"", False
    while True:
        try:
            data = os.read(terminal, 4096)
        except OSError:  # the other end is closed
            break
        heard += data
        if not data:
            break
        if b"\n" in heard and not sent:
            sent = os.write(terminal, keys) > 0
    os.close(terminal)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return code, heard.decode().replace("\r", "").split("\n")[:-1]


def inspect(daemon: Daemon, name: str, form: str) -> str:
    return daemon.call("inspect", "-f", form, name).decode().strip()


def wait_for(condition) -> None:
    deadline = time.monotonic() + HANG_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
